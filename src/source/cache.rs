//! Answers of services, kept in files: one for each question, written whole beside its place and then renamed, so that
//! any number of runs may use one folder at once and one that is killed leaves nothing half written. What is not as it
//! was written is as if it were not there.
//!
//! A file is a line of JSON (what was asked, when, how long the body is and its checksum) and the body. The name is a
//! hash of the question, under the service and two digits of the name: two questions with one hash take turns.
//! Every such folder is bounded, and the oldest answers give way.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// How many bytes the folder of a service and two digits may have: 256 of them make half a gibibyte a service at the
/// very most.
const FOLDER: u64 = 2 << 20;

/// What a run that was killed left unfinished is removed after so long.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The cache of a run.
#[derive(Debug)]
pub struct Cache {
    root: Option<PathBuf>,
    written: RefCell<BTreeSet<PathBuf>>,
    /// The folders that each service has. Most questions of a first run have no file, and many not even a folder: to know
    /// that costs less than to try to open each.
    folders: RefCell<BTreeMap<&'static str, BTreeSet<u8>>>,
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// When the service last said so.
    pub(super) as_of: Timestamp,
    pub(super) body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    question: String,
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// Seconds since 1970.
    as_of: i64,
    length: u64,
    checksum: u64,
}

/// What the cache keeps of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheUse {
    /// Answers.
    pub answers: u64,
    /// Bytes on disk, without what the file system adds.
    pub bytes: u64,
}

impl Cache {
    /// A cache in that folder, which need not exist; without one nothing is kept.
    pub fn new(root: Option<PathBuf>) -> Self {
        Self { root, written: RefCell::default(), folders: RefCell::default() }
    }

    fn place(&self, service: &str, question: &str) -> Option<PathBuf> {
        let hash = xxh3_128(question.as_bytes());
        Some(self.root.as_ref()?.join(format!("{service}/{:02x}/{:030x}", hash >> 120, hash & (u128::MAX >> 8))))
    }

    /// Whether there is a folder in which the answer to a question may be.
    fn has_folder(&self, service: &'static str, question: &str) -> bool {
        let Some(root) = &self.root else { return false };
        let mut services = self.folders.borrow_mut();
        let folders = services.entry(service).or_insert_with(|| {
            let folders = fs::read_dir(root.join(service)).into_iter().flatten().filter_map(Result::ok);
            folders.filter_map(|entry| u8::from_str_radix(entry.file_name().to_str()?, 16).ok()).collect()
        });
        folders.contains(&folder_of(question))
    }

    /// Whether anything is kept of a service.
    pub(super) fn holds(&self, service: &str) -> bool {
        self.root.as_ref().is_some_and(|root| root.join(service).is_dir())
    }

    /// What is kept for a question. Anything wrong with the file is as if there were none.
    pub(super) fn recall(&self, service: &'static str, question: &str) -> Option<Kept> {
        if !self.has_folder(service, question) {
            return None;
        }
        let bytes = fs::read(self.place(service, question)?).ok()?;
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = &bytes[end + 1..];
        let is_whole = head.question == question && head.length == body.len() as u64 && head.checksum == xxh3_64(body);
        let Head { status, etag, last_modified, as_of, .. } = head;
        let as_of = Timestamp::from_second(as_of).ok()?;
        is_whole.then(|| Kept { status, etag, last_modified, as_of, body: body.to_vec() })
    }

    /// Keeps an answer. That it cannot be kept costs no more than asking again.
    pub(super) fn keep(&self, service: &'static str, question: &str, kept: &Kept) {
        let Some(place) = self.place(service, question) else { return };
        let head = Head {
            question: question.to_owned(),
            status: kept.status,
            etag: kept.etag.clone(),
            last_modified: kept.last_modified.clone(),
            as_of: kept.as_of.as_second(),
            length: kept.body.len() as u64,
            checksum: xxh3_64(&kept.body),
        };
        if write(&place, &head, &kept.body).is_ok()
            && let Some(folder) = place.parent()
        {
            self.written.borrow_mut().insert(folder.to_owned());
            self.folders.borrow_mut().entry(service).and_modify(|folders| {
                folders.insert(folder_of(question));
            });
        }
    }

    /// Holds every folder that was written to within its bound.
    pub(super) fn prune(&self, now: Timestamp) {
        for folder in self.written.take() {
            // A folder that cannot be read now is held within its bound by a later run.
            let _ = prune(&folder, now);
        }
    }

    /// What is kept, by service.
    ///
    /// # Errors
    /// Where the folder is there and cannot be read.
    pub fn status(&self) -> io::Result<BTreeMap<String, CacheUse>> {
        let mut services = BTreeMap::new();
        let Some(root) = self.root.as_deref().filter(|root| root.is_dir()) else { return Ok(services) };
        for service in folders(root)? {
            let mut of_service = CacheUse::default();
            for folder in folders(&service)? {
                for file in fs::read_dir(folder)?.filter_map(Result::ok) {
                    of_service.answers += 1;
                    of_service.bytes += file.metadata().map_or(0, |meta| meta.len());
                }
            }
            services.insert(name_of(&service), of_service);
        }
        Ok(services)
    }

