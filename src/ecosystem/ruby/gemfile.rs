//! `Gemfile` and `gems.rb` (<https://bundler.io/man/gemfile.5.html>): programs, of which the plain calls are read.

use super::program::{Statement, Value, statements};
use super::{exact, server};
use crate::ecosystem::syntax::asked::{Asked, Project, alone, git};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, text_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, RepoPath, Source, SourceKind};

/// Reads `Gemfile` and `gems.rb` that no lockfile read.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gemfile",
    ecosystem: Ecosystem::RubyGems,
    role: Role::Manifest,
    names: &["Gemfile", "gems.rb", "*.gemfile"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        kinds: Support::Partial,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

/// The calls that say something.
const CALLS: [&str; 14] = [
    "gem",
    "group",
    "groups",
    "source",
    "git",
    "github",
    "path",
    "gemspec",
    "platforms",
    "platform",
    "install_if",
    "env",
    "eval_gemfile",
    "plugin",
];

/// Where the addresses that Bundler knows by a word lie.
const HOSTS: [(&str, &str); 4] = [
    ("github", "https://github.com/"),
    ("gitlab", "https://gitlab.com/"),
    ("bitbucket", "https://bitbucket.org/"),
    ("gist", "https://gist.github.com/"),
];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let gemfile = Gemfile::read(input.path, input.bytes, &mut parsed.diagnostics);
    let asked: Vec<Asked> = gemfile.gems.into_iter().map(|gem| gem.asked).collect();
    parsed.graph = alone(input, (PARSER.id, Ecosystem::RubyGems), &Project::default(), &asked);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// What a manifest asks for.
#[derive(Debug, Default)]
pub(super) struct Gemfile {
    /// The gems that are asked for plainly.
    pub(super) gems: Vec<Gem>,
    /// Whether the gems of a `gemspec` belong to it, and for what its development dependencies are.
    pub(super) gemspec: Option<Option<DependencyKind>>,
    /// Whether all of it was understood, so that what it does not name is named nowhere.
    pub(super) is_whole: bool,
}

/// A `gem` call.
#[derive(Debug)]
pub(super) struct Gem {
    /// What it asks for.
    pub(super) asked: Asked,
    /// Whether it is asked for under a condition.
    pub(super) is_conditional: bool,
}

/// What a block says of the gems in it.
#[derive(Debug, Clone)]
enum Block {
    Group(Option<DependencyKind>),
    From(Source),
    Condition,
    Plain,
}

impl Gemfile {
    /// Reads a manifest; where its blocks do not close, no gem's group is known.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let text = text_of(path, bytes, diagnostics);
        let mut reader = Reader {
            lines: LineIndex::new(path, text),
            default: Source::PUBLIC_REGISTRY,
            blocks: Vec::new(),
            braces: 0,
            gemfile: Self { is_whole: true, ..Self::default() },
        };
        let mut is_balanced = true;
        for statement in statements(text, |name| CALLS.contains(&name)) {
            is_balanced &= reader.statement(&statement);
        }
        let mut gemfile = reader.gemfile;
        if !is_balanced || !reader.blocks.is_empty() {
            gemfile.is_whole = false;
            gemfile.gems.iter_mut().for_each(|gem| gem.asked.kind = None);
        }
        gemfile
    }
}

struct Reader<'t> {
    lines: LineIndex<'t>,
    default: Source,
    blocks: Vec<Block>,
    braces: i32,
    gemfile: Gemfile,
}

impl<'t> Reader<'t> {
    /// Reads a statement; says whether blocks still close as they open.
    fn statement(&mut self, statement: &Statement<'t>) -> bool {
        self.braces = self.braces.saturating_add(statement.braces);
        let first = || statement.arguments.first();
        let mut block = match statement.name {
            "end" => return self.blocks.pop().is_some(),
            "gem" => {
                self.gem(statement);
                Block::Plain
            }
            "group" | "groups" => Block::Group(kind_of(&statement.arguments, statement.option("optional"))),
            "source" => {
                let address = first().and_then(Value::text).map(server);
                match address {
                    Some(address) if !statement.opens => {
                        self.default = address;
                        Block::Plain
                    }
                    Some(address) => Block::From(address),
                    None => Block::Condition,
                }
            }
            "git" | "github" | "path" => source(statement, statement.name, first()).map_or(Block::Plain, Block::From),
            "gemspec" => {
                let group = statement.option("development_group").map(|group| vec![group.clone()]);
                let kind = group.map_or(Some(DependencyKind::Dev), |group| kind_of(&group, None));
                self.gemfile.gemspec = Some(kind);
                Block::Plain
            }
            "eval_gemfile" => {
                self.gemfile.is_whole = false;
                Block::Plain
            }
            "platform" | "platforms" => Block::Plain,
            _ => Block::Condition,
        };
        if statement.opens {
            if statement.is_conditional {
                block = Block::Condition;
            }
            // More blocks within each other than anybody writes are no manifest.
            if self.blocks.len() > 1000 {
                return false;
            }
            self.blocks.push(block);
        }
        true
    }

