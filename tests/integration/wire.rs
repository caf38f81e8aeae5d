//! HTTP as bare bytes, for the tests of the local services.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::services::{Service, Services};

/// An answer as it came over the wire.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn new(services: &Services) -> Self {
        let stream = TcpStream::connect(services.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, (method, service, path): (&str, Service, &str), headers: &[&str], body: &str) {
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
    pub(crate) fn reply(&mut self) -> Reply {
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

    pub(crate) fn get(&mut self, service: Service, path: &str, headers: &[&str]) -> Reply {
        self.send(("GET", service, path), headers, "");
        self.reply()
    }

    pub(crate) fn post(&mut self, service: Service, path: &str, body: &Value) -> Reply {
        self.send(("POST", service, path), &["Content-Type: application/json"], &body.to_string());
        self.reply()
    }
}

pub(crate) fn get(services: &Services, service: Service, path: &str) -> Reply {
    Client::new(services).get(service, path, &[])
}

pub(crate) fn post(services: &Services, service: Service, path: &str, body: &Value) -> Reply {
    Client::new(services).post(service, path, body)
}
