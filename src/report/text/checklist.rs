//! The intake questions about each package, with their answers.

use std::io;

use anstyle::Style;

use crate::model::{Answered, Checklist, Report};

use super::page::{BOLD, DIM, GREEN, PLAIN, Page, Piece, RED, YELLOW};

/// Writes every checklist.
pub(super) fn write(page: &mut Page, report: &Report) -> io::Result<()> {
    for checklist in &report.checklists {
        page.gap()?;
        one(page, report, checklist)?;
    }
    page.gap()
}

fn one(page: &mut Page, report: &Report, checklist: &Checklist) -> io::Result<()> {
    let purl = report.graph.package(checklist.package).id.purl();
    page.line(0, 2, &[Piece::plain("May we add "), Piece::styled(purl.as_str(), BOLD), Piece::plain("?")])?;
    for item in &checklist.items {
        let (mark, style) = mark(item.answer);
        let clause = Piece::styled(&format!(" ({})", item.clause), DIM);
        page.line(2, 10, &[Piece::styled(&format!("{mark:8}"), style), Piece::plain(item.question), clause])?;
        page.line(10, 10, &[Piece::styled(&item.evidence, PLAIN)])?;
    }
    Ok(())
}

fn mark(answer: Answered) -> (&'static str, Style) {
    match answer {
        Answered::Yes => ("yes", GREEN),
        Answered::No => ("no", RED),
        Answered::Unknown => ("unknown", YELLOW),
        Answered::Yours => ("for you", BOLD),
    }
}
