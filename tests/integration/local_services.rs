//! The services that the tests ask behave as the real ones do: what their documentation says of them, asked with bare bytes.

use std::io::{BufRead, Read};

use serde_json::{Value, json};

use crate::services::{Mode, Provenance, Service, Services, Settings, System, World, packages_of};
use crate::support::Tree;
use crate::wire::{Client, get, post};

fn record(id: &str, ecosystem: &str, name: &str, events: &Value) -> Value {
    json!({
        "id": id, "modified": "2026-11-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "aliases": [format!("CVE-{id}")],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    })
}

/// Advisories of three packages.
pub(crate) fn advisories() -> World {
    let mut world = World::default();
    world.advisory(&record("A-1", "npm", "@acme/box", &json!([{"introduced": "0"}, {"fixed": "1.10.0"}])));
    world.advisory(&record(
        "A-2",
        "npm",
        "@acme/box",
        &json!([{"introduced": "2.0.0-rc.1"}, {"last_affected": "2.1"}]),
    ));
    world.advisory(&record("A-3", "npm", "@acme/box", &json!([{"introduced": "0"}])));
    world.advisory(&record("B-1", "PyPI", "zope-interface", &json!([{"introduced": "0"}, {"fixed": "2.0rc1"}])));
    world.advisory(&record("C-1", "Maven", "org.acme:box", &json!([{"introduced": "0"}, {"fixed": "1"}])));
    world
}

fn ids(result: &Value) -> Vec<&str> {
    result["vulns"].as_array().into_iter().flatten().map(|vuln| vuln["id"].as_str().unwrap()).collect()
}

fn query(ecosystem: &str, name: &str, version: &str) -> Value {
    json!({"package": {"ecosystem": ecosystem, "name": name}, "version": version})
}

#[test]
fn osv_answers_by_version_or_by_name() {
    let services = Services::start(advisories());
    let ask = |query: &Value| post(&services, Service::Osv, "/v1/query", query).json();
    assert_eq!(ids(&ask(&query("npm", "@acme/box", "1.9.0"))), ["A-1", "A-3"]);
    assert_eq!(ids(&ask(&query("npm", "@acme/box", "2.0.0-beta"))), ["A-3"]);
    assert_eq!(ids(&ask(&query("npm", "@acme/box", "2.1.0"))), ["A-2", "A-3"]);
    assert_eq!(ids(&ask(&query("PyPI", "Zope.Interface", "2.0b3"))), ["B-1"]);
    assert_eq!(ids(&ask(&query("PyPI", "zope_interface", "2.0"))), [""; 0]);
    // An order of versions that it does not know.
    assert_eq!(ids(&ask(&query("Maven", "org.acme:box", "7"))), ["C-1"]);
    assert_eq!(ids(&ask(&json!({"package": {"purl": "pkg:npm/%40acme/box@1.9.0"}}))), ["A-1", "A-3"]);
    assert_eq!(ask(&json!({"package": {"purl": "pkg:docker/box@1"}})), json!({}));
    assert_eq!(ask(&query("npm", "nothing", "1.0.0")), json!({}));
    services.adjust(|settings| settings.mode = Mode::ByName);
    assert_eq!(ids(&ask(&query("npm", "@acme/box", "1.9.0"))), ["A-1", "A-2", "A-3"]);
    services.change(|world| world.withdraw("A-1", "2026-11-20T00:00:00Z"));
    assert_eq!(ids(&ask(&query("npm", "@acme/box", "1.9.0"))), ["A-2", "A-3"]);
    let record = get(&services, Service::Osv, "/v1/vulns/A-1");
    assert_eq!((record.status, &record.json()["withdrawn"]), (200, &json!("2026-11-20T00:00:00Z")));
    let missing = get(&services, Service::Osv, "/v1/vulns/CVE-A-2");
    assert_eq!((missing.status, missing.json()["code"].as_i64()), (404, Some(5)));
    assert!(missing.text().contains("aliases were: A-2"));
    assert_eq!(get(&services, Service::Osv, "/v1/vulns/a-1").json()["message"], "Vulnerability not found");
    assert_eq!(services.count(Service::Osv, "vulns"), 3);
}

#[test]
fn a_batch_of_osv_is_one_page_of_all_or_an_error() {
    let services = Services::start(advisories());
    let batch = |queries: Value| post(&services, Service::Osv, "/v1/querybatch", &json!({"queries": queries}));
    let box_ = query("npm", "@acme/box", "2.0.0");
    let answer = batch(json!([box_, query("npm", "none", "1"), box_])).json();
    let row = json!({"id": "A-2", "modified": "2026-11-01T00:00:00Z"});
    assert_eq!(answer["results"][0]["vulns"][0], row);
    assert_eq!(answer["results"][1], json!({}));
    assert_eq!(ids(&answer["results"][2]), ["A-2", "A-3"]);
    let refused = batch(json!([box_, query("Cheese Shop", "x", "1")]));
    let message = json!({"code": 3, "message": "error in query at index 1: Invalid ecosystem", "details": []});
    assert_eq!((refused.status, refused.json()), (400, message));
    let many = batch(vec![box_.clone(); 1001].into());
    assert_eq!((many.status, &many.json()["message"]), (400, &json!("too many queries")));

    // Pages: a token for each query that has more, and one answer may be nothing but tokens.
    services.adjust(|settings| (settings.osv_page, settings.osv_batch_page, settings.osv_token_first) = (1, 1, true));
    let first = batch(json!([box_, box_])).json();
    assert!(ids(&first["results"][0]).is_empty() && ids(&first["results"][1]).is_empty());
    let next = |result: &Value| {
        let mut query = box_.clone();
        query["page_token"] = result["next_page_token"].clone();
        query
    };
    let second = batch(json!([next(&first["results"][0]), next(&first["results"][1])])).json();
    assert_eq!((ids(&second["results"][0]), ids(&second["results"][1])), (vec!["A-2"], vec![]));
    let third = batch(json!([next(&second["results"][0])])).json();
    assert_eq!(third, json!({"results": [{"vulns": [{"id": "A-3", "modified": "2026-11-01T00:00:00Z"}]}]}));
    let mut other = query("npm", "@acme/box", "1.0.0");
    other["page_token"] = second["results"][0]["next_page_token"].clone();
    assert!(batch(json!([other])).text().contains("at index 0: invalid cursor"));
}

#[test]
fn the_bucket_answers_conditions_and_ranges() {
    let mut world = advisories();
    world.change_advisory("A-1", "2026-11-05T00:00:00.123Z", |_| {});
    world.change_advisory("A-2", "2026-11-05T00:00:00Z", |_| {});
    let services = Services::start(world);
    let mut client = Client::new(&services);
    assert_eq!(client.get(Service::OsvBucket, "/ecosystems.txt", &[]).text(), "Maven\nPyPI\nnpm\n");
    let csv = client.get(Service::OsvBucket, "/npm/modified_id.csv", &[]);
    let rows = "2026-11-05T00:00:00Z,A-2\n2026-11-05T00:00:00.123Z,A-1\n2026-11-01T00:00:00Z,A-3\n";
    assert_eq!(csv.text(), rows);
    assert_eq!(
        client.get(Service::OsvBucket, "/modified_id.csv", &[]).text().lines().last(),
        Some("2026-11-01T00:00:00Z,npm/A-3")
    );
    let tag = csv.header("ETag").unwrap().to_owned();
    let date = csv.header("Last-Modified").unwrap().to_owned();
    let same = client.get(Service::OsvBucket, "/npm/modified_id.csv", &[&format!("If-None-Match: \"x\", {tag}")]);
    assert_eq!((same.status, same.header("Content-Length")), (304, None));
    let same = client.get(Service::OsvBucket, "/npm/modified_id.csv", &[&format!("If-Modified-Since: {date}")]);
    assert_eq!(same.status, 304);
    let ask = |client: &mut Client, headers: &[&str]| {
        let reply = client.get(Service::OsvBucket, "/npm/modified_id.csv", headers);
        (reply.status, reply.header("Content-Range").unwrap_or_default().to_owned(), reply.text())
    };
    let total = rows.len();
    let range = format!("bytes 21-23/{total}");
    assert_eq!(ask(&mut client, &["Range: bytes=21-23"]), (206, range.clone(), "A-2".to_owned()));
    assert_eq!(ask(&mut client, &["Range: bytes=21-23", &format!("If-Range: {tag}")]).1, range);
    assert_eq!(ask(&mut client, &["Range: bytes=21-23", "If-Range: \"old\""]).0, 200);
    assert_eq!(ask(&mut client, &["Range: bytes=-4"]).2, "A-3\n");
    assert_eq!(ask(&mut client, &[&format!("Range: bytes={total}-")]).1, format!("bytes */{total}"));
    let zip = client.get(Service::OsvBucket, "/npm/all.zip", &[]);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&zip.body)).unwrap();
    assert_eq!(archive.len(), 3);
    let mut text = String::new();
    archive.by_name("A-3.json").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(client.get(Service::OsvBucket, "/npm/A-3.json", &[]).text(), text);
    let missing = client.get(Service::OsvBucket, "/PyPI/A-3.json", &[]);
    assert_eq!((missing.status, missing.header("Content-Type")), (404, Some("application/xml; charset=UTF-8")));
    assert!(missing.text().contains("<Code>NoSuchKey</Code>"));
    // One connection, and a head without a body in the middle of it.
    client.send(("HEAD", Service::OsvBucket, "/npm/all.zip"), &[], "");
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        client.stream.read_line(&mut head).unwrap();
    }
    assert!(head.contains(&format!("Content-Length: {}", zip.body.len())));
    services
        .change(|world| world.change_advisory("A-3", "2026-11-09T00:00:00Z", |record| record["summary"] = "x".into()));
    let changed = client.get(Service::OsvBucket, "/npm/modified_id.csv", &[&format!("If-None-Match: {tag}")]);
    assert!(changed.status == 200 && changed.text().starts_with("2026-11-09T00:00:00Z,A-3\n"));
    assert_eq!(services.connections(), 1);
}

