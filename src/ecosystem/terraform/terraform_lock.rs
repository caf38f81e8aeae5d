//! `.terraform.lock.hcl` (<https://developer.hashicorp.com/terraform/language/files/dependency-lock>).
//!
//! It locks the providers of a configuration and of all the modules that it calls, and says of none who asked for it.

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::tokens::{Token, Tokens};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, LineIndex, PackageId, Source, SourceKind};

/// Reads `.terraform.lock.hcl`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "terraform-lock",
    ecosystem: Ecosystem::Terraform,
    role: Role::Lockfile,
    names: &[".terraform.lock.hcl"],
    empty_is_valid: true,
    capabilities: Capabilities {
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

/// The hosts of the public registries, which are part of a provider's name.
const PUBLIC: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// A block `provider "address" { … }`.
#[derive(Default)]
struct Provider<'t> {
    address: &'t str,
    version: Option<&'t str>,
    constraints: Option<&'t str>,
    hash: Option<&'t str>,
    is_closed: bool,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut tokens = Tokens::new(text, &["#", "//"]).with_block("/*", "*/");
    while let Some(token) = tokens.next() {
        let line = Some(lines.line(tokens.offset().saturating_sub(1)));
        if token != Token::Word("provider") {
            // Terraform itself passes over blocks that it does not know; what belongs to none is a mistake.
            skip_block(&mut tokens);
            let message = "a `provider` block is expected here; what stands here was not read";
            parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
            continue;
        }
        let provider = block(&mut tokens);
        if !provider.is_closed {
            let message = "the file breaks off in this block; run `terraform init` to write it anew";
            parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
        }
        match provider.version {
            Some(version) if !provider.address.is_empty() => add(&provider, version, &lines, &mut graph),
            _ if provider.is_closed => {
                let message = "this provider has no address or no version; it was left out. Run `terraform init`";
                parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
            }
            _ => {}
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// Goes behind the next block.
fn skip_block(tokens: &mut Tokens<'_>) {
    let mut depth = 0_usize;
    for token in tokens {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') if depth <= 1 => return,
            Token::Mark('}') => depth -= 1,
            _ => {}
        }
    }
}

/// Reads a block from behind the word `provider` on.
fn block<'t>(tokens: &mut Tokens<'t>) -> Provider<'t> {
    let mut provider = Provider::default();
    let mut key = "";
    for token in tokens.by_ref() {
        match token {
            Token::Mark('}') => {
                provider.is_closed = true;
                break;
            }
            Token::Mark('{' | ']') => key = "",
            Token::Word(word) => key = word,
            Token::Text(text) => match key {
                "" if provider.address.is_empty() => provider.address = text,
                "version" => provider.version = Some(text),
                "constraints" => provider.constraints = Some(text),
                "hashes" => provider.hash = provider.hash.or(Some(text)),
                _ => {}
            },
            Token::Mark(_) | Token::Open(_) => {}
        }
    }
    provider
}

fn add(provider: &Provider<'_>, version: &str, lines: &LineIndex<'_>, graph: &mut GraphBuilder) {
    let host = provider.address.split('/').next().unwrap_or_default();
    let source = if PUBLIC.contains(&host) { Source::PUBLIC_REGISTRY } else { Source::at(SourceKind::Registry, host) };
    let id = PackageId::new(Ecosystem::Terraform, provider.address, Some(version), source);
    let index = graph.package(id, lines.locate_slice(version));
    if let Some(constraints) = provider.constraints {
        graph.requirement(index, constraints);
    }
    if let Some(hash) = provider.hash {
        graph.integrity(index, hash);
    }
}
