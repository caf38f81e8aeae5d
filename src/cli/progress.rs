//! Progress on stderr: nothing of it stays, and nothing of it is a report.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::database;
use crate::report::plain;
use crate::scan::Stage;

/// A line that says what a scan is doing.
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let spinner = Self::on(target);
        if shown {
            spinner.0.enable_steady_tick(Duration::from_millis(120));
        }
        spinner
    }

    /// A bar is drawn as a bar unless it is told otherwise, and would not show what it says.
    fn on(target: ProgressDrawTarget) -> Self {
        Self(ProgressBar::with_draw_target(None, target).with_style(ProgressStyle::default_spinner()))
    }

    pub(super) fn show(&self, stage: Stage) {
        self.0.set_message(match stage {
            Stage::Discover => "looking for manifests and lockfiles".to_owned(),
            Stage::Read(files) => format!("reading {files} files"),
            Stage::Ask(packages) => format!("comparing {packages} packages with advisories"),
            Stage::Judge => "judging".to_owned(),
        });
    }

    pub(super) fn clear(self) {
        self.0.finish_and_clear();
    }
}

/// Bars for each source of an update: what is fetched, and what is read.
pub(super) struct Bars {
    all: MultiProgress,
    bars: RefCell<BTreeMap<(String, &'static str), ProgressBar>>,
}

const READ: &str = "{prefix:>16} {bar:30} {pos:>7}/{len:7} records read, {rate}";
const FETCHED: &str = "{prefix:>16} {bar:30} {pos:>7}/{len:7} records fetched, {rate}";
const BYTES: &str = "{prefix:>16} {bar:30} {bytes:>11}/{total_bytes:11} {bytes_per_sec}";
/// Of a service that does not say how much there is.
const UNBOUNDED: &str = "{prefix:>16} {spinner} {bytes:>11} {bytes_per_sec}";

impl Bars {
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), bars: RefCell::default() }
    }

    /// Records that are read into the index.
    pub(super) fn show(&self, progress: &database::Progress<'_>) {
        self.draw(progress.ecosystem, READ, progress.done as u64, Some(progress.total as u64));
    }

    /// Records that are fetched one by one.
    pub(super) fn records(&self, name: &str, done: usize, total: usize) {
        self.draw(name, FETCHED, done as u64, Some(total as u64));
    }

    /// Bytes of an archive.
    pub(super) fn bytes(&self, name: &str, done: u64, total: Option<u64>) {
        self.draw(name, if total.is_some() { BYTES } else { UNBOUNDED }, done, total);
    }

    fn draw(&self, name: &str, style: &'static str, done: u64, total: Option<u64>) {
        if self.all.is_hidden() {
            return;
        }
        let mut bars = self.bars.borrow_mut();
        let bar = bars.entry((name.to_owned(), style)).or_insert_with(|| {
            let bar = self.all.add(total.map_or_else(ProgressBar::no_length, ProgressBar::new));
            let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
                // What cannot be drawn is not drawn.
                let _ = write!(out, "{:.0}/s", state.per_sec());
            }));
            bar.set_prefix(plain(name).into_owned());
            bar
        });
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    pub(super) fn clear(&self) {
        for bar in self.bars.borrow().values() {
            bar.finish_and_clear();
        }
        // That a terminal cannot be cleared changes nothing.
        let _ = self.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps what is written on it.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_says_how_much_is_there_and_how_fast_it_comes() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let bars = Bars { all: MultiProgress::with_draw_target(target), bars: RefCell::default() };
        bars.bytes("npm", 1 << 20, Some(4 << 20));
        let line = paper.0.lock().unwrap().clone();
        assert!(line.contains("npm") && line.contains("1.00 MiB/4.00 MiB"), "{line:?}");
        bars.records("Go", 3, 4);
        bars.clear();
    }

    #[test]
    fn the_line_says_what_is_done_and_goes_away() {
        let paper = Paper::default();
        let spinner = Spinner::on(ProgressDrawTarget::term_like(Box::new(paper.clone())));
        spinner.show(Stage::Read(3));
        let line = paper.0.lock().unwrap().clone();
        assert!(line.contains("reading 3 files") && !line.contains("0/0"), "{line:?}");
        spinner.clear();
        assert_eq!(paper.0.lock().unwrap().trim(), "");
    }
}
