"""Layer `directory`: a model directory and its bundle (directory.md). Cases of the full tier; each is a folder."""

from .build import ADA, AT, BEN, EVE, Bundle, artifact, body, digests, fixed, name_of, says
from .cases import FULL
from .statement_trust import signers_line

WEIGHTS, OTHER = b"weights " * 100, b"another " * 50
BUNDLE = "experiment.expb"
CHANGED, MISSING, POINTER = "artifact.changed", "directory.missing", "artifact.pointer"
UNCOVERED, NO_WEIGHTS, NOT_RELEASED = "directory.uncovered", "directory.no-weights", "directory.not-released"
NO_OUTPUT, SYMLINK, SHARD, NO_LISTING = "directory.no-output", "directory.symlink", "directory.shard", "directory.no-listing"
UNKNOWN, REVOKED = "trust.unknown-signer", "trust.revoked"
SIGNERS = f"ada@example.org {ADA.line}\nben@example.org {BEN.line}\n"
TRUST = {"signers": SIGNERS, "at": AT}


def pointer(data, size=None, oid=None):
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid or digests(data)['sha256']}\nsize {len(data) if size is None else size}\n".encode()


def listed(data=WEIGHTS, role="model", path="model.safetensors"):
    """What `artifacts.json` says of an output."""
    return {"direction": "output", "role": role, "digest": digests(data), "size": len(data), **({"path": path} if path else {})}


def run(bundle, outputs=(), inputs=(), names=None, key=ADA, title="a run", withheld=False, **members):
    """Adds a record with these outputs, whose paths are in `names`, signed by a key if one is given."""
    sections = {"context.json": fixed({"title": title}), **({"artifacts.json": fixed({"artifacts": list(names)})} if names else {})}
    kept = {name: data for name, data in sections.items() if not (withheld and name == "artifacts.json")}
    record = bundle.record(body(sections, outputs=list(outputs), inputs=list(inputs), **members), kept)
    if key:
        bundle.statement(says(record, key=key))
    return record


def model(data=WEIGHTS, path="model.safetensors", role="model", marks=None, **more):
    """A bundle of one run that put out a model."""
    bundle = Bundle()
    bundle.made = run(bundle, [{**artifact(data, role), **(marks or {})}], names=[listed(data, role, path)] if path else None, **more)
    return bundle


def cases(suite, clause):
    suite.in_layer("directory", clause)

    def case(name, why, bundle, files, also=(), errors=(), **more):
        files = {BUNDLE: bundle.bytes() if isinstance(bundle, Bundle) else bundle, **files} if bundle is not None else files
        suite.case(name, why, files, errors=errors, also=also, tiers=[FULL], **more)

    return case


def add(suite):
    case = cases(suite, "directory.md#the-bundle-in-the-directory")
    same = {"model.safetensors": WEIGHTS}
    case("no-bundle", "a folder without a bundle", None, same, errors=["directory.no-bundle"])
    case("bundle-of-another-name", "the bundle is found by its name", None, {"model.expb": model().bytes(), **same}, errors=["directory.no-bundle"])
    case("broken-bundle", "the bundle itself is damaged", model().bytes()[:-30], same, errors=["container.truncated"])
    case("bundle-is-a-link-inside", "links are not followed, to the bundle no more than to weights", None, {BUNDLE: "store/bundle", "store/bundle": model().bytes(), **same}, errors=["directory.no-bundle"])
    case("bundle-is-a-link-outside", "what lies outside is not read", None, {BUNDLE: "../recorded/experiment.expb"}, errors=["directory.no-bundle"])
    case("bundle-is-a-link-nowhere", "a link to nothing", None, {BUNDLE: "gone.expb"}, errors=["directory.no-bundle"])
    counted(suite, same)
    records(suite, same)
    pointers(suite, same)