/// Two versions of a scoped package, a module, a crate and a Python project.
fn packages() -> World {
    World::generate(
        &[
            (System::Npm, "@acme/box", "1.0.0"),
            (System::Npm, "@acme/box", "1.10.0"),
            (System::Go, "github.com/Acme/lid/v2", "v2.0.0+incompatible"),
            (System::Cargo, "crate", "0.1.0"),
            (System::Maven, "org.acme:box", "1.0"),
            (System::PyPi, "Zope.Interface", "3.0"),
        ],
        7,
    )
}

#[test]
fn deps_dev_routes_on_the_undecoded_path() {
    let services = Services::start(packages());
    let status = |path: &str| get(&services, Service::DepsDev, path).status;
    assert_eq!(status("/v3/systems/npm/packages/%40acme%2Fbox"), 200);
    assert_eq!(status("/v3/systems/NPM/packages/@acme%2Fbox/versions/1.0.0"), 200);
    let unencoded = get(&services, Service::DepsDev, "/v3/systems/npm/packages/@acme/box");
    assert_eq!((unencoded.status, unencoded.header("Content-Type")), (404, Some("text/plain; charset=utf-8")));
    assert_eq!(get(&services, Service::DepsDev, "/v3/systems/npm/packages/none").text(), "package not found");
    assert_eq!(status("/v3/systems/go/packages/github.com%2FAcme%2Flid%2Fv2/versions/v2.0.0%2Bincompatible"), 200);
    assert_eq!(status("/v3/systems/go/packages/github.com%2Facme%2Flid%2Fv2/versions/v2.0.0%2Bincompatible"), 404);
    // A colon that is encoded belongs to the name, another one begins a verb.
    assert_eq!(status("/v3/systems/maven/packages/org.acme%3Abox"), 200);
    assert_eq!(status("/v3/systems/maven/packages/org.acme:box"), 404);
    assert_eq!(status("/v3/systems/maven/packages/org.acme%3Abox/versions/1.0:dependents"), 404);
    let dependents =
        get(&services, Service::DepsDev, "/v3alpha/systems/maven/packages/org.acme%3Abox/versions/1.0:dependents");
    assert!(dependents.json()["dependentCount"].as_u64() > Some(0));
    assert_eq!(status("/v3alpha/systems/go/packages/github.com%2FAcme%2Flid%2Fv2/versions/v0.0.1:dependents"), 404);
    assert_eq!(status("/v3/systems/cheese/packages/x"), 400);
    assert_eq!(status("/v3/projects/github.com%2FCrate%2Fcrate"), 200);
    assert_eq!(status("/v3/projects/github.com/Crate/crate"), 404);
    let python = get(&services, Service::DepsDev, "/v3/systems/pypi/packages/zope.interface/versions/3.0").json();
    assert_eq!(python["versionKey"], json!({"system": "PYPI", "name": "zope-interface", "version": "3.0.0"}));
    assert!(python.get("purl").is_none());
    let raw = get(&services, Service::DepsDev, "/v3alpha/systems/NPM/packages/%40acme%2Fbox:similarlyNamedPackages");
    assert_eq!(raw.text(), r#"{"packageKey":{"name":"@acme/box", "system":"NPM"}, "packages":[]}"#);
    let package = get(&services, Service::DepsDev, "/v3alpha/systems/npm/packages/@acme%2Fbox").json();
    assert_eq!(package["purl"], "pkg:npm/%40acme/box");
    let default = |version: &&Value| version["isDefault"] == true;
    assert_eq!(
        package["versions"].as_array().unwrap().iter().find(default).unwrap()["versionKey"]["version"],
        "1.10.0"
    );
    let of_project = get(&services, Service::DepsDev, "/v3/projects/github.com%2Facme%2Facme:packageversions").json();
    assert_eq!(of_project["versions"][0]["relationProvenance"], "UNVERIFIED_METADATA");
}

#[test]
fn a_batch_of_deps_dev_is_answered_by_position_in_pages() {
    let services = Services::start(packages());
    services.adjust(|settings| settings.deps_dev_page = 3);
    let key = |system: &str, name: &str, version: &str| json!({"versionKey": {"system": system, "name": name, "version": version}});
    let requests = json!([
        key("PYPI", "zope_interface", "3.0.0"),
        key("NPM", "none", "1.0.0"),
        key("PYPI", "Zope.Interface", "3.0"),
        key("NPM", "@acme/box", "1.10.0"),
    ]);
    let ask = |body: Value| post(&services, Service::DepsDev, "/v3alpha/versionbatch", &body);
    let first = ask(json!({"requests": requests}));
    assert!(first.text().contains("}, {\"request\":"), "{}", first.text());
    assert_eq!(first.header("Cache-Control"), Some("max-age=3600"));
    let first = first.json();
    assert_eq!(first["responses"].as_array().unwrap().len(), 3);
    assert_eq!(first["responses"][1], json!({"request": requests[1]}));
    // Two spellings of one thing: both carry the first.
    assert_eq!(first["responses"][2]["request"], requests[0]);
    assert_eq!(first["responses"][2]["version"]["versionKey"]["name"], "zope-interface");
    let token = first["nextPageToken"].clone();
    let changed = ask(json!({"requests": [requests[3]], "pageToken": token}));
    assert_eq!((changed.status, changed.header("Content-Type")), (400, Some("text/plain; charset=utf-8")));
    let second = ask(json!({"requests": requests, "pageToken": token})).json();
    assert_eq!(second["nextPageToken"], "");
    let version = &second["responses"][0]["version"];
    assert_eq!(version["attestations"][0]["type"], "https://slsa.dev/provenance/v1");
    assert_eq!(version["relatedProjects"][2]["relationProvenance"], "SLSA_ATTESTATION");
    assert_eq!(ask(json!({"requests": [key("npm", "x", "1")]})).status, 400);
    assert_eq!(ask(json!({"requests": vec![key("NPM", "x", "1"); 5001]})).status, 400);
    assert_eq!(post(&services, Service::DepsDev, "/v3/versionbatch", &json!({})).status, 404);
    let projects = json!([{"projectKey": {"id": "github.com/Crate/crate"}}, {"projectKey": {"id": "github.com/x/y"}}]);
    let projects = post(&services, Service::DepsDev, "/v3alpha/projectbatch", &json!({"requests": projects})).json();
    let project = &projects["responses"][0]["project"];
    assert_eq!(project["projectKey"]["id"], "github.com/crate/crate");
    assert!(project["scorecard"]["overallScore"].as_f64() > Some(8.0));
    assert_eq!(project["scorecard"]["checks"][0]["details"], json!([]));
    assert!(projects["responses"][1].get("project").is_none());
    assert_eq!(services.count(Service::DepsDev, "versionbatch"), 5);
}

#[test]
fn scorecard_knows_the_exact_case_only() {
    let mut world = packages();
    world.archive("github.com/Crate/crate");
    let services = Services::start(world);
    let found = get(&services, Service::Scorecard, "/projects/github.com/Crate/crate");
    let maintained = json!({"name": "Maintained", "score": 0, "reason": "project is archived"});
    let checks = found.json()["checks"].clone();
    let check = checks.as_array().unwrap().iter().find(|check| check["name"] == "Maintained").unwrap();
    assert_eq!((&check["score"], &check["reason"]), (&maintained["score"], &maintained["reason"]));
    assert_eq!(found.header("Cache-Control"), Some("max-age=600"));
    let missing = get(&services, Service::Scorecard, "/projects/github.com/crate/crate");
    assert_eq!((missing.status, missing.text().as_str()), (404, ""));
    assert_eq!(missing.header("Cache-Control"), Some("max-age=600"));
    assert_eq!(get(&services, Service::Scorecard, "/projects/github.com/Crate%2Fcrate/x").status, 400);
    assert_eq!(get(&services, Service::Scorecard, "/projects/gitlab.com/a/b/c").json()["code"], 404);
    assert_eq!(get(&services, Service::Scorecard, "/projects/github.com/Crate/crate?commit=x").status, 422);
    let badge = get(&services, Service::Scorecard, "/projects/github.com/a/b/badge?style=plastic");
    assert!(badge.header("Location").unwrap().ends_with("/github.com/a/b?label=openssf+scorecard&style=plastic"));
    services.change(|world| world.scorecard("github.com/Crate/crate").checks = None);
    let bare = get(&services, Service::Scorecard, "/projects/github.com/Crate/crate").json();
    assert_eq!((&bare["checks"], &bare["score"]), (&Value::Null, &json!(-1)));
}

#[test]
fn kev_and_epss_are_files() {
    let mut world = World::default();
    world.kev.add("CVE-2021-44228", "2021-12-10");
    world.kev.count = Some(1404);
    world.epss.set("CVE-2021-44228", "0.97224", "1.0");
    world.epss.ends_with_newline = false;
    let services = Services::start(world);
    let path = "/sites/default/files/feeds/known_exploited_vulnerabilities.json";
    let kev = get(&services, Service::Kev, path);
    assert!(kev.text().contains("https:\\/\\/nvd.nist.gov\\/"));
    assert_eq!((&kev.json()["count"], &kev.json()["catalogVersion"]), (&json!(1404), &json!("2026.11.20")));
    let tag = format!("If-None-Match: {}", kev.header("ETag").unwrap());
    assert_eq!(Client::new(&services).get(Service::Kev, path, &[&tag]).status, 304);
    let moved = get(&services, Service::Epss, "/epss_scores-current.csv.gz");
    assert_eq!((moved.status, moved.header("Location")), (302, Some("/epss/epss_scores-2026-11-22.csv.gz")));
    let file = get(&services, Service::Epss, "/epss_scores-2026-11-22.csv.gz");
    assert_eq!((file.header("Content-Type"), file.header("Content-Encoding")), (Some("application/gzip"), None));
    let text =
        "#model_version:v2026.03.14,score_date:2026-11-22T12:55:00Z\ncve,epss,percentile\nCVE-2021-44228,0.97224,1.0";
    assert_eq!(unpacked(&file.body).unwrap(), text.as_bytes());
    assert_eq!(get(&services, Service::Epss, "/epss_scores-2026-11-23.csv.gz").status, 403);
    services.adjust(|settings| settings.epss_redirects = false);
    assert_eq!(get(&services, Service::Epss, "/epss_scores-current.csv.gz").body, file.body);
}

#[test]
fn best_practices_compares_addresses_exactly_and_has_a_limit() {
    let mut world = World::default();
    let badge = |id: u64, url: &str| json!({"id": id, "name": "Box", "repo_url": url, "homepage_url": "", "badge_level": "passing"});
    world.badges = vec![badge(1, "https://github.com/Acme/box"), badge(2, "https://github.com/Acme/box/")];
    let services = Services::start(world);
    let ask = |url: &str| get(&services, Service::BestPractices, &format!("/projects.json?{url}")).json();
    assert_eq!(ask("url=https%3A%2F%2Fgithub.com%2FAcme%2Fbox%2F%20").as_array().unwrap().len(), 2);
    assert_eq!(ask("url=https%3A%2F%2Fgithub.com%2Facme%2Fbox"), json!([]));
    assert_eq!(ask("url="), json!([]));
    assert_eq!(ask("pq=https%3A%2F%2Fgithub.com%2FAc&page=2"), json!([]));
    let one = get(&services, Service::BestPractices, "/projects/2/badge.json");
    assert_eq!((&one.json()["badge_level"], one.header("Cache-Control")), (&json!("passing"), Some("no-store")));
    assert_eq!(get(&services, Service::BestPractices, "/fr/projects/2.json").status, 301);
    let missing = get(&services, Service::BestPractices, "/projects/3.json");
    assert_eq!((missing.status, missing.header("Content-Type")), (404, Some("text/html; charset=utf-8")));
    services.adjust(|settings| settings.best_practices_limits = true);
    let statuses: Vec<u16> =
        (0..33).map(|_| get(&services, Service::BestPractices, "/projects/1.json").status).collect();
    assert_eq!((statuses[30], statuses[31], statuses[32]), (200, 429, 429));
}

#[test]
fn endoflife_answers_with_files_and_pages() {
    let mut world = World::default();
    let release = json!({"name": "1.25", "isEol": false, "latest": {"name": "1.25.4"}});
    let go = json!({"name": "go", "label": "Go", "identifiers": [{"id": "pkg:generic/go", "type": "purl"}], "releases": [release]});
    world.products.insert("go".to_owned(), go.clone());
    world.renamed_products.insert("golang".to_owned(), "go".to_owned());
    let services = Services::start(world);
    let ask = |path: &str| get(&services, Service::EndOfLife, &format!("/api/v1/{path}"));
    assert_eq!(ask("products/go").json()["result"], go);
    assert_eq!(ask("products/golang").header("Location"), Some("/endoflife/api/v1/products/go"));
    assert_eq!(ask("products/go/releases/latest").json()["result"]["name"], "1.25");
    let identifiers = json!([{"identifier": "pkg:generic/go", "product": {"name": "go", "uri": "https://endoflife.date/api/v1/products/go"}}]);
    assert_eq!(ask("identifiers/purl").json()["result"], identifiers);
    let missing = ask("products/cobol");
    assert!(missing.status == 404 && missing.text().starts_with("<!DOCTYPE html>"));
    let tag = format!("If-None-Match: {}", ask("products").header("ETag").unwrap());
    assert_eq!(Client::new(&services).get(Service::EndOfLife, "/api/v1/products", &[&tag]).status, 304);
}

#[test]
fn the_rustsec_archive_is_made_of_the_records() {
    let mut world = World::default();
    let mut advisory =
        record("RUSTSEC-2026-0001", "crates.io", "box", &json!([{"introduced": "0.0.0-0"}, {"fixed": "1.2.0"}]));
    advisory["summary"] = "The lid is loose".into();
    world.advisory(&advisory);
    world.rustsec_files.insert("rust/std/CVE-2026-1.md".to_owned(), "text".to_owned());
    let services = Services::start(world);
    let path = "/RustSec/advisory-db/archive/refs/heads/main.zip";
    let whole = Client::new(&services).get(Service::RustSec, path, &["Range: bytes=0-3"]);
    assert_eq!((whole.status, whole.header("Transfer-Encoding")), (200, Some("chunked")));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&whole.body)).unwrap();
    let mut text = String::new();
    archive.by_name("advisory-db-main/crates/box/RUSTSEC-2026-0001.md").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("patched = [\">= 1.2.0\"]") && text.contains("# The lid is loose"), "{text}");
    assert!(archive.by_name("advisory-db-main/rust/std/CVE-2026-1.md").is_ok());
    let tag = format!("If-None-Match: {}", whole.header("ETag").unwrap());
    assert_eq!(Client::new(&services).get(Service::RustSec, path, &[&tag]).status, 304);
    services.adjust(|settings| settings.rustsec_redirects = true);
    assert_eq!(get(&services, Service::RustSec, path).status, 302);
}

