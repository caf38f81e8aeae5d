//! `osprey list`: the tables, from the code.

use clap::{Args, ValueEnum};

use super::output::print;
use super::{Exit, Failure, Global};
use crate::ecosystem::{PARSERS, Support};
use crate::expression::{FIELDS, FUNCTIONS, VARIABLES};
use crate::report::Format;
use crate::rule::{CLAUSES, rules};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which table
    #[arg(value_enum)]
    table: Table,
    /// As a Markdown table, as the README has it
    #[arg(long)]
    markdown: bool,
}

/// A table of what is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Table {
    /// What is looked for
    Rules,
    /// What is read
    Parsers,
    /// How it is written
    Formats,
    /// What the guidance asks for, and which rules look for it
    Clauses,
    /// What an expression of a policy's own rule can read
    Variables,
    /// What it can ask
    Functions,
}

pub(super) fn run(arguments: &Arguments, _global: &Global) -> Result<Exit, Failure> {
    let rows = rows(arguments.table);
    print(&if arguments.markdown { markdown(&rows) } else { aligned(&rows) })?;
    Ok(Exit::Pass)
}

/// The heading and the rows.
fn rows(table: Table) -> Vec<Vec<String>> {
    match table {
        Table::Rules => of_rules(),
        Table::Clauses => of_clauses(),
        Table::Variables => of_variables(),
        Table::Functions => {
            let functions = FUNCTIONS.iter().map(|function| row(&[function.name, function.usage, function.meaning]));
            std::iter::once(row(&["function", "example", "gives"])).chain(functions).collect()
        }
        Table::Parsers => of_parsers(),
        Table::Formats => {
            let formats = Format::ALL.iter().map(|format| row(&[format.id(), format.description()]));
            std::iter::once(row(&["format", "what for"])).chain(formats).collect()
        }
    }
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

fn of_rules() -> Vec<Vec<String>> {
    let heading = row(&["rule", "finds", "data", "greenfield", "brownfield", "guidance"]);
    let rules = rules().into_iter().map(|rule| {
        let data: Vec<&str> = rule.data.iter().map(|data| data.as_str()).collect();
        let (greenfield, brownfield) = (rule.greenfield.as_str(), rule.brownfield.as_str());
        row(&[rule.id, rule.summary, &data.join(", "), greenfield, brownfield, rule.clause])
    });
    std::iter::once(heading).chain(rules).collect()
}

fn of_clauses() -> Vec<Vec<String>> {
    let clauses = CLAUSES.iter().map(|clause| {
        let cites = |rule: &&crate::model::Rule| rule.clause.split(' ').any(|id| id == clause.id);
        let met: Vec<&str> = rules().into_iter().filter(cites).map(|rule| rule.id).collect();
        let met = if met.is_empty() { clause.without_rule.unwrap_or_default().to_owned() } else { met.join(", ") };
        row(&[clause.id, clause.asks, &met])
    });
    std::iter::once(row(&["clause", "asks", "rules, or why there is none"])).chain(clauses).collect()
}

fn of_variables() -> Vec<Vec<String>> {
    let heading = row(&["variable", "type", "what it is", "absent where", "needs"]);
    let fields = FIELDS.iter().map(|field| (format!("a.{}", field.name), field));
    let variables = VARIABLES.iter().map(|variable| (variable.name.to_owned(), variable)).chain(fields);
    let rows = variables.map(|(name, variable)| {
        let needs = variable.data.iter().map(|data| data.as_str()).collect::<Vec<_>>().join(", ");
        let words = match variable.kind.words() {
            [] => String::new(),
            words => format!("; one of {}", words.join(", ")),
        };
        let absent = if variable.absent.is_empty() { "never" } else { variable.absent };
        row(&[&name, variable.kind.as_str(), &format!("{}{words}", variable.meaning), absent, &needs])
    });
    std::iter::once(heading).chain(rows).collect()
}

fn of_parsers() -> Vec<Vec<String>> {
    let heading =
        row(&["parser", "ecosystem", "files", "kind", "graph", "direct", "kinds", "source", "lines", "hashes"]);
    let parsers = PARSERS.iter().map(|parser| {
        let role = parser.role.as_str();
        let of = parser.capabilities;
        let supports = [of.graph, of.direct, of.kinds, of.source, of.lines, of.integrity].map(word);
        let names = if parser.names.is_empty() { "(any name)".to_owned() } else { parser.names.join(", ") };
        let mut cells = vec![parser.id, parser.origin(), &names, role];
        cells.extend(supports);
        row(&cells)
    });
    std::iter::once(heading).chain(parsers).collect()
}

fn word(support: Support) -> &'static str {
    match support {
        Support::Full => "full",
        Support::Partial => "partial",
        Support::None => "none",
    }
}

fn markdown(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('*', "\\*")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = String::new();
    for (at, cells) in rows.iter().enumerate() {
        out.push_str(&line(cells));
        if at == 0 {
            out.push_str(&line(&vec!["---".to_owned(); cells.len()]));
        }
    }
    out
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for cells in rows {
        let line: Vec<String> = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}
