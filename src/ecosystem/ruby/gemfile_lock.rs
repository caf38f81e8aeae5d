//! `Gemfile.lock` and `gems.locked`
//! (<https://github.com/rubygems/rubygems/blob/master/bundler/lib/bundler/lockfile_parser.rb>).
//!
//! The lock says who needs whom and what the project names itself. Which groups that is in only the `Gemfile` says.

use std::collections::{HashMap, HashSet};

use super::gemfile::Gemfile;
use super::{gem, gemspec, server};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::asked::{Project, Reach, companion, git, shown};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, file_name_of, folder_of, join};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `Gemfile.lock` and `gems.locked`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gemfile-lock",
    ecosystem: Ecosystem::RubyGems,
    role: Role::Lockfile,
    names: &["Gemfile.lock", "gems.locked", "*.gemfile.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        kinds: Support::Partial,
        source: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// Gems of one lock that lie in folders; more of their specifications are not looked at (hostile input).
const MAX_SPECIFICATIONS: usize = 1000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let mut reader = Reader::new(input, text);
    for line in text.lines() {
        reader.line(line);
    }
    reader.conclude(&mut parsed.diagnostics);
    let manifest = manifest_of(input);
    let gemfile =
        companion(input, &manifest, &mut parsed).map(|bytes| Gemfile::read(&manifest, bytes, &mut parsed.diagnostics));
    let specifications = specifications(input, &reader, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let linked = Linked { manifest, gemfile, specifications };
    linked.connect(&mut reader);
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = reader.graph.finish_as_marked();
    parsed
}

/// The manifest that a lock was made from: `Gemfile`, `gems.rb`, `NAME.gemfile`.
fn manifest_of(input: &Input<'_>) -> RepoPath {
    match file_name_of(input.path) {
        "gems.locked" => input.beside("gems.rb"),
        name => match name.strip_suffix(".gemfile.lock") {
            Some(stem) => input.beside(&format!("{stem}.gemfile")),
            None => input.beside("Gemfile"),
        },
    }
}

/// Reads the specifications of the gems that lie in the tree.
fn specifications(
    input: &Input<'_>,
    reader: &Reader<'_>,
    parsed: &mut Parsed,
) -> Vec<(PackageIndex, Vec<crate::ecosystem::syntax::asked::Asked>)> {
    let mut read = Vec::new();
    for local in reader.specs.iter().filter(|spec| spec.folder.is_some()).take(MAX_SPECIFICATIONS) {
        let path = local.folder.and_then(|folder| specification(input, folder, local.name));
        let Some(bytes) = path.as_ref().and_then(|path| companion(input, path, parsed)) else { continue };
        let Some(path) = path else { continue };
        let (_, asked) = gemspec::read(&path, bytes, &mut parsed.diagnostics);
        read.push((local.index, asked));
    }
    read
}

fn specification(input: &Input<'_>, folder: &str, name: &str) -> Option<RepoPath> {
    let folder = join(folder_of(input.path), folder)?;
    Some(join(&folder, &format!("{name}.gemspec"))?.into())
}

/// Where a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Nothing,
    Gem,
    Git,
    Path,
    Plugin,
    Dependencies,
    Checksums,
    /// What says nothing of packages.
    Other,
}

/// A gem in a source section.
struct Spec<'t> {
    name: &'t str,
    index: PackageIndex,
    /// The folder in which it lies.
    folder: Option<&'t str>,
    needs: Vec<(&'t str, Option<&'t str>)>,
}

/// Whether the gem of a name lies in a folder of the tree.
type IsLocal<'t> = Box<dyn Fn(&str, &str) -> bool + 't>;

struct Reader<'t> {
    path: RepoPath,
    lines: LineIndex<'t>,
    graph: GraphBuilder,
    section: Section,
    has_dependencies: bool,
    has_specs: bool,
    remotes: Vec<&'t str>,
    revision: Option<&'t str>,
    source: Source,
    specs: Vec<Spec<'t>>,
    by_name: Candidates<String>,
    by_version: HashMap<(&'t str, &'t str), PackageIndex>,
    direct: Vec<(&'t str, Option<&'t str>)>,
    local: IsLocal<'t>,
    errors: Vec<(u32, String)>,
    number: u32,
}

