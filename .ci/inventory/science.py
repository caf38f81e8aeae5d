"""Haskell, R, Julia, Conda."""
import json
import re
import tomllib

from .common import beside, load_toml, pep503, read
from .yaml import yaml_docs


# ------------------------------------------------------------------ Haskell

def stack_lock(path, o):
    o.ecosystem = "Hackage"
    o.direct_known = o.dev_known = o.edges_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    for p in doc.get("packages") or []:
        c = p.get("completed") or {}
        if "hackage" in c:
            m = re.match(r"(.+)-(\d[\d.]*)(?:@.*)?$", c["hackage"])
            o.add(m[1], m[2], "registry")
        elif c.get("name"):
            o.add(c["name"], c.get("version", ""), "git" if "git" in c or "hg" in c else "url")


def cabal_freeze(path, o):
    o.ecosystem = "Hackage"
    o.direct_known = o.dev_known = o.edges_known = False
    text = re.sub(r"(?m)^\s*--.*$", "", read(path))
    for m in re.finditer(r"(?:any\.)?([A-Za-z][\w-]*)\s*==\s*(\d[\d.]*)(?![\d.*])", text):
        o.add(m[1], m[2], "registry")


# ------------------------------------------------------------------ R

def renv_lock(path, o):
    o.ecosystem = "CRAN"
    o.direct_known = o.dev_known = False
    doc = json.loads(read(path))
    packages, by = doc.get("Packages") or {}, {}
    for n, p in packages.items():
        remote = p.get("RemoteType", "")
        source = p.get("Source", "")
        src = "registry"
        if source in ("GitHub", "GitLab", "Bitbucket", "Git", "git2r", "xgit") or remote in ("github", "gitlab", "git", "git2r"):
            src = "git"
        elif source == "Local" or remote == "local":
            src = "path"
        elif source == "URL" or remote == "url":
            src = "url"
        by[p.get("Package", n)] = o.add(p.get("Package", n), p.get("Version", ""), src)
    said = False
    for n, p in packages.items():
        needs = []
        for f in ("Requirements", "Depends", "Imports", "LinkingTo"):
            v = p.get(f)
            said |= v is not None
            v = [v] if isinstance(v, str) else v or []
            needs += [re.match(r"\s*([\w.]*)", x)[1] for y in v for x in y.split(",")]
        for d in needs:
            if d in by:
                o.edge(by[p.get("Package", n)], by[d])
    o.edges_known = said


# ------------------------------------------------------------------ Julia

def julia_manifest(path, o):
    o.ecosystem = "Julia"
    doc = tomllib.loads(read(path))
    deps = doc["deps"] if isinstance(doc.get("deps"), dict) and "manifest_format" in doc else {
        k: v for k, v in doc.items() if isinstance(v, list)}
    by, all_entries = {}, []
    for n, entries in deps.items():
        for e in entries:
            src = "git" if "repo-url" in e else "path" if "path" in e else "registry"
            if src == "registry" and not any(f in e for f in ("version", "git-tree-sha1")):
                src = "path"    # it comes with Julia
            k = o.add(n, e.get("version", ""), src)
            by.setdefault(n, {})[e.get("uuid")] = k
            all_entries.append((k, e))
    succ = {}
    for k, e in all_entries:
        d = e.get("deps", [])
        for n, uuid in (d.items() if isinstance(d, dict) else ((n, None) for n in d)):
            for u, t in by.get(n, {}).items():
                if uuid in (None, u):
                    o.edge(k, t)
                    succ.setdefault(k, set()).add(t)
    man = load_toml(beside(path, "Project.toml") or beside(path, "JuliaProject.toml"))
    o.dev_known = False
    if man is None:
        o.direct_known = False
        return
    for n, uuid in man.get("deps", {}).items():
        if uuid in by.get(n, {}):
            o.direct.add(by[n][uuid])
            if man.get("name"):
                o.edge(o.add(man["name"], man.get("version", ""), "workspace"), by[n][uuid])


# ------------------------------------------------------------------ Conda

def conda_spec(s):
    """(name, version) of a match specification; the version only where it is exact."""
    s = re.sub(r"\s+#.*$", "", s).strip()
    s = s.rsplit("::", 1)[-1]
    m = re.match(r"([A-Za-z0-9_.\-]+)\s*(?:\[.*\])?\s*(.*)$", s)
    name, rest = m[1].lower(), m[2].strip()
    if not rest:
        return name, ""
    m = re.fullmatch(r"==\s*([^\s=,|<>!~*]+)(?:=\S+)?", rest) or re.fullmatch(
        r"=?\s*([^\s=,|<>!~*]+)=([^\s=*]+)", rest) or re.fullmatch(r"([^\s=,|<>!~*]+)\s+([^\s*]+)", rest)
    return name, m[1] if m else ""


