//! What a policy of five hundred entries costs over a monorepo of a hundred thousand packages: the CPU of a scan with it
//! against the same scan with the built-in one. And what it costs to scan that monorepo against its history.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Cost, OSPREY, command, made, run, summary};

/// Lockfiles, and packages in each.
const PROJECTS: usize = 100;
const PACKAGES: usize = 1_000;
/// Of so many packages one has an advisory.
const HIT: usize = 50;
/// What the policy has beside one line for each rule.
const CUSTOM: usize = 50;
const OVERRIDES: usize = 100;
const EXCEPTIONS: usize = 320;
/// How often both are run; the two take turns.
const ROUNDS: usize = 9;

/// The monorepo, its advisories and the policy.
struct Ground {
    work: tempfile::TempDir,
}

impl Ground {
    fn made() -> Self {
        let ground = Self { work: tempfile::tempdir().expect("a temporary folder") };
        for project in 0..PROJECTS {
            let file = ground.lockfile(project);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, lockfile(project)).expect("a lockfile");
        }
        write_bucket(&ground.at("bucket"));
        made(&ground.text("bucket"), &ground.at("index"));
        fs::write(ground.at("policy.toml"), policy_text()).expect("a policy");
        ground
    }

    fn at(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().expect("a plain path").to_owned()
    }

    fn lockfile(&self, project: usize) -> PathBuf {
        self.at("tree").join(format!("team-{}/project-{project}/package-lock.json", project % 10))
    }

    fn scan(&self, arguments: &[&str]) -> Command {
        let mut command = command(OSPREY, &["scan", "--offline", "--exit-zero", "--db", &self.text("index")]);
        command.args(["-o", "json", "--progress", "never", "--today", "2026-08-22"]).args(arguments);
        command.arg(self.at("tree")).env("HOME", self.work.path()).env_remove("XDG_CACHE_HOME");
        command
    }

    /// The report of a scan.
    fn report(&self, arguments: &[&str]) -> Value {
        let done = self.scan(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let done = done.expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("a report")
    }
}

/// How many findings of a report are so.
fn count(report: &Value, is_so: impl Fn(&Value) -> bool) -> usize {
    report["findings"].as_array().expect("findings").iter().filter(|finding| is_so(finding)).count()
}

/// Runs two scans in turn; what each costs.
fn in_turn(a: impl Fn() -> Command, b: impl Fn() -> Command) -> (Cost, Cost) {
    let (mut costs_a, mut costs_b): (Vec<Cost>, Vec<Cost>) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        costs_a.push(run(a()));
        costs_b.push(run(b()));
    }
    (summary(&costs_a), summary(&costs_b))
}

/// Prints what the policy costs.
pub(crate) fn against_built_in() {
    let ground = Ground::made();
    let policy = ground.text("policy.toml");
    let (with, without): (&[&str], &[&str]) = (&["--policy", &policy], &["--profile", "brownfield"]);
    let is_vulnerable = |finding: &Value| finding["rule"] == "known-vulnerability";
    let (large, built_in) = (ground.report(with), ground.report(without));
    let hit = count(&built_in, is_vulnerable);
    assert_eq!(hit, PROJECTS * PACKAGES / HIT, "every advisory hits its package");
    assert_eq!(count(&large, is_vulnerable), hit, "a policy takes no finding away");
    let covered = count(&large, |finding| !finding["exception"].is_null());
    let overridden = count(&large, |finding| is_vulnerable(finding) && finding["level"] == "warn");
    let custom = count(&large, |finding| finding["rule"].as_str().is_some_and(|rule| rule.starts_with("own-")));
    let all = count(&large, |_| true);
    println!("{all} findings: {hit} of advisories, {custom} of own rules, {overridden} overridden, {covered} excepted");
    assert!(covered > EXCEPTIONS / 5 && overridden > OVERRIDES && custom > CUSTOM, "the policy is about something");
    let (with, without) = in_turn(|| ground.scan(with), || ground.scan(without));
    println!("built-in policy {:8.1} ms CPU  {:7.0} KiB", without.cpu_ms, without.peak_kib);
    println!("large policy    {:8.1} ms CPU  {:7.0} KiB", with.cpu_ms, with.peak_kib);
    let share = (with.cpu_ms - without.cpu_ms) / with.cpu_ms;
    println!("its share of the CPU {share:6.3} (at most 0.1 is wanted)");
}

/// Prints what a scan against the last commit costs: of an unchanged tree, and of one in which every tenth lockfile is
/// another project's.
pub(crate) fn since() {
    let ground = Ground::made();
    let git = |arguments: &[&str]| {
        let mut git = command("git", &["-c", "user.name=Bench", "-c", "user.email=bench@host.example"]);
        git.current_dir(ground.at("tree")).args(arguments);
        assert!(git.status().expect("git runs").success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "All of it"]);
    let measure = |what: &str, is_changed: bool| {
        let report = ground.report(&["--since", "HEAD"]);
        let introduced = count(&report, |finding| finding["change"] == "introduced");
        let earlier = count(&report, |finding| finding["change"] != "introduced" && !finding["change"].is_null());
        println!("{what}: {introduced} findings introduced, {earlier} there before");
        assert!(earlier > 0 && is_changed == (introduced > 0), "what is compared is told");
        let (since, plain) = in_turn(|| ground.scan(&["--since", "HEAD"]), || ground.scan(&[]));
        println!("plain scan      {:8.1} ms CPU  {:7.0} KiB", plain.cpu_ms, plain.peak_kib);
        println!("--since         {:8.1} ms CPU  {:7.0} KiB", since.cpu_ms, since.peak_kib);
        println!("ratio of CPU    {:6.3}", since.cpu_ms / plain.cpu_ms);
    };
    measure("unchanged tree", false);
    for project in (0..PROJECTS).step_by(10) {
        fs::write(ground.lockfile(project), lockfile(project + 1)).expect("a lockfile");
    }
    measure("changed tree", true);
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
            "\"node_modules/{name}\":{{\"version\":\"1.{}.0\",\"resolved\":\"https://registry.example/{name}/-/{name}-1.{}.0.tgz\",{dev}\
             \"integrity\":\"sha512-AA==\",\"dependencies\":{{{}}}}}",
            number % 7,
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
    for number in 0..CUSTOM {
        let when = match number % 5 {
            0 => format!("package.name == \"part-{}\" && package.direct", number * HIT),
            1 => format!("package.name.startsWith(\"part-{number}77\") && !package.direct"),
            2 => "package.direct && health.age_days < 30".to_owned(),
            // Every advisory is looked at, and few are meant: what a finding costs is no cost of the policy.
            3 => format!("advisories.exists(a, a.score > 9.8 || a.id == \"SYN-2026-{}\")", number * HIT),
            _ => format!("package.version == \"1.{}.0\"", number + 7),
        };
        let _ = write!(
            text,
            "\n[[custom]]\nid = \"own-{number}\"\nlevel = \"allow\"\nwhen = '{when}'\nsummary = \"An own rule\"\n"
        );
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
