"""What builds and runs a project: Bazel, Terraform, GitHub Actions, container images, hooks, submodules."""
import json
import re

from .apple import swift_name
from .common import pep503, read
from .yaml import yaml_docs


# ------------------------------------------------------------------ Bazel

def module_bazel_lock(path, o):
    o.ecosystem = "Bazel"
    o.dev_known = False
    doc = json.loads(read(path))
    graph = doc.get("moduleDepGraph")
    if graph:
        by = {}
        for k, m in graph.items():
            if k == "<root>":
                if m.get("name"):
                    by[k] = o.add(m["name"], m.get("version", ""), "workspace")
            elif m.get("version"):
                by[k] = o.add(m["name"], m["version"], "registry")
            else:       # overridden: the file has no version of it
                by[k] = o.add(m.get("name", k.split("@")[0]), "", "registry")
        for k, m in graph.items():
            for t in (m.get("deps") or {}).values():
                if t in by:
                    if k in by:
                        o.edge(by[k], by[t])
                    if k == "<root>":
                        o.direct.add(by[t])
        return
    o.direct_known = o.edges_known = False
    for url in doc.get("registryFileHashes") or {}:
        # the source of a module is asked for only of the version that was selected
        m = re.search(r"/modules/([^/]+)/([^/]+)/source\.json$", url)
        if m:
            o.add(m[1], m[2], "registry")


# ------------------------------------------------------------------ Terraform

def terraform_lock(path, o):
    o.ecosystem = "Terraform"
    o.direct_known = o.dev_known = o.edges_known = False
    for m in re.finditer(r'(?ms)^\s*provider\s+"([^"]+)"\s*\{(.*?)^\s*\}', read(path)):
        v = re.search(r'(?m)^\s*version\s*=\s*"([^"]*)"', m[2])
        o.add(m[1], v[1] if v else "", "registry")


# ------------------------------------------------------------------ containers

def image(text):
    """(name, tag) of an image reference; the digest where there is no tag."""
    text, _, digest = text.partition("@")
    name, tag = text, ""
    if ":" in text.rsplit("/", 1)[-1]:
        name, _, tag = text.rpartition(":")
    # Docker's own images may be named without their repository
    name = name.removeprefix("docker.io/").removeprefix("index.docker.io/")
    # `latest` is whatever it is
    return name if "/" in name else f"library/{name}", ("" if tag == "latest" else tag) or digest


def docker_lines(text):
    """Instructions with their continuation lines, without comments and heredocs."""
    m = re.search(r"(?mi)^\s*#\s*escape\s*=\s*(\S)", text.split("\n\n")[0])
    esc = m[1] if m else "\\"
    out, cur, here = [], "", []
    for line in text.splitlines():
        if here:
            if line.strip() == here[0]:
                here.pop(0)
            continue
        if line.lstrip().startswith("#") or (cur and not line.strip()):
            continue
        cur += line.strip()
        if cur.endswith(esc):
            cur = cur[:-1] + " "
            continue
        if re.match(r"(RUN|COPY|ADD)\b", cur, re.I):
            here = [x for _, x in re.findall(r"<<-?(['\"]?)([A-Za-z_]\w*)\1", cur)]
        if cur.strip():
            out.append(cur.strip())
        cur = ""
    return out + ([cur.strip()] if cur.strip() else [])


def dockerfile(path, o):
    o.ecosystem = "Docker"
    o.edges_known = o.dev_known = False
    text = read(path)
    args, stages, froms = {}, set(), 0

    def fill(s):
        def one(m):
            name, op, other = m[1] or m[4], m[2], m[3]
            v = args.get(name)
            if op in (":-", "-"):
                return v if v else other
            if op in (":+", "+"):
                return other if v else ""
            return v if v is not None else m[0]
        return re.sub(r"\$\{(\w+)(?:(:?[-+])([^}]*))?\}|\$(\w+)", one, s)

    def use(s):
        s = fill(s.strip("'\""))
        if "$" in s or s == "scratch" or s.lower() in stages:
            return
        o.direct.add(o.add(*image(s), "registry"))
    m = re.match(r"(?:\s*#[^\n]*\n)*?\s*#\s*syntax\s*=\s*(\S+)", text, re.I)
    if m:
        use(m[1])
    for line in docker_lines(text):
        word, _, rest = line.partition(" ")
        word = word.upper()
        if word == "ONBUILD":
            word, _, rest = rest.strip().partition(" ")
            word = word.upper()
        if word == "ARG" and not froms:
            for a in re.findall(r"(\w+)(?:=(\"[^\"]*\"|'[^']*'|\S*))?", rest):
                if a[1]:
                    args[a[0]] = fill(a[1].strip("'\""))
        elif word == "FROM":
            froms += 1
            tok = [t for t in rest.split() if not t.startswith("--")]
            use(tok[0])
            if len(tok) > 2 and tok[1].lower() == "as":
                stages.add(tok[2].lower())
        else:
            for m in re.finditer(r"--from=(\S+)", rest) if word in ("COPY", "ADD") else ():
                if not m[1].isdigit():
                    use(m[1])
            for m in re.finditer(r"--mount=(\S+)", rest) if word == "RUN" else ():
                f = re.search(r"(?:^|,)from=([^,]+)", m[1])
                if f and not f[1].isdigit():
                    use(f[1])


def compose(path, o):
    o.ecosystem = "Docker"
    o.edges_known = o.dev_known = False
    doc = (yaml_docs(read(path)) or [{}])[0]
    for s in (doc.get("services") or {}).values() if isinstance(doc, dict) else ():
        # what is built here is not taken from anywhere
        if isinstance(s, dict) and s.get("image") and not s.get("build"):
            text = re.sub(r"\$\{(\w+):?-([^}]*)\}", r"\2", s["image"])
            if "$" not in text:
                o.direct.add(o.add(*image(text), "registry"))


