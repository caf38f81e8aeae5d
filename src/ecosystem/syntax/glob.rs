//! Patterns of folders, as workspaces name their members: `*` and `?` within one part of a path, `**` for any
//! number of parts, `{a,b}` for either.

/// Alternatives of `{a,b}` beyond this many are not looked at (hostile input).
const MAX_ALTERNATIVES: usize = 64;

/// Whether a folder (relative, with `/`) is meant by a list of patterns in which a later `!pattern` takes back.
pub(in crate::ecosystem) fn any_matches<'p>(patterns: impl IntoIterator<Item = &'p str>, folder: &str) -> bool {
    let mut matched = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) => matched &= !matches(pattern, folder),
            None => matched |= matches(pattern, folder),
        }
    }
    matched
}

/// Whether a folder fits one pattern. `./` before it and `/` after it mean nothing.
pub(in crate::ecosystem) fn matches(pattern: &str, folder: &str) -> bool {
    if !pattern.contains(['*', '?', '{']) {
        let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
        return trimmed == folder;
    }
    let folder: Vec<&str> = parts(folder);
    alternatives(pattern).iter().any(|pattern| path_matches(&parts(pattern), &folder))
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

/// The patterns that one with braces stands for.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut todo = vec![pattern.to_owned()];
    while let Some(pattern) = todo.pop() {
        let braces = pattern.find('{').and_then(|open| Some((open, open + pattern[open..].find('}')?)));
        match braces {
            Some((open, close)) if done.len() + todo.len() < MAX_ALTERNATIVES => {
                let choices = pattern[open + 1..close].split(',').take(MAX_ALTERNATIVES);
                todo.extend(choices.map(|choice| format!("{}{choice}{}", &pattern[..open], &pattern[close + 1..])));
            }
            _ => done.push(pattern),
        }
    }
    done
}

/// Both loops remember only the last wildcard, so that no pattern costs more than its length times the text's.
fn path_matches(pattern: &[&str], path: &[&str]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut retry = None;
    while place < path.len() {
        if pattern.get(at) == Some(&"**") {
            retry = Some((at, place));
            at += 1;
        } else if pattern.get(at).is_some_and(|part| part_matches(part.as_bytes(), path[place].as_bytes())) {
            at += 1;
            place += 1;
        } else if let Some((wildcard, from)) = retry {
            retry = Some((wildcard, from + 1));
            at = wildcard + 1;
            place = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|part| *part == "**")
}

fn part_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut retry = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, place));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match retry {
                Some((wildcard, from)) => {
                    retry = Some((wildcard, from + 1));
                    at = wildcard + 1;
                    place = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_workspaces_mean() {
        assert!(matches("packages/*", "packages/a"));
        assert!(!matches("packages/*", "packages/a/b"));
        assert!(!matches("packages/*", "packages"));
        assert!(matches("./packages/**/", "packages/a/b"));
        assert!(matches("**/x", "x") && matches("a/**/x", "a/b/c/x"));
        assert!(matches("{apps,libs}/*-{a,b}", "libs/one-b"));
        assert!(matches("a?c*e", "abcdde") && !matches("a?c*e", "abcddf"));
        assert!(any_matches(["packages/*", "!packages/private"], "packages/a"));
        assert!(!any_matches(["packages/*", "!packages/private"], "packages/private"));
    }

    #[test]
    fn a_hostile_pattern_ends() {
        assert!(!matches(&"*a".repeat(2000), &"a".repeat(1999)));
        assert!(!matches(&"**/a/".repeat(500), &"a/".repeat(499)));
        assert!(!matches(&"{a,b}".repeat(5000), "c"));
    }
}
