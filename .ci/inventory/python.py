"""Lockfiles of Python and requirements files."""
import json
import os
import re
import tomllib
from urllib.parse import unquote

from .common import beside, load_toml, pep503, reach, read, warn


REQ = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)$", re.S)


def req(s):
    """(normalised name, extras, rest) of a PEP 508 string."""
    m = REQ.match(s)
    if not m:
        return None
    ex = {pep503(x.strip()) for x in (m[2] or "").split(",") if x.strip()}
    return pep503(m[1]), ex, m[3].split("#")[0].strip()


def pyproject_deps(doc):
    """(production, development, optional) lists of (name, extras) of a pyproject.toml."""
    proj, tool = doc.get("project", {}), doc.get("tool", {})
    prod, dev = [], []

    def pep(lst, into):
        for s in lst:
            r = req(s) if isinstance(s, str) else None
            if r:
                into.append((r[0], frozenset(r[1])))
    pep(proj.get("dependencies", []), prod)
    for lst in proj.get("optional-dependencies", {}).values():
        pep(lst, prod)
    for lst in doc.get("dependency-groups", {}).values():
        pep(lst, dev)
    for lst in tool.get("pdm", {}).get("dev-dependencies", {}).values():
        pep(lst, dev)
    pep(tool.get("uv", {}).get("dev-dependencies", []), dev)
    po = tool.get("poetry", {})

    def poetry(tab, into):
        for n, spec in tab.items():
            ex = set()
            for s in spec if isinstance(spec, list) else [spec]:
                if isinstance(s, dict):
                    ex |= {pep503(x) for x in s.get("extras", [])}
            if n.lower() != "python":
                into.append((pep503(n), frozenset(ex)))
    poetry(po.get("dependencies", {}), prod)
    poetry(po.get("dev-dependencies", {}), dev)
    for g, t in po.get("group", {}).items():
        poetry(t.get("dependencies", {}), prod if g == "main" else dev)
    return prod, dev


def extras_reach(starts, base, extra):
    """States are (node, extra or ""): base[node] and extra[node][x] give [(node, extras)]."""
    def succ(st):
        n, x = st
        lst = base.get(n, []) if x == "" else extra.get(n, {}).get(x, [])
        for t, ex in lst:
            yield (t, "")
            for e in ex:
                yield (t, e)
    s0 = set()
    for n, ex in starts:
        s0.add((n, ""))
        s0.update((n, e) for e in ex)
    return {n for n, _ in reach(s0, succ)}


# ------------------------------------------------------------------ poetry

def poetry_lock(path, o):
    doc = tomllib.loads(read(path))
    pkgs = doc.get("package", [])
    by = {}
    for p in pkgs:
        t = p.get("source", {}).get("type", "")
        src = {"git": "git", "url": "url", "file": "path", "directory": "path"}.get(t, "registry")
        p["_n"] = o.add(pep503(p["name"]), p["version"], src)
        by.setdefault(pep503(p["name"]), []).append(p["_n"])
    base, extra = {}, {}
    for p in pkgs:
        for dn, spec in p.get("dependencies", {}).items():
            d = pep503(dn)
            specs = spec if isinstance(spec, list) else [spec]
            ex = frozenset(pep503(x) for s in specs if isinstance(s, dict) for x in s.get("extras", []))
            optional = all(isinstance(s, dict) and s.get("optional") for s in specs)
            for t in by.get(d, []):
                o.edge(p["_n"], t)
                if not optional:
                    base.setdefault(p["_n"], []).append((t, ex))
        for x, lst in p.get("extras", {}).items():
            for s in lst:
                r = req(s)
                for t in by.get(r[0], []) if r else []:
                    extra.setdefault(p["_n"], {}).setdefault(pep503(x), []).append((t, r[1]))
    man = load_toml(beside(path, "pyproject.toml"))
    comp = None
    if man is None:
        o.direct_known = False
    else:
        prod, dev = pyproject_deps(man)
        for n, _ in prod + dev:
            o.direct.update(by.get(n, ()))
        p = extras_reach([(t, ex) for n, ex in prod for t in by.get(n, ())], base, extra)
        a = extras_reach([(t, ex) for n, ex in prod + dev for t in by.get(n, ())], base, extra)
        comp = a - p
    if any("groups" in p for p in pkgs):
        field = {p["_n"] for p in pkgs if "main" not in p.get("groups", ["main"])}
    elif any("category" in p for p in pkgs):
        field = {p["_n"] for p in pkgs if p.get("category") == "dev"}
    else:
        field = None
    if field is not None:
        o.dev = field
        if comp is not None and comp != field:
            warn(path, f"poetry groups differ: only file {sorted(field - comp)}; only computed {sorted(comp - field)}")
    elif comp is not None:
        o.dev = comp
    else:
        o.dev_known = False


