"""Cargo.lock."""
import os
import re
import tomllib

from .common import dev_only, key, read, warn


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


PARSERS = [(r"Cargo\.lock", "cargo-lock", cargo_lock)]
