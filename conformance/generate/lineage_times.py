"""Layer `lineage`: what came first, and which of two records of one run is right (lineage.md)."""

import pathlib
import tomllib

from .build import ADA, AT, BEN, digests, payload, says, sign, statement_id
from .cases import FULL
from .lineage import artifact, family
from .statement_taking_back import revoked

LATE, GAP, TWO, SUPERSEDED = "lineage.child-before-parent", "lineage.unaccounted-input", "lineage.two-records", "lineage.superseded"
# The open registry: which relations follow from a parent that still runs.
RELATIONS = tomllib.loads((pathlib.Path(__file__).resolve().parents[2] / "spec/relations.toml").read_text())["relations"]
X, Y = artifact(b"weights"), artifact(b"another")
SOURCE = {"tool": "mlflow", "run": "1"}


def add(suite):
    case = lambda name, why, bundle, also=(), errors=(), **more: suite.case(name, why, bundle, errors=errors, also=also, tiers=[FULL], **more)
    suite.in_layer("lineage", "lineage.md#times")
    times(case)
    suite.in_layer("lineage", "lineage.md#one-run-one-record")
    one_run(case)


def times(case):
    during = lambda *relations, **child: family({"on": 21, "end": 25}, {"parents": [(0, relation) for relation in relations], **child})
    for relation, about in RELATIONS.items():
        case(f"during-{relation}", "whether a child may start while its parent runs depends on the relation", during(relation), [] if about["after"] == "start" else [LATE])
    case("during-unknown", "a relation that nobody knows means a parent that had ended", during("unheard-of"), [LATE])
    case("during-uri", "as does an extension's", during("https://example.org/r"), [LATE])
    case("during-two-relations", "the stricter of two relations holds too", during("part-of", "fine-tuned-from"), [LATE])
    case("part-of-before-its-start", "what is part of a parent does not start before it", family({"on": 24, "end": 25}, {"parents": [(0, "part-of")]}), [LATE])
    case("part-of-at-its-start", "at the very moment", family({"on": 23, "end": 25}, {"parents": [(0, "part-of")]}))
    case("declared-as-the-parent-ended", "at the very moment", family({"on": 22, "end": 23}, {"parents": [(0, "fine-tuned-from")]}))
    took = lambda role, taken=None, **child: family({"on": 22, "end": 25, "outputs": [artifact(b"weights", role)]}, {"inputs": [artifact(b"weights", taken or role)], **child})
    case("relation-of-a-proven-link", "what is declared says how the same bytes were taken in", took("model", parents=[(0, "part-of")]))
    case("checkpoint-of-a-declared-parent", "what is declared says more than the role", took("checkpoint", parents=[(0, "fine-tuned-from")]), [LATE])
    case("checkpoint-taken-in-as-a-model", "what the child took in decides", took("checkpoint", "model"), [LATE])
    case("model-taken-in-as-a-checkpoint", "what the child took in decides", took("model", "checkpoint"))
    case("checkpoint-among-gaps", "and what it cannot account for changes nothing", family({"on": 21, "end": 25, "outputs": [artifact(b"weights", "checkpoint")]},
                                                                                           {"inputs": [artifact(b"weights", "checkpoint"), artifact(b"another", "checkpoint")]}), [GAP])
    case("parent-without-an-end", "a parent that never ended is taken by its start", family({"on": 24, "outputs": [X]}, {"inputs": [X]}), [LATE])
    case("parent-without-an-end-earlier", "a parent that never ended is taken by its start", family({"on": 22, "outputs": [X]}, {"inputs": [X]}))
    case("parent-without-times", "where times are unknown nothing is said", family({"on": None, "outputs": [X]}, {"inputs": [X]}))
    case("parent-without-a-start", "an end is a time too", family({"on": None, "end": 25, "outputs": [X]}, {"inputs": [X]}), [LATE])
    case("child-without-times", "where times are unknown nothing is said", family({"on": 24, "end": 25, "outputs": [X]}, {"on": None, "inputs": [X]}))
    two = lambda first, second: family({"outputs": [X], **first}, {"outputs": [X], **second}, {"inputs": [X]})
    case("earliest-of-two-producers", "of alternatives the earliest counts", two({"on": 21, "end": 22}, {"on": 24, "end": 25}))
    case("two-producers-too-late", "and if none was early enough, that is said", two({"on": 24, "end": 25}, {"on": 25, "end": 26}), [LATE])
    case("producer-of-unknown-time", "one of unknown time may have been early enough", two({"on": None}, {"on": 24, "end": 25}))
    case("two-inputs-one-too-late", "each input has to be there", family({"outputs": [X], "on": 21, "end": 22}, {"outputs": [Y], "on": 24, "end": 25}, {"inputs": [X, Y]}), [LATE])
    case("child-a-hundredth-early", "times are compared to the nanosecond", family({"started": "2026-11-21T09:00:00Z", "ended": "2026-11-23T09:00:00.5Z", "outputs": [X]}, {"started": "2026-11-23T09:00:00.49Z", "inputs": [X]}), [LATE])
    case("child-with-more-digits", "0.5 and 0.500 are one time", family({"started": "2026-11-21T09:00:00Z", "ended": "2026-11-23T09:00:00.5Z", "outputs": [X]}, {"started": "2026-11-23T09:00:00.500Z", "inputs": [X]}))
    case("span-below-a-second", "times are compared to the nanosecond", family({"started": "2026-11-23T09:00:00.5Z", "ended": "2026-11-23T09:00:00.499999999Z"}), ["record.span"], clause="record.md")


