//! Tests over the parsers of NuGet.

use proptest::prelude::*;

use super::{Asked, deps_json, directory_props, dotnet_project, packages_config, packages_lock, project_assets};
use crate::ecosystem::fixture::{Tree, edges, said, survives, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};
use crate::ecosystem::{PARSERS, Parsed, Parser};

const ALL: [&Parser; 6] = [
    &packages_lock::PARSER,
    &project_assets::PARSER,
    &deps_json::PARSER,
    &packages_config::PARSER,
    &dotnet_project::PARSER,
    &directory_props::PARSER,
];

fn read(folder: &str, path: &str) -> Parsed {
    let mut tree = Tree::fixture(folder);
    let parsed = tree.parse(path);
    tree.check(&parsed);
    parsed
}

/// The place of a package's version, and of what asks for it.
fn places(parsed: &Parsed, name: &str) -> (Vec<String>, Vec<String>) {
    let root = &parsed.graph.roots[0];
    let usage = root.uses.iter().find(|usage| parsed.graph.package(usage.package).id.name == name).unwrap();
    let show = |places: &[crate::model::Location]| {
        places.iter().map(|place| format!("{}:{}:{}", place.path, place.line, place.column)).collect()
    };
    (show(&usage.locations), show(&usage.declared))
}

#[test]
fn every_parser_has_its_row_and_fixtures() {
    for parser in ALL {
        assert!(PARSERS.iter().any(|row| row.id == parser.id), "{}", parser.id);
        assert!(!Tree::fixture(parser.id).paths.is_empty());
    }
}

#[test]
fn a_lockfile_with_its_project() {
    let parsed = read("packages-lock/v1", "packages.lock.json");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "acme.lib workspace direct runtime",
            "*app workspace transitive runtime",
            "newtonsoft.json 12.0.1 registry transitive runtime",
            "newtonsoft.json.bson 1.0.2 registry direct runtime",
            "runtime.linux-x64.microsoft.netcore.dotnethost 2.1.0 registry transitive runtime",
            "sharpziplib 1.3.2 registry transitive runtime",
            "stylecop.analyzers 1.1.118 registry direct dev",
            "system.text.encodings.web 4.5.0 registry direct runtime",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "acme.lib -> sharpziplib 1.3.2 runtime",
            "app -> acme.lib runtime",
            "app -> newtonsoft.json.bson 1.0.2 runtime",
            "app -> stylecop.analyzers 1.1.118 dev",
            "app -> system.text.encodings.web 4.5.0 runtime",
            "newtonsoft.json.bson 1.0.2 -> newtonsoft.json 12.0.1 runtime",
            "system.text.encodings.web 4.5.0 -> runtime.linux-x64.microsoft.netcore.dotnethost 2.1.0 runtime",
        ]
    );
    let (versions, declared) = places(&parsed, "system.text.encodings.web");
    assert_eq!(versions, ["packages.lock.json:23:22", "packages.lock.json:52:22"]);
    assert_eq!(declared, ["App.csproj:8:32"]);
    assert_eq!(parsed.companions, ["App.csproj".into()]);
}

#[test]
fn a_lockfile_alone_does_not_say_what_packages_are_for() {
    let parsed = read("packages-lock/v2-central", "packages.lock.json");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "*? workspace transitive runtime",
            "log4net 2.0.10 registry direct",
            "log4net 2.0.8 registry direct",
            "system.net.http 4.3.4 registry transitive",
        ]
    );
}

#[test]
fn what_a_restore_chose() {
    let parsed = read("project-assets/v3", "obj/project.assets.json");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "acme.lib 1.2.0 workspace direct runtime",
            "*app workspace transitive runtime",
            "microsoft.data.sqlclient 2.0.0 registry direct runtime",
            "microsoft.identity.client 4.14.0 registry transitive runtime",
            "stylecop.analyzers 1.1.118 registry direct dev",
            "system.drawing.common 4.7.0 registry transitive runtime",
        ]
    );
    assert_eq!(
        uses(&read("project-assets/absent", "obj/project.assets.json")),
        ["microsoft.netcore.platforms 1.1.0 registry", "netstandard.library 2.0.3 registry"]
    );
}

