//! What each type of package URL ignores and demands (<https://github.com/package-url/purl-spec/tree/main/types>).

use super::PurlParts;

/// Whether a type has namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Namespace {
    Required,
    Optional,
    Prohibited,
}

/// Which parts ignore the case of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ignores {
    Nothing,
    Name,
    Namespace,
    Both,
}

struct Type {
    name: &'static str,
    namespace: Namespace,
    ignores: Ignores,
}

const fn row(name: &'static str, namespace: Namespace, ignores: Ignores) -> Type {
    Type { name, namespace, ignores }
}

const TYPES: &[Type] = &[
    row("alpm", Namespace::Required, Ignores::Both),
    row("apk", Namespace::Required, Ignores::Both),
    row("bazel", Namespace::Prohibited, Ignores::Nothing),
    row("bitbucket", Namespace::Required, Ignores::Both),
    row("bitnami", Namespace::Prohibited, Ignores::Name),
    row("brew", Namespace::Optional, Ignores::Both),
    row("cargo", Namespace::Prohibited, Ignores::Nothing),
    row("chrome-extension", Namespace::Prohibited, Ignores::Name),
    row("cocoapods", Namespace::Prohibited, Ignores::Nothing),
    row("composer", Namespace::Required, Ignores::Both),
    row("conan", Namespace::Optional, Ignores::Nothing),
    row("conda", Namespace::Prohibited, Ignores::Nothing),
    row("cpan", Namespace::Optional, Ignores::Nothing),
    row("cran", Namespace::Prohibited, Ignores::Nothing),
    row("deb", Namespace::Required, Ignores::Both),
    row("docker", Namespace::Optional, Ignores::Nothing),
    row("gem", Namespace::Prohibited, Ignores::Nothing),
    row("generic", Namespace::Optional, Ignores::Nothing),
    row("git", Namespace::Required, Ignores::Nothing),
    row("github", Namespace::Required, Ignores::Both),
    // The definition wants a namespace, but `stdlib` and modules such as `rsc.io` have none. It calls names sensitive to
    // case and asks for lower case as well; Go's own tools tell cases apart, and so the case is kept.
    row("golang", Namespace::Optional, Ignores::Nothing),
    row("hackage", Namespace::Prohibited, Ignores::Nothing),
    row("hex", Namespace::Optional, Ignores::Both),
    row("huggingface", Namespace::Required, Ignores::Nothing),
    row("julia", Namespace::Prohibited, Ignores::Nothing),
    row("luarocks", Namespace::Optional, Ignores::Both),
    row("maven", Namespace::Required, Ignores::Nothing),
    row("mlflow", Namespace::Prohibited, Ignores::Nothing),
    row("npm", Namespace::Optional, Ignores::Nothing),
    row("nuget", Namespace::Prohibited, Ignores::Nothing),
    row("oci", Namespace::Prohibited, Ignores::Name),
    row("opam", Namespace::Prohibited, Ignores::Nothing),
    row("otp", Namespace::Prohibited, Ignores::Name),
    row("pub", Namespace::Prohibited, Ignores::Name),
    row("pypi", Namespace::Prohibited, Ignores::Name),
    row("qpkg", Namespace::Required, Ignores::Namespace),
    row("rpm", Namespace::Required, Ignores::Namespace),
    row("swid", Namespace::Optional, Ignores::Nothing),
    row("swift", Namespace::Required, Ignores::Nothing),
    row("vcpkg", Namespace::Prohibited, Ignores::Nothing),
    row("vscode-extension", Namespace::Required, Ignores::Both),
    row("yocto", Namespace::Optional, Ignores::Namespace),
];

fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|row| row.name == name)
}

/// Brings parts into the normal form of their type.
pub(super) fn normalize(parts: &mut PurlParts) {
    let Some(row) = find(&parts.kind) else { return };
    if matches!(row.ignores, Ignores::Namespace | Ignores::Both) {
        lower(parts.namespace.as_mut());
    }
    if matches!(row.ignores, Ignores::Name | Ignores::Both) {
        lower(Some(&mut parts.name));
    }
    match row.name {
        "pypi" => {
            parts.name = parts.name.replace('_', "-");
            lower(parts.version.as_mut());
        }
        "pub" => {
            parts.name = parts.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
        }
        "huggingface" | "oci" | "vscode-extension" => lower(parts.version.as_mut()),
        "cpan" => parts.namespace = parts.namespace.as_ref().map(|author| author.to_ascii_uppercase()),
        // Names are as sensitive to case as the server that they lie on.
        "mlflow" if parts.qualifier("repository_url").is_some_and(|url| url.contains("databricks")) => {
            lower(Some(&mut parts.name));
        }
        _ => {}
    }
}

fn lower(part: Option<&mut String>) {
    if let Some(part) = part {
        *part = part.to_lowercase();
    }
}

/// Whether parts have what the definition of their type demands.
pub(super) fn check(parts: &PurlParts) -> Result<(), String> {
    let Some(row) = find(&parts.kind) else { return Ok(()) };
    let kind = row.name;
    match (row.namespace, &parts.namespace) {
        (Namespace::Required, None) => {
            return Err(format!("packages of the type {kind:?} have a namespace and a name"));
        }
        (Namespace::Prohibited, Some(_)) => return Err(format!("packages of the type {kind:?} have no namespace")),
        _ => {}
    }
    let qualifier = |key| match parts.qualifier(key) {
        Some(_) => Ok(()),
        None => Err(format!("packages of the type {kind:?} have the qualifier `{key}`")),
    };
    match kind {
        "cpan" if parts.name.contains("::") => {
            Err("the name is that of a module; it must be that of a distribution, such as `URI-PackageURL`".to_owned())
        }
        "julia" => qualifier("uuid"),
        "swid" => qualifier("tag_id"),
        "chrome-extension" => check_extension(parts),
        _ => Ok(()),
    }
}

/// 32 letters from `a` to `p`, and up to four numbers.
fn check_extension(parts: &PurlParts) -> Result<(), String> {
    let is_name = parts.name.len() == 32 && parts.name.bytes().all(|byte| (b'a'..=b'p').contains(&byte));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |version: &str| version.split('.').count() <= 4 && version.split('.').all(is_number);
    if is_name && parts.version.as_deref().is_none_or(is_version) {
        return Ok(());
    }
    Err("an extension has a name of 32 letters from `a` to `p` and a version of up to four numbers".to_owned())
}
