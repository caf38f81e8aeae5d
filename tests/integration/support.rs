//! Trees, an index of advisories, and the program run over them with nothing of the machine's environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use osprey::source::{Client, Settings};
use tempfile::TempDir;

/// The day on which the tests judge, four days after the newest advisory of the shared index.
pub(crate) const TODAY: &str = "2026-11-05";

/// How long any run may take: far more than one takes, and far less than for ever.
const LIMIT: Duration = Duration::from_secs(40);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; a signal has none.
    pub(crate) code: Option<i32>,
    pub(crate) took: Duration,
}

impl Run {
    /// That the run ended so.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// That stdout says so.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is not in stdout:\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// That stdout does not say so.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "{text:?} is in stdout:\n{}", self.stdout);
        self
    }

    /// That stderr says so.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr:\n{}", self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr))
    }

    /// The file rows of the ledger as `path parser state`.
    #[track_caller]
    pub(crate) fn ledger(&self) -> Vec<String> {
        let json = self.json();
        let rows = json["coverage"]["files"].as_array().unwrap().iter();
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
        rows.map(|row| format!("{} {} {}", text(row, "path"), text(row, "parser"), text(row, "state"))).collect()
    }
}

/// A client that has no network and keeps nothing.
pub(crate) fn offline() -> Client {
    Client::new(Settings {
        online: false,
        bases: BTreeMap::new(),
        cache: None,
        deadline: LIMIT,
        now: "2026-11-22T09:00:00Z".parse().unwrap(),
    })
}

/// A temporary tree in which the program runs.
#[derive(Debug)]
pub(crate) struct Tree {
    folder: TempDir,
    home: TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), home: tempfile::tempdir().unwrap() }
    }

    /// A tree with these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        files.iter().fold(Self::new(), |tree, (path, text)| tree.file(path, text))
    }

    /// Adds a file and the folders above it.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// A command of the program, run in the tree. No test reaches the network: a scan is offline unless services are given
    /// with [`Tree::asking`].
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.asking(arguments);
        if arguments.first() == Some(&"scan") {
            command.arg("--offline");
        }
        command
    }

    /// The same with a network.
    pub(crate) fn asking(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_osprey"));
        command.args(arguments).current_dir(self.root()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("XDG_CACHE_HOME", self.home.path().join("cache"));
        command.env("LOCALAPPDATA", self.home.path().join("cache"));
        command
    }

    /// Where the program keeps its index unless it is told otherwise.
    pub(crate) fn cache(&self) -> PathBuf {
        let cache = if cfg!(target_os = "macos") { "Library/Caches" } else { "cache" };
        self.home.path().join(cache).join("osprey")
    }

    /// Runs the program with these arguments alone.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    /// `osprey scan` with the shared index, on the fixed day.
    pub(crate) fn scan(&self, arguments: &[&str]) -> Run {
        let db = index().to_str().unwrap();
        run(self.command(&[&["scan", "--today", TODAY], arguments].concat()).env("OSPREY_DB", db))
    }

    /// Makes the tree a repository and tracks these files, ignored or not.
    pub(crate) fn git(&self, tracked: &[&str]) {
        for folder in [".git/objects", ".git/refs/heads"] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        let write = |name: &str, content: &[u8]| fs::write(self.path(".git").join(name), content).unwrap();
        write("HEAD", b"ref: refs/heads/main\n");
        write("config", b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
        write("index", &git_index(tracked));
    }
}

/// A git index of files of which nothing but the path is known (<https://git-scm.com/docs/index-format>, version 2). Its
/// checksum is left out, as `index.skipHash` has it.
fn git_index(tracked: &[&str]) -> Vec<u8> {
    let mut tracked = tracked.to_vec();
    tracked.sort_unstable();
    let mut index = [&b"DIRC"[..], &2_u32.to_be_bytes(), &u32::try_from(tracked.len()).unwrap().to_be_bytes()].concat();
    for path in tracked {
        let mut entry = vec![0; 62];
        entry[24..28].copy_from_slice(&0o100_644_u32.to_be_bytes());
        entry[60..62].copy_from_slice(&u16::try_from(path.len()).unwrap().to_be_bytes());
        entry.extend(path.bytes());
        // From one NUL to eight, so that the next entry begins at a multiple of eight.
        entry.resize(entry.len() / 8 * 8 + 8, 0);
        index.extend(entry);
    }
    index.extend([0; 20]);
    index
}

/// Runs a command to its end; one that does not end is killed and fails the test.
pub(crate) fn run(command: &mut Command) -> Run {
    let started = Instant::now();
    let outputs = tempfile::tempdir().unwrap();
    let file = |name: &str| fs::File::create(outputs.path().join(name)).unwrap();
    command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
    let mut child = command.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} did not end within {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |name: &str| String::from_utf8_lossy(&fs::read(outputs.path().join(name)).unwrap()).into_owned();
    Run { stdout: text("out"), stderr: text("err"), code: status.code(), took: started.elapsed() }
}

/// One advisory.
pub(crate) struct Record<'r> {
    pub(crate) id: &'r str,
    pub(crate) ecosystem: &'r str,
    pub(crate) name: &'r str,
    /// The versions from here on are affected …
    pub(crate) introduced: &'r str,
    /// … up to here.
    pub(crate) fixed: Option<&'r str>,
    pub(crate) aliases: &'r [&'r str],
    pub(crate) cvss: Option<&'r str>,
    pub(crate) summary: &'r str,
}

