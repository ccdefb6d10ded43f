"""Cases of several layers in which two verifiers, both made from the pages, once disagreed (differential.py)."""

from .build import ADA, AT, BEN, EVE, Bundle, artifact as exact, digests, listing, name_of, says
from .cases import FULL
from .directory import BUNDLE, CHANGED, NO_WEIGHTS, NOT_RELEASED, OTHER, SIGNERS, TRUST, UNCOVERED, WEIGHTS, add_run, model, pointer, run
from .directory_releases import FILES, one
from .directory_trees import FILES as TREE
from .lineage import artifact, described, family, listing as listing_of
from .lineage_evidence import EARLY, GAP, LATE
from .statement import RECORD, with_files
from .statement_trust import signers_line

X, Y = artifact(b"weights"), artifact(b"another")


def add(suite):
    case = lambda name, why, bundle, also=(), errors=(), **more: suite.case(name, why, bundle, errors=errors, also=also, tiers=[FULL], **more)
    suite.in_layer("lineage", "lineage.md#same-bytes")
    descriptions(case)
    suite.in_layer("lineage", "lineage.md")
    runs(case)
    suite.in_layer("directory", "directory.md#the-state-of-a-file")
    models(lambda name, why, bundle, files, *rest, **more: case(name, why, {BUNDLE: bundle.bytes(), **files}, *rest, **more))
    suite.in_layer("statement", "trust.md#taking-back")
    signers(case)
    suite.in_layer("statement", "verification.md#7-statements-together")
    apart(case)


def descriptions(case):
    """What only `artifacts.json` has."""
    item = lambda way, digest, role="model", **more: {"direction": way, "role": role, "digest": digest, **more}
    lying = {**X["digest"], "sha256": "0" * 64}
    told = lambda digest: family({"outputs": [X], **EARLY}, {"inputs": [X], "sections": described(item("output", digest))})
    case("conflict-in-a-description", "what only `artifacts.json` has disputes nothing: it can be left out", told(lying), [LATE])
    taken = lambda *items: family({"outputs": [X], **EARLY}, {"inputs": [X], "sections": described(*items)})
    case("input-of-two-names", "a description may call one input by two names", taken(item("input", X["digest"], name="a"), item("input", X["digest"], name="b")), [LATE])
    case("input-of-another-role", "or have it under another role", taken(item("input", X["digest"], "dataset")), [LATE])
    case("input-by-one-digest", "or know one of its digests", taken(item("input", {"sha256": X["digest"]["sha256"]})), [LATE])
    tree = listing_of({"base.bin": b"another"})
    maker = lambda inputs, role: family({"inputs": inputs, "outputs": [X], "sections": described(item("input", digests(tree), role, form="tree")), **EARLY}, {"inputs": [X]}, embed=[tree] if inputs else ())
    case("made-beside-a-tree-of-a-description", "a tree that only `artifacts.json` has may hold the bytes, and nobody looks into it", maker([], "config"), [GAP])
    by_name = family({"outputs": [X], "sections": described({"direction": "input", "role": "model", "name": "base", "form": "tree"}), **EARLY}, {"inputs": [X]})
    case("made-beside-a-tree-by-name", "no less one of which nobody gave a digest", by_name, [GAP])
    case("made-beside-a-tree-of-another-role", "one that the record lists is looked into", maker([artifact(tree, "config", form="tree")], "acme"), [LATE])