impl<'t> Reader<'t> {
    fn new(input: &Input<'t>, text: &'t str) -> Self {
        let input = *input;
        // A gem of this tree is one whose specification lies where the lock says.
        let local = move |folder: &str, name: &str| {
            let path = specification(&input, folder, name);
            path.is_some_and(|path| matches!(input.files.look_up(&path), Lookup::Found(_)))
        };
        Self {
            path: RepoPath::clone(input.path),
            lines: LineIndex::new(input.path, text),
            graph: GraphBuilder::new(input.path, PARSER.id),
            section: Section::Nothing,
            has_dependencies: false,
            has_specs: false,
            remotes: Vec::new(),
            revision: None,
            source: Source::of(SourceKind::Unknown),
            specs: Vec::new(),
            by_name: Candidates::new(),
            by_version: HashMap::new(),
            direct: Vec::new(),
            local: Box::new(local),
            errors: Vec::new(),
            number: 0,
        }
    }

    fn line(&mut self, line: &'t str) {
        self.number += 1;
        let line = line.trim_end();
        let text = line.trim_start_matches(' ');
        if text.is_empty() {
            return;
        }
        match line.len() - text.len() {
            0 => self.header(text),
            2 => self.field(text),
            4 if self.has_specs => self.spec(text),
            6 if self.has_specs => self.need(text),
            _ if matches!(self.section, Section::Other) => {}
            _ => self.complain(format!("`{}` is not understood; the line was not read", shown(text))),
        }
    }

    fn header(&mut self, text: &'t str) {
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| text.starts_with(mark)) {
            self.complain("a conflict of a merge is not solved here; both sides were read".to_owned());
            return;
        }
        self.has_specs = false;
        self.remotes.clear();
        self.revision = None;
        self.section = match text {
            "GEM" => Section::Gem,
            "GIT" => Section::Git,
            "PATH" => Section::Path,
            "PLUGIN SOURCE" => Section::Plugin,
            "DEPENDENCIES" => {
                self.has_dependencies = true;
                Section::Dependencies
            }
            "CHECKSUMS" => Section::Checksums,
            // Bundler passes over sections that it does not know.
            _ if text.starts_with(|c: char| c.is_ascii_uppercase()) => Section::Other,
            _ => {
                self.complain(format!("`{}` is no section; the line was not read", shown(text)));
                Section::Other
            }
        };
    }

    /// A line of a section: a field of a source, a dependency, a checksum.
    fn field(&mut self, text: &'t str) {
        match self.section {
            Section::Gem | Section::Git | Section::Path | Section::Plugin => {
                let (key, value) = text.split_once(':').unwrap_or((text, ""));
                let value = value.trim();
                match key {
                    "remote" => self.remotes.push(value),
                    "revision" => self.revision = Some(value),
                    "specs" => {
                        self.has_specs = true;
                        self.source = self.source_of_section();
                    }
                    _ => {}
                }
            }
            Section::Dependencies => {
                let text = text.strip_suffix('!').unwrap_or(text);
                let (name, requirement) = named(text);
                self.direct.push((name, requirement));
            }
            Section::Checksums => self.checksum(text),
            Section::Nothing | Section::Other => {}
        }
    }

    fn source_of_section(&self) -> Source {
        let remote = self.remotes.first().copied();
        match (self.section, remote) {
            (Section::Gem, Some(remote)) if self.remotes.len() == 1 => server(remote),
            // Of several servers any may have given the gem.
            (Section::Gem, _) => Source::PUBLIC_REGISTRY,
            (Section::Git, Some(remote)) => git(remote, self.revision),
            (Section::Path, Some(remote)) => Source::at(SourceKind::Path, remote),
            (_, Some(remote)) => Source::at(SourceKind::Unknown, remote),
            (_, None) => Source::of(SourceKind::Unknown),
        }
    }

    /// `name (version)` or `name (version-platform)`.
    fn spec(&mut self, text: &'t str) {
        let (name, version) = named(text);
        let Some(version) = version.filter(|version| !version.is_empty() && !name.is_empty()) else {
            self.complain(format!("`{}` has no version; it was not read", shown(text)));
            return;
        };
        // One gem for several platforms is one package.
        let version = version.split('-').next().unwrap_or(version);
        let folder = self.remotes.first().copied().filter(|_| self.section == Section::Path);
        let is_own = folder.is_some_and(|folder| folder == "." || (self.local)(folder, name));
        let place = self.lines.locate_slice(version);
        let index = if is_own {
            self.graph.member(gem(name, Some(version), Source::of(SourceKind::Workspace)), place)
        } else {
            self.graph.package(gem(name, Some(version), self.source.clone()), place)
        };
        self.by_name.add(name.to_owned(), index);
        self.by_version.insert((name, version), index);
        self.specs.push(Spec { name, index, folder: folder.filter(|_| is_own), needs: Vec::new() });
    }

    fn need(&mut self, text: &'t str) {
        match self.specs.last_mut() {
            Some(spec) => spec.needs.push(named(text)),
            None => self.complain(format!("`{}` belongs to no gem; the line was not read", shown(text))),
        }
    }

    /// `name (version) sha256=…`, with several hashes behind commas or none.
    fn checksum(&mut self, text: &'t str) {
        let Some((label, hashes)) = text.split_once(") ") else { return };
        let Some((name, version)) = label.split_once(" (") else { return };
        let version = version.split('-').next().unwrap_or(version);
        let hash = hashes.split(',').next().unwrap_or(hashes).trim();
        if let Some(&index) = self.by_version.get(&(name, version)).filter(|_| !hash.is_empty()) {
            self.graph.integrity(index, hash);
        }
    }

    fn complain(&mut self, message: String) {
        self.errors.push((self.number, message));
    }

    fn conclude(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        let errors = std::mem::take(&mut self.errors);
        diagnostics.extend(errors.into_iter().map(|(line, text)| Diagnostic::error(&self.path, Some(line), text)));
        if !self.has_dependencies {
            let message = "it has no section DEPENDENCIES, with which every lock of Bundler ends; it may be cut off";
            diagnostics.push(Diagnostic::error(&self.path, None, message));
        }
    }
}

