use super::spec::{source_of_resolved, wanted};
use super::{BUN_LOCK, PACKAGE_JSON, PACKAGE_LOCK, PNPM_LOCK, YARN_LOCK};
use crate::ecosystem::syntax::probe::{Counts, Tree, check_cuts, check_fixtures, check_garbage, edges, packages, said};
use crate::ecosystem::{Parsed, Parser};
use crate::model::{DriftKind, Source};

fn read(parser: &Parser, files: &[(&str, &str)]) -> Parsed {
    let mut tree = Tree::of(files);
    let parsed = tree.parse(parser, files[0].0);
    tree.check_places(&parsed);
    parsed
}

fn show(source: &Source) -> String {
    format!("{}({})", source.kind.as_str(), source.url.as_deref().unwrap_or_default())
}

#[test]
fn addresses_tell_where_a_package_comes_from() {
    let of = |name: &str, resolved: &str| show(&source_of_resolved(name, resolved));
    let public = "https://registry.example";
    assert_eq!(of("a", &format!("{public}/a/-/a-1.0.0.tgz")), format!("registry({public})"));
    assert_eq!(of("@s/a", &format!("{public}/@s%2fa/-/a-1.0.0.tgz#0a1b")), format!("registry({public})"));
    assert_eq!(of("a", "https://u:p@host.example/npm/a/-/a-1.0.0.tgz"), "registry(https://host.example/npm)");
    assert_eq!(of("@s/a", "https://host.example/download/@s/a/1.0.0/0a1b"), "registry(https://host.example)");
    assert_eq!(of("@s/a", "https://host.example/~/1/@s/a/1.0.0.tgz"), "registry(https://host.example/~/1)");
    assert_eq!(of("a", &format!("{public}/b/-/b-1.0.0.tgz")), format!("url({public}/b/-/b-1.0.0.tgz)"));
    assert_eq!(of("a", "https://host.example/a.tgz"), "url(https://host.example/a.tgz)");
    assert_eq!(of("a", "git+ssh://git@host.example/a.git#0a1b2c3d"), "git(ssh://git@host.example/a.git#0a1b2c3d)");
    assert_eq!(of("a", "https://host.example/a.git#commit=0a1b2c3d"), "git(https://host.example/a.git#0a1b2c3d)");
    assert_eq!(of("a", "https://codeload.github.com/o/r/tar.gz/0a1b2c3"), "git(https://github.com/o/r#0a1b2c3)");
    assert_eq!(of("a", "file:../a.tgz#0a1b"), "path(../a.tgz)");
    assert_eq!(of("a", "odd"), "unknown(odd)");
}

#[test]
fn a_manifest_can_ask_in_many_ways() {
    let of = |spec| {
        let wanted = wanted(spec);
        format!("{} {} {}", wanted.name.unwrap_or("-"), wanted.version.unwrap_or("-"), show(&wanted.source))
    };
    assert_eq!(of("1.2.3"), "- 1.2.3 registry()");
    assert_eq!(of("=1.2.3-rc.1"), "- 1.2.3-rc.1 registry()");
    assert_eq!(of("^1.2.3"), "- - registry()");
    assert_eq!(of("1.2"), "- - registry()");
    assert_eq!(of("latest"), "- - registry()");
    assert_eq!(of(">= 1 < 2 || 3.x"), "- - registry()");
    assert_eq!(of("npm:@s/b@1.2.3"), "@s/b 1.2.3 registry()");
    assert_eq!(of("npm:b"), "b - registry()");
    assert_eq!(of("workspace:*"), "- - workspace()");
    assert_eq!(of("file:../b"), "- - path(../b)");
    assert_eq!(of("o/r#main"), "- - git(https://github.com/o/r)");
    assert_eq!(
        of("github:o/r#0a1b2c3d4e5f60718293a4b5c6d7e8f901234567").len(),
        "- - git(https://github.com/o/r#)".len() + 40
    );
    assert_eq!(of("https://host.example/b.tgz"), "- - url(https://host.example/b.tgz)");
}

