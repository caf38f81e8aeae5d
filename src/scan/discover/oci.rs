//! Container images that lie as an OCI layout in a folder
//! (<https://github.com/opencontainers/image-spec/blob/main/image-layout.md>): the files of an image that are recognised,
//! each as its uppermost layer has it. Nothing is unpacked to disk and no link is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::tar::{Entry, Tar};
use super::{Bounds, read_bounded};
use crate::ecosystem::{join, program_data};

/// The largest index or manifest, in bytes.
const LARGEST_JSON: u64 = 4 << 20;

/// How many images of one layout are read, and how many layers of one image.
const MOST_IMAGES: usize = 64;
const MOST_LAYERS: usize = 512;

/// How many bytes the layers of a layout may inflate to, and how many are kept.
const INFLATED: u64 = 64 << 30;
const KEPT: u64 = 1 << 30;

/// The largest program that is looked into, in bytes.
const LARGEST_PROGRAM: u64 = 256 << 20;

/// A file of an image.
pub(super) struct ImageFile {
    /// Its path in the image; where the layout holds several, below the name of the image's platform.
    pub(super) path: String,
    pub(super) content: Result<Vec<u8>, String>,
    /// Whether the content is what a program says of what it was built from.
    pub(super) is_program: bool,
}

/// What was found in a layout.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) files: Vec<ImageFile>,
    /// What could not be read.
    pub(super) lost: Vec<String>,
}

/// Whether a folder is a layout.
pub(super) fn is_layout(folder: &Path) -> bool {
    folder.join("oci-layout").is_file() && folder.join("index.json").is_file()
}

/// Reads the files of every image of a layout that are wanted by their paths, and the programs.
pub(super) fn read(folder: &Path, bounds: &Bounds, is_wanted: &dyn Fn(&str) -> bool) -> Layout {
    let mut layout = Layout::default();
    let mut images = Vec::new();
    match json(&folder.join("index.json")) {
        Ok(index) => collect(folder, &index, &mut images, &mut layout.lost),
        Err(why) => layout.lost.push(format!("index.json: {why}")),
    }
    if images.len() > MOST_IMAGES {
        layout.lost.push(format!("more than {MOST_IMAGES} images; the others were not read"));
        images.truncate(MOST_IMAGES);
    }
    let several = images.len() > 1;
    let mut budget = Budget { inflated: INFLATED, kept: KEPT, names: bounds.names };
    for (name, manifest) in images {
        let prefix = if several { format!("{name}/") } else { String::new() };
        let mut image = Image { bounds, is_wanted, prefix, ..Image::new(&mut budget, &mut layout) };
        let layers = manifest.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for layer in layers.iter().rev().take(MOST_LAYERS) {
            if let Err(why) = blob(layer).and_then(|blob| image.layer(&folder.join(blob))) {
                let digest = layer.get("digest").and_then(Value::as_str).unwrap_or_default();
                image.layout.lost.push(format!("layer {digest} of {name}: {why}"));
            }
        }
        if layers.is_empty() || layers.len() > MOST_LAYERS {
            image
                .layout
                .lost
                .push(format!("{name}: it has {} layers, of which at most {MOST_LAYERS} are read", layers.len()));
        }
    }
    layout
}

/// The manifests of images, by the names of their platforms. An index may list others, one deep.
fn collect(folder: &Path, index: &Value, images: &mut Vec<(String, Value)>, lost: &mut Vec<String>) {
    let mut todo: Vec<(Value, bool)> = list(index).map(|entry| (entry, true)).collect();
    todo.reverse();
    let mut used = BTreeSet::new();
    while let Some((entry, may_nest)) = todo.pop() {
        let platform = |key: &str| entry.get("platform").and_then(|platform| platform.get(key)?.as_str());
        // Statements about images lie beside them under a platform of this name.
        if platform("os") == Some("unknown") || images.len() > MOST_IMAGES {
            continue;
        }
        let found = match blob(&entry).and_then(|blob| json(&folder.join(blob))) {
            Ok(found) => found,
            Err(why) => {
                lost.push(format!("a manifest of the layout: {why}"));
                continue;
            }
        };
        if found.get("manifests").is_some() {
            if may_nest {
                todo.extend(list(&found).take(MOST_IMAGES).map(|entry| (entry, false)));
            }
            continue;
        }
        let words = [platform("os"), platform("architecture"), platform("variant")];
        let is_plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let name = words.into_iter().flatten().filter(is_plain).collect::<Vec<_>>().join("-");
        let name = if name.is_empty() { "image".to_owned() } else { name };
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| !used.contains(name)).unwrap_or(name);
        used.insert(name.clone());
        images.push((name, found));
    }
}

fn list(index: &Value) -> impl Iterator<Item = Value> + '_ {
    index.get("manifests").and_then(Value::as_array).into_iter().flatten().cloned()
}

