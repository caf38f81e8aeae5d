//! Tests over the parsers of Maven and Gradle.

use proptest::prelude::*;

use super::{gradle_lockfile, pom, verification_metadata, version_catalog};
use crate::ecosystem::fixture::{Tree, edges, said, survives, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};
use crate::ecosystem::{PARSERS, Parsed, Parser};

const ALL: [&Parser; 4] =
    [&pom::PARSER, &gradle_lockfile::PARSER, &version_catalog::PARSER, &verification_metadata::PARSER];

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
fn a_module_with_all_that_it_may_have() {
    let parsed = read("pom/reactor", "app/pom.xml");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "com.google.guava:guava 31.1-jre registry direct runtime",
            "com.h2database:h2 1.4.199 registry direct runtime",
            "com.puppycrawl.tools:checkstyle 8.28 registry direct build",
            "commons-io:commons-io 2.6 registry direct runtime",
            "*example.acme:acme-app 2.4.0 workspace runtime",
            "example.acme:acme-lib 2.4.0 workspace direct runtime",
            "junit:junit 4.13.1 registry direct dev",
            "kr.motd.maven:os-maven-plugin 1.7.1 registry direct build",
            "org.apache.commons:commons-text 1.9 registry direct optional",
            "org.apache.maven.plugins:maven-checkstyle-plugin 3.3.1 registry direct build",
            "org.apache.maven.plugins:maven-compiler-plugin 3.12.1 registry direct build",
            "org.apache.maven.plugins:maven-javadoc-plugin 3.6.3 registry direct dev",
            "org.apache.maven.plugins:maven-surefire-plugin 3.2.5 registry direct build",
            "org.postgresql:postgresql 42.2.5 registry direct optional",
            "org.projectlombok:lombok 1.18.30 registry direct build",
            "org.yaml:snakeyaml ([1.26,2.0)) registry direct runtime",
        ]
    );
    // The version stands where it is written: in a property of the parent, in an imported POM, in brackets.
    let at = |name| places(&parsed, name);
    assert_eq!(at("com.google.guava:guava").0, ["pom.xml:15:20"]);
    assert_eq!(at("com.google.guava:guava").1, ["app/pom.xml:18:19"]);
    assert_eq!(at("commons-io:commons-io").0, ["bom/pom.xml:13:18"]);
    assert_eq!(at("org.apache.commons:commons-text").0, ["app/pom.xml:36:17"]);
    assert_eq!(at("org.postgresql:postgresql").0, ["app/pom.xml:83:27"]);
    assert!(
        edges(&parsed).contains(
            &"org.apache.maven.plugins:maven-checkstyle-plugin 3.3.1 -> com.puppycrawl.tools:checkstyle 8.28 runtime"
                .to_owned()
        )
    );
}

#[test]
fn a_module_makes_another_version_of_what_its_parent_asks_for() {
    let parsed = read("pom/reactor", "lib/pom.xml");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "com.fasterxml.jackson.core:jackson-databind 2.13.4 registry direct runtime",
            "*example.acme:acme-lib 2.4.0 workspace runtime",
            "example.local:driver 1.0 path direct peer",
            "javax.servlet:javax.servlet-api 4.0.1 registry direct peer",
            "org.slf4j:slf4j-api 1.7.30 registry direct runtime",
        ]
    );
    assert_eq!(places(&parsed, "org.slf4j:slf4j-api").0, ["lib/pom.xml:13:20"]);
    // It is put together, and stands nowhere as it is.
    let (version, asked) = places(&parsed, "com.fasterxml.jackson.core:jackson-databind");
    assert_eq!((version.len(), asked), (0, vec!["lib/pom.xml:18:19".to_owned()]));
    assert_eq!(
        uses(&read("pom/reactor", "pom.xml")),
        ["*example.acme:acme-parent 2.4.0 workspace runtime", "org.slf4j:slf4j-api 1.7.36 registry direct runtime"]
    );
}

#[test]
fn what_a_parent_elsewhere_says_is_not_guessed() {
    let parsed = read("pom/remote-parent", "pom.xml");
    assert_eq!(
        uses(&parsed)[..3],
        [
            "org.apache.groovy:groovy (${groovy.version}) registry direct runtime",
            "org.apache.logging.log4j:log4j-core 2.14.1 registry direct runtime",
            "*org.springframework.boot:shop 2.7.0 workspace runtime",
        ]
    );
    assert_eq!(
        said(&parsed),
        ["Warning 14: 2 dependencies and plugins have no version here, of which \
          `org.springframework.boot:spring-boot-starter-web` is the first; what the scanned tree does not hold may say it: \
          `org.springframework.boot:spring-boot-starter-parent 2.7.0`; no file of the tree sets `groovy.version`. No \
          advisory can be matched with what has no version; scan an SBOM that the build writes, which has all of them"]
    );
    let bare = read("pom/absent", "pom.xml");
    assert_eq!(uses(&bare), ["*?:bare workspace runtime", "commons-lang:commons-lang registry direct runtime"]);
}

