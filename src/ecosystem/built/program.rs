//! Programs that say what they were built from: Go's build information (<https://pkg.go.dev/debug/buildinfo>), in both
//! of its layouts, and what `cargo auditable` leaves in Rust programs
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>).
//!
//! Programs are large, and what they say is not: [`program_data`] takes it out of them, and the parser reads that.

use std::io::{Cursor, Read, Seek};

use flate2::read::ZlibDecoder;

use super::sections::{Executable, Part};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageId, PackageIndex, Source, SourceKind,
};

/// Reads programs, which are known by what is in them and not by a name.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "program",
    ecosystem: Ecosystem::Go,
    role: Role::Installed,
    names: &[],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        source: Support::Full,
        lines: Support::None,
        integrity: Support::Partial,
    },
    parse,
};

/// What stands before Go's build information (`debug/buildinfo`, `buildInfoMagic`).
const GO_MAGIC: &[u8] = b"\xff Go buildinf:";

/// What stands before it in what [`program_data`] gives.
const GO_DATA: &[u8] = b"go\n";

/// How far into the data of a program Go's build information is looked for, in bytes.
const SEARCHED: u64 = 1 << 20;

/// The most that a program may say, in bytes.
const MOST: u64 = 16 << 20;

/// What a program says of what it was built from; `None` where it is no program, or does not say.
pub fn program_data(reader: impl Read + Seek) -> Option<Vec<u8>> {
    let mut file = Executable::open(reader)?;
    let section = |file: &Executable<_>, name: &str| file.sections.iter().find(|part| part.name == name).cloned();
    if let Some(part) = section(&file, ".dep-v0") {
        let bytes = file.bytes(part.offset, part.length)?;
        let mut json = Vec::new();
        ZlibDecoder::new(bytes.as_slice()).take(MOST).read_to_end(&mut json).ok()?;
        return json.starts_with(b"{").then_some(json);
    }
    let named = [".go.buildinfo", "__go_buildinfo"].iter().find_map(|name| section(&file, name));
    // Without its own section it is at the beginning of the data.
    let data = file.segments.iter().find(|part| part.is_data && part.length > 0).cloned();
    go_data(&mut file, &named.or(data)?)
}

/// Whether a file begins as programs do.
fn begins_as_program(bytes: &[u8]) -> bool {
    let magics: [&[u8]; 5] = [b"\x7FELF", b"MZ", b"\xCF\xFA\xED\xFE", b"\xCE\xFA\xED\xFE", b"\xCA\xFE\xBA\xBE"];
    magics.iter().any(|magic| bytes.starts_with(magic))
}

/// The version of Go and the modules, as text.
fn go_data(file: &mut Executable<impl Read + Seek>, part: &Part) -> Option<Vec<u8>> {
    let data = file.up_to(part.offset, part.length.min(SEARCHED))?;
    let at = data.chunks(16).position(|chunk| chunk.starts_with(GO_MAGIC))? * 16;
    let header = data.get(at..at.checked_add(32)?)?;
    let (version, modules) = if header[15] & 2 != 0 {
        let start = part.offset.checked_add(at as u64 + 32)?;
        let (version, next) = inline(file, start)?;
        (version, inline(file, next)?.0)
    } else {
        let pointers = Pointers { size: u64::from(header[14]), is_big_endian: header[15] & 1 != 0 };
        let start = part.offset.checked_add(at as u64 + 16)?;
        let version = pointers.text(file, start)?;
        (version, pointers.text(file, start.checked_add(pointers.size)?).unwrap_or_default())
    };
    // Sixteen bytes before and after mark the text where the linker left it.
    let is_marked = modules.len() >= 33 && modules[modules.len() - 17] == b'\n';
    let modules = if is_marked { &modules[16..modules.len() - 16] } else { &[] };
    Some([GO_DATA, &version, b"\n", modules].concat())
}

