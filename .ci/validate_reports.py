#!/usr/bin/env python3
"""Validates reports that Osprey wrote, each against the schema of its format.

    .ci/validate_reports.py --sarif-schema PATH FILE...

A file whose name ends in `.sarif` (or `.sarif.json`) is held against the SARIF schema at PATH
(sarif-schema-2.1.0.json of https://github.com/oasis-tcs/sarif-spec), any other against
src/report/report.schema.json. Beyond the schemas it checks what GitHub code scanning and GitLab ask of a SARIF
file. Exit code 1: a file is not valid; 2: it could not be checked.

Needs the PyPI package `jsonschema`.
"""

import argparse
import json
import pathlib
import sys
from urllib.parse import urlsplit

REPORT_SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "src/report/report.schema.json"


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validator(schema):
    import jsonschema

    # The copy of the SARIF schema in github/codeql-action does not say that it is draft 4.
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft4Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def sarif_problems(log):
    """What services ask beyond the schema: https://docs.github.com/en/code-security/code-scanning (SARIF support),
    https://docs.gitlab.com/user/application_security/ (SARIF reports)."""
    for number, run in enumerate(log["runs"]):
        where = f"runs/{number}"
        rules = run["tool"]["driver"]["rules"]
        ids = [rule["id"] for rule in rules]
        if ids != sorted(set(ids)):
            yield f"{where}: rules are not sorted, or not unique"
        for rule in rules:
            for key, longest in (("shortDescription", 1024), ("fullDescription", 1024)):
                text = rule[key]["text"]
                if not text.strip() or len(text) > longest:
                    yield f"{where}: rule {rule['id']}: {key} is empty or too long"
            if not rule["help"]["text"].strip() or not rule["help"]["markdown"].strip():
                yield f"{where}: rule {rule['id']}: help is empty"
            if len(rule["name"]) > 255 or rule["name"] == rule["id"]:
                yield f"{where}: rule {rule['id']}: name is too long, or the id"
            properties = rule["properties"]
            if len(properties["tags"]) > 10:
                yield f"{where}: rule {rule['id']}: more than 10 tags"
            severity = properties.get("security-severity")
            if severity is not None and not (isinstance(severity, str) and 0.1 <= float(severity) <= 10.0):
                yield f"{where}: rule {rule['id']}: security-severity {severity!r}"
        if len(run["results"]) > 5000:
            yield f"{where}: more than 5,000 results"
        seen = set()
        for index, result in enumerate(run["results"]):
            at = f"{where}/results/{index}"
            if ids[result["ruleIndex"]] != result["ruleId"]:
                yield f"{at}: ruleIndex does not lead to ruleId"
            if not 0 < len(result["message"]["text"]) <= 2048:
                yield f"{at}: the message is empty or too long"
            prints = result["partialFingerprints"]
            identity = (result["ruleId"], prints["primaryLocationLineHash"])
            if identity in seen:
                yield f"{at}: a second result with this rule and fingerprint"
            seen.add(identity)
            related = {place["id"] for place in result.get("relatedLocations", [])}
            for link in range(1, 100):
                if f"]({link})" in result["message"]["text"] and link not in related:
                    yield f"{at}: the message links to location {link}, which is not there"
            for place in result["locations"] + result.get("relatedLocations", []):
                yield from place_problems(at, place["physicalLocation"])


def place_problems(at, place):
    uri = place["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    if parts.scheme or parts.netloc or not uri or uri.startswith("/") or "\\" in uri or ".." in uri.split("/"):
        yield f"{at}: {uri!r} is no relative address inside of the repository"
    region = place.get("region", {})
    if not {"startLine", "startColumn", "endLine", "endColumn"} <= region.keys():
        yield f"{at}: the region is not whole"
    elif region["startLine"] != region["endLine"] or region["endColumn"] <= region["startColumn"]:
        yield f"{at}: the region is not a part of one line"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sarif-schema", required=True, metavar="PATH")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    sarif, report = validator(load(arguments.sarif_schema)), validator(load(REPORT_SCHEMA))
    failed = False
    for path in arguments.files:
        is_sarif = path.endswith((".sarif", ".sarif.json"))
        document = load(path)
        found = sorted((sarif if is_sarif else report).iter_errors(document), key=lambda e: list(map(str, e.path)))
        problems = [f"{'/'.join(map(str, error.path))}: {error.message[:300]}" for error in found]
        if is_sarif and not problems:
            problems = list(sarif_problems(document))
        print(f"{path}: {'not valid' if problems else 'valid'}")
        for problem in problems:
            print(f"  {problem}")
        failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, ImportError) as error:
        print(f"could not check: {error}", file=sys.stderr)
        sys.exit(2)
