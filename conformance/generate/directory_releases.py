"""Layer `directory`: releases, the signed listing of a folder (directory.md)."""

from .build import ADA, BEN, EVE, Bundle, digests, listing, payload, says, sign, statement_id
from .directory import (
    CHANGED, MISSING, NO_LISTING, NO_WEIGHTS, OTHER, POINTER, REVOKED, SYMLINK, TRUST, UNCOVERED, UNKNOWN, WEIGHTS, add_run, cases, model, pointer,
)

FILES = {"config.json": b'{"layers": 3}', "model.safetensors": WEIGHTS, "tokenizer/vocab.txt": b"one two"}
OLD = {**FILES, "config.json": b'{"layers": 2}', "notes.txt": b"old"}


def released(files, key=ADA, created="2026-11-26T00:00:00Z", prev=(), **says_too):
    """The payload of a release."""
    text = files if isinstance(files, bytes) else listing(files)
    return payload(None, "release", key, created, prev, subjects=[{"name": ".", "digest": digests(text)}], **says_too)


def bundle_of(*releases, bundle=None):
    """A bundle with releases, each a payload, the key, and the files or the bytes of its listing."""
    bundle = bundle or Bundle()
    for value, key, files in releases:
        bundle.statement(sign(value, key))
        if files is not None:
            bundle.embed(files if isinstance(files, bytes) else listing(files))
    return bundle


def one(files=FILES, key=ADA, bundle=None, **more):
    return bundle_of((released(files, key, **more), key, files), bundle=bundle)


def add(suite):
    case = cases(suite, "directory.md#releases")
    case("released", "a signed listing covers the whole folder, without any record", one(), FILES, state="trusted", **TRUST)
    case("released-unasked", "and without a signers file too", one(), FILES, state="signed")
    case("released-with-a-title", "what is released has a name", one(title="digits 1.0", reason="first"), FILES, state="trusted", **TRUST)
    case("released-with-a-card", "documentation is not listed", one(), {**FILES, "README.md": b"# Digits\n", ".gitattributes": b"x"}, state="trusted", **TRUST)
    case("released-and-made", "a release beside the record of a run", one(bundle=model()), FILES, state="trusted", **TRUST)
    change(case)
    chain(case)
    cut(case)
    whose(case)