const NPM: &str = r#"{
  "name": "app", "version": "1.0.0", "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "version": "1.0.0", "workspaces": ["packages/*"],
      "dependencies": {"a": "^1.0.0", "alias": "npm:real@^2.0.0", "local": "file:libs/local"},
      "devDependencies": {"d": "^1.0.0", "lib": "*"}, "peerDependencies": {"p": "*", "gone": "*"},
      "peerDependenciesMeta": {"gone": {"optional": true}}},
    "libs/local": {"version": "0.0.1"},
    "node_modules/a": {"version": "1.0.1", "resolved": "https://registry.example/a/-/a-1.0.1.tgz",
      "integrity": "sha512-x", "hasInstallScript": true, "dependencies": {"b": "^1.0.0"}, "bundleDependencies": ["c"]},
    "node_modules/a/node_modules/b": {"version": "1.5.0", "dependencies": {"c": "1"}},
    "node_modules/a/node_modules/c": {"version": "1.0.0", "inBundle": true, "dependencies": {"not-bundled": "1"}},
    "node_modules/alias": {"name": "real", "version": "2.0.0", "resolved": "https://registry.example/real/-/real-2.0.0.tgz"},
    "node_modules/b": {"version": "2.0.0", "resolved": "git+ssh://git@host.example/b.git#0a1b2c3d", "dev": true},
    "node_modules/d": {"version": "1.0.0", "dependencies": {"b": "^2.0.0"}, "optionalDependencies": {"absent": "1"},
      "peerDependencies": {"weak": "1", "p": "1"}, "peerDependenciesMeta": {"weak": {"optional": true}}},
    "node_modules/lib": {"resolved": "packages/lib", "link": true},
    "node_modules/local": {"resolved": "libs/local", "link": true},
    "node_modules/p": {"version": "1.0.0", "devDependencies": {"never": "1"}},
    "node_modules/weak": {"version": "1.0.0"},
    "packages/lib": {"name": "lib", "version": "0.1.0", "dependencies": {"b": "^3.0.0"}},
    "packages/lib/node_modules/b": {"version": "3.0.0", "resolved": "https://host.example/b-3.0.0.tgz"}
  },
  "dependencies": {"legacy": {"version": "9.9.9"}}
}
"#;

#[test]
fn npm_finds_packages_as_node_does() {
    let manifest = "{\n\"dependencies\": {\n\"a\": \"^1.0.0\"},\n\"devDependencies\": {\"d\": \"^1.0.0\"},\n\"workspaces\": [\"packages/*\"]}";
    let parsed = read(
        &PACKAGE_LOCK,
        &[
            ("w/package-lock.json", NPM),
            ("w/package.json", manifest),
            ("w/packages/lib/package.json", "{\n\"name\": \"lib\", \"dependencies\": {\"b\": \"^3.0.0\"}}"),
            ("w/other/package.json", "{}"),
        ],
    );
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            "a@1.0.1 registry(https://registry.example) direct [runtime] 9:36 by w/package.json:3",
            "app@1.0.0 workspace member [runtime] 4:37",
            "b@1.5.0 registry transitive [runtime] 11:51",
            "b@2.0.0 git(ssh://git@host.example/b.git#0a1b2c3d) transitive [dev] 14:36",
            "b@3.0.0 url(https://host.example/b-3.0.0.tgz) direct [runtime] 22:49 by w/packages/lib/package.json:2",
            "c@1.0.0 unknown transitive [runtime] 12:51",
            "d@1.0.0 registry direct [dev] 15:36 by w/package.json:4",
            "lib@0.1.0 workspace member [runtime] 21:49",
            "local@0.0.1 path(libs/local) direct [runtime] 8:32",
            "p@1.0.0 registry direct [peer dev] 19:36",
            "real@2.0.0 registry(https://registry.example) direct [runtime] 13:56",
            "weak@1.0.0 registry transitive [dev] 20:39",
        ]
    );
    assert!(edges(&parsed).contains(&"app@1.0.0 > real@2.0.0 runtime npm:real@^2.0.0".to_owned()));
    let scripts: Vec<_> = parsed.graph.packages.iter().map(|package| package.install_script).collect();
    assert_eq!(scripts[..3], [Some(true), None, Some(false)]);
    assert_eq!(parsed.graph.packages[0].integrity.as_deref(), Some("sha512-x"));
    let companions: Vec<&str> = parsed.companions.iter().map(AsRef::as_ref).collect();
    assert_eq!(companions, ["w/package.json", "w/packages/lib/package.json"]);
}

#[test]
fn npm_version_1_nests_and_flags() {
    let lock = r#"{"name": "app", "version": "1.0.0", "lockfileVersion": 1, "requires": true, "dependencies": {
      "a": {"version": "1.0.0", "requires": {"b": "^1.0.0"}, "dependencies": {
        "b": {"version": "1.5.0", "resolved": "https://registry.example/b/-/b-1.5.0.tgz", "requires": {"c": "1"}}}},
      "alias": {"version": "npm:real@2.0.0"},
      "b": {"version": "2.0.0", "dev": true},
      "c": {"version": "1.0.0", "optional": true, "requires": {"absent": "1"}},
      "g": {"version": "github:o/r#0a1b2c3d", "from": "github:o/r"},
      "member": {"version": "file:packages/member", "requires": {"b": "^2.0.0"}},
      "t": {"version": "https://host.example/t.tgz"}
    }}"#;
    let alone = read(&PACKAGE_LOCK, &[("package-lock.json", lock)]);
    assert_eq!(
        packages(&alone),
        [
            "a@1.0.0 registry unknown [runtime] 2:25",
            "app@1.0.0 workspace member [] 1:29",
            "b@1.5.0 registry(https://registry.example) unknown [runtime] 3:27",
            "b@2.0.0 registry unknown [dev] 5:25",
            "c@1.0.0 registry unknown [optional] 6:25",
            "g@? git(https://github.com/o/r#0a1b2c3d) unknown [runtime]",
            "member@? path(packages/member) unknown [runtime]",
            "real@2.0.0 registry unknown [runtime] 4:38",
            "t@? url(https://host.example/t.tgz) unknown [runtime]",
        ]
    );
    let manifest = r#"{"name": "app", "workspaces": ["packages/*"], "dependencies": {"a": "1"}}"#;
    let member = r#"{"name": "member", "version": "0.5.0", "devDependencies": {"b": "^2.0.0"}}"#;
    let files = [("package-lock.json", lock), ("package.json", manifest), ("packages/member/package.json", member)];
    let parsed = read(&PACKAGE_LOCK, &files);
    let found = packages(&parsed);
    assert_eq!(found[0], "a@1.0.0 registry direct [runtime] 2:25 by package.json:1");
    assert_eq!(found[3], "b@2.0.0 registry direct [dev] 5:25 by packages/member/package.json:1");
    assert_eq!(found[4], "c@1.0.0 registry transitive [optional] 6:25");
    assert_eq!(found[6], "member@0.5.0 workspace member [] 1:32");
    assert_eq!(edges(&parsed)[0], "a@1.0.0 > b@1.5.0 runtime ^1.0.0");
}

#[test]
fn npm_says_what_is_wrong() {
    let lock = concat!(
        "{\"lockfileVersion\": 9, \"packages\": {\n\"node_modules/a\": {\"version\": 1},\n\"node_modules/b\": [],\n",
        "\"node_modules/c\": {\"version\": \"1.0.0\", \"dependencies\": {\n\"gone\": \"1\"}},\n",
        "\"node_modules/d\": {\"version\": \"1\\u002e0.0\"}}}"
    );
    let parsed = read(&PACKAGE_LOCK, &[("package-lock.json", lock)]);
    let said = said(&parsed);
    let lines: Vec<&str> = said.iter().map(|said| said.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["Error 1", "Error 3", "Error 2", "Error 5"]);
    assert_eq!(packages(&parsed).len(), 2);
    assert!(packages(&parsed)[1].ends_with("[]"), "escapes have no place");
    for broken in ["[]", "1", "{\"packages\": 1}"] {
        assert!(read(&PACKAGE_LOCK, &[("package-lock.json", broken)]).has_errors(), "{broken}");
    }
    let deep = format!("{{\"packages\": {{\"{}\": {{}}}}}}", "a/".repeat(5000));
    assert!(read(&PACKAGE_LOCK, &[("package-lock.json", &deep)]).has_errors());
    assert!(!read(&PACKAGE_LOCK, &[("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}")]).has_errors());
}

const YARN: &str = r#"# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@~1.0.0":
  version "1.0.1"
  resolved "https://registry.example/@s/a/-/a-1.0.1.tgz#0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
  dependencies:
    b "^1.0.0"
    forced "^1.0.0"
  optionalDependencies:
    "c" "*"

"alias@npm:real@^2.0.0":
  version "2.0.0"
  resolved "https://registry.example/real/-/real-2.0.0.tgz"
  integrity sha512-x

b@^1.0.0, b@1.x:
  version "1.2.0"

c@*, "c@1 || 2":
  version "1.0.0"
  resolved "https://codeload.github.com/o/c/tar.gz/0a1b2c3d"

forced@9.0.0:
  version "9.0.0"

"local@file:./local":
  version "0.0.0"
"#;

#[test]
fn yarn_1_is_connected_by_descriptors() {
    let alone = read(&YARN_LOCK, &[("yarn.lock", YARN)]);
    assert_eq!(said(&alone), [""; 0]);
    assert_eq!(
        packages(&alone),
        [
            "@s/a@1.0.1 registry(https://registry.example) unknown [] 5:12",
            "b@1.2.0 registry unknown [] 19:12",
            "c@1.0.0 git(https://github.com/o/c#0a1b2c3d) unknown [] 22:12",
            "forced@9.0.0 registry unknown [] 26:12",
            "local@0.0.0 path(./local) unknown [] 29:12",
            "real@2.0.0 registry(https://registry.example) unknown [] 14:12",
        ]
    );
    assert_eq!(alone.graph.packages[0].integrity.as_deref(), Some("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"));
    let manifest = r#"{"workspaces": {"packages": ["packages/*", "!packages/no"]},
"dependencies": {"alias": "npm:real@^2.0.0"}, "resolutions": {"**/forced": "9.0.0"}}"#;
    let member =
        r#"{"name": "m", "version": "0.1.0", "devDependencies": {"@s/a": "~1.0.0"}, "dependencies": {"lost": "1"}}"#;
    let parsed = read(
        &YARN_LOCK,
        &[
            ("yarn.lock", YARN),
            ("package.json", manifest),
            ("packages/m/package.json", member),
            ("packages/no/package.json", member),
        ],
    );
    let found = packages(&parsed);
    assert_eq!(found[0], ".@? workspace member [runtime]");
    assert_eq!(
        found[1],
        "@s/a@1.0.1 registry(https://registry.example) direct [dev] 5:12 by packages/m/package.json:1"
    );
    assert_eq!(found[3], "c@1.0.0 git(https://github.com/o/c#0a1b2c3d) transitive [dev] 22:12");
    assert_eq!(found[6], "m@0.1.0 workspace member [runtime] 1:27");
    assert_eq!(said(&parsed), [""; 0]);
    let drift: Vec<_> = parsed.graph.roots[0].drift.iter().map(|drift| (&*drift.name, &drift.kind)).collect();
    assert_eq!(drift, [("lost", &DriftKind::Missing)]);
    assert_eq!(parsed.companions.len(), 2);
}