#[test]
fn properties_may_not_run_away() {
    let pom = |properties: &str, version: &str| {
        let text = format!(
            "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><properties>{properties}</properties>\
             <dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>{version}</version></dependency>\
             </dependencies></project>"
        );
        let mut tree = Tree::of(&[("pom.xml", &text)]);
        let parsed = tree.parse("pom.xml");
        tree.check(&parsed);
        uses(&parsed)[1].clone()
    };
    assert_eq!(pom("<v>1.2</v>", "${v}"), "x:y 1.2 registry direct runtime");
    assert_eq!(pom("<v>1.2</v>", "${v}-${project.version}"), "x:y 1.2-1 registry direct runtime");
    assert_eq!(pom("<v>${w}</v><w>${v}</w>", "${v}"), "x:y (${v}) registry direct runtime");
    assert_eq!(pom("<v>${v}</v>", "${v}${v}"), "x:y (${v}${v}) registry direct runtime");
    assert_eq!(pom("", "${v"), "x:y (${v) registry direct runtime");
    assert_eq!(pom("", "LATEST"), "x:y (LATEST) registry direct runtime");
    let doubling: String = (0..30).map(|n| format!("<p{n}>${{p{0}}}${{p{0}}}</p{n}>", n + 1)).collect();
    assert_eq!(pom(&doubling, "${p0}"), "x:y (${p0}) registry direct runtime");
}

#[test]
fn a_plugin_that_a_profile_speaks_of_again_has_its_version() {
    let plugin = |version: &str| {
        format!("<build><plugins><plugin><artifactId>p</artifactId>{version}</plugin></plugins></build>")
    };
    let text = format!(
        "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>{}<profiles><profile>{}</profile></profiles>\
         </project>",
        plugin("<version>3.1</version>"),
        plugin("")
    );
    let parsed = Tree::of(&[("pom.xml", &text)]).parse("pom.xml");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(uses(&parsed)[1..], ["org.apache.maven.plugins:p 3.1 registry direct build"]);
}

#[test]
fn parents_that_are_their_own_end() {
    let text = "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version>\
                <relativePath>pom.xml</relativePath></parent><artifactId>a</artifactId>\
                <dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId></dependency></dependencies></project>";
    let mut tree = Tree::of(&[("pom.xml", text)]);
    let parsed = tree.parse("pom.xml");
    assert_eq!(uses(&parsed)[1], "x:y registry direct runtime");
    assert_eq!(parsed.diagnostics.len(), 1);
}

#[test]
fn a_gradle_lockfile_says_what_each_artifact_is_for() {
    let parsed = read("gradle-lockfile/whole", "gradle.lockfile");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "com.google.guava:guava 31.0.1-jre registry runtime",
            "com.puppycrawl.tools:checkstyle 8.37 registry dev",
            "javax.servlet:servlet-api 2.5 registry build",
            "junit:junit 4.12 registry dev",
            "org.mapstruct:mapstruct-processor 1.4.2.Final registry build",
            "org.yaml:snakeyaml 1.26 registry runtime",
            "org.yaml:snakeyaml 1.33 registry build",
            "xalan:xalan 2.7.2 registry",
        ]
    );
    let of = |folder, path| uses(&read(folder, path));
    assert_eq!(
        of("gradle-lockfile/whole", "buildscript-gradle.lockfile"),
        ["com.squareup:javapoet 1.13.0 registry build"]
    );
    assert_eq!(of("gradle-lockfile/whole", "settings-gradle.lockfile"), Vec::<String>::new());
    let old = "gradle-lockfile/one-each";
    assert_eq!(
        of(old, "gradle/dependency-locks/testRuntimeClasspath.lockfile"),
        ["commons-io:commons-io 2.6 registry dev", "junit:junit 4.12 registry dev"]
    );
    assert_eq!(
        of(old, "gradle/dependency-locks/buildscript-classpath.lockfile"),
        ["com.squareup:javapoet 1.11.1 registry build"]
    );
}

#[test]
fn broken_lines_of_a_gradle_lockfile_are_told() {
    let text = "a:b:1=runtimeClasspath\na:b:1=runtimeClasspath\n<<<<<<< HEAD\na:c=x\na:d:1:2=x\na:e:2=run";
    let mut tree = Tree::of(&[("gradle.lockfile", text)]);
    let parsed = tree.parse("gradle.lockfile");
    assert_eq!(uses(&parsed), ["a:b 1 registry runtime", "a:e 2 registry"]);
    assert_eq!(
        said(&parsed),
        [
            "Warning 2: `a:b:1` stands here a second time, as after a merge; write the locks anew",
            "Error 3: a merge conflict stands here; solve it and write the locks anew",
            "Error 4: `a:c=x` is not `group:artifact:version=configurations`; the line was left out",
            "Error 5: `a:d:1:2=x` is not `group:artifact:version=configurations`; the line was left out",
            "Error 6: the file breaks off here, before the `empty=` line that Gradle ends it with; write the locks anew",
        ]
    );
}

