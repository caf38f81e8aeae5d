"""What every family needs: reading files, the result of a lockfile, reachability."""
import json
import os
import re
import sys
import tomllib


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


class Skip(Exception):
    """The file is read with another one and has no result of its own."""


class Out:
    def __init__(self, path, parser):
        self.path, self.parser = path, parser
        self.packages, self.edges = set(), set()
        self.direct, self.dev = set(), set()
        self.direct_known = self.dev_known = self.edges_known = True
        self.ecosystem, self.ecosystems = None, set()

    def add(self, n, v, s, ecosystem=None):
        self.packages.add((n, v, s))
        if ecosystem or self.ecosystem:
            self.ecosystems.add((key(n, v, s), ecosystem or self.ecosystem))
        return key(n, v, s)

    def edge(self, a, b):
        if a != b:
            self.edges.add((a, b))

    def members(self):
        return {key(*p) for p in self.packages if p[2] == "workspace"}

    def result(self):
        m = self.members()
        said = {"ecosystems": [list(e) for e in sorted(self.ecosystems)]} if self.ecosystems else {}
        return {
            "path": self.path, "parser": self.parser,
            "packages": [list(p) for p in sorted(self.packages)],
            "edges": [list(e) for e in sorted(self.edges)],
            "direct": sorted(self.direct - m), "dev": sorted(self.dev - m),
            "direct_known": self.direct_known, "dev_known": self.dev_known,
            "edges_known": self.edges_known,
        } | said


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


def load_json(path):
    try:
        return json.loads(read(path)) if path else None
    except ValueError:
        return None


def load_toml(path):
    try:
        return tomllib.loads(read(path)) if path else None
    except ValueError:
        return None
