"""Cases of several layers by which somebody without a trusted key once changed an answer, or by which leaving something out made one better."""

from .build import ADA, AT, BEN, EVE, Bundle, artifact as exact, body, digests, fixed, listing, name_of, payload, says, section, sign, statement_id
from .cases import FULL
from .directory import BUNDLE, CHANGED, NO_WEIGHTS, NOT_RELEASED, OTHER, TRUST, UNCOVERED, UNKNOWN, WEIGHTS, model, run
from .directory_releases import FILES, bundle_of, released
from .lineage import artifact, family
from .statement import RECORD, with_files
from .statement_trust import signers_line

X, Y = artifact(b"weights"), artifact(b"another")
APART, SUPERSEDED = "trust.unknown-signer", "lineage.superseded"
GAP = "lineage.unaccounted-input"
WRONG = "0" * 64


def add(suite):
    suite.in_layer("lineage", "trust.md#strangers-apart")
    words(suite)
    suite.in_layer("directory", "directory.md#releases")
    folders(suite)
    suite.in_layer("lineage", "lineage.md#nothing-missing-helps")
    omissions(suite)


def words(suite):
    """What a stranger says of things that are right."""

    def case(name, why, records, mine, *statements, also=(), embed=(), state="trusted", **more):
        bundle = family(*records, embed=embed)
        for number in mine:
            bundle.statement(says(bundle.made[number]))
        for statement in statements:
            bundle.statement(statement(bundle.made))
        suite.case(name, why, bundle, tiers=[FULL], signers=signers_line(ADA), at=AT, state=state, also=also, **more)

    file = b"not a listing"
    case("stranger-calls-a-file-a-tree", "what a stranger calls a tree need not be one", [{"outputs": [exact(file)], "on": 20}, {"inputs": [exact(file, form="tree")], "on": 21}], (0,), embed=[file])
    liar = lambda kind, **more: lambda made: sign(payload(None, kind, EVE, subjects=[{"name": "record.json", "digest": {**digests(made[0]), "sha256": WRONG}}], **more), EVE)
    case("stranger-knows-another-sha256", "nor need the record have the digests that a stranger names", [{"on": 20}], (0,), liar("comment", text="t"), also=[APART])
    case("stranger-releases-a-record", "whatever the kind of the statement", [{"on": 20}], (0,), liar("release"), also=[APART])
    case("stranger-without-salt", "a stranger's blinded record without salts breaks nothing", [{"on": 20}, {"blinded": True, "on": 21}], (0,))
    successor = lambda made: says(made[0], "supersession", created="2026-11-25T00:00:00Z", successor={**digests(made[1]), "sha256": WRONG})
    case("superseded-by-a-stranger's-record", "a record that is set apart is not here, whatever its digests", [{"on": 20}, {"on": 21}], (0,), successor, also=[SUPERSEDED])
    cut = lambda made: says(made[0], "comment", text="t", prev=[statement_id(payload(made[0], "comment", EVE, "2026-11-25T00:00:00Z", text="t"))])
    strange = lambda made: sign(payload(made[0], "comment", EVE, "2026-11-25T00:00:00Z", text="t"), EVE)
    case("follows-a-stranger", "a statement that is set apart is not here for those that follow it", [{"on": 20}], (0,), cut, strange, also=["statement.prev-dangling", APART])
    case("follows-a-stranger-who-left", "so it is the same without it", [{"on": 20}], (0,), cut, also=["statement.prev-dangling"])


    nothing = [{"on": 20, "end": 21}]
    case("nothing-counts", "where no record counts nothing is signed by anybody whose word does", nothing, (), lambda made: says(made[0], key=EVE), also=[APART], state="intact", require="signed")
    case("nothing-counts-and-more-of-it", "and another record of nobody's changes nothing", [*nothing, {"on": 22}], (), lambda made: says(made[0], key=EVE), also=[APART], state="intact", require="signed")
    theirs = lambda made: says(made[1], key=EVE)
    revoked = lambda made: says(made[1], "revocation", created="2026-11-25T00:00:00Z", revoked={"statement": statement_id(payload(made[1], key=EVE))})
    two = [{"on": 20}, {"on": 21}]
    case("statement-of-a-stranger-revoked", "what a statement that is not here vouched for was taken back", two, (0,), revoked, also=["trust.revoked"], state="intact")
    case("statement-of-a-stranger-revoked-and-here", "a stranger's statement is not here for that either", two, (0,), revoked, theirs, also=["trust.revoked", APART], state="intact")
    about = lambda made: sign(payload(None, "comment", ADA, subjects=[{"name": "record.json", "digest": {**digests(made[1]), "sha256": WRONG}}], text="t"), ADA)
    case("subject-is-a-stranger's-record", "a record that is set apart is not here, so no statement has a wrong digest of it", [{"on": 20}, {"on": 21}], (0,), about, also=["statement.orphan"])