/// A text with its length before it, and where it ends.
fn inline(file: &mut Executable<impl Read + Seek>, at: u64) -> Option<(Vec<u8>, u64)> {
    let mut length = 0_u64;
    let mut start = at;
    for (position, byte) in file.up_to(at, 10)?.into_iter().enumerate() {
        let shift = u32::try_from(position * 7).ok()?;
        length |= u64::from(byte & 0x7F).checked_shl(shift)?;
        start = at.checked_add(position as u64 + 1)?;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let text = file.bytes(start, Some(length).filter(|&length| length <= MOST)?)?;
    Some((text, start.checked_add(length)?))
}

/// How the older layout points to texts.
struct Pointers {
    size: u64,
    is_big_endian: bool,
}

impl Pointers {
    fn number(&self, file: &mut Executable<impl Read + Seek>, at: u64) -> Option<u64> {
        if !matches!(self.size, 4 | 8) {
            return None;
        }
        let mut bytes = file.bytes(at, self.size)?;
        if !self.is_big_endian {
            bytes.reverse();
        }
        Some(bytes.into_iter().fold(0, |number, byte| (number << 8) | u64::from(byte)))
    }

    /// The text whose address and length stand where the pointer leads.
    fn text(&self, file: &mut Executable<impl Read + Seek>, at: u64) -> Option<Vec<u8>> {
        let header = self.number(file, at)?;
        let header = file.offset_of(header)?;
        let (address, length) = (self.number(file, header)?, self.number(file, header.checked_add(self.size)?)?);
        let offset = file.offset_of(address)?;
        file.bytes(offset, Some(length).filter(|&length| length <= MOST)?)
    }
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let taken_out;
    let data = if begins_as_program(input.bytes) {
        taken_out = program_data(Cursor::new(input.bytes)).unwrap_or_default();
        taken_out.as_slice()
    } else {
        input.bytes
    };
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    if let Some(text) = data.strip_prefix(GO_DATA) {
        go(&String::from_utf8_lossy(text), &mut graph);
        parsed.graph = graph.finish_as_marked();
    } else if data.starts_with(b"{") {
        let mut repaired = String::new();
        let document = json::parse(input.path, data, &mut repaired, &mut parsed.diagnostics);
        rust(input, document.value.get("packages").map_or(&[], Value::items), &mut graph, &mut parsed.diagnostics);
        parsed.graph = graph.finish_by_reachability();
    } else {
        let message = "the program does not say what it was built from: it has neither Go's build information nor that of \
                       cargo-auditable, or they are damaged";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// The version of Go and the modules: `mod`, `dep` and `=>` lines of path, version and hash
/// (<https://pkg.go.dev/runtime/debug#BuildInfo>).
fn go(text: &str, graph: &mut GraphBuilder) {
    let mut lines = text.lines().peekable();
    let release = lines.next().unwrap_or_default().split(' ').next().unwrap_or_default();
    if let Some(version) = crate::ecosystem::go::toolchain_version(release) {
        let id = PackageId::new(Ecosystem::Go, "stdlib", Some(version), Source::PUBLIC_REGISTRY);
        let index = graph.package(id, None);
        graph.mark(index, None, Kinds::only(DependencyKind::Runtime));
    }
    while let Some(line) = lines.next() {
        let parts: Vec<&str> = line.split('\t').collect();
        let (word, module) = match *parts.as_slice() {
            [word, path, version, ..] => (word, (path, version, parts.get(3).copied())),
            _ => continue,
        };
        let replaced = lines.peek().and_then(|next| {
            let parts: Vec<&str> = next.strip_prefix("=>\t")?.split('\t').collect();
            Some((*parts.first()?, parts.get(1).copied().unwrap_or_default(), parts.get(2).copied()))
        });
        let (path, version, hash) = replaced.unwrap_or(module);
        let version = Some(version).filter(|version| !version.is_empty() && *version != "(devel)");
        match word {
            "mod" => {
                let id = PackageId::new(Ecosystem::Go, path, version, Source::of(SourceKind::Workspace));
                graph.member(id, None);
            }
            "dep" => {
                // A folder on the machine that built it has no version.
                let is_path = path.starts_with(['.', '/']) || path.get(1..2) == Some(":");
                let (name, source) = match is_path {
                    true => (module.0, Source::at(SourceKind::Path, path)),
                    false => (path, Source::PUBLIC_REGISTRY),
                };
                let index = graph.package(PackageId::new(Ecosystem::Go, name, version, source), None);
                graph.mark(index, None, Kinds::only(DependencyKind::Runtime));
                if let Some(hash) = hash.filter(|hash| !hash.is_empty()) {
                    graph.integrity(index, hash);
                }
            }
            _ => {}
        }
    }
}

/// The packages of `cargo auditable`, with their edges as places in the list.
fn rust(input: &Input<'_>, packages: &[Value<'_>], graph: &mut GraphBuilder, diagnostics: &mut Vec<Diagnostic>) {
    let mut indexes: Vec<Option<PackageIndex>> = Vec::with_capacity(packages.len());
    for package in packages {
        let (Some(name), Some(version)) = (package.text("name"), package.text("version")) else {
            let message = "a package of the program has no name or no version; it was left out";
            diagnostics.push(Diagnostic::error(input.path, None, message));
            indexes.push(None);
            continue;
        };
        let source = match package.text("source") {
            Some("crates.io") => Source::PUBLIC_REGISTRY,
            Some("git") => Source::of(SourceKind::Git),
            Some("local") => Source::of(SourceKind::Path),
            // Another registry, of which it does not say which.
            Some("registry") => Source::at(SourceKind::Registry, "registry"),
            _ => Source::of(SourceKind::Unknown),
        };
        let is_root = package.is_true("root");
        let source = if is_root { Source::of(SourceKind::Workspace) } else { source };
        let id = PackageId::new(Ecosystem::CratesIo, name, Some(version), source);
        indexes.push(Some(if is_root { graph.member(id, None) } else { graph.package(id, None) }));
    }
    if packages.is_empty() {
        let name = file_name_of(input.path);
        diagnostics.push(Diagnostic::error(input.path, None, format!("`{name}` lists no packages")));
    }
    for (package, from) in packages.iter().zip(&indexes) {
        let needs = package.get("dependencies").map_or(&[][..], Value::items);
        for at in needs.iter().filter_map(place) {
            let (Some(from), Some(&Some(to))) = (*from, indexes.get(at)) else { continue };
            // The kind is of the package, and not of the edge to it.
            let kind = match packages.get(at).and_then(|package| package.text("kind")) {
                Some("build") => DependencyKind::Build,
                _ => DependencyKind::Runtime,
            };
            graph.dependency(from, to, kind, None);
        }
    }
}

/// The place in the list that a number means.
fn place(need: &Value<'_>) -> Option<usize> {
    let Value::Number(number) = need else { return None };
    format!("{number}").parse().ok()
}
