//! The services that Osprey asks, played on this machine:
//!
//! ```text
//! cargo run --example services -- [--fixtures DIR] [--bucket DIR] [--port N] [--mode by-name|pruned]
//!                                 [--report FILE] [--latency MS] [--fault SERVICE[/ENDPOINT]=FAULT]...
//! ```
//!
//! It prints the variables that lead the program here, and then one line for each request. Without folders it plays
//! `fixtures/services` and `fixtures/bucket`. Of the packages in a JSON report of the program (`osprey scan -o json=FILE`)
//! that the fixtures do not know it makes up healthy facts. Faults are named as `Fault::parse` says, for example
//! `osv=status:503`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program run by hand reads its arguments and writes what it does"
)]

#[path = "mod.rs"]
mod services;

use std::path::PathBuf;
use std::process::ExitCode;

use services::{Fault, Mode, On, Recorded, Service, Services, Settings, World};

const USAGE: &str = "usage: services [--fixtures DIR] [--bucket DIR] [--port N] [--mode by-name|pruned] [--report FILE] \
                     [--latency MS] [--fault SERVICE[/ENDPOINT]=FAULT]...";

/// What the arguments say.
struct Options {
    fixtures: PathBuf,
    bucket: PathBuf,
    report: Option<PathBuf>,
    settings: Settings,
    faults: Vec<(On, Fault)>,
}

fn main() -> ExitCode {
    let Some(options) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut world = World::load(&options.fixtures, &options.bucket);
    if let Some(path) = &options.report {
        let report = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(report) = report else {
            eprintln!("{}: no JSON report", path.display());
            return ExitCode::from(2);
        };
        world.add_healthy(&services::packages_of(&report), 1);
    }
    let services = Services::watched(world, options.settings, tell);
    for (on, fault) in options.faults {
        services.set_fault(on, fault);
    }
    for (name, value) in services.environment() {
        println!("export {name}={value}");
    }
    eprintln!("listening on {}; end it with Ctrl-C", services.address());
    loop {
        std::thread::park();
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut options = Options {
        fixtures: fixtures.join("services"),
        bucket: fixtures.join("bucket"),
        report: None,
        settings: Settings::default(),
        faults: Vec::new(),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--fixtures" => options.fixtures = value.into(),
            "--bucket" => options.bucket = value.into(),
            "--report" => options.report = Some(value.into()),
            "--port" => options.settings.port = value.parse().ok()?,
            "--mode" => options.settings.mode = mode(&value)?,
            "--latency" => {
                let latency = Fault::Latency { milliseconds: value.parse().ok()? };
                options.faults.push((On::anything(), latency));
            }
            "--fault" => options.faults.push(fault(&value)?),
            _ => return None,
        }
    }
    Some(options)
}

fn mode(name: &str) -> Option<Mode> {
    match name {
        "by-name" => Some(Mode::ByName),
        "pruned" => Some(Mode::Pruned),
        _ => None,
    }
}

fn fault(text: &str) -> Option<(On, Fault)> {
    let (on, fault) = text.split_once('=')?;
    let (service, endpoint) = on.split_once('/').map_or((on, None), |(service, endpoint)| (service, Some(endpoint)));
    let service = Service::from_id(service)?;
    let on = match endpoint {
        None => On::from(service),
        Some(name) => On::from(service).endpoint(service.endpoints().iter().find(|known| **known == name)?),
    };
    Some((on, Fault::parse(fault)?))
}

/// One line for each request.
fn tell(request: &Recorded) {
    let service = request.service.map_or("-", Service::id);
    let spoiled = if request.is_spoiled { " (spoiled)" } else { "" };
    let Recorded { connection, endpoint, method, target, body_length, status, .. } = request;
    eprintln!("{connection:>4} {service} {endpoint}: {method} {target} ({body_length} bytes) -> {status}{spoiled}");
}
