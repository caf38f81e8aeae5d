"""pubspec.lock."""
from .common import read
from .yaml import yaml_docs


def pubspec_lock(path, o):
    o.ecosystem = "Pub"
    o.edges_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    for name, p in (doc.get("packages") or {}).items():
        source = p.get("source")
        src = {"hosted": "registry", "git": "git", "path": "path", "sdk": "path"}.get(source, "registry")
        k = o.add(name, p.get("version", ""), src)
        use = p.get("dependency", "")
        if use.startswith("direct"):
            o.direct.add(k)
        if use == "direct dev":
            o.dev.add(k)


PARSERS = [(r"pubspec\.lock", "pubspec-lock", pubspec_lock)]
