//! `osprey baseline`, and reading what it wrote.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::Failure;
use crate::policy::{Baseline, LARGEST_BASELINE};

/// A baseline from its file.
pub(super) fn read(path: &Path) -> Result<Baseline, Failure> {
    let shown = path.display().to_string();
    let text = read_text(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::usage(format!(
            "--baseline {shown}: there is no such file; `osprey baseline -o {shown}` writes one"
        )),
        _ => Failure::usage(format!("--baseline {shown}: {error}")),
    })?;
    Baseline::parse(&shown, &text).map_err(Failure::usage)
}

/// Of a file that is too large no more is read than shows that it is.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST_BASELINE as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