def change(case):
    """Any change of the folder is found."""
    weights = FILES["model.safetensors"]
    without = lambda *names: {name: data for name, data in FILES.items() if name not in names}
    trusted = lambda name, why, files, also=(), errors=(), bundle=None: case(f"released-{name}", why, bundle or one(), files, also, errors, **TRUST)
    trusted("flipped", "one bit of the weights", {**FILES, "model.safetensors": bytes([weights[0] ^ 1]) + weights[1:]}, [NO_WEIGHTS], [CHANGED])
    trusted("truncated", "half of the weights", {**FILES, "model.safetensors": weights[:400]}, [NO_WEIGHTS], [CHANGED])
    trusted("configuration-changed", "a file that no run knew", {**FILES, "config.json": b'{"layers": 3, "auto_map": {}}'}, errors=[CHANGED])
    trusted("swapped", "two files in each other's place", {**FILES, "config.json": FILES["tokenizer/vocab.txt"], "tokenizer/vocab.txt": FILES["config.json"]}, errors=[CHANGED])
    trusted("renamed", "a release names paths", {**without("model.safetensors"), "renamed.safetensors": weights}, [UNCOVERED, NO_WEIGHTS], [MISSING])
    trusted("renamed-to-another-case", "and exactly these", {**without("config.json"), "Config.json": FILES["config.json"]}, [UNCOVERED], [MISSING])
    trusted("removed", "a file that is not here", without("tokenizer/vocab.txt"), errors=[MISSING])
    trusted("emptied", "nothing of the folder", {}, [NO_WEIGHTS], [MISSING])
    trusted("added", "a file that the release does not list", {**FILES, "modeling.py": b"import os\n"}, [UNCOVERED])
    trusted("added-weights", "other weights beside it", {**FILES, "pytorch_model.bin": b"x"}, [UNCOVERED])
    trusted("added-bundle", "a second bundle is a file like others", {**FILES, "other.expb": model().bytes()}, [UNCOVERED])
    trusted("linked", "a link in place of a file", {**FILES, "config.json": "tokenizer/vocab.txt"}, [SYMLINK], [MISSING])
    trusted("folder-linked", "a link in place of a folder", {**without("tokenizer/vocab.txt"), "vocabulary/vocab.txt": FILES["tokenizer/vocab.txt"], "tokenizer": "vocabulary"}, [SYMLINK, UNCOVERED], [MISSING])
    trusted("link-added", "a link beside it", {**FILES, "latest": "model.safetensors"}, [SYMLINK])
    trusted("pointer", "a pointer in place of the weights", {**FILES, "model.safetensors": pointer(weights)}, [POINTER, NO_WEIGHTS])
    trusted("pointer-of-a-small-file", "a pointer in place of any file", {**FILES, "config.json": pointer(FILES["config.json"])}, [POINTER])
    odd = {**FILES, "%7F": b"odd"}
    trusted("order-of-paths", "findings stand in the order of paths, not of how a listing spells them", {**FILES, "config.json": b"{}"}, errors=[CHANGED, MISSING], bundle=one(odd))
    trusted("pointer-to-other-bytes", "a pointer to something else", {**FILES, "config.json": pointer(b"other")}, errors=[CHANGED])
    # What the signer made, and did not release here.
    checkpoint = lambda: one(bundle=add_run(model(), OTHER, "checkpoint-100/model.safetensors", ADA))
    trusted("checkpoint-in-its-place", "an older checkpoint of the same signer under the name of the model", {**FILES, "model.safetensors": OTHER}, [NO_WEIGHTS], [CHANGED], checkpoint())
    trusted("checkpoint-added", "or beside it", {**FILES, "pytorch_model.bin": OTHER}, [UNCOVERED], bundle=checkpoint())
    empty = {**FILES, "model.safetensors": b""}
    trusted("without-weights", "a folder without weights is never trusted", without("model.safetensors"), [NO_WEIGHTS], bundle=one(without("model.safetensors")))
    trusted("with-empty-weights", "nor one whose weights are empty", empty, [NO_WEIGHTS], bundle=one(empty))
    trusted("nothing", "nor an empty one", {}, [NO_WEIGHTS], bundle=one({}))