def counted(suite, same):
    case = cases(suite, "directory.md#what-is-not-counted")
    # Each holds a comment: a `.gitignore` that says `x` would hide a case from git.
    names = [".gitattributes", ".gitignore", "CITATION.cff", "LICENSE", "NOTICE", "README.md", "model.sig", ".eval_results/digits.yaml", ".cache/huggingface/.gitignore", ".cache/huggingface/download/model.safetensors.metadata"]
    case("not-counted", "documentation, and what git and the Hub keep for themselves", model(), {**same, **{name: b"# x" for name in names}}, [NOT_RELEASED], state="signed")
    wrong = {
        "readme-py": "README.py", "readme-in-a-folder": "sub/README.md", "readme-in-lower-case": "readme.md", "readme-is-a-folder": "README.md/x.py", "markdown": "prompts.md", "licence-of-weights": "LICENSE.safetensors", "licence-among-texts": "LICENSE.txt", "notice-among-texts": "NOTICE.txt", "licence-among-pages": "LICENSE.md", "changelog-among-pages": "CHANGELOG.md",
        "gitmodules": ".gitmodules", "github": ".github/x", "signature": "other.sig", "results-in-python": ".eval_results/x.py", "results-below": ".eval_results/a/b.yaml", "cache": ".cache/x", "cache-of-the-hub": ".cache/huggingface/data.csv", "cache-below": "sub/.cache/huggingface/x",
        "bundle-below": "sub/experiment.expb", "second-bundle": "other.expb", "template": "chat_template.jinja", "code": "modeling.py", "vocabulary": "vocab.txt", "requirements": "requirements.txt", "image": "logo.png",
        "adapter": "adapter_model.safetensors", "ignore-list": ".dockerignore",
    }
    cards = {
        "configs": b"---\nconfigs:\n- data_files: evil.csv\n---\n", "in-quotes": b'---\n"data_files": x\n---\n', "with-escapes": b'---\n"\\x63onfigs": x\n---\n', "behind-blanks": b"\n\xef\xbb\xbf ---\r\nsdk: static\r\n---\r\n",
        "not-closed": b"---\na: 1\n--- \napp_file: x.py\n", "of-carriage-returns": b"---\rdataset_info: x\r---\r", "prior": b"---\nprior:\n- evil/prior\n---\n",
        "behind-an-empty-block": b"---\n---\nconfigs: x\n---\n", "behind-an-empty-block-of-crlf": b"---\r\n---\r\nconfigs: x\r\n---\r\n", "behind-a-carriage-return": b"---\n# c\n---\rconfigs: x\n---\n",
        "behind-an-empty-line": b"---\n\n---\nconfigs: x\n---\n", "behind-blank-lines": b"---\r\n\n\r \t\n---\nconfigs: x\n---\n",
    }
    for name, card in cards.items():
        case(f"counted-card-{name}", "a card that may choose which files are loaded counts", model(), {**same, "README.md": card}, [UNCOVERED, NOT_RELEASED])
    case("card-whose-block-begins-with-an-empty-line", "one line between that is not blank is enough", model(), {**same, "README.md": b"---\n\nlicense: mit\n---\nSee configs and data_files.\n"}, [NOT_RELEASED], state="signed")
    case("card-that-speaks-of-configs", "one that only speaks of it does not", model(), {**same, "README.md": b"---\nlicense: mit\n---\nSee configs and data_files.\n---\nconfigs: x\n---\n"}, [NOT_RELEASED], state="signed")
    for name, path in wrong.items():
        case(f"counted-{name}", "the list is exact: a path that only looks like one of it counts", model(), {**same, path: b"x"}, [UNCOVERED, NOT_RELEASED])


