//! Golden samples of bills of materials: each is read without loss, and holds the package that it is about.

use std::fs;
use std::path::Path;

use osprey::ecosystem::{FileSet, Input, parser_for};
use osprey::model::DiagnosticSeverity;

use super::Tally;

/// Reads every sample of a format that is a bill of materials.
pub(super) fn samples(folder: &Path, tally: &mut Tally) {
    let mut read = 0;
    for entry in fs::read_dir(folder).expect("the samples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some(parser) = parser_for(&name).filter(|parser| ["cyclonedx", "spdx", "sbom"].contains(&parser.id)) else {
            continue;
        };
        read += 1;
        let bytes = fs::read(&path).expect("a file");
        let parsed = (parser.parse)(&Input { path: &name.as_str().into(), bytes: &bytes, files: &FileSet::default() });
        let lost = parsed.diagnostics.iter().find(|said| said.severity == DiagnosticSeverity::Error);
        tally.check(lost.is_none(), || format!("{name}: {lost:?}"));
        let mut labels = parsed.graph.packages.iter().map(|package| package.id.purl().to_string());
        let is_there = labels.any(|label| label == "pkg:npm/lodash@4.17.20");
        tally.check(is_there, || format!("{name} has lodash 4.17.20: {:?}", parsed.graph.packages));
        let edges = parsed.graph.roots.iter().map(|root| root.dependencies.len()).sum::<usize>();
        tally.check(edges > 0, || format!("{name} has no edges"));
    }
    tally.check(read >= 4, || format!("only {read} samples were read"));
    println!("{read} samples of bills of materials");
}
