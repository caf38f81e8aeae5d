"""Gemfile.lock, gems.locked."""
import glob
import os
import re

from .common import beside, dev_only, read

DEVELOPMENT = {"development", "test"}


def gemfile_groups(path):
    """{gem: groups} of the plain lines of a Gemfile; None for what is not plain."""
    out, stack = {}, []
    for line in read(path).splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        m = re.match(r"group\s*\(?(.*?)\)?\s+do\b", line)
        if m:
            names = re.findall(r":\"?(\w+)", re.sub(r"optional:\s*true", "", m[1])) + re.findall(r"['\"](\w+)['\"]", m[1])
            stack.append(set(names) - {"optional"})
        elif re.search(r"\bdo\b(\s*\|[^|]*\|)?$", line) or re.match(r"(if|unless|case|begin|def|while)\b", line):
            stack.append(None)
        elif re.match(r"end\b", line):
            if stack:
                stack.pop()
        m = re.match(r"gem\s*\(?\s*['\"]([^'\"]+)['\"](.*)$", line)
        if m:
            groups = set()
            for g in stack:
                groups |= g or set()
            t = re.search(r"(?:\bgroups?:|:groups?\s*=>)\s*(\[[^\]]*\]|:\w+|['\"]\w+['\"])", m[2])
            w = re.search(r"(?:\bgroups?:|:groups?\s*=>)\s*%[iw]\[([^\]]*)\]", m[2])
            if t:
                groups |= set(re.findall(r"\w+", t[1]))
            if w:
                groups |= set(w[1].split())
            out.setdefault(m[1], set()).update(groups or {"default"})
    return out


def gemfile_lock(path, o):
    o.ecosystem = "RubyGems"
    section, remote = None, ""
    by, deps, asked = {}, [], []
    last = None
    for line in read(path).splitlines():
        if line and not line.startswith(" "):
            section, last = line.strip(), None
            continue
        if section in ("GEM", "GIT", "PATH", "PLUGIN SOURCE"):
            if line.startswith("  remote:"):
                remote = line.split(":", 1)[1].strip()
            m = re.match(r"^( {4}| {6})(?! )(.*?)(?: \(([^-]*)(?:-(.*))?\))?(!)?$", line)
            if not m:
                continue
            if len(m[1]) == 4 and m[3]:
                src = {"GEM": "registry", "GIT": "git", "PATH": "path"}.get(section, "registry")
                # a gem whose folder is in the tree is a member, unless it is somebody else's
                if src == "path" and not remote.startswith(("/", "..", "~", "vendor/")) and glob.glob(
                        os.path.join(glob.escape(os.path.dirname(path) or "."), glob.escape(remote), "*.gemspec")):
                    src = "workspace"
                last = o.add(m[2], m[3] or "", src)
                by.setdefault(m[2], set()).add(last)
            elif last and len(m[1]) == 6:
                deps.append((last, m[2].split(" (")[0]))
        elif section == "DEPENDENCIES":
            m = re.match(r"^  (?! )(.*?)(?: \((.*)\))?(!)?$", line)
            if m:
                asked.append(m[1])
    succ = {}
    for a, n in deps:
        for t in by.get(n, ()):
            o.edge(a, t)
            succ.setdefault(a, set()).add(t)
    for n in asked:
        o.direct |= by.get(n, set())
    members = o.members()
    for a in members:
        o.direct |= succ.get(a, set())
    for spec in glob.glob(os.path.join(glob.escape(os.path.dirname(path) or "."), "*.gemspec")):
        for n in re.findall(r"(?m)^\s*\w+\.add_development_dependency[\s(]+['\"]([^'\"]+)['\"]", read(spec)):
            for a in members:
                for t in by.get(n, ()):
                    if a.startswith(os.path.basename(spec).removesuffix(".gemspec") + "@"):
                        o.edge(a, t)
    man = beside(path, "gems.rb" if os.path.basename(path) == "gems.locked" else "Gemfile")
    if not man:
        o.dev_known = False
        return
    groups = gemfile_groups(man)
    prod, dev = set(), set()
    for n in asked:
        if n not in groups and n in by:
            o.dev_known = False
        (dev if groups.get(n) and groups[n] <= DEVELOPMENT else prod).update(by.get(n, ()))
    prod |= members
    o.dev = dev_only(prod, dev, lambda k: succ.get(k, ()))[0]


PARSERS = [(r"Gemfile\.lock|gems\.locked|[^/]*\.gemfile\.lock", "gemfile-lock", gemfile_lock)]
