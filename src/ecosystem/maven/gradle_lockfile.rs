//! Gradle's lockfiles (<https://docs.gradle.org/current/userguide/dependency_locking.html>): one line for each artifact,
//! with the configurations that it is in. Up to Gradle 6 each configuration has a file of its own, whose lines are
//! artifacts alone.

use std::collections::HashSet;

use super::{artifact_id, is_sane};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, Source};

/// Reads `gradle.lockfile` and its kin.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gradle-lockfile",
    ecosystem: Ecosystem::Maven,
    role: Role::Lockfile,
    names: &[
        "gradle.lockfile",
        "buildscript-gradle.lockfile",
        "settings-gradle.lockfile",
        "gradle/dependency-locks/*.lockfile",
    ],
    // A project without dependencies has a file of comments, and older versions wrote nothing at all.
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::None,
        kinds: Support::Partial,
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::None,
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let form = Form::of(file_name_of(input.path));
    let mut seen = HashSet::new();
    let mut last = None;
    for (line, number) in lines.text().lines().zip(1_u32..) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        last = Some((number, text));
        // The last line of a file says which configurations are locked and empty.
        if text.starts_with("empty=") {
            continue;
        }
        let Some(entry) = form.entry(text) else {
            parsed.diagnostics.push(complaint(input, number, text));
            continue;
        };
        if !seen.insert((entry.group, entry.artifact, entry.version)) {
            let message = format!(
                "`{}:{}:{}` stands here a second time, as after a merge; write the locks anew",
                entry.group, entry.artifact, entry.version
            );
            parsed.diagnostics.push(Diagnostic::warning(input.path, Some(number), message));
        }
        let id = artifact_id(entry.group, entry.artifact, Some(entry.version), Source::PUBLIC_REGISTRY);
        let index = graph.package(id, lines.locate_slice(entry.version));
        graph.mark(index, None, form.kinds(entry.configurations));
    }
    if let Some((number, text)) = last
        && matches!(form, Form::Whole)
        && !text.starts_with("empty=")
        && !lines.text().ends_with('\n')
    {
        let message =
            "the file breaks off here, before the `empty=` line that Gradle ends it with; write the locks anew";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(number), message));
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// What a file of locks holds, by its name.
enum Form<'n> {
    /// All configurations of a project.
    Whole,
    /// What its build scripts need.
    Script,
    /// One configuration: `gradle/dependency-locks/compileClasspath.lockfile`.
    One(&'n str),
}

struct Entry<'t> {
    group: &'t str,
    artifact: &'t str,
    version: &'t str,
    configurations: &'t str,
}

impl<'n> Form<'n> {
    fn of(name: &'n str) -> Self {
        match name.strip_suffix(".lockfile") {
            Some("gradle") | None => Self::Whole,
            Some(name) if name.starts_with("buildscript-") || name.starts_with("settings-") => Self::Script,
            Some(name) => Self::One(name),
        }
    }

    fn entry<'t>(&self, text: &'t str) -> Option<Entry<'t>>
    where
        'n: 't,
    {
        let (coordinates, configurations) = match (text.split_once('='), self) {
            (Some(parts), _) => parts,
            (None, Self::One(name)) => (text, *name),
            // Of a script the files of old have no configurations either.
            (None, Self::Script) => (text, ""),
            (None, Self::Whole) => return None,
        };
        let mut parts = coordinates.split(':');
        let (group, artifact, version) = (parts.next()?, parts.next()?, parts.next()?);
        let is_one = parts.next().is_none() && [group, artifact, version].into_iter().all(is_sane);
        is_one.then_some(Entry { group, artifact, version, configurations })
    }

    /// What an artifact is for that is in these configurations. The classpaths of the compiler and of tests hold all
    /// that the program itself needs: what it is for there counts only where it is in no other one.
    fn kinds(&self, configurations: &str) -> Kinds {
        if matches!(self, Self::Script) {
            return Kinds::only(DependencyKind::Build);
        }
        let (mut own, mut besides) = (Kinds::default(), Kinds::default());
        for configuration in configurations.split(',') {
            match kind_of(&configuration.trim().to_ascii_lowercase()) {
                Some(For::Own(kind)) => own.insert(kind),
                Some(For::Besides(kind)) => besides.insert(kind),
                None => false,
            };
        }
        if own.is_unknown() { besides } else { own }
    }
}

