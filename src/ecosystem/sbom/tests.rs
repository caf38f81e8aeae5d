use std::fmt::Write as _;

use super::{CYCLONEDX, SBOM, SPDX};
use crate::ecosystem::fixture::{Tree, edges, said, survives, uses};
use crate::ecosystem::syntax::probe;
use crate::ecosystem::{Parsed, Parser};

/// Reads a fixture, whose versions stand where the graph says.
fn fixture(folder: &str, file: &str) -> Parsed {
    let mut tree = Tree::fixture(folder);
    let parsed = tree.parse(file);
    tree.check(&parsed);
    parsed
}

/// Reads a text as a file of that name.
fn read(file: &str, text: &str) -> Parsed {
    let mut tree = Tree::of(&[(file, text)]);
    let parsed = tree.parse(file);
    tree.check(&parsed);
    parsed
}

/// A CycloneDX document with components and dependencies, as JSON.
fn cyclonedx(components: &str, dependencies: &str) -> String {
    format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {{"component": {{"bom-ref": "app", "name": "app"}}}},
        "components": [{components}], "dependencies": [{dependencies}]}}"#
    )
}

#[test]
fn cyclonedx_with_everything() {
    let parsed = fixture("cyclonedx/json-1.6", "app.cdx.json");
    assert_eq!(
        uses(&parsed),
        [
            "shop-tools 0.1.0 path",
            "golang.org/x/net v0.7.0 registry",
            "@babel/core 7.23.0 registry direct dev",
            "accepts 1.3.8 registry transitive runtime",
            "chalk 4.1.2 registry",
            "express 4.18.2 registry direct runtime",
            "fsevents 2.3.3 registry direct optional",
            "jest 29.7.0 registry direct dev",
            "left-pad 1.3.0 git",
            "*shop 2.0.0 workspace",
            "org.apache.logging.log4j:log4j-core 2.14.1 registry transitive",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "express 4.18.2 -> accepts 1.3.8 runtime",
            "jest 29.7.0 -> @babel/core 7.23.0 dev",
            "shop 2.0.0 -> @babel/core 7.23.0 dev",
            "shop 2.0.0 -> express 4.18.2 runtime",
            "shop 2.0.0 -> fsevents 2.3.3 optional",
            "shop 2.0.0 -> jest 29.7.0 dev",
        ]
    );
    assert_eq!(
        said(&parsed),
        [
            "Warning 33: not judged: 1 component is a package of a type that is not matched in bills of materials (alpm 1): \
             tzdata 2024a-1",
            "Warning 34: not judged: 1 component has no package URL: handmade 1 (1 with a CPE, by which nothing is \
             matched). Make the file with a tool that gives package URLs",
        ]
    );
    let hashes: Vec<_> = parsed.graph.packages.iter().filter_map(|package| package.integrity.as_deref()).collect();
    assert_eq!(hashes.len(), 1);
    assert!(hashes[0].starts_with("sha512:e7f8fcf2"), "the strongest one: {hashes:?}");
}

#[test]
fn cyclonedx_of_other_tools() {
    let parsed = fixture("cyclonedx/json-1.2", "bom.json");
    assert_eq!(uses(&parsed), ["requests 2.19.1 registry", "urllib3 1.23 registry"]);
    assert_eq!(edges(&parsed), ["requests 2.19.1 -> urllib3 1.23 runtime"], "by package URL, without references");
    assert_eq!(said(&parsed), [""; 0]);
    let parsed = fixture("cyclonedx/lockfile-nodes", "bom.json");
    assert_eq!(
        uses(&parsed),
        [
            "*Cargo.lock workspace",
            "libc 0.2.151 registry transitive",
            "time 0.1.43 registry direct",
            "minimist 1.2.5 registry direct",
            "*web/package-lock.json workspace",
        ]
    );
    assert_eq!(edges(&parsed).len(), 4);
    assert_eq!(said(&parsed), [""; 0]);
    let parsed = fixture("cyclonedx/bare", "bom.json");
    assert_eq!(
        uses(&parsed),
        [
            "left-pad registry",
            "rack 2.0.7 registry",
            "rails 5.2.3 registry",
            "symfony/console (vers:composer/>=5.0|<6.0) registry",
        ]
    );
}