#[test]
fn yarn_1_says_what_is_wrong() {
    let text = "<<<<<<< ours\na@1:\n  version \"1.0.0\"\n  dependencies:\n    gone \"1\"\n\"b@1:\n  version \"1\"\nc@1:\n  resolved \"x\"\n     odd \"x\"\n";
    let parsed = read(&YARN_LOCK, &[("yarn.lock", text)]);
    let said = said(&parsed);
    let lines: Vec<&str> = said.iter().map(|said| said.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["Error 1", "Error 6", "Error 7", "Error 10", "Error 8", "Error 5"]);
    assert_eq!(packages(&parsed), ["a@1.0.0 registry unknown [] 3:12"]);
    assert!(packages(&read(&YARN_LOCK, &[("yarn.lock", "")])).is_empty());
}

const BERRY: &str = r#"__metadata:
  version: 8
  cacheKey: 10c0

"a@npm:^1.0.0, a@npm:~1.0.0":
  version: 1.0.1
  resolution: "a@npm:1.0.1"
  dependencies:
    alias: "npm:real@^2.0.0"
    b: "npm:^1.0.0"
  dependenciesMeta:
    b:
      optional: true
  checksum: 10c0/0a1b
  languageName: node
  linkType: hard

"alias@npm:real@^2.0.0":
  version: 2.0.0
  resolution: "real@npm:2.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Freal%2F-%2Freal-2.0.0.tgz"
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:^1.0.0"
    g: "o/g#commit=0a1b2c3d"
    m: "workspace:*"
    t: "npm:^5"
  languageName: unknown
  linkType: soft

