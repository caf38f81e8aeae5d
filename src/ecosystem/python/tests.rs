//! Tests over all parsers of Python.

use proptest::prelude::*;

use crate::ecosystem::fixture::{Tree, counts, edges, said, survives, uses};
use crate::ecosystem::{PARSERS, Parser};
use crate::model::{DependencyKind, DriftKind, Ecosystem};

fn all() -> impl Iterator<Item = &'static Parser> {
    PARSERS.iter().copied().filter(|parser| parser.ecosystem == Ecosystem::PyPi)
}

#[test]
fn every_parser_has_fixtures() {
    assert_eq!(all().count(), 9);
    for parser in all() {
        assert!(!Tree::fixture(parser.id).paths.is_empty(), "{}", parser.id);
    }
}

/// The numbers were compared with an independent reading of the same files.
#[test]
fn fixtures() {
    let expected = [
        ("poetry-lock", "v1/poetry.lock", [70, 82, 14, 34]),
        ("poetry-lock", "v1.4/poetry.lock", [70, 82, 14, 34]),
        ("poetry-lock", "v1.8/poetry.lock", [70, 82, 14, 34]),
        ("poetry-lock", "v2/poetry.lock", [75, 96, 14, 39]),
        ("uv-lock", "workspace/uv.lock", [65, 80, 16, 21]),
        ("pipfile-lock", "basic/Pipfile.lock", [71, 0, 13, 30]),
        ("pdm-lock", "groups/pdm.lock", [66, 95, 10, 23]),
        ("pylock", "uv-export/pylock.toml", [65, 0, 0, 0]),
        ("requirements", "handmade/requirements.txt", [28, 0, 28, 2]),
        ("requirements", "handmade/requirements-crlf-bom.txt", [2, 0, 2, 0]),
        ("requirements", "pip-compile/requirements.txt", [72, 88, 10, 0]),
        ("requirements", "uv-compile/requirements.txt", [76, 93, 12, 0]),
        ("pyproject", "pep621/pyproject.toml", [8, 0, 8, 2]),
        ("pyproject", "poetry/pyproject.toml", [6, 0, 6, 1]),
        ("pipfile", "alone/Pipfile", [5, 0, 5, 1]),
    ];
    for (folder, path, numbers) in expected {
        let mut tree = Tree::fixture(folder);
        let parsed = tree.parse(path);
        tree.check(&parsed);
        assert!(!parsed.has_errors(), "{folder}/{path}: {:?}", said(&parsed));
        assert_eq!(counts(&parsed), numbers, "{folder}/{path}");
    }
}

#[test]
fn files_that_include_each_other() {
    let mut tree = Tree::fixture("requirements");
    let parsed = tree.parse("loop/requirements.txt");
    tree.check(&parsed);
    assert_eq!(counts(&parsed), [2, 0, 2, 0]);
    assert!(parsed.has_errors(), "one of the files names one that is not there");
}

const POETRY: &str = r#"
[[package]]
name = "Requests"
version = "2.31.0"
optional = false
groups = ["main"]
files = [{file = "requests.whl", hash = "sha256:aa"}]

[package.dependencies]
urllib3 = ">=1.21"
PySocks = {version = ">=1.5", optional = true, markers = "extra == \"socks\""}

[package.extras]
socks = ["PySocks (>=1.5)"]

[[package]]
name = "urllib3"
version = "1.26.4"
groups = ["main", "dev"]

[[package]]
name = "pysocks"
version = "1.7.1"
optional = true
groups = ["main"]

[[package]]
name = "pytest"
version = "7.0.0"
groups = ["dev"]

[package.source]
type = "git"
url = "https://host.example/pytest.git"
reference = "main"
resolved_reference = "0123456789abcdef0123456789abcdef01234567"

[metadata]
lock-version = "2.1"
"#;

const POETRY_MANIFEST: &str = "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\nrequests = '^2'\nlost = '*'\n\
                               [tool.poetry.group.dev.dependencies]\npytest = '*'\n";