def folders(suite):
    case = lambda name, why, bundle, files, also=(), errors=(), **more: suite.case(name, why, {BUNDLE: bundle.bytes(), **files}, also=also, errors=errors, tiers=[FULL], **more)
    later = {**FILES, "config.json": b'{"layers": 4}'}
    days = [f"2026-11-2{day}T00:00:00Z" for day in (5, 6, 7)]
    first = released(FILES, created=days[0])
    between = released(later, created=days[1], prev=[statement_id(first)])
    last = released({**later, "config.json": b'{"layers": 5}'}, created=days[2], prev=[statement_id(between)])
    newest = {**later, "config.json": b'{"layers": 5}'}
    case("released-older-between-left-out", "to leave out a release does not bring back the one before it", bundle_of((first, ADA, FILES), (last, ADA, newest)), FILES, ["statement.prev-dangling"], [CHANGED], **TRUST)
    case("released-newest-between-left-out", "and the latest is the latest", bundle_of((first, ADA, FILES), (last, ADA, newest)), newest, ["statement.prev-dangling"], state="trusted", **TRUST)
    wrong = {**exact(WEIGHTS), "digest": {**digests(WEIGHTS), "sha256": WRONG}}
    by_sha256 = {**exact(b"another", "metrics"), "digest": {"sha256": digests(b"another")["sha256"]}}
    for name, key, also in (("", None, []), ("-beside-a-stranger", EVE, [UNKNOWN]), ("-beside-another-run", ADA, [])):
        bundle = Bundle()
        run(bundle, [wrong])
        if name:
            run(bundle, [by_sha256], key=key)
        why = "what another record knows by SHA-256 alone does not change what a file is compared with"
        case("made-with-a-wrong-sha256" + name, why, bundle, {"model.safetensors": WEIGHTS}, [NOT_RELEASED, *also], state="trusted", clause="directory.md#what-covers", **TRUST)
    bundle = Bundle()
    run(bundle, [exact(WEIGHTS), {**exact(WEIGHTS, "acme"), "digest": {"sha256": digests(WEIGHTS)["sha256"]}}])
    case("model-that-is-something-else-too", "bytes that one output calls a model are one, whatever another calls them", bundle, {"weights.dat": WEIGHTS}, [NOT_RELEASED], state="signed", clause="directory.md#the-state-of-a-file")
    strange = released(later, EVE, days[1], [statement_id(first)])
    after = released(newest, created=days[2], prev=[statement_id(strange)])
    mine = [(first, ADA, FILES), (after, ADA, newest)]
    case("released-older-behind-a-stranger", "whether or not what is between is a stranger's", bundle_of(*mine, (strange, EVE, later)), FILES, ["statement.prev-dangling", UNKNOWN], [CHANGED], **TRUST)
    case("released-older-behind-a-stranger-who-left", "it is the same", bundle_of(*mine), FILES, ["statement.prev-dangling"], [CHANGED], **TRUST)
    checkpoint = lambda: model(OTHER, None, "checkpoint")
    swapped = {**newest, "model.safetensors": OTHER}
    for name, date, found in (("before-it", days[0], ["statement.prev-time"]), ("at-once", days[1], [])):
        ahead = released(later, created=days[1], prev=[statement_id(first)])
        behind = released(newest, created=date, prev=[statement_id(ahead)])
        both = [(ahead, ADA, later), (behind, ADA, newest)]
        case(f"release-dated-{name}", "a release comes behind the one that it follows, whatever their dates", bundle_of((first, ADA, FILES), *both, bundle=checkpoint()), swapped, [NO_WEIGHTS, *found], [CHANGED], **TRUST)
        case(f"release-dated-{name}-first-left-out", "and to leave out the first helps no run to stand in for them", bundle_of(*both, bundle=checkpoint()), swapped, [NO_WEIGHTS, "statement.prev-dangling", *found], [CHANGED], **TRUST)
    # Of one date the id decides, so which of the two is later is looked up.
    pair = [(files, cut) for files, cut in ((FILES, released(FILES, created=days[1], prev=["1" * 64])), (newest, released(newest, created=days[1], prev=["2" * 64])))]
    (old, older), (new, newer) = sorted(pair, key=lambda one: statement_id(one[1]))
    case("released-twice-at-once-both-cut-off", "of two releases of one date that follow something elsewhere, one is the last", bundle_of((older, ADA, old), (newer, ADA, new)), old, ["statement.prev-dangling"], [CHANGED], **TRUST)
    mine, his = released(FILES, created=days[0]), released(later, BEN, days[1], [statement_id(first)])
    last = released(newest, BEN, days[2], [statement_id(his)])
    three = [(mine, ADA, FILES), (his, BEN, later), (last, BEN, newest)]
    case("released-by-two-keys", "a team, or a key that took the place of another", bundle_of(*three), FILES, (), [CHANGED], **TRUST)
    case("released-by-two-keys-between-left-out", "to leave out the one between brings back no older release of another key", bundle_of(three[0], three[2]), FILES, ["statement.prev-dangling"], [CHANGED], **TRUST)
    again = released(newest, created=days[2], prev=[statement_id(his)])
    case("released-by-way-of-another-key-unasked", "without a signers file each key speaks for itself, on the way too", bundle_of(*three[:2], (again, ADA, newest)), FILES, state="signed")
    bundle = Bundle()
    run(bundle, [{**exact(WEIGHTS), "passedOn": True}], [exact(WEIGHTS)])
    case("passed-on", "what a run was given it has not made, so an evaluation covers no model", bundle, {"model.safetensors": WEIGHTS}, [UNCOVERED, NO_WEIGHTS, GAP], clause="directory.md#what-covers")
    only = lambda name: {**exact(WEIGHTS), "digest": {name: digests(WEIGHTS)[name]}}
    tree = listing({"model.safetensors": WEIGHTS, "log.txt": b"one two three"})
    for name, inputs, outputs in (
        ("", [exact(WEIGHTS)], [exact(WEIGHTS)]),
        ("-and-called-made", [exact(WEIGHTS)], [{**exact(WEIGHTS), "passedOn": False}]),
        ("-by-one-digest", [only("sha256")], [exact(WEIGHTS)]),
        ("-and-put-out-in-a-folder", [exact(WEIGHTS)], [artifact(tree, form="tree")]),
        ("-and-put-out-in-a-folder-called-made", [exact(WEIGHTS)], [{**artifact(tree, form="tree"), "passedOn": False}]),
        ("-in-another-role", [{**exact(WEIGHTS), "role": "config"}], [exact(WEIGHTS)]),
    ):
        bundle = Bundle()
        run(bundle, outputs, inputs)
        if "folder" in name:
            bundle.embed(tree)
        also = [UNCOVERED, NO_WEIGHTS] + ([] if "role" in name else [GAP])
        case(f"taken-in{name}", "what a run was given it has not made, marked or not", bundle, {"model.safetensors": WEIGHTS}, also, clause="directory.md#what-covers")
        if "folder" in name:
            case(f"taken-in{name}-and-others-here", "but a folder that was put out as a model belongs to no other weights", bundle, {"w.bin": OTHER}, also, ["directory.no-output"], clause="directory.md#what-covers")
    given = listing({"base.safetensors": WEIGHTS})
    for name, output, is_covered in (
        ("", exact(WEIGHTS), False), ("-in-a-folder", artifact(tree, form="tree"), False),
        ("-called-made", {**exact(WEIGHTS), "passedOn": False}, True), ("-in-a-folder-called-made", {**artifact(tree, form="tree"), "passedOn": False}, True),
    ):
        for missing in ("", "-withheld"):
            bundle = Bundle()
            run(bundle, [output], [artifact(given, form="tree")])
            for content in [tree] * ("folder" in name) + [given] * (not missing):
                bundle.embed(content)
            also = [NOT_RELEASED, GAP] if is_covered else [UNCOVERED, NO_WEIGHTS, GAP]
            state = {"state": "signed"} if is_covered else {}
            case(f"taken-in-with-a-tree{name}{missing}", "what was in a folder that a run was given it has not made, unless the record says so", bundle, {"model.safetensors": WEIGHTS}, also, **state, clause="directory.md#what-covers")
    bundle = Bundle()
    run(bundle, [exact(WEIGHTS)], names=[{"direction": "input", "role": "model", "digest": digests(WEIGHTS)}])
    case("taken-in-by-a-description", "what a description has among the inputs was not made", bundle, {"model.safetensors": WEIGHTS}, [UNCOVERED, NO_WEIGHTS, GAP], clause="directory.md#what-covers")
    bundle = Bundle()
    run(bundle, [artifact(tree, form="tree")], [exact(WEIGHTS)])
    run(bundle, [artifact(tree, form="tree")])
    bundle.embed(tree)
    case("taken-in-and-made-by-another", "another run that put out the same folder made the file", bundle, {"model.safetensors": WEIGHTS}, [NOT_RELEASED, "lineage.child-before-parent"], state="signed", clause="directory.md#what-covers")
    bundle = Bundle()
    bundle.embed(listing(FILES))
    bundle.statement(sign(released(FILES) | {"predicateType": "https://expbundle.github.io/statement/release/v2"}))
    run(bundle, [exact(WEIGHTS)])
    case("release-of-a-later-version", "its listing may be here, though only a later version can verify it", bundle, {"model.safetensors": WEIGHTS}, ["statement.unknown-version", NOT_RELEASED], state="signed")


