//! The suite of the package URL specification (<https://github.com/package-url/purl-spec/tree/main/tests>).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use osprey::model::PurlParts;
use serde_json::Value;

use super::Tally;

/// Cases that do not pass: how they are tested, their input, and why.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("parse", "pkg:gem/jruby-launcher@1.1.2?Platform=java", LETTERS),
    ("parse", "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25", LETTERS),
    (
        "validate",
        "pkg:git/github/Package-url/purl-Spec@244fd47e07d1004f0aed9c",
        "the definition of the type calls names sensitive to case, and `github` is no host",
    ),
];

const LETTERS: &str = "the suite refuses keys in upper case here and takes the same text for `validate`; \
                       they are read, as the specification has it, in lower case";

/// Runs every case of every file of the suite.
pub(super) fn suite(folder: &Path, tally: &mut Tally) {
    let mut files: Vec<_> = fs::read_dir(folder.join("types")).expect("the suite").collect();
    files.extend(fs::read_dir(folder.join("spec")).expect("the suite"));
    let mut paths: Vec<_> = files.into_iter().map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut excused = 0;
    let mut cases = 0;
    for path in &paths {
        let document: Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
        for case in document["tests"].as_array().expect("tests") {
            cases += 1;
            let kind = case["test_type"].as_str().expect("a kind");
            let input = case["input"].as_str().unwrap_or_default();
            let passed = passes(kind, case);
            if EXCUSED.iter().any(|&(excused, text, _)| (excused, text) == (kind, input)) {
                excused += 1;
                tally.check(passed.is_err(), || format!("purl {kind} {input}: it passes and needs no excuse"));
            } else {
                tally.check(passed.is_ok(), || format!("purl {kind} {}: {passed:?}", case["input"]));
            }
        }
    }
    println!("{cases} cases of package URLs in {} files, {excused} of them excused", paths.len());
    tally.check(cases > 500, || format!("there are only {cases} cases"));
}

/// Whether a case holds, and what came out instead.
fn passes(kind: &str, case: &Value) -> Result<(), String> {
    let read = || PurlParts::read(case["input"].as_str().ok_or("no text")?);
    let demanded = |parts: PurlParts| parts.check().map(|()| parts);
    let (output, is_same) = match kind {
        "parse" => {
            let parts = read().and_then(demanded);
            let is_same = parts.as_ref().is_ok_and(|parts| *parts == parts_of(&case["expected_output"]));
            (parts.map(|parts| format!("{parts:?}")), is_same)
        }
        "build" => {
            let parts = parts_of(&case["input"]).normalized().and_then(demanded).map(|parts| parts.to_string());
            let is_same = parts.as_deref().ok() == case["expected_output"].as_str();
            (parts, is_same)
        }
        "validate" => {
            let parts = read().map(|parts| parts.to_string());
            let is_same = parts.as_deref().ok() == case["expected_output"].as_str();
            (parts, is_same)
        }
        other => return Err(format!("tests of the kind {other} are not known")),
    };
    let holds = if case["expected_failure"] == true { output.is_err() } else { is_same };
    if holds { Ok(()) } else { Err(format!("{output:?}")) }
}

fn parts_of(value: &Value) -> PurlParts {
    let text = |key: &str| value[key].as_str().map(str::to_owned).filter(|text| !text.is_empty());
    let qualifiers = value["qualifiers"].as_object().into_iter().flatten();
    let qualifiers: BTreeMap<_, _> = qualifiers
        .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    PurlParts {
        kind: text("type").unwrap_or_default(),
        namespace: text("namespace"),
        name: text("name").unwrap_or_default(),
        version: text("version"),
        qualifiers,
        subpath: text("subpath"),
    }
}
