#!/usr/bin/env python3
"""inventory.py PATH...  -- an independent oracle for lockfile parsers (Python 3.11 stdlib only).

Takes lockfiles or folders (walked; node_modules and .git are skipped) and prints one JSON
object per lockfile and line, sorted by path:
  path, parser, packages [[name, version, source]], edges [[from, to]], direct, dev,
  direct_known, dev_known, edges_known

Conventions (decisions where a format leaves room):
  * key = name@version, plus "#source" when source is not "registry".
  * Everything is collapsed to distinct (name, version, source). An edge from a key to itself
    that only arises by collapsing (extras, peer suffixes, nested copies) is dropped.
  * dev = every instance with this key is reachable from a member by some path, and none of them
    without crossing a development dependency. All members are production roots. Unreachable
    packages are not dev. Members are never in `direct` or `dev`.
  * npm v1: a version that is a git/http/file spec gives version "" and that source; root edges
    come from the package.json beside it, where there is one. v2 uses `packages` only.
  * Optional peer dependencies that happen to be there (npm, bun) are edges, but are not followed
    from production packages when `dev` is computed: they pull nothing in (npm's flags agree).
  * npm link targets: "workspace" when they match the root's `workspaces` globs, else "path".
  * http(s) tarballs: registry when the URL path has "/-/" (or "/download/"), git when it is a
    codeload/archive URL of a git host, else url.
  * yarn v1: members are not in the file; they and their edges come from the package.json beside it,
    where there is one. berry: members are in it, with the version of their
    package.json; patch: entries count as the patched package.
  * A yarn descriptor that is missing in the file (`resolutions`) resolves by name when exactly one
    entry has the name.
  * bun: a member version that the file leaves out comes from its package.json, else "".
  * pnpm importers: a member node named as its package.json says, else by its path; all YAML
    documents are merged; configDependencies/packageManagerDependencies are direct, not dev.
  * poetry/pdm: the root is no package; for dev, optional deps are followed only when the extra
    is asked for (edges list them all, as the file states them).
  * Cargo: every package without `source` is a member. [[patch.unused]] is ignored.
  * go.mod: the module itself is a member with version ""; a local replace keeps the required
    name and version with source path; `stdlib` (toolchain line) is direct.
  * requirements: what has no name (-e ./x without #egg) is left out; -c files give nothing.
"""
import fnmatch
import json
import os
import re
import sys
import tomllib
from urllib.parse import unquote


def warn(path, msg):
    print(f"warning: {path}: {msg}", file=sys.stderr)


def read(path):
    with open(path, "rb") as f:
        raw = f.read()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")


def beside(path, name):
    p = os.path.join(os.path.dirname(path), name)
    return p if os.path.isfile(p) else None


def key(n, v, s):
    return f"{n}@{v}" + ("" if s == "registry" else f"#{s}")


def pep503(n):
    return re.sub(r"[-_.]+", "-", n).lower()


class Out:
    def __init__(self, path, parser):
        self.path, self.parser = path, parser
        self.packages, self.edges = set(), set()
        self.direct, self.dev = set(), set()
        self.direct_known = self.dev_known = self.edges_known = True

    def add(self, n, v, s):
        self.packages.add((n, v, s))
        return key(n, v, s)

    def edge(self, a, b):
        if a != b:
            self.edges.add((a, b))

    def members(self):
        return {key(*p) for p in self.packages if p[2] == "workspace"}

    def result(self):
        m = self.members()
        return {
            "path": self.path, "parser": self.parser,
            "packages": [list(p) for p in sorted(self.packages)],
            "edges": [list(e) for e in sorted(self.edges)],
            "direct": sorted(self.direct - m), "dev": sorted(self.dev - m),
            "direct_known": self.direct_known, "dev_known": self.dev_known,
            "edges_known": self.edges_known,
        }


def reach(starts, succ):
    seen, todo = set(starts), list(starts)
    while todo:
        for y in succ(todo.pop()):
            if y not in seen:
                seen.add(y)
                todo.append(y)
    return seen


def dev_only(prod_roots, dev_roots, succ):
    """What the development roots reach and the production roots do not."""
    prod = reach(prod_roots, succ)
    return reach(dev_roots, succ) - prod, prod


def http_source(url):
    rest = url.split("://", 1)[1] if "://" in url else url
    host = rest.split("/", 1)[0].lower()
    path = rest[len(host):]
    if host.startswith("codeload.") or ".git#" in url or url.endswith(".git"):
        return "git"
    if host in ("github.com", "gitlab.com", "bitbucket.org") and re.search(
            r"/(archive|tarball|get|-/archive|repository/archive)", path):
        return "git" if host != "github.com" else "url"
    if "/-/" in path or "/download/" in path:
        return "registry"
    return "url"


def js_source(resolved):
    """Source of a package by its resolved URL (npm, yarn v1)."""
    if not resolved or not isinstance(resolved, str):
        return "registry"
    if re.match(r"(git\+|git:|git@|ssh:|github:|gitlab:|bitbucket:|gist:)", resolved):
        return "git"
    if resolved.startswith(("file:", "link:", "portal:", ".", "/")):
        return "path"
    if resolved.startswith(("http://", "https://")):
        return http_source(resolved)
    return "registry"


def glob_match(path, patterns):
    ok = False
    for pat in patterns:
        neg = pat.startswith("!")
        p = pat.lstrip("!").removeprefix("./").rstrip("/")
        rx = ""
        i = 0
        while i < len(p):
            if p.startswith("**/", i):
                rx += "(?:.*/)?"
                i += 3
            elif p.startswith("**", i):
                rx += ".*"
                i += 2
            elif p[i] == "*":
                rx += "[^/]*"
                i += 1
            elif p[i] == "?":
                rx += "[^/]"
                i += 1
            elif p[i] == "{" and "}" in p[i:]:
                j = p.index("}", i)
                rx += "(?:" + "|".join(re.escape(x) for x in p[i + 1:j].split(",")) + ")"
                i = j + 1
            else:
                rx += re.escape(p[i])
                i += 1
        if re.fullmatch(rx, path):
            ok = not neg
    return ok


