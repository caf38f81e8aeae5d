//! From what the caller names to a commit.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;

use super::open::HistoryError;
use super::{MAX_COMMIT, ancestor};

/// How many names of branches and tags are looked through for the nearest one.
const MOST_NAMES: usize = 20_000;

/// How alike two names must be for one to be offered instead of the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// A revision is no longer than this, in bytes.
const LONGEST: usize = 1_000;

/// The commit that is checked out.
pub(super) fn head(repository: &gix::Repository) -> Result<ObjectId, HistoryError> {
    repository.head_id().map(gix::Id::detach).map_err(|_| HistoryError::NoHead)
}

/// The commit of a revision: a branch, a tag, an id, or what is so many commits before one of them.
pub(super) fn resolve(repository: &gix::Repository, named: &str) -> Result<ObjectId, HistoryError> {
    let fail = |message: String| HistoryError::revision(named, message);
    if named.is_empty() || named.len() > LONGEST {
        return Err(fail("it is no name of a revision".to_owned()));
    }
    let Ok(id) = repository.rev_parse_single(named.as_bytes().as_bstr()) else {
        return Err(fail(unknown(repository, named)));
    };
    let mut id = id.detach();
    // A tag may stand for a tag.
    for _ in 0..10 {
        let header = repository.try_find_header(id).ok().flatten();
        match header.map(|header| (header.kind(), header.size())) {
            Some((Kind::Commit, _)) => return Ok(id),
            Some((Kind::Tag, size)) if size <= MAX_COMMIT => {
                let tag = repository.find_tag(id).map_err(|error| fail(error.to_string()))?;
                id = tag.target_id().map_err(|error| fail(error.to_string()))?.detach();
            }
            Some((kind, _)) => return Err(fail(format!("it is a {kind}, not a commit"))),
            None => return Err(fail(unknown(repository, named))),
        }
    }
    Err(fail("it is a tag of a tag of a tag, and so on; name the commit".to_owned()))
}

/// Why there is no such revision, and what to do.
fn unknown(repository: &gix::Repository, named: &str) -> String {
    let shallow = ancestor::shallow(repository);
    if let (Some(back), false) = (generations(named), shallow.is_empty()) {
        return format!(
            "this clone is shallow, and that commit is not in it; give the checkout step `fetch-depth: {}`, or run \
             `git fetch --deepen={back}`",
            back.saturating_add(1)
        );
    }
    if let Some(name) = nearest(repository, named) {
        return format!("there is no such branch, tag or commit in this clone; did you mean {name:?}?");
    }
    let fetch = if shallow.is_empty() {
        "if it is a branch of the server, fetch it: `git fetch origin BRANCH`"
    } else {
        "this clone is shallow: give the checkout step `fetch-depth: 0`, or run `git fetch --unshallow`, and fetch \
         the branch"
    };
    format!("there is no such branch, tag or commit in this clone; {fetch}")
}

/// How many commits before `HEAD` that is, where it says so: `HEAD~3`, `@^`, `HEAD^2~1`.
fn generations(named: &str) -> Option<u32> {
    let rest = named.strip_prefix("HEAD").or_else(|| named.strip_prefix('@'))?;
    let mut back = 0_u32;
    let mut marks = rest.chars().peekable();
    while let Some(mark) = marks.next() {
        let mut digits = String::new();
        while let Some(digit) = marks.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let number = if digits.is_empty() { 1 } else { digits.parse::<u32>().ok()? };
        back = match mark {
            '~' => back.checked_add(number)?,
            // Whichever parent: one commit back; `^0` is the commit itself.
            '^' => back.checked_add(number.min(1))?,
            _ => return None,
        };
    }
    Some(back).filter(|back| *back > 0)
}

/// The branch or tag whose name is most like it.
fn nearest(repository: &gix::Repository, named: &str) -> Option<String> {
    let references = repository.references().ok()?;
    let all = references.all().ok()?.take(MOST_NAMES).flatten();
    let names = all.map(|reference| reference.name().shorten().to_str_lossy().into_owned());
    let alike = |name: &str| {
        // `main`, where only `origin/main` is at hand, is what most people mean.
        let is_remote = name.split_once('/').is_some_and(|(_, branch)| branch == named);
        if is_remote { 1.0 } else { strsim::jaro_winkler(named, name) }
    };
    let scored = names.map(|name| (alike(&name), name)).filter(|(score, _)| *score >= ALIKE);
    scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_a_revision_lies() {
        let cases = [
            ("HEAD~3", Some(3)),
            ("HEAD^", Some(1)),
            ("@~", Some(1)),
            ("HEAD^2~4", Some(5)),
            ("HEAD^^", Some(2)),
            ("HEAD", None),
            ("HEAD^0", None),
            ("HEAD~99999999999", None),
            ("HEAD@{1}", None),
            ("HEAD~1é", None),
            ("main~2", None),
        ];
        for (named, expected) in cases {
            assert_eq!(generations(named), expected, "{named}");
        }
    }
}
