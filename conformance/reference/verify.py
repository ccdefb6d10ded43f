"""A second verifier, written from the pages of spec/ and deliberately plain: every tier of conformance/README.md for verifiers.

    python3 verify.py [--trust SIGNERS] [--at TIME] [--require STATE] [--digests all] [--sha256-only] INPUT

Prints the state and the findings as JSON; the exit status is that of spec/report.md. Needs Python 3.11, `cryptography` and, unless
`--sha256-only` is given, `blake3`. It reads whole files into memory. Without BLAKE3 nothing has an id, so with `--sha256-only` no lineage is
computed and no directory verified.
"""

import argparse
import datetime
import hashlib
import json
import os
import sys
import zlib

import container
import record as rules
import schema
import signers
import statements
import strict_json
from directory import Directory
from folder import Folder
from lineage import Lineage
from refused import Refused, must
from trust import Trust

ERROR, WARNING, INFO = "error", "warning", "info"
MOST_BYTES, MOST_SECTION_BYTES = 1 << 20, 64 << 20
STATES = ["refused", "malformed", "intact", "signed", "trusted"]
# What is beyond the limits of this reader gives no answer.
LIMITS = ("container.limit", "json.limit")
NO_ANSWER = (*LIMITS, "container.not-a-bundle", "directory.no-bundle")


def blake3_of(data):
    from blake3 import blake3

    return blake3(data).hexdigest()


