"""Lockfiles of npm, yarn, pnpm and bun."""
import json
import os
import re
from urllib.parse import unquote

from .common import beside, dev_only, key, load_json, reach, read, warn
from .yaml import yaml_docs


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


PARSERS = [
    (r"package-lock\.json|npm-shrinkwrap\.json", "package-lock", package_lock),
    (r"yarn\.lock", "yarn-lock", yarn_lock),
    (r"pnpm-lock\.yaml", "pnpm-lock", pnpm_lock),
    (r"bun\.lock", "bun-lock", bun_lock),
]
