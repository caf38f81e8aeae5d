"""Formats that few projects have: Nim, OCaml, Perl, Lua, Conan's manifest, Bazel's Maven lock, NuGet's build results, Paket."""
import json
import re

from .common import Skip, beside, read


def nimble_lock(path, o):
    o.ecosystem = "Nim"
    o.direct_known = o.dev_known = False
    packages = json.loads(read(path)).get("packages") or {}
    by = {n: o.add(n, p.get("version", ""), "registry") for n, p in packages.items()}
    for n, p in packages.items():
        for d in p.get("dependencies") or []:
            if d in by:
                o.edge(by[n], by[d])


def opam_locked(path, o):
    o.ecosystem = "opam"
    o.edges_known = o.direct_known = o.dev_known = False
    text = re.sub(r"#.*", "", read(path))
    for field in re.finditer(r"(?m)^(depends|depopts):\s*\[(.*?)^\]", text, re.S):
        for m in re.finditer(r'"([^"]+)"\s*(?:\{([^}]*)\})?', field[2]):
            v = re.search(r'(?<![<>!])=\s*"([^"]+)"', m[2] or "")
            o.add(m[1], v[1] if v else "", "registry")


def cpanfile_snapshot(path, o):
    o.ecosystem = "CPAN"
    o.direct_known = o.dev_known = False
    provides, needs, cur, part = {}, [], None, None
    for line in read(path).splitlines():
        if re.match(r"  \S", line):
            m = re.match(r"(.+)-(v?\d[^-]*(?:-TRIAL)?)$", line.strip())
            cur, part = (o.add(m[1], m[2], "registry") if m else o.add(line.strip(), "", "registry")), None
        elif re.match(r"    \S", line):
            part = line.strip().split(":")[0]
        elif re.match(r"      \S", line) and cur:
            module = line.split()[0]
            if part == "provides":
                provides[module] = cur
            elif part == "requirements":
                needs.append((cur, module))
    for a, m in needs:
        if m in provides:
            o.edge(a, provides[m])


def luarocks_lock(path, o):
    o.ecosystem = "LuaRocks"
    o.edges_known = o.direct_known = o.dev_known = False
    m = re.search(r"(?<!\w)dependencies\s*=\s*\{(.*?)\}", re.sub(r"--[^\n]*", "", read(path)), re.S)
    for d in re.finditer(r'(?:\[\s*["\']([^"\']+)["\']\s*\]|([A-Za-z_]\w*))\s*=\s*["\']([^"\']+)["\']', m[1] if m else ""):
        o.add(d[1] or d[2], d[3], "registry")


def conanfile(path, o):
    if beside(path, "conan.lock"):
        raise Skip
    o.ecosystem = "ConanCenter"
    o.edges_known = o.dev_known = False
    section = None
    for line in read(path).splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        m = re.fullmatch(r"\[(.*)\]", line)
        if m and "/" not in line:
            section = m[1]
        elif line and section in ("requires", "build_requires", "tool_requires", "test_requires"):
            name, _, version = line.split("#")[0].split("@")[0].partition("/")
            o.direct.add(o.add(name.strip().lower(), "" if version.startswith("[") else version.strip(), "registry"))


def maven_install(path, o):
    o.ecosystem = "Maven"
    o.direct_known = o.dev_known = False
    doc = json.loads(read(path))
    tree = doc.get("dependency_tree")
    by = {}
    if tree:
        for d in tree.get("dependencies") or []:
            c = d["coord"].split(":")
            by[d["coord"]] = o.add(":".join(c[:2]), c[-1], "registry")
        for d in tree.get("dependencies") or []:
            for t in d.get("directDependencies") or []:
                if t in by:
                    o.edge(by[d["coord"]], by[t])
        return
    for name, a in (doc.get("artifacts") or {}).items():
        c = name.split(":")
        by[name] = by[":".join(c[:2])] = o.add(":".join(c[:2]), a.get("version", ""), "registry")
    for name, needs in (doc.get("dependencies") or {}).items():
        for t in needs:
            a, b = by.get(name) or by.get(":".join(name.split(":")[:2])), by.get(t) or by.get(":".join(t.split(":")[:2]))
            if a and b:
                o.edge(a, b)


def project_assets(path, o):
    o.ecosystem = "NuGet"
    o.dev_known = False
    doc = json.loads(read(path))
    for target in (doc.get("targets") or {}).values():
        by = {}
        for k, e in target.items():
            n, _, v = k.partition("/")
            project = e.get("type") == "project"
            by[n.lower()] = o.add(n.lower(), v, "workspace" if project else "registry")
        for k, e in target.items():
            for d in e.get("dependencies") or {}:
                if d.lower() in by:
                    o.edge(by[k.partition("/")[0].lower()], by[d.lower()])
        for group in (doc.get("projectFileDependencyGroups") or {}).values():
            for s in group:
                if s.split()[0].lower() in by:
                    o.direct.add(by[s.split()[0].lower()])


def deps_json(path, o):
    o.ecosystem = "NuGet"
    o.dev_known = False
    doc = json.loads(read(path))
    kinds = {k: (e or {}).get("type") for k, e in (doc.get("libraries") or {}).items()}
    for target in (doc.get("targets") or {}).values():
        by = {}
        root = next((k for k in target if kinds.get(k) == "project"), None)
        for k in target:
            n, _, v = k.partition("/")
            source = {"project": "workspace", "reference": "path"}.get(kinds.get(k), "registry")
            by[n.lower()] = o.add(n.lower().removeprefix("runtimepack."), v, source)
        for k, e in target.items():
            a = by.get(k.partition("/")[0].lower())
            for d in (e or {}).get("dependencies") or {}:
                if a and d.lower() in by:
                    o.edge(a, by[d.lower()])
                    if k == root:
                        o.direct.add(by[d.lower()])


def paket_lock(path, o):
    o.ecosystem = "NuGet"
    o.dev_known = o.direct_known = False
    kind, group, by, deps, last = None, "", {}, [], None
    for line in read(path).splitlines():
        m = re.match(r"GROUP\s+(\S+)", line)
        if m:
            group, kind = m[1], None
        elif re.match(r"[A-Z]+\s*$", line):
            kind = line.strip()
        elif kind == "NUGET":
            m = re.match(r"( {4}| {6})(\S+)(?:\s+\(([^)]*)\))?", line)
            if m and len(m[1]) == 4:
                last = (group, m[2].lower())
                by[last] = o.add(m[2].lower(), m[3] or "", "registry")
            elif m and last:
                deps.append((last, (group, m[2].lower())))
    for a, b in deps:
        if b in by:
            o.edge(by[a], by[b])


PARSERS = [
    (r"nimble\.lock", "nimble-lock", nimble_lock),
    (r"[^/]*\.opam\.locked|opam\.locked", "opam-locked", opam_locked),
    (r"cpanfile\.snapshot", "cpanfile-snapshot", cpanfile_snapshot),
    (r"luarocks\.lock", "luarocks-lock", luarocks_lock),
    (r"conanfile\.txt", "conanfile", conanfile),
    (r"([^/]*_)?maven_install\.json", "maven-install", maven_install),
    (r"project\.assets\.json", "project-assets", project_assets),
    (r"[^/]*\.deps\.json", "deps-json", deps_json),
    (r"paket\.lock", "paket-lock", paket_lock),
]
