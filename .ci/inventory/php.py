"""composer.lock."""
import json

from .common import beside, load_json, read


def composer_lock(path, o):
    o.ecosystem = "Packagist"
    doc = json.loads(read(path))
    by, entries = {}, []
    for part in ("packages", "packages-dev"):
        for p in doc.get(part) or []:
            src = "registry"
            if (p.get("dist") or {}).get("type") == "path":
                src = "path"
            elif "notification-url" not in p and (p.get("source") or {}).get("type") == "git":
                src = "git"
            elif "notification-url" not in p and (p.get("source") or (p.get("dist") or {}).get("url")):
                src = "url"
            k = o.add(p["name"].lower(), str(p.get("version", "")), src)
            by.setdefault(p["name"].lower(), k)
            entries.append((k, p))
            if part == "packages-dev":
                o.dev.add(k)
    # what a package replaces or provides is had from it
    for k, p in entries:
        for f in ("replace", "provide"):
            for n in p.get(f) or {}:
                if "/" in n:
                    by.setdefault(n.lower(), k)
    for k, p in entries:
        for n in p.get("require") or {}:
            if n.lower() in by:
                o.edge(k, by[n.lower()])
    man = load_json(beside(path, "composer.json"))
    if man is None:
        o.direct_known = False
        return
    me = None
    if man.get("name"):
        me = o.add(man["name"].lower(), man.get("version", ""), "workspace")
    for f in ("require", "require-dev"):
        for n in man.get(f) or {}:
            if n.lower() in by:
                o.direct.add(by[n.lower()])
                if me:
                    o.edge(me, by[n.lower()])


PARSERS = [(r"composer\.lock", "composer-lock", composer_lock)]
