"""A second verifier, written from the pages of spec/ and deliberately plain: the core tier of conformance/README.md.

    python3 verify.py [--at TIME] [--require STATE] [--digests all] [--sha256-only] BUNDLE

Prints the state and the findings as JSON; the exit status is that of spec/verification.md. Needs Python 3.11, `cryptography` and, unless
`--sha256-only` is given, `blake3`. It reads whole files into memory and does not check schemas of sections, lineage, signers files or directories.
"""

import argparse
import datetime
import hashlib
import json
import sys
import zlib

import container
import record as rules
import statements
import strict_json
import trust
from refused import Refused, must

ERROR, WARNING, INFO = "error", "warning", "info"
MOST_BYTES, MOST_SECTION_BYTES = 1 << 20, 64 << 20
STATES = ["refused", "malformed", "intact", "signed", "trusted"]
# What is beyond the limits of this reader gives no answer.
LIMITS = ("container.limit", "json.limit")


def blake3_of(data):
    from blake3 import blake3

    return blake3(data).hexdigest()


def sha256_of(data):
    return hashlib.sha256(data).hexdigest()


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Verifier:
    """The numbered steps of spec/verification.md over one bundle in memory."""

    def __init__(self, digests="blake3", at=None, sha256_only=False):
        self.all_digests, self.sha256_only, self.at = digests == "all" or sha256_only, sha256_only, rules.moment(at or now())
        self.findings = []

    def say(self, code, place, severity=ERROR):
        self.findings.append({"code": code, "severity": severity, "place": place})

    def is_refused(self, place, check, *arguments):
        """Whether a check refuses something; the code is reported."""
        try:
            check(*arguments)
        except Refused as error:
            self.say(error.code, place)
            return True
        return False

    def verify(self, data):
        """The state: `refused`, `malformed`, `intact` or `signed`."""
        if self.is_refused("", self.container, data):
            return self.failed()
        self.records()
        self.sections()
        self.artifacts()
        self.statements()
        self.descriptions()
        if self.errors():
            return self.failed()
        # Of each record that is here some authorship has to count. A bundle without records holds nothing that could be signed.
        vouched, reports = trust.vouched(self.said, self.at)
        for code, name in reports:
            self.say(code, name, WARNING if code == "trust.revoked" else INFO)
        return "signed" if self.read and set(self.read) <= vouched else "intact"

    def errors(self):
        return [finding["code"] for finding in self.findings if finding["severity"] == ERROR]

    def failed(self):
        return "refused" if set(self.errors()) <= set(LIMITS) else "malformed"

    def must_be_named(self, name, content, code):
        must(self.sha256_only or blake3_of(content) == name, code)

    # Steps 1 and 2.

    def container(self, data):
        self.entries = container.read(data)
        for name, (content, crc) in self.entries.items():
            if zlib.crc32(content) != crc:
                self.say("container.crc", name)

    def below(self, folder):
        """Entries of a folder: name, the rest of it, bytes."""
        return [(name, name.removeprefix(folder), content) for name, (content, _) in self.entries.items() if name.startswith(folder)]

    # Step 3.

    def records(self):
        self.read = {}
        for name, rest, content in self.below("records/"):
            if rest.endswith("/record.json"):
                self.is_refused(name, self.record, rest.split("/")[0], content)

    def record(self, identity, content):
        self.must_be_named(identity, content, "digest.record")
        must(len(content) <= MOST_BYTES, "container.limit")
        value = strict_json.parse(content)
        rules.check(value)
        self.read[identity] = value

    # Step 4.

    def sections(self):
        self.json_sections = {}
        for name, rest, content in self.below("records/"):
            identity, file = rest.split("/")
            # Nothing is said of files beside a record that was left out.
            if file != "record.json" and (identity in self.read or f"records/{identity}/record.json" not in self.entries):
                self.is_refused(name, self.section, name, self.read.get(identity, {"sections": {}})["sections"].get(file), content)
        for identity, value in self.read.items():
            if value.get("blinded"):
                self.salts(identity)
            started, ended = value.get("started"), value.get("ended")
            if started and ended and rules.moment(ended) < rules.moment(started):
                self.say("record.span", identity, WARNING)
            for file in sorted(value["sections"]):
                if f"records/{identity}/{file}" not in self.entries:
                    self.say("section.withheld", f"records/{identity}/{file}", INFO)

    def section(self, name, listed, content):
        must(listed, "container.unlisted")
        must(self.sha256_only or blake3_of(content) == listed["digest"]["blake3"], "digest.section")
        if self.all_digests:
            must(sha256_of(content) == listed["digest"]["sha256"], "digest.section" if self.sha256_only else "digest.divergent")
        must(len(content) == listed["size"], "digest.size")
        if listed["mediaType"] == rules.JSON:
            must(len(content) <= MOST_SECTION_BYTES, "json.limit")
            self.json_sections[name] = strict_json.parse(content)

    def salts(self, identity):
        seen = set()
        for name, section in self.json_sections.items():
            if name.startswith(f"records/{identity}/"):
                salt = section.get("salt") if isinstance(section, dict) else None
                if not rules.is_digest(salt) or salt in seen:
                    self.say("section.salt", name)
                seen.add(salt if rules.is_text(salt) else None)

    # Step 5.

    def artifacts(self):
        embedded = {name: content for place, name, content in self.below("artifacts/") if not self.is_refused(place, self.must_be_named, name, content, "digest.artifact")}
        spoken = [artifact for value in self.read.values() for artifact in [*value["inputs"], *value["outputs"]]]
        spoken += [artifact for identity in self.read for artifact in self.described(identity)]
        known, trees, self.to_compare = {}, set(), []
        for artifact in spoken:
            name = artifact["digest"].get("blake3")
            known.setdefault(name, set()).add((artifact["digest"].get("sha256"), artifact.get("size")))
            if artifact.get("form") == "tree" and name in embedded:
                trees.add(name)
        for listing in self.released():
            known.setdefault(listing["blake3"], set()).add((listing["sha256"], None))
        for tree in sorted(trees):
            self.is_refused(f"artifacts/{tree}", self.listing, embedded[tree], known)
        for name, content in embedded.items():
            self.artifact(f"artifacts/{name}", known.get(name), content)

    def released(self):
        """The listings that releases name. Nothing is refused for what they are: anybody may sign a release."""
        for _, rest, content in self.below("statements/"):
            try:
                self.must_be_named(rest.removesuffix(".json"), content, "digest.statement")
                must(len(content) <= MOST_BYTES, "container.limit")
                statement = statements.verify(content)
            except (Refused, statements.SetAside):
                continue
            if statement["kind"] == "release":
                yield statement["record"]

    def described(self, identity):
        """Artifacts of `artifacts.json`, as far as they have the form that counts here."""
        section = self.json_sections.get(f"records/{identity}/artifacts.json")
        artifacts = section.get("artifacts") if isinstance(section, dict) else None
        return [item for item in artifacts or [] if isinstance(item, dict) and rules.is_artifact_digests(item.get("digest"))] if isinstance(artifacts, list) else []

    def listing(self, content, known):
        must(len(content) <= MOST_SECTION_BYTES, "container.limit")
        for file in rules.listing(content).values():
            known.setdefault(file["blake3"], set()).add((file["sha256"], file["size"]))

    def artifact(self, place, said, content):
        if said is None:
            # What would refer to it may be in what was not read.
            return None if set(self.errors()) & set(LIMITS) else self.say("container.unlisted", place)
        self.to_compare.append((place, said, content))

    def descriptions(self):
        """Row 7.5."""
        for place, said, content in self.to_compare:
            if any(size not in (None, len(content)) for _, size in said):
                self.say("digest.size", place)
            if self.all_digests and any(sha256 not in (None, sha256_of(content)) for sha256, _ in said):
                self.say("digest.divergent", place)

    # Steps 6 and 7.

    def statements(self):
        self.said, self.seen = [], set()
        for name, rest, content in self.below("statements/"):
            self.is_refused(name, self.statement, name, rest.removesuffix(".json"), content)
        by_id = {statement["id"]: statement for statement in self.said if statement["id"]}
        authors = {(statement["key"], statement["record"]["blake3"]) for statement in self.said if statement["kind"] == "authorship"}
        # Row by row, and in each row statement by statement. An id that is named twice is one id.
        follows = [(statement, previous) for statement in self.said if by_id for previous in sorted(set(statement["predicate"].get("prev", [])))]
        for statement, previous in follows:
            if previous not in by_id:
                self.say("statement.prev-dangling", statement["file"], INFO)
        for statement, previous in follows:
            if previous in by_id and by_id[previous]["created"] > statement["created"]:
                self.say("statement.prev-time", statement["file"], WARNING)
        for statement in self.said:
            binds = statement["kind"] == "seal" and (statement["key"], statement["record"]["blake3"]) in authors
            if binds and any(item not in self.entries for item in statement["predicate"]["objects"]):
                self.say("statement.seal", statement["file"])

    def statement(self, name, digest, content):
        self.must_be_named(digest, content, "digest.statement")
        must(len(content) <= MOST_BYTES, "container.limit")
        try:
            statement = statements.verify(content)
        except statements.SetAside as reason:
            if self.is_new(reason.payload):
                self.say(reason.code, name, INFO)
            return
        about = statement["record"]
        is_new = self.is_new(statement["payload"])
        if about["blake3"] in self.read:
            must(sha256_of(self.entries[f"records/{about['blake3']}/record.json"][0]) == about["sha256"], "statement.subject")
        elif is_new and statement["kind"] != "release":
            self.say("statement.orphan", name, WARNING)
        # Two files around one payload are one statement.
        if not is_new:
            return
        # Without BLAKE3 statements have no ids.
        identity = None if self.sha256_only else blake3_of(statement["payload"])
        self.said.append({**statement, "file": name, "id": identity, "created": rules.moment(statement["predicate"]["created"])})


    def is_new(self, payload):
        """Whether no file before had this payload."""
        is_new = payload not in self.seen
        self.seen.add(payload)
        return is_new


def time(text):
    if not rules.is_time(text):
        raise argparse.ArgumentTypeError("a time is RFC 3339 in UTC")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at", type=time, help="the moment of the judgement")
    parser.add_argument("--require", choices=STATES[2:], default="intact")
    parser.add_argument("--digests", choices=["blake3", "all"], default="blake3")
    parser.add_argument("--sha256-only", action="store_true")
    parser.add_argument("bundle")
    arguments = parser.parse_args()
    try:
        with open(arguments.bundle, "rb") as file:
            data = file.read()
    except OSError as error:
        print(f"{arguments.bundle}: {error.strerror}", file=sys.stderr)
        return 2
    verifier = Verifier(arguments.digests, arguments.at, arguments.sha256_only)
    state = verifier.verify(data)
    print(json.dumps({"state": state, "findings": verifier.findings}, indent=2))
    return 2 if state == "refused" else 1 if state == "malformed" else 0 if STATES.index(state) >= STATES.index(arguments.require) else 3


if __name__ == "__main__":
    sys.exit(main())
