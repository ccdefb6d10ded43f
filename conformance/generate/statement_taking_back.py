"""Layer `statement`: what was taken back, and by whom (trust.md)."""

from .build import ADA, AT, BEN, EVE, Bundle, body, digests, fixed, name_of, payload, says, sign, statement_id
from .cases import CORE, FULL
from .statement import RECORD, with_files
from .statement_trust import signers_line

OTHER_TEXT = fixed({"title": "another run"})
OTHER = fixed(body({"context.json": OTHER_TEXT}))
FIRST, SECOND = payload(RECORD), payload(RECORD, key=BEN)
BY_ADA, BY_BEN = sign(FIRST), sign(SECOND, BEN)
ADA_IS, BEN_IS = signers_line(ADA), signers_line(BEN, "ben@example.org")
LATE, EARLY = "2026-12-05T00:00:00Z", "2026-11-30T00:00:00Z"


def revoked(key, what, record=RECORD, created="2026-11-24T00:00:00Z", **more):
    return says(record, "revocation", key, created=created, revoked=what, **more)


def superseded(key, record=RECORD, created="2026-11-24T00:00:00Z", successor=OTHER, **more):
    return says(record, "supersession", key, created=created, successor=digests(successor), **more)


def two(*files):
    """The smallest bundle with another record in it."""
    bundle = with_files(*files)
    bundle.record(raw=OTHER, sections={"context.json": OTHER_TEXT})
    return bundle


def add(suite):
    suite.in_layer("statement", "trust.md#taking-back")
    by_whom(suite)
    when(suite)
    superseding(suite)
    of_parents(suite)
    with_signers(suite)


