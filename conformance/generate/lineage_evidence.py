"""Layer `lineage`: which bytes prove, and what nothing that is missing can add (lineage.md).

A link is seen by the times: the parent ends after the child starts. Where there is none, the child has a gap.
"""

from .build import digests
from .cases import FULL
from .lineage import SIZE, artifact, described, family, listing

LATE, GAP, WITHHELD, LICENCE = "lineage.child-before-parent", "lineage.unaccounted-input", "section.withheld", "lineage.licence-withheld"
X, Y = b"weights", b"another"
EARLY = {"on": 24, "end": 25}


def without(bundle, number, section="artifacts.json"):
    """A copy that lacks a section of one of its records."""
    copy = bundle.copy()
    del copy.objects[f"records/{digests(bundle.made[number])['blake3']}/{section}"]
    return copy


def bare(bundle, data):
    """A copy that lacks an embedded artifact."""
    copy = bundle.copy()
    del copy.objects[f"artifacts/{digests(data)['blake3']}"]
    return copy


def add(suite):
    case = lambda name, why, bundle, also=(), **more: suite.case(name, why, bundle, also=also, tiers=[FULL], **more)
    suite.in_layer("lineage", "lineage.md#bytes-that-prove")
    proving(case)
    suite.in_layer("lineage", "lineage.md#same-bytes")
    passing_on(case)


def proving(case):
    x = artifact(X)
    joined = lambda out, taken=None, **more: family({"outputs": [out], **EARLY}, {"inputs": [taken or out]}, **more)
    sized = lambda size: {**x, "size": size}
    case("bytes-of-3-that-prove", "the smallest file that proves", joined(sized(3)), [LATE])
    case("bytes-of-2", "a smaller one may be everywhere", joined(sized(2)), [GAP])
    case("bytes-of-1", "a line feed is everywhere", joined(sized(1)), [GAP])
    case("bytes-of-2-as-taken-in", "the size that either side gives", joined(x, sized(2)), [GAP])
    for name, data in (("object", b"{}\n"), ("array", b"[]\n"), ("null", b"null"), ("marker", b"---\n")):
        case(f"trivial-{name}", "what tools write for nothing is everywhere, whatever size is given for it", joined(artifact(data)), [GAP])
    case("common-output", "what its maker marks as common joins nobody", joined({**x, "common": True}, x), [GAP])
    case("common-input", "nor what the other marks, and it needs no account", joined(x, {**x, "common": True}))
    case("common-false", "`false` marks nothing", joined({**x, "common": False}, x), [LATE])
    case("common-tree", "a tree may be common too", joined({**artifact(listing({"LICENSE": X}), form="tree"), "common": True}, artifact(listing({"LICENSE": X}), form="tree")), [GAP])
    case("tokenizer-joins-nobody", "the same tokenizer is in many models", joined(artifact(X, "tokenizer")))
    empty = artifact(b"", form="tree")
    case("empty-tree-joins-nobody", "every empty folder is the same", joined(empty))
    for name, files, joins in (
        ("weights", {"model.safetensors": X}, True), ("data", {"train/0.parquet": X}, True), ("in-capitals", {"MODEL.BIN": X}, True),
        ("configuration", {"config.json": X}, False), ("licence", {"LICENSE": X}, False), ("tokenizer", {"tokenizer.json": X}, False), ("table-of-words", {"vocab.txt": X}, False),
    ):
        tree = listing({**files, "other.bin": Y})
        bundle = family({"outputs": [x], **EARLY}, {"inputs": [artifact(tree, form="tree")]}, embed=[tree])
        case(f"file-of-a-tree-{name}", "of a tree only files of weights and data prove", bundle, [LATE] if joins else [GAP])
    small = listing({"model.bin": X}, size=2)
    case("file-of-a-tree-small", "and no small ones", family({"outputs": [x], **EARLY}, {"inputs": [artifact(small, form="tree")]}, embed=[small]), [GAP])


def passing_on(case):
    x = artifact(X)
    mark = lambda value: {**x, "passedOn": value}
    child = {"inputs": [x]}
    case("passed-on", "what its record calls passed on it did not make", family({"outputs": [mark(True)], **EARLY}, child), [GAP])
    case("passed-on-false", "what its record says that it made, it made", family({"outputs": [mark(False)], **EARLY}, child), [LATE])
    only = lambda name: {**x, "digest": {name: x["digest"][name]}}
    for name, inputs, outputs, codes in (
        ("", [only("blake3")], [only("sha256")], [GAP]),
        ("-the-other-way", [only("sha256")], [only("blake3")], [GAP]),
        ("-of-both", [only("blake3")], [x], [GAP]),
        ("-marked", [only("blake3")], [{**only("sha256"), "passedOn": False}], [GAP, LATE]),
    ):
        case(f"not-compared{name}", "digests of different algorithms cannot be compared, so whether it was made or passed on is not known, unless the record says",
             family({"inputs": inputs, "outputs": outputs, **EARLY}, child), codes)
    case("passed-on-false-and-taken-in", "what the record itself lists as an input it did not make, whatever it says", family({"inputs": [x], "outputs": [mark(False)], **EARLY}, child), [GAP])
    entry = described({"direction": "input", "role": "model", "digest": x["digest"]})
    other = described({"direction": "output", "role": "model", "digest": x["digest"], "name": "m"})
    told = family({"outputs": [x], "sections": entry, **EARLY}, child)
    case("taken-in-by-a-description", "without a mark the description decides", told, [GAP])
    case("taken-in-by-a-description-withheld", "and where it is withheld nobody can tell, so nothing is proven", without(told, 0), [GAP, LICENCE, WITHHELD])
    harmless = family({"outputs": [x], "sections": other, **EARLY}, child)
    case("made-by-a-description", "a description that names no such input", harmless, [LATE])
    case("made-by-a-description-withheld", "what is missing never helps", without(harmless, 0), [GAP, LICENCE, WITHHELD])
    marked = family({"outputs": [mark(False)], "sections": other, **EARLY}, child)
    case("made-by-its-mark-withheld", "a mark in the record cannot be left out", without(marked, 0), [LATE, LICENCE, WITHHELD])
    tree = listing({"base.bin": X, "more.bin": Y})
    folder = family({"inputs": [artifact(tree, form="tree")], "outputs": [x], "on": 24, "end": 25}, child, embed=[tree])
    case("taken-in-by-a-listing", "without a mark the listing decides", folder, [GAP])
    case("taken-in-by-a-listing-withheld", "and where it is not here nobody can tell", bare(folder, tree), [GAP])
    fresh = listing({"base.bin": Y})
    made = family({"inputs": [artifact(fresh, form="tree")], "outputs": [x], **EARLY}, child, embed=[fresh])
    case("made-by-a-listing", "a listing without these bytes", made, [GAP, LATE])
    case("made-by-a-listing-withheld", "what is missing never helps", bare(made, fresh), [GAP])
    marked = family({"inputs": [artifact(fresh, form="tree")], "outputs": [mark(False)], **EARLY}, child, embed=[fresh])
    case("made-by-its-mark-without-a-listing", "a mark in the record cannot be left out", bare(marked, fresh), [GAP, LATE])
