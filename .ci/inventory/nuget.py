"""NuGet: packages.lock.json, packages.config, project files with central versions."""
import json
import os
import re

from .common import Skip, beside, read
from .jvm import kid, local, xml_root


def packages_lock(path, o):
    o.ecosystem = "NuGet"
    doc = json.loads(read(path))
    o.dev_known = False
    for target, table in (doc.get("dependencies") or {}).items():
        base = (doc.get("dependencies") or {}).get(target.split("/")[0], {})
        keys = {}
        for from_base, tab in ((True, base), (False, table)):
            for n, e in tab.items():
                project = e.get("type") == "Project"
                k = (n.lower(), e.get("resolved", ""), "workspace" if project else "registry")
                keys[n.lower()] = o.add(*k)
                if e.get("type") == "Direct":
                    o.direct.add(keys[n.lower()])
        for n, e in table.items():
            for d in e.get("dependencies") or {}:
                if d.lower() in keys:
                    o.edge(keys[n.lower()], keys[d.lower()])


def packages_config(path, o):
    o.ecosystem = "NuGet"
    o.direct_known = o.edges_known = False
    for p in xml_root(path).iter():
        if local(p.tag) == "package" and p.get("id"):
            k = o.add(p.get("id").lower(), p.get("version", ""), "registry")
            if p.get("developmentDependency", "").lower() == "true":
                o.dev.add(k)


def upward(path, name):
    folder = os.path.dirname(os.path.abspath(path))
    while True:
        at = os.path.join(folder, name)
        if os.path.isfile(at):
            return at
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)


def msbuild(path):
    """(properties, {item: [(name, element)]}) of a project file."""
    props, items = {}, {}
    for group in xml_root(path):
        if local(group.tag) == "PropertyGroup":
            for e in group:
                props[local(e.tag).lower()] = (e.text or "").strip()
        elif local(group.tag) == "ItemGroup":
            for e in group:
                for n in re.split(r";", e.get("Include") or e.get("Update") or ""):
                    if n.strip():
                        items.setdefault(local(e.tag), []).append((n.strip().lower(), e))
    return props, items


def attribute(e, name):
    c = kid(e, name)
    return (e.get(name) or (c.text or "" if c is not None else "")).strip()


def minimum(v):
    """The version that a requirement names; NuGet takes the lowest that fits, so a bare one is it."""
    m = re.fullmatch(r"\[\s*([^,\[\]()\s]+)\s*\]", v)
    if m:
        return m[1]
    return "" if not v or v[0] in "[(" or "*" in v or "$(" in v else v


def project(path, o):
    o.ecosystem = "NuGet"
    if beside(path, "packages.lock.json"):
        raise Skip
    o.edges_known = False
    props, items = {}, {}
    build, central = upward(path, "Directory.Build.props"), upward(path, "Directory.Packages.props")
    for f in (build, central, path):
        if f:
            p, i = msbuild(f)
            props.update(p)
            for k, v in i.items():
                items.setdefault(k, []).extend(v)
    def fill(v):
        for _ in range(10):
            v = re.sub(r"\$\(([^()]+)\)", lambda m: props.get(m[1].lower(), m[0]), v)
        return v
    versions = {n: fill(attribute(e, "Version")) for n, e in items.get("PackageVersion", [])}
    dev, other = set(), set()
    for n, e in items.get("PackageReference", []) + items.get("GlobalPackageReference", []):
        n = fill(n).lower()
        v = fill(attribute(e, "VersionOverride") or attribute(e, "Version")) or versions.get(n, "")
        k = o.add(n, minimum(v), "registry")
        o.direct.add(k)
        private = attribute(e, "PrivateAssets").lower() == "all" or local(e.tag) == "GlobalPackageReference"
        (dev if private else other).add(k)
    o.dev = dev - other


PARSERS = [
    (r"packages\.lock\.json|packages\.[^/]+\.lock\.json", "packages-lock-json", packages_lock),
    (r"packages\.config|packages\.[^/]+\.config", "packages-config", packages_config),
    (r"[^/]*\.(csproj|fsproj|vbproj)", "msbuild-project", project),
]