"b@npm:^1.0.0":
  version: 1.0.0
  resolution: "b@virtual:0a1b#npm:1.0.0"
  languageName: node
  linkType: hard

"g@o/g#commit=0a1b2c3d":
  version: 3.0.0
  resolution: "g@https://github.com/o/g.git#commit=0a1b2c3d"
  languageName: node
  linkType: hard

"m@workspace:*, m@workspace:packages/m":
  version: 0.0.0-use.local
  resolution: "m@workspace:packages/m"
  dependencies:
    p: "portal:../p"
  languageName: unknown
  linkType: soft

"p@portal:../p::locator=m%40workspace%3Apackages%2Fm":
  version: 0.0.0-use.local
  resolution: "p@portal:../p::locator=m%40workspace%3Apackages%2Fm"
  languageName: node
  linkType: soft

"t@patch:t@npm%3A^5#optional!builtin<compat/t>":
  version: 5.0.0
  resolution: "t@patch:t@npm%3A5.0.0#optional!builtin<compat/t>::version=5.0.0&hash=0a1b"
  languageName: node
  linkType: hard
"#;

#[test]
fn berry_knows_its_projects() {
    let manifest = r#"{"name": "app", "version": "1.0.0",
"dependencies": {"a": "^1.0.0"}, "devDependencies": {"t": "^5", "g": "o/g"}}"#;
    let member = r#"{"name": "m", "dependencies": {"p": "portal:../p"}}"#;
    let files = [("yarn.lock", BERRY), ("package.json", manifest), ("packages/m/package.json", member)];
    let parsed = read(&YARN_LOCK, &files);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            "a@1.0.1 registry direct [runtime] 6:12 by package.json:2",
            "app@1.0.0 workspace member [runtime] 1:29",
            "b@1.0.0 registry transitive [optional] 36:12",
            "g@3.0.0 git(https://github.com/o/g.git#0a1b2c3d) direct [dev] 42:12 by package.json:2",
            "m@? workspace member [runtime]",
            "p@0.0.0-use.local path(../p) direct [runtime] 56:12 by packages/m/package.json:1",
            "real@2.0.0 registry(https://registry.example) transitive [runtime] 19:12",
            "t@5.0.0 registry direct [dev] 62:12 by package.json:2",
        ]
    );
    assert_eq!(parsed.graph.packages[0].integrity.as_deref(), Some("10c0/0a1b"));
    let parsed = read(&YARN_LOCK, &[("yarn.lock", BERRY), ("package.json", manifest)]);
    assert!(packages(&parsed).contains(&"p@0.0.0-use.local path(../p) direct [] 56:12".to_owned()));
    let broken = read(&YARN_LOCK, &[("yarn.lock", "__metadata:\n  version: 8\n\n\"a@npm:1\":\n  version: 1.0.0\n")]);
    assert_eq!(broken.diagnostics[0].line, Some(4));
}

