"""Maven, Gradle: pom.xml, gradle.lockfile, verification-metadata.xml, version catalogues."""
import os
import re
import tomllib
import xml.etree.ElementTree as ET

from .common import read


def local(tag):
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def xml_root(path):
    with open(path, "rb") as f:
        return ET.fromstring(f.read())


TOOLS = re.compile(r"(checkstyle|pmd|codenarc|spotbugs|jacoco|ktlint|detekt)")


def kid(e, *names):
    for name in names:
        e = next((c for c in e if local(c.tag) == name), None) if e is not None else None
    return e


def kids(e, *names):
    e = kid(e, *names[:-1]) if len(names) > 1 else e
    return [c for c in e if local(c.tag) == names[-1]] if e is not None else []


def said(e, name):
    c = kid(e, name)
    return (c.text or "").strip() if c is not None and c.text else ""


# ------------------------------------------------------------------ Maven

class Pom:
    """A pom.xml with what it inherits from parents that lie in the tree."""
    seen = {}

    def __init__(self, path):
        self.path = path
        self.x = xml_root(path)
        self.parent, self.parent_gav = None, None
        p = kid(self.x, "parent")
        if p is not None:
            self.parent_gav = tuple(said(p, n) for n in ("groupId", "artifactId", "version"))
            rel = kid(p, "relativePath")
            rel = "../pom.xml" if rel is None else (rel.text or "").strip()
            if rel:
                at = os.path.normpath(os.path.join(os.path.dirname(path), rel))
                if os.path.isdir(at):
                    at = os.path.join(at, "pom.xml")
                try:
                    q = Pom.load(at) if os.path.isfile(at) else None
                except (ValueError, ET.ParseError):
                    q = None
                if q and (q.group, q.artifact, q.raw_version) == self.parent_gav:
                    self.parent = q
        self.group = said(self.x, "groupId") or (self.parent_gav or ("", "", ""))[0]
        self.artifact = said(self.x, "artifactId")
        if not self.artifact:
            raise ValueError("no artifactId, which Maven wants")
        self.raw_version = said(self.x, "version") or (self.parent_gav or ("", "", ""))[2]

    @classmethod
    def load(cls, path):
        path = os.path.realpath(path)
        if path not in cls.seen:
            cls.seen[path] = None
            cls.seen[path] = cls(path)
        if cls.seen[path] is None:
            raise ValueError("a parent is its own child, or cannot be read")
        return cls.seen[path]

    def line(self):
        """Itself and its parents, nearest first."""
        out, p = [], self
        while p and p not in out:
            out.append(p)
            p = p.parent
        return out

    def properties(self, profile=None):
        out = {}
        for p in reversed(self.line()):
            for c in kid(p.x, "properties") if kid(p.x, "properties") is not None else ():
                out[local(c.tag)] = (c.text or "").strip()
        for c in kid(profile, "properties") if kid(profile, "properties") is not None else ():
            out[local(c.tag)] = (c.text or "").strip()
        for pre in ("project.", "pom.", ""):
            out.setdefault(pre + "groupId", self.group) if not pre else out.__setitem__(pre + "groupId", self.group)
            out.setdefault(pre + "version", self.raw_version) if not pre else out.__setitem__(pre + "version", self.raw_version)
            out.setdefault(pre + "artifactId", self.artifact) if not pre else out.__setitem__(pre + "artifactId", self.artifact)
        if self.parent_gav:
            for n, v in zip(("groupId", "artifactId", "version"), self.parent_gav):
                out["project.parent." + n] = out["parent." + n] = v
        return out

    def fill(self, s, profile=None):
        props = self.properties(profile)
        for _ in range(20):
            t = re.sub(r"\$\{([^${}]+)\}", lambda m: props.get(m[1].strip(), m[0]), s)
            if t == s:
                break
            s = t
        return s

    def coordinates(self):
        v = self.fill(self.raw_version)
        group = self.fill(self.group)
        return "?" if "${" in group or not group else group, self.fill(self.artifact), "" if "${" in v else v

    def managed(self, tree, seen=()):
        """{(group, artifact, type, classifier): (version, scope)} of dependencyManagement, nearest first."""
        out, boms = {}, []
        for p in self.line():
            for d in kids(p.x, "dependencyManagement", "dependencies", "dependency"):
                k = self.ident(d)
                v, s = self.fill(said(d, "version")), self.fill(said(d, "scope"))
                if s == "import":
                    boms.append((k, v))
                else:
                    out.setdefault(k, (v, s))
        for k, v in boms:
            bom = tree.get((k[0], k[1]))
            if bom is not None and bom is not self and bom not in seen and bom.coordinates()[2] == v:
                for kk, vv in bom.managed(tree, seen + (self,)).items():
                    out.setdefault(kk, vv)
        return out

    def ident(self, d, profile=None):
        group, artifact, kind, classifier = (
            self.fill(said(d, n), profile) for n in ("groupId", "artifactId", "type", "classifier"))
        return group, artifact, kind or "jar", classifier


