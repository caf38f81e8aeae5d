//! `extends`: a profile, or another policy file that this one is laid over.

use std::path::{Component, Path, PathBuf};

use super::reader::{Reader, Value, did_you_mean, nearest, quoted};
use super::{Reading, load_file};
use crate::model::{PolicyOrigin, join};
use crate::policy::{Policy, Profile};

/// How many files may extend one another, the first one counted.
const LONGEST_CHAIN: usize = 8;

/// What a file starts from: the profile or the policy that it extends, brownfield unless it says so. A mistake is noted
/// where `extends` stands, or in the file that it leads to.
pub(super) fn read(
    reader: &mut Reader<'_>,
    value: Option<&Value<'_>>,
    reading: &Reading<'_>,
    chain: &mut Vec<String>,
) -> Policy {
    let brownfield = || Policy::built_in(Profile::Brownfield, reading.rules);
    let Some(value) = value else { return brownfield() };
    let Some(text) = reader.text("extends", value) else { return brownfield() };
    if let Some(profile) = Profile::from_word(text) {
        return Policy::built_in(profile, reading.rules);
    }
    let path = match resolve(text, chain, reading.origin) {
        Ok(path) => path,
        Err(why) => {
            reader.fail(&value.span(), why);
            return brownfield();
        }
    };
    match load_file(&path, reading, chain) {
        Ok(Some(policy)) => policy,
        Ok(None) => {
            let links = if reading.origin == PolicyOrigin::Flag { "" } else { " (symbolic links are not followed)" };
            reader
                .fail(&value.span(), format!("`extends` leads to {}, and there is no such file{links}", quoted(&path)));
            brownfield()
        }
        Err(errors) => {
            reader.take_over(errors);
            brownfield()
        }
    }
}

/// The path of the file that `extends` names, or what is wrong with it.
fn resolve(text: &str, chain: &[String], origin: PolicyOrigin) -> Result<String, String> {
    let is_path = Path::new(text).extension().is_some_and(|extension| extension == "toml");
    if !is_path {
        let profiles = Profile::ALL.map(Profile::as_str);
        let near = did_you_mean(nearest(text, profiles.into_iter()));
        return Err(format!(
            "`extends` takes \"greenfield\", \"brownfield\" or the path of a policy file that ends in \".toml\", not {}{near}",
            quoted(text)
        ));
    }
    let from = chain.last().map_or("", String::as_str);
    let path = match origin {
        PolicyOrigin::Tree | PolicyOrigin::Base => within_tree(from, text).ok_or_else(|| {
            let way_out = "copy the file into the tree, or name the whole policy with --policy";
            format!("`extends` {} leads out of the scanned tree; {way_out}", quoted(text))
        })?,
        PolicyOrigin::Flag | PolicyOrigin::BuiltIn => {
            Path::new(from).parent().unwrap_or(Path::new("")).join(text).display().to_string()
        }
    };
    if chain.iter().any(|earlier| normal(earlier) == normal(&path)) {
        let ring: Vec<&str> = chain.iter().map(String::as_str).chain([path.as_str()]).collect();
        return Err(format!("`extends` goes in a circle: {}", ring.join(", which extends ")));
    }
    if chain.len() >= LONGEST_CHAIN {
        return Err(format!("`extends` leads through more than {LONGEST_CHAIN} files"));
    }
    Ok(path)
}

/// The path of the baseline that a policy names, relative to the policy's file.
pub(super) fn baseline(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    origin: PolicyOrigin,
    chain: &[String],
) -> Option<String> {
    let text = reader.text("baseline", value)?;
    let from = chain.last().map_or("", String::as_str);
    let path = match origin {
        PolicyOrigin::Tree | PolicyOrigin::Base => within_tree(from, text).filter(|path| !path.is_empty()),
        PolicyOrigin::Flag | PolicyOrigin::BuiltIn => (!Path::new(text).is_absolute())
            .then(|| Path::new(from).parent().unwrap_or(Path::new("")).join(text).display().to_string()),
    };
    if path.is_none() {
        let message =
            format!("`baseline` takes a path relative to the policy's file and inside the tree, not {}", quoted(text));
        reader.fail(&value.span(), message);
    }
    path
}

/// A path relative to the folder of a file, both inside the tree; `None` where it leads out.
fn within_tree(from: &str, text: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    if text.contains(':') { None } else { join(folder, text) }
}

