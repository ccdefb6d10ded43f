"""Layer `order`: of several errors two verifiers report the same one first (verification.md, "Order")."""

import zlib

from .build import EVE, Bundle, artifact, body, digests, fixed, listing, name_of, payload, says, sign
from .withholding import salted


def add(suite):
    suite.in_layer("order", "verification.md#order")
    steps(suite)
    sections(suite)
    artifacts(suite)
    statements(suite)
    limits(suite)


def unlisted(low):
    """Bytes of which no record speaks, whose digest is among the lowest or the highest."""
    texts = (f"unlisted {number}".encode() for number in range(10_000))
    return next(text for text in texts if (name_of(text) < "1") == low and (name_of(text) > "e") != low)


LOW, HIGH = "0" * 64, "f" * 64


def small():
    bundle = Bundle()
    return bundle, bundle.record()


def spoil(bundle, ending, data):
    name = next(name for name in bundle.objects if name.endswith(ending))
    bundle.objects[name] = data


def steps(suite):
    """An error of a step and one of the next, where the entry of the second comes first in the file."""
    refused = lambda name, bundle, *errors, **more: suite.refused(name, "step by step, whatever the order of entries", bundle, *errors, **more)
    bundle, record = small()
    bundle.objects[f"statements/{HIGH}.json"] = b"{}"
    container = bundle.container()
    container.entries[-1].both("crc", 1)
    spoiled = container.entries[1]
    spoiled.data = spoiled.data.replace(b"smallest", b"smallish")
    spoiled.both("crc", zlib.crc32(spoiled.data))
    refused("crc-of-the-last-then-section-of-the-first", container, "container.crc", "digest.section", "digest.statement")
    # The record of the higher id is refused; a section of the lower one is altered.
    first, second = sorted([body({"context.json": fixed({"title": title})}) for title in ("one", "two")], key=lambda value: name_of(fixed(value)))
    bundle = Bundle()
    high = fixed({**second, "kind": "neither"})
    while name_of(high) < name_of(fixed(first)):
        second = {**second, "x": second.get("x", 0) + 1}
        high = fixed({**second, "kind": "neither"})
    bundle.objects[f"records/{name_of(fixed(first))}/record.json"] = fixed(first)
    bundle.objects[f"records/{name_of(fixed(first))}/context.json"] = b"{}"
    bundle.objects[f"records/{name_of(high)}/record.json"] = high
    refused("record-of-the-last-then-section-of-the-first", bundle, "schema.invalid", "digest.section")
    bundle, record = small()
    bundle.objects[f"artifacts/{LOW}"] = b"x"
    spoil(bundle, "context.json", b"{}")
    refused("section-then-artifact", bundle, "digest.section", "digest.artifact")
    bundle, record = small()
    bundle.objects[f"artifacts/{HIGH}"] = b"x"
    bundle.statement(sign(payload(record), EVE, keyid=None))
    refused("artifact-then-statement", bundle, "digest.artifact", "signature.invalid")
    seal = Bundle()
    record = seal.record()
    bad = sign(payload(record), EVE, keyid=None)
    sealed = next(file for file in (says(record, "seal", objects=[f"artifacts/{number:064x}"]) for number in range(100)) if name_of(file) < name_of(bad))
    # A seal binds only if its key signed the record.
    for file in (bad, sealed, says(record)):
        seal.statement(file)
    refused("statement-of-the-last-then-seal-of-the-first", seal, "signature.invalid", "statement.seal")


def sections(suite):
    # A blinded record of the lower id without salts, and a record of the higher id with an altered
    # section.
    plain = fixed({"title": "without a salt"})
    altered = body({"context.json": fixed({"title": "altered"})})
    number = 0
    while True:
        blinded = body({"context.json": plain}, blinded=True, x=number)
        if name_of(fixed(blinded)) < name_of(fixed(altered)):
            break
        number += 1
    bundle = Bundle()
    bundle.record(blinded, {"context.json": plain})
    bundle.record(altered, {"context.json": b"{}"})
    suite.refused("sections-then-salts", "every file beside a record, and then each record", bundle, "digest.section", "section.salt", clause="verification.md#4-sections")
    number = 0
    while True:
        other = body({"context.json": plain}, blinded=True, x=number)
        if name_of(fixed(other)) > name_of(fixed(altered)):
            break
        number += 1
    bundle = Bundle()
    bundle.record(other, {"context.json": plain})
    bundle.record(altered, {"context.json": b"{}"})
    suite.refused("sections-then-salts-the-other-way", "every file beside a record, and then each record", bundle, "digest.section", "section.salt", clause="verification.md#4-sections")
    # Entry by entry: the first file breaks a later rule than the second.
    texts = {"context.json": fixed({"title": "t"}), "cost.json": b"{}\n"}
    value = body(texts)
    value["sections"]["context.json"]["size"] += 1
    bundle = Bundle()
    bundle.record(value, {"context.json": texts["context.json"], "cost.json": b"[]\n"})
    suite.refused("size-of-the-first-then-digest-of-the-second", "file by file, not row by row", bundle, "digest.size", "digest.section", clause="verification.md#4-sections")
    two = {"context.json": fixed({"title": "t", "salt": salted(1)}), "cost.json": b"{"}
    bundle = Bundle()
    bundle.record(body(two), two)
    spoil(bundle, "context.json", b"{}")
    suite.refused("digest-of-the-first-then-json-of-the-second", "file by file", bundle, "digest.section", "json.syntax", clause="verification.md#4-sections")