def records(suite, same):
    case = cases(suite, "directory.md#what-covers")
    case("recorded", "a record that nobody signed covers nothing", model(key=None), same, [UNCOVERED, NO_WEIGHTS])
    case("signed", "an output of a signed record", model(), same, [NOT_RELEASED], state="signed")
    case("trusted", "of a record that a trusted key signed", model(), same, [NOT_RELEASED], state="trusted", **TRUST)
    case("by-a-stranger", "with a signers file a stranger's word covers nothing", model(key=EVE), same, [UNKNOWN, UNCOVERED, NO_WEIGHTS], **TRUST)
    case("renamed", "a record names bytes, and no path", model(), {"weights-v2.bin": WEIGHTS}, [NOT_RELEASED], state="signed")
    case("in-a-folder", "wherever they lie", model(), {"onnx/model.safetensors": WEIGHTS}, [NOT_RELEASED], state="signed")
    case("two-copies", "both are covered", model(), {**same, "copy.safetensors": WEIGHTS}, [NOT_RELEASED], state="signed")
    case("added", "a file that nothing covers", model(), {**same, "evil.py": b"import os\n"}, [UNCOVERED, NOT_RELEASED], **TRUST)
    for name, data in {"changed": WEIGHTS + b"!", "truncated": WEIGHTS[:400], "emptied": b"", "one-bit": bytes([WEIGHTS[0] ^ 1]) + WEIGHTS[1:]}.items():
        case(name, "other bytes at the path of a model", model(), {"model.safetensors": data}, [NO_WEIGHTS], [CHANGED])
    case("changed-and-unsigned", "what nobody signed is compared as well", model(key=None), {"model.safetensors": OTHER}, [NO_WEIGHTS], [CHANGED])
    case("changed-below", "a model is known by the last name of its path too, where its bytes are nowhere", model(path="out/model.bin"), {"model.bin": OTHER}, [NO_WEIGHTS], [CHANGED])
    case("moved-and-replaced", "the model was put aside, and other bytes are at its very path", model(), {"model.safetensors": OTHER, "backup/model.safetensors": WEIGHTS}, [NOT_RELEASED], [CHANGED])
    case("moved-and-one-of-its-name", "its last name is nothing where its bytes are here", model(path="out/model.bin"), {"model.bin": OTHER, "out/moved.bin": WEIGHTS}, [UNCOVERED, NOT_RELEASED])
    made = {"passedOn": False}
    case("names-withheld", "without names other weights are not covered all the same", model(withheld=True, marks=made), {"w.bin": OTHER}, ["section.withheld", "lineage.licence-withheld", UNCOVERED, NO_WEIGHTS], [NO_OUTPUT])
    case("names-withheld-and-mark", "whether it was made or passed on is not known, so it covers nothing", model(withheld=True), {"model.safetensors": WEIGHTS}, ["section.withheld", "lineage.licence-withheld", UNCOVERED, NO_WEIGHTS])
    case("names-withheld-and-mark-and-weights", "but is asked for: what is missing never helps", model(withheld=True), {"w.bin": OTHER}, ["section.withheld", "lineage.licence-withheld", UNCOVERED, NO_WEIGHTS], [NO_OUTPUT])
    case("names-withheld-and-moved", "the model under another name, and another at its path", model(withheld=True, marks=made), {"model.safetensors": OTHER, "onnx/old.bin": WEIGHTS}, ["section.withheld", "lineage.licence-withheld", UNCOVERED, NOT_RELEASED], **TRUST)
    case("no-output", "the bundle belongs to another model", model(), {"README.md": b"# Empty\n"}, [NO_WEIGHTS], [NO_OUTPUT])
    case("no-output-of-an-adapter", "weights of any kind", model(role="adapter"), {}, [NO_WEIGHTS], [NO_OUTPUT])
    case("no-weights", "a tokenizer is not a model", model(role="tokenizer", path="tokenizer.json"), {"tokenizer.json": WEIGHTS}, [NO_WEIGHTS, NOT_RELEASED], **TRUST)
    case("empty-folder", "an empty folder is never signed", model(role="dataset", path=None), {}, [NO_WEIGHTS], **TRUST)
    case("empty-weights", "nor one whose weights are empty", model(b""), {"model.safetensors": b""}, [NO_WEIGHTS, NOT_RELEASED])
    for ending in ("cbm", "hdf5", "pickle", "skops", "ubj"):
        case(f"weights-of-{ending}", "a file that looks like weights, whatever its role", model(role="file", path=None), {f"w.{ending}": WEIGHTS}, [NOT_RELEASED], state="signed")
    case("model-of-any-name", "what a record calls a model is one", model(path=None), {"weights.dat": WEIGHTS}, [NOT_RELEASED], state="signed")
    wrong_digest = {**digests(WEIGHTS), "sha256": "0" * 64}
    contradicting = lambda **changes: outputs({**artifact(WEIGHTS), **changes})
    case("size-differs", "the right digest and another size: it is another output", contradicting(size=801), same, [UNCOVERED, NO_WEIGHTS], [NO_OUTPUT])
    case("one-digest-differs", "every digest that is known agrees", contradicting(digest=wrong_digest), same, [UNCOVERED, NO_WEIGHTS], [NO_OUTPUT], digests="all")
    case("one-digest-differs-unasked", "SHA-256 is recomputed when asked", contradicting(digest=wrong_digest), same, [NOT_RELEASED], state="signed")
    for algorithm in ("sha256", "blake3"):
        case(f"known-by-{algorithm}", "one digest is enough", contradicting(digest={algorithm: digests(WEIGHTS)[algorithm]}), same, [NOT_RELEASED], state="signed")
    case("an-input-covers-nothing", "an evaluation does not bless what it took in", outputs(artifact(b"scores", "metrics"), inputs=[artifact(WEIGHTS)]), same, ["lineage.unaccounted-input", UNCOVERED, NO_WEIGHTS], **TRUST)
    case("told-by-artifacts-json-alone", "an output that `record.json` does not list", outputs(names=[listed()]), same, [UNCOVERED, NO_WEIGHTS], **TRUST)
    case("any-record-of-a-signer", "a log that the signer once put out makes no model theirs", outputs(artifact(b"a log", "log")), same, [UNCOVERED, NO_WEIGHTS], **TRUST)
    evaluated = lambda: with_evaluation(model())
    case("evaluated", "a record that follows from the model covers nothing and hides nothing", evaluated(), same, [NOT_RELEASED], state="trusted", **TRUST)
    case("evaluated-and-changed", "and the model is compared as before", evaluated(), {"model.safetensors": OTHER}, [NO_WEIGHTS], [CHANGED], **TRUST)
    case("evaluated-and-deleted", "and missed as before", evaluated(), {}, [NO_WEIGHTS], [NO_OUTPUT], **TRUST)
    child = model()
    run(child, [artifact(OTHER)], [artifact(WEIGHTS)], [listed(OTHER, path="fine.safetensors")], title="child", started="2026-11-24T09:00:00Z", ended=None)
    case("child", "what an ancestor put out is somewhere else", child, {"fine.safetensors": OTHER}, [NOT_RELEASED], state="trusted", **TRUST)
    case("child-and-ancestor", "and covered where it is here", child, {"fine.safetensors": OTHER, "base.bin": WEIGHTS}, [NOT_RELEASED], state="trusted", **TRUST)
    case("child-changed", "each record that counts names its model", child, {"fine.safetensors": b"foreign"}, [NO_WEIGHTS], [CHANGED], **TRUST)
    taken_back(suite, same)
    strangers(suite, same)


