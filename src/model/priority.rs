//! What makes one finding come before another.

use super::{Decision, DependencyKind, Level, Severity};

/// How near an attack is, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threat {
    /// The package is malware: whoever installed it was attacked.
    Malware,
    /// Ransomware is known to use the vulnerability.
    Ransomware,
    /// Attacks with the vulnerability are known.
    Exploited,
    /// Attacks are likely: its EPSS score reaches the policy's `min-epss`, else one in ten.
    Likely,
    /// Nothing of the kind is known.
    Unseen,
}

/// What makes a finding come before others that count for the verdict as much. The steps stand in the order in which
/// they are compared; who compares them is `policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Priority {
    /// How near an attack is.
    pub threat: Threat,
    /// How bad it is; of a vulnerability that nobody rated, what the policy has it count as.
    pub severity: Severity,
    /// Whether nobody rated it.
    pub is_unrated: bool,
    /// What the package is for, of several the kind that reaches users most; `None`: that is not known, or it is not
    /// about a package.
    pub kind: Option<DependencyKind>,
    /// Whether the project names the package itself; `None` where that is not known.
    pub direct: Option<bool>,
    /// Whether a version is known that clears it.
    pub has_fix: bool,
}

impl Decision {
    /// What gives the finding its place among the others, in words, the weightiest step first: `denied`, `known to be
    /// exploited`, `critical`, `runtime`, `direct`, `a fix is available`. What is not known is not said.
    pub fn reasons(&self) -> Vec<String> {
        let Priority { threat, severity, is_unrated, kind, direct, has_fix } = self.priority;
        let level = match self.effective() {
            Level::Deny => "denied",
            Level::Warn => "warned about",
            Level::Allow | Level::Off if self.exception.is_some() => "covered by an exception",
            Level::Allow | Level::Off => "allowed",
        };
        let epss = self.finding.advisory.as_ref().and_then(|group| group.epss);
        let threat = match threat {
            Threat::Malware => Some("malware".to_owned()),
            Threat::Ransomware => Some("known to be exploited, by ransomware too".to_owned()),
            Threat::Exploited => Some("known to be exploited".to_owned()),
            Threat::Likely => Some(match epss {
                Some(epss) => format!("likely to be attacked (EPSS {})", epss.percent()),
                None => "likely to be attacked".to_owned(),
            }),
            Threat::Unseen => None,
        };
        let severity = match severity {
            Severity::Unknown => None,
            severity if is_unrated => Some(format!("no score, counts as {severity}")),
            Severity::None => Some("severity none".to_owned()),
            severity => Some(severity.to_string()),
        };
        let direct = direct.map(|direct| if direct { "direct" } else { "transitive" }.to_owned());
        let fix = has_fix.then(|| "a fix is available".to_owned());
        let kind = kind.map(|kind| kind.as_str().to_owned());
        [Some(level.to_owned()), threat, severity, kind, direct, fix].into_iter().flatten().collect()
    }
}