def by_whom(suite):
    """Rights that follow from the bundle alone."""
    case = lambda name, why, *files, **more: suite.case(name, why, with_files(*files), at=AT, **more)
    # Who has no BLAKE3 knows no ids of statements.
    by_id = lambda name, why, *files, **more: case(name, why, *files, tiers=[CORE, FULL], **more)
    taken = {"also": ["trust.revoked"]}
    idle = {"state": "signed", "also": ["trust.no-right"]}
    case("own-key-revoked", "whose key was stolen says so with that very key", BY_ADA, revoked(ADA, {"key": ADA.line}), **taken)
    by_id("own-statement-revoked", "who signed takes it back", BY_ADA, revoked(ADA, {"statement": statement_id(FIRST)}), **taken)
    case("own-record-revoked", "its only signer takes the record back", BY_ADA, revoked(ADA, {"record": name_of(RECORD)}), **taken)
    case("record-revoked-by-one-of-two-authors", "anybody can sign a record and revoke it, so the other signature stays", BY_ADA, BY_BEN, revoked(ADA, {"record": name_of(RECORD)}), state="signed", **taken)
    case("record-revoked-by-both-authors", "all who signed take the record back", BY_ADA, BY_BEN, revoked(ADA, {"record": name_of(RECORD)}), revoked(BEN, {"record": name_of(RECORD)}), **taken)
    by_id("statement-revoked-by-a-stranger", "nobody takes back what another signed", BY_ADA, revoked(BEN, {"statement": statement_id(FIRST)}), **idle)
    case("record-revoked-by-a-stranger", "who does not vouch has nothing to take back", BY_ADA, revoked(BEN, {"record": name_of(RECORD)}), **idle)
    case("key-revoked-by-a-stranger", "a key is taken back by itself", BY_ADA, revoked(BEN, {"key": ADA.line}), **idle)
    case("record-revoked-by-a-reviewer", "a review does not vouch", BY_ADA, says(RECORD, "review", BEN, verdict="approved"), revoked(BEN, {"record": name_of(RECORD)}), **idle)
    by_id("statement-revoked-that-is-elsewhere", "nobody can tell who signed what is not here", BY_ADA, revoked(ADA, {"statement": "0" * 64}), **idle)
    suite.case("record-revoked-that-is-no-subject", "a record is taken back by a statement about it", two(BY_ADA, says(OTHER), revoked(ADA, {"record": name_of(OTHER)})), at=AT, **idle)
    by_id("statement-revoked-by-its-file", "an id is the digest of the payload, whatever envelope is around it", BY_ADA, revoked(ADA, {"statement": name_of(BY_ADA)}), **idle)
    by_id("one-of-two-authors-revoked", "the other one's word still counts", BY_ADA, BY_BEN, revoked(ADA, {"statement": statement_id(FIRST)}), state="signed", **taken)
    case("key-of-one-of-two-authors-revoked", "the other one's word still counts", BY_ADA, BY_BEN, revoked(ADA, {"key": ADA.line}), state="signed", **taken)
    comment = payload(RECORD, "comment", BEN, text="t")
    by_id("comment-revoked", "a remark may be taken back, and nothing else with it", BY_ADA, sign(comment, BEN), revoked(BEN, {"statement": statement_id(comment)}), state="signed", **taken)
    case("key-revoked-that-signed-nothing-else", "a key may be taken back before it is used", BY_ADA, revoked(BEN, {"key": BEN.line}), state="signed", **taken)
    case("key-revoked-in-a-statement-about-a-record-elsewhere", "a key is one key, whatever record it speaks of", BY_ADA, revoked(ADA, {"key": ADA.line}, record=b"elsewhere"), also=["statement.orphan", "trust.revoked"])
    suite.case("key-revoked-about-another-record", "every statement of the key, about any record", two(BY_ADA, says(OTHER, key=BEN), revoked(BEN, {"key": BEN.line})), at=AT, **taken)
    suite.case("worked-example-without-signers", "without a signers file each signer takes back its own signature", with_files(
        BY_ADA, BY_BEN, revoked(BEN, {"record": name_of(RECORD)}, created="2026-11-25T00:00:00Z"), revoked(BEN, {"key": BEN.line}, created="2026-11-26T00:00:00Z")), at=AT, state="signed", **taken, clause="trust.md#worked-example")
    back = payload(RECORD, "revocation", created="2026-11-24T00:00:00Z", revoked={"key": ADA.line})
    by_id("revocation-revoked", "a revocation cannot be revoked, so that no order of looking changes what it comes to", BY_ADA, sign(back), revoked(ADA, {"statement": statement_id(back)}), **taken)
    case("revocation-by-a-revoked-key", "whose key is revoked can still take back what it signed", BY_BEN, revoked(BEN, {"record": name_of(RECORD)}), revoked(BEN, {"key": BEN.line}), **taken)
    by_id("record-revoked-by-a-revoked-author", "rights are taken from all statements, also those that were taken back", BY_BEN, revoked(BEN, {"statement": statement_id(SECOND)}),
          revoked(BEN, {"record": name_of(RECORD)}), **taken)
    case("same-signer-takes-nothing-back", "that another key is the signer's too is a claim, and gives it no right", BY_ADA, says(RECORD, "link", ADA, sameSigner=BEN.line), says(RECORD, "link", BEN, sameSigner=ADA.line),
         revoked(BEN, {"key": ADA.line}), **idle)