/// `name (what stands in brackets)`.
fn named(text: &str) -> (&str, Option<&str>) {
    match text.split_once(" (") {
        Some((name, rest)) => (name, Some(rest.split(')').next().unwrap_or(rest))),
        None => (text.trim_end_matches('!'), None),
    }
}

/// A lock's manifests.
struct Linked {
    manifest: RepoPath,
    gemfile: Option<Gemfile>,
    specifications: Vec<(PackageIndex, Vec<crate::ecosystem::syntax::asked::Asked>)>,
}

impl Linked {
    /// Adds edges, what is direct and what it is for.
    fn connect(&self, reader: &mut Reader<'_>) {
        let mut reach = Reach::default();
        let mut starts: Vec<(PackageIndex, Option<DependencyKind>)> = Vec::new();
        let mut direct: HashSet<PackageIndex> = HashSet::new();
        let members: HashSet<PackageIndex> =
            reader.specs.iter().filter(|spec| spec.folder.is_some()).map(|spec| spec.index).collect();
        for spec in std::mem::take(&mut reader.specs) {
            let is_member = members.contains(&spec.index);
            for (name, requirement) in spec.needs {
                for &to in reader.by_name.of(name).iter().filter(|&&to| to != spec.index) {
                    reader.graph.dependency(spec.index, to, DependencyKind::Runtime, requirement);
                    if is_member {
                        direct.insert(to);
                        starts.push((to, Some(DependencyKind::Runtime)));
                    } else if !members.contains(&to) {
                        reach.add(spec.index, to);
                    }
                }
            }
        }
        for &member in &members {
            reader.graph.mark(member, Some(false), Kinds::only(DependencyKind::Runtime));
        }
        self.named(reader, &members, &mut direct, &mut starts);
        self.specified(reader, &mut starts);
        let all: Vec<PackageIndex> = reader.by_version.values().copied().collect();
        for index in all.into_iter().filter(|index| !members.contains(index)) {
            reader.graph.mark(index, reader.has_dependencies.then_some(direct.contains(&index)), Kinds::default());
        }
        reach.mark(&starts, &mut reader.graph);
        self.compare(reader);
    }

