//! CISA's catalogue of known exploited vulnerabilities (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>):
//! one file, in which vulnerabilities stand by their CVE.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::wire::nullable;
use super::{Answer, Client, KEV, Request, SourceError};

/// How the cache knows the number of entries of the last catalogue that was taken.
const SIZE: &str = "number of entries";

/// A vulnerability's entry in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The day since which it stands there, `2021-12-10`.
    pub since: String,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
}

#[derive(Deserialize)]
struct Catalogue {
    count: u64,
    vulnerabilities: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID", deserialize_with = "nullable")]
    cve_id: String,
    #[serde(deserialize_with = "nullable")]
    date_added: String,
    #[serde(deserialize_with = "nullable")]
    known_ransomware_campaign_use: String,
}

/// Which of these CVEs are in the catalogue. One that contradicts itself or that lost more than a tenth of its entries
/// since the last is not believed: an older one stands in, if it is kept.
///
/// # Errors
/// Where there is no catalogue, neither new nor kept.
pub async fn exploited(
    client: &Client,
    cves: &BTreeSet<String>,
) -> Result<Answer<BTreeMap<String, Listed>>, SourceError> {
    let size = client.recall(&KEV, SIZE, true).and_then(|kept| String::from_utf8(kept.value?).ok()?.parse().ok());
    let read = |body: &[u8]| read(body, cves, size);
    let answer = client.fetch(&Request::get(&KEV, "").always_there(), read).await?;
    let Some((listed, entries)) = answer.value else {
        return Err(SourceError::failed(KEV.id, "there is no catalogue at its address"));
    };
    if size != Some(entries) {
        let entries = entries.to_string().into_bytes();
        client.keep(&KEV, SIZE, &Answer { value: Some(entries), as_of: answer.as_of });
    }
    Ok(Answer { value: Some(listed), as_of: answer.as_of })
}

fn read(body: &[u8], cves: &BTreeSet<String>, before: Option<u64>) -> Result<(BTreeMap<String, Listed>, u64), String> {
    let catalogue: Catalogue = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let entries = catalogue.vulnerabilities.len() as u64;
    if catalogue.count != entries {
        return Err(format!("the catalogue says that it has {} entries and has {entries}", catalogue.count));
    }
    if !catalogue.vulnerabilities.iter().any(|entry| entry.cve_id.starts_with("CVE-")) {
        return Err("the catalogue has no entries".to_owned());
    }
    // A tenth may be corrected away; more is a catalogue that was cut.
    if let Some(before) = before.filter(|before| entries.saturating_mul(10) < before.saturating_mul(9)) {
        return Err(format!("the catalogue shrank from {before} entries to {entries}"));
    }
    let listed = |entry: Entry| {
        let ransomware = entry.known_ransomware_campaign_use == "Known";
        (entry.cve_id, Listed { since: entry.date_added, ransomware })
    };
    let wanted = catalogue.vulnerabilities.into_iter().filter(|entry| cves.contains(&entry.cve_id));
    Ok((wanted.map(listed).collect(), entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"{"title":"t","catalogVersion":"2026.11.20","count":2,"vulnerabilities":[
        {"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","knownRansomwareCampaignUse":"Known","notes":"https:\/\/host.example"},
        {"cveID":"CVE-2019-10744","dateAdded":"2025-01-02","cwes":null}]}"#;

    #[test]
    fn entries_are_found_by_cve() {
        let cves = ["CVE-2021-44228", "CVE-2019-10744", "CVE-2020-1"].map(str::to_owned).into();
        let (listed, entries) = read(CATALOGUE.as_bytes(), &cves, Some(2)).unwrap();
        assert_eq!(entries, 2);
        let of = |cve: &str| listed.get(cve).cloned();
        assert_eq!(of("CVE-2021-44228"), Some(Listed { since: "2021-12-10".to_owned(), ransomware: true }));
        assert_eq!(of("CVE-2019-10744"), Some(Listed { since: "2025-01-02".to_owned(), ransomware: false }));
        assert_eq!(of("CVE-2020-1"), None);
    }

    #[test]
    fn a_catalogue_that_lost_entries_is_refused() {
        let cves = BTreeSet::new();
        let cut = CATALOGUE.replace("\"count\":2", "\"count\":3");
        assert!(read(cut.as_bytes(), &cves, None).unwrap_err().contains("has 3 entries and has 2"));
        assert!(read(CATALOGUE.as_bytes(), &cves, Some(3)).unwrap_err().contains("shrank from 3 entries to 2"));
        assert!(read(b"{\"vulnerabilities\":[]}", &cves, None).is_err());
        assert!(read(b"[]", &cves, None).is_err());
    }
}
