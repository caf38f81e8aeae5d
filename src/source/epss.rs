//! FIRST's exploit prediction scores (<https://www.first.org/epss/data_stats>): one compressed table a day.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;

use super::{Answer, Client, EPSS, Request, SourceError};
use crate::model::Epss;

/// How long a line may be. Those of the table are shorter than a tenth of it.
const LONGEST_LINE: u64 = 1000;

/// The scores of these CVEs; one that is not there has none.
///
/// # Errors
/// Where there is no table, neither new nor kept.
pub async fn epss(client: &Client, cves: &BTreeSet<String>) -> Result<Answer<BTreeMap<String, Epss>>, SourceError> {
    let answer = client.fetch(&Request::get(&EPSS, "").always_there(), |body| read(body, cves)).await?;
    if answer.value.is_none() {
        return Err(SourceError::failed(EPSS.id, "there is no table at its address"));
    }
    Ok(answer)
}

/// Reads the table, which is compressed unless something on the way took that off.
fn read(body: &[u8], cves: &BTreeSet<String>) -> Result<BTreeMap<String, Epss>, String> {
    if body.starts_with(&[0x1f, 0x8b]) { table(MultiGzDecoder::new(body), cves) } else { table(body, cves) }
}

/// Reads `cve,epss,percentile` under its names, and over those a line with the day, which no answer needs.
fn table(text: impl Read, cves: &BTreeSet<String>) -> Result<BTreeMap<String, Epss>, String> {
    let mut text = BufReader::new(text.take(EPSS.largest));
    let mut scores = BTreeMap::new();
    let mut columns = None;
    let (mut line, mut total, mut rows) = (String::new(), 0, 0_u64);
    loop {
        line.clear();
        let length = (&mut text).take(LONGEST_LINE).read_line(&mut line).map_err(|error| error.to_string())?;
        if length == 0 {
            break;
        }
        total += length as u64;
        if total == EPSS.largest || (length as u64 == LONGEST_LINE && !line.ends_with('\n')) {
            return Err("its table or a line of it is too long".to_owned());
        }
        let row = line.trim_end();
        if row.starts_with('#') || row.is_empty() {
            continue;
        }
        match columns {
            None => columns = Some(Columns::of(row)?),
            Some(columns) => {
                let odd = || format!("it has the row {row:?}");
                let cve = columns.cve(row).ok_or_else(odd)?;
                rows += 1;
                if cves.contains(cve) {
                    scores.insert(cve.to_owned(), columns.score(row).ok_or_else(odd)?);
                }
            }
        }
    }
    if rows == 0 { Err("it has no table".to_owned()) } else { Ok(scores) }
}

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    cve: usize,
    score: usize,
    percentile: usize,
}

impl Columns {
    fn of(names: &str) -> Result<Self, String> {
        let place = |name: &str| names.split(',').position(|other| other.trim() == name);
        let columns = || Some(Self { cve: place("cve")?, score: place("epss")?, percentile: place("percentile")? });
        columns().ok_or_else(|| "it has no columns `cve`, `epss` and `percentile`".to_owned())
    }

    fn cve(self, row: &str) -> Option<&str> {
        cell(row, self.cve).filter(|cve| cve.starts_with("CVE-"))
    }

    fn score(self, row: &str) -> Option<Epss> {
        let share = |place| cell(row, place)?.parse().ok().filter(|share: &f64| (0.0..=1.0).contains(share));
        Some(Epss { score: share(self.score)?, percentile: share(self.percentile)? })
    }
}

fn cell(row: &str, place: usize) -> Option<&str> {
    row.split(',').nth(place).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn cves() -> BTreeSet<String> {
        ["CVE-2021-44228", "CVE-2020-1"].map(str::to_owned).into()
    }

    #[test]
    fn scores_are_found_whatever_the_first_line_is_like() {
        for first in [
            "#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z\n",
            "#model_version:v2023.03.01,score_date:2023-09-13T00:00:00+0000\r\n",
            "",
        ] {
            let text = format!("{first}cve,epss,percentile\nCVE-1999-0001,0.01,0.7769\nCVE-2021-44228,0.97224,1");
            for body in [packed(&text), text.into_bytes()] {
                let scores = read(&body, &cves()).unwrap();
                assert_eq!(scores.len(), 1);
                assert_eq!(scores["CVE-2021-44228"], Epss { score: 0.97224, percentile: 1.0 });
            }
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let whole = packed("cve,epss,percentile\nCVE-2021-44228,0.5,0.5\n");
        for body in [
            &b""[..],
            b"<html>",
            b"cve,epss,percentile\nCVE-2021-44228,2,0.5\n",
            b"cve,epss,percentile\nCVE-2021-44228\n",
            b"cve,epss,percentile\n",
            &whole[..whole.len() - 9],
        ] {
            assert!(read(body, &cves()).is_err(), "{body:?}");
        }
        let line = format!("cve,epss,percentile\n{}", "1".repeat(5000));
        assert!(read(line.as_bytes(), &cves()).unwrap_err().contains("too long"));
    }

    #[test]
    fn a_bomb_is_put_out() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(b"cve,epss,percentile\n").unwrap();
        let row = format!("# {}\n", "0".repeat(900)).repeat(1000);
        for _ in 0..80 {
            packer.write_all(row.as_bytes()).unwrap();
        }
        assert!(read(&packer.finish().unwrap(), &cves()).unwrap_err().contains("too long"));
    }
}
