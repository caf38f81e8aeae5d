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
        if local(p.tag) == "package" and p.get("id") and p.get("version"):
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


def msbuild(path, props, seen=()):
    """[(item, name, element)] of a project file and of what it imports; its properties go into props."""
    items = []
    for group in xml_root(path):
        if local(group.tag) == "Import" and group.get("Project"):
            at = fill(group.get("Project"), props | {"msbuildthisfiledirectory": ""}).replace("\\", "/")
            at = os.path.normpath(os.path.join(os.path.dirname(path), at))
            if os.path.isfile(at) and at not in seen:
                items += msbuild(at, props, seen + (path,))
        elif local(group.tag) == "PropertyGroup":
            for e in group:
                props[local(e.tag).lower()] = (e.text or "").strip()
        elif local(group.tag) == "Sdk" and group.get("Version"):
            items.append(("Sdk", group.get("Name", "").lower(), group))
        elif local(group.tag) == "ItemGroup":
            for e in group:
                for n in re.split(r";", e.get("Include") or e.get("Update") or ""):
                    if n.strip():
                        items.append((local(e.tag), n.strip().lower(), e))
    return items


def fill(v, props):
    for _ in range(10):
        v = re.sub(r"\$\(([^()]+)\)", lambda m: props.get(m[1].lower(), m[0]), v)
    return v


def attribute(e, name):
    c = kid(e, name)
    return (e.get(name) or (c.text or "" if c is not None else "")).strip()


def minimum(v):
    """The version that a requirement names; NuGet takes the lowest that fits, so a bare one is it."""
    m = re.fullmatch(r"\[\s*([^,\[\]()\s]+)\s*\]", v)
    if m:
        return m[1]
    return "" if not v or v[0] in "[(" or "*" in v or "$(" in v else v


PROJECTS = (".csproj", ".fsproj", ".vbproj")
USED = ("PackageReference", "GlobalPackageReference", "DotNetCliToolReference", "PackageDownload", "Sdk")


def project(path, o):
    o.ecosystem = "NuGet"
    if beside(path, "packages.lock.json"):
        raise Skip
    o.edges_known = False
    props, central = {}, []
    for name in ("Directory.Build.props", "Directory.Packages.props"):
        at = upward(path, name)
        if at and at != os.path.abspath(path):
            central += msbuild(at, props)
    items = msbuild(path, props)
    versions = {}
    for item, n, e in central + items:
        if item == "PackageVersion":
            v = fill(attribute(e, "Version"), props)
            # under a condition it is one of several
            versions[n] = versions.get(n, []) + [v] if e.get("Condition") else [v]
    dev, other = set(), set()
    for item, n, e in items:
        if item not in USED:
            continue
        n = fill(n, props).lower()
        own = fill(attribute(e, "VersionOverride") or attribute(e, "Version"), props)
        for v in [own] if own else versions.get(n, [""]):
            for one in v.split(";") if item == "PackageDownload" else [v]:
                k = o.add(n, minimum(one), "registry")
                o.direct.add(k)
                private = attribute(e, "PrivateAssets").lower() == "all" or item in (
                    "GlobalPackageReference", "DotNetCliToolReference")
                (dev if private else other).add(k)
    o.dev = dev - other
    if path.endswith("Packages.props") and not any(
            f.endswith(PROJECTS) for _, _, files in os.walk(os.path.dirname(os.path.abspath(path))) for f in files):
        # what nobody here is known to use
        for n, found in versions.items():
            for v in found:
                o.add(n, minimum(v), "registry")
    if not o.packages and path.endswith(".props"):
        raise Skip


PARSERS = [
    (r"packages\.lock\.json|packages\.[^/]+\.lock\.json", "packages-lock-json", packages_lock),
    (r"packages\.config|packages\.[^/]+\.config", "packages-config", packages_config),
    (r"[^/]*\.(csproj|fsproj|vbproj)|Directory\.(Build|Packages)\.props", "msbuild-project", project),
]
