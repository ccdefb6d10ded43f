"""Cases of several layers by which somebody without a trusted key once changed an answer, or by which leaving something out made one better."""

from .build import ADA, AT, BEN, EVE, Bundle, artifact as exact, body, digests, fixed, listing, name_of, payload, says, section, sign, statement_id
from .cases import FULL
from .directory import BUNDLE, CHANGED, NO_WEIGHTS, NOT_RELEASED, TRUST, UNCOVERED, UNKNOWN, WEIGHTS, run
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

    def case(name, why, records, mine, *statements, also=(), embed=(), state="trusted"):
        bundle = family(*records, embed=embed)
        for number in mine:
            bundle.statement(says(bundle.made[number]))
        for statement in statements:
            bundle.statement(statement(bundle.made))
        suite.case(name, why, bundle, tiers=[FULL], signers=signers_line(ADA), at=AT, state=state, also=also)

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
    strange = released(later, EVE, days[1], [statement_id(first)])
    after = released(newest, created=days[2], prev=[statement_id(strange)])
    mine = [(first, ADA, FILES), (after, ADA, newest)]
    case("released-older-behind-a-stranger", "whether or not what is between is a stranger's", bundle_of(*mine, (strange, EVE, later)), FILES, ["statement.prev-dangling", UNKNOWN], [CHANGED], **TRUST)
    case("released-older-behind-a-stranger-who-left", "it is the same", bundle_of(*mine), FILES, ["statement.prev-dangling"], [CHANGED], **TRUST)
    bundle = Bundle()
    run(bundle, [{**exact(WEIGHTS), "passedOn": True}], [exact(WEIGHTS)])
    case("passed-on", "what a run was given it has not made, so an evaluation covers no model", bundle, {"model.safetensors": WEIGHTS}, [UNCOVERED, NO_WEIGHTS, GAP], clause="directory.md#what-covers")
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
        case(name, "what a trusted key revoked is not set apart, whether or not its authorship is here", bundle, ["trust.revoked"], **trust)
    expired = signers_line(ADA) + signers_line(BEN, "ben", 'valid-before="20260101"')
    withdrawn = says(RECORD, "revocation", BEN, created="2026-11-24T00:00:00Z", revoked={"record": name_of(RECORD)})
    for name, more, also in (("withdrawn-by-a-former-author", [says(RECORD, key=BEN)], ["trust.not-valid", "trust.revoked"]), ("withdrawn-by-a-former-author-whose-authorship-left", [], ["trust.no-right", "trust.not-valid"])):
        case(name, "a key that is not trusted takes back its own signature, and nobody else's", with_files(says(RECORD), *more, withdrawn), also, state="trusted", signers=expired, at=AT, clause="trust.md#taking-back")
    named = {"artifacts": [{"direction": "output", "role": "model", "name": "m", "licence": "gpl-3.0"}]}
    listed = {"context.json": fixed({"title": "a run"}), "artifacts.json": fixed(named)}
    bundle = Bundle()
    bundle.record(body(listed), {"context.json": listed["context.json"]})
    case("licence-withheld-of-what-has-a-name-alone", "outputs may be known by name alone, and then only the description has them", bundle, ["lineage.licence-withheld", "section.withheld"], clause="family.md#licences")
