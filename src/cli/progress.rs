//! Progress on stderr: nothing of it stays, and nothing of it is a report.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::database;
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

/// A bar for each ecosystem of an update.
pub(super) struct Bars {
    all: MultiProgress,
    bars: RefCell<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), bars: RefCell::default() }
    }

    pub(super) fn show(&self, progress: &database::Progress<'_>) {
        let mut bars = self.bars.borrow_mut();
        let bar = bars.entry(progress.ecosystem.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new(progress.total as u64));
            let style = ProgressStyle::with_template("{prefix:>16} {bar:30} {pos:>7}/{len:7} {per_sec}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(progress.ecosystem.to_owned());
            bar
        });
        bar.set_position(progress.done as u64);
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
