"""deno.lock."""
import json
import re

from .common import read


def split(k):
    """(name, version) of name@version_peers; jsr names start with @."""
    i = k.index("@", 1)
    return k[:i], re.split(r"_(?=@?[a-z])", k[i + 1:])[0]


def deno_lock(path, o):
    o.ecosystem = "npm"
    o.dev_known = False
    doc = json.loads(read(path))
    body = doc.get("packages") if isinstance(doc.get("packages"), dict) else doc
    npm = body.get("npm") or {}
    if "packages" in npm:
        specifiers = {"npm:" + k: "npm:" + v for k, v in (npm.get("specifiers") or {}).items()}
        npm = npm["packages"]
    else:
        specifiers = body.get("specifiers") or {}
    nodes, names = {}, {}
    for url in list(doc.get("remote") or {}) + list(body.get("remote") or {}):
        m = re.match(r"https://(deno\.land/(?:x/)?[^/@]+)@v?([^/]+)/", url)
        if m:
            o.add(m[1], m[2], "url")
    for registry, eco, table in (("npm", "npm", npm), ("jsr", "JSR", body.get("jsr") or {})):
        for k in table:
            n, v = split(k)
            nodes[(registry, k)] = o.add(n, v, "registry", eco)
            names.setdefault((registry, n), []).append(k)

    def asked(spec, registry=None):
        """The node that a specifier or a key of the file means."""
        m = re.match(r"(npm|jsr):(.*)$", spec)
        registry, rest = (m[1], m[2]) if m else (registry, spec)
        full = specifiers.get(f"{registry}:{rest}")
        if full:
            full = full.removeprefix(registry + ":")
            if (registry, full) in nodes:
                return nodes[(registry, full)]
            n = rest[:rest.index("@", 1)] if "@" in rest[1:] else rest
            return nodes.get((registry, f"{n}@{full}"))
        if (registry, rest) in nodes:
            return nodes[(registry, rest)]
        known = names.get((registry, rest), [])
        return nodes[(registry, known[0])] if len(known) == 1 else None
    for registry, table in (("npm", npm), ("jsr", body.get("jsr") or {})):
        for k, e in table.items():
            for f in ("dependencies", "optionalDependencies"):
                needs = e.get(f) or []
                for d in needs.values() if isinstance(needs, dict) else needs:
                    t = asked(d, registry)
                    if t:
                        o.edge(nodes[(registry, k)], t)
    workspace = doc.get("workspace")
    if workspace is None:
        o.direct_known = False
        return

    def gather(w):
        out = list(w.get("dependencies") or []) + list((w.get("packageJson") or {}).get("dependencies") or [])
        for m in (w.get("members") or {}).values():
            out += gather(m)
        return out
    for s in gather(workspace):
        t = asked(s)
        if t:
            o.direct.add(t)


PARSERS = [(r"deno\.lock", "deno-lock", deno_lock)]
