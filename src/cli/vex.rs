//! `--vex`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use super::callers_files::CallersFiles;
use crate::model::{Diagnostic, Location, PolicyChange};
use crate::policy::{Policy, vex};

/// How many documents one run takes.
const MOST: usize = 1_000;

/// Statements about what does not affect the project.
#[derive(Debug, Clone, Args)]
pub(super) struct VexArguments {
    /// Take the statements of a VEX document (OpenVEX, CycloneDX, CSAF) as exceptions; repeat for more
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

impl VexArguments {
    /// Reads the documents into a policy, and says which of them the change that is judged edits.
    pub(super) fn load(&self, policy: &mut Policy, files: CallersFiles<'_>) -> Result<Vec<PolicyChange>, Failure> {
        if self.vex.len() > MOST {
            return Err(Failure::usage(format!("--vex names {} documents; {MOST} are the most", self.vex.len())));
        }
        let mut changes = Vec::new();
        for path in &self.vex {
            let shown = path.display().to_string();
            let wrong = |why: String| Failure::usage(format!("the VEX document {shown}: {why}"));
            let found = files.read(path, vex::LARGEST).map_err(wrong)?;
            if let Some(inside) = files.in_tree(path) {
                changes.extend(edited(&inside, found.as_deref(), path));
                if found.is_none() {
                    let message = format!("the VEX document is not in force: {}", files.absent(path));
                    policy.remarks.push(Diagnostic::warning(&inside.into(), None, message));
                    continue;
                }
            }
            let bytes = found.ok_or_else(|| wrong(files.absent(path)))?;
            let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
            policy.vex.push(vex::parse(&shown, &text).map_err(Failure::usage)?);
        }
        Ok(changes)
    }
}

/// That a document is another one than at the base. Which statements of two documents clear more cannot be told.
fn edited(inside: &str, was: Option<&[u8]>, path: &Path) -> Option<PolicyChange> {
    let now = CallersFiles::NOW.read(path, vex::LARGEST);
    let what = match (&now, was) {
        (Ok(Some(now)), Some(was)) if now == was => return None,
        // Without it, nothing is cleared.
        (Ok(None), _) => return None,
        (_, None) => "adds",
        (_, Some(_)) => "edits",
    };
    let location = Location { path: inside.into(), line: 1, column: 1, length: 0 };
    let message = format!("The change {what} the VEX document {inside}, which says what does not count");
    Some(PolicyChange { location, key: format!("vex.{inside}"), message })
}