#[test]
fn poetry_with_groups() {
    let mut tree = Tree::of(&[("a/poetry.lock", POETRY), ("a/pyproject.toml", POETRY_MANIFEST)]);
    let parsed = tree.parse("a/poetry.lock");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "*app workspace transitive runtime",
            "pysocks 1.7.1 registry transitive optional",
            "pytest 7.0.0 git direct dev",
            "requests 2.31.0 registry direct runtime",
            "urllib3 1.26.4 registry transitive runtime+dev",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "app -> pytest 7.0.0 dev",
            "app -> requests 2.31.0 runtime",
            "requests 2.31.0 -> pysocks 1.7.1 optional",
            "requests 2.31.0 -> urllib3 1.26.4 runtime",
        ]
    );
    assert_eq!(said(&parsed), [""; 0]);
    let drift: Vec<_> = parsed.graph.roots[0].drift.iter().map(|drift| (&*drift.name, &drift.kind)).collect();
    assert_eq!(drift, [("lost", &DriftKind::Missing)]);
    let git = parsed.graph.packages[2].id.source.url.as_deref();
    assert_eq!(git, Some("https://host.example/pytest.git#0123456789abcdef0123456789abcdef01234567"));
    assert_eq!(parsed.graph.packages[3].integrity.as_deref(), Some("sha256:aa"));
    assert_eq!(&*parsed.companions[0], "a/pyproject.toml");
}

#[test]
fn poetry_without_groups_follows_only_extras_that_are_asked_for() {
    let plain: Vec<&str> = POETRY.lines().filter(|line| !line.starts_with("groups")).collect();
    let plain = plain.join("\n");
    let mut tree = Tree::of(&[("poetry.lock", &plain), ("pyproject.toml", POETRY_MANIFEST)]);
    let parsed = tree.parse("poetry.lock");
    assert_eq!(uses(&parsed)[1], "pysocks 1.7.1 registry transitive");
    assert_eq!(uses(&parsed)[4], "urllib3 1.26.4 registry transitive runtime");
    let manifest = POETRY_MANIFEST.replace("'^2'", "{version = '^2', extras = ['SOCKS']}");
    let mut tree = Tree::of(&[("poetry.lock", &plain), ("pyproject.toml", &manifest)]);
    assert_eq!(uses(&tree.parse("poetry.lock"))[1], "pysocks 1.7.1 registry transitive runtime");
    let mut tree = Tree::of(&[("poetry.lock", &plain)]);
    assert_eq!(uses(&tree.parse("poetry.lock"))[2], "requests 2.31.0 registry", "without a manifest nothing is known");
}

#[test]
fn poetry_of_old() {
    let text = "[[package]]\ncategory = 'dev'\nname = 'a'\nversion = '1'\n[[package]]\ncategory = 'main'\nname = 'a'\nversion = '1.0'\n\
                [package.source]\ntype = 'legacy'\nurl = 'https://u:p@registry.example/simple'\n\
                [metadata.files]\na = [{file = 'a-1.0.tar.gz', hash = 'sha256:10'}, {file = 'a-1-py3-none-any.whl', hash = 'sha256:1'}]\n";
    let mut tree = Tree::of(&[("poetry.lock", text)]);
    let parsed = tree.parse("poetry.lock");
    tree.check(&parsed);
    assert_eq!(uses(&parsed), ["a 1 registry dev", "a 1.0 registry runtime"]);
    let hashes: Vec<_> = parsed.graph.packages.iter().filter_map(|package| package.integrity.as_deref()).collect();
    assert_eq!(hashes, ["sha256:1", "sha256:10"]);
    assert_eq!(parsed.graph.packages[1].id.source.url.as_deref(), Some("https://registry.example/simple"));
}