def outputs(*items, **more):
    bundle = Bundle()
    run(bundle, items, **more)
    return bundle


def with_evaluation(bundle, key=BEN):
    run(bundle, [artifact(b'{"f1": 1}', "metrics")], [artifact(WEIGHTS)], key=key, title="evaluation", started="2026-11-24T09:00:00Z", ended=None)
    return bundle


def said(bundle, kind, key=ADA, created="2026-11-25T00:00:00Z", record=None, **members):
    bundle.statement(says(record or bundle.made, kind, key, created=created, **members))
    return bundle


def taken_back(suite, same):
    case = cases(suite, "directory.md#what-covers")
    nothing = [UNCOVERED, NO_WEIGHTS]
    case("revoked", "a record that was revoked covers nothing", said(model(), "revocation", revoked={"record": name_of(model().made)}), same, [REVOKED, *nothing], **TRUST)
    late = {"signers": signers_line(ADA) + signers_line(BEN, "ben", 'valid-before="20260101"'), "at": TRUST["at"]}
    both = said(said(model(), "authorship", BEN), "revocation", BEN, revoked={"record": name_of(model().made)})
    case("revoked-by-one-of-two", "a key that is known and not trusted takes back its own word alone", both, same, [REVOKED, "trust.not-valid", NOT_RELEASED], state="trusted", **late)
    case("revoked-by-a-stranger", "a stranger has no right to that", said(model(), "revocation", EVE, revoked={"record": name_of(model().made)}), same, [UNKNOWN, NOT_RELEASED], state="trusted", **TRUST)
    case("superseded", "nor does one whose place another took", said(model(), "supersession", successor=digests(b"a better one")), same, ["lineage.superseded", *nothing], **TRUST)
    case("rejected", "nor one that a trusted key rejected", said(model(), "review", BEN, verdict="rejected"), same, nothing, **TRUST)
    case("rejected-by-a-stranger", "a stranger's rejection changes nothing", said(model(), "review", EVE, verdict="rejected"), same, [UNKNOWN, NOT_RELEASED], state="trusted", **TRUST)
    mended = said(said(model(), "review", BEN, verdict="rejected"), "review", BEN, "2026-11-26T00:00:00Z", verdict="approved")
    case("rejected-then-approved", "of one reviewer the latest word counts", mended, same, [NOT_RELEASED], state="trusted", **TRUST)
    rejected = lambda: said(model(), "review", BEN, verdict="rejected", scope="training data", role="legal")
    later = lambda scope, role: said(rejected(), "review", BEN, "2026-11-26T00:00:00Z", verdict="approved", **({"scope": scope} if scope else {}), **({"role": role} if role else {}))
    case("rejected-then-approved-in-its-scope", "of one reviewer the latest word of one scope and role counts", later("training data", "legal"), same, [NOT_RELEASED], state="trusted", **TRUST)
    for name, scope, role in (("another-scope", "spelling", "legal"), ("another-role", "training data", "editor"), ("no-scope-and-role", None, None)):
        case(f"rejected-then-approved-in-{name}", "who approves something else takes back no rejection", later(scope, role), same, nothing, **TRUST)
    worse = said(said(model(), "review", BEN, verdict="approved"), "review", BEN, "2026-11-26T00:00:00Z", verdict="rejected")
    case("approved-then-rejected", "of one reviewer the latest word counts", worse, same, nothing, **TRUST)
    for verdicts in (("approved", "rejected"), ("rejected", "approved")):
        both = model()
        for verdict in verdicts:
            both = said(both, "review", BEN, verdict=verdict, reason=f"{verdict} as word {verdicts.index(verdict)}")
        case(f"{verdicts[0]}-and-{verdicts[1]}-at-once", "of two words of one moment the severer counts, whatever their ids", both, same, nothing, **TRUST)
    case("rejected-and-approved-by-another", "one approval does not take back another's rejection", said(said(model(), "review", BEN, verdict="rejected"), "review", ADA, verdict="approved"), same, nothing, **TRUST)
    by_key = said(model(), "revocation", BEN, revoked={"key": ADA.line})
    case("key-revoked", "what a revoked key signed covers nothing", by_key, same, [REVOKED, *nothing], **TRUST)
    another = [{"name": "record.json", "digest": {**digests(by_key.made), "sha256": "0" * 64}}]
    case("key-revoked-and-signed-under-another-sha256", "what is about no record that is here vouches for none", said(by_key, "authorship", BEN, subjects=another), same, [REVOKED, *nothing], **TRUST)


