//! What a policy of five hundred entries costs over a monorepo of a hundred thousand packages: the CPU of a scan with it
//! against the same scan with the built-in one.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::{Cost, OSPREY, command, made, run, summary};

/// Lockfiles, and packages in each.
const PROJECTS: usize = 100;
const PACKAGES: usize = 1_000;
/// Of so many packages one has an advisory.
const HIT: usize = 50;
/// What the policy has beside one line for each rule.
const OVERRIDES: usize = 100;
const EXCEPTIONS: usize = 320;
/// How often both are run; the two take turns.
const ROUNDS: usize = 9;

/// Makes the monorepo, its advisories and the policy, and prints what the policy costs.
pub(crate) fn against_built_in() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let [tree, bucket, index, policy] = ["tree", "bucket", "index", "policy.toml"].map(|name| work.path().join(name));
    for project in 0..PROJECTS {
        let folder = tree.join(format!("team-{}/project-{project}", project % 10));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("package-lock.json"), lockfile(project)).expect("a lockfile");
    }
    write_bucket(&bucket);
    made(bucket.to_str().expect("a plain path"), &index);
    fs::write(&policy, policy_text()).expect("a policy");
    let scan = |arguments: &[&str]| -> Command {
        let index = index.to_str().expect("a plain path");
        let mut command = command(OSPREY, &["scan", "--offline", "--exit-zero", "--db", index, "-o", "json"]);
        command.args(["--progress", "never", "--today", "2026-08-22"]).args(arguments);
        command.arg(&tree).env("HOME", work.path()).env_remove("XDG_CACHE_HOME");
        command
    };
    let with = || scan(&["--policy", policy.to_str().expect("a plain path")]);
    assert!(with().status().expect("the program runs").success(), "the policy is read and the tree is scanned");
    let (mut costs_with, mut costs_without): (Vec<Cost>, Vec<Cost>) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        costs_with.push(run(with()));
        costs_without.push(run(scan(&["--profile", "brownfield"])));
    }
    let (with, without) = (summary(&costs_with), summary(&costs_without));
    println!("built-in policy {:8.1} ms CPU  {:7.0} KiB", without.cpu_ms, without.peak_kib);
    println!("large policy    {:8.1} ms CPU  {:7.0} KiB", with.cpu_ms, with.peak_kib);
    let share = (with.cpu_ms - without.cpu_ms) / with.cpu_ms;
    println!("its share of the CPU {share:6.3} (at most 0.1 is wanted)");
}

fn name(number: usize) -> String {
    format!("part-{number}")
}

fn is_hit(number: usize) -> bool {
    number.is_multiple_of(HIT)
}

/// Every tenth package is direct, each needs the nine behind it, and every fourth is for development only.
fn lockfile(project: usize) -> String {
    let numbers = project * PACKAGES..(project + 1) * PACKAGES;
    let (mut direct, mut entries) = (Vec::new(), Vec::new());
    for number in numbers.clone() {
        let name = name(number);
        if number % 10 == 0 {
            direct.push(format!("\"{name}\":\"^1.0.0\""));
        }
        let first = number - number % 10;
        let needed = if number == first { first + 1..first + 10 } else { 0..0 };
        let needed: Vec<String> = needed.map(|other| format!("\"{}\":\"*\"", self::name(other))).collect();
        let dev = if number / 10 % 4 == 0 { "\"dev\":true," } else { "" };
        entries.push(format!(
            "\"node_modules/{name}\":{{\"version\":\"1.{}.0\",\"resolved\":\"https://registry.example/{name}/-/{name}-1.0.0.tgz\",{dev}\
             \"integrity\":\"sha512-AA==\",\"dependencies\":{{{}}}}}",
            number % 7,
            needed.join(",")
        ));
    }
    format!(
        "{{\"name\":\"app-{project}\",\"version\":\"1.0.0\",\"lockfileVersion\":3,\"packages\":{{\"\":{{\"name\":\"app-{project}\",\
         \"version\":\"1.0.0\",\"dependencies\":{{{}}}}},{}}}}}",
        direct.join(","),
        entries.join(",")
    )
}

fn write_bucket(bucket: &Path) {
    fs::create_dir_all(bucket.join("npm")).expect("a folder");
    fs::write(bucket.join("ecosystems.txt"), "npm\n").expect("a list");
    let mut archive = zip::ZipWriter::new(fs::File::create(bucket.join("npm/all.zip")).expect("an archive"));
    for number in (0..PROJECTS * PACKAGES).filter(|&number| is_hit(number)) {
        let name = name(number);
        let record = format!(
            "{{\"schema_version\":\"1.7.0\",\"id\":\"SYN-2026-{number}\",\"modified\":\"2026-08-20T00:00:00Z\",\
             \"aliases\":[\"CVE-2026-{number}\"],\"summary\":\"Made up\",\"severity\":[{{\"type\":\"CVSS_V3\",\
             \"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}}],\"affected\":[{{\"package\":{{\"ecosystem\":\"npm\",\
             \"name\":\"{name}\"}},\"ranges\":[{{\"type\":\"SEMVER\",\"events\":[{{\"introduced\":\"0\"}},{{\"fixed\":\"2.0.0\"}}]}}]}}]}}"
        );
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("SYN-2026-{number}.json"), options).expect("an entry");
        archive.write_all(record.as_bytes()).expect("an entry");
    }
    archive.finish().expect("an archive");
}

/// A line for each rule, overrides by place, package and kind, and exceptions by advisory, by package with a range, and
/// by place. A third of the exceptions names nothing that is there.
fn policy_text() -> String {
    let mut text = "version = 1\nextends = \"brownfield\"\n\n[rules]\n".to_owned();
    for rule in osprey::rule::rules().into_iter().filter(|rule| rule.id != "denied-license") {
        let _ = writeln!(text, "{} = \"{}\"", rule.id, rule.brownfield);
    }
    for number in 0..OVERRIDES {
        let about = match number % 3 {
            0 => format!("paths = [\"team-{}/project-{number}\"]", number % 10),
            1 => format!("packages = [\"pkg:npm/part-{}\", \"pkg:npm/part-{number}*\"]", number * HIT),
            _ => format!("kinds = [\"dev\"]\npaths = [\"**/project-{number}/**\"]"),
        };
        let _ = write!(
            text,
            "\n[[overrides]]\nrules = [\"known-vulnerability\", \"untrusted-origin\"]\n{about}\nlevel = \"warn\"\n"
        );
    }
    for number in 0..EXCEPTIONS {
        let hit = number * 5 * HIT + usize::from(number % 9 == 0);
        let about = match number % 3 {
            0 => format!("advisory = \"CVE-2026-{hit}\""),
            1 => format!("package = \"pkg:npm/part-{hit}@>=1,<2\""),
            _ => format!("advisory = \"SYN-2026-{hit}\"\npath = \"team-{}/**/package-lock.json\"", hit / PACKAGES % 10),
        };
        let _ = write!(text, "\n[[exceptions]]\n{about}\nreason = \"The code is not reached\"\nexpires = 2026-12-31\n");
    }
    text
}