def pom_tree(path):
    """{(group, artifact): Pom} of all poms of the tree that path is in."""
    folder = top = os.path.dirname(os.path.realpath(path))
    while folder != os.path.dirname(folder) and not os.path.exists(os.path.join(folder, ".git")):
        folder = os.path.dirname(folder)
        if os.path.isfile(os.path.join(folder, "pom.xml")):
            top = folder
    poms = []
    for d, dirs, files in os.walk(top):
        dirs[:] = sorted(x for x in dirs if x not in ("node_modules", ".git", "target"))
        for f in files:
            if f == "pom.xml" or f.endswith(".pom"):
                try:
                    poms.append(Pom.load(os.path.join(d, f)))
                except (ValueError, ET.ParseError):
                    continue
    for p in poms:
        # a parent that is built together with it is found wherever it lies
        if p.parent is None and p.parent_gav:
            p.parent = next((q for q in poms if q is not p and (q.group, q.artifact, q.raw_version) == p.parent_gav), None)
    out = {}
    for p in poms:
        out.setdefault(p.coordinates()[:2], p)
    return out


def exact(v):
    """The version of a requirement that names one; Maven's soft requirement (1.0) is one, a range is none."""
    v = v.strip()
    m = re.fullmatch(r"\[\s*([^,\[\]()\s]+)\s*\]", v)
    if m:
        return m[1]
    return "" if not v or v[0] in "[(" or "${" in v or v in ("LATEST", "RELEASE") else v


def pom(path, o):
    o.ecosystem = "Maven"
    tree = pom_tree(path)
    p = Pom.load(path)
    g, a, v = p.coordinates()
    me = o.add(f"{g}:{a}", v, "workspace")
    managed = p.managed(tree)
    dev, other = set(), set()

    def use(k, v, kind):
        t = tree.get(k[:2])
        src = "workspace" if t is not None and (not v or t.coordinates()[2] in (v, "")) else "registry"
        n = o.add(f"{k[0]}:{k[1]}", exact(v), "path" if kind == "system" else src)
        o.edge(me, n)
        o.direct.add(n)
        (dev if kind in ("test", "report") else other).add(n)
        return n
    blocks = [(None, d) for d in kids(p.x, "dependencies", "dependency")]
    profiles = kids(p.x, "profiles", "profile")
    for prof in profiles:
        blocks += [(prof, d) for d in kids(prof, "dependencies", "dependency")]
    for prof, d in blocks:
        k = p.ident(d, prof)
        mv, ms = managed.get(k, ("", ""))
        for b in kids(prof, "dependencyManagement", "dependencies", "dependency") if prof is not None else ():
            if p.ident(b, prof) == k:
                mv, ms = p.fill(said(b, "version"), prof), p.fill(said(b, "scope"), prof)
        use(k, p.fill(said(d, "version"), prof) or mv, p.fill(said(d, "scope"), prof) or ms or "compile")
    # what a parent in the tree asks for is reported of the parent, unless it is another version here
    own = {p.ident(d) for d in kids(p.x, "dependencies", "dependency")}
    for q in p.line()[1:]:
        theirs = q.managed(tree)
        for d in kids(q.x, "dependencies", "dependency"):
            k = p.ident(d)
            here = (p.fill(said(d, "version")) or managed.get(k, ("", ""))[0])
            there = (q.fill(said(d, "version")) or theirs.get(q.ident(d), ("", ""))[0])
            if k not in own and here != there:
                use(k, here, p.fill(said(d, "scope")) or managed.get(k, ("", ""))[1] or "compile")
            own.add(k)
    plugin_versions = {}

    def plugin(b, prof=None):
        return (p.fill(said(b, "groupId"), prof) or "org.apache.maven.plugins", p.fill(said(b, "artifactId"), prof))
    # what build/plugins of the pom or of a parent says goes before what pluginManagement says
    for place in (("build", "plugins", "plugin"), ("build", "pluginManagement", "plugins", "plugin")):
        for q in p.line():
            for b in kids(q.x, *place):
                if said(b, "version"):
                    plugin_versions.setdefault(plugin(b), p.fill(said(b, "version")))
    for prof in [None] + profiles:
        holder = p.x if prof is None else prof
        for part, kind in (("build", "build"), ("reporting", "report")):
            for b in kids(holder, part, "plugins", "plugin"):
                k = plugin(b, prof)
                v = p.fill(said(b, "version"), prof) or plugin_versions.get(k, "")
                n = use(k + ("maven-plugin", ""), v, kind)
                for d in kids(b, "dependencies", "dependency"):
                    o.edge(n, use(p.ident(d, prof), p.fill(said(d, "version"), prof), kind))
        for d in (kid(holder, "build").iter() if kid(holder, "build") is not None else ()):
            for c in d if local(d.tag) == "annotationProcessorPaths" else ():
                use(p.ident(c, prof), p.fill(said(c, "version"), prof), "build")
        for b in kids(holder, "build", "extensions", "extension"):
            use(p.ident(b, prof), p.fill(said(b, "version"), prof), "build")
    o.dev = dev - other


