"""Layer `lineage`: which bytes join two records, and which names do (lineage.md).

What joins is seen by the times: a child that started before its parent ended is reported, if it is a child.
"""

from .build import ADA, AT, BEN, digests, payload, says, sign, statement_id
from .cases import FULL
from .lineage import SIZE, artifact, described, family, link, listing, parent
from .statement_taking_back import revoked

LATE, GAP, CONFLICT = "lineage.child-before-parent", "lineage.unaccounted-input", "artifact.digest-conflict"
X, Y = b"weights", b"another"


def by(algorithm, data=X, role="model"):
    """An artifact that is known by one digest."""
    return {"role": role, "digest": {algorithm: digests(data)[algorithm]}, "size": SIZE if data else 0}


def tree(files, role="model"):
    return artifact(listing(files), role, form="tree")


def disputed(role="model"):
    """The same SHA-256, and another BLAKE3."""
    return {"role": role, "digest": {**digests(X), "blake3": digests(Y)["blake3"]}, "size": SIZE}


# A parent that ends on the 25th, and a child that starts on the 23rd.
EARLY = {"on": 24, "end": 25}


def add(suite):
    suite.in_layer("lineage", "lineage.md#same-bytes")
    case = lambda name, why, bundle, also=(), errors=(), **more: suite.case(name, why, bundle, errors=errors, also=also, tiers=[FULL], **more)
    same_bytes(case)
    conflicts(case)
    suite.in_layer("lineage", "lineage.md#declared-and-asserted-links")
    named(case)


def same_bytes(case):
    x, y = artifact(X), artifact(Y)
    joined = lambda put_out, taken_in, **more: family({"outputs": [put_out], **EARLY, **more}, {"inputs": [taken_in]})
    case("joined-too-early", "the same bytes join two records, and the child started before the parent", joined(x, x), [LATE])
    case("role-of-the-output-carries-none", "a configuration joins nothing, whatever the other calls it", joined(artifact(X, "config"), x), [GAP])
    case("role-of-the-input-carries-none", "nor where it was taken in as one", joined(x, artifact(X, "config")))
    case("role-is-a-uri", "what an extension's role means nobody else knows", joined(artifact(X, "https://example.org/m"), artifact(X, "https://example.org/m")))
    case("role-is-unknown", "a role of a later version carries nothing", joined(artifact(X, "optimizer-state"), artifact(X, "optimizer-state")))
    case("roles-differ", "any two roles that carry lineage join", joined(artifact(X, "adapter"), x), [LATE])
    for role in ("adapter", "dataset", "checkpoint"):
        bundle = family({"outputs": [artifact(X, role)], "on": 21, "end": 22}, {"inputs": [artifact(X, role), artifact(Y, role)]})
        case(f"role-{role}", "a role that carries lineage joins, and has to be accounted for", bundle, [GAP])
    for role in ("code", "file", "media", "patch", "tokenizer"):
        case(f"role-{role}", "a role that carries no lineage needs no account", family({"inputs": [artifact(X, role)]}))
    passed = {
        "": [x], "-from-any-role": [artifact(X, "config")], "-by-sha256": [by("sha256")], "-from-a-tree": [tree({"m.bin": X})],
    }
    for name, inputs in passed.items():
        bundle = family({"inputs": inputs, "outputs": [x], **EARLY}, {"inputs": [x]}, embed=[listing({"m.bin": X})] if "tree" in name else ())
        case(f"passed-through-to-a-child{name}", "who passes on what it took in did not make it", bundle, [GAP])
    trees = [listing({"m.bin": X, "a": b"a"}), listing({"m.bin": X, "b": b"b"})]
    case("files-of-two-trees", "model folders have files in common without descending from each other",
         family({"outputs": [artifact(trees[0], form="tree")], **EARLY}, {"inputs": [artifact(trees[1], form="tree")]}, embed=trees), [GAP])
    case("equal-listings", "equal listings are equal artifacts", family({"outputs": [tree({"m.bin": X})], **EARLY}, {"inputs": [tree({"m.bin": X})]}, embed=[listing({"m.bin": X})]), [LATE])
    case("equal-listings-elsewhere", "where the listings are elsewhere nobody knows what is in them", family({"outputs": [tree({"m.bin": X})], **EARLY}, {"inputs": [tree({"m.bin": X})]}), [GAP])
    both = listing({"m.bin": X, "b": b"b"})
    case("file-of-the-tree-that-was-taken-in", "who made a file of a folder does not account for the others", family({"outputs": [x], "on": 21, "end": 22}, {"inputs": [artifact(both, form="tree")]}, embed=[both]), [GAP])
    case("file-of-a-tree-elsewhere", "nobody knows what is in a folder whose listing is not here", family({"outputs": [x], "on": 21, "end": 22}, {"inputs": [artifact(both, form="tree")]}), [GAP])
    for algorithm in ("sha256", "blake3"):
        case(f"empty-by-{algorithm}", "every empty file is the same file, by whichever digest", family({"outputs": [by(algorithm, b"")], **EARLY}, {"inputs": [by(algorithm, b"")]}))
    case("empty-file-of-a-tree", "an empty file in a folder joins nothing", family({"outputs": [artifact(b"")], **EARLY}, {"inputs": [tree({"m": b""})]}, embed=[listing({"m": b""})]), [GAP])
    case("joined-by-no-third", "two descriptions that share no digest are not bridged by one that has both",
         family({"outputs": [by("blake3")], "on": 21, "end": 22}, {"inputs": [by("sha256")]}, {"inputs": [artifact(X, "file")], "on": 20}), [GAP])
    entry = lambda direction, **members: described({"direction": direction, "role": "model", **members})
    case("gap-by-artifacts-json", "an input that only `artifacts.json` lists, nobody can account for", family({"outputs": [x], "on": 21, "end": 22}, {"sections": entry("input", digest=x["digest"])}), [GAP])
    case("gap-without-a-digest", "what is known by its name only nobody can account for", family({"sections": entry("input", name="llama")}), [GAP])
    case("output-by-artifacts-json", "an output that only `artifacts.json` lists joins nothing: it can be left out", family({"sections": entry("output", digest=x["digest"]), "on": 21, "end": 22}, {"inputs": [x]}), [GAP])
    case("passed-through-by-artifacts-json", "what `artifacts.json` says was taken in was taken in", family({"outputs": [x], "sections": entry("input", digest=x["digest"]), **EARLY}, {"inputs": [x]}), [GAP])
    case("tree-by-artifacts-json", "a tree that only `artifacts.json` names is not looked into", family({"sections": entry("output", digest=digests(listing({"m.bin": X})), form="tree"), "on": 21, "end": 22}, {"inputs": [x]},
                                                                                                    embed=[listing({"m.bin": X})]), [GAP])
    case("output-taken-in-by-itself-only", "who takes in what nobody else put out has a gap", family({"inputs": [y], "outputs": [x]}, {"inputs": [x], "on": 24}), [GAP])