# ------------------------------------------------------------------ uv

def uv_lock(path, o):
    doc = tomllib.loads(read(path))
    pkgs = doc.get("package", [])
    mem = {pep503(x) for x in doc.get("manifest", {}).get("members", [])}
    by = {}
    for p in pkgs:
        s = p.get("source", {})
        local = s.get("editable") or s.get("virtual") or s.get("directory")
        n = pep503(p["name"])
        if (n in mem and local is not None) or (not mem and local == "."):
            src = "workspace"
        elif local is not None or "path" in s:
            src = "path"
        elif "git" in s:
            src = "git"
        elif "url" in s:
            src = "url"
        else:
            src = "registry"
        p["_n"] = o.add(n, p.get("version", ""), src)
        by.setdefault(n, []).append(p)

    def find(d):
        c = by.get(pep503(d["name"]), [])
        if len(c) > 1 and "version" in d:
            c = [x for x in c if x.get("version") == d["version"]]
        if len(c) > 1 and "source" in d:
            c = [x for x in c if x.get("source") == d["source"]]
        if len(c) != 1:
            warn(path, f"{d} resolves to {len(c)}")
        return [(x["_n"], frozenset(pep503(e) for e in d.get("extra", []))) for x in c]
    base, extra, prod, dev = {}, {}, [], []
    for p in pkgs:
        n = p["_n"]
        ismem = n.endswith("#workspace")
        lists = [("", p.get("dependencies", []))]
        lists += [(pep503(x), l) for x, l in p.get("optional-dependencies", {}).items()]
        for x, lst in lists:
            for d in lst:
                for t in find(d):
                    o.edge(n, t[0])
                    if ismem:
                        prod.append(t)
                        o.direct.add(t[0])
                    elif x:
                        extra.setdefault(n, {}).setdefault(x, []).append(t)
                    else:
                        base.setdefault(n, []).append(t)
        for lst in p.get("dev-dependencies", {}).values():
            for d in lst:
                for t in find(d):
                    o.edge(n, t[0])
                    if ismem:
                        dev.append(t)
                        o.direct.add(t[0])
    o.dev = extras_reach(prod + dev, base, extra) - extras_reach(prod, base, extra)


# ------------------------------------------------------------------ Pipfile.lock

def pipfile_lock(path, o):
    doc = json.loads(read(path))
    sects, names = {}, {}
    for sec, tab in doc.items():
        if sec == "_meta" or not isinstance(tab, dict):
            continue
        for n, e in tab.items():
            ver = (e.get("version") or "") if isinstance(e, dict) else str(e)
            # "*" and ranges are no versions
            ver = ver.lstrip("=").strip() if ver.startswith("==") else ""
            src = "registry"
            if isinstance(e, dict):
                if "git" in e:
                    src, ver = "git", ""
                elif "path" in e or str(e.get("file", "")).startswith((".", "/", "file:")):
                    src = "path"
                elif "file" in e:
                    src = "url"
            k = o.add(pep503(n), ver, src)
            sects.setdefault(sec, {}).setdefault(pep503(n), set()).add(k)
            names.setdefault(pep503(n), set()).add(k)
    default = sects.get("default", {})
    for n, ks in sects.get("develop", {}).items():
        if n not in default:
            o.dev |= ks
    o.edges_known = False
    man = load_toml(beside(path, "Pipfile"))
    if man is None:
        o.direct_known = False
        return
    for sec, tab in man.items():
        if sec in ("source", "requires", "pipenv", "scripts", "build-system") or not isinstance(tab, dict):
            continue
        for n in tab:
            o.direct |= names.get(pep503(n), set())