# ------------------------------------------------------------------ Gradle

def gradle_lock(path, o):
    o.ecosystem = "Maven"
    o.direct_known = o.edges_known = False
    stem = os.path.basename(path).removesuffix(".lockfile")
    one_each = os.path.basename(os.path.dirname(os.path.abspath(path))) == "dependency-locks"
    build = stem.startswith(("buildscript-", "settings-"))
    configurations = {}
    for line in read(path).splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        left, _, right = line.partition("=")
        parts = left.split(":")
        if len(parts) != 3:
            continue
        k = o.add(f"{parts[0]}:{parts[1]}", parts[2], "registry")
        names = [stem] if one_each else [c for c in right.split(",") if c]
        configurations.setdefault(k, set()).update(names)
    for k, names in configurations.items():
        if names and not build and all(re.match(r"test", c) or re.search(r"Test(?![a-z])", c) or TOOLS.match(c)
                                       for c in names):
            o.dev.add(k)


def verification(path, o):
    o.ecosystem = "Maven"
    o.direct_known = o.dev_known = o.edges_known = False
    for c in kids(xml_root(path), "components", "component"):
        if c.get("group") and c.get("name") and c.get("version"):
            o.add(f"{c.get('group')}:{c.get('name')}", c.get("version", ""), "registry")


def gradle_version(v):
    return "" if not v or v[0] in "[(]" or v.endswith("+") or v.startswith("latest.") else v


def catalogue(path, o):
    o.ecosystem = "Maven"
    o.direct_known = o.dev_known = o.edges_known = False
    doc = tomllib.loads(read(path))
    versions = doc.get("versions", {})

    def rich(v):
        if isinstance(v, dict):
            if "ref" in v:
                return rich(versions.get(v["ref"], ""))
            s = v.get("strictly", "")
            return gradle_version(s) or gradle_version(v.get("prefer", "")) if s else gradle_version(
                v.get("require", "")) or gradle_version(v.get("prefer", ""))
        v = v if isinstance(v, str) else ""
        if "!!" in v:
            strict, _, prefer = v.partition("!!")
            return gradle_version(strict) or gradle_version(prefer)
        return gradle_version(v)
    for e in doc.get("libraries", {}).values():
        if isinstance(e, str):
            parts = e.split(":")
            name, v = ":".join(parts[:2]), rich(parts[2]) if len(parts) > 2 else ""
        else:
            name = e.get("module") or f"{e.get('group', '')}:{e.get('name', '')}"
            v = rich(e.get("version", ""))
        o.add(name, v, "registry")
    for e in doc.get("plugins", {}).values():
        if isinstance(e, str):
            name, _, v = e.partition(":")
            v = rich(v)
        else:
            name, v = e.get("id", ""), rich(e.get("version", ""))
        o.add(f"{name}:{name}.gradle.plugin", v, "registry")


PARSERS = [
    (r"pom\.xml|[^/]*\.pom", "pom-xml", pom),
    (r"(buildscript-|settings-)?gradle\.lockfile|dependency-locks/[^/]+\.lockfile", "gradle-lockfile", gradle_lock),
    (r"gradle/verification-metadata\.xml", "verification-metadata", verification),
    (r"[^/]*\.versions\.toml", "versions-toml", catalogue),
]