def workspace_globs(manifest):
    ws = (manifest or {}).get("workspaces") or []
    if isinstance(ws, dict):
        ws = ws.get("packages") or []
    return [w for w in ws if isinstance(w, str)]


def load_json(path):
    try:
        return json.loads(read(path)) if path else None
    except ValueError:
        return None


def member_manifests(lock, globs):
    """{folder: package.json} of the folders below the lockfile that match the globs."""
    base = os.path.dirname(lock) or "."
    found = {}
    if not globs:
        return found
    for d, dirs, files in os.walk(base):
        dirs[:] = sorted(x for x in dirs if x not in ("node_modules", ".git"))
        rel = os.path.relpath(d, base).replace(os.sep, "/")
        if rel != "." and "package.json" in files and glob_match(rel, globs):
            m = load_json(os.path.join(d, "package.json"))
            if m is not None:
                found[rel] = m
    return found


def alias_target(spec):
    """(name, range) of "npm:name@range", else None."""
    m = re.match(r"npm:((?:@[^/@]+/)?[^@/]+)(?:@(.*))?$", spec or "")
    return (m[1], m[2] or "") if m else None


# ------------------------------------------------------------------ YAML subset

def yaml_scalar(s):
    s = s.strip()
    if s[:1] == "'":
        return s[1:s.rindex("'")].replace("''", "'")
    if s[:1] == '"':
        return json.loads(s[:s.rindex('"') + 1])
    return re.sub(r"\s+#.*$", "", s)


def yaml_flow(s, i=0):
    """A flow value at s[i:] -> (value, next index)."""
    while s[i] == " ":
        i += 1
    if s[i] == "{":
        out, i = {}, i + 1
        while True:
            while s[i] in " ,":
                i += 1
            if s[i] == "}":
                return out, i + 1
            k, i = yaml_flow_atom(s, i, ":")
            i = s.index(":", i) + 1
            while s[i] == " ":
                i += 1
            if s[i] in "{[":
                v, i = yaml_flow(s, i)
            elif s[i] in ",}":
                v = ""
            else:
                v, i = yaml_flow_atom(s, i, ",")
            out[k] = v
    if s[i] == "[":
        out, i = [], i + 1
        while True:
            while s[i] in " ,":
                i += 1
            if s[i] == "]":
                return out, i + 1
            if s[i] in "{[":
                v, i = yaml_flow(s, i)
            else:
                v, i = yaml_flow_atom(s, i, ",")
            out.append(v)
    raise ValueError("flow")


def yaml_flow_atom(s, i, stop):
    if s[i] == "'":
        m = re.compile(r"'((?:[^']|'')*)'").match(s, i)
        return m[1].replace("''", "'"), m.end()
    if s[i] == '"':
        m = re.compile(r'"(?:[^"\\]|\\.)*"').match(s, i)
        return json.loads(m[0]), m.end()
    j = i
    while j < len(s):
        c = s[j]
        if c in ",}]" or (stop == ":" and c == ":" and s[j + 1:j + 2] in (" ", "")):
            break
        j += 1
    return s[i:j].strip(), j


def yaml_split(s):
    """(key, rest) of "key: rest", or None when the line is no mapping entry."""
    if s[:1] == "'":
        m = re.match(r"'((?:[^']|'')*)'\s*:(?=\s|$)", s)
        return (m[1].replace("''", "'"), s[m.end():].strip()) if m else None
    if s[:1] == '"':
        m = re.match(r'("(?:[^"\\]|\\.)*")\s*:(?=\s|$)', s)
        return (json.loads(m[1]), s[m.end():].strip()) if m else None
    m = re.match(r"(.*?):(?=\s|$)", s)
    return (m[1].strip(), s[m.end():].strip()) if m else None


class Yaml:
    """Line/indent based reader for what pnpm and yarn write: block maps and lists, flow
    values, quoted and plain scalars, | and > scalars, "? key" entries. Scalars stay strings."""

    def __init__(self, lines):
        self.lines, self.i = lines, 0

    def peek(self):
        while self.i < len(self.lines):
            s = self.lines[self.i]
            t = s.lstrip(" ")
            if t.strip() and not t.startswith("#"):
                return len(s) - len(t), t.rstrip()
            self.i += 1
        return -1, ""

    def block(self, indent):
        ind, s = self.peek()
        if s.startswith("- ") or s == "-":
            out = []
            while True:
                ind, s = self.peek()
                if ind != indent or not (s.startswith("- ") or s == "-"):
                    return out
                item = s[2:].strip()
                if item and item[0] not in "'\"[{" and yaml_split(item):
                    self.lines[self.i] = " " * (indent + 2) + s[2:]
                    out.append(self.block(indent + 2))
                    continue
                self.i += 1
                out.append(self.value(item, indent))
        out = {}
        while True:
            ind, s = self.peek()
            if ind != indent:
                return out
            if s.startswith("? "):
                k = yaml_scalar(s[2:])
                self.i += 1
                ind, s = self.peek()
                if not s.startswith(":"):
                    raise ValueError("? without :")
                rest = s[1:].strip()
                if rest and rest[0] not in "{['\"|>" and yaml_split(rest):
                    self.lines[self.i] = " " * (indent + 2) + s[1:].strip()
                    out[k] = self.block(indent + 2)
                    continue
                self.i += 1
                out[k] = self.value(rest, indent)
                continue
            kv = yaml_split(s)
            if not kv:
                raise ValueError(f"line {self.i + 1}: {s!r}")
            self.i += 1
            out[kv[0]] = self.value(kv[1], indent)

    def value(self, rest, indent):
        if not rest or rest.startswith("#"):
            ind, s = self.peek()
            if ind > indent or (ind == indent and s.startswith("- ")):
                return self.block(ind)
            return ""
        if rest[0] in "|>":
            text = []
            while self.i < len(self.lines):
                s = self.lines[self.i]
                if s.strip() and len(s) - len(s.lstrip(" ")) <= indent:
                    break
                text.append(s.strip())
                self.i += 1
            return ("\n" if rest[0] == "|" else " ").join(text).strip()
        if rest[0] in "{[":
            while rest.count("{") + rest.count("[") > rest.count("}") + rest.count("]"):
                rest += " " + self.lines[self.i].strip()
                self.i += 1
            return yaml_flow(rest)[0]
        if rest[0] in "'\"":
            q = rest[0]
            full = r"'(?:[^']|'')*'" if q == "'" else r'"(?:[^"\\]|\\.)*"'
            while not re.match(full + r"\s*(#.*)?$", rest):
                rest += " " + self.lines[self.i].strip()
                self.i += 1
            return yaml_scalar(rest)
        while self.i < len(self.lines):      # plain scalar over several lines
            s = self.lines[self.i]
            if not s.strip() or len(s) - len(s.lstrip(" ")) <= indent:
                break
            rest += " " + s.strip()
            self.i += 1
        return yaml_scalar(rest)


