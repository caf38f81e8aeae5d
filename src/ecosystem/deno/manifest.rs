//! What `deno.json` asks for (<https://docs.deno.com/runtime/fundamentals/configuration/>), and where.

use std::borrow::Cow;

use crate::ecosystem::project_label;
use crate::ecosystem::syntax::json;
use crate::model::{Diagnostic, Ecosystem, Location, PackageId, RepoPath, Source, SourceKind};

/// An import, or a dependency of `package.json`.
pub(super) struct Asked {
    /// As `deno.json` writes it, `npm:name@range`.
    pub(super) spec: String,
    /// Where it stands; a text with escapes stands nowhere.
    pub(super) place: Option<Location>,
}

/// What a manifest says.
pub(super) struct Manifest {
    pub(super) id: PackageId,
    pub(super) version_place: Option<Location>,
    pub(super) asked: Vec<Asked>,
}

impl Manifest {
    /// Reads a `deno.json`, or the dependencies of a `package.json`.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let blank = json::blank_comments(bytes);
        let mut repaired = String::new();
        let document = json::parse(path, &blank, &mut repaired, diagnostics);
        let value = &document.value;
        let mut asked = Vec::new();
        let scopes = value.object("scopes").iter().flat_map(|(_, scope)| scope.entries());
        for (_, spec) in value.object("imports").iter().chain(scopes) {
            if let Some(spec) = spec.as_text() {
                asked.push(Asked { spec: spec.to_owned(), place: document.locate(spec) });
            }
        }
        for table in ["dependencies", "devDependencies"] {
            asked.extend(value.object(table).iter().filter_map(|(name, range)| {
                let range = range.as_text()?;
                let spec = dependency(name, range);
                Some(Asked { spec: spec.into_owned(), place: document.locate(range) })
            }));
        }
        let version = value.text("version");
        let source = Source::of(SourceKind::Workspace);
        Self {
            id: PackageId::new(Ecosystem::Jsr, value.text("name").unwrap_or(project_label(path)), version, source),
            version_place: version.and_then(|version| document.locate(version)),
            asked,
        }
    }
}

/// A dependency of a `package.json` as Deno writes it.
fn dependency<'s>(name: &str, range: &'s str) -> Cow<'s, str> {
    if range.starts_with("npm:") || range.starts_with("jsr:") {
        Cow::Borrowed(range)
    } else {
        Cow::Owned(format!("npm:{name}@{range}"))
    }
}