const PNPM: &str = r#"---
lockfileVersion: '9.0'
importers:
  .:
    configDependencies:
      conf:
        specifier: 1.0.0
        version: 1.0.0
packages:
  conf@1.0.0:
    resolution: {integrity: sha512-c}
snapshots:
  conf@1.0.0: {}
---
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(p@1.0.0)
      alias:
        specifier: npm:real@^2.0.0
        version: real@2.0.0
      m:
        specifier: workspace:*
        version: link:packages/m
    devDependencies:
      out:
        specifier: link:../out
        version: link:../out

  packages/m:
    devDependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(p@2.0.0)
      g:
        specifier: o/g
        version: https://codeload.github.com/o/g/tar.gz/0a1b2c3d
    optionalDependencies:
      local:
        specifier: file:../../local
        version: file:local

packages:

  a@1.0.0:
    resolution: {integrity: sha512-a}
    peerDependencies:
      p: '*'

  g@https://codeload.github.com/o/g/tar.gz/0a1b2c3d:
    resolution: {tarball: https://codeload.github.com/o/g/tar.gz/0a1b2c3d}
    version: 3.0.0

  local@file:local:
    resolution: {directory: local, type: directory}

  p@1.0.0:
    resolution: {integrity: sha512-p, tarball: https://registry.example/download/p/1.0.0/0a1b}

  p@2.0.0:
    resolution: {integrity: sha512-q}

  real@2.0.0:
    resolution: {integrity: sha512-r}

snapshots:

  a@1.0.0(p@1.0.0):
    dependencies:
      p: 1.0.0

  a@1.0.0(p@2.0.0):
    dependencies:
      p: 2.0.0

  g@https://codeload.github.com/o/g/tar.gz/0a1b2c3d: {}

  local@file:local: {}

  p@1.0.0: {}

  p@2.0.0: {}

  real@2.0.0: {}
"#;

#[test]
fn pnpm_9_has_instances_and_documents() {
    let member = "{\"name\": \"m\", \"version\": \"0.2.0\",\n\"devDependencies\": {\"g\": \"o/g\"}}";
    let parsed = read(&PNPM_LOCK, &[("pnpm-lock.yaml", PNPM), ("packages/m/package.json", member)]);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            ".@? workspace member [runtime]",
            "a@1.0.0 registry direct [runtime dev] 50:5",
            "conf@1.0.0 registry direct [build] 10:8",
            "g@3.0.0 git(https://github.com/o/g#0a1b2c3d) direct [dev] 57:14 by packages/m/package.json:2",
            "local@? path(local) direct [optional]",
            "m@0.2.0 workspace member [runtime] 1:27",
            "out@? path(../out) direct [dev]",
            "p@1.0.0 registry(https://registry.example) transitive [peer] 62:5",
            "p@2.0.0 registry transitive [dev] 65:5",
            "real@2.0.0 registry direct [runtime] 68:8",
        ]
    );
    assert!(edges(&parsed).contains(&".@? > m@0.2.0 runtime workspace:*".to_owned()));
    assert_eq!(edges(&parsed).iter().filter(|edge| edge.starts_with("a@1.0.0")).count(), 2);
}