def sha256_of(data):
    return hashlib.sha256(data).hexdigest()


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Verifier:
    """The numbered steps of spec/verification.md over one bundle in memory."""

    def __init__(self, digests="blake3", at=None, sha256_only=False, trusted=None):
        """`trusted` are the lines of a signers file."""
        self.all_digests, self.sha256_only, self.at = digests == "all" or sha256_only, sha256_only, rules.moment(at or now())
        self.trusted, self.findings = trusted, []

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
        """The state of a bundle."""
        if self.is_refused("", self.container, data):
            return self.failed()
        self.records()
        self.sections()
        self.artifacts()
        self.statements()
        # After an error there is no verdict that a stranger could change, so the file is not asked.
        self.trust = Trust(self.said, None if self.errors() else self.trusted, self.at, self.contradicts)
        self.leave_out_what_is_apart()
        self.chain()
        self.descriptions()
        self.said_by_records()
        self.subjects()
        if not self.errors() and not self.sha256_only:
            self.lineage()
        if self.errors():
            return self.failed()
        for code, severity, place in self.trust.judged():
            self.say(code, place, severity)
        return self.trust.state(self.all_read, self.named_parents())

    def verify_folder(self, root):
        """The state of a model directory."""
        folder = Folder(root)
        if folder.bundle() is None:
            self.say("directory.no-bundle", root)
            return self.failed()
        state = self.verify(folder.bundle().read_bytes())
        if self.errors():
            return state
        folder.read()
        directory = Directory(folder, self, self.trust)
        state = directory.verify()
        for code, severity, place in directory.found:
            self.say(code, place, severity)
        return state

    def errors(self):
        return [finding["code"] for finding in self.findings if finding["severity"] == ERROR]

    def failed(self):
        return "refused" if set(self.errors()) <= set(NO_ANSWER) else "malformed"

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
        # Every section that is JSON; and those that follow their schema as well.
        self.json_sections, self.sound_sections = {}, set()
        for name, rest, content in self.below("records/"):
            identity, file = rest.split("/")
            # Nothing is said of files beside a record that was left out.
            if file != "record.json" and (identity in self.read or f"records/{identity}/record.json" not in self.entries):
                self.is_refused(name, self.section, name, self.read.get(identity, {"sections": {}})["sections"].get(file), content)
        for identity, value in self.read.items():
            started, ended = value.get("started"), value.get("ended")
            if started and ended and rules.moment(ended) < rules.moment(started):
                self.say("record.span", f"records/{identity}", WARNING)
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
            must(schema.holds(name.split("/")[2], self.json_sections[name]), rules.SCHEMA)
            self.sound_sections.add(name)

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
        self.sound_artifacts = {name: content for place, name, content in self.below("artifacts/") if not self.is_refused(place, self.must_be_named, name, content, "digest.artifact")}
        # By name what is said of an artifact: the record that says it, SHA-256 and size.
        self.known, self.listings, trees = {}, {}, {}
        for identity, artifact in self.spoken_of():
            name = artifact["digest"].get("blake3")
            self.known.setdefault(name, set()).add((identity, artifact["digest"].get("sha256"), artifact.get("size")))
            if artifact.get("form") == "tree" and name in self.sound_artifacts:
                trees.setdefault(name, set()).add(identity)
        # What is wrong with listings, and by whose word they are some, is reported in step 7.
        self.no_listings = []
        for tree in sorted(trees):
            try:
                self.listing(tree, trees[tree])
            except Refused as error:
                self.no_listings.append((tree, error.code, trees[tree]))
        # What would refer to it may be in what was not read.
        released, unread = self.released()
        if (set(self.errors()) | {code for _, code, _ in self.no_listings} | unread) & set(LIMITS):
            return
        named = {*self.known, *(listing["blake3"] for listing in released)}
        for name in self.sound_artifacts:
            if name not in named:
                self.say("container.unlisted", f"artifacts/{name}")

    def spoken_of(self):
        for identity, value in self.read.items():
            for artifact in [*value["inputs"], *value["outputs"]]:
                yield identity, artifact
        for identity in self.read:
            for item in self.described(identity):
                if item.get("digest") is not None:
                    yield identity, item

    def released(self):
        """The listings that releases name, and why other statements are not read. Nothing is refused for what they are: anybody may sign a release."""
        listings, unread = [], set()
        for _, rest, content in self.below("statements/"):
            try:
                self.must_be_named(rest.removesuffix(".json"), content, "digest.statement")
                must(len(content) <= MOST_BYTES, "container.limit")
                statement = statements.verify(content)
            except statements.SetAside as reason:
                # It may be a release, which only a later version can verify.
                listings.append(strict_json.parse(reason.payload)["subject"][0]["digest"])
                continue
            except Refused as error:
                unread.add(error.code)
                continue
            if statement["kind"] == "release":
                listings.append(statement["record"])
        return listings, unread

    def is_description_here(self, identity):
        return f"records/{identity}/artifacts.json" in self.sound_sections

    def described(self, identity):
        """The items of `artifacts.json`."""
        return self.json_sections[f"records/{identity}/artifacts.json"]["artifacts"] if self.is_description_here(identity) else []

    def listing(self, tree, named_by):
        content = self.sound_artifacts[tree]
        must(len(content) <= MOST_SECTION_BYTES, "container.limit")
        self.listings[tree] = rules.listing(content)
        for file in self.listings[tree].values():
            self.known.setdefault(file["blake3"], set()).update((identity, file["sha256"], file["size"]) for identity in named_by)

    def descriptions(self):
        """Row 7.5: what is said of an artifact by records that are not set apart."""
        for name, content in self.sound_artifacts.items():
            said = [(sha256, size) for identity, sha256, size in self.known.get(name, ()) if identity in self.read]
            if any(size not in (None, len(content)) for _, size in said):
                self.say("digest.size", f"artifacts/{name}")
            if self.all_digests and any(sha256 not in (None, sha256_of(content)) for sha256, _ in said):
                self.say("digest.divergent", f"artifacts/{name}")

    def said_by_records(self):
        """Rows 7.6 and 7.7: of records that are not set apart."""
        for identity, value in self.read.items():
            if value.get("blinded"):
                self.salts(identity)
        for tree, code, named_by in self.no_listings:
            if named_by & set(self.read):
                self.say(code, f"artifacts/{tree}")

    def subjects(self):
        """Row 7.8."""
        for statement in self.said:
            if not self.trust.is_apart(statement) and statement["kind"] != "release" and self.contradicts(statement["record"]):
                self.say("statement.subject", statement["file"])

    # Steps 6 and 7.

    def statements(self):
        self.said, self.seen = [], set()
        for name, rest, content in self.below("statements/"):
            self.is_refused(name, self.statement, name, rest.removesuffix(".json"), content)

    def chain(self):
        """Step 7, row by row, and in each row statement by statement. An id that is named twice is one id."""
        counted = [statement for statement in self.said if not self.trust.is_apart(statement)]
        by_id = {statement["id"]: statement for statement in counted if statement["id"]}
        follows = [(statement, previous) for statement in counted if by_id for previous in sorted(set(statement["predicate"].get("prev", [])))]
        for statement, previous in follows:
            if previous not in by_id:
                self.say("statement.prev-dangling", statement["file"], INFO)
        for statement, previous in follows:
            if previous in by_id and by_id[previous]["created"] > statement["created"]:
                self.say("statement.prev-time", statement["file"], WARNING)
        for statement in counted:
            if statement["kind"] == "seal" and self.binds(statement) and any(item not in self.entries for item in statement["predicate"]["objects"]):
                self.say("statement.seal", statement["file"])

    def binds(self, seal):
        """With a signers file a seal that is not set apart does."""
        return self.trust.has_file or seal["key"] in self.trust.vouchers.get(seal["record"]["blake3"], ())

    def leave_out_what_is_apart(self):
        """Infos and warnings of steps 3 to 6 about it are not reported, and from step 7 on it is as if it were not here."""
        apart = {statement["file"] for statement in self.said if self.trust.is_apart(statement)}
        records = {identity for identity in self.read if self.trust.is_record_apart(identity)}
        is_about = lambda place: place in apart or place.split("/")[1:2] and place.startswith("records/") and place.split("/")[1] in records
        self.findings = [finding for finding in self.findings if finding["severity"] == ERROR or not is_about(finding["place"])]
        orphaned = [one["file"] for one in self.said if one["kind"] != "release" and one["record"]["blake3"] in records and not self.trust.is_apart(one)]
        of_statements = lambda finding: finding["severity"] != ERROR and finding["place"].startswith("statements/")
        before, found = [one for one in self.findings if not of_statements(one)], [one for one in self.findings if of_statements(one)]
        self.findings = []
        for file in orphaned:
            self.say("statement.orphan", file, WARNING)
        self.findings = [*before, *sorted([*found, *self.findings], key=lambda finding: finding["place"])]
        self.all_read, self.read = self.read, {identity: value for identity, value in self.read.items() if self.trust.has_a_say(identity)}

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
        if about["blake3"] not in self.read and is_new and statement["kind"] != "release":
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

    # Step 8.

    def lineage(self):
        counted = [statement for statement in self.said if self.trust.counts(statement)]
        described = {identity: self.described(identity) if self.is_description_here(identity) else None for identity in self.read}
        links = [statement for statement in counted if statement["kind"] == "link"]
        self.graph = Lineage(self.read, self.sha256_of_record, described, self.listings, links, self.trust.superseded)
        for code, severity, place in self.graph.findings():
            self.say(code, f"records/{place}", severity)

    def named_parents(self):
        """Parents that records which count name, and links about them that count."""
        links = [one for one in self.said if one["kind"] == "link" and self.trust.counts(one) and one["record"]["blake3"] in self.read]
        named = [parent["record"] for value in self.read.values() for parent in value["parents"]]
        return {parent["blake3"] for parent in [*named, *(link["predicate"].get("parent") for link in links)] if parent}

    def contradicts(self, named):
        """Whether a record is here under another SHA-256."""
        return named["blake3"] in self.read and self.sha256_of_record(named["blake3"]) != named["sha256"]

    def sha256_of_record(self, identity):
        return sha256_of(self.entries[f"records/{identity}/record.json"][0])


