#!/usr/bin/env python3
"""conformance.py OSPREY SHARED [--only PART]: what the program says, held against what others say.

cargo:     for each Cargo.lock of SHARED/corpus/cargo the set of (advisory, package, version) equals expected.json, with the
           index made from SHARED/osv and with the one made from the RustSec database.
inventory: for each lockfile under SHARED/corpus and fixtures/parsers the packages, edges, direct and development sets equal
           those of inventory, and the text at each package's place is its version; what inventory cannot read is
           not said to have been read whole.
Prints `N passed, M failed` last and exits accordingly.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import inventory  # noqa: E402

passed = failed = 0
# The parser whose fixtures are compared though they are known to differ, and how many differences each such has.
unsettled = None
differing = {}


def check(holds, what):
    global passed, failed
    if holds:
        passed += 1
    elif unsettled:
        differing[unsettled] = differing.get(unsettled, 0) + 1
        print(f"unsettled ({UNSETTLED[unsettled]}):", what[:300])
    else:
        failed += 1
        print("FAILED:", what[:600])


def osprey(*arguments):
    done = subprocess.run([OSPREY, *arguments], capture_output=True, text=True)
    if done.returncode in (70, 101) or done.returncode < 0:
        raise SystemExit(f"{arguments}: exit {done.returncode}: {done.stderr}")
    return done


def scan(db, path, root):
    done = osprey("scan", path, "--offline", "--repo-root", root, "--db", db, "--today", "2026-08-22", "-o", "json", "--no-repo-policy",
                  "--no-ignore")
    if not done.stdout:
        raise SystemExit(f"{path}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def cargo(shared, indexes):
    folder = os.path.join(shared, "corpus", "cargo")
    for name in sorted(os.listdir(folder)):
        case = os.path.join(folder, name)
        with open(os.path.join(case, "expected.json")) as f:
            expected = {(x["advisory"], x["package"], x["version"]) for x in json.load(f)["findings"]
                        if x["kind"] != "yanked"}
        for index, db in indexes.items():
            report = scan(db, os.path.join(case, "Cargo.lock"), case)
            packages = {p["id"]: p for p in report["packages"]}
            found = set()
            for finding in report["findings"]:
                package = packages.get(finding["subject"].get("package"))
                for record in (finding["advisory"] or {}).get("records", []):
                    if record["affected"] and record["id"].startswith("RUSTSEC-"):
                        found.add((record["id"], package["name"], package["version"]))
            check(found == expected, f"{name} ({index}): missing {sorted(expected - found)}, more {sorted(found - expected)}")


KINDS = {"unknown": "registry"}
LINES = {}
# Parsers whose fixtures the independent counts do not agree with yet, and about what. Their differences are printed and
# counted apart.
UNSETTLED = {
    "cabal-freeze": "a constraint without a version",
    "conan-lock": "the root of a Conan 1 graph, build requirements",
    "conda-lock": "a package of pip from an address",
    "cpanfile-snapshot": "a distribution from an address",
    "deno-lock": "modules from addresses",
    "environment-yml": "addresses and folders in the list of pip",
    "julia-manifest": "dependencies of extensions, the project of the tests",
    "luarocks-lock": "tables of the build and of tests",
    "module-lock": "modules that an override takes the place of",
    "nimble-lock": "packages come from repositories, tasks",
    "opam-locked": "texts in three quotes",
    "vcpkg-json": "overlay ports",
}

# Locks that name other members of the tree and not the project itself.
NAMELESS = ("gemfile-lock", "packages-lock-json", "project-assets", "mix-lock")


def key(package, cargo):
    source = package["source"]["kind"]
    source = KINDS.get(source, source)
    if cargo and source == "registry" and package["source"]["url"]:
        source = f"registry:{package['source']['url']}"
    return source


def text_at(root, place):
    """What stands at a place of a report."""
    path = os.path.join(root, place["path"])
    if path not in LINES:
        with open(path, "rb") as f:
            raw = f.read()
        encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        LINES[path] = raw.decode(encoding).split("\n")
    units = LINES[path][place["line"] - 1].encode("utf-16-le")
    return units[2 * (place["column"] - 1):2 * (place["end_column"] - 1)].decode("utf-16-le")


def compare(report, oracle, root):
    """Compares one root of a report with what inventory says of the lockfile."""
    path = oracle["path"]
    name = os.path.relpath(path, root)
    states = {f["path"]: f["state"] for f in report["coverage"]["files"]}
    if "error" in oracle:
        check(states.get(name) in ("partly-read", "failed", "skipped"), f"{name}: {states.get(name)}, but {oracle['error']}")
        return
    if not any(root["path"] == name for root in report["roots"]):
        check(False, f"{name}: is no root: {states.get(name)}")
        return
    is_cargo = oracle["parser"] == "cargo-lock"
    packages, ecosystems = {}, set()
    direct, dev = set(), set()
    for package in report["packages"]:
        for use in package["uses"]:
            if use["root"] != name:
                continue
            source = key(package, is_cargo)
            version = package["version"] or ""
            text = f"{package['name']}@{version}" + ("" if source == "registry" else f"#{source}")
            packages[package["id"]] = (package["name"], version, source, text)
            ecosystems.add((text, package["ecosystem"]))
            if source != "workspace":
                if use["direct"]:
                    direct.add(text)
                if use["kinds"] == ["dev"]:
                    dev.add(text)
            for place in use["locations"]:
                if version:
                    at = text_at(root, place)
                    where = f"{place['path']}:{place['line']}:{place['column']}"
                    check(at == version, f"{where} ({package['name']}) is {at[:60]!r}, not {version!r}")
    edges = {(packages[d["from"]][3], packages[d["to"]][3]) for d in report["dependencies"] if d["root"] == name}
    oracle_packages = {tuple(p) for p in oracle["packages"]}
    if not any(p[2] == "workspace" for p in oracle_packages) or oracle["parser"] in NAMELESS:
        # Poetry's and PDM's locks do not name the project; we take its name and its edges from pyproject.toml.
        members = {p[3] for p in packages.values() if p[2] == "workspace" and tuple(p[:3]) not in oracle_packages}
        packages = {at: p for at, p in packages.items() if p[3] not in members}
        ecosystems = {e for e in ecosystems if e[0] not in members}
        edges = {e for e in edges if not members & set(e)}
    said = {tuple(p[:3]) for p in packages.values()}
    pairs = [("packages", said, oracle_packages)]
    if "ecosystems" in oracle:
        pairs.append(("ecosystems", ecosystems, {tuple(e) for e in oracle["ecosystems"]}))
    if oracle["edges_known"]:
        pairs.append(("edges", {e for e in edges if e[0] != e[1]}, {tuple(e) for e in oracle["edges"]}))
    if oracle["direct_known"]:
        pairs.append(("direct", direct, set(oracle["direct"])))
    if oracle["dev_known"]:
        pairs.append(("dev", dev, set(oracle["dev"])))
    for what, ours, theirs in pairs:
        check(ours == theirs, f"{name}: {what}: ours {len(ours)}, theirs {len(theirs)}; only ours {sorted(ours - theirs)[:4]}, "
                              f"only theirs {sorted(theirs - ours)[:4]}")


def inventories(root, db):
    report = scan(db, root, root)
    for oracle in inventory.inventories([root]):
        compare(report, oracle, root)


def main():
    global OSPREY, unsettled
    OSPREY, shared = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    only = sys.argv[4] if len(sys.argv) > 4 else None
    with tempfile.TemporaryDirectory() as work:
        bucket, rustsec = os.path.join(work, "bucket"), os.path.join(work, "rustsec")
        made = osprey("db", "update", "--from", os.path.join(shared, "osv"), "--db", bucket)
        subprocess.run(["tar", "-xf", os.path.join(shared, "rustsec", "advisory-db.tar.xz"), "-C", work], check=True)
        database = next(p for p, folders, _ in os.walk(work) if "crates" in folders)
        made_rustsec = osprey("db", "update", "--from", database, "--db", rustsec)
        check(made.returncode == 0 and made_rustsec.returncode == 0, made.stderr + made_rustsec.stderr)
        if only in (None, "cargo"):
            cargo(shared, {"bucket": bucket, "rustsec": rustsec})
            print(f"cargo: {passed} passed, {failed} failed")
        if only in (None, "inventory"):
            corpus = os.path.join(shared, "corpus")
            for folder in sorted(os.listdir(os.path.join(corpus, "cargo"))):
                inventories(os.path.join(corpus, "cargo", folder), bucket)
            for folder in sorted(os.listdir(os.path.join(corpus, "repos"))):
                inventories(os.path.join(corpus, "repos", folder), bucket)
            fixtures = os.path.join(HERE, "..", "fixtures", "parsers")
            for parser in sorted(p for p in os.listdir(fixtures) if os.path.isdir(os.path.join(fixtures, p))):
                for case in sorted(os.listdir(os.path.join(fixtures, parser))):
                    if os.path.isdir(os.path.join(fixtures, parser, case)):
                        unsettled = parser if parser in UNSETTLED else None
                        inventories(os.path.realpath(os.path.join(fixtures, parser, case)), bucket)
                unsettled = None
                if parser in UNSETTLED:
                    # An entry that nothing needs any more has to go.
                    check(differing.pop(parser, 0) > 0, f"{parser} stands in UNSETTLED, and nothing differs")
    print(f"{passed} passed, {failed} failed, {sum(differing.values())} unsettled")
    sys.exit(1 if failed or not passed else 0)


main()