def chain(case):
    """Which of several releases counts."""
    first = released(OLD, created="2026-11-25T00:00:00Z")
    second = released(FILES, prev=[statement_id(first)])
    both_of = lambda *more, bundle=None: bundle_of((first, ADA, OLD), (second, ADA, FILES), *more, bundle=bundle)
    case("released-again", "a later release follows the first", both_of(), FILES, state="trusted", **TRUST)
    case("released-again-and-rolled-back", "and the folder as it was is not released any more", both_of(), OLD, [UNCOVERED], [CHANGED], **TRUST)
    unchained = bundle_of((first, ADA, OLD), (released(FILES), ADA, FILES))
    for name, files in (("older", OLD), ("later", FILES)):
        case(f"released-twice-{name}", "releases that do not follow each other both count", unchained, files, state="trusted", **TRUST)
    record = model().made
    revoke = lambda value: says(record, "revocation", ADA, created="2026-11-27T00:00:00Z", revoked={"statement": statement_id(value)})
    with_revocation = lambda value, bundle: (bundle.statement(revoke(value)), bundle)[1]
    case("release-revoked", "a release that was revoked covers nothing", with_revocation(second, bundle_of((released(FILES, prev=[statement_id(first)]), ADA, FILES), bundle=plain_record())), FILES, [REVOKED, "statement.orphan", "statement.prev-dangling", UNCOVERED, NO_WEIGHTS], **TRUST)
    case("release-revoked-and-the-one-before", "and does not replace the one before it", with_revocation(second, both_of(bundle=plain_record())), OLD, [REVOKED, "statement.orphan"], state="trusted", **TRUST)
    third = released(FILES, created="2026-11-27T00:00:00Z", prev=[statement_id(second)])
    changed = released({**FILES, "config.json": b"{}"}, prev=[statement_id(first)])
    last = released(FILES, created="2026-11-27T00:00:00Z", prev=[statement_id(changed)])
    case("released-three-times", "by way of another, too", bundle_of((first, ADA, OLD), (changed, ADA, {**FILES, "config.json": b"{}"}), (last, ADA, FILES)), OLD, [UNCOVERED], [CHANGED], **TRUST)
    case("released-anew-without-change", "the same files once more", both_of((third, ADA, None)), FILES, state="trusted", **TRUST)
    case("release-of-another-folder", "it counts, and this folder is what another one lists", bundle_of((released({"other.bin": OTHER}), ADA, {"other.bin": OTHER}), (second, ADA, FILES)), FILES, ["statement.prev-dangling"], state="trusted", **TRUST)
    # Nothing that is missing helps.
    late = released(OLD, created="2026-11-28T00:00:00Z")
    between = released({**FILES, "config.json": b"{}"}, created="2026-11-20T00:00:00Z", prev=[statement_id(late)])
    after = released(FILES, created="2026-11-21T00:00:00Z", prev=[statement_id(between)])
    cut = bundle_of((late, ADA, OLD), (after, ADA, FILES))
    case("release-between-left-out", "without the release between them, the first may be what the last follows, whatever the dates", cut, FILES, ["statement.prev-dangling"], state="trusted", **TRUST)
    case("release-between-left-out-and-rolled-back", "so it does not come back", cut, OLD, ["statement.prev-dangling", UNCOVERED], [CHANGED], **TRUST)
    follows = released(FILES, created="2026-11-22T00:00:00Z", prev=[statement_id(after)])
    case("release-between-left-out-and-followed", "and what follows the last stands", bundle_of((late, ADA, OLD), (after, ADA, None), (follows, ADA, FILES)), FILES, ["statement.prev-dangling"], state="trusted", **TRUST)
    case("listing-withheld", "of a release whose listing is not here nobody can tell what it lists", bundle_of((released(FILES), ADA, None)), FILES, [UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
    case("listing-withheld-and-made", "and the run that made the weights does not stand in for it", bundle_of((released(FILES), ADA, None), bundle=model()), {"model.safetensors": WEIGHTS}, [UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
    case("listing-is-none", "nor one that names what is not a listing", bundle_of((released(b"no listing"), ADA, b"no listing")), FILES, [UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
    for name, false in (("sha256", "0" * 64), ("sha256-of-other-files", digests(listing({"a": b"a"}))["sha256"])):
        def lie(key, false=false):
            return payload(None, "release", key, subjects=[{"name": ".", "digest": {**digests(listing(FILES)), "sha256": false}}])

        case(f"listing-of-another-{name}", "nor one whose listing has another SHA-256, whether or not all digests were asked for", bundle_of((lie(ADA), ADA, FILES)), FILES, [UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
        case(f"listing-of-another-{name}-and-own", "what another release says of the same listing does not help it", bundle_of((lie(BEN), BEN, None), (released(FILES), ADA, FILES)), FILES, state="trusted", **TRUST)
    case("listing-of-the-first-withheld", "what was replaced is not needed", bundle_of((first, ADA, None), (second, ADA, FILES)), FILES, state="trusted", **TRUST)
    made_elsewhere = {"else.bin": OTHER}
    case("listing-of-another-folder-withheld", "a release without its listing makes no folder better that a run made otherwise", bundle_of((released(made_elsewhere), ADA, None), bundle=model()), {"model.safetensors": b"changed " * 99}, [UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
    case("listing-of-another-folder-withheld-unasked", "nor without a signers file", bundle_of((released(made_elsewhere), ADA, None), bundle=model()), {"model.safetensors": b"changed " * 99}, [UNCOVERED, NO_WEIGHTS], [NO_LISTING])


def cut(case):
    """Releases that follow something which is not here."""
    dangling, gone = "statement.prev-dangling", lambda number=0: f"{number:064x}"
    remark = payload(plain_record().made, "comment", ADA, created="2026-11-23T12:00:00Z", text="a remark")
    earlier = released(FILES, created="2026-11-25T00:00:00Z", prev=[gone()])
    older = released(OLD, created="2026-11-26T00:00:00Z", prev=[statement_id(remark)])
    both_of = lambda *more: bundle_of((earlier, ADA, FILES), (older, ADA, OLD), *more, bundle=plain_record())
    whole = both_of()
    whole.statement(sign(remark, ADA))
    case("cut-release-and-one-that-follows-a-remark", "only one of them follows something that is not here", whole, FILES, [dangling, "statement.orphan"], state="trusted", **TRUST)
    case("cut-release-and-one-that-follows-a-remark-rolled-back", "and may follow the other", whole, OLD, [dangling, "statement.orphan", UNCOVERED], [CHANGED], **TRUST)
    for name, files, wrong in (("", FILES, ([dangling, dangling], [CHANGED, MISSING])), ("-rolled-back", OLD, ([dangling, dangling, UNCOVERED], [CHANGED]))):
        case(f"cut-releases{name}", "to leave out a remark that a release follows does not bring it back: either may be the last", both_of(), files, *wrong, **TRUST)
    again = released(FILES, BEN, created="2026-11-26T00:00:00Z", prev=[gone(1)])
    case("cut-releases-of-one-folder", "if both list the folder, either may", bundle_of((earlier, ADA, FILES), (again, BEN, None), bundle=plain_record()), FILES, [dangling, dangling], state="trusted", **TRUST)
    case("cut-releases-of-two-keys-unasked", "without a signers file each key has its own order", bundle_of((earlier, ADA, FILES), (released(OLD, BEN, created="2026-11-26T00:00:00Z", prev=[gone(1)]), BEN, OLD), bundle=plain_record()), FILES, [dangling, dangling], state="signed")
    case("cut-releases-one-without-listing", "what one of them lists is not known", bundle_of((earlier, ADA, FILES), (older, ADA, None), bundle=plain_record()), FILES, [dangling, dangling, UNCOVERED, NO_WEIGHTS], [NO_LISTING], **TRUST)
    joins = released(FILES, created="2026-11-27T00:00:00Z", prev=[statement_id(earlier), statement_id(older)])
    case("cut-releases-joined", "what follows both is the last", both_of((joins, ADA, None)), FILES, [dangling, dangling], state="trusted", **TRUST)
    branch = released(OLD, created="2026-11-28T00:00:00Z", prev=[statement_id(earlier)])
    case("cut-releases-joined-beside-a-branch", "and what follows one of them is not", both_of((joins, ADA, None), (branch, ADA, None)), FILES, [dangling, dangling], state="trusted", **TRUST)
    case("cut-releases-joined-beside-a-branch-rolled-back", "whatever its date", both_of((joins, ADA, None), (branch, ADA, None)), OLD, [dangling, dangling, UNCOVERED], [CHANGED], **TRUST)
    second = released(OLD, created="2026-11-26T00:00:00Z", prev=[statement_id(earlier), gone(1)])
    case("cut-release-follows-a-cut-one", "it may follow what else follows that", bundle_of((earlier, ADA, FILES), (second, ADA, OLD), (released(FILES, created="2026-11-27T00:00:00Z", prev=[statement_id(earlier)]), ADA, None), bundle=plain_record()), FILES, [dangling, dangling], [CHANGED, MISSING], **TRUST)
    for count in (64, 65):
        many = [released(OLD, created="2026-11-25T00:00:00Z", prev=[gone(number)]) for number in range(count)]
        last = released(FILES, created="2026-11-26T00:00:00Z", prev=[statement_id(one) for one in many])
        beside = released(OLD, created="2026-11-27T00:00:00Z", prev=[statement_id(many[0])])
        all_of = lambda *more, many=many, last=last: bundle_of(*((one, ADA, OLD) for one in many), (last, ADA, FILES), *more, bundle=plain_record())
        case(f"cut-releases-{count}-joined", "of however many what follows all of them is the last", all_of(), FILES, [dangling] * count, state="trusted", **TRUST)
        if count == 64:
            case(f"cut-releases-{count}-joined-beside-a-branch", "of up to 64 it is found out", all_of((beside, ADA, None)), FILES, [dangling] * count, state="trusted", **TRUST)
        else:
            case(f"cut-releases-{count}-joined-beside-a-branch", "of more it is not", all_of((beside, ADA, None)), FILES, [dangling] * count, [CHANGED, MISSING], **TRUST)


def plain_record():
    return model(key=None)


def whose(case):
    """Whose release counts."""
    nothing = [UNKNOWN, UNCOVERED, NO_WEIGHTS]
    case("released-by-a-stranger", "a stranger's release covers nothing", one(key=EVE), FILES, nothing, **TRUST)
    case("released-by-a-stranger-unasked", "but where nobody is asked for", one(key=EVE), FILES, state="signed")
    ours = released(FILES)
    follows = released(OLD, EVE, prev=[statement_id(ours)], created="2026-11-27T00:00:00Z")
    beside = bundle_of((ours, ADA, FILES), (follows, EVE, OLD))
    case("stranger-follows-a-release", "a stranger's release replaces nothing", beside, FILES, [UNKNOWN], state="trusted", **TRUST)
    case("stranger-follows-a-release-unasked", "nor without a signers file", beside, FILES, state="signed")
    case("stranger-releases-evil", "and adds nothing", beside, OLD, [UNKNOWN, UNCOVERED], [CHANGED], **TRUST)
    case("stranger-releases-beside-a-run", "whatever it lists", one(OLD, EVE, model()), {"model.safetensors": WEIGHTS}, [UNKNOWN, "directory.not-released"], state="trusted", **TRUST)
    by_ben = released(FILES, BEN, prev=[statement_id(released(OLD))], created="2026-11-27T00:00:00Z")
    handed_on = bundle_of((released(OLD), ADA, OLD), (by_ben, BEN, FILES))
    case("released-again-by-another", "somebody else who is trusted may follow", handed_on, FILES, state="trusted", **TRUST)
    case("released-again-by-another-and-rolled-back", "and what they follow is replaced", handed_on, OLD, [UNCOVERED], [CHANGED], **TRUST)
    case("released-again-by-another-unasked", "without a signers file each key speaks for itself alone", handed_on, OLD, state="signed")
    strange = released(OLD, EVE, created="2026-11-28T00:00:00Z")
    ours_first = released(FILES, created="2026-11-20T00:00:00Z", prev=[statement_id(strange)])
    ours_last = released(OLD, created="2026-11-24T00:00:00Z", prev=[statement_id(released({"gone.bin": OTHER}))])
    case("order-of-each-key-alone-unasked", "without a signers file another key's release changes no order", bundle_of((strange, EVE, OLD), (ours_first, ADA, FILES), (ours_last, ADA, OLD)), FILES, ["statement.prev-dangling", "statement.prev-time"], [CHANGED, MISSING])
    case("released-by-two", "two may release the same", bundle_of((ours, ADA, FILES), (released(FILES, BEN), BEN, FILES)), FILES, state="trusted", **TRUST)
    case("released-by-an-unsigned-run", "a release needs no signature beside its own", one(bundle=plain_record()), FILES, state="trusted", **TRUST)
    late = {"signers": f'ada@example.org valid-before="20261101Z" {ADA.line}\n', "at": TRUST["at"]}
    case("released-at-another-time", "a key that is trusted at another time only", one(), FILES, ["trust.not-valid", UNCOVERED, NO_WEIGHTS], **late)
