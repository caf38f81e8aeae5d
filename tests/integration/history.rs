//! `--since` and baselines over real git histories, made by the tests themselves: no `git` program is needed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};

use crate::support::{Run, Tree, cargo_lock};

/// Before the advisories of the shared index were published, and after.
const BEFORE: i64 = 1_735_732_800;
pub(crate) const AFTER: i64 = 1_751_328_000;

/// A work tree with a repository.
pub(crate) struct Repository {
    pub(crate) tree: Tree,
}

impl Repository {
    fn new() -> Self {
        let tree = Tree::new()
            .file(".git/HEAD", "ref: refs/heads/main\n")
            .file(".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
        for folder in [".git/objects", ".git/refs/heads", ".git/refs/tags"] {
            fs::create_dir_all(tree.path(folder)).unwrap();
        }
        Self { tree }
    }

    /// A repository of one commit, made then, with these files.
    pub(crate) fn of(time: i64, files: &[(&str, &str)]) -> Self {
        let repository = Self::new().with(files);
        repository.commit("main", &[], time);
        repository
    }

    pub(crate) fn with(self, files: &[(&str, &str)]) -> Self {
        for (path, text) in files {
            self.write(path, text);
        }
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.tree.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.tree.path(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn objects(&self) -> gix::Repository {
        gix::open_opts(self.tree.path(".git"), gix::open::Options::isolated()).unwrap()
    }

    /// Commits the work tree to a branch.
    pub(crate) fn commit(&self, branch: &str, parents: &[ObjectId], time: i64) -> ObjectId {
        let objects = self.objects();
        let tree = write_tree(&objects, self.tree.root());
        self.commit_tree(branch, tree, parents, time)
    }

    fn commit_tree(&self, branch: &str, tree: ObjectId, parents: &[ObjectId], time: i64) -> ObjectId {
        let time = gix::date::Time { seconds: time, offset: 0 };
        let person = gix::actor::Signature { name: "Somebody".into(), email: "somebody@host.example".into(), time };
        let commit = gix::objs::Commit {
            tree,
            parents: parents.iter().copied().collect(),
            author: person.clone(),
            committer: person,
            encoding: None,
            message: "Made for tests".into(),
            extra_headers: Vec::new(),
        };
        let id = self.objects().write_object(&commit).unwrap().detach();
        self.write(&format!(".git/refs/heads/{branch}"), &format!("{id}\n"));
        id
    }

    /// Where HEAD is.
    fn checkout(&self, branch: &str) {
        self.write(".git/HEAD", &format!("ref: refs/heads/{branch}\n"));
    }

    pub(crate) fn scan(&self, arguments: &[&str]) -> Run {
        self.tree.scan(arguments)
    }

    /// `rule package change` of each finding of a scan since a revision.
    fn since(&self, revision: &str) -> Vec<String> {
        changes(&self.scan(&["-o", "json", "--since", revision]))
    }
}

fn write_tree(objects: &gix::Repository, folder: &Path) -> ObjectId {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == ".git" {
            continue;
        }
        let (kind, oid) = if path.is_dir() {
            (EntryKind::Tree, write_tree(objects, &path))
        } else {
            (EntryKind::Blob, objects.write_blob(fs::read(&path).unwrap()).unwrap().detach())
        };
        entries.push(Entry { mode: kind.into(), filename: name.into(), oid });
    }
    entries.sort();
    objects.write_object(gix::objs::Tree { entries }).unwrap().detach()
}

#[track_caller]
pub(crate) fn changes(run: &Run) -> Vec<String> {
    let json = run.json();
    let line = |finding: &serde_json::Value| {
        let subject = &finding["subject"];
        let what = subject["purl"].as_str().or(subject["file"].as_str()).unwrap_or("the project");
        format!("{} {what} {}", finding["rule"].as_str().unwrap(), finding["change"].as_str().unwrap_or("-"))
    };
    // Other rules have tests of their own, and look at the same trees.
    let is_meant = |finding: &&serde_json::Value| {
        ["known-vulnerability", "policy-changed"].iter().any(|rule| finding["rule"] == **rule)
    };
    let mut lines: Vec<String> = json["findings"].as_array().unwrap().iter().filter(is_meant).map(line).collect();
    lines.sort();
    lines
}

/// Why a finding of the last scan has its level.
#[track_caller]
pub(crate) fn reason(run: &Run, what: &str) -> String {
    let json = run.json();
    let findings = json["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding.to_string().contains(what));
    found.unwrap_or_else(|| panic!("{what}: {}", run.stdout))["reason"].as_str().unwrap().to_owned()
}

const SMALLVEC: &str = "known-vulnerability pkg:cargo/smallvec@0.6.9";

/// A `Cargo.lock` with several versions of smallvec.
fn versions(versions: &[&str]) -> String {
    let packages: Vec<(&str, &str)> = versions.iter().map(|version| ("smallvec", *version)).collect();
    let names: Vec<String> = versions.iter().map(|version| format!("\"smallvec {version}\"")).collect();
    let ambiguous = vec!["\"smallvec\""; versions.len()].join(", ");
    cargo_lock(&packages).replace(&ambiguous, &names.join(", "))
}

/// A `package-lock.json` of one package.
pub(crate) fn package_lock(name: &str, version: &str, dev: bool) -> String {
    let kind = if dev { "devDependencies" } else { "dependencies" };
    serde_json::json!({
        "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": {"name": "web", "version": "1.0.0", kind: {name: version}},
            format!("node_modules/{name}"): {"version": version, "dev": dev,
                "resolved": format!("https://registry.example/{name}/-/{name}-{version}.tgz"),
                "integrity": format!("sha512-{}==", "A".repeat(86))},
        }
    })
    .to_string()
}

#[test]
fn what_was_there_is_known_and_what_is_added_is_new() {
    let vulnerable = cargo_lock(&[("smallvec", "0.6.9")]);
    let repository = Repository::of(AFTER, &[("Cargo.lock", &vulnerable)]);
    let unchanged = repository.scan(&["-o", "json", "--since", "main"]).exits(0);
    assert_eq!(changes(&unchanged), [format!("{SMALLVEC} known")]);
    let base = &unchanged.json()["vcs"]["base"];
    assert_eq!((base["named"].as_str(), base["time"].as_str()), (Some("main"), Some("2025-07-01T00:00:00Z")));
    repository.scan(&["--since", "main"]).exits(0).says("known: 1 finding was there before").says("compared with: ");

    // A bump that stays vulnerable, and another package.
    repository.write("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.10"), ("time", "0.1.43")]));
    repository.write("web/package-lock.json", &package_lock("lodash", "4.17.11", false));
    let expected = [
        "known-vulnerability pkg:cargo/smallvec@0.6.10 known",
        "known-vulnerability pkg:cargo/time@0.1.43 introduced",
        "known-vulnerability pkg:npm/lodash@4.17.11 introduced",
    ];
    let run = repository.scan(&["-o", "json", "--since", "HEAD"]).exits(1);
    assert_eq!(changes(&run), expected);
    repository
        .scan(&["--since", "HEAD"])
        .exits(1)
        .says("the policy denies 1 new finding")
        .says("denied  new  critical");

    // A fix leaves nothing.
    repository.write("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.14")]));
    repository.remove("web");
    assert_eq!(repository.since("main"), [""; 0]);
}

