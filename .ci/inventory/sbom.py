"""SBOMs: CycloneDX (JSON, XML) and SPDX (JSON, tag-value, 3.0)."""
import json
import re
from urllib.parse import unquote

from .common import pep503, read
from .jvm import kid, kids, local, said, xml_root

TYPES = {
    "cargo": "crates.io", "golang": "Go", "npm": "npm", "pypi": "PyPI", "maven": "Maven", "nuget": "NuGet",
    "gem": "RubyGems", "composer": "Packagist", "hex": "Hex", "pub": "Pub", "swift": "SwiftURL", "conan": "ConanCenter",
    "hackage": "Hackage", "cran": "CRAN", "julia": "Julia", "opam": "opam", "github": "GitHub Actions",
    "cocoapods": "CocoaPods", "conda": "Conda", "cpan": "CPAN", "docker": "Docker", "bazel": "Bazel", "vcpkg": "vcpkg",
    "luarocks": "LuaRocks",
}


DISTRIBUTIONS = {
    ("deb", "debian"): "Debian", ("deb", "ubuntu"): "Ubuntu", ("apk", "alpine"): "Alpine", ("apk", "wolfi"): "Wolfi",
    ("apk", "chainguard"): "Chainguard", ("rpm", "redhat"): "Red Hat", ("rpm", "rocky"): "Rocky Linux",
    ("rpm", "rocky linux"): "Rocky Linux", ("rpm", "almalinux"): "AlmaLinux", ("rpm", "opensuse"): "openSUSE",
    ("rpm", "sles"): "SUSE", ("rpm", "suse"): "SUSE", ("rpm", "mageia"): "Mageia", ("rpm", "openeuler"): "openEuler",
}


def purl(text):
    """(ecosystem, native name, version, source) of a package URL, None for what is not judged."""
    m = re.match(r"(?i)pkg:/*([a-z0-9.+-]+)/+([^?#]*)(?:\?([^#]*))?(?:#(.*))?$", text or "")
    if not m:
        return None
    eco = TYPES.get(m[1].lower()) or DISTRIBUTIONS.get((m[1].lower(), m[2].split("/")[0].lower()))
    if not eco:
        return None
    body = m[2].strip("/")
    version = ""
    if "@" in body.rsplit("/", 1)[-1]:
        body, _, version = body.rpartition("@")
    parts = [unquote(x) for x in body.split("/") if x]
    if not parts:
        return None
    space, name = "/".join(parts[:-1]), parts[-1]
    if m[1].lower() in ("deb", "apk", "rpm"):
        full = name
    elif eco == "Maven":
        full = f"{space}:{name}"
    else:
        full = f"{space}/{name}" if space else name
    if eco == "PyPI":
        full = pep503(full)
    if eco in ("NuGet", "Packagist", "Hex", "ConanCenter", "GitHub Actions", "SwiftURL"):
        full = full.lower()
    version = unquote(version)
    if eco == "Go" and version[:1].isdigit() and full not in ("stdlib", "toolchain"):
        version = "v" + version
    qualifiers = dict(q.partition("=")[::2] for q in (m[3] or "").split("&"))
    source = "registry"
    if qualifiers.get("vcs_url"):
        source = "git"
    elif qualifiers.get("download_url"):
        source = "path" if unquote(qualifiers["download_url"]).startswith("file:") else "url"
    return eco, full, version, source


class Graph:
    """Components by reference, then packages and edges."""

    def __init__(self, o):
        self.o, self.nodes, self.roots, self.links, self.passed = o, {}, set(), {}, set()

    def put(self, ref, name, version, url, kind="library"):
        """A component; one that is no package and no library stands for what it holds."""
        p = purl(url)
        if p:
            eco, n, v, source = p
            version = "" if version in ("NOASSERTION", "NONE", None) else version
            k = self.o.add(n, v or version, source, eco)
            self.nodes.setdefault(ref, k)
            self.nodes.setdefault(url, k)
        elif not url and kind not in ("library", "framework", "file"):
            self.passed.add(ref)

    def link(self, a, b):
        self.links.setdefault(a, []).append(b)

    def finish(self, said_any):
        for a, targets in self.links.items():
            for b in targets:
                if a in self.nodes and b in self.nodes and a not in self.roots and b not in self.roots:
                    self.o.edge(self.nodes[a], self.nodes[b])
        todo, seen = list(self.roots), set(self.roots)
        while todo:
            for b in self.links.get(todo.pop(), ()):
                if b in self.nodes and b not in self.roots:
                    self.o.direct.add(self.nodes[b])
                elif b in self.passed and b not in seen:
                    seen.add(b)
                    todo.append(b)
        self.o.edges_known = said_any
        self.o.direct_known = any(a in self.roots for a in self.links)
        self.o.dev_known = False


def cyclonedx_json(doc, o):
    g = Graph(o)
    root = (doc.get("metadata") or {}).get("component") or {}
    if root:
        g.roots.add(root.get("bom-ref"))

    def walk(cs):
        todo = list(cs or [])
        while todo:
            c = todo.pop(0)
            if (c.get("bom-ref") or object()) not in g.roots:
                full = f"{c['group']}/{c.get('name')}" if c.get("group") else c.get("name")
                g.put(c.get("bom-ref") or id(c), full, c.get("version"), c.get("purl"), c.get("type"))
            todo += c.get("components") or []
    walk(root.get("components"))
    walk(doc.get("components"))
    for d in doc.get("dependencies") or []:
        for t in d.get("dependsOn") or []:
            g.link(d.get("ref"), t)
    g.finish(bool(doc.get("dependencies")))


