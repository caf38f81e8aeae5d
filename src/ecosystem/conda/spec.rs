//! What Conda's specifications ask for, and what the names of its archives say
//! (<https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html#package-match-specifications>).

/// The parts of `channel::name=version=build`, each a part of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spec<'t> {
    pub(super) channel: Option<&'t str>,
    pub(super) name: &'t str,
    /// The version, where exactly one fits.
    pub(super) exact: Option<&'t str>,
    /// What is asked for, where several fit.
    pub(super) requirement: Option<&'t str>,
    /// Whether one build is named, as only a tool does.
    pub(super) has_build: bool,
}

impl<'t> Spec<'t> {
    /// The parts of a text; `None` where it has no name.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let (channel, rest) = text.split_once("::").map_or((None, text), |(channel, rest)| (Some(channel), rest));
        // `name[version='1.2', …]`
        let (rest, inside) = rest.split_once('[').unwrap_or((rest, ""));
        let end = rest.find([' ', '=', '<', '>', '!', '~']).unwrap_or(rest.len());
        let (name, asked) = rest.split_at(end);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        // A text in quotes may hold commas.
        let bracketed = inside.split_once("version=").map(|(_, version)| match version.chars().next() {
            Some(quote @ ('\'' | '"')) => version[1..].split(quote).next().unwrap_or_default(),
            _ => version.split([',', ']']).next().unwrap_or_default(),
        });
        let mut asked = asked.trim();
        if let Some(inside) = bracketed.filter(|_| asked.is_empty()) {
            asked = inside;
        }
        let mut spec = Self { channel, name, exact: None, requirement: None, has_build: false };
        spec.version(asked);
        Some(spec)
    }

    /// `=1.2=build` and `1.2 build` name one build, `==1.2` and `1.2` one version; `=1.2` is `1.2.*`.
    fn version(&mut self, asked: &'t str) {
        let plain = asked.trim_start_matches('=').trim_start();
        let equals = asked.len() - asked.trim_start_matches('=').len();
        let (version, build) = plain.split_once(['=', ' ']).unwrap_or((plain, ""));
        let is_version = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '!' | '-'))
        };
        let is_build = !build.is_empty() && build.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        self.has_build = is_version(version) && is_build && equals < 2;
        if is_version(version) && (self.has_build || equals != 1 && build.is_empty()) {
            self.exact = Some(version);
        } else if !asked.is_empty() && asked != "*" {
            self.requirement = Some(asked);
        }
    }
}

/// The name and version in the address of an archive, `…/linux-64/name-version-build.conda#hash`.
pub(super) fn archive(url: &str) -> Option<(&str, &str)> {
    let file = url.split(['#', '?']).next()?.rsplit('/').next()?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (stem, _build) = stem.rsplit_once('-')?;
    stem.rsplit_once('-').filter(|(name, version)| !name.is_empty() && !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_have_their_parts() {
        let parts = |text| Spec::parse(text).map(|spec| (spec.name, spec.exact, spec.requirement, spec.has_build));
        assert_eq!(parts("numpy"), Some(("numpy", None, None, false)));
        assert_eq!(parts("numpy=1.21"), Some(("numpy", None, Some("=1.21"), false)));
        assert_eq!(parts("numpy==1.21.2"), Some(("numpy", Some("1.21.2"), None, false)));
        assert_eq!(parts("numpy 1.21.2"), Some(("numpy", Some("1.21.2"), None, false)));
        assert_eq!(parts("numpy=1.21.2=py39h20f2e39_0"), Some(("numpy", Some("1.21.2"), None, true)));
        assert_eq!(parts("numpy 1.21.2 py39h20f2e39_0"), Some(("numpy", Some("1.21.2"), None, true)));
        assert_eq!(parts("numpy >=1.2,<2"), Some(("numpy", None, Some(">=1.2,<2"), false)));
        assert_eq!(parts("numpy>=1.2"), Some(("numpy", None, Some(">=1.2"), false)));
        assert_eq!(parts("numpy==1.2.*"), Some(("numpy", None, Some("==1.2.*"), false)));
        assert_eq!(parts("c::numpy[version='>=1.2',build=x]"), Some(("numpy", None, Some(">=1.2"), false)));
        assert_eq!(parts("numpy[build=x,version=\">=1.2,<2\"]"), Some(("numpy", None, Some(">=1.2,<2"), false)));
        assert_eq!(parts("numpy[version=1.2.3]"), Some(("numpy", Some("1.2.3"), None, false)));
        assert_eq!(parts("numpy *"), Some(("numpy", None, None, false)));
        for text in ["", "=1", "a b::", "-r x"] {
            assert!(parts(text).is_none_or(|(name, ..)| !name.is_empty()), "{text}");
        }
        assert_eq!(Spec::parse("conda-forge::pandas").and_then(|spec| spec.channel), Some("conda-forge"));
    }

    #[test]
    fn archives_name_their_package() {
        let url = "https://host.example/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2#d7c8";
        assert_eq!(archive(url), Some(("_libgcc_mutex", "0.1")));
        assert_eq!(archive("python-dateutil-2.8.2-pyhd8ed1ab_0.conda"), Some(("python-dateutil", "2.8.2")));
        assert_eq!(archive("https://host.example/a.whl"), None);
        assert_eq!(archive("a-1.conda"), None);
    }
}