#[test]
fn cyclonedx_in_xml() {
    let parsed = fixture("cyclonedx/xml-1.4", "bom.xml");
    assert_eq!(
        uses(&parsed),
        [
            "*com.acme:service 1.0.0 workspace",
            "com.google.guava:failureaccess 1.0.1 registry",
            "com.google.guava:guava 29.0-jre registry transitive runtime",
            "commons-io:commons-io 2.6 registry direct runtime",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "com.acme:service 1.0.0 -> commons-io:commons-io 2.6 runtime",
            "commons-io:commons-io 2.6 -> com.google.guava:guava 29.0-jre runtime",
        ]
    );
    assert_eq!(said(&parsed), [""; 0]);
    let hashes: Vec<_> = parsed.graph.packages.iter().filter_map(|package| package.integrity.as_deref()).collect();
    assert_eq!(hashes, ["sha256:f877d304660ac2a142f3865badfc971dec7ed73c747c7f8d5d2f5139ca736513"]);
}

#[test]
fn spdx_in_all_its_forms() {
    let parsed = fixture("spdx/json-2.3", "app.spdx.json");
    assert_eq!(
        uses(&parsed),
        [
            "debug 4.3.4 registry transitive dev",
            "lodash 4.17.20 registry direct",
            "mocha 10.2.0 registry direct dev",
            "*shop 2.0.0 workspace",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "mocha 10.2.0 -> debug 4.3.4 runtime",
            "shop 2.0.0 -> lodash 4.17.20 runtime",
            "shop 2.0.0 -> mocha 10.2.0 dev",
        ]
    );
    assert_eq!(said(&parsed).len(), 1, "zlib1g, of no release");
    let parsed = fixture("spdx/tag-value-2.2", "app.spdx");
    assert_eq!(
        uses(&parsed),
        [
            "jinja2 2.11.2 registry direct runtime",
            "markupsafe 1.1.1 registry transitive runtime",
            "*service 1.0.0 workspace",
        ]
    );
    assert_eq!(parsed.graph.packages[0].integrity.as_deref().map(|hash| &hash[..9]), Some("sha256:89"));
    assert_eq!(edges(&parsed).len(), 2);
    assert_eq!(said(&parsed).len(), 1, "openssl");
    let parsed = fixture("spdx/json-ld-3.0", "app.spdx.json");
    assert_eq!(
        uses(&parsed),
        [
            "*app 1.0.0 workspace",
            "cc 1.0.83 registry direct build",
            "libc 0.2.151 registry transitive runtime",
            "time 0.1.43 registry direct runtime",
        ]
    );
    assert_eq!(
        edges(&parsed),
        ["app 1.0.0 -> cc 1.0.83 build", "app 1.0.0 -> time 0.1.43 runtime", "time 0.1.43 -> libc 0.2.151 runtime",]
    );
    assert_eq!(said(&parsed), [""; 0]);
    let parsed = fixture("spdx/bare", "all.spdx.json");
    assert_eq!(uses(&parsed), ["django registry", "flask 0.12.2 registry"], "what a document lists is no project");
}

