//! The services that the tests ask behave as the real ones do: what their documentation says of them, asked with bare bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::services::{Mode, Service, Services, System, World};

/// An answer as it came over the wire.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn new(services: &Services) -> Self {
        let stream = TcpStream::connect(services.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    fn send(&mut self, (method, service, path): (&str, Service, &str), headers: &[&str], body: &str) {
        let mut text = format!("{method} /{}{path} HTTP/1.1\r\nHost: local\r\n", service.id());
        for header in headers {
            text += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        self.write(format!("{text}\r\n{body}").as_bytes());
    }

    /// The next answer; a body without a length ends with the connection or its last chunk.
    fn reply(&mut self) -> Reply {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).unwrap() > 0, "the connection ended after {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, head, body: Vec::new() };
        if let Some(length) = reply.header("Content-Length").map(|length| length.parse().unwrap()) {
            self.stream.by_ref().take(length).read_to_end(&mut reply.body).unwrap();
        } else if reply.header("Transfer-Encoding") == Some("chunked") {
            loop {
                let mut line = String::new();
                self.stream.read_line(&mut line).unwrap();
                let size = u64::from_str_radix(line.trim(), 16).unwrap();
                self.stream.by_ref().take(size).read_to_end(&mut reply.body).unwrap();
                self.stream.read_line(&mut line).unwrap();
                if size == 0 {
                    break;
                }
            }
        }
        reply
    }

    fn get(&mut self, service: Service, path: &str, headers: &[&str]) -> Reply {
        self.send(("GET", service, path), headers, "");
        self.reply()
    }

    fn post(&mut self, service: Service, path: &str, body: &Value) -> Reply {
        self.send(("POST", service, path), &["Content-Type: application/json"], &body.to_string());
        self.reply()
    }
}

fn get(services: &Services, service: Service, path: &str) -> Reply {
    Client::new(services).get(service, path, &[])
}

fn post(services: &Services, service: Service, path: &str, body: &Value) -> Reply {
    Client::new(services).post(service, path, body)
}

fn record(id: &str, ecosystem: &str, name: &str, events: &Value) -> Value {
    json!({
        "id": id, "modified": "2026-11-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "aliases": [format!("CVE-{id}")],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    })
}

/// Advisories of three packages.
fn advisories() -> World {
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