# ------------------------------------------------------------------ pdm

def pdm_lock(path, o):
    doc = tomllib.loads(read(path))
    pkgs = doc.get("package", [])
    by = {}
    for p in pkgs:
        src = "git" if "git" in p else "path" if "path" in p else "url" if "url" in p else "registry"
        p["_n"] = o.add(pep503(p["name"]), p.get("version", ""), src)
        by.setdefault(pep503(p["name"]), set()).add(p["_n"])
    base, extra, groups = {}, {}, {}
    for p in pkgs:
        ex = p.get("extras", [])
        for s in p.get("dependencies", []):
            r = req(s)
            if not r:
                continue
            for t in by.get(r[0], ()):
                o.edge(p["_n"], t)
                if ex:
                    for x in ex:
                        extra.setdefault(p["_n"], {}).setdefault(pep503(x), []).append((t, r[1]))
                else:
                    base.setdefault(p["_n"], []).append((t, r[1]))
        groups.setdefault(p["_n"], set()).update(p.get("groups", []))
    man = load_toml(beside(path, "pyproject.toml"))
    if man is None:
        o.direct_known = o.dev_known = False
        return
    prod, dev = pyproject_deps(man)
    for n, _ in prod + dev:
        o.direct.update(by.get(n, ()))
    p = extras_reach([(t, e) for n, e in prod for t in by.get(n, ())], base, extra)
    a = extras_reach([(t, e) for n, e in prod + dev for t in by.get(n, ())], base, extra)
    o.dev = a - p
    if any(groups.values()):
        good = {"default"} | set(man.get("project", {}).get("optional-dependencies", {}))
        field = {k for k, g in groups.items() if not g & good}
        if field != o.dev:
            warn(path, f"pdm groups differ: only file {sorted(field - o.dev)}; only computed {sorted(o.dev - field)}")
        o.dev = field


# ------------------------------------------------------------------ pylock.toml

def pylock(path, o):
    doc = tomllib.loads(read(path))
    by = {}
    pkgs = doc.get("packages", [])
    for p in pkgs:
        src = "registry"
        if "vcs" in p:
            src = "git"
        elif "directory" in p:
            src = "path"
        elif "archive" in p:
            src = "url" if "url" in p["archive"] else "path"
        p["_n"] = o.add(pep503(p["name"]), p.get("version", ""), src)
        by.setdefault(pep503(p["name"]), []).append(p)
    o.edges_known = any("dependencies" in p for p in pkgs)
    for p in pkgs:
        for d in p.get("dependencies", []):
            for t in by.get(pep503(d.get("name", "")), []):
                if "version" not in d or d["version"] == t.get("version"):
                    o.edge(p["_n"], t["_n"])
    o.direct_known = o.dev_known = False


# ------------------------------------------------------------------ requirements

def file_name(url):
    """Project name from the file name of a wheel or sdist URL/path."""
    f = unquote(url.split("#")[0].split("?")[0].rstrip("/").rsplit("/", 1)[-1])
    if f.endswith(".whl"):
        return f.split("-")[0]
    m = re.match(r"(.+?)-\d[^/]*\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip)$", f)
    return m[1] if m else None


def is_path(s):
    return s.startswith((".", "/", "file:")) or bool(re.match(r"[^@;\s]*/[^@;\s]*$", s)) or s.endswith((".whl", ".tar.gz", ".zip"))


