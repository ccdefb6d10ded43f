"""Layer `statement`: payloads, members of kinds, chains (statements.md)."""

import json
import re

from .build import ADA, BEN, TYPES, Bundle, digests, fixed, name_of, payload, says, sign, statement_id, subject
from .statement import GONE, KINDS, RECORD, put, with_files, with_nulls


def add(suite):
    suite.in_layer("statement", "statements.md")
    payloads(suite)
    chains(suite)


def payloads(suite):
    def of(change, code, name, why, also=()):
        value = payload(RECORD)
        value = change(value) or value
        suite.refused(name, why, with_files(sign(value)), code, also=also, clause="statements.md#the-payload")

    for name, value in (("v0.1", "https://in-toto.io/Statement/v0.1"), ("missing", GONE), ("empty", ""), ("http", "http://in-toto.io/Statement/v1"), ("with-slash", "https://in-toto.io/Statement/v1/")):
        of(put("_type", value), "statement.type", f"type-{name}", "the type of the statement is exact")
    of(put("_type", 1), "statement.type", "type-is-a-number", "the type of the statement is a text")
    for name, value in (("slsa", "https://slsa.dev/provenance/v1"), ("version-0", f"{TYPES}authorship/v0"), ("version-01", f"{TYPES}authorship/v01"), ("version-signed", f"{TYPES}authorship/v+1"), ("version-in-words", f"{TYPES}authorship/vone"),
                        ("version-too-large", f"{TYPES}authorship/v4294967296"), ("without-version", f"{TYPES}authorship"), ("version-without-v", f"{TYPES}authorship/1"), ("with-slash", f"{TYPES}authorship/v1/"), ("with-query", f"{TYPES}authorship/v1?x"),
                        ("http", f"{TYPES}authorship/v1".replace("https", "http")), ("of-another-host", f"{TYPES}authorship/v1".replace("github.io", "example.org")), ("urn", "urn:expbundle:authorship:1"), ("upper-case", "https://expbundle.github.io/statement/Authorship/v1"), ("no-kind", "https://expbundle.github.io/statement//v1"), ("empty", ""),
                        ("kind-with-underscore", "https://expbundle.github.io/statement/model_card/v1")):
        of(put("predicateType", value), "statement.predicate-type", f"predicate-type-{name}", f"`{TYPES}<kind>/v<number>`")
    of(put("subject", []), "statement.subject", "no-subject", "it is about something")
    other = subject(RECORD)
    other["digest"] = {"blake3": digests(RECORD)["blake3"]}
    of(put("subject", [other]), "statement.subject", "subject-without-sha256", "both digests name the record")
    of(put("subject", [{"name": "record.json", "digest": {"sha256": digests(RECORD)["sha256"]}}]), "statement.subject", "subject-without-blake3", "both digests name the record")
    of(put("subject", [{"name": "record.json"}]), "statement.subject", "subject-by-name-only", "a name proves nothing")
    of(put("subject", [{"name": "record.json", "digest": [*digests(RECORD).values()]}]), "statement.subject", "subject-digest-is-a-list", "members have names")
    for name, further in (("without-digest", {"name": "x"}), ("digest-null", {"name": "x", "digest": None}), ("digest-empty", {"name": "x", "digest": {}}), ("digest-is-a-number", {"name": "x", "digest": 5}), ("digest-is-a-list", {"name": "x", "digest": ["00"]}),
                          ("digest-of-a-number", {"name": "x", "digest": {"md5": 5}}), ("digest-of-null", {"name": "x", "digest": {"md5": None}})):
        of(put("subject", [subject(RECORD), further]), "statement.subject", f"second-subject-{name}", "in-toto wants a digest of each subject")
    of(put("subject", [subject(RECORD), 5]), "statement.envelope", "second-subject-is-a-number", "a list of objects")
    for name, value in (("null", None), ("a-number", 5)):
        of(put("subject", [subject(RECORD), {"name": value, "digest": {"md5": "00"}}]), "statement.envelope", f"second-subject-name-is-{name}", "a name is a string, or missing")
    of(put("subject", [{"name": "record.json", "digest": {**digests(RECORD), "sha256": "0" * 64}}]), "statement.subject", "subject-with-another-sha256", "both digests are the record's")
    elsewhere = put("subject", [{"name": "record.json", "digest": {**digests(RECORD), "blake3": "0" * 64}}])
    value = payload(RECORD)
    elsewhere(value)
    suite.case("subject-with-another-blake3", "the SHA-256 is right, and the name is the BLAKE3: it is about another record", with_files(sign(value)), also=["statement.orphan"], clause="statements.md#the-payload")
    suite.case("subject-elsewhere", "a statement may be about a record in another bundle", with_files(says(b"elsewhere")), also=["statement.orphan"], clause="statements.md#the-payload")
    of(put("predicate", "created", GONE), "statement.predicate", "predicate-without-created", "members that all kinds have")
    of(put("predicate", "signer", GONE), "statement.predicate", "predicate-without-signer", "members that all kinds have")
    of(put("predicate", "created", "yesterday"), "statement.predicate", "predicate-created-no-time", "times of one spelling")
    of(put("predicate", "prev", ["0" * 63]), "statement.predicate", "predicate-prev-no-id", "ids are digests")
    of(put("predicate", []), "statement.predicate", "predicate-is-a-list", "members have names")
    of(put("predicate", "signer", ["ssh-ed25519", "x"]), "statement.predicate", "signer-is-a-list", "members have names")
    wrong = lambda path, value, code="statement.envelope": of(put(*path, value), code, "-".join(str(step) for step in path if step != "predicate").lower() + f"-is-{words(value)}", "members have their types")
    for member in ("subject", "predicate"):
        of(put(member, GONE), "statement.envelope", f"without-{member}", "a Statement has its members")
    of(put("predicateType", GONE), "statement.envelope", "without-predicate-type", "a Statement has its members")
    wrong(("predicateType",), 1)
    wrong(("subject",), None)
    wrong(("subject",), {"name": "record.json", "digest": digests(RECORD)})
    wrong(("subject",), "record.json")
    wrong(("subject", 0), "record.json")
    wrong(("subject", 0, "name"), 1)
    wrong(("predicate",), 1, "statement.predicate")
    for path, values in ((("created",), ("2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z", "2026-02-30T00:00:00Z", "2026-11-23T09:00:00+00:00", 1, None)), (("prev",), (None, "0" * 64, {}, [1], ["A" * 64])),
                         (("signer",), (None, "ada")), (("signer", "publicKey"), (GONE, None, 1)), (("signer", "name"), (1, ["Ada"])), (("generator",), (["expbundle"], "expbundle", {}, {"name": 1}, {"name": "x", "version": 1}))):
        for value in values:
            wrong(("predicate", *path), value, "statement.predicate")
    suite.valid("prev-missing", "what follows nothing may say nothing", with_files(sign(without_prev())), state="signed", clause="statements.md#the-payload")
    subjects = lambda *more: payload(RECORD, subjects=[{"digest": digests(RECORD), "name": "the run"}, *more])
    for name, value in (("named-otherwise", subjects()), ("of-other-tools", subjects({"digest": {"md5": "00"}}, {"name": "y", "digest": {"gitCommit": "0" * 40}, "uri": "https://example.org"})),
                        ("with-a-third-digest", payload(RECORD, subjects=[{"name": "record.json", "digest": {**digests(RECORD), "md5": "00"}}])), ("twice", subjects(subject(RECORD))),
                        ("without-a-name", payload(RECORD, subjects=[{"digest": digests(RECORD)}]))):
        suite.valid(f"subjects-{name}", "names of subjects prove nothing, and further ones are for other tools", with_files(sign(value)), state="signed", clause="statements.md#the-payload")
    orphan = payload(RECORD, subjects=[{"name": "record.json", "digest": {"blake3": "0" * 64}}])
    suite.refused("orphan-without-sha256", "both digests name a record, also one that is elsewhere", with_files(sign(orphan)), "statement.subject", clause="statements.md#the-payload")
    members_of_kinds(suite)
    for kind, members in (("review", {"verdict": "fine"}), ("review", {}), ("comment", {}), ("deployment", {"environment": "p", "action": "paused"}), ("link", {"relation": "part-of"}),
                          ("link", {"parent": digests(b"x"), "sameSigner": BEN.line}), ("link", {"parent": [*digests(b"x").values()]}), ("supersession", {}), ("revocation", {"revoked": {}}),
                          ("revocation", {"revoked": {"record": "0" * 64, "key": BEN.line}}), ("seal", {})):
        label = "-".join([kind, *members, *(members["revoked"] if isinstance(members.get("revoked"), dict) else [])])
        suite.refused(f"members-of-{label.lower()}", "members of its kind", with_files(says(RECORD, kind, **members)), "statement.predicate", clause="statements.md#the-payload")
    for name, text, code in (("not-json", b"I vouch", "json.syntax"), ("number", b"1", "statement.type"), ("list", b"[]", "statement.type"), ("nan", b'{"_type": NaN}', "json.syntax"),
                             ("name-twice", fixed(payload(RECORD)).replace(b'"_type"', b'"_type": "x", "_type"'), "json.duplicate-key"),
                             ("not-utf8", b'{"_type": "\xff"}', "json.encoding"), ("integer-too-large", fixed(payload(RECORD, weight=2**53)), "json.number")):
        suite.refused(f"payload-{name}", "a payload is read as strictly as a record", with_files(sign(text)), code, clause="statements.md#the-payload")
    spaced = json.dumps(payload(RECORD)).encode()
    suite.valid("payload-in-another-form", "exact bytes are signed, whatever their form", with_files(sign(spaced)), state="signed", clause="statements.md#the-payload")