    /// Forgets everything: removes what the cache made, and nothing else that may lie in its folder.
    ///
    /// # Errors
    /// Where something cannot be removed.
    pub fn clear(&self) -> io::Result<()> {
        let Some(root) = self.root.as_deref().filter(|root| root.is_dir()) else { return Ok(()) };
        for service in folders(root)? {
            for folder in folders(&service)?.into_iter().filter(|folder| is_digits(&name_of(folder))) {
                for file in fs::read_dir(&folder)? {
                    fs::remove_file(file?.path())?;
                }
                fs::remove_dir(folder)?;
            }
            // A folder in which something else lies stays.
            let _ = fs::remove_dir(service);
        }
        Ok(())
    }
}

/// The number of the folder in which the answer to a question is kept.
fn folder_of(question: &str) -> u8 {
    xxh3_128(question.as_bytes()).to_be_bytes()[0]
}

fn is_digits(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn folders(of: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(of)? {
        let entry = entry?;
        // Links are not followed: the cache makes none.
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// What sets the unfinished files of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn write(place: &Path, head: &Head, body: &[u8]) -> io::Result<()> {
    let folder = place.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{}-{number}", std::process::id()));
    let mut bytes = serde_json::to_vec(head)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    let written = create(&unfinished).and_then(|mut file| file.write_all(&bytes));
    let renamed = written.and_then(|()| fs::rename(&unfinished, place));
    if renamed.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    renamed
}

/// Makes a new file, and the folders above it where they are not there yet.
fn create(path: &Path) -> io::Result<fs::File> {
    let open = || fs::File::options().write(true).create_new(true).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            open()
        }
        opened => opened,
    }
}

fn prune(folder: &Path, now: Timestamp) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let meta = entry.metadata()?;
        let modified = meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(now);
        let age = now.duration_since(modified);
        let is_abandoned = age > jiff::SignedDuration::try_from(ABANDONED).unwrap_or_default();
        if entry.file_name().to_string_lossy().starts_with('.') && is_abandoned {
            fs::remove_file(entry.path())?;
            continue;
        }
        files.push((modified, meta.len(), entry.path()));
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
    // The newest always stays: it can be larger than the bound by itself.
    files.pop();
    for (_, length, path) in files {
        if total <= FOLDER {
            break;
        }
        fs::remove_file(path)?;
        total -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(body: &[u8]) -> Kept {
        Kept {
            status: 200,
            etag: Some("\"a\"".to_owned()),
            last_modified: None,
            as_of: Timestamp::from_second(1_700_000_000).unwrap(),
            body: body.to_vec(),
        }
    }

    #[test]
    fn what_is_kept_comes_back_and_what_is_altered_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().join("http")));
        assert_eq!(cache.recall("osv", "q"), None);
        cache.keep("osv", "q", &kept(b"body\nwith lines"));
        cache.keep("osv", "other", &kept(b""));
        assert_eq!(cache.recall("osv", "q"), Some(kept(b"body\nwith lines")));
        assert_eq!(cache.recall("osv", "other"), Some(kept(b"")));
        assert_eq!(cache.recall("kev", "q"), None);
        assert_eq!(cache.status().unwrap()["osv"].answers, 2);

        let place = cache.place("osv", "q").unwrap();
        let whole = fs::read(&place).unwrap();
        for at in 0..whole.len() {
            fs::write(&place, &whole[..at]).unwrap();
            assert_eq!(cache.recall("osv", "q"), None, "cut at {at}");
        }
        let mut altered = whole;
        *altered.last_mut().unwrap() ^= 1;
        fs::write(&place, altered).unwrap();
        assert_eq!(cache.recall("osv", "q"), None);
    }

    #[test]
    fn what_is_kept_while_it_runs_is_found_in_a_folder_that_was_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        for number in 0..1_000 {
            let question = format!("question {number}");
            assert_eq!(cache.recall("osv", &question), None);
            cache.keep("osv", &question, &kept(b"a"));
            assert_eq!(cache.recall("osv", &question), Some(kept(b"a")));
        }
        assert_eq!(Cache::new(Some(folder.path().to_owned())).recall("osv", "question 999"), Some(kept(b"a")));
    }

    #[test]
    fn clearing_removes_what_the_cache_made_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        cache.keep("osv", "q", &kept(b"a"));
        fs::create_dir_all(folder.path().join("mine/ab cd")).unwrap();
        fs::write(folder.path().join("mine/ab cd/file"), "x").unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        cache.clear().unwrap();
        assert_eq!(cache.recall("osv", "q"), None);
        assert!(folder.path().join("mine/ab cd/file").is_file() && folder.path().join("file").is_file());
        assert!(!folder.path().join("osv").exists());
    }

    #[test]
    fn the_oldest_gives_way() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let size = usize::try_from(FOLDER / 4).unwrap();
        for number in 0..6_i64 {
            let path = folder.path().join(number.to_string());
            fs::write(&path, vec![0; size]).unwrap();
            let time = Timestamp::from_second(1_000_000_000 + number).unwrap();
            fs::File::open(&path).unwrap().set_modified(time.into()).unwrap();
        }
        fs::write(folder.path().join(".1-1"), "unfinished").unwrap();
        prune(folder.path(), now).unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path()).unwrap().map(|e| name_of(&e.unwrap().path())).collect();
        left.sort();
        assert_eq!(left, ["2", "3", "4", "5"]);
    }

    #[test]
    fn nothing_is_kept_without_a_folder() {
        let cache = Cache::new(None);
        cache.keep("osv", "q", &kept(b"a"));
        assert_eq!(cache.recall("osv", "q"), None);
        assert!(cache.status().unwrap().is_empty());
        cache.clear().unwrap();
    }
}