def when(suite):
    """A revocation counts from its `since`, else from its `created` on, up to the moment that is asked about."""
    case = lambda name, why, *files, **more: suite.case(name, why, with_files(BY_ADA, *files), **{"at": AT, **more})
    mine = lambda **more: revoked(ADA, {"key": ADA.line}, **more)
    case("revoked-at-the-very-moment", "the first moment counts", mine(created=AT), also=["trust.revoked"])
    later = {"state": "signed", "also": ["statement.future"]}
    case("revoked-a-nanosecond-later", "and none before it", mine(created="2026-12-01T00:00:00.000000001Z"), **later)
    case("revoked-later", "not yet, and that is said", mine(created=LATE), **later)
    case("revoked-since-later", "not yet, and that is said", mine(since=LATE), **later)
    case("revoked-in-the-year-9999", "a mistyped year is not without a word", mine(created="9999-11-24T00:00:00Z"), **later)
    case("revoked-since-before-it-was-said", "`since` decides, whenever it was said", mine(created=LATE, since=EARLY), also=["statement.future", "trust.revoked"])
    case("comment-dated-later", "whatever its kind", says(RECORD, "comment", BEN, created=LATE, text="t"), **later)
    case("authorship-dated-later", "an authorship counts whenever it is dated", says(RECORD, key=BEN, created=LATE), **later)
    case("revoked-since-null", "null is not a moment", sign(since_null()), also=["trust.revoked"])
    case("revoked-since-before-all", "a moment before everything", mine(since="0000-01-01T00:00:00Z"), also=["trust.revoked"])
    case("revoked-before-it-was-signed", "who has a stolen key can date as they like", mine(created="2026-01-01T00:00:00Z"), also=["trust.revoked"])
    case("revoked-by-nobody-later", "an attempt is reported when it would count", revoked(EVE, {"key": ADA.line}, created=LATE), **later)
    case("asked-about-later", "at another moment it counts", mine(created=LATE), also=["trust.revoked"], at="2026-12-05T00:00:00Z")
    case("asked-about-earlier", "at another moment it does not", mine(), at="2026-11-23T23:59:59.999999999Z", **later)


def since_null():
    value = payload(RECORD, "revocation", created="2026-11-24T00:00:00Z", revoked={"key": ADA.line})
    value["predicate"]["since"] = None
    return value


def superseding(suite):
    """A superseded record stays what it was."""
    case = lambda name, why, *files, **more: suite.case(name, why, two(*files, says(OTHER)), **{"at": AT, "state": "signed", **more})
    mine = payload(RECORD, "supersession", created="2026-11-24T00:00:00Z", successor=digests(OTHER))
    case("superseded-record-stays-signed", "a better one takes its place, and it stays what it was", BY_ADA, sign(mine), also=["lineage.superseded"])
    case("supersession-by-a-stranger", "who does not vouch names no successor", BY_ADA, superseded(BEN), also=["trust.no-right"])
    case("supersession-later", "not yet, and that is said", BY_ADA, superseded(ADA, created=LATE), also=["statement.future"])
    case("supersession-revoked", "who named a successor may take that back", BY_ADA, sign(mine), revoked(ADA, {"statement": statement_id(mine)}), also=["trust.revoked"])
    case("supersession-by-a-revoked-key", "every statement of a revoked key counts for nothing", BY_ADA, BY_BEN, superseded(BEN), revoked(BEN, {"key": BEN.line}), also=["trust.revoked"])
    suite.refused("supersession-by-another-sha256", "both digests name a successor", two(BY_ADA, says(OTHER), sign(lying())), "artifact.digest-conflict", tiers=[FULL], at=AT, clause="lineage.md")


def lying():
    return payload(RECORD, "supersession", created="2026-11-24T00:00:00Z", successor={**digests(OTHER), "sha256": "0" * 64})


