//! The policy that `osprey policy init` writes: what holds, what of it fires today, and the steps that come next, for
//! people who read it before they change it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Policy, Profile, RuleSettings};
use crate::model::{Data, Level, Report, SourceKind};

/// How many registries are named.
const MOST_HOSTS: usize = 20;

/// A comment does not go further to the right than this, where that can be helped.
const WIDTH: usize = 110;

/// The text of a policy for the project of a report. `policy` is the profile, with the levels that the caller gave;
/// `baseline` is the baseline's name beside the policy, with the number of findings that it holds.
pub fn draft(report: &Report, policy: &Policy, baseline: Option<(&str, usize)>) -> String {
    let mut draft = Draft { text: String::new(), report, policy, fires: BTreeMap::new() };
    for decision in report.decisions.iter().filter(|decision| decision.exception.is_none()) {
        *draft.fires.entry(decision.finding.rule.id).or_default() += 1;
    }
    draft.head(baseline);
    draft.rules();
    draft.steps();
    draft.exceptions();
    draft.text
}

struct Draft<'d> {
    text: String,
    report: &'d Report,
    policy: &'d Policy,
    /// How many findings each rule has.
    fires: BTreeMap<&'static str, usize>,
}

impl Draft<'_> {
    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// Lines of a comment, broken between words.
    fn comment(&mut self, text: &str) {
        let mut line = "#".to_owned();
        for word in text.split(' ') {
            if line.len() > 1 && line.chars().count() + word.chars().count() >= WIDTH {
                self.line(&line);
                line = "#".to_owned();
            }
            line = format!("{line} {word}");
        }
        self.line(&line);
    }

    fn head(&mut self, baseline: Option<(&str, usize)>) {
        let day = &self.report.evaluated_on;
        self.comment("What this project accepts of its dependencies, and why. `osprey scan` reads this file.");
        self.line("version = 1");
        self.line("");
        match self.policy.profile {
            Profile::Brownfield => self.comment(
                "brownfield: malware, what is exploited, and high and critical vulnerabilities with a fix fail the run; the \
                 rest is shown or counted. The steps to greenfield, which turns every check on, stand further below.",
            ),
            Profile::Greenfield => self.comment("greenfield: every check is on."),
        }
        self.line(&format!("extends = \"{}\"", self.policy.profile.as_str()));
        self.line("");
        if let Some((name, findings)) = baseline {
            let known = if findings == 1 { "the finding" } else { &format!("the {findings} findings") };
            self.comment(&format!(
                "What was there on {day} does not fail the run: {known} in this file. Only what is new, or became worse, \
                 does. `osprey baseline` writes it anew, so that it gets smaller with every fix."
            ));
            self.line(&format!("baseline = \"{name}\""));
            self.line("");
        }
        self.comment("An index of advisories that is older makes a scan without a network incomplete.");
        self.line("# max-age = \"7d\"");
        self.line("");
        let ecosystems = self.ecosystems();
        if !ecosystems.is_empty() {
            self.comment(&format!("Packages here: {ecosystems}. Names that are your own no service should hear of:"));
        } else {
            self.comment("Names that are your own no service should hear of:");
        }
        self.line("# internal = [\"@acme/*\"]");
        self.line("");
        self.comment("How many days ahead an exception may end, so that each is looked at again:");
        self.line("# max-exception-days = 180");
        self.line("");
        self.comment("Hosts that packages may come from besides the public registries; any other is then a finding.");
        let hosts = self.hosts();
        if hosts.is_empty() {
            self.line("# [registries]\n# allow = [\"registry.example\"]");
        } else {
            self.comment("These stand in the lockfiles:");
            self.line(&format!("# [registries]\n# allow = [{}]", hosts.join(", ")));
        }
        self.line("");
    }

    fn ecosystems(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let others =
            self.report.graph.packages.iter().filter(|package| package.id.source.kind != SourceKind::Workspace);
        for package in others {
            *counts.entry(package.id.ecosystem.osv_name()).or_default() += 1;
        }
        counts.iter().map(|(name, number)| format!("{number} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// The hosts of registries that lockfiles name, as far as they are plain: what stands in a scanned tree could be
    /// written to end the comment.
    fn hosts(&self) -> Vec<String> {
        let of_registry =
            self.report.graph.packages.iter().filter(|package| package.id.source.kind == SourceKind::Registry);
        let addresses = of_registry.filter_map(|package| package.id.source.url.as_deref());
        let hosts = addresses.filter_map(|address| address.split_once("://")?.1.split(['/', '?', '#']).next());
        let is_plain = |host: &&str| {
            !host.is_empty()
                && host.len() < 100
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b))
        };
        let hosts: BTreeSet<&str> = hosts.filter(is_plain).collect();
        hosts.into_iter().take(MOST_HOSTS).map(|host| format!("\"{host}\"")).collect()
    }

    /// The levels that the caller gave, and what fires today.
    fn rules(&mut self) {
        self.line("[rules]");
        let given: Vec<String> = self.policy.rules.values().filter_map(given).collect();
        given.iter().for_each(|line| self.line(line));
        let fires: Vec<(&'static str, usize)> = self.fires.iter().map(|(rule, number)| (*rule, *number)).collect();
        if fires.is_empty() {
            self.comment(&format!("On {} no rule found anything.", self.report.evaluated_on));
            return;
        }
        self.comment(&format!(
            "What the rules found on {}, and what becomes of it without the baseline:",
            self.report.evaluated_on
        ));
        for (rule, number) in fires {
            let summary = self.policy.rules.get(rule).map_or("", |settings| settings.rule.summary);
            let of_rule =
                self.report.decisions.iter().filter(|of| of.finding.rule.id == rule && of.exception.is_none());
            let mut levels: BTreeMap<Level, usize> = BTreeMap::new();
            of_rule.for_each(|decision| *levels.entry(decision.level).or_default() += 1);
            let levels: Vec<String> = levels.iter().rev().map(|(level, number)| format!("{number} {level}")).collect();
            self.line(&format!("# {number:>5}  {rule:<27} {:<20} {summary}", levels.join(", ")));
        }
    }

    /// The rules that are milder than greenfield has them: first those that cost nothing today.
    fn steps(&mut self) {
        let milder: Vec<&RuleSettings> =
            self.policy.rules.values().filter(|of| of.level < of.rule.greenfield && !of.is_level_given).collect();
        if milder.is_empty() {
            return;
        }
        let unknown: BTreeSet<&str> = self.report.unknowns.iter().map(|unknown| unknown.rule).collect();
        // For what is only counted nobody is asked: that such a rule found nothing says something only where all that it
        // needs was at hand.
        let is_at_hand = |data: &Data| matches!(data, Data::Local | Data::Advisories);
        let is_known = |of: &RuleSettings| of.rule.data.iter().all(is_at_hand) && !unknown.contains(of.rule.id);
        let line = |of: &RuleSettings| format!("# {} = \"{}\"", of.rule.id, of.rule.greenfield);
        let of =
            |wanted: &dyn Fn(&RuleSettings) -> bool| milder.iter().copied().filter(|of| wanted(of)).collect::<Vec<_>>();
        let fires = |of: &RuleSettings| self.fires.get(of.rule.id).copied().unwrap_or_default();
        let free = of(&|of| fires(of) == 0 && is_known(of));
        let mut costly = of(&|of| fires(of) > 0);
        costly.sort_by_key(|of| fires(of));
        let costly: Vec<String> = costly.iter().map(|of| format!("{:<45} # {} today", line(of), fires(of))).collect();
        let untold = of(&|of| fires(of) == 0 && !is_known(of));
        let free: Vec<String> = free.into_iter().map(line).collect();
        let untold: Vec<String> = untold.into_iter().map(line).collect();
        for (heading, lines) in [
            ("Next steps to greenfield. These find nothing today, so that they can be turned on at once:", free),
            ("These find something; turn one on when that is dealt with, or in a new baseline:", costly),
            (
                "What these would find is not known today: they need services that were not asked. `osprey scan --warn RULE` tells:",
                untold,
            ),
        ] {
            if !lines.is_empty() {
                self.line("");
                self.comment(heading);
                lines.iter().for_each(|line| self.line(line));
            }
        }
    }

    fn exceptions(&mut self) {
        self.line("");
        self.comment(
            "A finding that is accepted for a time: `osprey exception add` writes it, with a reason, an owner and a last day.",
        );
        for line in [
            "# [[exceptions]]",
            "# advisory = \"CVE-2020-26235\"",
            "# package = \"pkg:cargo/time\"",
            "# reason = \"Why it does not matter here, with a link to where that was found out\"",
            "# owner = \"platform-security\"",
            "# expires = 2027-01-31",
        ] {
            self.line(line);
        }
    }
}

/// The line of a rule to which the caller gave a level.
fn given(settings: &RuleSettings) -> Option<String> {
    settings.is_level_given.then(|| format!("{} = \"{}\"", settings.rule.id, settings.level))
}