/// The path without `.` and, as far as that can be told without looking, without `..`.
fn normal(path: &str) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some_and(|name| name != "..") => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::Date;

    use super::*;
    use crate::model::{Level, Severity};
    use crate::policy::load;
    use crate::rule;

    /// The policy in the first of some files, or what is wrong.
    fn of(origin: PolicyOrigin, files: &[(&str, &str)]) -> Result<Policy, String> {
        let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
        let read = |path: &str| Ok(texts.get(path).map(|text| text.as_bytes().to_vec()));
        let rules = rule::rules();
        let reading = Reading { read: &read, origin, rules: &rules, today: Date::constant(2026, 11, 22), below: None };
        let lines = |errors: Vec<crate::policy::PolicyError>| {
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        load(files[0].0, &reading).map_err(lines)
    }

    fn wrong(files: &[(&str, &str)]) -> String {
        of(PolicyOrigin::Tree, files).unwrap_err()
    }

    #[test]
    fn what_the_extending_file_says_wins_and_lists_add_up() {
        let exception =
            |id: &str| format!("[[exceptions]]\nadvisory = \"{id}\"\nreason = \"r\"\nexpires = 2027-01-31\n");
        let base = format!(
            "version = 1\nextends = \"greenfield\"\nmax-age = \"2d\"\ninternal = [\"@acme/*\"]\n[rules]\n\
             unsound-code = \"deny\"\nknown-vulnerability = {{ level = \"warn\", min-severity = \"medium\" }}\n{}{}",
            exception("CVE-1"),
            exception("CVE-2")
        );
        let own = format!(
            "version = 1\nextends = \"policies/base.toml\"\ninternal = [\"@own/*\"]\n[rules]\n\
             unsound-code = \"off\"\nknown-vulnerability = {{ min-severity = \"high\" }}\n{}{}",
            exception("CVE-2"),
            exception("CVE-3")
        );
        let policy = of(PolicyOrigin::Tree, &[("sub/osprey.toml", &own), ("sub/policies/base.toml", &base)]).unwrap();
        assert_eq!((policy.profile, policy.path.as_deref()), (Profile::Greenfield, Some("sub/osprey.toml")));
        assert_eq!(policy.max_age.as_hours(), 48);
        let names: Vec<&str> = policy.internal.iter().map(crate::policy::NamePattern::as_str).collect();
        assert_eq!(names, ["@acme/*", "@own/*"]);
        assert_eq!(policy.rules["unsound-code"].level, Level::Off);
        let known = &policy.rules["known-vulnerability"];
        assert_eq!((known.level, known.min_severity), (Level::Warn, Some(Severity::High)));
        let exceptions: Vec<String> = policy
            .exceptions
            .iter()
            .map(|exception| format!("{} {}:{}", exception.id(), exception.location.path, exception.location.line))
            .collect();
        assert_eq!(
            exceptions,
            ["CVE-1 sub/policies/base.toml:8", "CVE-2 sub/osprey.toml:7", "CVE-3 sub/osprey.toml:11"],
            "each in its place; one that names the same as another takes the place of it"
        );
    }

    #[test]
    fn a_caller_extends_whatever_the_caller_can_read() {
        let read = |origin| {
            of(
                origin,
                &[
                    ("org/team/osprey.toml", "version = 1\nextends = \"../base.toml\""),
                    ("org/team/../base.toml", "version = 1\nextends = \"/etc/policy.toml\""),
                    ("/etc/policy.toml", "version = 1\nmax-age = \"1d\""),
                ],
            )
        };
        assert_eq!(read(PolicyOrigin::Flag).unwrap().max_age.as_hours(), 24);
    }

    #[test]
    fn mistakes_are_said_where_they_are() {
        let long: Vec<(String, String)> =
            (0..9).map(|at| (format!("p{at}.toml"), format!("version = 1\nextends = \"p{}.toml\"", at + 1))).collect();
        let long: Vec<(&str, &str)> = long.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let said = [
            wrong(&[("osprey.toml", "version = 1\nextends = \"osprey.toml\"")]),
            wrong(&[
                ("osprey.toml", "version = 1\nextends = \"a/base.toml\""),
                ("a/base.toml", "version = 1\n\nextends = \"../osprey.toml\""),
            ]),
            wrong(&[("osprey.toml", "version = 1\nextends = \"base.toml\"")]),
            wrong(&[("a/osprey.toml", "version = 1\nextends = \"../../base.toml\"")]),
            wrong(&[("osprey.toml", "version = 1\nextends = \"/etc/base.toml\"")]),
            wrong(&[
                ("osprey.toml", "version = 1\nextends = \"base.toml\"\nmax-ages = \"1d\""),
                ("base.toml", "version = 1\n[rules]\nunsound-code = \"denied\""),
            ]),
            wrong(&[("osprey.toml", "version = 1\nextends = \"base.toml\""), ("base.toml", "version = ")]),
            wrong(&long),
        ];
        insta::assert_snapshot!(said.join("\n"), @r#"
        osprey.toml:2:11: `extends` goes in a circle: osprey.toml, which extends osprey.toml
        a/base.toml:3:11: `extends` goes in a circle: osprey.toml, which extends a/base.toml, which extends osprey.toml
        osprey.toml:2:11: `extends` leads to "base.toml", and there is no such file (symbolic links are not followed)
        a/osprey.toml:2:11: `extends` "../../base.toml" leads out of the scanned tree; copy the file into the tree, or name the whole policy with --policy
        osprey.toml:2:11: `extends` "/etc/base.toml" leads out of the scanned tree; copy the file into the tree, or name the whole policy with --policy
        base.toml:3:16: `unsound-code` takes "off", "allow", "warn" or "deny", not "denied"; did you mean "deny"?
        osprey.toml:3:1: unknown key "max-ages" in a policy; did you mean "max-age"?
        base.toml:1:11: not valid TOML: string values must be quoted, expected literal string
        p7.toml:2:11: `extends` leads through more than 8 files
        "#);
    }
}