def yaml_docs(text):
    docs, cur = [], []
    for line in text.splitlines():
        if line.rstrip() == "---" or line.startswith("--- "):
            docs.append(cur)
            cur = []
        elif line.rstrip() == "...":
            continue
        else:
            cur.append(line.rstrip("\r"))
    docs.append(cur)
    out = []
    for d in docs:
        if any(x.strip() and not x.lstrip().startswith("#") for x in d):
            y = Yaml(d)
            ind, _ = y.peek()
            doc = y.block(ind)
            if y.peek()[0] != -1:
                raise ValueError(f"trailing text at line {y.i + 1}: {y.peek()}")
            out.append(doc)
    return out


# ------------------------------------------------------------------ Cargo.lock

def cargo_source(src):
    if src is None:
        return "workspace"
    if src == "registry+https://github.com/rust-lang/crates.io-index" or re.match(r"sparse\+https://[^/]+\.crates\.io/?$", src):
        return "registry"
    if src.startswith("git+"):
        return "git"
    for p in ("registry+", "sparse+"):
        if src.startswith(p):
            return "registry:" + src[len(p):]
    if src.startswith("path+"):
        return "path"
    return src


def semver_ok(req, version):
    """Does a Cargo requirement accept a version? Only good enough to tell two versions apart."""
    def nums(s):
        return [int(x) for x in re.findall(r"\d+", re.split(r"[-+]", s)[0])]
    v = (nums(version) + [0, 0, 0])[:3]
    for part in req.split(","):
        m = re.match(r"\s*(\^|~|>=|<=|>|<|=)?\s*v?([0-9xX*][^\s]*)\s*$", part)
        if not m:
            continue
        op, r = m[1] or "^", nums(m[2])
        if not r:
            continue
        full = (r + [0, 0, 0])[:3]
        if op == "=":
            ok = v[:len(r)] == r
        elif op == ">=":
            ok = v >= full
        elif op == "<=":
            ok = v[:len(r)] <= r
        elif op == ">":
            ok = v[:len(r)] > r
        elif op == "<":
            ok = v < full
        elif op == "~":
            ok = v[:min(len(r), 2)] == r[:2] and v >= full
        else:
            n = next((i for i, x in enumerate(r) if x), len(r) - 1) + 1
            ok = v[:n] == r[:n] and v >= full
        if not ok:
            return False
    return True


def cargo_manifests(lock):
    """{package name: [manifest with workspace deps filled in]} of Cargo.toml beside and below."""
    base = os.path.dirname(lock) or "."
    raw = []
    for d, dirs, files in os.walk(base):
        dirs[:] = sorted(x for x in dirs if x not in ("node_modules", ".git", "target"))
        if d != base and "Cargo.lock" in files:
            dirs[:] = []
            continue
        if "Cargo.toml" in files:
            try:
                raw.append(tomllib.loads(read(os.path.join(d, "Cargo.toml"))))
            except ValueError:
                pass
    ws = {}
    for m in raw:
        ws.update(m.get("workspace", {}).get("dependencies", {}))
    out = {}
    for m in raw:
        name = m.get("package", {}).get("name")
        if not name:
            continue
        prod, dev = [], []
        tables = [m] + list(m.get("target", {}).values())
        for t in tables:
            for field, into in (("dependencies", prod), ("build-dependencies", prod),
                                ("build_dependencies", prod), ("dev-dependencies", dev),
                                ("dev_dependencies", dev)):
                for k, spec in t.get(field, {}).items():
                    if isinstance(spec, dict) and spec.get("workspace"):
                        spec = ws.get(k, {})
                    if isinstance(spec, str):
                        spec = {"version": spec}
                    into.append((spec.get("package", k), spec.get("version", "")))
        out[name] = (prod, dev)
    return out