#[test]
fn broken_entries_are_lost_alone() {
    let text = "[[package]]\nname = 'a'\nversion = '1'\n[[package]]\nname = 2\nversion = '1'\n[[package]]\nname = 'b'\nversion = 3\n\
                [[package]]\nversion = '1'\n[[package]]\nname = 'c'\nversion = '1'\n";
    for (path, text) in [
        ("poetry.lock", text.to_owned()),
        ("pdm.lock", text.to_owned()),
        ("pylock.toml", text.replace("[[package]]", "[[packages]]")),
        (
            "uv.lock",
            text.replace("version = '1'", "version = '1'\nsource = {registry = 'https://registry.example/public'}"),
        ),
    ] {
        let mut tree = Tree::of(&[(path, &text)]);
        let parsed = tree.parse(path);
        tree.check(&parsed);
        let names: Vec<_> = parsed.graph.packages.iter().map(|package| package.id.name.as_str()).collect();
        assert_eq!(names, ["a", "c"], "{path}");
        assert_eq!(parsed.diagnostics.len(), 3, "{path}: {:?}", said(&parsed));
        assert!(parsed.diagnostics.iter().all(|diagnostic| diagnostic.line.is_some()));
    }
}

#[test]
fn what_is_no_lockfile_is_said() {
    for parser in all().filter(|parser| !parser.empty_is_valid) {
        let text = if parser.id == "pipfile-lock" { "[]" } else { "a = 1" };
        let mut tree = Tree::of(&[(parser.names[0], text)]);
        assert!(tree.parse(parser.names[0]).has_errors(), "{}", parser.id);
    }
}

#[test]
fn newer_formats_are_said() {
    let texts = [
        ("poetry.lock", "package = []\n[metadata]\nlock-version = '3.0'\n"),
        ("pdm.lock", "[metadata]\nlock_version = '5.0.1'\n"),
        ("pylock.toml", "lock-version = '2.0'\npackages = []\n"),
        ("uv.lock", "version = 2\npackage = []\n"),
        ("Pipfile.lock", "{\"_meta\": {\"pipfile-spec\": 7}}"),
    ];
    for (path, text) in texts {
        let said = said(&Tree::of(&[(path, text)]).parse(path));
        assert!(said.len() == 1 && said[0].contains("newer"), "{path}: {said:?}");
        for (new, old) in [("'3.", "'2."), ("'5.", "'4."), ("'2.0'\np", "'1.0'\np"), ("= 2", "= 1"), ("7}", "6}")] {
            let known = text.replace(new, old);
            if known != text {
                assert!(!Tree::of(&[(path, &known)]).parse(path).has_errors(), "{path}");
            }
        }
    }
}

#[test]
fn messages_keep_no_credentials() {
    let text = "--extra-index-url https://u:secret@registry.example\n-r https://u:secret@host.example/r.txt\n-e https://u:secret@host.example/x\n";
    let said = said(&Tree::of(&[("requirements.txt", text)]).parse("requirements.txt"));
    assert!(said.len() == 3 && said.iter().all(|line| !line.contains("secret")), "{said:?}");
    let text = "[project]\ndependencies = ['a b @ https://u:secret@host.example/x']\n";
    let said = self::said(&Tree::of(&[("pyproject.toml", text)]).parse("pyproject.toml"));
    assert!(said.len() == 1 && !said[0].contains("secret"), "{said:?}");
}

const UV: &str = r#"
version = 1

[manifest]
members = ["app", "lib"]

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "lib", extra = ["fast"] }, { name = "httpx" }]

[package.optional-dependencies]
web = [{ name = "flask" }]

[package.dev-dependencies]
dev = [{ name = "httpx", extra = ["socks"] }, { name = "pytest" }]

[package.metadata]
requires-dist = [{ name = "httpx", specifier = ">=0.20" }]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=7" }]

[[package]]
name = "lib"
source = { virtual = "packages/lib" }

[package.optional-dependencies]
fast = [{ name = "numpy", version = "2.0.0", source = { registry = "https://registry.example/simple" } }]

[[package]]
name = "httpx"
version = "0.27.0"
source = { registry = "https://registry.example/public" }
sdist = { url = "https://host.example/httpx.tar.gz", hash = "sha256:aa", size = 1 }

[package.optional-dependencies]
socks = [{ name = "socksio" }]

[[package]]
name = "socksio"
version = "1.0.0"
source = { git = "https://host.example/socksio?rev=main#0123456789abcdef0123456789abcdef01234567" }

[[package]]
name = "flask"
version = "3.0.0"
source = { directory = "../flask" }