def one_run(case):
    run = lambda on=23, **members: {"on": on, "source": SOURCE, **members}
    signed = {"state": "signed", "at": AT}

    def superseding(*records, by, authors=(0, 1, 2), keys=(ADA,)):
        """Records, each with its author, of which some are superseded: pairs of old and new."""
        bundle = family(*records)
        for number, record in enumerate(bundle.made):
            if number in authors:
                for key in keys:
                    bundle.statement(says(record, key=key))
        for old, new in by:
            bundle.statement(says(bundle.made[old], "supersession", created="2026-11-24T00:00:00Z", successor=digests(bundle.made[new])))
        return bundle

    case("two-records-of-another-relation", "only `resumed-from` says that two are one run", family(run(), run(24, parents=[(0, "part-of")])), [TWO])
    case("two-origins-of-one-source", "a starting point has one record too", family(run(kind="origin"), run(24, kind="origin")), [TWO])
    case("resumed-twice", "each but the last is settled", family(run(21), run(22, parents=[(0, "resumed-from")]), run(23, parents=[(1, "resumed-from")])))
    case("resumed-in-two-ways", "two that go on from one are two", family(run(21), run(22, parents=[(0, "resumed-from")]), run(23, parents=[(0, "resumed-from")])), [TWO])
    case("superseded-by-another-run", "a successor that is another run settles nothing", superseding(run(), run(24), {"on": 25}, by=[(0, 2)]), [SUPERSEDED, TWO], **signed)
    case("superseded-by-what-is-elsewhere", "a successor that is not here settles nothing", elsewhere(family(run(), run(24))), [SUPERSEDED, TWO], at=AT)
    case("one-of-three-settled", "all but one have to be", superseding(run(), run(24), run(25), by=[(0, 1)]), [SUPERSEDED, TWO], **signed)
    case("two-of-three-settled", "all but one are", superseding(run(), run(24), run(25), by=[(0, 1), (1, 2)]), [SUPERSEDED], **signed)
    case("superseding-each-other", "two that name each other leave none", superseding(run(), run(24), by=[(0, 1), (1, 0)]), [SUPERSEDED], **signed)
    for name, order in (("first", (1, 2)), ("last", (2, 1))):
        bundle = superseding(run(), run(24), {"on": 25}, by=[(0, new) for new in order])
        case(f"two-successors-the-other-run-{name}", "of two successors one is a record of the same run, and that is enough", bundle, [SUPERSEDED], **signed)
    lowest = lower_first()
    case("two-successors-of-which-the-lower-is-another-run", "no order of ids decides what is settled", lowest, [SUPERSEDED], **signed)
    for name, key, also in (("by-its-signer", ADA, [TWO, "trust.revoked"]), ("by-a-stranger", BEN, [SUPERSEDED, "trust.no-right"])):
        bundle = superseding(run(), run(24), by=[])
        value = payload(bundle.made[0], "supersession", created="2026-11-24T00:00:00Z", successor=digests(bundle.made[1]))
        bundle.statement(sign(value))
        bundle.statement(revoked(key, {"statement": statement_id(value)}, record=bundle.made[0]))
        case(f"supersession-revoked-{name}", "a successor that was taken back settles nothing", bundle, also, clause="trust.md#taking-back", **signed)
    bundle = superseding(run(), run(24), by=[])
    bundle.statement(says(bundle.made[0], "supersession", created="2026-12-05T00:00:00Z", successor=digests(bundle.made[1])))
    case("superseded-later", "a successor counts from its date on", bundle, ["statement.future", TWO], clause="trust.md#taking-back", **signed)


def elsewhere(bundle):
    bundle.statement(says(bundle.made[0]))
    bundle.statement(says(bundle.made[0], "supersession", created="2026-11-24T00:00:00Z", successor=digests(b"elsewhere")))
    return bundle


def lower_first():
    """Of the two successors, that of another source has the lower id."""
    for number in range(26, 60):
        bundle = family({"on": 23, "source": SOURCE}, {"on": 24, "source": SOURCE}, {"on": 25, "notes": number})
        if digests(bundle.made[2])["blake3"] < digests(bundle.made[1])["blake3"]:
            break
    for record in bundle.made:
        bundle.statement(says(record))
    for new in (1, 2):
        bundle.statement(says(bundle.made[0], "supersession", created="2026-11-24T00:00:00Z", successor=digests(bundle.made[new])))
    return bundle