def cargo_lock(path, o):
    doc = tomllib.loads(read(path))
    pkgs = list(doc.get("package", []))
    if "root" in doc:
        pkgs.append(doc["root"])
    nodes, by_name = [], {}
    for p in pkgs:
        src = p.get("source")
        node = (p["name"], p["version"], cargo_source(src), (src or "").split("#")[0])
        nodes.append((node, p))
        by_name.setdefault(p["name"], []).append(node)
        o.add(*node[:3])
    succ = {}
    for node, p in nodes:
        for d in p.get("dependencies", []):
            m = re.match(r"(\S+)(?: (\S+))?(?: \((.*)\))?$", d)
            cand = [c for c in by_name.get(m[1], []) if m[2] is None or c[1] == m[2]]
            if m[3]:
                cand = [c for c in cand if c[3] == m[3].split("#")[0]]
            elif len(cand) > 1:
                cand = [c for c in cand if not c[3]] or cand
            if len({c for c in cand}) != 1:
                warn(path, f"dependency {d!r} of {node[0]} resolves to {len(cand)} packages")
            for c in cand:
                succ.setdefault(node, []).append(c)
                o.edge(key(*node[:3]), key(*c[:3]))
    members = [n for n, _ in nodes if n[2] == "workspace"]
    for n in members:
        o.direct.update(key(*c[:3]) for c in succ.get(n, []))
    manifests = cargo_manifests(path)
    if not all(n[0] in manifests for n in members):
        o.dev_known = False
        if manifests:
            warn(path, "no Cargo.toml for " +
                 ", ".join(n[0] for n in members if n[0] not in manifests))
        return
    prod_roots, dev_roots = set(members), set()
    for n in members:
        prod, dev = manifests[n[0]]
        for c in succ.get(n, []):
            same = [x for x in succ[n] if x[0] == c[0]]

            def listed(deps):
                hits = [r for nm, r in deps if nm == c[0]]
                return any(len(same) == 1 or not r or semver_ok(r, c[1]) for r in hits)
            if listed(prod):
                prod_roots.add(c)
            elif listed(dev):
                dev_roots.add(c)
            else:
                warn(path, f"{n[0]}: dependency {c[0]} {c[1]} is in no table of its Cargo.toml")
                prod_roots.add(c)
    mset = set(members)
    # a member's own edges are split above, so they are not followed here
    dev, prod = dev_only(prod_roots, dev_roots,
                         lambda n: () if n in mset else succ.get(n, []))
    o.dev = {key(*n[:3]) for n in dev} - {key(*n[:3]) for n in prod}


# ------------------------------------------------------------------ npm

def npm_real(name, spec):
    t = alias_target(spec)
    return t[0] if t else name


def package_lock(path, o):
    doc = json.loads(read(path))
    if "packages" in doc:
        npm_v3(path, doc, o)
    else:
        npm_v1(path, doc, o)


def npm_v3(path, doc, o):
    ent = doc["packages"]
    root = ent.get("", {})
    globs = workspace_globs(root)
    links = {}
    for k, e in ent.items():
        if e.get("link"):
            t = e.get("resolved", "").removeprefix("file:").rstrip("/")
            links[k] = t
    link_name = {t: k.rsplit("node_modules/", 1)[-1] for k, t in links.items()}
    node = {}
    for k, e in ent.items():
        if k in links:
            continue
        if k == "":
            name = e.get("name") or doc.get("name") or ""
            src, ver = "workspace", e.get("version") or doc.get("version") or ""
            if not name:
                continue
        elif "node_modules/" in k and not k.rsplit("node_modules/", 1)[-1].count("/") > 1:
            name = e.get("name") or k.rsplit("node_modules/", 1)[-1]
            src, ver = js_source(e.get("resolved")), e.get("version", "")
        else:
            name = e.get("name") or link_name.get(k) or k.rsplit("/", 1)[-1]
            ver = e.get("version", "")
            src = "workspace" if glob_match(k, globs) else "path"
        node[k] = key(name, ver, src)
        o.add(name, ver, src)

    def top(k):
        return k == "" or k in link_name or "node_modules/" not in k

    def resolve(k, name):
        d = k
        while True:
            if not (d == "node_modules" or d.endswith("/node_modules")):
                c = (d + "/" if d else "") + "node_modules/" + name
                if c in ent:
                    c = links.get(c, c)
                    return c if c in ent else None
            if not d:
                return None
            d = d.rsplit("/", 1)[0] if "/" in d else ""
            if d.endswith(".."):
                return None

    prod, dev = {}, {}      # dev: devDependencies and optional peers
    for k, e in ent.items():
        if k in links:
            continue
        for field in ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies"):
            if field == "devDependencies" and not top(k):
                continue
            for n in e.get(field) or {}:
                t = resolve(k, n)
                if t is None:
                    continue
                if k in node and t in node:
                    o.edge(node[k], node[t])
                meta = (e.get("peerDependenciesMeta") or {}).get(n) or {}
                if field == "peerDependencies" and meta.get("optional") and not any(
                        n in (e.get(f) or {}) for f in ("dependencies", "optionalDependencies")):
                    dev.setdefault(k, set()).add(t)     # it does not pull the package in
                    continue
                into = prod
                if field == "devDependencies" and not any(
                        n in (e.get(f) or {}) for f in ("dependencies", "optionalDependencies",
                                                        "peerDependencies")):
                    into = dev
                into.setdefault(k, set()).add(t)
    members = {k for k in ent if k == "" or (k in node and node[k].endswith("#workspace"))}
    for k in members:
        for t in prod.get(k, set()) | dev.get(k, set()):
            if t in node:
                o.direct.add(node[t])
    p = reach(members, lambda k: prod.get(k, ()))
    a = reach(members, lambda k: prod.get(k, set()) | dev.get(k, set()))
    o.dev = {node[k] for k in a - p if k in node} - {node[k] for k in p if k in node}
    flag = {k for k, e in ent.items() if e.get("dev") and k in node}
    mine = {k for k in a - p if k in node}
    if flag != mine:
        warn(path, f"npm dev flags differ: only npm {sorted(flag - mine)}; only here {sorted(mine - flag)}")