#[test]
fn pnpm_5_and_6_write_keys_otherwise() {
    let five = concat!(
        "lockfileVersion: 5.4\nspecifiers:\n  '@s/3d': ^1.0.0\n  alias: npm:real@2\n  g: o/g\n  other: '1'\ndependencies:\n",
        "  '@s/3d': 1.0.0_p@1.0.0+@x+y@2.0.0\n  alias: /real/2.0.0\n  g: github.com/o/g/0a1b2c3d\n",
        "  other: registry.example/other/1.0.0\n\npackages:\n\n",
        "  /@s/3d/1.0.0_p@1.0.0+@x+y@2.0.0:\n    resolution: {integrity: sha512-a}\n    requiresBuild: true\n    dependencies:\n      p: 1.0.0\n    dev: false\n\n",
        "  /p/1.0.0:\n    resolution: {integrity: sha512-p}\n    dev: false\n\n",
        "  /real/2.0.0/p@1.0.0:\n    resolution: {integrity: sha512-s}\n\n",
        "  /real/2.0.0:\n    resolution: {integrity: sha512-r}\n    dev: false\n\n",
        "  github.com/o/g/0a1b2c3d:\n    resolution: {tarball: https://codeload.github.com/o/g/tar.gz/0a1b2c3d}\n    name: g\n    version: 3.0.0\n\n",
        "  registry.example/other/1.0.0:\n    resolution: {integrity: sha512-o}\n",
    );
    let parsed = read(&PNPM_LOCK, &[("web/pnpm-lock.yaml", five)]);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            ".@? workspace member [runtime]",
            "@s/3d@1.0.0 registry direct [runtime] 15:10",
            "g@3.0.0 git(https://github.com/o/g#0a1b2c3d) direct [runtime] 36:14",
            "other@1.0.0 registry(https://registry.example) direct [runtime] 38:26",
            "p@1.0.0 registry transitive [runtime] 22:6",
            "real@2.0.0 registry direct [runtime] 26:9 29:9",
        ]
    );
    assert_eq!(parsed.graph.packages[1].install_script, Some(true));
    assert!(edges(&parsed).contains(&".@? > @s/3d@1.0.0 runtime ^1.0.0".to_owned()));
    let six = concat!(
        "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0(p@1.0.0)\npackages:\n",
        "  /a@1.0.0(p@1.0.0):\n    resolution: {integrity: sha512-a}\n    dependencies:\n      p: 1.0.0\n",
        "  ? /p@1.0.0\n  : resolution: {integrity: sha512-p}\n    dev: false\n",
    );
    let parsed = read(&PNPM_LOCK, &[("pnpm-lock.yaml", six)]);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed)[1..],
        ["a@1.0.0 registry direct [runtime] 7:6", "p@1.0.0 registry transitive [runtime] 11:8"]
    );
}