#[test]
fn what_became_known_since_is_warned_about() {
    let repository = Repository::of(BEFORE, &[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    repository.write("README.md", "changed");
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(0);
    assert_eq!(changes(&run), [format!("{SMALLVEC} disclosed")]);
    assert!(reason(&run, "smallvec").ends_with("it became known on 2025-02-03"), "{}", reason(&run, "smallvec"));
    repository.scan(&["--since", "main"]).exits(0).says("warned  disclosed since  critical");
    let sarif = repository.scan(&["-o", "sarif", "--since", "main"]).exits(0).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((result["level"].as_str(), result["baselineState"].as_str()), (Some("warning"), Some("unchanged")));
}

#[test]
fn known_findings_are_in_sarif_only_when_asked_for() {
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    let results = |arguments: &[&str]| {
        let run = repository.scan(&[&["-o", "sarif", "--since", "main"], arguments].concat()).exits(0);
        run.json()["runs"][0]["results"].as_array().unwrap().clone()
    };
    assert!(results(&[]).is_empty());
    let shown = results(&["--sarif-suppressed"]);
    assert_eq!(shown[0]["suppressions"][0]["justification"], "It was there before.");
    assert_eq!(shown[0]["baselineState"], "unchanged");
}

#[test]
fn one_more_version_is_new_and_so_is_what_leaves_development() {
    let two = versions(&["0.6.9", "0.6.5"]);
    let repository = Repository::of(
        AFTER,
        &[("Cargo.lock", &two), ("web/package-lock.json", &package_lock("lodash", "4.17.11", true))],
    );
    let three = versions(&["0.6.9", "0.6.5", "0.6.7"]);
    repository.write("Cargo.lock", &three);
    repository.write("web/package-lock.json", &package_lock("lodash", "4.17.11", false));
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    let expected = [
        "known-vulnerability pkg:cargo/smallvec@0.6.5 known",
        "known-vulnerability pkg:cargo/smallvec@0.6.7 introduced",
        "known-vulnerability pkg:cargo/smallvec@0.6.9 known",
        "known-vulnerability pkg:npm/lodash@4.17.11 introduced",
    ];
    assert_eq!(changes(&run), expected);
    assert!(reason(&run, "lodash").ends_with("it is not only for development now, as it was at the base"));
}

#[test]
fn a_moved_folder_introduces_nothing() {
    let lock = cargo_lock(&[("smallvec", "0.6.9"), ("time", "0.1.43")]);
    let repository = Repository::of(AFTER, &[("services/a/Cargo.lock", &lock), ("other/Cargo.lock", &lock)]);
    repository.remove("services");
    repository.write("apps/a/Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9"), ("time", "0.1.42"), ("log", "0.4.20")]));
    let known = repository.since("main");
    assert_eq!(known.len(), 4);
    assert!(known.iter().all(|line| line.ends_with(" known")), "{known:?}");
    // A copy is none: both are there.
    repository.write("services/a/Cargo.lock", &lock);
    let copied = repository.since("main");
    assert_eq!(copied.iter().filter(|line| line.ends_with(" introduced")).count(), 2, "{copied:?}");
}

