//! The archive of the `RustSec` database's main branch, as GitHub makes it: everything below one folder, the commit in the
//! comment, sent in chunks without a length, an `ETag` and no ranges.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::World;
use super::conditional::{Content, Stored, digest};
use super::http::{Body, Response};
use super::records::Record;
use super::server::{Answer, Call, Shared};

/// The path of the archive.
pub(super) const ARCHIVE: &str = "/RustSec/advisory-db/archive/refs/heads/main.zip";

/// Where that leads on GitHub.
const MOVED: &str = "/codeload/RustSec/advisory-db/zip/refs/heads/main";

const ROOT: &str = "advisory-db-main";

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let redirects = shared.settings.read().unwrap().rustsec_redirects;
    match call.path {
        ARCHIVE if call.is_get() && redirects => ("archive", Response::redirect(302, &format!("/rustsec{MOVED}"))),
        ARCHIVE | MOVED if call.is_get() => {
            let stored = shared.stored("rustsec", archive);
            let mut response = stored.answer(call.request);
            if response.status != 304 {
                response.status = 200;
                response.headers.retain(|(name, _)| *name != "Accept-Ranges" && *name != "Content-Range");
                if let Content::Bytes(bytes) = &stored.content {
                    response.body = Body::Stream(Box::new(Cursor::new(bytes.to_vec())), None);
                }
            }
            response.headers.retain(|(name, _)| *name != "Last-Modified");
            ("archive", response.with("Content-Disposition", format!("attachment; filename={ROOT}.zip")))
        }
        _ => ("unknown", Response::html(404, "Not Found")),
    }
}

fn archive(world: &World) -> Stored {
    let options = SimpleFileOptions::default();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut all = Vec::new();
    let readme = ("README.md".to_owned(), "# RustSec Advisory Database\n".to_owned());
    for (path, text) in world.rustsec().into_iter().chain([readme]) {
        zip.start_file(format!("{ROOT}/{path}"), options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        all.extend_from_slice(text.as_bytes());
    }
    zip.set_comment(format!("{:0<40}", digest(&all))).unwrap();
    Stored::new(zip.finish().unwrap().into_inner(), "application/zip", jiff::Timestamp::default())
}

impl World {
    /// The files of the database, by path: one for each record that has a `RustSec` id, and what was set beside them.
    fn rustsec(&self) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> = self.advisories.iter().filter_map(advisory).collect();
        files.extend(self.rustsec_files.clone());
        files
    }
}

/// A record in the database's own form: `TOML` and `Markdown`.
fn advisory(record: &Record) -> Option<(String, String)> {
    if !record.id.starts_with("RUSTSEC-") {
        return None;
    }
    let json = record.json();
    let affected = &json["affected"][0];
    let package = affected["package"]["name"].as_str()?;
    let day = |key: &str| json[key].as_str().and_then(|at| at.get(..10)).map(ToOwned::to_owned);
    let mut lines = vec![
        "```toml".to_owned(),
        "[advisory]".to_owned(),
        format!("id = {}", quoted(&record.id)),
        format!("package = {}", quoted(package)),
        format!("date = {}", quoted(&day("published")?)),
    ];
    lines.extend(day("withdrawn").map(|day| format!("withdrawn = {}", quoted(&day))));
    lines.push(format!("aliases = {}", list(&record.aliases)));
    let of_database = &affected["database_specific"];
    if let Some(informational) = of_database["informational"].as_str() {
        lines.push(format!("informational = {}", quoted(informational)));
    }
    if let Some(vector) = json["severity"][0]["score"].as_str() {
        lines.push(format!("cvss = {}", quoted(vector)));
    }
    let systems: Vec<String> = strings(&affected["ecosystem_specific"]["affects"]["os"]);
    if !systems.is_empty() {
        lines.push(format!("\n[affected]\nos = {}", list(&systems)));
    }
    let (patched, unaffected) = requirements(affected);
    lines.push(format!("\n[versions]\npatched = {}", list(&patched)));
    lines.push(format!("unaffected = {}\n```", list(&unaffected)));
    let text = |key: &str| json[key].as_str().unwrap_or_default();
    lines.push(format!("\n# {}\n\n{}\n", text("summary"), text("details")));
    Some((format!("crates/{package}/{}.md", record.id), lines.join("\n")))
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(items: &[String]) -> String {
    Value::from(items.to_vec()).to_string()
}

/// What lies outside of the ranges of a record: from each fix to the next introduction, and what is before the first.
fn requirements(affected: &Value) -> (Vec<String>, Vec<String>) {
    let (mut patched, mut unaffected) = (Vec::new(), Vec::new());
    let mut fixed: Option<String> = None;
    let ranges = affected["ranges"].as_array().into_iter().flatten();
    for event in ranges.flat_map(|range| range["events"].as_array().into_iter().flatten()) {
        if let Some(introduced) = event["introduced"].as_str() {
            match fixed.take() {
                Some(fixed) => patched.push(format!(">= {fixed}, < {introduced}")),
                None if matches!(introduced, "0" | "0.0.0-0") => {}
                None => unaffected.push(format!("< {introduced}")),
            }
        }
        fixed = event["fixed"].as_str().map(ToOwned::to_owned).or(fixed);
    }
    patched.extend(fixed.map(|fixed| format!(">= {fixed}")));
    (patched, unaffected)
}
