//! How a run is written, one file per format. Every format is written from a [`Report`] and nothing else, to the
//! given writer and nowhere else: the same report gives the same bytes.
//!
//! Formats own their types: what stands in a file that others read is declared in that format's module and
//! nowhere in `model`. Text that comes from the scanned tree or from advisories passes `escape` on its way out.

mod escape;
mod json;
mod lines;
mod phrase;
#[cfg(test)]
mod sample;
mod sarif;
mod text;

use std::fmt;
use std::io::{self, Write};

use crate::model::Report;

pub use escape::plain;

/// A way to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For people.
    Text,
    /// Everything, for programs: the format whose schema is versioned.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Json, Self::Sarif];

    /// The word that names it on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
        }
    }

    /// What it is for, in one line.
    pub fn description(self) -> &'static str {
        match self {
            Self::Text => "for people: findings grouped by what to do about them, then the verdict and its limits",
            Self::Json => "everything, for programs: packages, dependencies, findings, coverage",
            Self::Sarif => "SARIF 2.1.0, for GitHub code scanning, GitLab and other services",
        }
    }

    /// The format of that word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.id() == id)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What the caller may choose about how a report is written. No choice changes what is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Columns of the terminal; `None` where the output is no terminal: then no line is wrapped. Text only.
    pub width: Option<usize>,
    /// Whether the reader shows the 16 ANSI colours. Text only.
    pub color: bool,
    /// Whether the reader knows hyperlinks (OSC 8). Text only.
    pub hyperlinks: bool,
    /// Whether allowed and excepted findings, skipped trees and notes are listed too. Text only.
    pub verbose: bool,
    /// The folder of the index, where the caller named one, for the commands to type next. Text only.
    pub database: Option<String>,
    /// The path that was scanned, where it is one and not the current folder, for the commands to type next. Text only.
    pub scanned: Option<String>,
    /// Whether excepted findings are written, with a suppression. SARIF only: the others always have them.
    pub sarif_suppressed: bool,
}

