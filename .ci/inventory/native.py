"""C and C++: conan.lock, vcpkg.json."""
import json
import re

from .common import read


def conan_ref(ref):
    """(name, version) of name/version@user/channel#revision%time:package."""
    ref = ref.split("%")[0].split("#")[0].split("@")[0].split(":")[0]
    name, _, version = ref.partition("/")
    return name.lower(), version


def conan_lock(path, o):
    o.ecosystem = "ConanCenter"
    doc = json.loads(read(path))
    if "graph_lock" in doc:
        nodes, by = doc["graph_lock"].get("nodes") or {}, {}
        roots = []
        for i, n in nodes.items():
            ref = n.get("ref") or n.get("pref") or ""
            name, version = conan_ref(ref)
            if i == "0" or n.get("path"):
                roots.append(i)
                if version:
                    by[i] = o.add(name, version, "workspace" if i == "0" else "path")
            elif version:
                by[i] = o.add(name, version, "registry")
            elif re.match(r"[^/@#]+$", name or "/"):
                roots.append(i)
        called = {x for n in nodes.values() for f in ("requires", "build_requires") for x in n.get(f) or []}
        for i, n in nodes.items():
            for f in ("requires", "build_requires"):
                for x in n.get(f) or []:
                    if i in by and x in by:
                        o.edge(by[i], by[x])
                    if i in roots and i not in called and x in by:
                        o.direct.add(by[x])
        return
    o.direct_known = o.edges_known = False
    for f in ("requires", "build_requires", "python_requires", "config_requires"):
        for r in doc.get(f) or []:
            name, version = conan_ref(r[0] if isinstance(r, list) else r)
            if version:
                o.add(name, version, "registry")


def vcpkg(path, o):
    o.ecosystem = "vcpkg"
    o.edges_known = o.dev_known = False
    doc = json.loads(read(path))
    versions = {}
    for e in doc.get("overrides") or []:
        v = next((e[f] for f in ("version", "version-string", "version-semver", "version-date") if f in e), "")
        versions[e["name"]] = v
    wanted = list(doc.get("dependencies") or [])
    for f in (doc.get("features") or {}).values() if isinstance(doc.get("features"), dict) else doc.get("features") or []:
        wanted += f.get("dependencies") or []
    if doc.get("name"):
        v = next((doc[f] for f in ("version", "version-string", "version-semver", "version-date") if f in doc), "")
        o.add(doc["name"], v, "workspace")
    for d in wanted:
        n = d if isinstance(d, str) else d["name"]
        if n == doc.get("name"):
            continue
        o.direct.add(o.add(n, versions.get(n, ""), "registry"))


PARSERS = [
    (r"conan\.lock", "conan-lock", conan_lock),
    (r"vcpkg\.json", "vcpkg-json", vcpkg),
]