def artifacts(suite):
    clause = "verification.md#5-artifacts"
    bundle, _ = small()
    bundle.embed(unlisted(True))
    bundle.objects[f"artifacts/{HIGH}"] = b"x"
    suite.refused("artifact-digest-of-the-last-then-unlisted-first", "the digests of all artifacts, and then the rest", bundle, "digest.artifact", "container.unlisted", clause=clause)
    bundle, _ = small()
    bundle.embed(unlisted(False))
    bundle.objects[f"artifacts/{LOW}"] = b"x"
    suite.refused("artifact-digest-of-the-first-then-unlisted-last", "the digests of all artifacts, and then the rest", bundle, "digest.artifact", "container.unlisted", clause=clause)
    tree = listing({"a": b"x"})[:-1]
    for low in (True, False):
        bundle = Bundle()
        bundle.record(body({}, outputs=[artifact(tree, form="tree")]), {})
        bundle.embed(tree)
        bundle.embed(unlisted(low))
        where = "first" if low else "last"
        suite.refused(f"listing-then-unlisted-{where}", "what something is by the word of records comes after what the bytes say", bundle, "container.unlisted", "tree.invalid", clause=clause)
        bundle = Bundle()
        weights = b"weights"
        bundle.record(body({}, outputs=[{**artifact(weights), "size": 1}]), {})
        bundle.embed(weights)
        bundle.embed(unlisted(low))
        codes = ["container.unlisted", "digest.size"]
        assert (name_of(unlisted(low)) < name_of(weights)) == low
        suite.refused(f"size-and-unlisted-{where}", "what records say of an artifact is compared after everything is read", bundle, *codes, clause=clause)
        bundle = Bundle()
        other = b"other"
        bundle.record(body({}, outputs=[{**artifact(weights), "size": 1}, artifact(other) | {"digest": {**digests(other), "sha256": "0" * 64}}]), {})
        bundle.embed(weights)
        bundle.embed(other)
        order = ["digest.size", "digest.divergent"] if name_of(weights) < name_of(other) else ["digest.divergent", "digest.size"]
        if low:
            suite.refused("size-of-one-and-divergent-of-another", "artifact by artifact", bundle, *order, digests="all", clause=clause)


def statements(suite):
    clause = "verification.md#6-each-statement"
    _, record = small()
    # The first file breaks a late rule, the second an early one, and then the other way round.
    late = sign(payload(record, "comment", text="late"), EVE, keyid=None)
    early = [fixed({"mediaType": str(number)}) for number in range(100)]
    for where, fits in (("first", lambda file: name_of(file) > name_of(late)), ("last", lambda file: name_of(file) < name_of(late))):
        bundle, record = small()
        bundle.statement(late)
        bundle.statement(next(file for file in early if fits(file)))
        codes = ["signature.invalid", "statement.envelope"] if where == "first" else ["statement.envelope", "signature.invalid"]
        suite.refused(f"late-rule-of-the-{where}-statement", "statement by statement", bundle, *codes, clause=clause)


def limits(suite):
    """Beyond the limits that every reader has there is no answer, unless something else is wrong."""
    clause = "verification.md#limits"
    weights = b"weights"
    bundle = Bundle()
    bundle.record(body({}, outputs=[artifact(weights)], source={"tool": "x", "run": "r" * (1 << 20)}), {})
    bundle.embed(weights)
    suite.refused("limit-of-the-record-that-names-an-artifact", "what is not read may name the artifact", bundle, "container.limit", clause=clause)
    more = bundle.copy()
    more.objects[f"artifacts/{HIGH}"] = b"x"
    suite.refused("limit-and-an-altered-artifact", "what is wrong for certain is wrong", more, "container.limit", "digest.artifact", clause=clause)
    deep = b'{"artifacts": ' + b"[" * 64 + b"]" * 64 + b"}"
    bundle = Bundle()
    bundle.record(body({"artifacts.json": deep}), {"artifacts.json": deep})
    bundle.embed(weights)
    suite.refused("limit-of-the-section-that-names-an-artifact", "what is not read may name the artifact", bundle, "json.limit", clause=clause)
    bundle = Bundle()
    bundle.record()
    bundle.embed(weights)
    record = bundle.record(body({}), {})
    bundle.statement(says(record, "comment", text="x" * 800_000))
    suite.refused("limit-of-a-statement-and-an-unlisted-artifact", "a release may name an artifact, and it may be the statement that was not read", bundle, "container.limit", clause="verification.md#limits")
