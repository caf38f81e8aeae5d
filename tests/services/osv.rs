//! OSV's API (<https://google.github.io/osv.dev/api/>): `/v1/query`, `/v1/querybatch`, `/v1/vulns/ID`.
//!
//! A page may hold nothing but a token. One item of a batch that is not understood fails the whole batch. A withdrawn record
//! matches no query, and its id still finds it.

use serde_json::{Map, Value, json};

use super::conditional::digest;
use super::http::{Response, decoded};
use super::records::{Record, base};
use super::server::{Answer, Call, Shared};
use super::{Settings, World};

/// How records are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Every record of the package, whatever its versions: also those that do not affect the version asked for.
    ByName,
    /// Those that affect the version, as the real service does; where this is not sure, the record stays.
    Pruned,
}

const MAX_QUERIES: usize = 1000;
const MAX_ID: usize = 100;

/// The token that leads to the first page: base64 of `FIRST_PAGE_TOKEN`.
const FIRST_PAGE: &str = "RklSU1RfUEFHRV9UT0tFTg==";

const ECOSYSTEMS: &[&str] = &[
    "AlmaLinux",
    "Alpaquita",
    "Alpine",
    "Android",
    "Azure Linux",
    "BellSoft Hardened Containers",
    "Bioconductor",
    "Bitnami",
    "CRAN",
    "Chainguard",
    "CleanStart",
    "ConanCenter",
    "Debian",
    "Docker Hardened Images",
    "Echo",
    "FreeBSD",
    "GHC",
    "GIT",
    "GitHub Actions",
    "Go",
    "Hackage",
    "Hex",
    "Julia",
    "Kubernetes",
    "Linux",
    "Mageia",
    "Maven",
    "MinimOS",
    "NuGet",
    "OSS-Fuzz",
    "Packagist",
    "Photon OS",
    "Pub",
    "PyPI",
    "Red Hat",
    "Rocky Linux",
    "Root",
    "RubyGems",
    "SUSE",
    "SwiftURL",
    "TuxCare",
    "Ubuntu",
    "VSCode",
    "Wolfi",
    "crates.io",
    "npm",
    "opam",
    "openEuler",
    "openSUSE",
];

/// Types of package URLs, and what separates namespace and name in the name of the ecosystem.
const PURL_TYPES: &[(&str, &str, &str)] = &[
    ("cargo", "crates.io", "/"),
    ("composer", "Packagist", "/"),
    ("cran", "CRAN", "/"),
    ("gem", "RubyGems", "/"),
    ("golang", "Go", "/"),
    ("hackage", "Hackage", "/"),
    ("hex", "Hex", "/"),
    ("maven", "Maven", ":"),
    ("npm", "npm", "/"),
    ("nuget", "NuGet", "/"),
    ("pub", "Pub", "/"),
    ("pypi", "PyPI", "/"),
    ("swift", "SwiftURL", "/"),
];

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let world = shared.world.read().unwrap();
    let settings = shared.settings.read().unwrap();
    let body = || serde_json::from_slice::<Value>(&call.request.body).map_err(|_| "malformed JSON".to_owned());
    match (call.request.method.as_str(), call.segments().as_slice()) {
        ("POST", ["v1", "query"]) => {
            let answer = body().and_then(|query| single(&world, &settings, &query));
            ("query", answer.map_or_else(|message| error(400, &message), |value| Response::json(200, &value)))
        }
        ("POST", ["v1", "querybatch"]) => {
            let answer = body().and_then(|batch| many(&world, &settings, &batch));
            ("querybatch", answer.map_or_else(|message| error(400, &message), |value| Response::json(200, &value)))
        }
        ("GET" | "HEAD", ["v1", "vulns", id]) => ("vulns", vulnerability(&world, id)),
        (_, ["v1", "query" | "querybatch" | "vulns", ..]) => ("unknown", error(405, "Method Not Allowed")),
        _ => ("unknown", error(404, "Not Found")),
    }
}

/// An error as gRPC's gateway words it.
pub(super) fn error(status: u16, message: &str) -> Response {
    let code = match status {
        400 => 3,
        404 => 5,
        405 => 12,
        429 => 8,
        503 => 14,
        504 => 504,
        _ => 13,
    };
    Response::json(status, &json!({"code": code, "message": message, "details": []}))
}

fn vulnerability(world: &World, id: &str) -> Response {
    let Some(id) = decoded(id).filter(|id| id.len() <= MAX_ID) else { return error(400, "Invalid ID") };
    if let Some(record) = world.advisories.find(&id) {
        return Response::of(200, "application/json", record.text.to_vec());
    }
    let aliased: Vec<&str> = world
        .advisories
        .iter()
        .filter(|record| record.aliases.contains(&id))
        .map(|record| record.id.as_str())
        .collect();
    if aliased.is_empty() {
        return error(404, "Vulnerability not found");
    }
    error(404, &format!("Vulnerability not found, but the following aliases were: {}", aliased.join(" ")))
}

/// A query that was understood: what it asks for, and the records from which page on.
struct Query<'w> {
    records: Vec<&'w Record>,
    /// How many were given before; none before the first page.
    given: Option<usize>,
    digest: String,
}

impl<'w> Query<'w> {
    fn parse(world: &'w World, mode: Mode, query: &Value) -> Result<Self, String> {
        let mut asked = query.as_object().ok_or("malformed query")?.clone();
        let token = asked.remove("page_token").or_else(|| asked.remove("pageToken"));
        let token = token.as_ref().and_then(Value::as_str).filter(|token| !token.is_empty());
        let digest = digest(Value::from(asked.clone()).to_string().as_bytes())[..8].to_owned();
        let given = match token {
            None => None,
            Some(FIRST_PAGE) => Some(0),
            Some(token) => Some(place(token, &digest).ok_or("invalid cursor")?),
        };
        Ok(Self { records: found(world, mode, &asked)?, given, digest })
    }