def time(text):
    if not rules.is_time(text):
        raise argparse.ArgumentTypeError("a time is RFC 3339 in UTC")
    return text


def verify(path, signers_file=None, at=None, require=None, digests="blake3", sha256_only=False):
    """The state, the findings and the exit status. Where there is no answer: OSError, or Refused by a signers file."""
    trusted = None
    if signers_file is not None:
        with open(signers_file, "rb") as file:
            trusted = signers.signers(file.read())
    verifier = Verifier(digests, at, sha256_only, trusted)
    if os.path.isdir(path):
        state = verifier.verify_folder(path)
    else:
        with open(path, "rb") as file:
            state = verifier.verify(file.read())
    wanted = require or ("trusted" if signers_file is not None else "intact")
    holds = STATES.index(state) >= STATES.index(wanted)
    if STATES.index(state) >= STATES.index("intact") and not holds:
        verifier.say("policy.state", "", WARNING)
    return state, verifier.findings, 2 if state == "refused" else 1 if state == "malformed" else 0 if holds else 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trust", help="the signers file")
    parser.add_argument("--at", type=time, help="the moment of the judgement")
    parser.add_argument("--require", choices=STATES[2:])
    parser.add_argument("--digests", choices=["blake3", "all"], default="blake3")
    parser.add_argument("--sha256-only", action="store_true")
    parser.add_argument("input")
    arguments = parser.parse_args()
    try:
        state, findings, status = verify(arguments.input, arguments.trust, arguments.at, arguments.require, arguments.digests, arguments.sha256_only)
    except (OSError, Refused) as error:
        print(f"{arguments.input}: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"state": state, "findings": findings}, indent=2))
    return status


if __name__ == "__main__":
    sys.exit(main())
