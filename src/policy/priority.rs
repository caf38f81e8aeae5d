//! What a person should deal with first. One formula, and it adds nothing up: the steps are compared one after the
//! other, and the next one only counts where all before it are equal. So each place has a reason that can be said in
//! words ([`Decision::reasons`]), and no weight has to be believed.
//!
//! 1. **What counts for the verdict**: denied, warned about, allowed. The policy is what the reader agreed to.
//! 2. **Malware**: nothing has to be attacked any more.
//! 3. **Known to be exploited** (CISA's KEV), what ransomware uses first: attacks happen, whatever the score.
//! 4. **Likely to be attacked**: an EPSS score at or above the policy's `min-epss`, where it gives one, else
//!    [`ONE_IN_TEN`].
//! 5. **Severity**, by band, and not yet by score: to the tenth of a point CVSS is not exact. What nobody rated counts
//!    as the policy's `unscored-as`.
//! 6. **What the package is for**: runtime before build before optional, peer and development dependencies, as
//!    [`DependencyKind::ALL`] has them, from what reaches users most to what does least. What is not known counts as
//!    runtime.
//! 7. **Direct** before transitive: it can be changed here. What is not known counts as direct.
//! 8. **A fix is available** before none is: it can be cleared today.
//! 9. **EPSS score**, then **CVSS score**, the higher first; none counts as the lowest.
//! 10. **Place**: root, package, version, advisory, rule, so that the same input gives the same order.

use std::cmp::{Ordering, Reverse};

use super::{KNOWN_VULNERABILITY, MALICIOUS_PACKAGE, MIN_EPSS, Policy};
use crate::model::{
    AdvisoryKind, Decision, DependencyGraph, DependencyKind, Exploited, Finding, Priority, Setting, Severity, Subject,
    Threat, Use,
};

/// The EPSS score from which on an attack counts as likely, unless the policy gives one. The score is the probability
/// of an attack within the next 30 days, so that this is one chance in ten within a month; it is the threshold at which
/// FIRST itself compares EPSS with other strategies (<https://www.first.org/epss/model>), and few vulnerabilities
/// reach it.
const ONE_IN_TEN: f64 = 0.1;

/// The priority of a finding that is used so.
pub(super) fn of(finding: &Finding, usage: Option<&Use>, policy: &Policy) -> Priority {
    let group = finding.advisory.as_ref();
    let rated = group.map_or(Severity::Unknown, |group| group.rating.severity);
    let is_unrated =
        rated == Severity::Unknown && group.is_some_and(|group| group.kind() == AdvisoryKind::Vulnerability);
    let settings = policy.rules.get(KNOWN_VULNERABILITY);
    let unscored_as = settings.map_or(Severity::High, |settings| settings.unscored_as);
    Priority {
        threat: threat(finding, policy),
        severity: if is_unrated { unscored_as } else { rated },
        is_unrated,
        kind: usage.and_then(|usage| usage.kinds.iter().next()),
        direct: usage.and_then(|usage| usage.direct),
        has_fix: finding.fix.version.is_some(),
    }
}

fn threat(finding: &Finding, policy: &Policy) -> Threat {
    if finding.rule.id == MALICIOUS_PACKAGE {
        return Threat::Malware;
    }
    let Some(group) = &finding.advisory else { return Threat::Unseen };
    if let Exploited::Yes { ransomware, .. } = group.exploited {
        return if ransomware { Threat::Ransomware } else { Threat::Exploited };
    }
    let given = policy.rules.get(KNOWN_VULNERABILITY).and_then(|settings| settings.values.get(MIN_EPSS));
    let least = match given {
        // No score reaches 1, by which a policy says that it does not look at them.
        Some(Setting::Share(least)) if *least < 1.0 => *least,
        _ => ONE_IN_TEN,
    };
    if group.epss.is_some_and(|epss| epss.score >= least) { Threat::Likely } else { Threat::Unseen }
}

/// Which of two decisions comes first, by the steps above.
pub fn order(graph: &DependencyGraph, a: &Decision, b: &Decision) -> Ordering {
    let steps = |decision: &Decision| {
        let Priority { threat, severity, kind, direct, has_fix, .. } = decision.priority;
        (
            Reverse(decision.effective()),
            threat,
            Reverse(severity),
            kind.unwrap_or(DependencyKind::Runtime),
            direct == Some(false),
            !has_fix,
        )
    };
    let epss = |decision: &Decision| {
        decision.finding.advisory.as_ref().and_then(|group| group.epss).map_or(0.0, |epss| epss.score)
    };
    let score =
        |decision: &Decision| decision.finding.advisory.as_ref().and_then(|group| group.rating.score).unwrap_or(0.0);
    steps(a)
        .cmp(&steps(b))
        .then_with(|| epss(b).total_cmp(&epss(a)))
        .then_with(|| score(b).total_cmp(&score(a)))
        .then_with(|| place_of(&a.finding, graph).cmp(&place_of(&b.finding, graph)))
        .then_with(|| a.finding.rule.id.cmp(b.finding.rule.id))
        .then_with(|| a.finding.fingerprint.cmp(&b.finding.fingerprint))
}

/// Root, place of the package among all (they are sorted by name and version), advisory.
fn place_of<'a>(finding: &'a Finding, graph: &'a DependencyGraph) -> (&'a str, u32, &'a str) {
    let key = finding.advisory.as_ref().map_or("", |group| group.key().id.as_str());
    match &finding.subject {
        Subject::Package { package, root } => (&graph.roots[*root].path, *package, key),
        Subject::File(path) => (path, 0, key),
        Subject::Project => ("", 0, key),
    }
}