def requirements(path, o):
    o.direct_known = o.dev_known = o.edges_known = False
    from . import parser_of
    seen, found, constraints = set(), [], {}

    def load(p):
        rp = os.path.realpath(p)
        if rp in seen:
            return
        seen.add(rp)
        if not os.path.isfile(p):
            warn(path, f"included file is missing: {os.path.relpath(p, os.path.dirname(path) or '.')}")
            return
        text = re.sub(r"\\\r?\n", " ", join_comments(read(p)))
        for line in text.splitlines():
            line = re.sub(r"(^|\s)#.*$", "", line).strip()
            if not line:
                continue
            m = re.match(r"(?:-r|--requirement)[\s=]*(.+)$", line)
            if m:
                f = m[1].strip()
                # an included file that is a lockfile by its name has an inventory of its own
                if not re.match(r"https?:", f) and not parser_of(os.path.join(os.path.dirname(os.path.abspath(p)), f)):
                    load(os.path.join(os.path.dirname(p), f))
                continue
            m = re.match(r"(?:-c|--constraint)[\s=]*(.+)$", line)
            if m:
                constrain(os.path.join(os.path.dirname(p), m[1].strip()))
                continue
            m = re.match(r"(?:-e|--editable)[\s=]+(.+)$", line)
            if m:
                line = m[1].strip()
            elif line.startswith("-"):
                continue
            line = re.split(r"\s--?[a-z][a-z-]*[=\s]", line + " ")[0].strip()
            entry(line)

    def entry(s):
        if re.match(r"(git|hg|svn|bzr)\+", s):
            m = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", s)
            if m:
                o.add(pep503(m[1]), "", "git")
            return
        if re.match(r"https?://", s):
            m = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", s)
            n = m[1] if m else file_name(s.split(";")[0].strip())
            if n:
                o.add(pep503(n), "", "url")
            return
        r = req(s)
        if r and r[2].startswith("@"):
            u = r[2][1:].strip()
            src = "git" if re.match(r"(git|hg|svn|bzr)\+", u) else "path" if u.startswith(("file:", ".", "/")) else "url"
            o.add(r[0], "", src)
            return
        if is_path(s.split(";")[0].strip()):
            m = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", s)
            n = m[1] if m else file_name(s.split(";")[0].strip())
            if n:
                o.add(pep503(n), "", "path")
            return
        if not r:
            warn(path, f"no requirement: {s!r}")
            return
        spec = r[2].split(";")[0].strip().strip("()")
        ver = ""
        for c in spec.split(","):
            m = re.match(r"\s*===?\s*([^\s]+)\s*$", c)
            if m and not m[1].endswith(".*"):
                ver = m[1]
        found.append((r[0], ver))

    def constrain(p):
        for line in read(p).splitlines() if os.path.isfile(p) else []:
            m = re.match(r"\s*([A-Za-z0-9._-]+)\s*===?\s*([^\s;#]+)", line)
            if m:
                constraints[pep503(m[1])] = m[2]

    def join_comments(t):
        # a comment line is not continued by its trailing backslash
        return "\n".join(re.sub(r"\\$", "", x) if x.lstrip().startswith("#") else x
                         for x in t.splitlines())
    load(path)
    for name, version in found:
        # a constraint says which version an unpinned requirement gets
        o.add(name, version or constraints.get(name, ""), "registry")


PARSERS = [
    (r"poetry\.lock", "poetry-lock", poetry_lock),
    (r"uv\.lock", "uv-lock", uv_lock),
    (r"Pipfile\.lock", "pipfile-lock", pipfile_lock),
    (r"pdm\.lock", "pdm-lock", pdm_lock),
    (r"pylock(\.[^.]+)?\.toml", "pylock", pylock),
    (r"[^/]*requirements[^/]*\.txt|requirements/[^/]+\.txt", "requirements", requirements),
]