def npm_v1(path, doc, o):
    man = load_json(beside(path, "package.json"))
    globs = workspace_globs(man)
    if doc.get("name"):
        o.add(doc["name"], doc.get("version", ""), "workspace")
    node, ent = {}, {}

    def walk(deps, prefix):
        for n, e in (deps or {}).items():
            k = prefix + (n,)
            name, ver, src = n, e.get("version", ""), "registry"
            if ver.startswith("npm:"):
                t = alias_target(ver)
                name, ver = t if t else (n, "")
            elif re.match(r"[0-9]", ver):
                src = js_source(e.get("resolved"))
            elif ver:
                src, spec = js_source(ver), ver
                if src == "registry":
                    src = "git" if "#" in ver or "/" in ver else "registry"
                if src != "registry":
                    ver = ""
                if src == "path" and spec.startswith("file:") and glob_match(spec[5:], globs):
                    src = "workspace"
                    m = load_json(beside(path, os.path.join(spec[5:], "package.json")))
                    if m:
                        name, ver = m.get("name", n), m.get("version", "")
            ent[k] = e
            node[k] = o.add(name, ver, src)
            walk(e.get("dependencies"), k)
    walk(doc.get("dependencies"), ())

    def resolve(k, n):
        for i in range(len(k), -1, -1):
            if k[:i] + (n,) in ent:
                return k[:i] + (n,)
        return None
    for k, e in ent.items():
        req = e.get("requires")
        for n in req if isinstance(req, dict) else ():
            t = resolve(k, n)
            if t:
                o.edge(node[k], node[t])
    dev = {node[k] for k, e in ent.items() if e.get("dev")}
    o.dev = dev - {node[k] for k, e in ent.items() if not e.get("dev")}
    if man is None:
        o.direct_known = False
        return
    tops = {"": man} | member_manifests(path, globs)
    for m in tops.values():
        for f in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
            for n in m.get(f) or {}:
                k = ()
                if m is not man and (m.get("name"), n) in ent:
                    k = (m["name"],)
                if k + (n,) in ent:
                    o.direct.add(node[k + (n,)])
                    if m is man and doc.get("name"):
                        o.edge(key(doc["name"], doc.get("version", ""), "workspace"), node[k + (n,)])


# ------------------------------------------------------------------ yarn

def split_descriptor(d):
    i = d.index("@", 1)
    return d[:i], d[i + 1:]


def yarn_lock(path, o):
    text = read(path)
    if re.search(r"^__metadata:", text, re.M):
        yarn_berry(path, text, o)
    else:
        yarn_v1(path, text, o)


def yarn_v1_tokens(s):
    out = []
    for m in re.finditer(r'"((?:[^"\\]|\\.)*)"|([^\s,]+)', s):
        out.append(json.loads(f'"{m[1]}"') if m[1] is not None else m[2])
    return out


def yarn_v1(path, text, o):
    entries, cur, sect = [], None, None
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        ind = len(line) - len(line.lstrip(" "))
        s = line.strip()
        if ind == 0:
            cur = {"keys": yarn_v1_tokens(s.rstrip(":") if s.endswith(":") else s), "deps": {}}
            entries.append(cur)
            sect = None
        elif ind == 2 and s.endswith(":"):
            sect = s[:-1]
        elif ind == 2:
            t = yarn_v1_tokens(s)
            cur[t[0]] = t[1] if len(t) > 1 else ""
            sect = None
        elif sect in ("dependencies", "optionalDependencies"):
            t = yarn_v1_tokens(s)
            cur["deps"][t[0]] = t[1] if len(t) > 1 else ""
    by_desc, by_name = {}, {}
    for e in entries:
        for k in e["keys"]:
            name, rng = split_descriptor(k)
        real = npm_real(name, rng)
        src = js_source(e.get("resolved"))
        if "resolved" not in e:
            src = js_source(rng) if re.match(r"(file:|link:|git|https?:|\.)", rng) else "registry"
        if src == "url" and re.match(r"(git|ssh:|github:|gitlab:|bitbucket:)", rng):
            src = "git"
        e["node"] = o.add(real, e.get("version", ""), src)
        for k in e["keys"]:
            by_desc[k] = e["node"]
            by_name.setdefault(split_descriptor(k)[0], set()).add(e["node"])
    man = load_json(beside(path, "package.json"))
    tops = {}
    if man is not None:
        tops = {"": man} | member_manifests(path, workspace_globs(man))
    mnames = {m.get("name") for m in tops.values()}

    def lookup(n, rng):
        t = by_desc.get(f"{n}@{rng}")
        if t is None and n not in mnames and len(by_name.get(n, ())) == 1:
            t = next(iter(by_name[n]))
        return t
    succ = {}
    for e in entries:
        for n, r in e["deps"].items():
            t = lookup(n, r)
            if t:
                succ.setdefault(e["node"], set()).add(t)
                o.edge(e["node"], t)
    if man is None:
        o.direct_known = o.dev_known = False
        return
    prod, dev = set(), set()
    own = {}
    for rel, m in tops.items():
        folder = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(path)), rel))
        own[rel] = o.add(m.get("name") or os.path.basename(folder), m.get("version", ""), "workspace")
    by_member = {m.get("name"): own[rel] for rel, m in tops.items()}
    for rel, m in tops.items():
        for f in ("dependencies", "optionalDependencies", "devDependencies"):
            for n, r in (m.get(f) or {}).items():
                t = lookup(n, r)
                if t is None:
                    if n not in mnames:
                        warn(path, f"{m.get('name')}: no entry for {n}@{r}")
                    else:
                        o.edge(own[rel], by_member[n])
                    continue
                o.edge(own[rel], t)
                o.direct.add(t)
                isdev = f == "devDependencies" and not any(
                    n in (m.get(g) or {}) for g in ("dependencies", "optionalDependencies"))
                (dev if isdev else prod).add(t)
    o.dev = dev_only(prod, dev, lambda k: succ.get(k, ()))[0]