#[test]
fn a_generated_world_is_the_same_each_time_and_can_be_made_worse() {
    let names = [(System::Npm, "box", "1.0.0"), (System::Npm, "lid", "2.0.0")];
    let (both, one) = (World::generate(&names, 3), World::generate(&names[1..], 3));
    let version = |world: World| {
        get(&Services::start(world), Service::DepsDev, "/v3/systems/npm/packages/lid/versions/2.0.0").text()
    };
    assert_eq!(version(both.clone()), version(one));
    assert_ne!(version(both.clone()), version(World::generate(&names, 4)));
    let mut world = World::of_day(jiff::civil::date(2026, 11, 5));
    world.add_healthy(&names, 3);
    let card = get(&Services::start(world), Service::Scorecard, "/projects/github.com/Lid/lid").json();
    assert_eq!(card["date"], "2026-10-30");
    let mut world = both;
    world.regress(System::Npm, "lid");
    world.version(System::Npm, "lid", "2.0.0").deprecated = Some("use box".to_owned());
    world.version(System::Npm, "lid", "2.0.0").published = Some("2026-11-20T12:00:00Z".to_owned());
    assert_eq!(world.days_ago(2), "2026-11-20T12:00:00Z");
    world.package(System::Npm, "box").similar = vec!["boxes".to_owned()];
    world.without_project(System::Npm, "box");
    world.scorecard("github.com/Lid/lid").is_at_deps_dev = false;
    world.version(System::Npm, "box", "1.0.0").provenance =
        Some(Provenance { repository: "github.com/Evil/box".to_owned(), verified: false });
    world.forget_version(System::Npm, "box", "0.0.1");
    let services = Services::with(world, Settings { deps_dev_page: 1, ..Settings::default() });
    let ask = |path: &str| get(&services, Service::DepsDev, &format!("/v3alpha/{path}"));
    let lid = ask("systems/npm/packages/lid/versions/2.0.0").json();
    assert_eq!((&lid["isDeprecated"], &lid["deprecatedReason"]), (&json!(true), &json!("use box")));
    assert_eq!((&lid["attestations"], &lid["cooldown"]["end"]), (&json!([]), &json!("2026-12-05T12:00:00Z")));
    assert_eq!(ask("systems/npm/packages/lid/versions/0.0.1").json()["attestations"][0]["verified"], true);
    let box_ = ask("systems/npm/packages/box/versions/1.0.0").json();
    assert_eq!((&box_["relatedProjects"], &box_["attestations"][0]["verified"]), (&json!([]), &json!(false)));
    assert_eq!(ask("systems/npm/packages/box/versions/0.0.1").text(), "version not found");
    let similar = ask("systems/npm/packages/box:similarlyNamedPackages").json();
    assert_eq!(similar["packages"], json!([{"packageKey": {"system": "NPM", "name": "boxes"}}]));
    assert!(ask("projects/github.com%2Flid%2Flid").json().get("scorecard").is_none());
    assert_eq!(get(&services, Service::Scorecard, "/projects/github.com/Lid/lid").status, 200);
}

