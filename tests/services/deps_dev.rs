//! deps.dev (<https://docs.deps.dev/api/>), `v3` and `v3alpha`.
//!
//! The path is split before it is decoded, and the verb stands after the last colon of the last segment, undecoded, so
//! that a Maven name's colon is none. Errors are plain text.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::deps_dev_json::{Interface, spaced, token};
use super::http::{Response, decoded};
use super::osv::unbase64;
use super::server::{Answer, Call, Shared};
use super::{Endpoint, Package, System, World};

const MAX_BATCH: usize = 5000;
const MAX_PACKAGE_VERSIONS: usize = 1500;

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let segments = call.segments();
    let (interface, rest) = match segments.as_slice() {
        ["v3", rest @ ..] => (Interface::V3, rest),
        ["v3alpha", rest @ ..] => (Interface::V3Alpha, rest),
        _ => return ("unknown", missing("not found")),
    };
    let is_alpha = interface == Interface::V3Alpha;
    if let (["versionbatch" | "projectbatch"], true) = (rest, is_alpha) {
        let endpoint = if rest == ["versionbatch"] { "versionbatch" } else { "projectbatch" };
        let answer = if call.request.method == "POST" {
            batch(shared, call, endpoint)
        } else {
            Err(Response::text(405, "method not allowed"))
        };
        return (endpoint, answer.unwrap_or_else(|error| error));
    }
    let Some((last, before)) = rest.split_last() else { return ("unknown", missing("not found")) };
    let (last, verb) = last.rsplit_once(':').map_or((*last, None), |(last, verb)| (last, Some(verb)));
    let names: Option<Vec<String>> = before.iter().copied().chain([last]).map(decoded).collect();
    let Some(names) = names else { return ("unknown", Response::text(400, "malformed path")) };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = shared.world.read().unwrap();
    let (endpoint, found) = match (names.as_slice(), verb) {
        (["systems", system, "packages", name], None) => {
            ("package", package(&world, system, name).map(|package| package.json(interface)))
        }
        (["systems", system, "packages", name], Some("similarlyNamedPackages")) if is_alpha => {
            ("similarlyNamedPackages", package(&world, system, name).map(similar))
        }
        (["systems", system, "packages", name, "versions", version], None) => {
            ("version", self::version(&world, system, name, version, interface))
        }
        (["systems", system, "packages", name, "versions", version], Some("dependents")) if is_alpha => {
            ("dependents", dependents(&world, system, name, version))
        }
        (["projects", id], None) => ("project", project(&world, id)),
        (["projects", id], Some("packageversions")) => ("packageversions", package_versions(&world, id)),
        _ => ("unknown", Err(missing("not found"))),
    };
    if !call.is_get() && endpoint != "unknown" {
        return (endpoint, Response::text(405, "method not allowed"));
    }
    (endpoint, found.map_or_else(|error| error, |value| good(&value)))
}

fn good(value: &Value) -> Response {
    Response::of(200, "application/json", spaced(value)).with("Cache-Control", "max-age=3600")
}

fn missing(what: &str) -> Response {
    Response::text(404, what)
}

/// A system of a path, in any case.
fn system(name: &str) -> Result<System, Response> {
    System::from_name(&name.to_uppercase()).ok_or_else(|| Response::text(400, "unknown system"))
}

fn package<'w>(world: &'w World, of: &str, name: &str) -> Result<&'w Package, Response> {
    world.find_package(system(of)?, name).ok_or_else(|| missing("package not found"))
}

fn version(world: &World, of: &str, name: &str, version: &str, interface: Interface) -> Result<Value, Response> {
    let found = world.find_version(system(of)?, name, version);
    found.map(|(package, found)| package.version_json(found, interface)).ok_or_else(|| missing("version not found"))
}

fn similar(package: &Package) -> Value {
    let key = |name: &str| json!({"system": package.system.name(), "name": name});
    let others: Vec<Value> = package.similar.iter().map(|name| json!({"packageKey": key(name)})).collect();
    json!({"packageKey": key(&package.system.canonical_name(&package.name)), "packages": others})
}

/// Only four systems have them.
fn dependents(world: &World, of: &str, name: &str, version: &str) -> Result<Value, Response> {
    let system = system(of)?;
    let counted = matches!(system, System::Cargo | System::Maven | System::Npm | System::PyPi);
    let found = world.find_version(system, name, version).filter(|_| counted);
    let (direct, indirect) =
        found.and_then(|(_, version)| version.dependents).ok_or_else(|| missing("dependents not found"))?;
    Ok(json!({
        "dependentCount": direct.saturating_add(indirect), "directDependentCount": direct,
        "indirectDependentCount": indirect,
    }))
}

fn project(world: &World, id: &str) -> Result<Value, Response> {
    let found = world.projects.get(&id.to_lowercase());
    found.map(|project| world.project_json(project)).ok_or_else(|| missing("project not found"))
}

