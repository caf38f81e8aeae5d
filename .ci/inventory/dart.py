"""pubspec.lock."""
import os

from .common import beside, read
from .yaml import yaml_docs


def pubspec_lock(path, o):
    o.ecosystem = "Pub"
    o.edges_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    by = {}
    for name, p in (doc.get("packages") or {}).items():
        source = p.get("source")
        src = {"hosted": "registry", "git": "git", "path": "path", "sdk": "path"}.get(source, "registry")
        k = o.add(name, p.get("version", ""), src)
        by[name] = k
        use = p.get("dependency", "")
        if use.startswith("direct"):
            o.direct.add(k)
        if use == "direct dev":
            o.dev.add(k)
    # the lock calls direct what the root asks for; members of a workspace ask too
    man = beside(path, "pubspec.yaml")
    root = (yaml_docs(read(man)) or [{}])[0] if man else {}
    main, dev = set(), set()
    for member in root.get("workspace") or []:
        at = beside(path, os.path.join(member, "pubspec.yaml"))
        spec = (yaml_docs(read(at)) or [{}])[0] if at else {}
        main |= {by[n] for n in spec.get("dependencies") or {} if n in by}
        dev |= {by[n] for n in spec.get("dev_dependencies") or {} if n in by}
    o.dev = (o.dev | dev - o.direct) - main
    o.direct |= main | dev


PARSERS = [(r"pubspec\.lock", "pubspec-lock", pubspec_lock)]