    /// The next page: so many records at most, and the token of the page after it.
    fn page(&self, settings: &Settings, room: usize) -> (&[&'w Record], Option<String>) {
        if self.records.is_empty() {
            return (&[], None);
        }
        let from = match self.given {
            None if settings.osv_token_first => return (&[], Some(FIRST_PAGE.to_owned())),
            given => given.unwrap_or(0).min(self.records.len()),
        };
        let to = (from + settings.osv_page.min(room)).min(self.records.len());
        let token = (to < self.records.len()).then(|| match to {
            0 => FIRST_PAGE.to_owned(),
            to => base64(format!("{}:{to}", self.digest).as_bytes()),
        });
        (&self.records[from..to], token)
    }
}

fn single(world: &World, settings: &Settings, query: &Value) -> Result<Value, String> {
    let query = Query::parse(world, settings.mode, query)?;
    let (records, token) = query.page(settings, usize::MAX);
    Ok(page(records.iter().map(|record| record.json()).collect(), token))
}

fn many(world: &World, settings: &Settings, batch: &Value) -> Result<Value, String> {
    let queries = batch["queries"].as_array().ok_or("no queries")?;
    if queries.len() > MAX_QUERIES {
        return Err("too many queries".to_owned());
    }
    let mut room = settings.osv_batch_page;
    let mut results = Vec::new();
    for (at, query) in queries.iter().enumerate() {
        let query = Query::parse(world, settings.mode, query)
            .map_err(|message| format!("error in query at index {at}: {message}"))?;
        let (records, token) = query.page(settings, room);
        room -= records.len();
        let brief = |record: &&Record| json!({"id": record.id, "modified": record.modified});
        results.push(page(records.iter().map(brief).collect(), token));
    }
    Ok(json!({ "results": results }))
}

/// What is empty is left out.
fn page(vulns: Vec<Value>, token: Option<String>) -> Value {
    let mut page = Map::new();
    if !vulns.is_empty() {
        page.insert("vulns".to_owned(), vulns.into());
    }
    page.extend(token.map(|token| ("next_page_token".to_owned(), token.into())));
    page.into()
}

fn found<'w>(world: &'w World, mode: Mode, query: &Map<String, Value>) -> Result<Vec<&'w Record>, String> {
    let text =
        |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    if let Some(commit) = query.get("commit") {
        let hash = commit.as_str().unwrap_or_default();
        let is_hash = !hash.is_empty() && hash.len() % 2 == 0 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        // No graph of commits is held here.
        return if is_hash { Ok(Vec::new()) } else { Err("invalid hash".to_owned()) };
    }
    let package = query.get("package").and_then(Value::as_object).ok_or("Invalid query.")?;
    let mut version = text(query.get("version"));
    let (mut name, mut ecosystem) = (text(package.get("name")), text(package.get("ecosystem")));
    if let Some(purl) = text(package.get("purl")) {
        if name.is_some() {
            return Err("name specified in a PURL query".to_owned());
        }
        if ecosystem.is_some() {
            return Err("ecosystem specified in a PURL query".to_owned());
        }
        let (kind, named, of) = parse_purl(&purl).ok_or("Invalid Package URL")?;
        if of.is_some() && version.is_some() {
            return Err("version specified in params and PURL query".to_owned());
        }
        let Some((_, found, separator)) = PURL_TYPES.iter().find(|(known, ..)| *known == kind) else {
            return Ok(Vec::new());
        };
        (name, ecosystem, version) = (Some(named.join(separator)), Some((*found).to_owned()), version.or(of));
    }
    let name = name.ok_or("Invalid query.")?;
    match &ecosystem {
        Some(ecosystem) if !ECOSYSTEMS.contains(&base(ecosystem)) => return Err("Invalid ecosystem".to_owned()),
        None if version.is_none() => return Err("Invalid query.".to_owned()),
        _ => {}
    }
    let version = version.filter(|_| mode == Mode::Pruned);
    Ok(world.advisories.of(ecosystem.as_deref(), &name, version.as_deref()))
}

/// Type, the parts of the name, and the version of a package URL.
fn parse_purl(purl: &str) -> Option<(String, Vec<String>, Option<String>)> {
    let rest = purl.strip_prefix("pkg:")?.split(['?', '#']).next()?;
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') && !path.ends_with('/') => (path, Some(decoded(version)?)),
        _ => (rest, None),
    };
    let mut parts = path.trim_matches('/').split('/').map(decoded).collect::<Option<Vec<_>>>()?;
    let kind = parts.remove(0).to_ascii_lowercase();
    (!parts.is_empty()).then_some((kind, parts, version))
}

/// The place that a token of this query names.
fn place(token: &str, digest: &str) -> Option<usize> {
    let text = unbase64(token)?;
    let (of, place) = text.split_once(':')?;
    (of == digest).then(|| place.parse().ok())?
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648).
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_usize, |word, at| word << 8 | usize::from(chunk.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            let digit = char::from(ALPHABET[word >> (18 - 6 * at) & 63]);
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

pub(super) fn unbase64(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0_usize, 0);
    for byte in text.trim_end_matches('=').bytes() {
        word = word << 6 | ALPHABET.iter().position(|known| *known == byte)?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(word >> bits & 255).ok()?);
        }
        word &= 0xffff;
    }
    String::from_utf8(bytes).ok()
}
