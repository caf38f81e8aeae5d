//! SPDX 2.2 and 2.3 as lines of `Tag: value` (<https://spdx.github.io/spdx-spec/v2.3/conformance/>), where a value in
//! `<text>` may have several lines.

use std::borrow::Cow;

use super::bill::{Bill, Component, Role, strongest, version};
use super::spdx::{check_version, external, relate, role};
use crate::model::{Diagnostic, RepoPath};

/// Whether a text is such a document: its first line that is no comment says so.
pub(super) fn is_tags(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|line| line.starts_with("SPDXVersion:"))
}

/// What the tags that come next belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Document,
    Package,
    File,
    Other,
}

/// Reads a document.
pub(super) fn read<'d>(text: &'d str, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) -> Bill<'d> {
    let mut bill = Bill::default();
    let mut format = None;
    let mut section = Section::Document;
    let mut hashes = Vec::new();
    let mut lines = text.split('\n').enumerate();
    while let Some((number, line)) = lines.next() {
        let Some((tag, value)) = line.split_once(':') else { continue };
        let (tag, value) = (tag.trim(), value.trim());
        if value.starts_with("<text>") && !value.contains("</text>") {
            if !lines.any(|(_, line)| line.contains("</text>")) {
                let line = u32::try_from(number + 1).ok();
                let message = "a `<text>` is not closed; what comes after it was not read. The file is cut off";
                diagnostics.push(Diagnostic::error(path, line, message));
            }
            continue;
        }
        match tag {
            "SPDXVersion" => format = Some(value),
            "Relationship" => relationship(value, &mut bill),
            "PackageName" | "FileName" => {
                close(&mut bill, &mut hashes);
                let mut component = Component::named(Cow::Borrowed(value));
                section = if tag == "PackageName" { Section::Package } else { Section::File };
                if section == Section::File {
                    component.role = Role::File;
                }
                bill.components.push(component);
            }
            "SnippetSPDXID" | "LicenseID" | "Annotator" | "Reviewer" => section = Section::Other,
            "SPDXID" if matches!(section, Section::Package | Section::File) => {
                bill.components.iter_mut().last().into_iter().for_each(|component| component.reference = value);
            }
            _ if section == Section::Package => {
                if let Some(component) = bill.components.last_mut() {
                    of_package(tag, value, component, &mut hashes);
                }
            }
            _ => {}
        }
    }
    close(&mut bill, &mut hashes);
    check_version(format, path, diagnostics);
    bill
}

fn of_package<'d>(tag: &str, value: &'d str, component: &mut Component<'d>, hashes: &mut Vec<(&'d str, &'d str)>) {
    match tag {
        "PackageVersion" => component.version = version(value),
        "PackageChecksum" => hashes.extend(value.split_once(':').map(|(name, hash)| (name.trim(), hash.trim()))),
        "PrimaryPackagePurpose" => component.role = role(Some(value)),
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            let kind = words.next();
            external(component, kind, words.next());
        }
        _ => {}
    }
}

/// The hashes that were read belong to the component before.
fn close<'d>(bill: &mut Bill<'d>, hashes: &mut Vec<(&'d str, &'d str)>) {
    if let Some(component) = bill.components.last_mut() {
        component.hash = strongest(hashes.drain(..));
    }
}

fn relationship<'d>(value: &'d str, bill: &mut Bill<'d>) {
    let mut words = value.split_whitespace();
    if let (Some(from), Some(kind), Some(to)) = (words.next(), words.next(), words.next()) {
        relate(from, kind, to, bill);
    }
}