/// Writes a report.
///
/// # Errors
///
/// Only where the writer fails.
pub fn write(format: Format, report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, options, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, options, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, report: &Report, options: &Options) -> String {
        let mut out = Vec::new();
        write(format, report, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn text(report: &Report, width: Option<usize>) -> String {
        written(Format::Text, report, &Options { width, ..Options::default() })
    }

    #[test]
    fn each_format_is_found_by_its_id() {
        for &format in Format::ALL {
            assert_eq!(Format::from_id(format.id()), Some(format));
            assert!(!format.description().is_empty());
        }
        assert_eq!(Format::from_id("xml"), None);
    }

    #[test]
    fn text_for_a_terminal() {
        insta::assert_snapshot!("text_failing_80", text(&sample::failing(), Some(80)));
        insta::assert_snapshot!("text_failing_40", text(&sample::failing(), Some(40)));
    }

    #[test]
    fn text_for_a_pipe() {
        insta::assert_snapshot!("text_failing", text(&sample::failing(), None));
        let verbose = Options { verbose: true, ..Options::default() };
        insta::assert_snapshot!("text_failing_verbose", written(Format::Text, &sample::failing(), &verbose));
    }

    #[test]
    fn text_of_runs_without_findings() {
        insta::assert_snapshot!("text_clean", text(&sample::clean(), Some(80)));
        insta::assert_snapshot!("text_incomplete", text(&sample::incomplete(), Some(80)));
        insta::assert_snapshot!("text_nothing", text(&sample::nothing(), Some(80)));
    }

    #[test]
    fn json() {
        insta::assert_snapshot!("json_failing", written(Format::Json, &sample::failing(), &Options::default()));
    }

    #[test]
    fn sarif() {
        insta::assert_snapshot!("sarif_failing", written(Format::Sarif, &sample::failing(), &Options::default()));
        insta::assert_snapshot!("sarif_clean", written(Format::Sarif, &sample::clean(), &Options::default()));
    }

    #[test]
    fn excepted_findings_are_in_sarif_only_when_asked_for() {
        let all = Options { sarif_suppressed: true, ..Options::default() };
        let with = written(Format::Sarif, &sample::failing(), &all);
        let without = written(Format::Sarif, &sample::failing(), &Options::default());
        assert!(with.contains("RUSTSEC-2020-0071") && with.contains("see SEC-123"));
        assert!(!without.contains("RUSTSEC-2020-0071") && !without.contains("suppressions"));
    }

    #[test]
    fn no_format_hands_on_what_a_name_wants_to_do() {
        let colours = Options {
            color: true,
            hyperlinks: true,
            verbose: true,
            sarif_suppressed: true,
            width: Some(30),
            ..Options::default()
        };
        for options in [Options::default(), colours] {
            for &format in Format::ALL {
                let text = written(format, &sample::failing(), &options);
                let own = text.replace("\u{1b}[", "").replace("\u{1b}]8;;", "").replace("\u{1b}\\", "");
                let plain = if options.color && format == Format::Text { &own } else { &text };
                assert!(!plain.contains(['\u{1b}', '\r', '\u{7}']), "{format}: a control character");
                assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{format}: a workflow command");
                assert!(!text.contains("##["), "{format}: a legacy workflow command");
                assert!(!text.contains('\u{202E}'), "{format}: a bidirectional control");
            }
        }
    }

    #[test]
    fn lines_fit_the_terminal() {
        for width in [60, 80, 120] {
            let text = text(&sample::failing(), Some(width));
            let too_long: Vec<&str> = text.lines().filter(|line| line.chars().count() > width).collect();
            assert!(too_long.is_empty(), "{too_long:#?}");
        }
    }

    #[test]
    fn sarif_is_cut_after_the_worst_five_thousand() {
        let mut report = sample::failing();
        let warned = report.decisions[2].clone();
        let many = (0..5_010).map(|at| {
            let mut decision = warned.clone();
            decision.finding.fingerprint = format!("{at:064x}");
            decision
        });
        report.decisions.extend(many);
        let log: serde_json::Value =
            serde_json::from_str(&written(Format::Sarif, &report, &Options::default())).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 5_000);
        assert_eq!(results[0]["ruleId"], "MAL-2025-0001", "the worst stays first");
        let notifications = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        let said = |n: &&serde_json::Value| n["message"]["text"].as_str().unwrap().starts_with("17 results were cut");
        assert_eq!(notifications.iter().filter(said).count(), 1);
    }

    #[test]
    fn results_that_share_a_fingerprint_stay_apart() {
        let mut report = sample::failing();
        report.decisions.insert(1, report.decisions[1].clone());
        let log: serde_json::Value =
            serde_json::from_str(&written(Format::Sarif, &report, &Options::default())).unwrap();
        let print = |at: usize| log["runs"][0]["results"][at]["partialFingerprints"]["primaryLocationLineHash"].clone();
        assert_eq!((print(1), print(2)), ("00011b2c3d4e5f600001:1".into(), "00011b2c3d4e5f600001:2".into()));
    }

    #[test]
    fn an_incomplete_run_is_no_success() {
        let success = |report: &Report| {
            let log: serde_json::Value =
                serde_json::from_str(&written(Format::Sarif, report, &Options::default())).unwrap();
            log["runs"][0]["invocations"][0]["executionSuccessful"].as_bool().unwrap()
        };
        assert!(success(&sample::clean()) && success(&sample::failing()));
        assert!(!success(&sample::incomplete()) && !success(&sample::nothing()));
        let accepted = Report { exit_code: 0, ..sample::incomplete() };
        assert!(!success(&accepted), "that the caller accepts it makes it no more complete");
    }

    #[test]
    fn a_run_without_packages_does_not_say_that_nothing_was_found() {
        let mut report = sample::clean();
        report.graph = crate::model::DependencyGraph::default();
        report.coverage.packages.clear();
        assert!(text(&report, None).starts_with("PASS: there is no package to judge in what was looked at.\n"));
    }

    #[test]
    fn an_exit_code_that_the_caller_chose_is_said() {
        let report = Report { exit_code: 0, ..sample::failing() };
        assert!(text(&report, None).contains("The exit code is 0 instead of 1, as the caller asked."));
        assert!(!text(&sample::failing(), None).contains("exit code"));
    }

    #[test]
    fn a_command_that_a_shell_could_misread_is_not_printed() {
        let mut report = sample::failing();
        report.decisions[1].finding.fix.command = Some("npm update lodash; curl host.example".to_owned());
        let text = text(&report, None);
        assert!(!text.contains("curl") && text.contains("its command is not shown"));
        assert!(!written(Format::Sarif, &report, &Options::default()).contains("curl"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(48))]

        #[test]
        fn whatever_is_said_stays_within_its_bounds(said in "\\PC{0,40}|[\\[\\]{}\\\\]{0,1500}|(?s:.{0,400})", width in 1_usize..200) {
            let report = sample::saying(&said);
            let colours = Options { width: Some(width), ..Options::default() };
            let text = written(Format::Text, &report, &colours);
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
            assert!(text.lines().all(|line| !line.trim_start().starts_with("::")));
            let json: serde_json::Value =
                serde_json::from_str(&written(Format::Json, &report, &Options::default())).unwrap();
            assert_eq!(json["findings"][0]["message"], said, "JSON keeps it as it is");
            let sarif: serde_json::Value =
                serde_json::from_str(&written(Format::Sarif, &report, &Options::default())).unwrap();
            for result in sarif["runs"][0]["results"].as_array().unwrap() {
                let message = result["message"]["text"].as_str().unwrap();
                assert!(!message.trim().is_empty() && message.chars().count() <= 1_000);
            }
            for rule in sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
                for (key, longest) in [("shortDescription", 250), ("fullDescription", 1_000), ("help", 8_000)] {
                    let text = rule[key]["text"].as_str().unwrap();
                    assert!(!text.trim().is_empty() && text.chars().count() <= longest, "{key}");
                }
            }
        }
    }
}
