//! A scan of ten thousand packages against services that take 50 ms for each answer, held against the same requests made
//! by a bare loop with the same concurrency.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};

use super::OSPREY;
use super::services::{Fault, On, Recorded, Services, System, World};

const PACKAGES: usize = 10_000;
/// How many requests the program has under way at one host, at the most.
const AT_ONCE: usize = 32;

/// Prints the time of a cold scan, of the bare loop, and their ratio; then of a warm scan.
pub(crate) fn against_bare() {
    let packages: Vec<(System, String, String)> =
        (0..PACKAGES).map(|at| (System::Npm, format!("made-up-{at}"), format!("1.{}.0", at % 7))).collect();
    let services = Services::start(World::generate(&packages, 1));
    services.set_fault(On::anything(), Fault::Latency { milliseconds: 50 });
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("package-lock.json"), lockfile(&packages)).expect("a lockfile");
    let scan = || {
        let mut command = Command::new(OSPREY);
        command.args(["scan", "--profile", "greenfield", "--timeout", "600", "--exit-zero", "-o", "json=report.json"]);
        command.current_dir(folder.path()).env("HOME", folder.path()).env_remove("XDG_CACHE_HOME");
        command.envs(services.environment());
        let started = Instant::now();
        let done = command.output().expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        started.elapsed()
    };
    let cold = scan();
    let requests = services.requests();
    let bare = bare(&services, &requests);
    services.forget_requests();
    let warm = scan();
    println!(
        "{PACKAGES} packages, {} requests, 50 ms each: scan {:.1} s, bare loop {:.1} s, ratio {:.2}; again {:.1} s and {} requests",
        requests.len(),
        cold.as_secs_f64(),
        bare.as_secs_f64(),
        cold.as_secs_f64() / bare.as_secs_f64(),
        warm.as_secs_f64(),
        services.requests().len(),
    );
}

/// All packages are direct, so that everything is asked about each.
fn lockfile(packages: &[(System, String, String)]) -> String {
    let needed: Vec<String> = packages.iter().map(|(_, name, version)| format!("\"{name}\":\"{version}\"")).collect();
    let entries: Vec<String> = packages
        .iter()
        .map(|(_, name, version)| {
            format!("\"node_modules/{name}\":{{\"version\":\"{version}\",\"integrity\":\"sha512-AA==\"}}")
        })
        .collect();
    format!(
        "{{\"name\":\"app\",\"version\":\"1.0.0\",\"lockfileVersion\":3,\"packages\":{{\"\":{{\"name\":\"app\",\"version\":\"1.0.0\",\"dependencies\":{{{}}}}},{}}}}}",
        needed.join(","),
        entries.join(",")
    )
}

/// The same requests and nothing else: no body is read into anything. Questions in bodies are left out, which makes the
/// loop faster, not slower.
fn bare(services: &Services, requests: &[Recorded]) -> Duration {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = services.address();
    let client = reqwest::Client::new();
    let one = |request: &Recorded| {
        let url = format!("http://{address}{}", request.target);
        let builder =
            if request.method == "POST" { client.post(url).body("{\"requests\":[]}") } else { client.get(url) };
        async move {
            let response = builder.send().await.expect("an answer");
            response.bytes().await.expect("a body").len()
        }
    };
    let started = Instant::now();
    runtime.block_on(async {
        stream::iter(requests.iter().map(one)).buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
    });
    started.elapsed()
}