#[test]
fn the_merge_base_counts_and_not_the_tip() {
    let (clean, vulnerable) = (cargo_lock(&[("log", "0.4.20")]), cargo_lock(&[("smallvec", "0.6.9")]));
    let repository = Repository::new().with(&[("Cargo.lock", &clean)]);
    let root = repository.commit("main", &[], AFTER);
    repository.commit("topic", &[root], AFTER + 1);
    // The main branch brought it in later; this branch brings it in too.
    repository.write("Cargo.lock", &vulnerable);
    let tip = repository.commit("main", &[root], AFTER + 2);
    repository.checkout("topic");
    assert_eq!(repository.since("main"), [format!("{SMALLVEC} introduced")]);
    for named in [&tip.to_string()[..10], "refs/heads/main", "main~0"] {
        assert_eq!(repository.since(named), [format!("{SMALLVEC} introduced")], "{named}");
    }
    // Once it is merged, it was there.
    let topic = repository.commit("topic", &[root], AFTER + 3);
    repository.commit("topic", &[topic, tip], AFTER + 4);
    assert_eq!(repository.since("main"), [format!("{SMALLVEC} known")]);
}

#[test]
fn of_two_merge_bases_the_newest_is_taken() {
    let (clean, vulnerable) = (cargo_lock(&[("log", "0.4.20")]), cargo_lock(&[("smallvec", "0.6.9")]));
    let repository = Repository::new().with(&[("Cargo.lock", &clean)]);
    let root = repository.commit("main", &[], AFTER);
    let one = repository.commit("main", &[root], AFTER + 1);
    repository.write("Cargo.lock", &vulnerable);
    let two = repository.commit("topic", &[root], AFTER + 2);
    repository.commit("main", &[one, two], AFTER + 3);
    repository.commit("topic", &[two, one], AFTER + 3);
    repository.checkout("topic");
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(0);
    let base = &run.json()["vcs"]["base"];
    assert_eq!(base["merge_base"].as_str(), Some(two.to_string().as_str()));
    assert_eq!(base["merge_bases"].as_u64(), Some(2));
    assert_eq!(changes(&run), [format!("{SMALLVEC} known")]);
    repository.scan(&["--since", "main"]).exits(0).says("the newest of 2 merge bases of HEAD and main");
}