    /// What the section DEPENDENCIES names, with what the manifest says of it.
    fn named(
        &self,
        reader: &mut Reader<'_>,
        members: &HashSet<PackageIndex>,
        direct: &mut HashSet<PackageIndex>,
        starts: &mut Vec<(PackageIndex, Option<DependencyKind>)>,
    ) {
        if reader.direct.is_empty() {
            return;
        }
        let own = Project::default().add(&reader.path, Ecosystem::RubyGems, &mut reader.graph);
        let mut asked: HashMap<&str, Vec<&super::gemfile::Gem>> = HashMap::new();
        for gem in self.gemfile.iter().flat_map(|gemfile| &gemfile.gems) {
            asked.entry(&gem.asked.name).or_default().push(gem);
        }
        let specified: HashSet<&str> =
            self.specifications.iter().flat_map(|(_, asked)| asked).map(|asked| asked.name.as_str()).collect();
        for (name, requirement) in std::mem::take(&mut reader.direct) {
            let gems = asked.get(name).map_or(&[][..], Vec::as_slice);
            let kind = gems.first().and_then(|gem| gem.asked.kind).unwrap_or(DependencyKind::Runtime);
            for &to in reader.by_name.of(name).iter().filter(|&&to| to != own) {
                reader.graph.dependency(own, to, kind, requirement);
                if members.contains(&to) {
                    continue;
                }
                direct.insert(to);
                starts.extend(gems.iter().map(|gem| (to, gem.asked.kind)));
                if gems.is_empty() && !specified.contains(name) {
                    starts.push((to, None));
                }
                for place in gems.iter().filter_map(|gem| gem.asked.place.clone()) {
                    reader.graph.declare(to, place);
                }
            }
            reader.direct.push((name, requirement));
        }
    }

    /// What the specifications of the project's own gems say. Bundler takes their development dependencies where the
    /// `Gemfile` says `gemspec`.
    fn specified(&self, reader: &mut Reader<'_>, starts: &mut Vec<(PackageIndex, Option<DependencyKind>)>) {
        let of_developers = self.gemfile.as_ref().and_then(|gemfile| gemfile.gemspec);
        let named: HashSet<&str> = reader.direct.iter().map(|(name, _)| *name).collect();
        for (member, asked) in &self.specifications {
            for asked in asked {
                for &to in reader.by_name.of(asked.name.as_str()).iter().filter(|&to| to != member) {
                    match asked.kind {
                        Some(DependencyKind::Dev) if named.contains(asked.name.as_str()) => {
                            let kind = of_developers.flatten();
                            starts.push((to, kind));
                            reader.graph.dependency(*member, to, DependencyKind::Dev, asked.requirement.as_deref());
                        }
                        Some(DependencyKind::Dev) => continue,
                        _ => {}
                    }
                    if let Some(place) = asked.place.clone() {
                        reader.graph.declare(to, place);
                    }
                }
            }
        }
    }

    /// Notes what a manifest that was understood as a whole asks for, and the lock does not name.
    fn compare(&self, reader: &mut Reader<'_>) {
        let Some(gemfile) = self.gemfile.as_ref().filter(|gemfile| gemfile.is_whole && reader.has_dependencies) else {
            return;
        };
        let named: HashSet<&str> = reader.direct.iter().map(|(name, _)| *name).collect();
        for gem in gemfile.gems.iter().filter(|gem| !gem.is_conditional && !named.contains(gem.asked.name.as_str())) {
            let wanted = Wanted {
                manifest: &self.manifest,
                name: &gem.asked.name,
                requirement: gem.asked.requirement.as_deref(),
                place: gem.asked.place.as_ref(),
            };
            wanted.missing(&mut reader.graph);
        }
    }
}
