//! Where reports go: stdout, and files that are replaced only when they are whole.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Failure;
use crate::model::Report;
use crate::report::{self, Format, Options};

/// `FORMAT` or `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let format = Format::from_id(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.id()).collect();
            format!("there is no format {name:?}; there are {}", known.join(", "))
        })?;
        match file {
            Some("") => Err(format!("name a file after `{name}=`, or leave the `=` out for stdout")),
            // `-` is stdout everywhere.
            Some("-") | None => Ok(Self { format, file: None }),
            Some(file) => Ok(Self { format, file: Some(PathBuf::from(file)) }),
        }
    }
}

impl Output {
    /// What is written.
    pub(super) fn format(&self) -> Format {
        self.format
    }
}

/// The outputs of a run: `text` goes to stdout unless another format does.
pub(super) fn plan(asked: &[Output]) -> Result<Vec<Output>, Failure> {
    let on_stdout: Vec<&str> =
        asked.iter().filter(|output| output.file.is_none()).map(|output| output.format.id()).collect();
    if on_stdout.len() > 1 {
        let message =
            format!("{} would both go to stdout; give all but one a file: -o FORMAT=FILE", on_stdout.join(" and "));
        return Err(Failure::usage(message));
    }
    let files: Vec<&Path> = asked.iter().filter_map(|output| output.file.as_deref()).collect();
    for (at, file) in files.iter().enumerate() {
        // What is no plain file, as a pipe, takes one report after the other.
        let is_special = fs::metadata(file).is_ok_and(|meta| !meta.is_file());
        if !is_special && files[..at].iter().any(|earlier| place(earlier) == place(file)) {
            let message = format!("two reports would be written to {}; give each a file of its own", file.display());
            return Err(Failure::usage(message));
        }
    }
    let mut outputs = asked.to_vec();
    if on_stdout.is_empty() {
        outputs.push(Output { format: Format::Text, file: None });
    }
    Ok(outputs)
}

/// The place of a file that may not be there yet: its folder, whatever way leads to it, and its name.
fn place(file: &Path) -> (PathBuf, Option<&OsStr>) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()), file.file_name())
}

/// Writes every output. All are tried; the first failure that there is something to say about is the result.
pub(super) fn write(outputs: &[Output], report: &Report, terminal: &Options) -> Result<(), Failure> {
    let mut result = Ok(());
    for output in outputs {
        let written = match &output.file {
            None => {
                let mut stdout = BufWriter::new(io::stdout().lock());
                report::write(output.format, report, terminal, &mut stdout)
                    .and_then(|()| stdout.flush())
                    .map_err(|error| Failure::written("the report", &error))
            }
            Some(path) => {
                let options = Options { width: None, color: false, hyperlinks: false, ..terminal.clone() };
                to_file(path, |out| report::write(output.format, report, &options, out))
                    .map_err(|error| Failure::written(&path.display().to_string(), &error))
            }
        };
        let is_said = |result: &Result<(), Failure>| result.as_ref().is_err_and(|failure| !failure.messages.is_empty());
        if result.is_ok() || (is_said(&written) && !is_said(&result)) {
            result = written;
        }
    }
    result
}

/// Writes a file beside its place and moves it there, so that nobody reads half of it. What is no plain file (a pipe, a
/// device) is written as it is.
pub(super) fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let is_special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    if is_special {
        let mut out = BufWriter::new(File::options().write(true).open(path)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    let mut name = path.file_name().map(OsStr::to_os_string).unwrap_or_default();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut out = BufWriter::new(create_new(&new)?);
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // What is left is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&new);
    }
    written
}

/// Creates a file that is not there. What lies in its place is removed, not written to: in a scanned tree it may be a
/// link to anywhere.
fn create_new(path: &Path) -> io::Result<File> {
    let create = || File::options().write(true).create_new(true).open(path);
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()
        }
        created => created,
    }
}

/// Prints to stdout what is no report, at once.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::from)
}