#[test]
fn an_annotated_tag_stands_for_its_commit() {
    let repository = Repository::new().with(&[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    let target = repository.commit("main", &[], AFTER);
    let (target_kind, name, message) = (gix::objs::Kind::Commit, "v1".into(), "The first".into());
    let tag = gix::objs::Tag { target, target_kind, name, tagger: None, message, signature: None };
    let tag = repository.objects().write_object(&tag).unwrap().detach();
    repository.write(".git/refs/tags/v1", &format!("{tag}\n"));
    repository.commit("main", &[target], AFTER + 1);
    assert_eq!(repository.since("v1"), [format!("{SMALLVEC} known")]);
    let base = &repository.scan(&["-o", "json", "--since", "v1"]).json()["vcs"]["base"];
    assert_eq!(base["merge_base"].as_str(), Some(target.to_string().as_str()));
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("log", "0.4.20")]))]);
    let lost = "0123456789012345678901234567890123456789".parse::<ObjectId>().unwrap();
    let head = repository.commit("main", &[lost], AFTER + 1);
    repository.commit("other", &[], AFTER);
    repository.write(".git/shallow", &format!("{head}\n"));
    let far = "this clone is shallow, and that commit is not in it; give the checkout step `fetch-depth: 4`, or run \
               `git fetch --deepen=3`";
    repository.scan(&["--since", "HEAD~3"]).exits(2).complains(far);
    repository.scan(&["--since", "HEAD^"]).exits(2).complains("`fetch-depth: 2`");
    repository.scan(&["--since", "other"]).exits(2).complains("this clone is shallow and holds too little history");
    repository.scan(&["--since", "other"]).exits(2).complains("`fetch-depth: 0`, or run `git fetch --unshallow`");
    repository.scan(&["--since", "v1.0"]).exits(2).complains("there is no such branch, tag or commit in this clone");
    // What is in it is enough for what is in it.
    assert_eq!(repository.since("HEAD"), [""; 0]);
    // Not shallow, and yet something is missing.
    repository.remove(".git/shallow");
    repository
        .scan(&["--since", "other"])
        .exits(2)
        .complains("is missing from this clone, which is not marked as shallow");
}

#[test]
fn wrong_revisions_are_told_apart() {
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("log", "0.4.20")]))]);
    repository.write(
        ".git/refs/remotes/origin/release",
        &fs::read_to_string(repository.tree.path(".git/refs/heads/main")).unwrap(),
    );
    repository.scan(&["--since", "mian"]).exits(2).complains("did you mean \"main\"?");
    repository.scan(&["--since", "release"]).exits(2).complains("did you mean \"origin/release\"?");
    repository.scan(&["--since", "HEAD:Cargo.lock"]).exits(2).complains("it is a blob, not a commit");
    repository.scan(&["--since", ""]).exits(2);
    repository.write("Cargo.lock", &cargo_lock(&[]));
    repository.commit("unrelated", &[], AFTER);
    repository.scan(&["--since", "unrelated"]).exits(2).complains("have no common ancestor");
    Tree::of(&[("Cargo.lock", "")]).scan(&["--since", "main"]).exits(2).complains("--since needs a git repository");
}

#[test]
fn what_a_submodule_held_is_not_guessed() {
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("log", "0.4.20")]))]);
    let objects = repository.objects();
    let blob = objects.write_blob(cargo_lock(&[("log", "0.4.20")])).unwrap().detach();
    let elsewhere = "0123456789012345678901234567890123456789".parse::<ObjectId>().unwrap();
    let entries = vec![
        Entry { mode: EntryKind::Blob.into(), filename: "Cargo.lock".into(), oid: blob },
        Entry { mode: EntryKind::Commit.into(), filename: "inner".into(), oid: elsewhere },
    ];
    let tree = objects.write_object(gix::objs::Tree { entries }).unwrap().detach();
    repository.commit_tree("main", tree, &[], AFTER);
    repository.write("inner/Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]));
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    assert_eq!(changes(&run), [format!("{SMALLVEC} introduced")]);
    let said = "what was there at the base is not known (it is a submodule, and what its commit held is not in this repository)";
    assert!(reason(&run, "smallvec").ends_with(said), "{}", reason(&run, "smallvec"));
    repository.scan(&["--since", "main"]).exits(1).says("inner: at the merge base").says("findings here count as new");
}

