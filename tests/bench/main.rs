//! Speed and memory, as ratios measured in one run: `cargo bench --bench speed -- PART …`. Linux only, where `/proc` tells
//! what a process cost.
//!
//! - `audit CARGO_AUDIT RUSTSEC_DB BUCKET CARGO_LOCK`: CPU of a scan against cargo-audit's on the same lockfile.
//! - `scale SMALL_BUCKET LARGE_BUCKET LOCKFILE`: CPU and peak memory of a scan with a large index against a small one, and
//!   the peak memory of making the large one.
//! - `update BUCKET`: CPU and peak memory of bringing an index up to date, of which a thousand records changed, against
//!   making it, both over the local services.
//! - `corpus BUCKET TREE`: CPU of a scan of all of a tree against reading the same files and checking their syntax.
//! - `policy`: what a policy of five hundred entries costs over a hundred thousand packages, as a share of the scan's CPU.
//! - `since`: what a scan of that tree against the commit before costs, against a plain scan.
//! - `latency`: the time of a scan of ten thousand packages against services that take 50 ms, against a bare loop.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on has failed; it runs the programs that it measures and prints what it found"
)]

mod latency;
mod policy;
#[path = "../services/mod.rs"]
mod services;
mod syntax;
mod update;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

/// How often each command runs; the two of a pair take turns, so that a slow machine slows both.
const RUNS: usize = 41;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["audit", audit, database, bucket, lock] => against_audit(audit, database, bucket, lock),
        ["scale", small, large, lock] => scale(small, large, lock),
        ["policy"] => policy::against_built_in(),
        ["since"] => policy::since(),
        ["latency"] => latency::against_bare(),
        ["update", bucket] => update::against_making(bucket),
        ["corpus", bucket, tree] => syntax::against_checking(bucket, tree),
        ["check", tree, list] => syntax::check(tree, list),
        _ => {
            eprintln!(
                "usage: speed audit CARGO_AUDIT RUSTSEC_DB BUCKET CARGO_LOCK | scale SMALL LARGE LOCKFILE | update BUCKET | corpus BUCKET TREE | policy | since | latency"
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

const OSPREY: &str = env!("CARGO_BIN_EXE_osprey");

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command
}

/// What a finished process cost.
#[derive(Clone, Copy)]
struct Cost {
    cpu_ms: f64,
    peak_kib: f64,
}

/// Runs a command and watches it. CPU comes from the kernel's account of finished children; the peak of memory is
/// `VmHWM`, which only grows, as last seen.
fn run(mut command: Command) -> Cost {
    let before = children_cpu_ms();
    let mut child = command.spawn().expect("the program starts");
    let peak_kib = watch(&mut child);
    Cost { cpu_ms: children_cpu_ms() - before, peak_kib }
}

fn watch(child: &mut Child) -> f64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        peak = peak.max(kib.unwrap_or(0.0));
        if child.try_wait().expect("the child can be waited for").is_some() {
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
}

/// User and system time of all finished children. The kernel counts nanoseconds and rounds when it is asked, so single
/// runs are coarse and sums are not.
fn children_cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |field: usize| {
        after_name.split_whitespace().nth(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
    };
    // Fields 16 and 17 of proc_pid_stat(5), in ticks of 10 ms; the first two are before the name's end.
    (ticks(13) + ticks(14)) * 10.0
}

/// Runs two commands in turn; the mean CPU and the median peak of each.
fn pair(a: impl Fn() -> Command, b: impl Fn() -> Command) -> (Cost, Cost) {
    let (mut costs_a, mut costs_b) = (Vec::new(), Vec::new());
    for round in 0..=RUNS {
        let (cost_a, cost_b) = (run(a()), run(b()));
        // The first round warms the caches.
        if round > 0 {
            costs_a.push(cost_a);
            costs_b.push(cost_b);
        }
    }
    (summary(&costs_a), summary(&costs_b))
}

fn summary(costs: &[Cost]) -> Cost {
    let cpu_ms = costs.iter().map(|cost| cost.cpu_ms).sum::<f64>() / costs.len() as f64;
    let mut peaks: Vec<f64> = costs.iter().map(|cost| cost.peak_kib).collect();
    peaks.sort_by(f64::total_cmp);
    Cost { cpu_ms, peak_kib: peaks[peaks.len() / 2] }
}

fn made(bucket: &str, to: &Path) -> Cost {
    let to = to.to_str().expect("a plain path");
    run(command(OSPREY, &["db", "update", "--from", bucket, "--db", to, "--progress", "never"]))
}

fn against_audit(audit: &str, database: &str, bucket: &str, lock: &str) {
    let work = tempfile::tempdir().expect("a temporary folder");
    made(bucket, work.path());
    let index = work.path().to_str().expect("a plain path");
    let osprey = || command(OSPREY, &["scan", lock, "--offline", "--db", index, "-o", "json", "--today", "2026-08-22"]);
    let peer = || {
        command(audit, &["audit", "--file", lock, "--db", database, "--no-fetch", "--stale", "--no-yanked", "--json"])
    };
    let (ours, theirs) = pair(osprey, peer);
    println!("osprey scan     {:6.1} ms CPU  {:7.0} KiB", ours.cpu_ms, ours.peak_kib);
    println!("cargo-audit     {:6.1} ms CPU  {:7.0} KiB", theirs.cpu_ms, theirs.peak_kib);
    println!("ratio of CPU    {:6.3} (at most 0.333 is wanted)", ours.cpu_ms / theirs.cpu_ms);
}

fn scale(small: &str, large: &str, lock: &str) {
    let work = tempfile::tempdir().expect("a temporary folder");
    let (small_index, large_index) = (work.path().join("small"), work.path().join("large"));
    let small_cost = made(small, &small_index);
    let large_cost = made(large, &large_index);
    println!("small index: made with {:8.0} KiB in {:8.0} ms CPU", small_cost.peak_kib, small_cost.cpu_ms);
    println!("large index: made with {:8.0} KiB in {:8.0} ms CPU", large_cost.peak_kib, large_cost.cpu_ms);
    let scan = |index: &Path| {
        let index = index.to_str().expect("a plain path").to_owned();
        move || command(OSPREY, &["scan", lock, "--offline", "--db", &index, "-o", "json", "--today", "2026-08-22"])
    };
    let (with_large, with_small) = pair(scan(&large_index), scan(&small_index));
    println!("scan, small     {:6.1} ms CPU  {:7.0} KiB", with_small.cpu_ms, with_small.peak_kib);
    println!("scan, large     {:6.1} ms CPU  {:7.0} KiB", with_large.cpu_ms, with_large.peak_kib);
    println!("ratio of CPU    {:6.3} (at most 1.1 is wanted)", with_large.cpu_ms / with_small.cpu_ms);
    println!("ratio of memory {:6.3} (at most 1.1 is wanted)", with_large.peak_kib / with_small.peak_kib);
}