# ------------------------------------------------------------------ GitHub

def actions(path, o):
    o.ecosystem = "GitHub Actions"
    o.edges_known = o.dev_known = False
    text = read(path)
    doc = (yaml_docs(text) or [{}])[0]
    if not isinstance(doc, dict):
        return
    comments = {}
    for m in re.finditer(r"(?m)^[ \t-]*uses:\s*['\"]?([^\s'\"]+)['\"]?[ \t]*(?:#[ \t]*(?:tag=|pin@)?(\S*).*)?$", text):
        comments.setdefault(m[1], set()).add(m[2] or "")

    def use(s):
        if not isinstance(s, str) or s.startswith((".", "/")) or not s:
            return
        if s.startswith("docker://"):
            return container(s[9:])
        name, _, ref = s.partition("@")
        if "/" not in name or "$" in s or not ref:
            return
        name = "/".join(name.lower().split("/")[:2])
        for comment in comments.get(s, {""}):
            o.direct.add(o.add(name, ref_version(ref, comment), "registry"))

    def container(s):
        s = s.get("image", "") if isinstance(s, dict) else s
        s = (s or "").removeprefix("docker://")
        if s and "$" not in s and not s.startswith((".", "/")) and s != "Dockerfile":
            o.direct.add(o.add(*image(s), "registry", "Docker"))

    def steps(holder):
        for s in holder.get("steps") or []:
            if isinstance(s, dict):
                use(s.get("uses", ""))
    for job in (doc.get("jobs") or {}).values():
        if isinstance(job, dict):
            use(job.get("uses", ""))
            container(job.get("container", ""))
            for s in (job.get("services") or {}).values() if isinstance(job.get("services"), dict) else ():
                container(s)
            steps(job)
    runs = doc.get("runs")
    if isinstance(runs, dict):
        steps(runs)
        if str(runs.get("image", "")).startswith("docker://"):
            container(runs["image"])


def ref_version(ref, comment):
    """An exact tag is a version; of a commit the comment behind it says which, or it is the version itself."""
    def tag(s):
        return s if re.fullmatch(r"v?\d+\.\d+\.\d+(?:[-+.][\w.+-]*)?", s) else ""
    return tag(comment) or ref if re.fullmatch(r"[0-9a-f]{40}", ref) else tag(ref)


# ------------------------------------------------------------------ git

def hook_version(s, pattern=r"v?\d+(\.\d+)+(?:[-+.]?[\w.+-]*)?"):
    return s if re.fullmatch(pattern, s or "") else ""


def pre_commit(path, o):
    o.ecosystem = "Git"
    o.edges_known = o.dev_known = False
    text = read(path)
    frozen = dict(re.findall(r"(?m)rev:\s*['\"]?([0-9a-f]{40})['\"]?\s*#\s*frozen:\s*(\S+)", text))
    doc = (yaml_docs(text) or [{}])[0]
    for r in doc.get("repos") or []:
        if r.get("repo") not in ("local", "meta", None):
            rev = r.get("rev", "")
            version = frozen.get(rev, rev) if re.fullmatch(r"[0-9a-f]{40}", rev) else hook_version(rev)
            o.direct.add(o.add(swift_name(r["repo"]), version, "git"))
        for h in r.get("hooks") or []:
            for d in h.get("additional_dependencies") or []:
                p = hook_package(h.get("language"), d)
                if p:
                    o.direct.add(o.add(p[1], p[2], "registry", p[0]))


def hook_package(language, s):
    """(ecosystem, name, version) of an additional dependency of a hook that says its language."""
    if language == "python":
        m = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:===?\s*([^\s,;*]+)\s*(?:;.*)?$)?", s)
        return m and ("PyPI", pep503(m[1]), m[2] or "")
    if language == "node":
        m = re.match(r"(@?[^@]+)(?:@(.*))?$", s)
        return "npm", m[1], hook_version(m[2])
    if language == "golang":
        m = re.match(r"([^@]+)(?:@(.*))?$", s)
        return "Go", m[1], hook_version(m[2])
    if language == "rust":
        parts = s.removeprefix("cli:").split(":")
        return "crates.io", parts[0], hook_version(parts[1], r"\d+\.\d+\.\d+.*") if len(parts) > 1 else ""
    if language == "ruby":
        parts = s.split(":")
        return "RubyGems", parts[0], parts[1] if len(parts) > 1 else ""
    return None


def gitmodules(path, o):
    o.ecosystem = "Git"
    o.edges_known = o.dev_known = False
    for m in re.finditer(r'(?m)^\s*url\s*=\s*(?:"([^"\n]*)"|([^;#\n]*))', read(path)):
        o.direct.add(o.add(swift_name(m[1] or m[2]), "", "git"))


PARSERS = [
    (r"MODULE\.bazel\.lock", "module-bazel-lock", module_bazel_lock),
    (r"\.terraform\.lock\.hcl", "terraform-lock", terraform_lock),
    (r"workflows/[^/]*\.ya?ml|action\.ya?ml", "github-actions", actions),
    (r"(Dockerfile|Containerfile)(\..*)?|[^/]*\.(D|d)ockerfile", "dockerfile", dockerfile),
    (r"(docker-)?compose([.-][^/]*)?\.ya?ml", "compose", compose),
    (r"\.pre-commit-config\.yaml", "pre-commit", pre_commit),
    (r"\.gitmodules", "gitmodules", gitmodules),
]