def yarn_berry(path, text, o):
    doc = yaml_docs(text)[0]
    doc.pop("__metadata", None)
    by_desc, by_name, node, spaces = {}, {}, {}, {}
    for k, e in doc.items():
        name, ref = split_descriptor(e["resolution"])
        ver = e.get("version", "")
        proto = ref.split(":", 1)[0]
        if proto == "patch":
            inner = unquote(ref[len("patch:"):].split("#")[0])
            name2, ref2 = split_descriptor(inner)
            name, proto, ref = name2, ref2.split(":", 1)[0], ref2
        if proto == "npm":
            src = "registry"
        elif proto == "workspace":
            src = "workspace"
            spaces[name] = ref.split(":", 1)[1]
            # 0.0.0-use.local stands for the version of the project's own manifest
            ver = (load_json(beside(path, os.path.join(spaces[name], "package.json"))) or {}).get("version", "")
        elif proto in ("link", "portal", "file", "exec"):
            src = "path"
        elif "#commit=" in ref or js_source(ref) == "git" or ".git#" in ref:
            src = "git"
        elif proto in ("http", "https"):
            src = "url"
        else:
            src = "registry"
        node[k] = o.add(name, ver, src)
        for d in k.split(", "):
            by_desc[d] = node[k]
            by_name.setdefault(split_descriptor(d)[0], set()).add(node[k])

    def lookup(n, r):
        for d in (f"{n}@{r}", f"{n}@npm:{r}"):
            if d in by_desc:
                return by_desc[d]
        c = by_name.get(n, ())
        return next(iter(c)) if len(c) == 1 else None
    succ = {}
    member_keys = {}
    for k, e in doc.items():
        for n, r in (e.get("dependencies") or {}).items():
            t = lookup(n, r)
            if t is None:
                warn(path, f"{node[k]}: no entry for {n}@{r}")
                continue
            succ.setdefault(node[k], {})[n] = t
            o.edge(node[k], t)
        if node[k].endswith("#workspace"):
            member_keys[node[k]] = split_descriptor(e["resolution"])[1].split(":", 1)[1]
    # one key can stand for several instances: keep a set of targets
    multi = {}
    for a, b in o.edges:
        multi.setdefault(a, set()).add(b)
    prod, dev = set(), set()
    for k, folder in member_keys.items():
        o.direct.update(multi.get(k, ()))
        m = load_json(beside(path, os.path.join(folder, "package.json")))
        if m is None:
            o.dev_known = False
            continue
        for n, t in succ.get(k, {}).items():
            isdev = n in (m.get("devDependencies") or {}) and not any(
                n in (m.get(g) or {}) for g in ("dependencies", "optionalDependencies"))
            (dev if isdev else prod).add(t)
    if o.dev_known:
        mk = set(member_keys)
        o.dev = dev_only(prod, dev, lambda k: () if k in mk else multi.get(k, ()))[0]


# ------------------------------------------------------------------ pnpm

def pnpm_lock(path, o):
    docs = [d for d in yaml_docs(read(path)) if isinstance(d, dict)]
    for d in docs:
        pnpm_doc(path, d, o)
    o.dev -= o.pnpm_prod


def pnpm_strip(s):
    """Drops peer and patch suffixes: "1.0.0(a@1)(b@2)"."""
    return s.split("(", 1)[0] if not s.startswith("(") else s


def pnpm_doc(path, doc, o):
    major = float(str(doc.get("lockfileVersion", "0")).strip("'\"").split("-")[0] or 0)
    style = 9 if major >= 7 else 6 if major >= 6 else 5
    o.pnpm_prod = getattr(o, "pnpm_prod", set())
    pk = doc.get("packages") or {}
    snaps = (doc.get("snapshots") or {}) if style == 9 else pk
    node = {}
    importers = doc.get("importers")
    if importers is None:
        importers = {".": doc}

    def member(rel):
        m = load_json(beside(path, os.path.join(rel, "package.json")))
        return ((m or {}).get("name") or rel, (m or {}).get("version", ""), "workspace")

    def ident(k, e):
        """(name, version, source) of a packages/snapshots key."""
        res = e.get("resolution") or {}
        name = ver = None
        if style == 9:
            name, ver = split_descriptor(pnpm_strip(k))
        elif k.startswith("/") and style == 6:
            name, ver = split_descriptor(pnpm_strip(k[1:]))
        elif k.startswith("/"):
            parts = k[1:].split("/")
            n = 2 if parts[0].startswith("@") else 1
            name, ver = "/".join(parts[:n]), parts[n].split("_")[0]
        else:
            s = pnpm_strip(k)
            m = re.match(r"[^/:@]+\.[^/:@]+/((?:@[^/]+/)?[^/@]+)/(\d[^/_]*)", s)
            if style == 5 and m and not res.get("tarball", "").startswith("https://codeload") \
                    and "type" not in res and "name" not in e:
                name, ver = m[1], m[2]
            else:
                name, ver = e.get("name") or s, s
        src = "registry"
        if not re.match(r"\d", ver):
            t = res.get("tarball", "")
            if res.get("type") == "git" or "repo" in res:
                src = "git"
            elif res.get("type") == "directory" or ver.startswith(("file:", "link:")) or t.startswith("file:"):
                src = "path"
                d = res.get("directory")
                if d in importers:
                    return member(d)
            elif t or ver.startswith("http"):
                src = http_source(t or ver)
                src = "url" if src == "registry" else src
            else:
                src = "url"
            ver = e.get("version") or ""
            name = e.get("name") or name
        elif res.get("tarball", "").startswith(("http:", "https:")) and style != 9 and not k.startswith("/"):
            src = http_source(res["tarball"])
        return name, ver, src

    for k, e in snaps.items():
        base = pk.get(pnpm_strip(k), e) if style == 9 else e
        node[k] = o.add(*ident(k, base if isinstance(base, dict) else {}))
    if style == 9:
        for k, e in pk.items():
            k2 = o.add(*ident(k, e))
            if k not in node:
                node[k] = k2

    def target(n, v, here):
        """Node key of dependency n with the version string v of importer folder `here`."""
        if v.startswith("link:"):
            rel = os.path.normpath(os.path.join(here, v[5:])).replace(os.sep, "/")
            if rel in importers:
                return o.add(*member(rel))
            return o.add(n, "", "path")
        if style == 9:
            for c in (f"{n}@{v}", v):
                if c in node:
                    return node[c]
        elif style == 6:
            for c in (f"/{n}@{v}", v, f"{n}@{v}"):
                if c in node:
                    return node[c]
        else:
            for c in (f"/{n}/{v}", v, f"{n}/{v}"):
                if c in node:
                    return node[c]
        warn(path, f"no package for {n}: {v}")
        return None

    succ = {}
    for k, e in snaps.items():
        if not isinstance(e, dict):
            continue
        for f in ("dependencies", "optionalDependencies"):
            for n, v in (e.get(f) or {}).items():
                t = target(n, v, ".")
                if t:
                    succ.setdefault(node[k], set()).add(t)
                    o.edge(node[k], t)
    prod, dev, mset = set(), set(), set()
    for rel in importers:
        mset.add(key(*member(rel)))
    for rel, imp in importers.items():
        if not isinstance(imp, dict):
            imp = {}
        me = o.add(*member(rel))
        for f in ("dependencies", "optionalDependencies", "configDependencies",
                  "packageManagerDependencies", "devDependencies"):
            for n, v in (imp.get(f) or {}).items():
                if isinstance(v, dict):
                    v = v.get("version", "")
                t = target(n, v, rel)
                if t is None:
                    continue
                o.edge(me, t)
                o.direct.add(t)
                (dev if f == "devDependencies" else prod).add(t)
    d, p = dev_only(prod, dev, lambda k: () if k in mset else succ.get(k, ()))
    o.dev |= d
    o.pnpm_prod |= p
    if style != 9:
        flags = {}
        for k, e in snaps.items():
            flags.setdefault(node[k], set()).add(e.get("dev") == "true")
        fl = {k for k, v in flags.items() if v == {True}}
        if fl != d - mset:
            warn(path, f"pnpm dev flags differ: only pnpm {sorted(fl - d)}; only here {sorted(d - fl - mset)}")