pub(crate) const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const MEDIUM: &str = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H";

impl Record<'_> {
    /// The record as OSV writes it.
    pub(crate) fn json(&self) -> String {
        let mut events = vec![serde_json::json!({"introduced": self.introduced})];
        events.extend(self.fixed.map(|fixed| serde_json::json!({"fixed": fixed})));
        let kind = if self.ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" };
        let severity: Vec<_> =
            self.cvss.iter().map(|vector| serde_json::json!({"type": "CVSS_V3", "score": vector})).collect();
        serde_json::json!({
            "id": self.id, "modified": "2026-11-01T00:00:00Z", "published": "2025-02-03T04:05:06Z",
            "aliases": self.aliases, "summary": self.summary, "details": "Made for tests.", "severity": severity,
            "affected": [{"package": {"ecosystem": self.ecosystem, "name": self.name},
                          "ranges": [{"type": kind, "events": events}]}],
            "references": [{"type": "WEB", "url": format!("https://host.example/{}", self.id)}],
        })
        .to_string()
    }
}

const RECORDS: &[Record<'static>] = &[
    Record {
        id: "RUSTSEC-2020-0071",
        ecosystem: "crates.io",
        name: "time",
        introduced: "0.0.0-0",
        fixed: Some("0.2.23"),
        aliases: &["CVE-2020-26235"],
        cvss: Some(MEDIUM),
        summary: "Potential segfault in the time crate",
    },
    Record {
        id: "RUSTSEC-2021-0003",
        ecosystem: "crates.io",
        name: "smallvec",
        introduced: "0.0.0-0",
        fixed: Some("0.6.14"),
        aliases: &["CVE-2021-25900"],
        cvss: Some(CRITICAL),
        summary: "Buffer overflow in SmallVec::insert_many",
    },
    Record {
        id: "GHSA-jf85-cpcp-j695",
        ecosystem: "npm",
        name: "lodash",
        introduced: "0",
        fixed: Some("4.17.12"),
        aliases: &["CVE-2019-10744"],
        cvss: Some(CRITICAL),
        summary: "Prototype pollution in lodash",
    },
    Record {
        id: "MAL-2025-0001",
        ecosystem: "npm",
        name: "left-pads",
        introduced: "0",
        fixed: None,
        aliases: &[],
        cvss: None,
        summary: "Malicious code in left-pads (npm)",
    },
    Record {
        id: "PYSEC-2019-217",
        ecosystem: "PyPI",
        name: "jinja2",
        introduced: "0",
        fixed: Some("2.10.1"),
        aliases: &["CVE-2019-10906"],
        cvss: Some(CRITICAL),
        summary: "Sandbox escape in Jinja2",
    },
    Record {
        id: "GO-2021-0113",
        ecosystem: "Go",
        name: "golang.org/x/text",
        introduced: "0",
        fixed: Some("0.3.7"),
        aliases: &["CVE-2021-38561"],
        cvss: Some(CRITICAL),
        summary: "Out-of-bounds read in golang.org/x/text/language",
    },
];

