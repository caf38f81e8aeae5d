"""Swift, CocoaPods, Carthage."""
import json
import re

from .common import read
from .yaml import yaml_docs


def swift_name(url):
    url = re.sub(r"^[a-z+]+://", "", url.strip())
    url = re.sub(r"^[^/@]*@", "", url)
    if re.match(r"[^/:]+:(?!\d+/)", url):
        url = url.replace(":", "/", 1)
    return url.rstrip("/").removesuffix(".git").lower()


def package_resolved(path, o):
    o.ecosystem = "SwiftURL"
    o.direct_known = o.dev_known = o.edges_known = False
    doc = json.loads(read(path))
    for p in (doc.get("object") or doc).get("pins") or []:
        state = p.get("state") or {}
        location = p.get("location") or p.get("repositoryURL") or ""
        kind = p.get("kind", "remoteSourceControl")
        version = state.get("version") or ""
        if kind == "registry":
            o.add(p.get("identity", ""), version, "registry")
        elif kind == "localSourceControl" or location.startswith(("/", ".", "file:")):
            o.add(p.get("identity") or swift_name(location), version, "path")
        else:
            o.add(swift_name(location), version, "registry" if version else "git")


def podfile_lock(path, o):
    o.ecosystem = "CocoaPods"
    o.dev_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    external = doc.get("EXTERNAL SOURCES") or {}
    by, deps = {}, []
    for e in doc.get("PODS") or []:
        title, needs = (e, []) if isinstance(e, str) else next(iter(e.items()))
        m = re.match(r"(\S+)(?: \(([^)]*)\))?", title)
        name = m[1]
        source = external.get(name.split("/")[0]) or {}
        src = "path" if ":path" in source else "git" if ":git" in source else "url" if (
            ":podspec" in source or ":http" in source) else "registry"
        by[name] = o.add(name, m[2] or "", src)
        deps += [(name, re.match(r"\S+", d)[0]) for d in needs or []]
    for a, b in deps:
        if b in by:
            o.edge(by[a], by[b])
    for d in doc.get("DEPENDENCIES") or []:
        n = re.match(r"\S+", d)[0]
        if n in by:
            o.direct.add(by[n])


def cartfile_resolved(path, o):
    o.ecosystem = "Carthage"
    o.direct_known = o.dev_known = o.edges_known = False
    for line in read(path).splitlines():
        m = re.match(r'\s*(github|git|binary)\s+"([^"]*)"\s+"([^"]*)"', line)
        if m:
            o.add(m[2], m[3], "url" if m[1] == "binary" else "git")


PARSERS = [
    (r"Package\.resolved", "package-resolved", package_resolved),
    (r"Podfile\.lock|Pods/Manifest\.lock", "podfile-lock", podfile_lock),
    (r"Cartfile\.resolved", "cartfile-resolved", cartfile_resolved),
]