[[package]]
name = "pytest"
version = "8.0.0"
source = { url = "https://host.example/pytest.whl" }
wheels = [{ url = "https://host.example/pytest.whl", hash = "sha256:bb" }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://registry.example/simple" }

[[package]]
name = "numpy"
version = "2.0.0"
source = { registry = "https://registry.example/simple" }
"#;

#[test]
fn uv_workspaces_extras_and_groups() {
    let lib = "[project]\nname = 'lib'\n[project.optional-dependencies]\nfast = ['numpy']\n";
    let mut tree = Tree::of(&[("x/uv.lock", UV), ("x/packages/lib/pyproject.toml", lib)]);
    let parsed = tree.parse("x/uv.lock");
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "*app 0.1.0 workspace transitive runtime",
            "flask 3.0.0 path direct optional",
            "httpx 0.27.0 registry direct runtime+dev",
            "*lib workspace transitive runtime",
            "numpy 1.26.4 registry transitive",
            "numpy 2.0.0 registry direct runtime+optional",
            "pytest 8.0.0 url direct dev",
            "socksio 1.0.0 git transitive dev",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "app 0.1.0 -> flask 3.0.0 optional",
            "app 0.1.0 -> httpx 0.27.0 runtime",
            "app 0.1.0 -> httpx 0.27.0 dev",
            "app 0.1.0 -> lib runtime",
            "app 0.1.0 -> pytest 8.0.0 dev",
            "httpx 0.27.0 -> socksio 1.0.0 optional",
            "lib -> numpy 2.0.0 optional",
        ]
    );
    let requirements: Vec<_> =
        parsed.graph.roots[0].dependencies.iter().filter_map(|edge| edge.requirement.as_deref()).collect();
    assert_eq!(requirements, [">=0.20", ">=7"]);
    assert_eq!(parsed.companions.len(), 1);
    assert_eq!(&*parsed.graph.roots[0].uses[5].declared[0].path, "x/packages/lib/pyproject.toml");
}

#[test]
fn uv_says_what_it_lacks() {
    let text = UV
        .replace("{ name = \"flask\" }", "{ name = \"gone\" }, {}")
        .replace("dev = [{ name = \"httpx\"", "dev = 1\nx = [{ name = \"httpx\"");
    let mut tree = Tree::of(&[("uv.lock", &text)]);
    let parsed = tree.parse("uv.lock");
    assert_eq!(parsed.graph.packages.len(), 8);
    assert_eq!(parsed.diagnostics.iter().map(|d| d.line).collect::<Vec<_>>(), [14, 14, 17].map(Some));
}

const PIPFILE_LOCK: &str = r#"{
    "_meta": {"sources": [{"name": "corp", "url": "https://registry.example/simple"}, {"name": "pypi", "url": "https://registry.example/public"}]},
    "default": {
        "Flask_Thing": {"hashes": ["sha256:aa", "sha256:bb"], "index": "pypi", "version": "==1.0"},
        "both": {"version": "===2.0"},
        "repo": {"git": "https://host.example/repo.git", "ref": "0123456789abcdef0123456789abcdef01234567"},
        "local": {"path": "./local", "editable": true},
        "archive": {"file": "https://host.example/archive.zip"},
        "other-system": {"version": "*"},
        "broken": {"version": 1}
    },
    "develop": {"both": {"version": "===2.0"}, "tool": {"version": "==3.0"}},
    "docs": {"sphinx": {"version": "==4.0"}}
}"#;

#[test]
fn pipenv_categories_and_sources() {
    let pipfile = "[packages]\nflask-thing = '*'\n[dev-packages]\nBoth = '*'\n";
    let mut tree = Tree::of(&[("Pipfile.lock", PIPFILE_LOCK), ("Pipfile", pipfile)]);
    let parsed = tree.parse("Pipfile.lock");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "archive url transitive runtime",
            "both 2.0 registry direct runtime+dev",
            "flask-thing 1.0 registry direct runtime",
            "local path transitive runtime",
            "other-system (*) registry transitive runtime",
            "repo git transitive runtime",
            "sphinx 4.0 registry transitive optional",
            "tool 3.0 registry transitive dev",
        ]
    );
    assert_eq!(parsed.graph.roots[0].uses[1].locations.len(), 2);
    assert_eq!(parsed.graph.packages[1].id.source.url.as_deref(), Some("https://registry.example/simple"));
    assert_eq!(parsed.graph.packages[2].id.source.url.as_deref(), Some("https://registry.example/public"));
    assert_eq!(said(&parsed), ["Error 10: `broken` has a version that is no text; it was left out"]);
}

