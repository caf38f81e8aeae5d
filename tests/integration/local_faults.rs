//! The local services do wrong exactly what they are told to.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::local_services::{advisories, unpacked};
use crate::services::{Fault, On, RetryAfter, Service, Services, Silent, To};
use crate::wire::{Client, get};

/// What comes back from the one path that the tests of faults ask.
const FAULTY: &str = "/v1/vulns/A-1";

fn faulty(fault: Fault) -> Services {
    let services = Services::start(advisories());
    services.set_fault(Service::Osv, fault);
    services
}

/// Everything that comes until the connection ends.
fn raw(services: &Services) -> Vec<u8> {
    let mut client = Client::new(services);
    client.send(("GET", Service::Osv, FAULTY), &[], "");
    let mut bytes = Vec::new();
    client.stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn faults_of_the_status() {
    let services = faulty(Fault::TooMany { retry_after: Some(RetryAfter::Seconds(7)) });
    let reply = get(&services, Service::Osv, FAULTY);
    assert_eq!((reply.status, reply.header("Retry-After"), reply.json()["code"].as_i64()), (429, Some("7"), Some(8)));
    services.clear_faults();
    services.set_fault(Service::Osv, Fault::TooMany { retry_after: Some(RetryAfter::DateIn(60)) });
    let reply = get(&services, Service::Osv, FAULTY);
    assert!(reply.header("Retry-After").unwrap().ends_with(" GMT"));
    services.clear_faults();
    services.set_fault(On::from(Service::Osv).endpoint("vulns").path("A-1").after(1).first(2), Fault::Status(503));
    let statuses: Vec<u16> = (0..4).map(|_| get(&services, Service::Osv, FAULTY).status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(get(&services, Service::Osv, "/v1/vulns/A-2").status, 200);
    let spoiled: Vec<bool> = services.requests().iter().map(|request| request.is_spoiled).collect();
    assert_eq!(spoiled, [true, true, false, true, true, false, false]);
    services.set_fault(Service::Osv, Fault::Status(304));
    assert_eq!(get(&services, Service::Osv, FAULTY).status, 304);
    services.clear_faults();
    let to = format!("http://127.0.0.1:9/osv{FAULTY}");
    let https = format!("https://{}/osv{FAULTY}", services.address());
    for (fault, location) in [
        (To::Itself, format!("/osv{FAULTY}")),
        (To::Scheme("https"), https),
        (To::Port(9), to),
        (To::Address("file:///etc/hosts".to_owned()), "file:///etc/hosts".to_owned()),
    ] {
        services.set_fault(Service::Osv, Fault::Redirect { to: fault });
        let reply = get(&services, Service::Osv, FAULTY);
        assert_eq!((reply.status, reply.header("Location")), (302, Some(location.as_str())));
        services.clear_faults();
    }
    services.set_fault(Service::DepsDev, Fault::Status(500));
    assert_eq!(get(&services, Service::DepsDev, "/v3/systems/npm/packages/x").text(), "internal error");
}

#[test]
fn faults_of_the_body() {
    let whole = get(&faulty(Fault::Latency { milliseconds: 0 }), Service::Osv, FAULTY);
    let half = &whole.body[..whole.body.len() / 2];
    let cut = String::from_utf8(raw(&faulty(Fault::CutBody))).unwrap();
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", whole.body.len())));
    assert_eq!(body.as_bytes(), half);

    let gzip = get(&faulty(Fault::Gzip), Service::Osv, FAULTY);
    assert_eq!(gzip.header("Content-Encoding"), Some("gzip"));
    assert_eq!(unpacked(&gzip.body).unwrap(), whole.body);
    let cut = get(&faulty(Fault::CutGzip), Service::Osv, FAULTY);
    assert_eq!(cut.body, gzip.body[..gzip.body.len() / 2]);
    assert!(unpacked(&cut.body).is_err());
    let bomb = get(&faulty(Fault::GzipBomb { mebibytes: 3 }), Service::Osv, FAULTY);
    assert!(bomb.body.len() < 10_000, "{}", bomb.body.len());
    assert_eq!(unpacked(&bomb.body).unwrap(), vec![b' '; 3 << 20]);

    for is_announced in [true, false] {
        let large = get(&faulty(Fault::Oversized { bytes: 200_000, is_announced }), Service::Osv, FAULTY);
        assert_eq!((large.body.len(), large.header("Content-Length").is_some()), (200_000, is_announced));
        assert!(large.json()["padding"].is_string());
    }
    let wrong = get(&faulty(Fault::WrongType), Service::Osv, FAULTY).json();
    assert_eq!((&wrong["id"], &wrong["aliases"]), (&json!(3), &json!({"0": "first"})));
    let leaves = get(&faulty(Fault::WrongLeaves), Service::Osv, FAULTY).json();
    assert_eq!(leaves["affected"][0]["package"]["ecosystem"], 3);
    let page = get(&faulty(Fault::NotJson), Service::Osv, FAULTY);
    assert!(page.status == 200 && page.text().starts_with("<!DOCTYPE html>"));
}

#[test]
fn faults_of_the_connection() {
    assert_eq!(raw(&faulty(Fault::Close)), b"");
    let slow = faulty(Fault::SlowBody { bytes_per_second: 1000 });
    let started = Instant::now();
    let length = get(&slow, Service::Osv, FAULTY).body.len();
    assert!(length > 200 && started.elapsed() > Duration::from_millis(200));
    let late = faulty(Fault::Latency { milliseconds: 60 });
    late.set_fault(On::anything(), Fault::Latency { milliseconds: 60 });
    late.set_fault(On::anything(), Fault::Status(500));
    let started = Instant::now();
    assert_eq!(get(&late, Service::Osv, FAULTY).status, 500);
    assert!(started.elapsed() >= Duration::from_millis(120));
    let silent = faulty(Fault::Timeout);
    let mut client = Client::new(&silent);
    client.send(("GET", Service::Osv, FAULTY), &[], "");
    client.stream.get_ref().set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(client.stream.read(&mut [0]).is_err());
    // The end of the services is the end of the waiting.
    drop(silent);
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn requests_are_bounded_and_kept_in_order() {
    let services = Services::start(advisories());
    let mut client = Client::new(&services);
    // In chunks, and with more than one in one packet.
    client.write(
        b"POST /osv/v1/query HTTP/1.1\r\nTransfer-Encoding: chunked\r\nUser-Agent: me\r\nAuthorization: x\r\n\r\n",
    );
    client.write(b"2\r\n{\"\r\n1e;x=y\r\npackage\":{\"purl\":\"pkg:cheese/x\r\n4\r\n\"}}\n\r\n0\r\nTrailer: x\r\n\r\nGET /nothing HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().text(), "{}");
    assert_eq!(client.reply().status, 404);
    let mut rest = Vec::new();
    assert_eq!(client.stream.read_to_end(&mut rest).unwrap(), 0);
    let requests = services.requests();
    assert_eq!((requests[0].endpoint, requests[0].body_length, requests[0].connection), ("query", 36, 1));
    assert_eq!(
        (requests[0].headers["user-agent"].as_str(), requests[0].headers["authorization"].as_str()),
        ("me", "(not kept)")
    );
    assert_eq!((requests[1].service, requests[1].target.as_str(), requests[1].status), (None, "/nothing", 404));
    for (bytes, status) in [
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nx\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ] {
        let mut client = Client::new(&services);
        client.write(bytes.as_bytes());
        assert_eq!(client.reply().status, status);
    }
    assert_eq!((services.connections(), services.requests().len()), (4, 2));
    services.forget_requests();
    assert_eq!((services.connections(), services.counts().len()), (0, 0));
}

#[test]
fn whoever_may_not_call_is_heard() {
    let silent = Silent::start();
    assert_eq!(silent.heard(), [""; 0]);
    let mut stream = TcpStream::connect(silent.address()).unwrap();
    stream.write_all(b"GET /secret HTTP/1.1\r\n\r\n").unwrap();
    drop(TcpStream::connect(silent.address()).unwrap());
    assert_eq!(silent.environment().len(), Service::ALL.len());
    assert_eq!(silent.finish(), ["GET /secret HTTP/1.1", ""]);
}
