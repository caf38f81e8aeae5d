//! What GitHub runs by reference: `uses:` and images of containers
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses>).
//!
//! A repository is what has versions, so it is the package, whichever of its folders or workflows is used. A tag of three
//! numbers is a version; `v4` and branches move and are requirements. A commit is taken under the version that the comment
//! behind it claims, and without one under the commit itself, which no advisory can be compared with: then its advisories
//! are said to be unknown.

use crate::ecosystem::container::image;
use crate::ecosystem::reference::{Reference, claimed, is_commit, is_release, slice};
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::Stream;
use crate::model::{DependencyKind, Diagnostic, DiagnosticSeverity, Ecosystem, PackageId, RepoPath, Source};

/// Collects what a file runs.
pub(super) struct Collector<'c, 't> {
    pub(super) path: &'c RepoPath,
    pub(super) stream: &'c Stream<'t>,
    pub(super) kind: DependencyKind,
    pub(super) references: Vec<Reference<'c>>,
    pub(super) diagnostics: &'c mut Vec<Diagnostic>,
}

impl<'t: 'c, 'c> Collector<'c, 't> {
    /// The `uses` of each step.
    pub(super) fn steps(&mut self, steps: Option<&Value<'t>>) {
        for step in steps.map_or(&[][..], Value::items) {
            if let Some(uses) = step.get("uses") {
                self.uses(uses);
            }
        }
    }

    /// `owner/repository/path@reference`, `docker://image`, or a folder of this repository, which is no package.
    pub(super) fn uses(&mut self, value: &Value<'t>) {
        let Some(text) = self.text(value) else { return };
        if text.starts_with("./") || text.starts_with("../") {
            return;
        }
        if let Some(image) = text.strip_prefix("docker://") {
            self.named_image(image);
            return;
        }
        match self.action(text) {
            Some(reference) => self.references.push(reference),
            None => {
                let message = format!(
                    "`{text}` names no action as `owner/repository@reference`; GitHub refuses it, and it was left out"
                );
                self.say(DiagnosticSeverity::Error, text, message);
            }
        }
    }

    fn action(&self, text: &'c str) -> Option<Reference<'c>> {
        let (path, written) = text.rsplit_once('@')?;
        let mut parts = path.split('/');
        let (owner, repository) = (parts.next()?, parts.next()?);
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let is_reference = !written.is_empty() && !written.contains(|c: char| c.is_whitespace() || "${}".contains(c));
        if !is_word(owner) || !is_word(repository) || !is_reference {
            return None;
        }
        let (version, requirement) = if is_commit(written) {
            let version = claimed(&self.stream.lines, written).unwrap_or(written);
            (Some(version), Some(written))
        } else if is_release(written) {
            (Some(written), None)
        } else {
            (None, Some(written))
        };
        let name = format!("{owner}/{repository}");
        Some(Reference {
            id: PackageId::new(Ecosystem::GitHubActions, &name, version, Source::PUBLIC_REGISTRY),
            version,
            written,
            requirement: requirement.map(str::to_owned),
            hash: is_commit(written).then(|| written.to_owned()),
            kind: Some(self.kind),
        })
    }

    /// An image, or a map that has one.
    pub(super) fn image(&mut self, value: &Value<'t>) {
        let value = value.get("image").unwrap_or(value);
        if let Some(text) = self.text(value).filter(|text| !text.is_empty()) {
            self.named_image(text);
        }
    }

    pub(super) fn named_image(&mut self, text: &'c str) {
        if text.contains("${{") {
            let message = format!("which image `{text}` is, is decided when it runs; it was left out");
            self.say(DiagnosticSeverity::Warning, text, message);
            return;
        }
        match image::reference(text, text, &[], Some(self.kind)) {
            Some(reference) => self.references.push(reference),
            None => {
                let message = format!("`{text}` is no reference to an image; it was left out");
                self.say(DiagnosticSeverity::Error, text, message);
            }
        }
    }

    /// A text that stands in the file: its own, or that of the anchor that it repeats.
    fn text(&mut self, value: &Value<'t>) -> Option<&'c str> {
        let stream = self.stream;
        // A text with escapes stands nowhere, and no reference needs any.
        let found = match value {
            Value::Alias(_) => stream.text_of(value),
            value => value.as_text(),
        };
        let found = found.and_then(|text| slice(stream.lines.text(), text));
        if found.is_none() && !matches!(value, Value::Object(_) | Value::Null) {
            let message =
                "a reference with escapes or over several lines, or an alias of no text, is not read".to_owned();
            self.diagnostics.push(Diagnostic::error(self.path, None, message));
        }
        found
    }

    fn say(&mut self, severity: DiagnosticSeverity, at: &str, message: String) {
        let line = self.stream.lines.locate_slice(at).map(|place| place.line);
        self.diagnostics.push(Diagnostic { path: Some(RepoPath::clone(self.path)), line, severity, message });
    }
}