def strangers(suite, same):
    case = cases(suite, "directory.md#what-covers")
    both = {**same, "evil.bin": OTHER}
    beside = lambda key: model() if key is None else add_run(model(), OTHER, "evil.bin", key)
    case("stranger-beside", "a stranger's record covers nothing", beside(EVE), both, [UNKNOWN, UNCOVERED, NOT_RELEASED], **TRUST)
    case("stranger-beside-unasked", "without a signers file any signature covers", beside(EVE), both, [NOT_RELEASED], state="signed")
    case("stranger-names-a-path", "a stranger's record does not say what belongs at a path", add_run(model(), OTHER, "model.safetensors", EVE), same, [UNKNOWN, NOT_RELEASED], state="trusted", **TRUST)
    linked = add_run(model(), b"a log", None, BEN, role="log")
    linked = said(linked, "link", EVE, parent=digests(linked.added), relation="evaluated-on")
    case("stranger-links", "a stranger's link changes nothing", linked, same, [UNKNOWN, NOT_RELEASED], state="trusted", **TRUST)
    case("stranger-links-and-weights-differ", "and hides nothing", linked, {"model.safetensors": OTHER}, [UNKNOWN, NO_WEIGHTS], [CHANGED], **TRUST)


def add_run(bundle, data, path, key, role="model"):
    bundle.added = run(bundle, [artifact(data, role)], names=[listed(data, role, path)] if path else None, key=key, title="another", started=None, ended=None)
    return bundle


