//! What a project asks for: `pyproject.toml` (PEP 621, PEP 735, Poetry, PDM, uv, the build system) and `Pipfile`.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{git, normal, pep508, registry, shown};
use crate::ecosystem::syntax::toml::{self as toml_syntax, Document, Get};
use crate::model::{DependencyKind, Diagnostic, Location, RepoPath, Source, SourceKind};

/// A manifest.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The project's name as written, where it has one.
    pub(super) name: Option<String>,
    /// The project's version and its place.
    pub(super) version: Option<(String, Location)>,
    /// The normalised names of its extras.
    pub(super) optional_groups: Vec<String>,
    /// What it asks for, in the order of the file's tables.
    pub(super) declared: Vec<Declared>,
    /// The normalised names of which it forces other versions than are asked for.
    pub(super) overridden: HashSet<String>,
}

/// One dependency that a manifest asks for.
#[derive(Debug)]
pub(super) struct Declared {
    /// The normalised name.
    pub(super) name: String,
    /// The normalised names of the extras that are asked for.
    pub(super) extras: Rc<[String]>,
    /// The specifier as written, where there is one.
    pub(super) requirement: Option<String>,
    /// The exact version that the specifier fixes, and its place.
    pub(super) pin: Option<(String, Option<Location>)>,
    /// What it is for.
    pub(super) kind: DependencyKind,
    /// Where it is to come from.
    pub(super) source: Source,
    /// Whether locks hold it: they do not hold what a build system or the environments of a tool need.
    pub(super) locked: bool,
    /// Whether it is asked for on some systems or Python versions only.
    pub(super) conditional: bool,
    /// Where it is asked for.
    pub(super) location: Location,
    /// Whose table asks for it.
    pub(super) table: Table,
}

/// A tool that writes a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Poetry,
    Uv,
    Pdm,
    Pipenv,
}

/// Whose table asks for something: each tool reads its own, and some of those that standards define.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// `dependencies` of `[project]`, PEP 621.
    Project,
    /// Its `optional-dependencies`.
    Extra,
    /// `[dependency-groups]`, PEP 735.
    Groups,
    /// A tool's own.
    Of(Tool),
    /// What a build system or environments need.
    Other,
}

impl Table {
    /// Whether a tool locks all that such a table asks for, whatever its version and options. Poetry reads the standard
    /// tables from version 2 on, and groups from 2.2; PDM locks extras and groups on demand.
    pub(super) fn is_read_by(self, tool: Tool) -> bool {
        match self {
            Self::Of(own) => own == tool,
            Self::Project => tool != Tool::Pipenv,
            Self::Extra | Self::Groups => tool == Tool::Uv,
            Self::Other => false,
        }
    }
}

