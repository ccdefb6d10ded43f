"""A second verifier, written from the pages of spec/ and deliberately plain: the core tier of conformance/README.md.

    python3 verify.py [--digests all] [--require signed] [--sha256-only] BUNDLE

Prints the state and the findings as JSON; the exit status is that of spec/verification.md. Needs Python 3.11, `cryptography` and, unless
`--sha256-only` is given, `blake3`. It reads whole files into memory and does not check schemas of sections, lineage, signers files or directories.
"""

import argparse
import hashlib
import json
import sys
import zlib

import container
import record as rules
import statements
import strict_json

JSON = "application/json"
ERROR, WARNING, INFO = "error", "warning", "info"
MOST_BYTES = 1 << 20


def blake3_of(data):
    from blake3 import blake3

    return blake3(data).hexdigest()


class Verifier:
    """The numbered steps of spec/verification.md over one bundle in memory."""

    def __init__(self, digests="blake3", sha256_only=False):
        self.all_digests, self.sha256_only = digests == "all" or sha256_only, sha256_only
        self.findings = []

    def say(self, code, place, severity=ERROR):
        self.findings.append({"code": code, "severity": severity, "place": place})

    def verify(self, data):
        """The state: `malformed`, `intact` or `signed`."""
        try:
            self.entries = container.read(data)
        except container.Refused as error:
            self.say(error.code, "")
            return "malformed"
        for name, (content, crc) in self.entries.items():
            if zlib.crc32(content) != crc:
                self.say("container.crc", name)
        self.records()
        self.sections()
        self.artifacts()
        self.statements()
        if any(finding["severity"] == ERROR for finding in self.findings):
            return "malformed"
        # A bundle without records holds nothing that could be signed.
        return "signed" if self.read and set(self.read) <= self.authored else "intact"

    def is_named(self, name, content, code):
        if self.sha256_only or blake3_of(content) == name:
            return True
        self.say(code, name)
        return False

    # Step 3.

    def records(self):
        self.read = {}
        for name, (content, _) in self.entries.items():
            if not name.endswith("/record.json"):
                continue
            identity = name.split("/")[1]
            if not self.is_named(identity, content, "digest.record"):
                continue
            try:
                rules.must(len(content) <= MOST_BYTES, "container.limit")
                value = strict_json.parse(content)
                rules.check(value)
            except (rules.Invalid, strict_json.NotStrict) as error:
                self.say(error.code, name)
                continue
            self.read[identity] = value

    # Step 4.

    def sections(self):
        for name, (content, _) in self.entries.items():
            folder, identity, *file = name.split("/")
            if folder != "records" or file == ["record.json"]:
                continue
            listed = self.read.get(identity, {}).get("sections", {}).get(file[0])
            if listed is None:
                # The sections of a record that was refused say nothing more.
                if identity in self.read or f"records/{identity}/record.json" not in self.entries:
                    self.say("container.unlisted", name)
            else:
                self.section(name, content, listed)
        for identity, value in self.read.items():
            if value.get("blinded"):
                self.salts(identity, value)
            started, ended = value.get("started"), value.get("ended")
            if started and ended and rules.moment(ended) < rules.moment(started):
                self.say("record.span", identity, WARNING)
            for file in sorted(value["sections"]):
                if f"records/{identity}/{file}" not in self.entries:
                    self.say("section.withheld", f"records/{identity}/{file}", INFO)

    def section(self, name, content, listed):
        if not self.sha256_only and blake3_of(content) != listed["digest"]["blake3"]:
            return self.say("digest.section", name)
        if self.all_digests and hashlib.sha256(content).hexdigest() != listed["digest"]["sha256"]:
            return self.say("digest.section" if self.sha256_only else "digest.divergent", name)
        if len(content) != listed["size"]:
            return self.say("digest.size", name)
        if listed["mediaType"] == JSON:
            try:
                if len(content) > strict_json.MOST_SECTION_BYTES:
                    raise strict_json.NotStrict("json.limit")
                strict_json.parse(content)
            except strict_json.NotStrict as error:
                self.say(error.code, name)

    def salts(self, identity, value):
        seen = set()
        for file, listed in sorted(value["sections"].items()):
            name = f"records/{identity}/{file}"
            if listed["mediaType"] != JSON or name not in self.entries:
                continue
            try:
                section = strict_json.parse(self.entries[name][0])
            except strict_json.NotStrict:
                continue
            salt = section.get("salt") if isinstance(section, dict) else None
            if not rules.is_digest(salt) or salt in seen:
                self.say("section.salt", name)
            else:
                seen.add(salt)

    # Step 5.

    def artifacts(self):
        embedded = {name.split("/")[1]: content for name, (content, _) in self.entries.items() if name.startswith("artifacts/")}
        if not embedded:
            return
        known, trees = {}, []

        def speak(digest, size, form):
            if digest and digest.get("blake3"):
                known.setdefault(digest["blake3"], (digest.get("sha256"), size))
                if form == "tree":
                    trees.append(digest["blake3"])

        for value in self.read.values():
            for artifact in [*value["inputs"], *value["outputs"]]:
                speak(artifact["digest"], artifact["size"], artifact.get("form"))
        for identity in self.read:
            for artifact in self.described(identity):
                speak(artifact.get("digest"), artifact.get("size"), artifact.get("form"))
        for tree in trees:
            if tree in embedded:
                files = rules.is_listing(embedded[tree])
                if files is None:
                    self.say("tree.invalid", f"artifacts/{tree}")
                for file in (files or {}).values():
                    known.setdefault(file["blake3"], (file["sha256"], file["size"]))
        for name, content in embedded.items():
            place = f"artifacts/{name}"
            if not self.is_named(name, content, "digest.artifact"):
                continue
            if name not in known:
                self.say("container.unlisted", place)
                continue
            sha256, size = known[name]
            if size is not None and size != len(content):
                self.say("digest.size", place)
            if self.all_digests and sha256 and sha256 != hashlib.sha256(content).hexdigest():
                self.say("digest.divergent", place)

    def described(self, identity):
        """Artifacts of `artifacts.json`, as far as they have the form that counts here."""
        content = self.entries.get(f"records/{identity}/artifacts.json", (b"", 0))[0]
        try:
            artifacts = strict_json.parse(content).get("artifacts")
        except (strict_json.NotStrict, AttributeError):
            return []
        return [artifact for artifact in artifacts or [] if isinstance(artifact, dict) and rules.is_artifact_digests(artifact.get("digest"))]

    # Steps 6 and 7.

    def statements(self):
        self.authored, said = set(), {}
        for name, (content, _) in self.entries.items():
            if not name.startswith("statements/"):
                continue
            if not self.is_named(name.split("/")[1].removesuffix(".json"), content, "digest.statement"):
                continue
            try:
                if len(content) > MOST_BYTES:
                    raise statements.Refused("container.limit")
                statement = statements.verify(content)
            except statements.Refused as error:
                self.say(error.code, name)
                continue
            about = statement["record"]
            if about["blake3"] not in self.read:
                self.say("statement.orphan", name, WARNING)
            elif hashlib.sha256(self.entries[f"records/{about['blake3']}/record.json"][0]).hexdigest() != about["sha256"]:
                self.say("statement.subject", name)
                continue
            elif statement["kind"] == "authorship":
                self.authored.add(about["blake3"])
            said[name] = statement
        self.chain(said)
        for name, statement in said.items():
            objects = statement["predicate"].get("objects", []) if statement["kind"] == "seal" else []
            if any(item not in self.entries for item in objects):
                self.say("statement.seal", name)

    def chain(self, said):
        if self.sha256_only:
            return
        by_id = {blake3_of(statement["payload"]): (name, statement) for name, statement in said.items()}
        for name, statement in by_id.values():
            for previous in statement["predicate"].get("prev", []):
                if previous not in by_id:
                    self.say("statement.prev-dangling", name, INFO)
                elif rules.moment(by_id[previous][1]["predicate"]["created"]) > rules.moment(statement["predicate"]["created"]):
                    self.say("statement.prev-time", name, WARNING)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digests", choices=["blake3", "all"], default="blake3")
    parser.add_argument("--require", choices=["intact", "signed"], default="intact")
    parser.add_argument("--sha256-only", action="store_true")
    parser.add_argument("--json", action="store_true", help="always")
    parser.add_argument("bundle")
    arguments = parser.parse_args()
    try:
        with open(arguments.bundle, "rb") as file:
            data = file.read()
    except OSError as error:
        print(f"{arguments.bundle}: {error.strerror}", file=sys.stderr)
        return 2
    verifier = Verifier(arguments.digests, arguments.sha256_only)
    state = verifier.verify(data)
    print(json.dumps({"state": state, "findings": verifier.findings}, indent=2))
    order = ["malformed", "intact", "signed"]
    if state == "malformed":
        return 1
    return 0 if order.index(state) >= order.index(arguments.require) else 3


if __name__ == "__main__":
    sys.exit(main())
