"""A reader for the part of YAML that lockfiles and workflows use. Scalars stay strings."""
import json
import re


def yaml_scalar(s):
    s = s.strip()
    if s[:1] == "'":
        return s[1:s.rindex("'")].replace("''", "'")
    if s[:1] == '"':
        return json.loads(s[:s.rindex('"') + 1])
    return re.sub(r"\s+#.*$", "", s)


def yaml_flow(s, i=0):
    """A flow value at s[i:] -> (value, next index)."""
    while s[i] == " ":
        i += 1
    if s[i] == "{":
        out, i = {}, i + 1
        while True:
            while s[i] in " ,":
                i += 1
            if s[i] == "}":
                return out, i + 1
            k, i = yaml_flow_atom(s, i, ":")
            i = s.index(":", i) + 1
            while s[i] == " ":
                i += 1
            if s[i] in "{[":
                v, i = yaml_flow(s, i)
            elif s[i] in ",}":
                v = ""
            else:
                v, i = yaml_flow_atom(s, i, ",")
            out[k] = v
    if s[i] == "[":
        out, i = [], i + 1
        while True:
            while s[i] in " ,":
                i += 1
            if s[i] == "]":
                return out, i + 1
            if s[i] in "{[":
                v, i = yaml_flow(s, i)
            else:
                v, i = yaml_flow_atom(s, i, ",")
            out.append(v)
    raise ValueError("flow")


def yaml_flow_atom(s, i, stop):
    if s[i] == "'":
        m = re.compile(r"'((?:[^']|'')*)'").match(s, i)
        return m[1].replace("''", "'"), m.end()
    if s[i] == '"':
        m = re.compile(r'"(?:[^"\\]|\\.)*"').match(s, i)
        return json.loads(m[0]), m.end()
    j = i
    while j < len(s):
        c = s[j]
        if c in ",}]" or (stop == ":" and c == ":" and s[j + 1:j + 2] in (" ", "")):
            break
        j += 1
    return s[i:j].strip(), j


def yaml_split(s):
    """(key, rest) of "key: rest", or None when the line is no mapping entry."""
    if s[:1] == "'":
        m = re.match(r"'((?:[^']|'')*)'\s*:(?=\s|$)", s)
        return (m[1].replace("''", "'"), s[m.end():].strip()) if m else None
    if s[:1] == '"':
        m = re.match(r'("(?:[^"\\]|\\.)*")\s*:(?=\s|$)', s)
        return (json.loads(m[1]), s[m.end():].strip()) if m else None
    m = re.match(r"(.*?):(?=\s|$)", s)
    return (m[1].strip(), s[m.end():].strip()) if m else None


class Yaml:
    """Line/indent based reader for what pnpm and yarn write: block maps and lists, flow
    values, quoted and plain scalars, | and > scalars, "? key" entries. Scalars stay strings."""

    def __init__(self, lines):
        self.lines, self.i, self.anchors = lines, 0, {}

    def peek(self):
        while self.i < len(self.lines):
            s = self.lines[self.i]
            t = s.lstrip(" ")
            if t.strip() and not t.startswith("#"):
                return len(s) - len(t), t.rstrip()
            self.i += 1
        return -1, ""

    def block(self, indent):
        ind, s = self.peek()
        if s.startswith("- ") or s == "-":
            out = []
            while True:
                ind, s = self.peek()
                if ind != indent or not (s.startswith("- ") or s == "-"):
                    return out
                item = s[2:].strip()
                if item.startswith("- ") or item and item[0] not in "[{&*!#|>" and yaml_split(item):
                    deeper = indent + len(s) - len(s[1:].lstrip(" "))
                    self.lines[self.i] = " " * deeper + item
                    out.append(self.block(deeper))
                    continue
                self.i += 1
                out.append(self.value(item, indent))
        out = {}
        while True:
            ind, s = self.peek()
            if ind != indent:
                return out
            if s.startswith("? "):
                k = yaml_scalar(s[2:])
                self.i += 1
                ind, s = self.peek()
                if not s.startswith(":"):
                    raise ValueError("? without :")
                rest = s[1:].strip()
                if rest and rest[0] not in "{['\"|>" and yaml_split(rest):
                    self.lines[self.i] = " " * (indent + 2) + s[1:].strip()
                    out[k] = self.block(indent + 2)
                    continue
                self.i += 1
                out[k] = self.value(rest, indent)
                continue
            kv = yaml_split(s)
            if not kv:
                raise ValueError(f"line {self.i + 1}: {s!r}")
            self.i += 1
            v = self.value(kv[1], indent)
            if kv[0] == "<<":
                for merged in v if isinstance(v, list) else [v]:
                    out = (merged if isinstance(merged, dict) else {}) | out
            else:
                out[kv[0]] = v

    def value(self, rest, indent):
        m = re.match(r"(?:&(\S+)|!\S*)(?:\s+|$)", rest)
        if m:
            out = self.value(rest[m.end():], indent)
            if m[1]:
                self.anchors[m[1]] = out
            return out
        m = re.match(r"\*(\S+)\s*(?:#.*)?$", rest)
        if m:
            return self.anchors.get(m[1], "")
        if not rest or rest.startswith("#"):
            ind, s = self.peek()
            if ind > indent and not s.startswith(("- ", "? ")) and s != "-" and (s[0] in "[{" or not yaml_split(s)):
                self.i += 1
                return self.value(s, indent)
            if ind > indent or (ind == indent and (s.startswith("- ") or s == "-")):
                return self.block(ind)
            return ""
        if rest[0] in "|>":
            text = []
            while self.i < len(self.lines):
                s = self.lines[self.i]
                if s.strip() and len(s) - len(s.lstrip(" ")) <= indent:
                    break
                text.append(s.strip())
                self.i += 1
            return ("\n" if rest[0] == "|" else " ").join(text).strip()
        if rest[0] in "{[":
            while True:
                plain = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"", "", rest)
                if plain.count("{") + plain.count("[") <= plain.count("}") + plain.count("]"):
                    return yaml_flow(rest + " ")[0]
                more = self.lines[self.i].strip()
                rest = re.sub(r"\s#[^'\"]*$", "", rest) + ("" if more.startswith("#") else " " + more)
                self.i += 1
        if rest[0] in "'\"":
            q = rest[0]
            full = r"'(?:[^']|'')*'" if q == "'" else r'"(?:[^"\\]|\\.)*"'
            while not re.match(full + r"\s*(#.*)?$", rest):
                rest += " " + self.lines[self.i].strip()
                self.i += 1
            return yaml_scalar(rest)
        while self.i < len(self.lines):      # plain scalar over several lines
            s = self.lines[self.i]
            if not s.strip() or len(s) - len(s.lstrip(" ")) <= indent:
                break
            if re.search(r"(^|\s)#", rest) or s.lstrip().startswith("#"):
                break
            rest += " " + s.strip()
            self.i += 1
        return yaml_scalar(rest)


def yaml_docs(text):
    docs, cur = [], []
    for line in text.splitlines():
        if line.rstrip() == "---" or line.startswith("--- "):
            docs.append(cur)
            cur = []
        elif line.rstrip() == "..." or line.startswith("%YAML"):
            continue
        else:
            cur.append(line.rstrip("\r"))
    docs.append(cur)
    out = []
    for d in docs:
        if any(x.strip() and not x.lstrip().startswith("#") for x in d):
            y = Yaml(d)
            ind, _ = y.peek()
            doc = y.block(ind)
            if y.peek()[0] != -1:
                raise ValueError(f"trailing text at line {y.i + 1}: {y.peek()}")
            out.append(doc)
    return out