fn json(path: &Path) -> Result<Value, String> {
    serde_json::from_slice(&read_bounded(path, LARGEST_JSON)?).map_err(|error| format!("it is not valid JSON: {error}"))
}

/// The path of the blob that a descriptor names.
fn blob(descriptor: &Value) -> Result<String, String> {
    let digest = descriptor.get("digest").and_then(Value::as_str).ok_or("its digest is missing")?;
    let (algorithm, hash) = digest.split_once(':').ok_or("its digest is none")?;
    let is_sane = matches!(algorithm, "sha256" | "sha512") && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_sane && hash.len() >= 64 {
        Ok(format!("blobs/{algorithm}/{hash}"))
    } else {
        Err("its digest is none".to_owned())
    }
}

/// How much may still be read of a layout.
struct Budget {
    inflated: u64,
    kept: u64,
    names: usize,
}

/// An image that is being read, from its uppermost layer down.
struct Image<'i> {
    bounds: &'i Bounds,
    is_wanted: &'i dyn Fn(&str) -> bool,
    prefix: String,
    budget: &'i mut Budget,
    layout: &'i mut Layout,
    hidden: Hidden,
}

/// What upper layers hide of those below.
#[derive(Default)]
struct Hidden {
    /// Files and folders that are there or were removed; of the removed ones (`true`), with all that they hold.
    paths: BTreeMap<String, bool>,
    /// Folders whose content was replaced.
    opaque: BTreeSet<String>,
}

impl Hidden {
    fn covers(&self, path: &str) -> bool {
        let above = std::iter::successors(path.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'));
        self.paths.contains_key(path)
            || above
                .map(|(folder, _)| folder)
                .any(|folder| self.opaque.contains(folder) || self.paths.get(folder) == Some(&true))
            || self.opaque.contains("")
    }
}

impl<'i> Image<'i> {
    fn new(budget: &'i mut Budget, layout: &'i mut Layout) -> Self {
        const NONE: Bounds = Bounds { file_size: 0, depth: 0, files: 0, names: 0 };
        let (bounds, is_wanted) = (&NONE, &|_: &str| false);
        Self { bounds, is_wanted, prefix: String::new(), budget, layout, hidden: Hidden::default() }
    }

    fn layer(&mut self, path: &Path) -> Result<(), String> {
        if !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
            return Err("it is not in the layout".to_owned());
        }
        let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
        let mut file = File::open(path).map_err(unreadable)?;
        let mut magic = Vec::new();
        (&mut file).take(4).read_to_end(&mut magic).map_err(unreadable)?;
        let whole = BufReader::new(Cursor::new(magic.clone()).chain(file));
        match *magic.as_slice() {
            [0x1F, 0x8B, ..] => self.archive(MultiGzDecoder::new(whole)),
            [0x28, 0xB5, 0x2F, 0xFD] => Err("it is compressed with zstd, which is not read".to_owned()),
            _ => self.archive(whole),
        }
    }

    fn archive(&mut self, reader: impl Read) -> Result<(), String> {
        let mut tar = Tar::new(reader.take(self.budget.inflated));
        let mut own = Hidden::default();
        let mut read = Ok(());
        loop {
            match tar.next() {
                Ok(Some(entry)) => self.entry(&mut tar, &entry, &mut own),
                Ok(None) => break,
                Err(error) => {
                    read = Err(format!("it cannot be read to its end: {error}"));
                    break;
                }
            }
            self.budget.names = self.budget.names.saturating_sub(1);
            if self.budget.names == 0 {
                read = Err("the layout has more names than are looked at".to_owned());
                break;
            }
        }
        self.budget.inflated = self.budget.inflated.saturating_sub(tar.taken());
        for (path, is_removed) in own.paths {
            *self.hidden.paths.entry(path).or_default() |= is_removed;
        }
        self.hidden.opaque.extend(own.opaque);
        read
    }