#[test]
fn pdm_groups_and_extras() {
    let text = "[metadata]\ngroups = ['default']\n\
        [[package]]\nname = 'requests'\nversion = '2.0'\ngroups = ['default']\ndependencies = ['urllib3>=1']\nfiles = [{file = 'x', hash = 'sha256:aa'}]\n\
        [[package]]\nname = 'requests'\nversion = '2.0'\nextras = ['socks']\ngroups = ['web']\ndependencies = ['PySocks>=1', 'requests==2.0']\n\
        [[package]]\nname = 'pysocks'\nversion = '1.7'\ngroups = ['web']\n\
        [[package]]\nname = 'urllib3'\nversion = '1.26'\ngroups = ['default', 'test']\n\
        [[package]]\nname = 'sub'\nversion = '0.1'\ngroups = ['test']\npath = './sub'\n";
    let manifest = "[project]\nname = 'app'\ndependencies = ['requests']\n[project.optional-dependencies]\nWeb = ['requests[socks]']\n[dependency-groups]\ntest = ['sub']\n";
    let mut tree = Tree::of(&[("pdm.lock", text), ("pyproject.toml", manifest)]);
    let parsed = tree.parse("pdm.lock");
    tree.check(&parsed);
    let expected = [
        "*app workspace transitive runtime",
        "pysocks 1.7 registry transitive optional",
        "requests 2.0 registry direct runtime+optional",
        "sub 0.1 path direct dev",
        "urllib3 1.26 registry transitive runtime+dev",
    ];
    assert_eq!(uses(&parsed), expected);
    assert!(edges(&parsed).contains(&"requests 2.0 -> pysocks 1.7 optional".to_owned()));
    let older: Vec<&str> = text.lines().filter(|line| !line.starts_with("groups")).collect();
    let mut tree = Tree::of(&[("pdm.lock", &older.join("\n")), ("pyproject.toml", manifest)]);
    let mut expected = expected.map(str::to_owned);
    expected[4] = "urllib3 1.26 registry transitive runtime+optional".to_owned();
    assert_eq!(uses(&tree.parse("pdm.lock")), expected, "told from who needs whom");
}

#[test]
fn pylock_sources_and_edges() {
    let text = "lock-version = '1.0'\n\
        [[packages]]\nname = 'app'\ndirectory = {path = '.', editable = true}\ndependencies = [{name = 'a', version = '2.0'}]\n\
        [[packages]]\nname = 'a'\nversion = '1.0'\nindex = 'https://registry.example/public'\nwheels = [{name = 'a.whl', hashes = {sha512 = 'bb', sha256 = 'aa'}}]\n\
        [[packages]]\nname = 'a'\nversion = '2.0'\nindex = 'https://registry.example/simple'\n\
        [[packages]]\nname = 'b'\nvcs = {type = 'git', url = 'https://host.example/b.git', commit-id = '0123456789abcdef0123456789abcdef01234567'}\n\
        [[packages]]\nname = 'c'\narchive = {url = 'https://host.example/c.zip', hashes = {sha256 = 'cc'}}\n";
    let mut tree = Tree::of(&[("pylock.dev.toml", text)]);
    let parsed = tree.parse("pylock.dev.toml");
    tree.check(&parsed);
    assert_eq!(uses(&parsed), ["a 1.0 registry", "a 2.0 registry", "*app workspace runtime", "b git", "c url"]);
    assert_eq!(edges(&parsed), ["app -> a 2.0 runtime"]);
    assert_eq!(parsed.graph.packages[0].integrity.as_deref(), Some("sha256:aa"));
}