#[test]
fn what_a_program_takes_with_it() {
    let parsed = read("deps-json/app", "App.deps.json");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "acme.lib 1.0.0 workspace direct runtime",
            "*app 1.0.0 workspace transitive runtime",
            "microsoft.netcore.app.runtime.linux-x64 6.0.1 registry direct runtime",
            "newtonsoft.json 12.0.3 registry transitive runtime",
            "old.native 2.0.0.0 path transitive runtime",
            "serilog 2.10.0 registry transitive runtime",
            "serilog.sinks.file 5.0.0 registry direct runtime",
        ]
    );
    assert_eq!(
        uses(&read("deps-json/absent", "Lib.deps.json")),
        ["microsoft.netcore.platforms 1.1.0 unknown runtime", "netstandard.library 2.0.3 unknown runtime"]
    );
}

#[test]
fn packages_config() {
    let parsed = read("packages-config/usual", "packages.config");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "bootstrap 3.0.0 registry runtime",
            "jquery 1.10.2 registry runtime",
            "newtonsoft.json 9.0.1 registry runtime",
            "nunit 2.6.4 registry dev",
        ]
    );
    let mut tree =
        Tree::of(&[("packages.config", "<packages>\n<package id='a'/>\n<package id='b' version='x'/>\n</packages>")]);
    assert_eq!(
        said(&tree.parse("packages.config")),
        [
            "Error 2: the entry `a` is not understood; it was left out",
            "Error 3: the entry `b x` is not understood; it was left out",
        ]
    );
    let mut tree = Tree::of(&[("packages.config", "<configuration/>")]);
    assert_eq!(tree.parse("packages.config").diagnostics.len(), 1);
}

#[test]
fn a_project_with_central_versions() {
    let parsed = read("dotnet-project/central", "src/App/App.csproj");
    assert_eq!(
        said(&parsed),
        [
            "Warning 15: `Left.Open` has no version here. No advisory can be matched with what has no version; restore with a \
          lockfile (`RestorePackagesWithLockFile`), which has all of them"
        ]
    );
    assert_eq!(
        uses(&parsed),
        [
            "acme.lib workspace direct runtime",
            "*app workspace runtime",
            "dotnet-ef 2.1.0 registry direct dev",
            "left.open registry direct runtime",
            "microsoft.build.centralpackageversions 2.0.79 registry direct build",
            "newtonsoft.json 12.0.3 registry direct runtime",
            "nlog (4.*) registry direct runtime",
            "npgsql 5.0.0 registry direct runtime",
            "nuget.commandline 5.8.0 registry direct build",
            "system.text.json 6.0.0 registry direct runtime",
            "xunit 2.4.1 registry direct dev",
        ]
    );
    let at = |name| places(&parsed, name);
    assert_eq!(at("newtonsoft.json").0, ["Directory.Packages.props:7:56"]);
    assert_eq!(at("newtonsoft.json").1, ["src/App/App.csproj:7:32"]);
    assert_eq!(at("system.text.json").0, ["eng/Versions.props:3:28"]);
    assert_eq!(at("xunit").0, ["Directory.Build.props:3:19"]);
    assert_eq!(at("npgsql").0, ["src/App/App.csproj:9:58"]);
}

#[test]
fn conditions_leave_every_version_that_may_be() {
    let parsed = read("dotnet-project/central", "src/Lib/Acme.Lib.fsproj");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "*acme.lib workspace runtime",
            "fsharp.core 5.0.0 registry direct runtime",
            "npgsql 4.1.0 registry direct runtime",
            "npgsql 6.0.0 registry direct runtime",
        ]
    );
    assert_eq!(
        uses(&read("dotnet-project/old-style", "Old.vbproj")),
        ["entityframework 6.1.3 registry direct runtime", "*old workspace runtime"]
    );
    assert_eq!(uses(&read("dotnet-project/absent", "Bare.csproj")), ["*bare workspace runtime"]);
}

#[test]
fn versions_for_projects_stand_with_the_projects() {
    assert_eq!(
        uses(&read("dotnet-project/central", "Directory.Packages.props")),
        ["nerdbank.gitversioning 3.5.109 registry direct dev"]
    );
    assert_eq!(
        uses(&read("directory-props/alone", "Directory.Packages.props")),
        [
            "microsoft.aspnetcore.http 2.1.0 registry",
            "nerdbank.gitversioning 3.5.109 registry direct dev",
            "serilog 2.10.0 registry",
        ]
    );
    assert_eq!(
        uses(&read("directory-props/alone", "Directory.Build.props")),
        ["sonaranalyzer.csharp 8.0.0.9566 registry direct dev"]
    );
}