def words(value):
    """A value as part of a name."""
    kinds = {type(None): "null", int: "a-number", list: "a-list", dict: "an-object", object: "missing"}
    short = json.dumps(value) if isinstance(value, (str, list, dict)) else ""
    letters = re.sub("[^a-z0-9]+", "-", short.lower()).strip("-")
    return "-".join(part for part in (kinds.get(type(value), ""), letters[:24].strip("-")) if part)


def without_prev():
    value = payload(RECORD)
    del value["predicate"]["prev"]
    return value


def members_of_kinds(suite):
    """One member of a kind, of a type or value that it does not have."""
    id_ = name_of(RECORD)
    right = {**KINDS, "authorship": {}, "seal": {"objects": []}}
    wrong = {
        "review": [{"role": 1}, {"scope": []}, {"reason": {}}, {"verdict": None}, {"verdict": "Approved"}], "comment": [{"text": 1}, {"text": None}],
        "evaluation": [{"evaluations": {}}, {"evaluations": None}, {"evaluations": [{}]}, {"evaluations": [{"metric": 1}]}, {"evaluations": [{"metric": "f1", "step": 1.0}]}, {"evaluations": [{"metric": "f1", "value": "high"}]},
                       {"evaluations": [{"metric": "f1", "time": "noon"}]}, {"evaluations": [{"metric": "f1", "datasetDigest": {"md5": "00"}}]}, {"notes": 1}],
        "deployment": [{"environment": 1}, {"environment": None}, {"action": "Deployed"}, {"artifact": {"md5": "00"}}, {"artifact": {}}, {"reason": 1}],
        "link": [{"parent": {"blake3": id_}}, {"parent": None}, {"relation": "Part-Of"}, {"relation": 1}, {"artifact": {}}, {"artifact": "x"}, {"reason": 1}, {"parent": None, "sameSigner": "ssh-ed25519 AAAA"},
                 {"parent": None, "sameSigner": ADA.line + " ada"}, {"parent": None, "sameSigner": 1}, {"parent": None, "relation": "part-of", "sameSigner": BEN.line}, {"parent": None, "relation": 5, "sameSigner": BEN.line}, {"parent": None, "relation": None, "artifact": {"sha256": "0" * 64}, "sameSigner": BEN.line},
                 {"parent": 5, "sameSigner": BEN.line}, {"sameSigner": BEN.line}],
        "supersession": [{"successor": {"sha256": "0" * 64}}, {"successor": id_}, {"successor": None}, {"reason": 1}],
        "revocation": [{"revoked": [id_]}, {"revoked": id_}, {"revoked": {"bundle": id_}}, {"revoked": {"record": id_, "statement": id_}}, {"revoked": {"record": id_[1:]}}, {"revoked": {"statement": id_.upper()}},
                       {"revoked": {"key": "ada"}}, {"revoked": {"key": ADA.fingerprint}}, {"revoked": {"record": None}}, {"revoked": None}, {"since": "noon"}, {"since": 1}, {"reason": 1}],
        "seal": [{"objects": [1]}, {"objects": "x"}, {"objects": None}, {"objects": {}}],
    }
    for kind, changes in wrong.items():
        for number, change in enumerate(changes):
            [member, *_] = [name for name, value in change.items() if value is not None] or change
            value = with_nulls(kind, {**right[kind], **change})
            suite.refused(f"{kind}-{member.lower()}-{number}", f"`{member}` of a {kind} is of another form", with_files(sign(value)), "statement.predicate", clause="statements.md#the-payload")