def pointers(suite, same):
    case = cases(suite, "directory.md#git-lfs-pointers")
    right = pointer(WEIGHTS)
    lines = right.splitlines(keepends=True)
    nothing = [POINTER, NO_WEIGHTS]
    case("pointer", "a Git LFS pointer says which bytes are meant, not that they are here", model(), {"model.safetensors": right}, nothing)
    case("pointer-only-and-trust", "pointers alone are never trusted", model(), {"model.safetensors": right}, nothing, **TRUST)
    case("pointer-under-another-name", "whatever its name", model(), {"x": right}, nothing)
    case("pointer-and-file", "what is claimed beside what is proven", model(), {**same, "copy": right}, [POINTER, NOT_RELEASED], **TRUST)
    case("pointer-to-other-bytes", "a pointer with another oid", model(), {"model.safetensors": pointer(b"other")}, [NO_WEIGHTS], [CHANGED])
    case("pointer-to-nothing-recorded", "a pointer to somebody else's file", model(), {**same, "x": pointer(b"other")}, [UNCOVERED, NOT_RELEASED])
    case("pointer-with-another-size", "a pointer whose size contradicts the record", model(), {"model.safetensors": pointer(WEIGHTS, size=1)}, [NO_WEIGHTS], [CHANGED])
    case("pointer-with-extension", "an oid that is not that of the file's bytes", model(), {"model.safetensors": right.replace(b"oid ", b"ext-0-x sha256:" + b"0" * 64 + b"\noid ")}, [NO_WEIGHTS], [CHANGED])
    extended = right.replace(b"oid ", b"ext-0-x sha256:" + b"0" * 64 + b"\noid ")
    case("pointer-with-extension-hides-nothing", "nor does it stand for the file where another has its name", model(), {"sub/model.safetensors": OTHER, "notes.txt": extended}, [UNCOVERED, NO_WEIGHTS], [CHANGED])
    case("pointer-that-was-recorded", "what is taken for a pointer is compared by what it points to, not by its own bytes", model(right), {"model.safetensors": right}, [NO_WEIGHTS], [CHANGED])
    case("pointer-to-what-is-known-by-blake3", "a pointer has a SHA-256, and the record none", outputs({**artifact(WEIGHTS), "digest": {"blake3": digests(WEIGHTS)["blake3"]}}), {"model.safetensors": right}, [UNCOVERED, NO_WEIGHTS], [NO_OUTPUT])
    wrong = {
        "without-size": b"".join(lines[:2]), "size-before-oid": lines[0] + lines[2] + lines[1], "unknown-key": right + b"x y\n", "without-last-line-feed": right[:-1], "size-with-zero": right.replace(b"size 8", b"size 08"),
        "oid-in-capitals": pointer(WEIGHTS, oid=digests(WEIGHTS)["sha256"].upper()), "key-twice": right + lines[2], "not-ascii": right[:-1] + "é\n".encode(), "empty-line": right + b"\n", "oid-md5": right.replace(b"sha256:", b"md5:"),
        "of-1024-bytes": right + b"z " + b"z" * (1024 - len(right) - 3) + b"\n", "of-another-version": right.replace(b"spec/v1", b"spec/v2"), "with-space-at-the-end": right[:-1] + b" \n",
        "with-carriage-returns": right.replace(b"\n", b"\r\n"),
    }
    for name, text in wrong.items():
        case(f"pointer-{name}", "what begins like a pointer and breaks its form is covered by nothing", model(), {"model.safetensors": text}, [NO_WEIGHTS], [CHANGED])
