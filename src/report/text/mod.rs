//! What a person reads: what to change, why the run passes or not, what was looked at and what was not, and what
//! to type next.

mod checklist;
mod closing;
mod findings;
mod page;
mod plan;

use std::io::{self, Write};

use crate::model::Report;

use super::Options;
use page::Page;
use plan::Plan;

/// Writes the report for people.
pub(super) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let plan = Plan::of(report);
    let mut page = Page::new(out, options);
    checklist::write(&mut page, report)?;
    findings::write(&mut page, report, &plan, options)?;
    closing::write(&mut page, report, &plan, options)
}