#[test]
fn the_fixtures_know_the_packages_of_the_demo() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let report = Tree::new().scan(&[fixtures.join("demo").to_str().unwrap(), "--output", "json"]).json();
    let packages = packages_of(&report);
    assert!(packages.len() > 140, "{}", packages.len());
    let world = World::load(&fixtures.join("services"), &fixtures.join("bucket"));
    let services = Services::start(world);
    services.adjust(|settings| settings.deps_dev_page = 1000);
    let key = |(system, name, version): &(System, String, String)| json!({"versionKey": {"system": system.name(), "name": name, "version": version}});
    let requests: Vec<Value> = packages.iter().map(key).collect();
    let answer = post(&services, Service::DepsDev, "/v3alpha/versionbatch", &json!({"requests": requests})).json();
    let responses = answer["responses"].as_array().unwrap();
    let unknown: Vec<&Value> = responses.iter().filter(|row| row.get("version").is_none()).collect();
    let unknown: Vec<&Value> = unknown.into_iter().map(|row| &row["request"]["versionKey"]["name"]).collect();
    // A version that its registry has removed.
    assert_eq!(unknown, ["ua-parser-js"]);
    let mut projects: Vec<&str> = Vec::new();
    for related in responses.iter().filter_map(|row| row["version"]["relatedProjects"].as_array()).flatten() {
        projects.push(related["projectKey"]["id"].as_str().unwrap());
    }
    assert!(projects.len() > 140);
    for project in projects {
        let path = format!("/v3/projects/{}", project.replace('/', "%2F"));
        assert_eq!(get(&services, Service::DepsDev, &path).status, 200, "{project}");
    }
    let answer = get(&services, Service::Epss, "/epss_scores-2026-11-22.csv.gz");
    assert!(String::from_utf8(unpacked(&answer.body).unwrap()).unwrap().contains("\nCVE-2021-23337,0.01876,0.82660\n"));
    for path in ["products/golang", "products/python", "products/nodejs/releases/20", "identifiers/purl"] {
        assert!(get(&services, Service::EndOfLife, &format!("/api/v1/{path}")).status < 400, "{path}");
    }
    assert_eq!(get(&services, Service::BestPractices, "/projects/90003/badge.json").json()["badge_level"], "silver");
}

/// What a gzip file holds.
pub(crate) fn unpacked(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).map(|_| out)
}