fn complaint(input: &Input<'_>, line: u32, text: &str) -> Diagnostic {
    let shown: String = text.chars().take(120).collect();
    let message = if shown.starts_with("<<<<<<<") || shown.starts_with("=======") || shown.starts_with(">>>>>>>") {
        "a merge conflict stands here; solve it and write the locks anew".to_owned()
    } else {
        format!("`{shown}` is not `group:artifact:version=configurations`; the line was left out")
    };
    Diagnostic::error(input.path, Some(line), message)
}

/// What a configuration is for.
enum For {
    Own(DependencyKind),
    /// It holds what another one holds, too.
    Besides(DependencyKind),
}

/// What a configuration is for, in lower case, by the names that Gradle, its Java, Kotlin and Android plugins and the
/// well-known plugins of quality tools give (<https://docs.gradle.org/current/userguide/java_plugin.html>). Of a name of
/// somebody's own nothing is known.
fn kind_of(name: &str) -> Option<For> {
    let starts = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    let contains = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if starts(&["test", "integrationtest", "functionaltest", "jmh"]) || contains(&["unittest", "androidtest"]) {
        return Some(For::Besides(DependencyKind::Dev));
    }
    if starts(&["checkstyle", "jacoco", "pmd", "spotbugs", "codenarc", "ktlint", "detekt", "spotless"])
        || ends(&["developmentonly"])
    {
        return Some(For::Own(DependencyKind::Dev));
    }
    if contains(&["annotationprocessor"])
        || starts(&[
            "kapt",
            "ksp",
            "kotlincompiler",
            "kotlinbuildtools",
            "kotlinnative",
            "zinc",
            "errorprone",
            "protobuf",
        ])
        || matches!(name, "classpath" | "scalacompilerplugins")
    {
        return Some(For::Own(DependencyKind::Build));
    }
    if ends(&["providedcompile", "providedruntime"]) {
        return Some(For::Own(DependencyKind::Peer));
    }
    // What is on the path of the compiler alone is not there when the program runs.
    if ends(&["compileclasspath", "compileonly", "compileonlyapi"]) {
        return Some(For::Besides(DependencyKind::Build));
    }
    let is_main = ["runtimeclasspath", "implementation", "runtimeonly", "runtimeelements"];
    let is_main = ends(&is_main) || matches!(name, "runtime" | "compile" | "default" | "api");
    is_main.then_some(For::Own(DependencyKind::Runtime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_say_what_it_is_for() {
        let kinds = |names: &str| Form::Whole.kinds(names).iter().map(DependencyKind::as_str).collect::<Vec<_>>();
        assert_eq!(kinds("compileClasspath,runtimeClasspath,testCompileClasspath,testRuntimeClasspath"), ["runtime"]);
        assert_eq!(kinds("testRuntimeClasspath"), ["dev"]);
        assert_eq!(kinds("releaseUnitTestRuntimeClasspath,debugAndroidTestCompileClasspath"), ["dev"]);
        assert_eq!(kinds("annotationProcessor,testAnnotationProcessor"), ["build"]);
        assert_eq!(kinds("annotationProcessor,runtimeClasspath"), ["runtime", "build"]);
        assert_eq!(kinds("compileClasspath"), ["build"]);
        assert_eq!(kinds("checkstyle,runtimeClasspath"), ["runtime", "dev"]);
        assert_eq!(kinds("schema"), Vec::<&str>::new(), "a name of somebody's own");
    }
}
