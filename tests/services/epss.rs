//! The daily scores of the Exploit Prediction Scoring System (<https://www.first.org/epss/data_stats>): a gzip file, which
//! is the body itself and no coding of it.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::World;
use super::conditional::Stored;
use super::http::Response;
use super::server::{Answer, Call, Shared};

/// The path of the newest file.
pub(super) const CURRENT: &str = "/epss_scores-current.csv.gz";

/// The scores of a day.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    pub(crate) model: String,
    /// As the file says it: `2026-11-22T12:55:00Z`, or `2026-11-22T00:00:00+0000` as it once did.
    pub(crate) date: String,
    /// Probability and percentile by CVE, as they are written.
    pub(crate) rows: BTreeMap<String, (String, String)>,
    /// Whether the last line ends.
    pub(crate) ends_with_newline: bool,
}

impl Default for Scores {
    fn default() -> Self {
        Self {
            model: "v2026.03.14".to_owned(),
            date: "2026-11-22T12:55:00Z".to_owned(),
            rows: BTreeMap::new(),
            ends_with_newline: true,
        }
    }
}

impl Scores {
    /// Sets the score of a vulnerability.
    pub(crate) fn set(&mut self, cve: &str, probability: &str, percentile: &str) {
        self.rows.insert(cve.to_owned(), (probability.to_owned(), percentile.to_owned()));
    }

    /// The file before it is packed.
    fn csv(&self) -> String {
        let mut text = format!("#model_version:{},score_date:{}\ncve,epss,percentile", self.model, self.date);
        for (cve, (probability, percentile)) in &self.rows {
            text += &format!("\n{cve},{probability},{percentile}");
        }
        if self.ends_with_newline {
            text.push('\n');
        }
        text
    }

    /// Reads such a file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (model, date) = lines.next()?.strip_prefix("#model_version:")?.split_once(",score_date:")?;
        lines.next().filter(|line| *line == "cve,epss,percentile")?;
        let row = |line: &str| {
            let mut cells = line.split(',').map(ToOwned::to_owned);
            Some((cells.next()?, (cells.next()?, cells.next()?)))
        };
        let rows = lines.map(row).collect::<Option<_>>()?;
        Some(Self { model: model.to_owned(), date: date.to_owned(), rows, ends_with_newline: text.ends_with('\n') })
    }

    fn day(&self) -> &str {
        self.date.get(..10).unwrap_or_default()
    }
}

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let dated = format!("/epss_scores-{}.csv.gz", shared.world.read().unwrap().epss.day());
    let redirects = shared.settings.read().unwrap().epss_redirects;
    let endpoint = match call.path {
        CURRENT => "current",
        path if path.starts_with("/epss_scores-") => "dated",
        _ => return ("unknown", Response::html(404, "Not Found")),
    };
    if !call.is_get() || (endpoint == "dated" && call.path != dated) {
        return (endpoint, Response::html(403, "Forbidden"));
    }
    if endpoint == "current" && redirects {
        return (endpoint, Response::redirect(302, &format!("/epss{dated}")));
    }
    (endpoint, shared.stored("epss", file).answer(call.request))
}

fn file(world: &World) -> Stored {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(world.epss.csv().as_bytes()).unwrap();
    let modified = format!("{}T13:00:00Z", world.epss.day()).parse().unwrap_or_default();
    Stored::new(encoder.finish().unwrap(), "application/gzip", modified)
}