/// Writes records in the layout of the OSV bucket (`ecosystems.txt`, `ECO/ID.json`).
pub(crate) fn bucket(at: &Path, records: &[Record<'_>]) {
    let mut ecosystems: Vec<&str> = records.iter().map(|record| record.ecosystem).collect();
    ecosystems.sort_unstable();
    ecosystems.dedup();
    fs::create_dir_all(at).unwrap();
    fs::write(at.join("ecosystems.txt"), ecosystems.join("\n") + "\n").unwrap();
    for record in records {
        let folder = at.join(record.ecosystem);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{}.json", record.id)), record.json()).unwrap();
    }
}

/// Makes an index of a bucket.
pub(crate) fn make_index(from: &Path, to: &Path) {
    let tree = Tree::new();
    tree.run(&["db", "update", "--from", from.to_str().unwrap(), "--db", to.to_str().unwrap()]).exits(0);
}

/// The index that the tests share. It lies in the folder that cargo keeps for this crate's tests, and each run of the
/// tests makes it anew.
pub(crate) fn index() -> &'static Path {
    static INDEX: OnceLock<PathBuf> = OnceLock::new();
    INDEX.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("advisories");
        let from = tempfile::tempdir().unwrap();
        bucket(from.path(), RECORDS);
        // A broken record speaks of a package, and a scan that holds it must say so.
        let broken = r#"{"id": "GHSA-broken", "modified": "2026-11-01T00:00:00Z",
            "affected": [{"package": {"ecosystem": "npm", "name": "garbled"}, "ranges": "none"}]}"#;
        fs::write(from.path().join("npm/GHSA-broken.json"), broken).unwrap();
        make_index(from.path(), &folder);
        folder
    })
}

/// A `Cargo.lock` of one workspace member that needs these packages.
pub(crate) fn cargo_lock(packages: &[(&str, &str)]) -> String {
    let names: Vec<String> = packages.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let mut lock = format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [{}]\n",
        names.join(", ")
    );
    for (name, version) in packages {
        lock += &format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n",
            "ab".repeat(32)
        );
    }
    lock
}

/// A `package-lock.json`, version 3, of one project that needs these packages.
pub(crate) fn package_lock(packages: &[(&str, &str)]) -> String {
    let needs: serde_json::Map<String, serde_json::Value> =
        packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).into())).collect();
    let root = serde_json::json!({"name": "web", "version": "1.0.0", "dependencies": needs});
    let mut entries = serde_json::Map::from_iter([(String::new(), root)]);
    for (name, version) in packages {
        let entry = serde_json::json!({
            "version": version, "resolved": format!("https://registry.example/{name}/-/{name}-{version}.tgz"),
            "integrity": format!("sha512-{}==", "A".repeat(86)),
        });
        entries.insert(format!("node_modules/{name}"), entry);
    }
    let lock = serde_json::json!({
        "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": entries,
    });
    serde_json::to_string_pretty(&lock).unwrap()
}

/// A harmless `Cargo.lock`.
pub(crate) fn clean() -> String {
    cargo_lock(&[("itoa", "1.0.11")])
}

/// A `Cargo.lock` with a finding that every profile denies.
pub(crate) fn bad() -> String {
    cargo_lock(&[("smallvec", "0.6.13")])
}