def of_parents(suite):
    """A bundle is no better without a parent that was revoked."""
    parent = lambda record: {"parents": [{"record": digests(record), "relation": "fine-tuned-from"}]}

    def case(name, why, *statements, of=None, is_named=True, signers=ADA_IS + BEN_IS, **more):
        bundle = Bundle()
        title = {"context.json": OTHER_TEXT}
        child = bundle.record(body(title, **(parent(RECORD) if is_named else {})), title)
        for statement in (says(child), *statements):
            bundle.statement(statement(child) if callable(statement) else statement)
        also = [*more.pop("also", ["trust.revoked"]), "statement.orphan", *(["lineage.parent-absent"] if is_named else [])]
        suite.case(name, why, bundle, tiers=[FULL], at=AT, also=also, clause="report.md#states", **({"signers": signers} if signers else {}), **more)

    record, vouched = {"record": name_of(RECORD)}, {"statement": statement_id(FIRST)}
    case("parent-revoked-and-left-out", "what was made from a revoked record is no better without it", revoked(BEN, record), state="intact")
    case("parent-revoked-and-nobody-names-it", "a record that nobody here names may have nothing to do with it", revoked(BEN, record), is_named=False, state="trusted")
    case("parent-revoked-later", "not yet", revoked(BEN, record, since=LATE), also=["statement.future"], state="trusted")
    case("parent-rejected-and-left-out", "a review lowers no state, of whatever record", says(RECORD, "review", BEN, verdict="rejected"), also=[], state="trusted")
    case("authorship-of-a-parent-revoked", "an authorship of it is revoked, and nobody else vouches", BY_ADA, revoked(BEN, vouched), state="intact")
    case("authorship-of-a-parent-revoked-and-left-out", "leaving the authorship out changes nothing", revoked(BEN, vouched), state="intact")
    case("authorship-of-a-parent-revoked-of-two", "somebody else still vouches for it", BY_ADA, BY_BEN, revoked(BEN, vouched), state="trusted")
    case("key-of-a-parent-revoked", "the key that may have signed it is revoked", revoked(ADA, {"key": BEN.line}), state="intact")
    case("parent-of-a-link-revoked", "a link names a parent too", lambda child: says(child, "link", BEN, parent=digests(RECORD)), revoked(BEN, record), is_named=False, also=["trust.revoked", "lineage.parent-absent"], state="intact")
    case("parent-revoked-by-its-author-without-signers", "without a signers file its author may", BY_ADA, revoked(ADA, record), signers=None, state="intact", require="signed")
    case("parent-revoked-by-another-without-signers", "and nobody else", BY_ADA, revoked(BEN, record), signers=None, also=["trust.no-right"], state="signed", require="signed")