def cyclonedx_xml(x, o):
    g = Graph(o)
    root = kid(x, "metadata", "component")
    if root is not None:
        g.roots.add(root.get("bom-ref"))
    todo = (kids(root, "components", "component") if root is not None else []) + kids(x, "components", "component")
    while todo:
        c = todo.pop(0)
        g.put(c.get("bom-ref") or id(c), said(c, "name"), said(c, "version"), said(c, "purl"), c.get("type"))
        todo += kids(c, "components", "component")
    for d in kids(x, "dependencies", "dependency"):
        for t in kids(d, "dependency"):
            g.link(d.get("ref"), t.get("ref"))
    g.finish(bool(kids(x, "dependencies", "dependency")))


FORWARD = {"DEPENDS_ON", "DYNAMIC_LINK", "STATIC_LINK", "HAS_PREREQUISITE"}
BACKWARD = {"DEPENDENCY_OF", "DEV_DEPENDENCY_OF", "BUILD_DEPENDENCY_OF", "TEST_DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF",
            "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF", "PREREQUISITE_FOR", "BUILD_TOOL_OF", "DEV_TOOL_OF", "TEST_TOOL_OF"}


def spdx2(packages, relations, described, o):
    """packages [(id, name, version, [purl])], relations [(a, type, b)]."""
    g = Graph(o)
    roots = set(described) | {b for a, t, b in relations if t == "DESCRIBES" and a == "SPDXRef-DOCUMENT"}
    roots |= {a for a, t, b in relations if t == "DESCRIBED_BY" and b == "SPDXRef-DOCUMENT"}
    for i, n, v, urls in packages:
        if i in roots and len(roots) == 1 and len(packages) > 1:
            continue
        for u in urls:
            g.put(i, n, v, u)
    g.roots = roots if len(roots) == 1 else set()
    for a, t, b in relations:
        if t in FORWARD:
            g.link(a, b)
        elif t in BACKWARD:
            g.link(b, a)
    g.finish(False)


def spdx_json(doc, o):
    packages = [(p.get("SPDXID"), p.get("name"), p.get("versionInfo", ""),
                 [r.get("referenceLocator") for r in p.get("externalRefs") or [] if (r.get("referenceType") or "").rsplit("/", 1)[-1] == "purl"])
                for p in doc.get("packages") or []]
    relations = [(r.get("spdxElementId"), r.get("relationshipType"), r.get("relatedSpdxElement"))
                 for r in doc.get("relationships") or []]
    spdx2(packages, relations, doc.get("documentDescribes") or [], o)


def spdx_tag(text, o):
    packages, relations = [], []
    text = re.sub(r"(?s)<text>.*?</text>", "", text)
    cur = None
    for line in text.splitlines():
        m = re.match(r"\s*(\w+):\s*(.*?)\s*$", line)
        if not m or line.lstrip().startswith("#"):
            continue
        tag, v = m[1], m[2]
        if tag == "PackageName":
            cur = [None, v, "", []]
            packages.append(cur)
        elif tag in ("FileName", "SnippetSPDXID"):
            cur = None
        elif cur is not None and tag == "SPDXID":
            cur[0] = v
        elif cur is not None and tag == "PackageVersion":
            cur[2] = v
        elif cur is not None and tag == "ExternalRef":
            f = v.split()
            if len(f) == 3 and f[1].rsplit("/", 1)[-1] == "purl":
                cur[3].append(f[2])
        if tag == "Relationship":
            f = v.split()
            if len(f) == 3:
                relations.append(tuple(f))
    spdx2(packages, relations, [], o)


def spdx3(doc, o):
    g = Graph(o)
    elements = doc.get("@graph") or []
    roots = set()
    for e in elements:
        if e.get("type") in ("SpdxDocument", "software_Sbom", "Bom"):
            roots |= set(e.get("rootElement") or [])
    g.roots = roots
    for e in elements:
        if e.get("type") != "software_Package" or (e.get("spdxId") in roots):
            continue
        urls = [e["software_packageUrl"]] if e.get("software_packageUrl") else []
        urls += [x.get("identifier") for x in e.get("externalIdentifier") or []
                 if isinstance(x, dict) and x.get("externalIdentifierType") == "packageUrl"]
        for u in urls[:1]:
            g.put(e.get("spdxId"), e.get("name"), e.get("software_packageVersion", ""), u)
    for e in elements:
        if e.get("type", "").endswith("elationship") and e.get("relationshipType") == "dependsOn":
            to = e.get("to") or []
            for t in [to] if isinstance(to, str) else to:
                g.link(e.get("from"), t)
    g.finish(False)


def sbom(path, o):
    text = read(path)
    if text.lstrip().startswith("<"):
        x = xml_root(path)
        if local(x.tag) == "bom":
            return cyclonedx_xml(x, o)
    elif text.lstrip().startswith("{"):
        doc = json.loads(text)
        if doc.get("bomFormat") == "CycloneDX":
            return cyclonedx_json(doc, o)
        if "spdxVersion" in doc:
            return spdx_json(doc, o)
        if "@graph" in doc:
            return spdx3(doc, o)
    elif re.search(r"(?m)^SPDXVersion:", text):
        return spdx_tag(text, o)
    raise ValueError("neither CycloneDX nor SPDX")


PARSERS = [(r"[^/]*\.(cdx|cyclonedx|spdx)\.(json|xml)|s?bom\.(json|xml)|[^/]*\.spdx|[^/]*\.spdx3\.json", "sbom", sbom)]