#[test]
fn a_bound_is_no_version() {
    let text = "a==1.0\nb===1.0.post1 ; python_version < '3'\nc>=1\nd<=2\ne~=1.0\nf\ng==1.*\nh[x]==1.0 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n";
    let mut tree = Tree::of(&[("requirements.txt", text)]);
    let parsed = tree.parse("requirements.txt");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "a 1.0 registry direct runtime",
            "b 1.0.post1 registry direct runtime",
            "c (>=1) registry direct runtime",
            "d (<=2) registry direct runtime",
            "e (~=1.0) registry direct runtime",
            "f registry direct runtime",
            "g (==1.*) registry direct runtime",
            "h 1.0 registry direct runtime",
        ]
    );
    assert_eq!(parsed.graph.packages[7].integrity.as_deref(), Some("sha256:aa"));
    assert_eq!(said(&parsed), Vec::<String>::new());
}

#[test]
fn includes_and_constraints() {
    let mut tree = Tree::of(&[
        ("x/requirements-dev.txt", "-r requirements.txt\n-c limits/all.txt\npytest\nurllib3>=1\n"),
        ("x/requirements.txt", "-i https://u:p@registry.example/simple\nrequests\nurllib3==1.26.4\n"),
        ("x/limits/all.txt", "requests==2.31.0\nurllib3==2.0.0\nunused==1.0\n-r more.txt\n"),
        ("x/limits/more.txt", "pytest==8.0.0\n"),
    ]);
    let parsed = tree.parse("x/requirements-dev.txt");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "pytest 8.0.0 registry direct dev",
            "requests 2.31.0 registry direct runtime",
            "urllib3 1.26.4 registry direct runtime",
            "urllib3 2.0.0 (>=1) registry direct dev",
        ]
    );
    let place = &parsed.graph.roots[0].uses[1];
    assert_eq!((&*place.locations[0].path, place.locations[0].line), ("x/limits/all.txt", 1));
    assert_eq!((&*place.declared[0].path, place.declared[0].line), ("x/requirements.txt", 2));
    assert!(
        parsed.graph.packages.iter().all(|p| p.id.source.url.as_deref() == Some("https://registry.example/simple"))
    );
    assert_eq!(parsed.companions.len(), 3);
}

#[test]
fn includes_stay_inside_and_end() {
    let mut tree = Tree::of(&[
        (
            "requirements.txt",
            "-r ../up.txt\n-r /etc/passwd\n-r https://host.example/r.txt\n-r requirements.txt\n-r b/requirements.txt\n-r gone.txt\n",
        ),
        ("b/requirements.txt", "-r ../requirements.txt\na==1\n"),
    ]);
    let parsed = tree.parse("requirements.txt");
    assert_eq!(uses(&parsed), ["a 1 registry direct runtime"]);
    assert_eq!(parsed.diagnostics.iter().map(|d| d.line).collect::<Vec<_>>(), [1, 2, 3, 6].map(Some));
    assert_eq!(
        parsed.companions.iter().map(|path| &**path).collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "b stands before it"
    );
    let parsed = tree.parse("b/requirements.txt");
    assert_eq!(parsed.companions.iter().map(|path| &**path).collect::<Vec<_>>(), ["requirements.txt"]);
}

