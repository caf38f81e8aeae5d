"""Hex: mix.lock, rebar.lock, gleam's manifest.toml."""
import re
import tomllib

from .common import Skip, beside, dev_only, load_toml, read


class Term:
    """Elixir and Erlang terms: maps, tuples, lists, strings, binaries, atoms, numbers."""

    def __init__(self, text):
        self.t = re.findall(
            r'"(?:[^"\\]|\\.)*"\s*:(?=\s)|"(?:[^"\\]|\\.)*"|<<|>>|%\{|=>|[{}\[\],.]|:?[A-Za-z_][\w@?!]*:?(?=[^\w])|'
            r"'(?:[^'\\]|\\.)*'|-?\d[\d_.]*|:(?=\")|#[^\n]*|%[^{\n][^\n]*", text)
        self.t = [x for x in self.t if not x.startswith("#") and not (x.startswith("%") and x != "%{")]
        self.i = 0

    def next(self):
        x = self.t[self.i]
        self.i += 1
        return x

    def peek(self):
        return self.t[self.i] if self.i < len(self.t) else ""

    def value(self):
        x = self.next()
        if x in ("%{", "{", "["):
            end = "]" if x == "[" else "}"
            out = []
            while self.peek() != end:
                v = self.value()
                if isinstance(v, Key) or self.peek() == "=>":
                    if self.peek() == "=>":
                        self.next()
                    v = (str(v), self.value())
                out.append(v)
                if self.peek() == ",":
                    self.next()
            self.next()
            return dict(out) if x == "%{" else tuple(out) if x == "{" else out
        if x == "<<":
            v = self.value()
            assert self.next() == ">>"
            return v
        if x[0] == '"':
            if x.endswith(":"):
                return Key(x.rstrip(":").strip()[1:-1])
            return x[1:-1]
        if x == ":" and self.peek()[:1] == '"':
            return ":" + self.next()[1:-1]
        if x.endswith(":") and not x.startswith(":"):
            return Key(x[:-1])
        return x


class Key(str):
    """A keyword: `name:`."""


def mix_lock(path, o):
    o.ecosystem = "Hex"
    doc = Term(read(path)).value()
    by, deps = {}, []
    for app, e in doc.items():
        if e[0] == ":hex":
            k = o.add(e[1].lstrip(":").lower(), e[2], "registry")
            for d in e[5] if len(e) > 5 and isinstance(e[5], list) else ():
                deps.append((k, d[0].lstrip(":")))
        elif e[0] == ":git":
            k = o.add(app.lower(), "", "git")
        elif e[0] == ":path":
            k = o.add(app.lower(), "", "path")
        else:
            continue
        by[app] = k
    succ = {}
    for a, b in deps:
        if b in by:
            o.edge(a, by[b])
            succ.setdefault(a, set()).add(by[b])
    man = beside(path, "mix.exs")
    o.direct_known = o.dev_known = False
    if not man:
        return
    text = read(man)
    m = re.search(r"defp?\s+deps(?:\(\))?\s*do\s*\[(.*?)\n\s*\]\s*\n\s*end", text, re.S)
    if not m or re.search(r"\bapps_path\b", text):
        return
    o.direct_known = o.dev_known = True
    prod, dev = set(), set()
    body = re.sub(r"(?m)#.*$", "", m[1])
    for d in re.finditer(r"\{\s*:(\w+)((?:[^{}]|\{[^{}]*\})*)\}", body):
        k = by.get(d[1])
        if not k:
            continue
        o.direct.add(k)
        only = re.search(r"only:\s*(\[[^\]]*\]|:\w+)", d[2])
        names = set(re.findall(r":(\w+)", only[1])) if only else set()
        (dev if names and "prod" not in names else prod).add(k)
    o.dev = dev_only(prod, dev, lambda k: succ.get(k, ()))[0]


def rebar_lock(path, o):
    o.ecosystem = "Hex"
    o.edges_known = o.dev_known = False
    t = Term(read(path))
    v = t.value()
    entries = v[1] if isinstance(v, tuple) else v
    for name, e, level in entries:
        if e[0] == "pkg":
            k = o.add(e[1].lower(), e[2], "registry")
        else:
            k = o.add(name.lower(), "", "git")
        if level == "0":
            o.direct.add(k)


def gleam(path, o):
    o.ecosystem = "Hex"
    doc = tomllib.loads(read(path))
    if "requirements" not in doc and not all("build_tools" in p or "otp_app" in p for p in doc.get("packages", [])):
        raise Skip
    by, succ = {}, {}
    for p in doc.get("packages", []):
        src = {"hex": "registry", "local": "path", "git": "git"}.get(p.get("source"), "registry")
        by[p["name"]] = o.add(p["name"].lower(), p.get("version", ""), src)
    for p in doc.get("packages", []):
        for n in p.get("requirements", []):
            if n in by:
                o.edge(by[p["name"]], by[n])
                succ.setdefault(by[p["name"]], set()).add(by[n])
    o.direct |= {by[n] for n in doc.get("requirements", {}) if n in by}
    man = load_toml(beside(path, "gleam.toml"))
    if man is None:
        o.dev_known = False
        return
    me = o.add(man["name"].lower(), man.get("version", ""), "workspace") if "name" in man else None
    names = {}
    for f, kind in (("dependencies", "prod"), ("dev-dependencies", "dev"), ("dev_dependencies", "dev")):
        for n in man.get(f, {}):
            names.setdefault(n, kind)
    sets = {"prod": set(), "dev": set()}
    for n, kind in names.items():
        if n in by:
            sets[kind].add(by[n])
            if me:
                o.edge(me, by[n])
    o.dev = dev_only(sets["prod"], sets["dev"], lambda k: succ.get(k, ()))[0]


PARSERS = [
    (r"mix\.lock", "mix-lock", mix_lock),
    (r"rebar\.lock", "rebar-lock", rebar_lock),
    (r"manifest\.toml", "gleam-manifest", gleam),
]