#[test]
fn names_that_say_no_format() {
    let parsed = fixture("sbom/cyclonedx", "sbom.json");
    assert_eq!(
        uses(&parsed),
        [
            "guzzlehttp/guzzle 6.5.5 registry direct runtime",
            "guzzlehttp/psr7 1.6.1 registry transitive runtime",
            "*php-app workspace",
        ]
    );
    let parsed = fixture("sbom/spdx-github", "web.sbom.json");
    assert_eq!(
        uses(&parsed),
        ["axios 0.21.0 registry direct", "*acme/web main workspace", "actions/checkout (4.*.*) registry direct"]
    );
    assert_eq!(said(&parsed), [""; 0]);
    for text in ["{}", "[]", "<project/>", "hello", "{\"bomFormat\": \"other\"}"] {
        let parsed = read("sbom.json", text);
        assert_eq!(said(&parsed).len(), 1, "{text}");
        assert!(said(&parsed)[0].contains("neither CycloneDX"), "{text}: {:?}", said(&parsed));
        assert!(parsed.has_errors());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let purl = |reference: &str, purl: &str| format!(r#"{{"bom-ref": "{reference}", "name": "n", "purl": "{purl}"}}"#);
    let of = |components: &[String], dependencies: &str| {
        said(&read("bom.json", &cyclonedx(&components.join(",\n"), dependencies)))
    };
    assert_eq!(
        of(
            &[purl("a", "npm/left-pad"), purl("b", "pkg:maven/x@1"), purl("c", "pkg:npm/%zz"), purl("d", "pkg:cargo")],
            ""
        ),
        [
            "Error 2: left out: 4 components have package URLs that cannot be read: `npm/left-pad`: it does not begin with \
          `pkg:`, `pkg:maven/x@1`: packages of the type \"maven\" have a namespace and a name, `pkg:npm/%zz`: \"%zz\" is \
          not percent-encoded UTF-8 and 1 more. The tool that made the file is at fault"
        ]
    );
    assert_eq!(
        of(&[purl("a", "pkg:npm/a@1"), purl("a", "pkg:npm/b@1")], r#"{"ref": "a", "dependsOn": ["a", "gone"]}"#),
        [
            "Warning 3: `a` is the reference of several components (1 such); links to it mean the last one",
            "Warning 3: a relationship names `gone`, which is not in this file (1 such); it was left out",
        ]
    );
    let newer = cyclonedx("", "").replace("1.6", "2.0");
    assert_eq!(
        said(&read("bom.json", &newer)),
        ["Error ?: version 2.0 of CycloneDX is not known; the file was read like 1.7, and packages may be missing"
            .replace('?', "-")]
    );
    let open = "SPDXVersion: SPDX-2.3\nPackageName: a\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\nPackageComment: <text>x\n";
    let parsed = read("a.spdx", open);
    assert_eq!(uses(&parsed), ["a 1 registry"]);
    assert!(said(&parsed)[0].starts_with("Error 4: a `<text>` is not closed"), "{:?}", said(&parsed));
}

#[test]
fn what_a_package_is_for_is_not_guessed() {
    let spdx = |relationships: &[(&str, &str, &str)]| {
        let mut text = "SPDXVersion: SPDX-2.3\n".to_owned();
        for name in ["app", "run", "test", "both", "below"] {
            let _ = write!(
                text,
                "PackageName: {name}\nSPDXID: {name}\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/{name}@1\n"
            );
        }
        text += "Relationship: SPDXRef-DOCUMENT DESCRIBES app\n";
        for (from, kind, to) in relationships {
            let _ = writeln!(text, "Relationship: {from} {kind} {to}");
        }
        uses(&read("a.spdx", &text))
    };
    assert_eq!(
        spdx(&[
            ("app", "DEPENDS_ON", "run"),
            ("test", "DEV_DEPENDENCY_OF", "app"),
            ("both", "DEV_DEPENDENCY_OF", "app"),
            ("run", "DEPENDS_ON", "both"),
            ("test", "DEPENDS_ON", "below"),
            ("below", "DEPENDS_ON", "test"),
        ]),
        [
            "*app 1 workspace",
            "below 1 registry transitive dev",
            "both 1 registry direct",
            "run 1 registry direct",
            "test 1 registry direct dev",
        ],
        "what something else needs as well may be needed when it runs"
    );
    // One package, twice: once for development, once for nobody knows what.
    let twice = r#"{"bom-ref": "a", "name": "a", "purl": "pkg:npm/a@1", "scope": "excluded"},
                   {"bom-ref": "b", "name": "a", "purl": "pkg:npm/a@1"}"#;
    assert_eq!(uses(&read("bom.json", &cyclonedx(twice, ""))), ["a 1 registry"]);
}

#[test]
fn places_are_those_of_the_version_or_of_its_package_url() {
    let text = "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [\n\
        {\"name\": \"a\", \"version\": \"go1.22.1\", \"purl\": \"pkg:golang/stdlib@1.22.1?x=y\"},\n\
        {\"name\": \"b\", \"purl\": \"pkg:npm/b@1.0.0%2Bx\"},\n\
        {\"name\": \"c\", \"version\": \"1.0\\u002Bx\", \"purl\": \"pkg:npm/c@1.0%2Bx\\u0026y\"}\n]}";
    let parsed = read("bom.json", text);
    let uses = &parsed.graph.roots[0].uses;
    let of = |name: &str| {
        let at = uses.iter().find(|usage| parsed.graph.package(usage.package).id.name == name).unwrap();
        let places = |places: &[crate::model::Location]| {
            places.iter().map(|place| (place.line, place.column, place.length)).collect::<Vec<_>>()
        };
        (places(&at.locations), places(&at.declared))
    };
    assert_eq!(of("stdlib"), (vec![(2, 65, 6)], vec![]));
    assert_eq!(of("b"), (vec![], vec![(3, 24, 19)]), "encoded it is not the version as written");
    assert_eq!(of("c"), (vec![], vec![(4, 11, 1)]), "what has escapes stands nowhere; its name does");
}

#[test]
fn hostile_documents_cost_little() {
    // Looking every place up would cost more than reading.
    let plain = |text: &str| Tree::of(&[("bom.json", text)]).parse("bom.json");
    let components = |count: usize| {
        let all = (0..count).map(|n| format!(r#"{{"bom-ref": "{n}", "name": "p{n}", "purl": "pkg:npm/p{n}@1"}}"#));
        all.collect::<Vec<_>>().join(",")
    };
    let ring = (0..50_000).map(|n| format!(r#"{{"ref": "{n}", "dependsOn": ["{}"]}}"#, (n + 1) % 50_000));
    let parsed = plain(&cyclonedx(&components(50_000), &ring.collect::<Vec<_>>().join(",")));
    assert_eq!(edges(&parsed).len(), 50_000);
    let all = (0..300).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    let clique = (0..300).map(|n| format!(r#"{{"ref": "{n}", "dependsOn": [{all}]}}"#));
    let parsed = plain(&cyclonedx(&components(300), &clique.collect::<Vec<_>>().join(",")));
    assert_eq!(edges(&parsed).len(), 300 * 299);
    let nested = format!("{}{}", r#"{"name": "n", "purl": "pkg:npm/n@1", "components": ["#.repeat(50), "]}".repeat(50));
    assert_eq!(uses(&plain(&cyclonedx(&nested, ""))), ["n 1 registry"]);
    let many = (0..100_000).map(|_| r#"{"bom-ref": "x", "name": "n"}"#).collect::<Vec<_>>().join(",");
    assert_eq!(said(&plain(&cyclonedx(&many, ""))).len(), 2);
}

const SMALL: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
{"name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0"},
{"name": "b", "version": "2.0.0", "purl": "pkg:npm/b@2.0.0"}
]}"#;
const SMALL_XML: &str = r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>
<component type="library"><name>a</name><version>1.0.0</version><purl>pkg:npm/a@1.0.0</purl></component>
<component type="library"><name>b</name><version>2.0.0</version><purl>pkg:npm/b@2.0.0</purl></component>
</components></bom>"#;
const SMALL_SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "packages": [
{"name": "a", "versionInfo": "1.0.0", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1.0.0"}]},
{"name": "b", "versionInfo": "2.0.0", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/b@2.0.0"}]}
]}"#;
const SMALL_GRAPH: &str = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
{"type": "software_Package", "spdxId": "a", "software_packageVersion": "1.0.0", "software_packageUrl": "pkg:npm/a@1.0.0"},
{"type": "software_Package", "spdxId": "b", "software_packageVersion": "2.0.0", "software_packageUrl": "pkg:npm/b@2.0.0"}
]}"#;
const SMALL_TAGS: &str = "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageVersion: 1.0.0\n\
    ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1.0.0\nPackageName: b\nPackageVersion: 2.0.0\n\
    ExternalRef: PACKAGE-MANAGER purl pkg:npm/b@2.0.0\n";

const ALL: [(&Parser, &str, &str, [&str; 2]); 5] = [
    (&CYCLONEDX, "bom.json", SMALL, ["a@1.0.0\"}", "b@2.0.0\"}"]),
    (&CYCLONEDX, "bom.xml", SMALL_XML, ["a@1.0.0</purl></component>", "b@2.0.0</purl></component>"]),
    (&SPDX, "a.spdx.json", SMALL_SPDX, ["a@1.0.0\"}]}", "b@2.0.0\"}]}"]),
    (&SPDX, "a.spdx.json", SMALL_GRAPH, ["a@1.0.0\"}", "b@2.0.0\"}"]),
    (&SPDX, "a.spdx", SMALL_TAGS, ["npm/a@1.0.0", "npm/b@2.0.0"]),
];

#[test]
fn a_cut_loses_only_what_comes_after() {
    for (parser, name, text, [a, b]) in ALL {
        probe::check_cuts(parser, name, text, &[("a@1.0.0", a), ("b@2.0.0", b)]);
    }
}

#[test]
fn no_bytes_are_fatal() {
    for (parser, name, text, _) in ALL {
        probe::check_garbage(parser, name, text);
    }
    for bytes in
        [&b"\xFE\xFF\0<\0b"[..], b"<bom><components><component>", b"{\"sbom\": {\"@context\": 1}}", b"\xEF\xBB\xBF"]
    {
        survives(&SBOM, "sbom.json", bytes);
    }
}