#[test]
fn a_catalogue_holds_what_may_be_used() {
    let parsed = read("version-catalog/usual", "gradle/libs.versions.toml");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "com.fasterxml.jackson.core:jackson-databind 2.12.0 registry",
            "com.github.ben-manes.versions:com.github.ben-manes.versions.gradle.plugin 0.42.0 registry build",
            "com.google.guava:guava 31.0.1-jre registry",
            "com.squareup.okio:okio 2.8.0 registry",
            "io.netty:netty-handler (4.1.+) registry",
            "org.apache.commons:commons-lang3 3.9 registry",
            "org.codehaus.groovy:groovy 3.0.5 registry",
            "org.jetbrains.kotlin.jvm:org.jetbrains.kotlin.jvm.gradle.plugin 1.6.21 registry build",
            "org.springframework:spring-core registry",
        ]
    );
    assert_eq!(
        places(&parsed, "com.google.guava:guava"),
        (vec!["gradle/libs.versions.toml:3:47".to_owned()], vec!["gradle/libs.versions.toml:8:21".to_owned()])
    );
    let text =
        "[libraries]\na = \"x\"\nb = { module = \"g:b\", version.ref = \"none\" }\nc = 1\n[plugins]\nd = \"x:y:z\"\n";
    let mut tree = Tree::of(&[("libs.versions.toml", text)]);
    let parsed = tree.parse("libs.versions.toml");
    assert_eq!(
        said(&parsed),
        [
            "Error 2: `a` is not `group:artifact:version`; it was left out",
            "Error 3: `b` has a version by a name that `[versions]` does not have; it was left out",
            "Error 4: `c` is neither a text nor a table; it was left out",
            "Error 6: `d` is not `id:version`; it was left out",
        ]
    );
    check_garbage(&version_catalog::PARSER, "libs.versions.toml", text);
}

#[test]
fn checksums_say_what_was_used_somewhere() {
    let path = "gradle/verification-metadata.xml";
    let parsed = read("verification-metadata/usual", path);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "com.google.guava:guava 31.0.1-jre registry",
            "org.junit:junit-bom 5.7.1 registry",
            "xalan:xalan 2.7.2 registry",
        ]
    );
    let hashes: Vec<_> = parsed.graph.packages.iter().map(|package| package.integrity.as_deref()).collect();
    assert_eq!(
        hashes,
        [
            Some("sha256:d5be94d65e87bd219fb3193ad1517baa55a3b88fc91d21cf735826ab5af087b9"),
            None,
            Some("sha512:0bf8c1ae5ba25ec9cc0dbab0d2e51e7b7f2e8a1d"),
        ]
    );
    let text = "<verification-metadata><components>\n<component group='a' name='b' version='1'/>\n<component group='c' name='d'/>\n\
                <component group='e' name='f' version='2'/>\n</components></verification-metadata>";
    check_cuts(&verification_metadata::PARSER, path, text, &[("a:b@1", "'1'/>"), ("e:f@2", "'2'/>")]);
    check_garbage(&verification_metadata::PARSER, path, text);
}

#[test]
fn what_comes_before_a_cut_is_kept() {
    let text = "a:b:1=runtimeClasspath\nc:d:2=testRuntimeClasspath\nempty=\n";
    check_cuts(
        &gradle_lockfile::PARSER,
        "gradle.lockfile",
        text,
        &[("a:b@1", "Classpath\n"), ("c:d@2", "testRuntimeClasspath\n")],
    );
    check_garbage(&gradle_lockfile::PARSER, "gradle.lockfile", text);
    let text = "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><dependencies>\n\
                <dependency><groupId>x</groupId><artifactId>y</artifactId><version>1.5</version><scope>test</scope></dependency>\n\
                <dependency><groupId>x</groupId><artifactId>z</artifactId><version>[2]</version></dependency>\n\
                </dependencies></project>";
    check_cuts(
        &pom::PARSER,
        "pom.xml",
        text,
        &[("x:y@1.5", "test</scope></dependency>"), ("x:z@2", "[2]</version></dependency>")],
    );
    check_garbage(&pom::PARSER, "pom.xml", text);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for parser in ALL {
            survives(parser, &parser.names[0].replace('*', "x"), &bytes);
        }
    }
}