#[test]
fn properties_may_not_run_away() {
    let version = |properties: &str, version: &str| {
        let text = format!(
            "<Project><PropertyGroup>{properties}</PropertyGroup><ItemGroup><PackageReference Include='x' Version='{version}'/>\
             </ItemGroup></Project>"
        );
        let mut tree = Tree::of(&[("a.csproj", &text)]);
        let parsed = tree.parse("a.csproj");
        tree.check(&parsed);
        uses(&parsed)[1].clone()
    };
    assert_eq!(version("<V>1.2</V>", "$(v)"), "x 1.2 registry direct runtime");
    assert_eq!(version("<V>1.2</V><V>1.3</V>", "$(v)"), "x 1.3 registry direct runtime");
    assert_eq!(version("<V>1.2</V>", "$(V).1"), "x 1.2.1 registry direct runtime");
    assert_eq!(version("<V>1.2</V><V Condition=\"'$(X)'==''\">1.3</V>", "$(v)"), "x registry direct runtime");
    assert_eq!(version("<V>$(V)$(V)</V>", "$(V)"), "x registry direct runtime");
    assert_eq!(version("", "$(V"), "x registry direct runtime");
    assert_eq!(version("", "[1,2)"), "x ([1,2)) registry direct runtime");
}

#[test]
fn what_a_version_asks_for() {
    assert_eq!(Asked::of(" 1.0.0-beta.1 "), Some(Asked::Exact("1.0.0-beta.1")));
    assert_eq!(Asked::of("[1.0]"), Some(Asked::Exact("1.0")));
    for range in ["(1.0,)", "[1.0,2.0]", "1.*", "*", "1.0.0-*"] {
        assert_eq!(Asked::of(range), Some(Asked::Range(range)));
    }
    assert_eq!(Asked::of("latest"), None);
}

#[test]
fn what_comes_before_a_cut_is_kept() {
    let lock = r#"{"version": 1, "dependencies": {"net6.0": {"A": {"type": "Direct", "resolved": "1.0"}, "B": {"type": "Transitive", "resolved": "2.0"}}}}"#;
    check_cuts(&packages_lock::PARSER, "packages.lock.json", lock, &[("a@1.0", "\"1.0\"}"), ("b@2.0", "\"2.0\"}")]);
    check_garbage(&packages_lock::PARSER, "packages.lock.json", lock);
    let deps = r#"{"targets": {"n": {"A/1.0": {"dependencies": {"B": "2.0"}}, "B/2.0": {}}}, "libraries": {"A/1.0": {"type": "package"}}}"#;
    check_cuts(&deps_json::PARSER, "a.deps.json", deps, &[("a@1.0", "\"2.0\"}}"), ("b@2.0", "\"B/2.0\": {}")]);
    check_garbage(&deps_json::PARSER, "a.deps.json", deps);
    check_garbage(&project_assets::PARSER, "obj/project.assets.json", deps);
    let config = "<packages>\n<package id='a' version='1.0'/>\n<package id='b' version='2.0'/>\n</packages>";
    check_cuts(&packages_config::PARSER, "packages.config", config, &[("a@1.0", "'1.0'/>"), ("b@2.0", "'2.0'/>")]);
    check_garbage(&packages_config::PARSER, "packages.config", config);
    let project = "<Project><ItemGroup>\n<PackageReference Include='a' Version='[1.0]'/>\n<PackageReference Include='b'><Version>2.0</Version></PackageReference>\n</ItemGroup></Project>";
    check_cuts(
        &dotnet_project::PARSER,
        "x.csproj",
        project,
        &[("a@1.0", "'[1.0]'/>"), ("b@2.0", "</PackageReference>")],
    );
    check_garbage(&dotnet_project::PARSER, "x.csproj", project);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for parser in ALL {
            survives(parser, &parser.names[0].replace('*', "x"), &bytes);
        }
    }
}