#[test]
fn a_long_chain_of_includes_is_cut() {
    let names: Vec<String> = (0..100).map(|number| format!("requirements{number}.txt")).collect();
    let texts: Vec<String> = (1..=100).map(|number| format!("-r requirements{number}.txt\np{number}==1\n")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let parsed = Tree::of(&files).parse("requirements0.txt");
    assert_eq!((parsed.graph.packages.len(), parsed.diagnostics.len()), (33, 1));
}

#[test]
fn comments_of_compilers_tell_the_graph() {
    let text = "flask==2.0\n    # via\n    #   -r requirements.in\n    #   thing\nthing==1.0 ; os_name == 'x'\n    # via my-app (pyproject.toml)\n\
                jinja2==3.0 \\\n    --hash=sha256:aa\n    # via flask, gone-project\nmarkupsafe==2.1  # via jinja2\n\n# The end\n";
    let mut tree = Tree::of(&[("requirements.txt", text)]);
    let parsed = tree.parse("requirements.txt");
    tree.check(&parsed);
    assert_eq!(
        edges(&parsed),
        ["flask 2.0 -> jinja2 3.0 runtime", "jinja2 3.0 -> markupsafe 2.1 runtime", "thing 1.0 -> flask 2.0 runtime"]
    );
    assert_eq!(uses(&parsed)[1], "jinja2 3.0 registry direct runtime", "the project itself is not in the file");
    assert_eq!(uses(&parsed)[2], "markupsafe 2.1 registry transitive runtime");
    let text = text.replace("  # via jinja2", "");
    let parsed = Tree::of(&[("requirements.txt", &text)]).parse("requirements.txt");
    assert!(edges(&parsed).is_empty());
    assert!(uses(&parsed).iter().all(|line| line.contains("direct")));
}

#[test]
fn names_of_files_say_what_they_are_for() {
    let kind = |path: &str| {
        let parsed = Tree::of(&[(path, "a==1\n")]).parse(path);
        parsed.graph.roots[0].uses[0].kinds.iter().next().unwrap()
    };
    for path in ["requirements-dev.txt", "dev-requirements.txt", "requirements/tests.txt", "requirements_lint.txt"] {
        assert_eq!(kind(path), DependencyKind::Dev, "{path}");
    }
    for path in ["requirements.txt", "requirements/base.txt", "requirements-prod.txt", "devices-requirements.txt"] {
        assert_eq!(kind(path), DependencyKind::Runtime, "{path}");
    }
}

#[test]
fn text_that_is_no_requirements_file_is_bounded() {
    let text = "These are the requirements of the project: it must be fast.\n".repeat(1000);
    let parsed = Tree::of(&[("requirements.txt", &text)]).parse("requirements.txt");
    assert_eq!(parsed.diagnostics.len(), 21);
    assert!(parsed.diagnostics[20].message.contains("980"));
    let parsed = Tree::of(&[("requirements.txt", "")]).parse("requirements.txt");
    assert!(parsed.graph.packages.is_empty() && parsed.diagnostics.is_empty());
}

#[test]
fn a_manifest_alone_fixes_only_what_it_pins() {
    let mut tree = Tree::fixture("pyproject");
    assert_eq!(
        uses(&tree.parse("pep621/pyproject.toml")),
        [
            "django (~=4.2) registry direct optional",
            "*example-app 1.4.0 workspace transitive runtime",
            "hatchling (>=1.18) registry direct build",
            "internal-tool registry direct runtime",
            "pytest (>=7) registry direct dev",
            "requests (>=2.28,<3) registry direct runtime",
            "ruff 0.4.1 registry direct dev",
            "tomli registry direct runtime",
            "urllib3 1.26.4 registry direct runtime",
        ]
    );
    let mut tree = Tree::fixture("pipfile");
    assert_eq!(
        uses(&tree.parse("alone/Pipfile")),
        [
            "flask (>=2) registry direct runtime",
            "local path direct runtime",
            "pytest (*) registry direct dev",
            "requests 2.31.0 registry direct runtime",
            "sphinx (*) registry direct optional",
        ]
    );
    let parsed = Tree::of(&[("pyproject.toml", "[tool.black]\nline-length = 100\n")]).parse("pyproject.toml");
    assert!(parsed.graph.roots.is_empty() && parsed.diagnostics.is_empty());
}

#[test]
fn many_packages_of_one_name_stay_cheap() {
    let entry = |number: usize| {
        format!("[[package]]\nname = 'a'\nversion = '{number}'\n[package.dependencies]\na = '*'\nb = '*'\n")
    };
    let text: String = (0..3000).map(entry).collect();
    let parsed = Tree::of(&[("poetry.lock", &text)]).parse("poetry.lock");
    assert_eq!(parsed.graph.packages.len(), 3000);
    assert!(parsed.graph.roots[0].dependencies.len() <= 3000 * 64);
}

proptest! {
    #[test]
    fn nothing_makes_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for parser in all() {
            survives(parser, parser.names[0], &bytes);
        }
    }

    #[test]
    fn no_wrong_type_makes_a_parser_panic(which in 0_usize..4, from in 0_usize..2000, length in 0_usize..30, with in "[\\[\\]{}='\",a1 \n]{0,6}") {
        let texts = [("poetry.lock", POETRY), ("uv.lock", UV), ("Pipfile.lock", PIPFILE_LOCK), ("pyproject.toml", POETRY_MANIFEST)];
        let (path, text) = texts[which];
        let start = from.min(text.len());
        let end = (start + length).min(text.len());
        let text = format!("{}{with}{}", &text[..start], &text[end..]);
        Tree::of(&[(path, &text)]).parse(path);
    }

    #[test]
    fn no_line_makes_the_requirements_parser_panic(text in "(-r |-e |-c |--hash=|--index-url |[a-z]{1,3}|==|>=|1\\.0|\\[|\\]|@|;|#| via |\\\\\n|\n| |é|git\\+|://|/|\\.txt){0,40}") {
        let mut tree = Tree::of(&[("requirements.txt", &text)]);
        let parsed = tree.parse("requirements.txt");
        tree.check_places_are_lines(&parsed);
    }

    #[test]
    fn lines_before_a_cut_are_kept(cut in 0_usize..200) {
        let text = "# made by hand\na==1.0 \\\n    --hash=sha256:aa\nb>=2 ; os_name == 'x'\n-e ./é\nc[x]==3.0  # via a\n\nd==4\n";
        let cut = (0..=cut.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let parsed = Tree::of(&[("requirements.txt", &text[..cut])]).parse("requirements.txt");
        // A line that is continued is whole where the last of its lines is.
        let mut ends = text[..cut].rmatch_indices('\n').map(|(at, _)| &text[..at]);
        let whole = ends.find(|before| !before.ends_with('\\')).unwrap_or_default();
        let expected = whole.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())).count();
        prop_assert!(parsed.graph.packages.len() >= expected, "{:?}", uses(&parsed));
    }

    #[test]
    fn what_comes_before_a_cut_is_kept(cut in 0_usize..2000) {
        for (path, text, entry) in [("poetry.lock", POETRY, "\n[[package]]"), ("uv.lock", UV, "\n[[package]]"), ("Pipfile.lock", PIPFILE_LOCK, "==")] {
            let cut = cut.min(text.len());
            let text = &text[..cut];
            let mut tree = Tree::of(&[(path, text)]);
            let parsed = tree.parse(path);
            tree.check(&parsed);
            // Of TOML every entry but the last is whole; of Pipfile.lock every one with a closing brace behind it.
            let whole = match path {
                "Pipfile.lock" => text.rfind('}').map_or(0, |at| text[..at].matches(entry).count()),
                _ => text.matches(entry).count().saturating_sub(1),
            };
            let uses: usize = parsed.graph.roots.iter().map(|root| {
                let versions = root.uses.iter().map(|usage| if path == "Pipfile.lock" { usage.locations.len() } else { 1 });
                versions.sum::<usize>()
            }).sum();
            prop_assert!(uses >= whole, "{path}: {uses} of {whole} at {cut}: {:?}", said(&parsed));
        }
    }
}