def environment(path, o):
    from .python import req
    o.ecosystem = "Conda"
    o.dev_known = o.edges_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    if not isinstance(doc, dict):
        return
    # what `conda env export` writes has a prefix, and lists everything that is installed
    o.direct_known = "prefix" not in doc
    for d in doc.get("dependencies") or []:
        if isinstance(d, str):
            name, version = conda_spec(d)
            o.direct.add(o.add(name, version, "registry"))
            continue
        for s in d.get("pip") or []:
            if s.startswith("-") or re.match(r"(git|hg|svn|bzr)\+|https?:", s):
                continue
            r = req(s)
            if r:
                spec = r[2].split(";")[0].strip()
                m = re.fullmatch(r"===?\s*([^\s,*]+)", spec)
                src = "registry"
                if spec.startswith("@"):
                    src = "git" if "git+" in spec else "url"
                o.direct.add(o.add(r[0], m[1] if m else "", src, "PyPI"))


def conda_lock(path, o):
    o.ecosystem = "Conda"
    o.direct_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    by, kinds = {}, {}
    for p in doc.get("package") or []:
        pip = p.get("manager") == "pip"
        name = pep503(p["name"]) if pip else p["name"]
        url = p.get("url", "")
        src = "git" if url.startswith("git+") else "registry"
        k = o.add(name, p.get("version", ""), src, "PyPI" if pip else None)
        by.setdefault((p.get("platform"), name), set()).add(k)
        kinds.setdefault(k, set()).add(p.get("category") or "main")
        p["_k"] = k
    for p in doc.get("package") or []:
        for d in p.get("dependencies") or {}:
            for n in {d, pep503(d)}:
                for t in by.get((p.get("platform"), n), ()):
                    o.edge(p["_k"], t)
    o.dev = {k for k, c in kinds.items() if c == {"dev"}}


def conda_file(url):
    """(name, version) of the file name of a conda package."""
    f = url.split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    f = re.sub(r"\.(conda|tar\.bz2)$", "", f)
    parts = f.rsplit("-", 2)
    return (parts[0], parts[1]) if len(parts) == 3 else (f, "")


def pixi_lock(path, o):
    o.ecosystem = "Conda"
    o.direct_known = o.dev_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    by, needs = {}, []
    for p in doc.get("packages") or []:
        conda = p.get("conda") or (p.get("url") if p.get("kind") == "conda" else None)
        pypi = p.get("pypi") or (p.get("url") or p.get("path") if p.get("kind") == "pypi" else None)
        if "conda_source" in p:
            # name[hash] @ where: built from source, without a version where it is not settled before the build
            m = re.match(r"([^\s\[]+)(?:\[\w+\])?\s*@\s*(.*)$", p["conda_source"])
            k = o.add(m[1], p.get("version", ""), "git" if "git" in m[2].split(":")[0] else "path")
            needs += [(k, re.match(r"[\w.\-]+", d)[0]) for d in p.get("depends") or []]
            by.setdefault(m[1], set()).add(k)
            continue
        if conda is not None:
            n, v = conda_file(conda)
            n, v = p.get("name", n), p.get("version", v)
            src = "registry" if "://" in conda else "path"
            k = o.add(n, v, src)
            needs += [(k, re.match(r"[\w.\-]+", d)[0]) for d in p.get("depends") or []]
        else:
            n, v = pep503(p.get("name", "")), p.get("version", "")
            src = "git" if str(pypi).startswith("git+") else "registry" if "://" in str(pypi) else "path"
            k = o.add(n, v, src, "PyPI")
            needs += [(k, pep503(re.match(r"[\w.\-]+", d)[0])) for d in p.get("requires_dist") or []]
        by.setdefault(n, set()).add(k)
    for a, n in needs:
        for t in by.get(n, ()):
            o.edge(a, t)
    o.edges_known = False


PARSERS = [
    (r"stack\.yaml\.lock", "stack-lock", stack_lock),
    (r"cabal\.project\.freeze", "cabal-freeze", cabal_freeze),
    (r"renv\.lock", "renv-lock", renv_lock),
    (r"(Julia)?Manifest(-v[^/]*)?\.toml", "julia-manifest", julia_manifest),
    (r"environment\.ya?ml", "conda-environment", environment),
    (r"conda-lock\.yml|[^/]*\.conda-lock\.yml", "conda-lock", conda_lock),
    (r"pixi\.lock", "pixi-lock", pixi_lock),
]
