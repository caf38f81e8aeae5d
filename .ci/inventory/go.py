"""go.mod."""
import json
import os
import re

from .common import read


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


PARSERS = [(r"go\.mod", "go-mod", go_mod)]
