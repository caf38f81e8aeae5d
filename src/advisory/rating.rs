//! How bad a record says it is: CVSS v4, v3, v2, then the record's own words.

use std::str::FromStr;

use crate::model::{Rating, Severity};

/// The rating of a record from its CVSS vectors and its own words. Of several vectors the newest version of CVSS
/// counts, and among equals the highest score. A vector that cannot be read is passed over.
pub fn rate<'v>(id: &str, vectors: impl Iterator<Item = &'v str>, words: impl Iterator<Item = &'v str>) -> Rating {
    let mut best: Option<(u8, f64, Severity, &str)> = None;
    for vector in vectors {
        if let Some((generation, score, severity)) = score(vector)
            && best.is_none_or(|(best, high, ..)| (generation, score) > (best, high))
        {
            best = Some((generation, score, severity, vector));
        }
    }
    if let Some((_, score, severity, vector)) = best {
        let (vector, source) = (Some(vector.to_owned()), Some(id.to_owned()));
        return Rating { severity, score: Some(score), vector, source };
    }
    match words.filter_map(Severity::from_word).max() {
        Some(severity) => Rating { severity, score: None, vector: None, source: Some(id.to_owned()) },
        None => Rating::UNKNOWN,
    }
}

/// The CVSS generation, base score and band of a vector.
fn score(vector: &str) -> Option<(u8, f64, Severity)> {
    let trimmed = vector.trim().trim_end_matches('/').trim_matches(['(', ')']);
    let parsed = cvss::Cvss::from_str(trimmed).or_else(|_| cvss::Cvss::from_str(&trimmed.to_ascii_uppercase())).ok()?;
    let generation = match &parsed {
        cvss::Cvss::CvssV40(_) => 4,
        cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) => 3,
        _ => 2,
    };
    let mandatory: &[&str] = match generation {
        4 => &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"],
        3 => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
        _ => &["AV", "AC", "AU", "C", "I", "A"],
    };
    // A vector without all its base metrics has no score; the crate would give 0.0.
    let upper = trimmed.to_ascii_uppercase();
    let given = |name: &&str| upper.split('/').any(|part| part.split(':').next() == Some(*name));
    if !mandatory.iter().all(given) {
        return None;
    }
    let score = parsed.score();
    // CVSS v2 knows no band above high.
    let severity = match Severity::of_score(score) {
        Severity::Critical if generation == 2 => Severity::High,
        severity => severity,
    };
    Some((generation, score, severity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(vectors: &[&str], words: &[&str]) -> (Severity, Option<f64>) {
        let rating = rate("X-1", vectors.iter().copied(), words.iter().copied());
        (rating.severity, rating.score)
    }

    #[test]
    fn the_newest_cvss_counts_then_words() {
        let v31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let v4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N";
        let v2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
        assert_eq!(rated(&[v31], &["low"]), (Severity::Critical, Some(9.8)));
        assert_eq!(rated(&[v31, v4], &[]).1, Some(6.9));
        assert_eq!(rated(&[v2], &[]), (Severity::High, Some(10.0)));
        assert_eq!(rated(&["CVSS:3.1/AV:N", "nonsense"], &["MODERATE"]), (Severity::Medium, None));
        assert_eq!(rated(&[], &["odd"]), (Severity::Unknown, None));
        assert_eq!(rated(&["cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h/"], &[]), (Severity::Critical, Some(9.8)));
    }
}