#[test]
fn what_uv_is_asked_for_in_several_ways_has_no_requirement() {
    let lock = |asked: &str| {
        format!(
            r#"version = 1
requires-python = ">=3.9"

[[package]]
name = "app"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "idna" }}]

[package.metadata]
requires-dist = [{asked}]

[[package]]
name = "idna"
version = "3.6"
source = {{ registry = "https://registry.example/simple" }}
"#
        )
    };
    let requirement = |asked: &str| {
        let parsed = Tree::of(&[("uv.lock", &lock(asked))]).parse("uv.lock");
        parsed.graph.roots[0].dependencies[0].requirement.clone()
    };
    let old = r#"{ name = "idna", marker = "python_full_version < '3.10'", specifier = "<3.7" }"#;
    let new = r#"{ name = "idna", marker = "python_full_version >= '3.10'", specifier = ">=3" }"#;
    assert_eq!(requirement(new).as_deref(), Some(">=3"));
    assert_eq!(requirement(&format!("{new}, {new}")).as_deref(), Some(">=3"));
    assert_eq!(requirement(&format!("{new}, {old}")), None, "the lock does not say which one holds where");
    assert_eq!(requirement(&format!(r#"{old}, {{ name = "idna" }}"#)), None);
    assert_eq!(requirement(&format!("{new}, {old}, {new}")), None);
}