# ------------------------------------------------------------------ bun

def strip_jsonc(s):
    out, i = [], 0
    while i < len(s):
        c = s[i]
        if c == '"':
            m = re.compile(r'"(?:[^"\\]|\\.)*"', re.S).match(s, i)
            out.append(m[0])
            i = m.end()
        elif s.startswith("//", i):
            i = s.find("\n", i)
            i = len(s) if i < 0 else i
        elif s.startswith("/*", i):
            i = s.index("*/", i) + 2
        elif c == ",":
            m = re.compile(r",(?:\s|//[^\n]*\n|/\*.*?\*/)*[}\]]", re.S).match(s, i)
            if not m:
                out.append(c)
            i += 1
        else:
            out.append(c)
            i += 1
    return "".join(out)


def bun_lock(path, o):
    doc = json.loads(strip_jsonc(read(path)))
    spaces = doc.get("workspaces") or {}
    pk = doc.get("packages") or {}
    node, info = {}, {}
    member = {}
    for rel, w in spaces.items():
        if w.get("name"):
            man = load_json(beside(path, os.path.join(rel, "package.json"))) or {}
            ver = w.get("version") or man.get("version", "")    # bun leaves out the root's
            member[rel] = o.add(w["name"], ver, "workspace")
    for k, v in pk.items():
        name, ref = split_descriptor(v[0])
        inf = next((x for x in v[1:] if isinstance(x, dict)), {})
        info[k] = inf
        if ref.startswith("workspace:"):
            rel = ref[10:]
            node[k] = member.get(rel) or o.add(name, "", "workspace")
            info[k] = {}
            continue
        if ref.startswith("root:"):
            node[k] = member.get("") or o.add(name, "", "workspace")
            info[k] = {}
            continue
        if re.match(r"\d", ref):
            src, ver = "registry", ref
        elif re.match(r"(git\+|git@|git:|github:|gitlab:|bitbucket:|ssh:)", ref):
            src, ver = "git", ""
        elif re.match(r"https?:", ref):
            src, ver = "url", ""
        else:
            src, ver = "path", ""
        node[k] = o.add(name, ver, src)

    def segs(k):
        out = []
        for p in k.split("/"):
            if out and out[-1].startswith("@") and "/" not in out[-1]:
                out[-1] += "/" + p
            else:
                out.append(p)
        return out

    def resolve(k, n):
        s = segs(k) if k else []
        for i in range(len(s), -1, -1):
            c = "/".join(s[:i] + [n])
            if c in pk:
                return c
        return None
    prod, every = {}, {}
    for k in pk:
        for f in ("dependencies", "optionalDependencies", "peerDependencies"):
            for n in info[k].get(f) or {}:
                t = resolve(k, n)
                if t:
                    o.edge(node[k], node[t])
                    every.setdefault(k, set()).add(t)
                    if f == "peerDependencies" and n in info[k].get("optionalPeers", ()):
                        continue
                    prod.setdefault(k, set()).add(t)
    proots, droots = set(), set()
    for rel, w in spaces.items():
        at = w.get("name", "") if rel else ""
        for f in ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies"):
            for n in w.get(f) or {}:
                t = resolve(at, n)
                if t is None:
                    continue
                if rel in member:
                    o.edge(member[rel], node[t])
                o.direct.add(node[t])
                isdev = f == "devDependencies" and not any(
                    n in (w.get(g) or {}) for g in ("dependencies", "optionalDependencies",
                                                    "peerDependencies"))
                (droots if isdev else proots).add(t)
    p = reach(proots, lambda k: prod.get(k, ()))
    d = reach(proots | droots, lambda k: every.get(k, ())) - p
    o.dev = {node[k] for k in d} - {node[k] for k in p}