def with_signers(suite):
    """Rights that a signers file gives and takes."""
    def case(name, why, signers, bundle, **more):
        suite.case(name, why, bundle if isinstance(bundle, Bundle) else with_files(*bundle), tiers=[FULL], signers=signers, **{"at": AT, **more})

    good = ADA_IS
    first = FIRST
    case("key-revoked-by-itself", "from then on nothing of the key counts", good, with_files(sign(first), revoked(ADA, {"key": ADA.line})), state="intact", also=["trust.revoked"])
    case("key-revoked-later", "not yet at that moment", good, with_files(sign(first), revoked(ADA, {"key": ADA.line}, since="2027-01-01T00:00:00Z")), state="trusted", also=["statement.future"])
    case("statement-revoked", "who signed may take it back", good, with_files(sign(first), revoked(ADA, {"statement": statement_id(first)})), state="intact", also=["trust.revoked"])
    case("record-revoked", "who vouches may take the record back", good, with_files(sign(first), revoked(ADA, {"record": name_of(RECORD)})), state="intact", also=["trust.revoked"])
    case("key-revoked-by-nobody", "a stranger takes nothing back", good, with_files(sign(first), revoked(EVE, {"key": ADA.line})), state="trusted", also=["trust.unknown-signer"])
    case("key-revoked-by-a-trusted-key", "whom the file trusts may take back anything", good + signers_line(BEN, "ben@example.org"), with_files(sign(first), revoked(BEN, {"key": ADA.line})), state="intact", also=["trust.revoked"])
    case("revocation-is-not-revoked", "who was wrong signs anew", good, with_files(sign(first), *revocations(first)), state="intact", also=["trust.revoked"])
    case("record-revoked-by-a-trusted-key", "whom the file trusts may take back any record", good, [BY_BEN, revoked(ADA, {"record": name_of(RECORD)})], also=["trust.revoked", "trust.unknown-signer"])
    case("record-revoked-by-an-author-whom-nobody-knows", "anybody can vouch for a record: where there is a signers file, taking it back takes a key that the file has", good, [BY_ADA, BY_BEN, revoked(BEN, {"record": name_of(RECORD)})],
         state="trusted", also=["trust.unknown-signer"])
    case("record-revoked-by-an-author-of-another-time", "a key that is not trusted at the moment takes back its own signature, and nobody else's", good + signers_line(BEN, "ben", 'valid-before="20260101"'), [BY_ADA, BY_BEN, revoked(BEN, {"record": name_of(RECORD)})],
         state="trusted", also=["trust.not-valid", "trust.revoked"])
    case("record-revoked-by-an-author-of-another-namespace", "a key that the file has for something else takes back nothing", good + signers_line(BEN, "ben", 'namespaces="git"'), [BY_ADA, BY_BEN, revoked(BEN, {"record": name_of(RECORD)})],
         state="trusted", also=["trust.namespace", "trust.no-right"])
    case("key-revoked-by-itself-unknown", "what a stranger takes back is set apart with what the stranger signed", good, [BY_ADA, BY_BEN, revoked(BEN, {"key": BEN.line})], state="trusted", also=["trust.unknown-signer"])
    case("statement-revoked-by-its-unknown-signer", "what a stranger takes back is set apart with what the stranger signed", good, [BY_ADA, BY_BEN, revoked(BEN, {"statement": statement_id(SECOND)})], state="trusted",
         also=["trust.unknown-signer"])
    example = [
        BY_ADA, BY_BEN, revoked(BEN, {"record": name_of(RECORD)}, created="2026-11-25T00:00:00Z"), revoked(BEN, {"key": BEN.line}, created="2026-11-26T00:00:00Z"),
        revoked(ADA, {"statement": statement_id(FIRST)}, created="2026-12-02T00:00:00Z"),
    ]
    case("worked-example", "the example of the page", good, example, state="trusted", also=["statement.future", "trust.unknown-signer"], clause="trust.md#worked-example")
    case("worked-example-later", "the example of the page, two days later", good, example, at="2026-12-03T00:00:00Z", also=["trust.revoked", "trust.unknown-signer"], clause="trust.md#worked-example")
    case("record-revoked-that-nobody-vouches-for", "whom the file trusts may say so of any record", good, [revoked(ADA, {"record": name_of(RECORD)})], also=["trust.revoked"])
    case("any-record-revoked-by-a-trusted-key", "of any record, whichever one the statement is about", good, two(BY_ADA, says(OTHER), revoked(ADA, {"record": name_of(OTHER)})), also=["trust.revoked"])
    case("revoked-by-a-key-no-longer-trusted", "trust is judged at the moment, and so is what it allows", good + signers_line(BEN, "ben", 'valid-before="20261125Z"'), [BY_ADA, revoked(BEN, {"key": ADA.line})],
         state="trusted", also=["trust.no-right", "trust.not-valid"])
    case("no-right-later", "an attempt is reported when it would count", good, [BY_ADA, revoked(BEN, {"key": ADA.line}, created=LATE)], state="trusted", also=["trust.unknown-signer"])
    case("key-of-a-stranger-revoked-by-a-trusted-one", "what was taken back is not judged", good, [BY_ADA, BY_BEN, revoked(ADA, {"key": BEN.line})], state="trusted", also=["trust.revoked", "trust.unknown-signer"])
    case("supersession-by-a-trusted-key", "whom the file trusts may name a successor", good + BEN_IS, two(BY_BEN, says(OTHER, key=BEN), superseded(ADA)), state="trusted", also=["lineage.superseded"])
    case("supersession-by-an-author-whom-nobody-knows", "nor does such a one name a successor", good, two(BY_ADA, BY_BEN, says(OTHER), superseded(BEN)), state="trusted", also=["trust.unknown-signer"])


def revocations(first):
    taken = payload(RECORD, "revocation", created="2026-11-24T00:00:00Z", revoked={"statement": statement_id(first)})
    back = payload(RECORD, "revocation", created="2026-11-25T00:00:00Z", revoked={"statement": statement_id(taken)})
    return sign(taken), sign(back)