def runs(case):
    source = {"source": {"tool": "mlflow", "run": "1"}}
    bundle = family(source, {**source, "on": 24})
    bundle.statement(says(bundle.made[0]))
    bundle.statement(says(bundle.made[0], "supersession", successor=digests(bundle.made[0])))
    case("superseded-by-itself", "a record does not take its own place", bundle, ["lineage.two-records", "lineage.superseded"])
    tree = listing_of({"base.bin": b"weights"})
    own = family({"inputs": [artifact(tree, form="tree")], "outputs": [{**X, "passedOn": False}]}, embed=[tree])
    case("made-what-it-took-in", "bytes make no record its own parent, nor account for what it took in", own, [GAP])
    blank = family({"outputs": [X], "on": 21, "end": 22}, {"inputs": [X], "outputs": [Y], "sections": described({"direction": "output", "role": "model", "digest": Y["digest"], "licence": " \u3000"})})
    case("licence-of-blanks", "a licence of blanks is none", blank, clause="family.md#licences")
    twice = family({"inputs": [X, {**X, "common": True}]})
    case("input-twice-and-once-common", "items that agree in all but their marks are one item", twice)


def models(case):
    """What stands in the place of a model."""
    bundle = Bundle()
    for role in ("tokenizer", "model"):
        run(bundle, [exact(listing(TREE), role, form="tree")], title=role)
    bundle.embed(listing(TREE))
    case("tree-of-two-roles", "a folder that one record calls a tokenizer and another a model", bundle, {"model.safetensors": OTHER}, [NO_WEIGHTS], [CHANGED])
    bundle = Bundle()
    run(bundle, [exact(WEIGHTS, "dataset"), exact(WEIGHTS)])
    case("output-of-two-roles", "what one item calls a model is one", bundle, {"weights.dat": WEIGHTS}, [NOT_RELEASED], state="signed")
    bundle = add_run(model(path="a/model.bin"), OTHER, "b/model.bin", ADA)
    case("two-models-of-one-last-name", "one of them is here, and the other was replaced", bundle, {"weights.bin": WEIGHTS, "onnx/model.bin": b"evil"}, [NOT_RELEASED], [CHANGED])
    checkpoint = one(bundle=add_run(model(), OTHER, None, ADA))
    case("released-pointer-to-another-output", "a pointer to what a record made does not stand in for what was released", checkpoint, {**FILES, "model.safetensors": pointer(OTHER)}, [NO_WEIGHTS], [CHANGED], **TRUST)
    case("released-pointer-added", "nor is one covered that the release does not list", checkpoint, {**FILES, "more.bin": pointer(OTHER)}, [UNCOVERED], **TRUST)
    case("released-with-a-listed-card", "a release that lists what does not count is never of this folder", one({**FILES, "README.md": b"# A model"}), {**FILES, "README.md": b"# A model"}, errors=["directory.missing"], **TRUST)


def signers(case):
    git = signers_line(ADA, options='namespaces="git"')
    withdrawn = says(RECORD, "revocation", BEN, created="2026-11-24T00:00:00Z", revoked={"record": name_of(RECORD)})
    case("authorship-of-what-was-revoked", "an authorship that counts for nothing is not judged", with_files(says(RECORD), withdrawn), ["trust.revoked"], signers=git + signers_line(BEN), at=AT)
    stolen = says(RECORD, "revocation", BEN, created="2026-11-24T00:00:00Z", revoked={"key": EVE.line})
    case("key-of-a-stranger-revoked", "what a revoked key signed gives no state, whoever has the key", with_files(says(RECORD, key=EVE), stolen), ["statement.orphan", "trust.revoked", "trust.unknown-signer"], signers=signers_line(BEN), at=AT)

    other = says(RECORD, "revocation", BEN, created="2026-11-24T00:00:00Z", revoked={"key": ADA.line})
    case("key-of-another-purpose-revoked", "a line for another purpose adds no trust, so it takes none away", with_files(says(RECORD), other), ["statement.orphan", "trust.revoked"], signers=git + signers_line(BEN), at=AT)


def apart(case):
    broken = with_files(says(RECORD), says(b"elsewhere", "comment", EVE, text="t"))
    broken.embed(b"nobody speaks of me")
    case("malformed-and-strangers", "a report on what is malformed is complete", broken, ["statement.orphan"], ["container.unlisted"], signers=SIGNERS, at=AT)
