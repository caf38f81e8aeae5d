//! `--vex`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
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
    /// Reads the documents into a policy.
    pub(super) fn load(&self, policy: &mut Policy) -> Result<(), Failure> {
        if self.vex.len() > MOST {
            return Err(Failure::usage(format!("--vex names {} documents; {MOST} are the most", self.vex.len())));
        }
        for path in &self.vex {
            let shown = path.display().to_string();
            let text = read(path).map_err(|error| Failure::usage(format!("the VEX document {shown}: {error}")))?;
            policy.vex.push(vex::parse(&shown, &text).map_err(Failure::usage)?);
        }
        Ok(())
    }
}

/// The text of a document. Of one that is too large no more is read than shows that it is.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(vex::LARGEST as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