#[test]
fn pnpm_says_what_is_wrong() {
    let text = concat!(
        "lockfileVersion: '99.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: '1'\n        version: 1.0.0\n",
        "      b:\n        version: [1]\npackages:\n  c@1.0.0: *c\n    resolution: {integrity: x}\n  d@1.0.0: 1\n",
    );
    let parsed = read(&PNPM_LOCK, &[("pnpm-lock.yaml", text)]);
    let said = said(&parsed);
    let lines: Vec<&str> = said.iter().map(|said| said.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["Error 11", "Error 1", "Error 11", "Error 13", "Error 13", "Error 7", "Error 8"]);
    assert_eq!(packages(&parsed), [".@? workspace member [runtime]", "c@1.0.0 registry transitive [] 11:5"]);
}

const BUN: &str = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": {"name": "app", "dependencies": {"a": "1", "alias": "npm:real@2", "m": "workspace:*",},
      "devDependencies": {"d": "1"}},
    "packages/m": {"name": "@s/m", "version": "0.1.0", "dependencies": {"b": "2"}},
  },
  // what was resolved
  "packages": {
    "@s/m": ["@s/m@workspace:packages/m"],
    "@s/m/b": ["b@2.0.0", "https://registry.example/b/-/b-2.0.0.tgz", {}, "sha512-b"],
    "a": ["a@1.0.0", "", { "dependencies": { "b": "1" }, "peerDependencies": { "w": "1" }, "optionalPeers": ["w"] }, "sha512-a"],
    "alias": ["real@2.0.0", "", {}, "sha512-r"],
    "b": ["b@1.0.0", "", {}, "sha512-c"],
    "d": ["d@github:o/d#0a1b2c3", { "dependencies": { "f": "*", "w": "1" } }, "o-d-0a1b2c3"],
    "f": ["f@libs/f", {}],
    "m": ["@s/m@workspace:packages/m"],
    "w": ["w@1.0.0", "", {}, "sha512-w"],
  }
}
"#;

#[test]
fn bun_nests_by_key() {
    let parsed = read(&BUN_LOCK, &[("bun.lock", BUN), ("package.json", "{\n\"dependencies\": {\"a\": \"1\"}}")]);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            "@s/m@0.1.0 workspace member [runtime] 6:48",
            "a@1.0.0 registry direct [runtime] 12:14 by package.json:2",
            "app@? workspace member [runtime]",
            "b@1.0.0 registry transitive [runtime] 14:14",
            "b@2.0.0 registry(https://registry.example) direct [runtime] 11:19",
            "d@? git(https://github.com/o/d#0a1b2c3) direct [dev]",
            "f@? path(libs/f) transitive [dev]",
            "real@2.0.0 registry direct [runtime] 13:21",
            "w@1.0.0 registry transitive [dev] 18:14",
        ]
    );
    assert!(edges(&parsed).contains(&"app@? > @s/m@0.1.0 runtime workspace:*".to_owned()));
    let broken =
        "{\"lockfileVersion\": 1, \"packages\": {\n\"a\": [1],\n\"b\": {},\n\"c\": [\"c@1.0.0\", \"\", {}, \"\"]}}";
    let parsed = read(&BUN_LOCK, &[("bun.lock", broken)]);
    assert_eq!(parsed.diagnostics.iter().map(|said| said.line).collect::<Vec<_>>(), [Some(2), Some(3)]);
    assert_eq!(packages(&parsed).len(), 1);
}

#[test]
fn a_manifest_alone_gives_requirements() {
    let text = r#"{"name": "app",
  "dependencies": {"a": "1.2.3", "b": "^1", "c": "npm:real@2.0.0", "n": 1},
  "devDependencies": {"d": "v1.0.0"},
  "peerDependencies": {"e": "*"}, "peerDependenciesMeta": {"e": {"optional": true}}
}"#;
    let parsed = read(&PACKAGE_JSON, &[("app/package.json", text)]);
    assert_eq!(
        packages(&parsed),
        [
            "a@1.2.3 registry direct [runtime] 2:26 by app/package.json:2",
            "app@? workspace member [runtime]",
            "b@? registry direct [runtime] asks ^1 by app/package.json:2",
            "d@1.0.0 registry direct [dev] 3:30 by app/package.json:3",
            "e@? registry direct [peer] asks * by app/package.json:4",
            "real@2.0.0 registry direct [runtime] 2:60 by app/package.json:2",
        ]
    );
    assert_eq!(said(&parsed), ["Error 2: what `n` in `dependencies` asks for is no text; it was not read"]);
    assert!(packages(&read(&PACKAGE_JSON, &[("package.json", "{\"name\": \"x\"}")])).is_empty());
}