def conflicts(case):
    x = artifact(X)
    empty = {"role": "model", "digest": {"blake3": digests(b"")["blake3"], "sha256": digests(X)["sha256"]}, "size": 0}
    case("conflict-of-empty-files", "a description that calls an empty file something else", family({"outputs": [empty]}, {"inputs": [artifact(b"")], "on": 24}), errors=[CONFLICT])
    case("conflict-in-roles-without-lineage", "somebody lies, whatever the role", family({"outputs": [artifact(X, "config")]}, {"inputs": [disputed("file")], "on": 24}), errors=[CONFLICT])
    case("conflict-within-one-record", "somebody lies, and may be one", family({"outputs": [x, disputed()]}), errors=[CONFLICT])
    case("conflict-with-a-file-of-a-tree", "a listing describes files too", family({"outputs": [tree({"m.bin": X})]}, {"inputs": [disputed("file")], "on": 24}, embed=[listing({"m.bin": X})]), errors=[CONFLICT])
    two = [{"outputs": [x], "on": 21, "end": 22}, {"outputs": [disputed()], "on": 20, "end": 22}]
    case("disputed-digest-alone", "nobody can tell which description is right", family(*two, {"inputs": [by("sha256")]}), [GAP], [CONFLICT])
    case("disputed-blake3-alone", "nobody can tell which description is right", family({"outputs": [x], "on": 21, "end": 22}, {"inputs": [{**x, "role": "file", "digest": {**x["digest"], "sha256": "0" * 64}}]},
                                                                                          {"inputs": [by("blake3")]}), [GAP], [CONFLICT])
    case("disputed-digest-alone-joins-its-like", "what is known by the disputed digest alone joins only its like",
         family(*two, {"outputs": [by("sha256")], "on": 19, "end": 20}, {"inputs": [by("sha256")]}), errors=[CONFLICT])
    case("disputed-and-equal-in-both", "one false description cannot cut a true link", family(two[0], {"inputs": [disputed("file")], "on": 20}, {"inputs": [x]}), errors=[CONFLICT])