#[test]
fn a_worktree_is_followed_only_where_it_leads_back() {
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    let elsewhere = Tree::of(&[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    let git = repository.tree.path(".git/worktrees/elsewhere");
    repository.write(".git/worktrees/elsewhere/HEAD", "ref: refs/heads/main\n");
    repository.write(".git/worktrees/elsewhere/commondir", "../..\n");
    let elsewhere = elsewhere.file(".git", format!("gitdir: {}\n", git.display()));
    elsewhere.scan(&["--since", "main"]).exits(2).complains("which is neither a worktree of this tree nor a part of");
    repository.write(".git/worktrees/elsewhere/gitdir", &format!("{}\n", elsewhere.path(".git").display()));
    assert_eq!(changes(&elsewhere.scan(&["-o", "json", "--since", "main"])), [format!("{SMALLVEC} known")]);
}

#[test]
fn what_cannot_be_read_at_the_base_counts_as_new_and_says_why() {
    let broken = "version = 4\n[[package]\n";
    let repository = Repository::of(AFTER, &[("Cargo.lock", broken)]);
    repository.write("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]));
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    assert_eq!(changes(&run), [format!("{SMALLVEC} introduced")]);
    assert!(reason(&run, "smallvec").contains("what was there at the base is not known (failed:"));
    // An object that is gone is a file that cannot be read.
    let repository = Repository::of(AFTER, &[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    let id = gix::objs::compute_hash(
        gix::hash::Kind::Sha1,
        gix::objs::Kind::Blob,
        cargo_lock(&[("smallvec", "0.6.9")]).as_bytes(),
    );
    let id = id.unwrap().to_string();
    let object = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
    let path = repository.tree.path(&object);
    fs::remove_file(&path).unwrap();
    repository.write("README.md", "");
    repository.write("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.10")]));
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    assert!(reason(&run, "smallvec").contains("is missing from this clone"), "{}", reason(&run, "smallvec"));
}

/// The `policy-changed` findings of a change of these files: message and place.
fn loosened(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    let lock = cargo_lock(&[("log", "0.4.20")]);
    let repository = Repository::of(AFTER, before).with(&[("Cargo.lock", &lock)]);
    for (path, _) in before {
        repository.remove(path);
    }
    let run = repository.with(after).scan(&["-o", "json", "--since", "main"]);
    let json = run.json();
    let of_policy = json["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "policy-changed");
    let line = |finding: &serde_json::Value| {
        assert_eq!(finding["change"], "introduced");
        let place = &finding["locations"][0];
        format!("{}:{}: {}", place["path"].as_str().unwrap(), place["line"], finding["message"].as_str().unwrap())
    };
    let mut lines: Vec<String> = of_policy.map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_change_that_loosens_the_policy_is_found() {
    const STRICT: &str = "version = 1\nextends = \"greenfield\"\nmax-age = \"2d\"\ntest-data = \"deny\"\n\
        max-exception-days = 90\n[registries]\nallow = [\"registry.example\"]\n[rules]\nunsound-code = \"deny\"\n\
        low-scorecard = { level = \"deny\", min-score = 7.0, scope = \"all\" }\n\
        known-vulnerability = { level = \"deny\", on-unknown = \"deny\" }\n\
        [[overrides]]\nrules = [\"stale-release\"]\nat-least = \"deny\"\n\
        [[exceptions]]\npackage = \"pkg:cargo/time\"\nreason = \"waiting\"\nexpires = 2026-11-30\n";
    const MILD: &str = "version = 1\nmax-age = \"9d\"\ntest-data = \"warn\"\ninternal = [\"acme-*\"]\n\
        exclude = [\"legacy/\"]\n[registries]\nallow = [\"registry.example\", \"host.example\"]\n[rules]\n\
        unsound-code = \"warn\"\nlow-scorecard = { level = \"deny\", min-score = 3.0, kinds = [\"runtime\"] }\n\
        known-vulnerability = { level = \"deny\", min-severity = \"high\" }\n\
        [[overrides]]\nrules = [\"known-vulnerability\"]\nkinds = [\"dev\"]\nlevel = \"allow\"\n\
        [[exceptions]]\npackage = \"pkg:cargo/time\"\nreason = \"waiting\"\nexpires = 2026-12-31\n\
        [[exceptions]]\nadvisory = \"CVE-2021-25900\"\nreason = \"not reached\"\nexpires = 2026-12-01\n";
    let of = |before: &str, after: &str| loosened(&[("osprey.toml", before)], &[("osprey.toml", after)]);
    insta::assert_snapshot!("loosened", of(STRICT, MILD).join("\n"));
    // The other way round nothing is loosened but that each holds what the other has not.
    insta::assert_snapshot!("tightened", of(MILD, STRICT).join("\n"));
    assert_eq!(of(STRICT, STRICT), [""; 0]);
}

#[test]
fn a_policy_that_comes_goes_or_breaks_is_found() {
    let policy = ("osprey.toml", "version = 1\nextends = \"greenfield\"\n");
    assert_eq!(
        loosened(&[policy], &[]),
        [
            "osprey.toml:1: The change removes the policy osprey.toml; without one, the built-in profile brownfield judges."
        ]
    );
    assert_eq!(loosened(&[], &[policy]), [""; 0], "greenfield is stricter than what holds without a policy");
    let broken = loosened(&[policy], &[("osprey.toml", "version = 1\nextend = \"greenfield\"\n")]);
    assert_eq!(
        broken,
        [
            "osprey.toml:2: The policy osprey.toml cannot be read any more: unknown key \"extend\" in a policy; did you mean \
          \"extends\"?."
        ]
    );
    let healed = loosened(&[("osprey.toml", "version = 7\n")], &[policy]);
    assert!(healed[0].contains("cannot be read at the merge base"), "{healed:?}");
}

#[test]
fn the_policy_of_the_base_judges_the_change() {
    let strict = "version = 1\n[rules]\nknown-vulnerability = \"deny\"\npolicy-changed = \"deny\"\n";
    let repository =
        Repository::of(AFTER, &[("osprey.toml", strict), ("Cargo.lock", &cargo_lock(&[("log", "0.4.20")]))]);
    repository.write("osprey.toml", "version = 1\n[rules]\nknown-vulnerability = \"off\"\npolicy-changed = \"off\"\n");
    repository.write("Cargo.lock", &cargo_lock(&[("time", "0.1.43")]));
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    let expected = [
        "known-vulnerability pkg:cargo/time@0.1.43 introduced",
        "policy-changed osprey.toml introduced",
        "policy-changed osprey.toml introduced",
    ];
    assert_eq!(changes(&run), expected);
    assert_eq!(run.json()["policy"]["origin"], "base");
    assert_eq!(run.json()["summary"]["denied"], 3);
    repository.scan(&["--since", "main", "--no-repo-policy"]).exits(0).hides("policy-changed");
}

/// Greenfield without what every tree of these tests lacks.
const GREENFIELD: [&str; 6] =
    ["--profile", "greenfield", "--allow", "project-baseline", "--allow", "project-without-security-policy"];

fn write_baseline(tree: &Tree, arguments: &[&str]) -> Run {
    let db = crate::support::index().to_str().unwrap();
    tree.run(&[&["baseline", "--offline", "--today", crate::support::TODAY, "--db", db], arguments].concat())
}

const EXCEPTED: &str = "version = 1\n[[exceptions]]\nadvisory = \"CVE-2021-25900\"\npackage = \"pkg:cargo/smallvec\"\n\
                        reason = \"Never called\"\nexpires = 2026-12-31\n";

#[test]
fn malware_that_was_there_before_is_named_in_every_run() {
    let lock = package_lock("left-pads", "1.0.0", false);
    let tree = Tree::of(&[("package-lock.json", &lock)]);
    write_baseline(&tree, &[]).exits(0);
    let known = tree.scan(&["--baseline", "osprey-baseline.json"]).exits(0);
    known.says("do not wait with left-pads 1.0.0: malware, MAL-2025-0001");
}

#[test]
fn a_baseline_holds_what_is_there_and_says_when_it_can_shrink() {
    let tree = Tree::of(&[
        ("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9"), ("time", "0.1.43")])),
        ("web/package-lock.json", &package_lock("lodash", "4.17.11", false)),
    ]);
    tree.scan(&[]).exits(1);
    let baseline = write_baseline(&tree, &GREENFIELD).exits(0);
    baseline.says("osprey-baseline.json: 3 findings").says("3 denied: 3 known-vulnerability");
    let first = fs::read_to_string(tree.path("osprey-baseline.json")).unwrap();
    write_baseline(&tree, &GREENFIELD).exits(0).says("the one before had 3: 0 gone, 0 new");
    let second = fs::read_to_string(tree.path("osprey-baseline.json")).unwrap();
    assert_eq!(second, first, "the same findings, the same bytes");
    assert_eq!(first.lines().count(), 3 + 3 + 2, "one finding a line: {first}");

    let scan = |more: &[&str]| {
        let arguments = [&GREENFIELD[..], &["--baseline", "osprey-baseline.json"], more].concat();
        tree.scan(&arguments)
    };
    scan(&[]).exits(0).says("baseline: osprey-baseline.json holds 3 findings: 3 there still");
    // A fix, and a move: one is gone, nothing is new.
    fs::write(tree.path("Cargo.lock"), cargo_lock(&[("smallvec", "0.6.10")])).unwrap();
    fs::rename(tree.path("web"), tree.path("site")).unwrap();
    scan(&[]).exits(0).says("2 there still, 1 gone: write it anew with `osprey baseline`");
    scan(&["-v"]).exits(0).says("gone: CVE-2020-26235 on pkg:cargo/time in Cargo.lock");
    // What an incomplete run did not find may be there still.
    let site = fs::read_to_string(tree.path("site/package-lock.json")).unwrap();
    fs::write(tree.path("site/package-lock.json"), "broken").unwrap();
    scan(&["-v"]).exits(3).says("1 there still, 2 not found in what was looked at").hides("gone");
    fs::write(tree.path("site/package-lock.json"), site).unwrap();
    // What an exception covers needs no entry, and is not gone.
    fs::write(tree.path("osprey.toml"), EXCEPTED).unwrap();
    let by_policy = tree.scan(&["--baseline", "osprey-baseline.json"]).exits(0);
    by_policy.says("1 there still, 1 there and excepted or allowed now, 1 gone");
    fs::remove_file(tree.path("osprey.toml")).unwrap();
    // A part of the tree leaves the rest of the baseline alone.
    scan(&["site", "--repo-root", "."]).exits(0).says("2 in files that this scan did not look at");
    // What is new counts.
    fs::write(tree.path("Cargo.lock"), versions(&["0.6.10", "0.6.9"])).unwrap();
    scan(&[]).exits(1).says("the policy denies 1 new finding");
}

#[test]
fn a_policy_names_its_baseline() {
    let policy = "version = 1\nextends = \"greenfield\"\nbaseline = \"osprey-baseline.json\"\n[rules]\n\
                  project-baseline = \"off\"\nproject-without-security-policy = \"off\"\n";
    let tree = Tree::of(&[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.9")]))]);
    write_baseline(&tree, &GREENFIELD).exits(0).says("1 finding");
    fs::write(tree.path("osprey.toml"), policy).unwrap();
    tree.scan(&[]).exits(0).says("1 there still");
    fs::write(tree.path("Cargo.lock"), versions(&["0.6.10", "0.6.9"])).unwrap();
    tree.scan(&[]).exits(1).says("1 there still");
    write_baseline(&tree, &[]).exits(0).says("2 findings").says("The policy names it");
    tree.scan(&[]).exits(0);
}

#[test]
fn a_baseline_that_cannot_be_used_is_a_usage_error() {
    let tree = Tree::of(&[("Cargo.lock", &cargo_lock(&[("log", "0.4.20")]))]);
    tree.scan(&["--baseline", "none.json"])
        .exits(2)
        .complains("--baseline none.json: there is no such file; `osprey baseline -o none.json` writes one");
    let file = |text: &str| fs::write(tree.path("b.json"), text).unwrap();
    let wrong = |said: &str| tree.scan(&["--baseline", "b.json"]).exits(2).complains(said);
    file("{\n\"version\": 1,\n\"findings\": [\n{\"path\": \"../x\"}\n]}");
    wrong("b.json:4:16: not a baseline: `path` must be relative to the root, with `/`");
    file("{\"version\": 2, \"findings\": []}");
    wrong("this osprey reads baselines of version 1, not 2");
    file("[]");
    wrong("b.json:1:");
    fs::write(tree.path("osprey.toml"), "version = 1\nbaseline = \"none.json\"\n").unwrap();
    tree.scan(&[]).exits(2).complains("osprey.toml:2:12: `baseline` names none.json, and there is no such file");
    fs::write(tree.path("osprey.toml"), "version = 1\nbaseline = \"../none.json\"\n").unwrap();
    tree.scan(&[]).exits(2).complains("`baseline` takes a path relative to the policy's file and inside the tree");
    fs::remove_file(tree.path("osprey.toml")).unwrap();
    // An incomplete run makes no baseline unless somebody says so.
    fs::write(tree.path("Cargo.lock"), "broken").unwrap();
    let db = crate::support::index().to_str().unwrap();
    tree.run(&["baseline", "--offline", "--db", db]).exits(2).complains("no baseline was written");
    assert!(!tree.path("osprey-baseline.json").exists());
    tree.run(&["baseline", "--offline", "--db", db, "--allow-incomplete"]).exits(0);
}