/// Reads a `pyproject.toml`
/// (<https://packaging.python.org/en/latest/specifications/pyproject-toml/>,
/// <https://packaging.python.org/en/latest/specifications/dependency-groups/>,
/// <https://python-poetry.org/docs/pyproject/>).
pub(super) fn pyproject(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Manifest {
    let document = toml_syntax::parse(path, bytes, diagnostics);
    let table = &document.table;
    let mut reader = Reader::new(path, &document, diagnostics);
    reader.indexes(&["tool", "poetry", "source"]);
    reader.indexes(&["tool", "pdm", "source"]);
    reader.indexes(&["tool", "uv", "index"]);
    reader.list(&["project", "dependencies"], DependencyKind::Runtime);
    reader.read_as(Table::Project);
    reader.lists(&["project", "optional-dependencies"], DependencyKind::Optional);
    reader.read_as(Table::Extra);
    reader.lists(&["dependency-groups"], DependencyKind::Dev);
    reader.read_as(Table::Groups);
    // Which of its groups PDM locks is chosen on its command line.
    reader.lists(&["tool", "pdm", "dev-dependencies"], DependencyKind::Dev);
    reader.read_as(Table::Other);
    reader.list(&["tool", "uv", "dev-dependencies"], DependencyKind::Dev);
    reader.read_as(Table::Of(Tool::Uv));
    reader.uv_sources();
    reader.poetry_main();
    reader.table(&["tool", "poetry", "dev-dependencies"], DependencyKind::Dev);
    if let Some(groups) = table.table(&["tool", "poetry", "group"]) {
        for (group, _) in groups {
            let kind = if group.get_ref() == "main" { DependencyKind::Runtime } else { DependencyKind::Dev };
            reader.table(&["tool", "poetry", "group", group.get_ref(), "dependencies"], kind);
        }
    }
    reader.read_as(Table::Of(Tool::Poetry));
    let locked = reader.declared.len();
    reader.list(&["build-system", "requires"], DependencyKind::Build);
    reader.tools();
    let mut declared = reader.declared;
    declared.iter_mut().skip(locked).for_each(|declared| declared.locked = false);
    let field = |key| table.at(&["project", key]).or_else(|| table.at(&["tool", "poetry", key]));
    let version =
        field("version").and_then(|value| Some((value.get_ref().as_str()?.to_owned(), document.locate(value))));
    let extras = table.table(&["project", "optional-dependencies"]).into_iter().flatten();
    let optional_groups = extras.map(|(name, _)| normal(name.get_ref())).collect();
    let overrides = table.array(&["tool", "uv", "override-dependencies"]).iter();
    let overrides = overrides.filter_map(|item| Some(normal(pep508::parse(item.get_ref().as_str()?)?.name)));
    let of_pdm = table.table(&["tool", "pdm", "resolution", "overrides"]).into_iter().flatten();
    Manifest {
        overridden: overrides.chain(of_pdm.map(|(name, _)| normal(name.get_ref()))).collect(),
        optional_groups,
        name: field("name").and_then(|name| name.get_ref().as_str()).map(str::to_owned),
        version,
        declared,
    }
}

/// Reads a `Pipfile` (<https://pipenv.pypa.io/en/latest/pipfile.html>).
pub(super) fn pipfile(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Manifest {
    let document = toml_syntax::parse(path, bytes, diagnostics);
    let mut reader = Reader::new(path, &document, diagnostics);
    reader.indexes(&["source"]);
    for (section, _) in &document.table {
        let kind = match section.get_ref().as_ref() {
            "source" | "requires" | "pipenv" | "scripts" | "build-system" => continue,
            "packages" => DependencyKind::Runtime,
            "dev-packages" => DependencyKind::Dev,
            // Other categories are installed where somebody asks for them.
            _ => DependencyKind::Optional,
        };
        reader.table(&[section.get_ref()], kind);
    }
    reader.read_as(Table::Of(Tool::Pipenv));
    Manifest { declared: reader.declared, ..Manifest::default() }
}

struct Reader<'d, 't> {
    path: &'d RepoPath,
    document: &'d Document<'t>,
    diagnostics: &'d mut Vec<Diagnostic>,
    /// Addresses of the indexes that the file names.
    index_urls: BTreeMap<String, String>,
    declared: Vec<Declared>,
    /// How many of them are known to be of which table.
    tabled: usize,
}

impl<'d, 't> Reader<'d, 't> {
    fn new(path: &'d RepoPath, document: &'d Document<'t>, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self { path, document, diagnostics, index_urls: BTreeMap::new(), declared: Vec::new(), tabled: 0 }
    }

    /// Notes that everything read since the last time stands in such a table.
    fn read_as(&mut self, table: Table) {
        self.declared.iter_mut().skip(self.tabled).for_each(|declared| declared.table = table);
        self.tabled = self.declared.len();
    }

    fn error(&mut self, value: &Spanned<DeValue<'_>>, message: String) {
        let line = self.document.lines.line(value.span().start);
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }

    /// Notes the named indexes of an array of tables.
    fn indexes(&mut self, keys: &[&str]) {
        for index in self.document.table.array(keys).iter().filter_map(|index| index.get_ref().as_table()) {
            if let (Some(name), Some(url)) = (index.text(&["name"]), index.text(&["url"])) {
                self.index_urls.insert(name.to_owned(), url.to_owned());
            }
        }
    }

    /// Reads a list of requirement strings.
    fn list(&mut self, keys: &[&str], kind: DependencyKind) {
        let Some(value) = self.document.table.at(keys) else { return };
        self.items(value, &keys.join("."), kind);
    }

    /// Reads a table of lists of requirement strings.
    fn lists(&mut self, keys: &[&str], kind: DependencyKind) {
        let Some(value) = self.document.table.at(keys) else { return };
        let Some(table) = value.get_ref().as_table() else {
            return self.error(value, format!("`{}` must be a table; nothing was read from it", keys.join(".")));
        };
        for (name, value) in table {
            self.items(value, &format!("{}.{}", keys.join("."), name.get_ref()), kind);
        }
    }

    fn items(&mut self, value: &Spanned<DeValue<'t>>, of: &str, kind: DependencyKind) {
        let Some(items) = value.get_ref().as_array() else {
            return self.error(value, format!("`{of}` must be an array; nothing was read from it"));
        };
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => self.requirement(item, text, kind),
                // What an included group holds is read where that group stands.
                DeValue::Table(table) if table.contains_key("include-group") => {}
                _ => self.error(item, format!("an item of `{of}` is no text; it was left out")),
            }
        }
    }

    fn requirement(&mut self, item: &Spanned<DeValue<'t>>, text: &str, kind: DependencyKind) {
        // PDM writes editable development dependencies as pip's command line has them.
        let plain = text.strip_prefix("-e ").map(|path| path.rsplit_once("#egg=").map_or(path, |(_, name)| name));
        let Some(requirement) = pep508::parse(plain.unwrap_or(text)) else {
            return self.error(item, format!("`{}` is no requirement; it was left out", shown(text)));
        };
        let url = requirement.url.or(plain.map(|_| text));
        let pin = pep508::pinned(requirement.specifier);
        self.declared.push(Declared {
            name: normal(requirement.name),
            extras: requirement.extras.iter().map(|extra| normal(extra)).collect(),
            requirement: Some(requirement.specifier.to_owned()).filter(|specifier| !specifier.is_empty()),
            pin: pin.map(|version| (version.to_owned(), self.document.lines.locate_slice(version))),
            kind,
            locked: true,
            source: url.map_or(Source::PUBLIC_REGISTRY, source_of_url),
            conditional: !requirement.marker.trim().is_empty(),
            location: self.document.locate(item),
            table: Table::Other,
        });
    }

    /// Reads what other tools keep in their own tables: Hatch's environments, Rye, and Flit before PEP 621
    /// (<https://hatch.pypa.io/latest/config/environment/overview/>,
    /// <https://flit.pypa.io/en/stable/pyproject_toml.html>).
    fn tools(&mut self) {
        let document = self.document;
        for (environment, _) in document.table.table(&["tool", "hatch", "envs"]).into_iter().flatten() {
            for key in ["dependencies", "extra-dependencies"] {
                self.list(&["tool", "hatch", "envs", environment.get_ref(), key], DependencyKind::Dev);
            }
        }
        self.list(&["tool", "rye", "dev-dependencies"], DependencyKind::Dev);
        self.list(&["tool", "flit", "metadata", "requires"], DependencyKind::Runtime);
        self.list(&["tool", "flit", "metadata", "dev-requires"], DependencyKind::Dev);
        self.lists(&["tool", "flit", "metadata", "requires-extra"], DependencyKind::Optional);
    }

    /// Reads Poetry's main dependencies. Beside those of PEP 621 they only say where a package comes from, unless the
    /// project declares its dependencies dynamic
    /// (<https://python-poetry.org/docs/dependency-management/#projectdependencies-and-toolpoetrydependencies>).
    fn poetry_main(&mut self) {
        let project = self.document.table.array(&["project", "dynamic"]).iter();
        let dynamic = project
            .filter_map(|field| field.get_ref().as_str())
            .any(|field| matches!(field, "dependencies" | "optional-dependencies"));
        let main = |kind| matches!(kind, DependencyKind::Runtime | DependencyKind::Optional);
        let before = self.declared.len();
        let stated = self.declared.iter().any(|declared| main(declared.kind));
        self.table(&["tool", "poetry", "dependencies"], DependencyKind::Runtime);
        if !stated {
            return;
        }
        let more = self.declared.split_off(before);
        let sources: BTreeMap<&str, &Source> = more
            .iter()
            .filter(|declared| declared.source != Source::PUBLIC_REGISTRY)
            .map(|declared| (declared.name.as_str(), &declared.source))
            .collect();
        let mut known = HashSet::new();
        for declared in self.declared.iter_mut().filter(|declared| main(declared.kind)) {
            known.insert(declared.name.clone());
            if let Some(&source) = sources.get(declared.name.as_str()) {
                declared.source = source.clone();
            }
        }
        self.declared.extend(more.into_iter().filter(|declared| dynamic && !known.contains(&declared.name)));
    }

    /// Reads a table `name = specifier or table or list of tables`.
    fn table(&mut self, keys: &[&str], kind: DependencyKind) {
        let Some(value) = self.document.table.at(keys) else { return };
        let Some(table) = value.get_ref().as_table() else {
            return self.error(value, format!("`{}` must be a table; nothing was read from it", keys.join(".")));
        };
        for (key, value) in table {
            let name = normal(key.get_ref());
            // Poetry writes the Python versions among the dependencies.
            if name == "python" {
                continue;
            }
            match value.get_ref() {
                DeValue::Array(items) => {
                    for item in items.iter() {
                        self.specification(&name, key.span().start, item, kind);
                    }
                }
                _ => self.specification(&name, key.span().start, value, kind),
            }
        }
    }

    fn specification(&mut self, name: &str, key: usize, value: &Spanned<DeValue<'t>>, kind: DependencyKind) {
        let empty = DeTable::new();
        let (table, version) = match value.get_ref() {
            DeValue::String(_) => (&empty, Some(value)),
            DeValue::Table(table) => (table, table.at(&["version"])),
            _ => return self.error(value, format!("`{name}` is neither text nor table; it was left out")),
        };
        let text = version.and_then(|version| version.get_ref().as_str());
        let optional = table.at(&["optional"]).is_some_and(|flag| flag.get_ref().as_bool() == Some(true));
        let kind = if optional && kind == DependencyKind::Runtime { DependencyKind::Optional } else { kind };
        let pin = text.and_then(exact);
        let location = match value.get_ref() {
            DeValue::String(_) => self.document.locate(value),
            _ => self.document.lines.locate(key, self.key_length(key)),
        };
        self.declared.push(Declared {
            name: name.to_owned(),
            extras: table.array(&["extras"]).iter().filter_map(|extra| extra.get_ref().as_str()).map(normal).collect(),
            requirement: text.map(str::to_owned),
            pin: pin.map(|version| (version.to_owned(), self.document.lines.locate_slice(version))),
            kind,
            locked: true,
            source: self.source(table),
            conditional: ["markers", "python", "platform"].iter().any(|key| table.contains_key(*key)),
            location,
            table: Table::Other,
        });
    }

    /// The length of a key in the text: up to what cannot be part of it.
    fn key_length(&self, start: usize) -> usize {
        let rest = self.document.lines.text().get(start..).unwrap_or_default();
        rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | ']')).unwrap_or(rest.len())
    }

    /// Where a table of Poetry, Pipenv or uv says that a package comes from.
    fn source(&self, table: &DeTable<'_>) -> Source {
        if let Some(repository) = table.text(&["git"]) {
            let revision = ["rev", "ref", "revision"].iter().find_map(|key| table.text(&[key]));
            git(repository, revision)
        } else if let Some(path) = table.text(&["path"]) {
            Source::at(SourceKind::Path, path)
        } else if let Some(url) = table.text(&["url"]).or_else(|| table.text(&["file"])) {
            source_of_url(url)
        } else if table.at(&["workspace"]).is_some() {
            Source::of(SourceKind::Workspace)
        } else {
            let index = table.text(&["source"]).or_else(|| table.text(&["index"]));
            let url = index.and_then(|index| self.index_urls.get(index));
            url.map_or(Source::PUBLIC_REGISTRY, |url| registry(url))
        }
    }

    /// uv says beside the requirement where a package comes from
    /// (<https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources>).
    fn uv_sources(&mut self) {
        let Some(sources) = self.document.table.table(&["tool", "uv", "sources"]) else { return };
        let mut by_name = BTreeMap::new();
        for (name, value) in sources {
            // Of a list, each with its marker, the first stands for all.
            let first = value.get_ref().as_array().and_then(|list| list.iter().next()).unwrap_or(value);
            if let Some(table) = first.get_ref().as_table() {
                by_name.insert(normal(name.get_ref()), self.source(table));
            }
        }
        for declared in self.declared.iter_mut().filter(|declared| declared.source == Source::PUBLIC_REGISTRY) {
            if let Some(source) = by_name.get(&declared.name) {
                declared.source = source.clone();
            }
        }
    }
}