def named(case):
    x, y = artifact(X), artifact(Y)
    child = {"inputs": [x], "on": 24}

    def asserted(*records, about, **members):
        """Records, and a link of one of them."""
        bundle = family(*records)
        bundle.statement(link(bundle.made[about], **members))
        return bundle

    def of_first(*records, **members):
        bundle = family(*records)
        bundle.statement(link(bundle.made[1], parent=digests(bundle.made[0]), **members))
        return bundle

    bundle = family({}, {"on": 24})
    bundle.statement(link(bundle.made[1], parent={**digests(bundle.made[0]), "sha256": "0" * 64}))
    case("asserted-parent-by-another-sha256", "both digests name a parent, in a statement too", bundle, errors=[CONFLICT])
    case("asserted-parent-absent", "a parent that is elsewhere accounts for nothing", asserted(child, about=0, parent=digests(b"nobody"), artifact=x["digest"]), ["lineage.parent-absent", GAP])
    case("asserted-for-another-input", "a link accounts for the input that it names", of_first({}, child, artifact=y["digest"]), [GAP])
    case("asserted-for-one-of-two-records", "and for one record's", of_first({}, child, {"inputs": [x], "on": 25}, artifact=x["digest"]), [GAP])
    for algorithm in ("sha256", "blake3"):
        case(f"asserted-by-{algorithm}", "one digest is enough to name an input", of_first({}, child, artifact=by(algorithm)["digest"]))
        case(f"asserted-of-{algorithm}", "an input is named by exactly the digests that it has", of_first({}, {**child, "inputs": [by(algorithm)]}, artifact=by(algorithm)["digest"]))
    bundle = family({})
    bundle.statement(link(b"elsewhere", parent=digests(b"nobody")))
    case("asserted-of-a-record-elsewhere", "a link of a record that is not here joins nothing here", bundle, ["statement.orphan"])
    bundle = family({})
    bundle.statement(link(bundle.made[0], parent=digests(bundle.made[0])))
    case("asserted-parent-of-itself", "no record descends from itself", bundle, errors=["lineage.cycle"])
    case("asserted-twice", "two people say the same", twice(child, x))
    for name, key, also in (("by-its-signer", ADA, [GAP, "trust.revoked"]), ("by-a-stranger", BEN, ["trust.no-right"])):
        bundle = family({}, child)
        value = payload(bundle.made[1], "link", parent=digests(bundle.made[0]), artifact=x["digest"])
        bundle.statement(sign(value))
        bundle.statement(revoked(key, {"statement": statement_id(value)}, record=bundle.made[1]))
        case(f"asserted-and-revoked-{name}", "a link that was taken back by who said it joins nothing", bundle, also, at=AT, clause="trust.md#taking-back")
    bundle = family({}, child)
    bundle.statement(link(bundle.made[1], parent=digests(bundle.made[0]), artifact=x["digest"]))
    bundle.statement(revoked(ADA, {"key": ADA.line}, record=bundle.made[1]))
    case("asserted-by-a-revoked-key", "every statement of a revoked key counts for nothing", bundle, [GAP, "trust.revoked"], at=AT, clause="trust.md#taking-back")
    bundle = family({}, child)
    bundle.statement(link(bundle.made[1], parent=digests(bundle.made[0]), artifact=x["digest"]))
    bundle.statement(revoked(ADA, {"key": ADA.line}, record=bundle.made[1], created="2026-12-05T00:00:00Z"))
    case("asserted-by-a-key-revoked-later", "a link counts until it is taken back", bundle, ["statement.future"], at=AT, clause="trust.md#taking-back")
    bundle = family({}, {})
    values = [payload(bundle.made[one], "link", parent=digests(bundle.made[1 - one])) for one in (0, 1)]
    for value in values:
        bundle.statement(sign(value))
    bundle.statement(revoked(ADA, {"statement": statement_id(values[0])}, record=bundle.made[0]))
    case("asserted-circle-revoked", "a link that was taken back makes no circle", bundle, ["trust.revoked"], at=AT, clause="trust.md#taking-back")
    bundle = family({}, {"parents": [(0, "part-of"), (0, "part-of")], "on": 24})
    case("declared-twice", "a reader takes lists as they are", bundle)
    case("declared-parents-absent", "each that is elsewhere", family({"parents": [parent(b"elsewhere"), parent(b"nowhere", "part-of")]}), ["lineage.parent-absent"])
    case("declared-accounts-for-nothing", "a parent is named, and what it made is not", family({}, {"parents": [(0, "fine-tuned-from")], **child}), [GAP])


def twice(child, x):
    bundle = family({}, child)
    for key in (ADA, BEN):
        bundle.statement(says(bundle.made[1], "link", key, parent=digests(bundle.made[0]), artifact=x["digest"]))
    return bundle