def omissions(suite):
    case = lambda name, why, bundle, also=(), errors=(), **more: suite.case(name, why, bundle, also=also, errors=errors, tiers=[FULL], **more)
    base, child = {"outputs": [X], "on": 20, "end": 21}, {"inputs": [X], "outputs": [Y], "on": 23, "end": 24}
    trust = {"signers": signers_line(ADA), "at": AT}
    for name, signed in (("revoked-ancestor", (0, 1)), ("revoked-ancestor-without-its-authorship", (1,))):
        bundle = family(base, child)
        for number in signed:
            bundle.statement(says(bundle.made[number]))
        bundle.statement(says(bundle.made[0], "revocation", created="2026-11-25T00:00:00Z", revoked={"record": name_of(bundle.made[0])}))
        case(name, "what a trusted key revoked is seen, whether or not its authorship is here", bundle, ["trust.revoked", *([] if 0 in signed else [GAP])], **trust)
    both = {"signers": signers_line(ADA) + signers_line(BEN, "ben"), "at": AT}
    authorship = statement_id(payload(family(base).made[0], "authorship", BEN))
    for what, revoked in (("statement", {"statement": authorship}), ("key", {"key": BEN.line})):
        for name, signed in (("", True), ("-left-out", False)):
            bundle = family(base, child)
            bundle.statement(says(bundle.made[1]))
            if signed:
                bundle.statement(says(bundle.made[0], key=BEN))
            bundle.statement(says(bundle.made[0], "revocation", created="2026-11-25T00:00:00Z", revoked=revoked))
            says_on = what == "statement" and signed
            case(f"authorship-revoked-by-its-{what}{name}", "whatever of it was taken back", bundle, ["trust.revoked", *([] if says_on else [GAP])], **both)
    lie = {"outputs": [{**X, "digest": {**X["digest"], "sha256": WRONG}}], "on": 25, "end": 26}
    for name, key, revoked in (("stolen-key", BEN, lambda made: {"key": BEN.line}), ("strange-key", EVE, lambda made: {"record": name_of(made)})):
        bundle = family(base, child, lie)
        for number in (0, 1):
            bundle.statement(says(bundle.made[number]))
        bundle.statement(says(bundle.made[2], key=key))
        bundle.statement(says(bundle.made[2], "revocation", created="2026-11-25T00:00:00Z", revoked=revoked(bundle.made[2])))
        case(f"revoked-record-of-a-{name}-has-no-say", "who holds a stolen key can sign new records, so what it signed contradicts nobody", bundle, ["trust.revoked", *([APART] if key is EVE else [])], **both)
    bundle = family(base, child)
    bundle.statement(says(bundle.made[1]))
    bundle.statement(says(bundle.made[0], key=EVE))
    bundle.statement(says(bundle.made[0], "revocation", created="2026-11-25T00:00:00Z", revoked={"key": EVE.line}))
    case("strange-key-revoked", "a key that is not known has vouched for nothing, so its record stays apart", bundle, [GAP, "statement.orphan", "trust.revoked", APART], state="trusted", **both)
    expired = signers_line(ADA) + signers_line(BEN, "ben", 'valid-before="20260101"')
    withdrawn = says(RECORD, "revocation", BEN, created="2026-11-24T00:00:00Z", revoked={"record": name_of(RECORD)})
    for name, more, also in (("withdrawn-by-a-former-author", [says(RECORD, key=BEN)], ["trust.not-valid", "trust.revoked"]), ("withdrawn-by-a-former-author-whose-authorship-left", [], ["trust.no-right", "trust.not-valid"])):
        case(name, "a key that is not trusted takes back its own signature, and nobody else's", with_files(says(RECORD), *more, withdrawn), also, state="trusted", signers=expired, at=AT, clause="trust.md#taking-back")
    named = {"artifacts": [{"direction": "output", "role": "model", "name": "m", "licence": "gpl-3.0"}]}
    listed = {"context.json": fixed({"title": "a run"}), "artifacts.json": fixed(named)}
    bundle = Bundle()
    bundle.record(body(listed), {"context.json": listed["context.json"]})
    case("licence-withheld-of-what-has-a-name-alone", "outputs may be known by name alone, and then only the description has them", bundle, ["lineage.licence-withheld", "section.withheld"], clause="family.md#licences")