# ------------------------------------------------------------------ Python helpers

REQ = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)$", re.S)


def req(s):
    """(normalised name, extras, rest) of a PEP 508 string."""
    m = REQ.match(s)
    if not m:
        return None
    ex = {pep503(x.strip()) for x in (m[2] or "").split(",") if x.strip()}
    return pep503(m[1]), ex, m[3].split("#")[0].strip()


def load_toml(path):
    try:
        return tomllib.loads(read(path)) if path else None
    except ValueError:
        return None


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


# ------------------------------------------------------------------ go.mod

def work_replaces(path):
    """The replaces of the go.work above that uses this module, added to its own: the workspace's win."""
    folder = os.path.dirname(os.path.abspath(path))
    above = folder
    while above != os.path.dirname(above):
        work = os.path.join(above, "go.work")
        if os.path.isfile(work):
            lines, block, uses, reps = read(work).splitlines(), None, [], []
            own, own_block = [], None
            for line in read(path).splitlines():
                tok = line.partition("//")[0].split()
                if own_block and tok == [")"]:
                    own_block = None
                elif tok and not own_block and tok[-1] == "(":
                    own_block = tok[0]
                elif tok and (own_block or tok[0]) == "replace":
                    args = tok if own_block else tok[1:]
                    own.append((args[:args.index("=>")], args[args.index("=>") + 1:]))
            for line in lines:
                tok = line.partition("//")[0].split()
                if not tok:
                    continue
                if block and tok == [")"]:
                    block = None
                    continue
                if not block and tok[-1] == "(":
                    block = tok[0]
                    continue
                verb, args = (block, tok) if block else (tok[0], tok[1:])
                if verb == "use":
                    uses.append(os.path.normpath(os.path.join(above, args[0])))
                elif verb == "replace":
                    reps.append((args[:args.index("=>")], args[args.index("=>") + 1:]))
            return own + reps if folder in uses else None
        above = os.path.dirname(above)
    return None


def go_mod(path, o):
    o.edges_known = o.dev_known = False
    reqs, reps, module, toolchain = [], [], None, None
    block = None
    for line in read(path).splitlines():
        code, _, comment = line.partition("//")
        code = code.strip()
        # "//" inside a quoted path does not occur in go.mod
        if not code:
            continue
        tok = [json.loads(t) if t.startswith('"') else t.strip("`") for t in code.split()]
        if block and tok == [")"]:
            block = None
            continue
        if not block and tok[-1] == "(" :
            block = tok[0]
            continue
        verb, args = (block, tok) if block else (tok[0], tok[1:])
        if verb == "module":
            module = args[0]
        elif verb == "toolchain":
            toolchain = args[0]
        elif verb == "require":
            reqs.append((args[0], args[1], not re.match(r"\s*indirect(\s*$|\s*;)", comment)))
        elif verb == "replace":
            i = args.index("=>")
            reps.append((args[:i], args[i + 1:]))
    if module:
        o.add(module, "", "workspace")
    reps = work_replaces(path) or reps
    for m, v, direct in reqs:
        n, ver, src = m, v, "registry"
        hit = [r for l, r in reps if l == [m, v]] or [r for l, r in reps if l == [m]]
        if hit:
            r = hit[-1]
            if len(r) == 2:
                n, ver = r
            else:
                src = "path"
        k = o.add(n, ver, src)
        if direct:
            o.direct.add(k)
    if toolchain and toolchain.startswith("go"):
        o.direct.add(o.add("stdlib", toolchain[2:], "registry"))


# ------------------------------------------------------------------ main

PARSERS = [
    (r"Cargo\.lock", "cargo-lock", cargo_lock),
    (r"package-lock\.json|npm-shrinkwrap\.json", "package-lock", package_lock),
    (r"yarn\.lock", "yarn-lock", yarn_lock),
    (r"pnpm-lock\.yaml", "pnpm-lock", pnpm_lock),
    (r"bun\.lock", "bun-lock", bun_lock),
    (r"poetry\.lock", "poetry-lock", poetry_lock),
    (r"uv\.lock", "uv-lock", uv_lock),
    (r"Pipfile\.lock", "pipfile-lock", pipfile_lock),
    (r"pdm\.lock", "pdm-lock", pdm_lock),
    (r"pylock(\.[^.]+)?\.toml", "pylock", pylock),
    (r"[^/]*requirements[^/]*\.txt|requirements/[^/]+\.txt", "requirements", requirements),
    (r"go\.mod", "go-mod", go_mod),
]


def parser_of(path):
    """By the name of the file, or by that and its folder's."""
    parts = path.replace(os.sep, "/").split("/")
    for rx, pid, fn in PARSERS:
        if re.fullmatch(rx, parts[-1]) or re.fullmatch(rx, "/".join(parts[-2:])):
            return pid, fn
    return None


def lockfiles(paths):
    files = []
    for a in paths:
        if os.path.isfile(a):
            files.append(a)
        for d, dirs, names in os.walk(a):
            dirs[:] = sorted(x for x in dirs if x not in ("node_modules", ".git"))
            files += [os.path.join(d, n) for n in names if parser_of(os.path.join(d, n))]
    return sorted(set(files))


def inventories(paths):
    """Yields one inventory per lockfile; one that cannot be read raises."""
    for f in lockfiles(paths):
        p = parser_of(os.path.abspath(f))
        if not p:
            warn(f, "not a lockfile that this script knows")
            continue
        o = Out(f, p[0])
        p[1](f, o)
        yield o.result()


def main(argv):
    for result in inventories(argv):
        print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