#[test]
fn no_cut_loses_what_comes_before_it() {
    check_cuts(
        &PACKAGE_LOCK,
        "package-lock.json",
        NPM,
        &[("a@1.0.1", "\"c\"]},"), ("real@2.0.0", "real-2.0.0.tgz\"},")],
    );
    check_cuts(&YARN_LOCK, "yarn.lock", YARN, &[("@s/a@1.0.1", "\"c\" \"*\"\n"), ("b@1.2.0", "\"1.2.0\"\n")]);
    check_cuts(&YARN_LOCK, "yarn.lock", BERRY, &[("a@1.0.1", "linkType: hard\n"), ("b@1.0.0", "#npm:1.0.0\"\n")]);
    check_cuts(&PNPM_LOCK, "pnpm-lock.yaml", PNPM, &[("conf@1.0.0", "conf@1.0.0: {}\n"), ("a@1.0.0", "sha512-a}\n")]);
    check_cuts(&BUN_LOCK, "bun.lock", BUN, &[("a@1.0.0", "\"sha512-a\"],"), ("b@2.0.0", "\"sha512-b\"],")]);
    check_cuts(
        &PACKAGE_JSON,
        "package.json",
        "{\"dependencies\": {\"a\": \"1.0.0\", \"b\": \"2.0.0\"}}",
        &[("a@1.0.0", "1.0.0\",")],
    );
}

#[test]
fn a_cut_is_never_taken_for_the_end() {
    for (parser, name, text) in
        [(&PACKAGE_LOCK, "package-lock.json", NPM), (&BUN_LOCK, "bun.lock", BUN), (&PNPM_LOCK, "pnpm-lock.yaml", PNPM)]
    {
        let first = if name.ends_with(".yaml") { text.find("importers:\n\n").unwrap() + 80 } else { 0 };
        for cut in first..text.trim_end().len() {
            let parsed = read(parser, &[(name, &text[..cut])]);
            assert!(!parsed.diagnostics.is_empty(), "{}", &text[..cut]);
        }
    }
}

#[test]
fn no_garbage_makes_them_panic() {
    check_garbage(&PACKAGE_LOCK, "package-lock.json", NPM);
    check_garbage(&YARN_LOCK, "yarn.lock", YARN);
    check_garbage(&YARN_LOCK, "yarn.lock", BERRY);
    check_garbage(&PNPM_LOCK, "pnpm-lock.yaml", PNPM);
    check_garbage(&BUN_LOCK, "bun.lock", BUN);
    check_garbage(&PACKAGE_JSON, "package.json", "{\"dependencies\": {\"a\": \"1.0.0\"}, \"workspaces\": [\"a/*\"]}");
}

#[test]
fn fixtures_of_the_real_tools() {
    let counts =
        |case, packages, edges, direct, dev, companions| Counts { case, packages, edges, direct, dev, companions };
    check_fixtures(
        &PACKAGE_LOCK,
        &[
            counts("shrinkwrap", 112, 135, 4, 35, 1),
            counts("v1", 434, 834, 23, 157, 3),
            counts("v2", 434, 843, 23, 157, 3),
            counts("v3", 434, 843, 23, 157, 3),
        ],
    );
    check_fixtures(&YARN_LOCK, &[counts("berry", 307, 649, 21, 193, 3), counts("v1", 287, 626, 21, 193, 3)]);
    check_fixtures(
        &PNPM_LOCK,
        &[
            counts("v5", 284, 622, 21, 188, 3),
            counts("v5.3", 284, 622, 21, 188, 3),
            counts("v6", 284, 622, 21, 188, 3),
            counts("v9", 284, 622, 21, 188, 3),
            counts("v9-two-documents", 285, 624, 22, 186, 3),
        ],
    );
    check_fixtures(&BUN_LOCK, &[counts("workspaces", 281, 615, 21, 187, 3)]);
    check_fixtures(&PACKAGE_JSON, &[counts("library", 10, 9, 9, 2, 0)]);
}