    fn gem(&mut self, call: &Statement<'t>) {
        let Some(name) = call.arguments.first().and_then(Value::text).filter(|name| !name.is_empty()) else {
            self.gemfile.is_whole = false;
            return;
        };
        let requirements: Vec<&str> = call.arguments[1..].iter().filter_map(Value::words).flatten().collect();
        let is_plain = call.arguments[1..].iter().all(|argument| argument.words().is_some());
        let requirement = Some(requirements.join(", ")).filter(|text| !text.is_empty());
        let pinned = match requirements.as_slice() {
            [one] if is_plain => exact(one),
            _ => None,
        };
        let own = HOSTS.iter().map(|(name, _)| *name).chain(["git", "path", "source"]);
        let own = own.filter_map(|key| source(call, key, call.option(key))).next();
        let from = self.blocks.iter().rev().find_map(|block| match block {
            Block::From(source) => Some(source.clone()),
            _ => None,
        });
        let source = own.or(from).unwrap_or_else(|| self.default.clone());
        // Elsewhere than in a registry the version is that of the gem which lies there.
        let pinned = pinned.filter(|_| source.kind == SourceKind::Registry);
        let asked = Asked {
            name: name.to_owned(),
            requirement,
            exact: pinned.map(|version| (version.to_owned(), self.lines.locate_slice(version))),
            kind: self.kind(call),
            source,
            place: self.lines.locate_slice(name),
        };
        let in_condition = self.braces > 0 || self.blocks.iter().any(|block| matches!(block, Block::Condition));
        self.gemfile.gems.push(Gem { asked, is_conditional: call.is_conditional || in_condition });
    }

    /// What a gem is for, by its own groups and those of the blocks around it.
    fn kind(&self, call: &Statement<'t>) -> Option<DependencyKind> {
        let own = call.option("group").or_else(|| call.option("groups"));
        let own = own.map(|groups| kind_of(std::slice::from_ref(groups), None));
        let around = self.blocks.iter().filter_map(|block| match block {
            Block::Group(kind) => Some(*kind),
            _ => None,
        });
        let mut kinds = around.chain(own).peekable();
        if kinds.peek().is_none() {
            return Some(DependencyKind::Runtime);
        }
        let kinds: Vec<Option<DependencyKind>> = kinds.collect();
        match kinds.first() {
            _ if kinds.contains(&Some(DependencyKind::Runtime)) => Some(DependencyKind::Runtime),
            Some(first) if kinds.iter().all(|kind| kind == first) => *first,
            _ => None,
        }
    }
}

/// What the gems of these groups are for. `default` and `production` reach users; `development` and `test` do not
/// (<https://bundler.io/guides/groups.html>); what others are for only the project knows.
fn kind_of(groups: &[Value<'_>], optional: Option<&Value<'_>>) -> Option<DependencyKind> {
    let words: Option<Vec<Vec<&str>>> = groups.iter().map(Value::words).collect();
    let words: Vec<&str> = words?.into_iter().flatten().collect();
    if words.iter().any(|group| matches!(*group, "default" | "production")) {
        Some(DependencyKind::Runtime)
    } else if words.is_empty() {
        None
    } else if words.iter().all(|group| matches!(*group, "development" | "test")) {
        Some(DependencyKind::Dev)
    } else if optional.is_some_and(|value| *value == Value::Other("true")) {
        Some(DependencyKind::Optional)
    } else {
        None
    }
}

/// The source that a named argument, or the argument of a block, speaks of.
fn source(call: &Statement<'_>, key: &str, value: Option<&Value<'_>>) -> Option<Source> {
    let Value::Text(text) = value? else { return Some(Source::of(SourceKind::Unknown)) };
    let commit = call.option("ref").or_else(|| call.option("revision")).and_then(Value::text);
    Some(match key {
        "path" => Source::at(SourceKind::Path, text),
        "source" => server(text),
        "git" => git(text, commit),
        host => {
            let base = HOSTS.iter().find(|(name, _)| *name == host).map_or("", |(_, base)| *base);
            // `rails` alone is `rails/rails`.
            let name = if text.contains('/') || host == "gist" { (*text).to_owned() } else { format!("{text}/{text}") };
            git(&format!("{base}{name}.git"), commit)
        }
    })
}