/// Attested ones first.
fn package_versions(world: &World, id: &str) -> Result<Value, Response> {
    let id = id.to_lowercase();
    if !world.projects.contains_key(&id) {
        return Err(missing("project not found"));
    }
    let mut rows: Vec<Value> = world.packages.values().flat_map(|package| package.of_project(&id)).collect();
    rows.sort_by_key(|row| row["attestations"].as_array().is_none_or(Vec::is_empty));
    rows.truncate(MAX_PACKAGE_VERSIONS);
    Ok(json!({ "versions": rows }))
}

/// The body of a batch. Its requests are digested as they stand: a further page repeats them unchanged.
#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow, default)]
    requests: Option<&'b RawValue>,
    #[serde(default, rename = "pageToken", alias = "page_token")]
    token: String,
}

/// The requests of a batch: how each is written back, and what it asks for.
pub(super) struct Batch {
    requests: Vec<(Value, Key)>,
}

/// What one request of a batch asks for, as deps.dev writes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Version(System, String, String),
    Project(String),
}

fn batch(shared: &Shared, call: &Call<'_>, endpoint: Endpoint) -> Result<Response, Response> {
    let refuse = |text: &str| Response::text(400, text);
    let body: Body<'_> = serde_json::from_slice(&call.request.body).map_err(|_| refuse("malformed request body"))?;
    let raw = body.requests.map_or("[]", RawValue::get);
    let mut hasher = DefaultHasher::new();
    (endpoint, raw).hash(&mut hasher);
    let digest = hasher.finish();
    let known = shared.batches.lock().unwrap().get(&digest).cloned();
    let batch = match known {
        Some(batch) => batch,
        None => Arc::new(parse(raw, endpoint).map_err(|text| refuse(&text))?),
    };
    let from = match body.token.as_str() {
        "" => 0,
        text => {
            let text = unbase64(text).ok_or_else(|| refuse("invalid page token"))?;
            let (of, from) = text.split_once('.').ok_or_else(|| refuse("invalid page token"))?;
            if u64::from_str_radix(of, 16) != Ok(digest) {
                return Err(refuse("the request differs from the one that the page token belongs to"));
            }
            from.parse().map_err(|_| refuse("invalid page token"))?
        }
    };
    let size = shared.settings.read().unwrap().deps_dev_page;
    let to = (from + size).min(batch.requests.len());
    let world = shared.world.read().unwrap();
    let part = batch.requests.get(from..to).ok_or_else(|| refuse("invalid page token"))?;
    let responses: Vec<Value> = part.iter().map(|(request, key)| response(&world, request, key)).collect();
    let next = if to < batch.requests.len() { token(digest, to) } else { String::new() };
    if !next.is_empty() {
        shared.batches.lock().unwrap().insert(digest, batch);
    }
    Ok(good(&json!({"responses": responses, "nextPageToken": next})))
}

/// What is not found has its request only.
fn response(world: &World, request: &Value, key: &Key) -> Value {
    let mut row = Map::from_iter([("request".to_owned(), request.clone())]);
    match key {
        Key::Version(system, name, version) => {
            let found = world.find_version(*system, name, version);
            let found = found.map(|(package, version)| package.version_json(version, Interface::V3Alpha));
            row.extend(found.map(|version| ("version".to_owned(), version)));
        }
        Key::Project(id) => {
            let found = world.projects.get(id).map(|project| world.project_json(project));
            row.extend(found.map(|project| ("project".to_owned(), project)));
        }
    }
    row.into()
}

/// Reads the requests. Several that ask for the same are all written back as the first one was spelt.
fn parse(raw: &str, endpoint: Endpoint) -> Result<Batch, String> {
    let requests: Vec<Value> = serde_json::from_str(raw).map_err(|_| "malformed requests")?;
    if requests.len() > MAX_BATCH {
        return Err(format!("too many requests: {} of at most {MAX_BATCH}", requests.len()));
    }
    let mut first: BTreeMap<Key, Value> = BTreeMap::new();
    let mut all = Vec::with_capacity(requests.len());
    for request in requests {
        let text = |at: &str| {
            let text = request.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty());
            text.map(ToOwned::to_owned).ok_or_else(|| format!("invalid request: no {at}"))
        };
        let (key, echo) = if endpoint == "versionbatch" {
            let (of, name, version) =
                (text("/versionKey/system")?, text("/versionKey/name")?, text("/versionKey/version")?);
            let system = System::from_name(&of).ok_or_else(|| format!("unknown system {of}"))?;
            let key = Key::Version(system, system.canonical_name(&name), system.canonical_version(&version));
            (key, json!({"versionKey": {"system": of, "name": name, "version": version}}))
        } else {
            let id = text("/projectKey/id")?;
            (Key::Project(id.to_lowercase()), json!({"projectKey": {"id": id}}))
        };
        let echo = first.entry(key.clone()).or_insert(echo).clone();
        all.push((echo, key));
    }
    Ok(Batch { requests: all })
}