def chains(suite):
    first = payload(RECORD)
    second = payload(RECORD, "comment", created="2026-11-23T11:00:00Z", prev=[statement_id(first)], text="well done")
    third = payload(RECORD, "review", BEN, created="2026-11-23T12:00:00Z", prev=[statement_id(second)], verdict="approved")
    fork = payload(RECORD, "comment", BEN, created="2026-11-23T11:30:00Z", prev=[statement_id(first)], text="hm")
    join = payload(RECORD, "comment", created="2026-11-23T13:00:00Z", prev=sorted([statement_id(third), statement_id(fork)]), text="both")
    clause = "statements.md#the-chain"
    suite.valid("chain", "statements that follow each other", with_files(sign(first), sign(second), sign(third, BEN)), state="signed", clause=clause)
    suite.valid("chain-forks-and-joins", "histories that grew apart join", with_files(sign(first), sign(second), sign(third, BEN), sign(fork, BEN), sign(join)), state="signed", clause=clause)
    suite.case("prev-absent", "a statement that it follows is elsewhere", with_files(sign(first), sign(third, BEN)), also=["statement.prev-dangling"], state="signed", clause=clause)
    early = payload(RECORD, "comment", created="2026-11-22T00:00:00Z", prev=[statement_id(first)], text="early")
    suite.case("dated-before-what-it-follows", "one of two clocks is wrong", with_files(sign(first), sign(early)), also=["statement.prev-time"], state="signed", clause=clause)
    twice = payload(RECORD, "comment", created="2026-11-23T11:00:00Z", prev=["0" * 64, "0" * 64], text="x")
    suite.case("prev-absent-twice", "an id that is named twice is one id", with_files(sign(first), sign(twice)), also=["statement.prev-dangling"], state="signed", clause=clause)
    suite.case("prev-names-itself-by-file", "nobody can name a digest that contains itself; the digest of a file is not an id", self_named(), also=["statement.prev-dangling"], state="signed", clause=clause)


def self_named():
    first = sign(payload(RECORD))
    return with_files(first, sign(payload(RECORD, "comment", prev=[name_of(first)], text="me")))