/// The one version that a specifier of Poetry or Pipenv allows: `==1.2`, or Poetry's plain `1.2`.
fn exact(text: &str) -> Option<&str> {
    let text = text.trim();
    let plain = text.starts_with(|c: char| c.is_ascii_digit()) && pep508::is_version(text);
    if plain { Some(text) } else { pep508::pinned(text) }
}

/// Where an address leads: `git+…` to a repository, `file:` and relative ones to a folder, others to an archive.
pub(super) fn source_of_url(url: &str) -> Source {
    let url = url.trim();
    if let Some((vcs, rest)) = url.split_once('+')
        && matches!(vcs, "git" | "hg" | "svn" | "bzr")
    {
        // `git+https://host/repository@revision#egg=name`
        let rest = rest.split('#').next().unwrap_or(rest);
        let path = rest.find("://").map_or(0, |at| at + 3);
        let path = rest[path..].find('/').map_or(rest.len(), |at| path + at);
        return match rest[path..].rfind('@') {
            Some(at) => git(&rest[..path + at], Some(&rest[path + at + 1..])),
            None => git(rest, None),
        };
    }
    let url = url.split('#').next().unwrap_or(url);
    if url.starts_with("file:") || !url.contains("://") {
        Source::at(SourceKind::Path, url)
    } else {
        Source::at(SourceKind::Url, url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Manifest, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let manifest = pyproject(&"pyproject.toml".into(), text.as_bytes(), &mut diagnostics);
        (manifest, diagnostics)
    }

    fn summary(manifest: &Manifest) -> Vec<(&str, &str, Option<&str>)> {
        let all = manifest.declared.iter();
        all.map(|d| (d.name.as_str(), d.kind.as_str(), d.requirement.as_deref())).collect()
    }

    #[test]
    fn every_table_of_a_pyproject() {
        let (manifest, diagnostics) = read(
            r#"
[build-system]
requires = ["hatchling>=1"]
[project]
name = "App"
version = "1.0"
dependencies = ["requests[socks]>=2 ; os_name == 'nt'", "pinned==1.5"]
[project.optional-dependencies]
web = ["flask"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[tool.uv]
dev-dependencies = ["mypy"]
[tool.pdm.dev-dependencies]
x = ["-e file:///${PROJECT_ROOT}/sub#egg=sub"]
[tool.hatch.envs.lint]
dependencies = ["black"]
[tool.flit.metadata.requires-extra]
old = ["six"]
"#,
        );
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(
            summary(&manifest),
            [
                ("requests", "runtime", Some(">=2")),
                ("pinned", "runtime", Some("==1.5")),
                ("flask", "optional", None),
                ("ruff", "dev", None),
                ("pytest", "dev", None),
                ("sub", "dev", None),
                ("mypy", "dev", None),
                ("hatchling", "build", Some(">=1")),
                ("black", "dev", None),
                ("six", "optional", None),
            ]
        );
        assert!(manifest.declared.iter().all(|d| d.locked != ["hatchling", "black", "six"].contains(&&*d.name)));
        let (pin, place) = manifest.declared[1].pin.clone().unwrap();
        let place = place.unwrap();
        assert_eq!((pin.as_str(), place.line, place.column, place.length), ("1.5", 7, 66, 3));
        assert!(manifest.declared[0].conditional && manifest.declared[0].extras[0] == "socks");
    }

    #[test]
    fn every_table_of_poetry() {
        let (manifest, diagnostics) = read(
            r#"
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.9"
Flask = "2.3.2"
django = [{version = "^3", python = "<3.8"}, {version = "^4"}]
lib = {git = "https://host.example/lib.git", rev = "0123456789012345678901234567890123456789"}
extra = {version = "*", optional = true, source = "corp"}
[tool.poetry.dev-dependencies]
black = "*"
[tool.poetry.group.main.dependencies]
more = "~1"
[tool.poetry.group.docs.dependencies]
sphinx = {path = "../sphinx"}
[[tool.poetry.source]]
name = "corp"
url = "https://u:p@registry.example/simple"
"#,
        );
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let by_name = |name: &str| manifest.declared.iter().find(|declared| declared.name == name).unwrap();
        assert_eq!(by_name("flask").pin.as_ref().unwrap().0, "2.3.2");
        assert_eq!(manifest.declared.iter().filter(|declared| declared.name == "django").count(), 2);
        assert!(by_name("django").conditional && by_name("django").pin.is_none());
        let lib = by_name("lib").source.url.as_deref().unwrap();
        assert_eq!(lib, "https://host.example/lib.git#0123456789012345678901234567890123456789");
        assert_eq!(by_name("extra").kind, DependencyKind::Optional);
        assert_eq!(by_name("extra").source.url.as_deref(), Some("https://registry.example/simple"));
        assert_eq!((by_name("black").kind, by_name("more").kind), (DependencyKind::Dev, DependencyKind::Runtime));
        assert_eq!((by_name("sphinx").kind, by_name("sphinx").source.kind), (DependencyKind::Dev, SourceKind::Path));
        assert_eq!((by_name("sphinx").location.line, by_name("sphinx").location.length), (15, 6));
    }

    #[test]
    fn beside_pep_621_poetry_only_says_more() {
        let project = "[project]\nname = 'a'\noptional-dependencies = {x = ['b']}\n";
        let poetry = "[tool.poetry.dependencies]\nb = {git = 'https://host.example/b', optional = true}\nc = '*'\n";
        let (manifest, _) = read(&format!("{project}{poetry}"));
        assert_eq!(summary(&manifest), [("b", "optional", None)]);
        assert_eq!(manifest.declared[0].source.kind, SourceKind::Git);
        let (manifest, _) = read(&format!("{project}dynamic = ['dependencies']\n{poetry}"));
        assert_eq!(summary(&manifest), [("b", "optional", None), ("c", "runtime", Some("*"))]);
    }

    #[test]
    fn wrong_types_lose_only_their_entry() {
        let text = "[project]\ndependencies = ['a', 1, '??', 'b']\noptional-dependencies = 3\n\
                    [tool.poetry.dependencies]\nc = 1\nd = '*'\n[dependency-groups]\nx = 'y'\n";
        let (manifest, diagnostics) = read(text);
        assert_eq!(summary(&manifest).iter().map(|line| line.0).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(diagnostics.iter().map(|d| d.line).collect::<Vec<_>>(), [2, 2, 3, 8, 5].map(Some));
    }

    #[test]
    fn addresses_lead_somewhere() {
        let at = source_of_url;
        let commit = "0123456789012345678901234567890123456789";
        let pinned = at(&format!("git+ssh://git@host.example/a.git@{commit}#egg=a"));
        assert_eq!(pinned.url.unwrap(), format!("ssh://git@host.example/a.git#{commit}"));
        assert_eq!(at("git+https://t@host.example/a@main").url.unwrap(), "https://host.example/a");
        assert_eq!(at("https://host.example/a.whl#sha256=1").url.unwrap(), "https://host.example/a.whl");
        assert_eq!((at("./a").kind, at("file:///a").kind), (SourceKind::Path, SourceKind::Path));
    }
}
