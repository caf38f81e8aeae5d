"""inventory PATH...  -- an independent oracle for lockfile parsers (Python 3.11 stdlib only).

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
import json
import os
import re

from . import apple, beam, cargo, dart, deno, go, infra, jvm, native, npm, nuget, others, php, python, ruby, sbom, science
from .common import Out, Skip, warn

FAMILIES = (cargo, npm, python, go, jvm, nuget, ruby, php, beam, dart, apple, native, science, deno, infra, sbom,
            others)
PARSERS = [row for family in FAMILIES for row in family.PARSERS]


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
    """Yields one inventory per lockfile; of one that cannot be read, why."""
    for f in lockfiles(paths):
        p = parser_of(os.path.abspath(f))
        if not p:
            warn(f, "not a lockfile that this script knows")
            continue
        o = Out(f, p[0])
        try:
            p[1](f, o)
        except Skip:
            continue
        except Exception as e:  # whatever a broken file does to its reader
            yield {"path": f, "parser": p[0], "error": f"{type(e).__name__}: {e}"}
            continue
        yield o.result()


def main(argv):
    for result in inventories(argv):
        print(json.dumps(result, ensure_ascii=False))
    return 0