    fn entry(&mut self, tar: &mut Tar<impl Read>, entry: &Entry, own: &mut Hidden) {
        let Some(path) = join("", entry.path.trim_start_matches('/')).filter(|path| !path.is_empty()) else { return };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        // <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts>
        if name == ".wh..wh..opq" {
            own.opaque.insert(folder.to_owned());
            return;
        }
        if let Some(removed) = name.strip_prefix(".wh.") {
            let removed = if folder.is_empty() { removed.to_owned() } else { format!("{folder}/{removed}") };
            own.paths.insert(removed, true);
            return;
        }
        let is_wanted = (self.is_wanted)(&path);
        let may_run = entry.is_file && entry.mode & 0o111 != 0 && !is_wanted;
        if entry.is_folder || self.hidden.covers(&path) || !(is_wanted || may_run) {
            return;
        }
        own.paths.entry(path.clone()).or_default();
        // A link where a file was wanted hides what lies below it.
        if !entry.is_file {
            return;
        }
        let most = if is_wanted { self.bounds.file_size } else { LARGEST_PROGRAM }.min(self.budget.kept);
        let content = match tar.content(most) {
            Ok(bytes) => Ok(bytes),
            Err(_) if may_run => return,
            Err(error) => Err(format!("it cannot be read from its layer: {error}")),
        };
        let content = match content {
            Ok(bytes) if may_run => match program_data(Cursor::new(bytes)) {
                Some(data) => Ok(data),
                None => return,
            },
            other => other,
        };
        self.budget.kept = self.budget.kept.saturating_sub(content.as_ref().map_or(0, |bytes| bytes.len() as u64));
        self.layout.files.push(ImageFile { path: format!("{}{path}", self.prefix), content, is_program: may_run });
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A tar entry: its header with a checksum, and its content.
    fn entry(path: &str, kind: u8, mode: u32, content: &[u8]) -> Vec<u8> {
        let mut header = vec![0_u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header.extend_from_slice(content);
        header.resize(header.len().div_ceil(512) * 512, 0);
        header
    }

    fn file(path: &str, content: &str) -> Vec<u8> {
        entry(path, b'0', 0o644, content.as_bytes())
    }

    /// Writes a layout with one image of these layers, the lowest first.
    fn layout(folder: &Path, layers: &[Vec<u8>]) {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let digest = |number: usize| format!("{number:064x}");
        for (number, layer) in layers.iter().enumerate() {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(&[layer.as_slice(), &[0; 1024]].concat()).unwrap();
            fs::write(blobs.join(digest(number)), gzip.finish().unwrap()).unwrap();
        }
        let list: Vec<String> =
            (0..layers.len()).map(|number| format!("{{\"digest\": \"sha256:{}\"}}", digest(number))).collect();
        let manifest = digest(99);
        fs::write(blobs.join(&manifest), format!("{{\"layers\": [{}]}}", list.join(", "))).unwrap();
        fs::write(folder.join("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}").unwrap();
        fs::write(folder.join("index.json"), format!("{{\"manifests\": [{{\"digest\": \"sha256:{manifest}\"}}]}}"))
            .unwrap();
    }

    fn found(folder: &Path) -> (Vec<(String, String)>, Vec<String>) {
        let wanted = |path: &str| path.ends_with("installed") || path.ends_with("os-release");
        let layout = read(folder, &Bounds::default(), &wanted);
        let text = |file: ImageFile| (file.path, String::from_utf8_lossy(&file.content.unwrap()).into_owned());
        let mut files: Vec<_> = layout.files.into_iter().map(text).collect();
        files.sort();
        (files, layout.lost)
    }

    #[test]
    fn the_uppermost_layer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("{}/lib/apk/db/installed", "deep".repeat(40));
        let lower = [
            file("etc/os-release", "old"),
            file("./lib/apk/db/installed", "old"),
            file("gone/installed", "x"),
            file("emptied/a/installed", "x"),
            file("removed/deep/installed", "x"),
            file("kept/installed", "kept"),
            file("README", "unwanted"),
        ];
        let upper = [
            entry("@LongLink", b'L', 0, format!("{long}\0").as_bytes()),
            file("cut", "long"),
            file("lib/apk/db/installed", "new"),
            file("gone/.wh.installed", ""),
            file("emptied/.wh..wh..opq", ""),
            file(".wh.removed", ""),
            entry("etc/os-release", b'2', 0o777, b""),
            file("../out/installed", "outside"),
        ];
        layout(folder.path(), &[lower.concat(), upper.concat()]);
        let (files, lost) = found(folder.path());
        let expected = [(long.as_str(), "long"), ("kept/installed", "kept"), ("lib/apk/db/installed", "new")];
        assert_eq!(files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>(), expected);
        assert_eq!(lost, Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let torn = file("lib/apk/db/installed", "text")[..514].to_vec();
        layout(folder.path(), &[file("a/installed", "a"), torn, b"no tar".repeat(100)]);
        fs::write(folder.path().join("blobs/sha256").join(format!("{:064x}", 0)), b"\x28\xB5\x2F\xFD...").unwrap();
        let (_, lost) = found(folder.path());
        assert_eq!(lost.len(), 2, "{lost:?}");
        assert!(lost[0].contains("no tar archive") && lost[1].contains("zstd"), "{lost:?}");
        fs::write(folder.path().join("index.json"), "{\"manifests\": [{\"digest\": \"sha256:../../../etc/passwd\"}]}")
            .unwrap();
        assert_eq!(found(folder.path()).1, ["a manifest of the layout: its digest is none"]);
    }
}
