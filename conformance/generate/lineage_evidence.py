"""Layer `lineage`: which bytes prove, and what nothing that is missing can add (lineage.md).

A link is seen by the times: the parent ends after the child starts. Where there is none, the child has a gap.
"""

from .build import digests
from .cases import FULL
from .lineage import SIZE, artifact, described, family, listing

CONFLICT = "artifact.digest-conflict"
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
    trees(case)
    sizes(case)
    suite.in_layer("lineage", "lineage.md#same-bytes")
    passing_on(case)


# One of each kind in the list, with sizes that are lies.
TRIVIAL = {
    "object": b"{}\n", "array": b"[]\n", "null": b"null", "marker": b"---\n", "object-alone": b"{}", "object-with-a-blank": b"{ }", "array-of-lines": b"[\r\n]\r\n",
    "marker-and-crlf": b"---\r\n", "line-feed": b"\n", "line-feeds": b"\n" * 8, "crlfs": b"\r\n" * 3, "number": b"0", "fraction": b"0.0\n", "quotes": b'""', "nan": b"NaN",
    "byte-order-mark": b"\xef\xbb\xbf", "object-behind-a-byte-order-mark": b"\xef\xbb\xbf{}\r\n", "zip": b"PK\x05\x06" + bytes(18), "tar": bytes(10240),
    "gzip": bytes.fromhex("1f8b080000000000000303000000000000000000"), "bzip2": bytes.fromhex("425a683917724538509000000000"), "zstd": bytes.fromhex("28b52ffd240001000099e9d851"),
    "xz": bytes.fromhex("fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a"), "pickle-of-none": b"N.", "pickle-of-none-of-protocol-4": b"\x80\x04N.",
    "pickle-of-a-dict": b"\x80\x04}\x94.", "safetensors": bytes([2, *bytes(7)]) + b"{}", "safetensors-aligned": bytes([8, *bytes(7)]) + b"{}      ",
    "pickle-of-a-tuple": b"\x80\x05).", "pickle-of-true-of-protocol-0": b"I01\n.", "lz4": bytes.fromhex("04224d186440a700000000055dcc02"),
    "npy": b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }".ljust(117) + b"\n", "line-feeds-9": b"\n" * 9, "zero-bytes": bytes(4096),
    "object-in-utf-16": "\ufeff{}".encode("utf-16-le"), "array-in-utf-16-of-the-other-order": "\ufeff[]\n".encode("utf-16-be"), "safetensors-of-torch": bytes([32, *bytes(7)]) + b'{"__metadata__":{"format":"pt"}}',
    "npy-of-no-rows": b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 768), }".ljust(117) + b"\n",
    "npy-zero": b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (), }".ljust(117) + b"\n" + bytes(8),
    "tar-gz-of-no-files": bytes.fromhex("1f8b0800000000000003edc1010d000000c2a0f74f6d0e37a00000000000000000008037039ade1d2700280000"),
    "test-line": b"test\n", "not-applicable": b"N/A", "null-line": b"null\n",
}


def proving(case):
    x = artifact(X)
    joined = lambda out, taken=None, **more: family({"outputs": [out], **EARLY}, {"inputs": [taken or out]}, **more)
    sized = lambda size: {**x, "size": size}
    case("bytes-of-3-that-prove", "the smallest file that proves", joined(sized(3)), [LATE])
    case("bytes-of-2", "a smaller one may be everywhere", joined(sized(2)), [GAP])
    case("bytes-of-1", "a line feed is everywhere", joined(sized(1)), [GAP])
    case("bytes-of-2-as-taken-in", "the size that either side gives", joined(x, sized(2)), [GAP], errors=[CONFLICT])
    for name, data in TRIVIAL.items():
        case(f"trivial-{name}", "what tools write for nothing is everywhere, whatever size is given for it", joined(artifact(data)), [GAP])
    sha256 = lambda data: {**artifact(data), "digest": {"sha256": digests(data)["sha256"]}}
    case("trivial-by-one-digest", "one digest tells what it is", joined(sha256(b"{}")), [GAP])
    case("not-trivial", "what holds something may be small", joined(artifact(b"[0]\n")), [LATE])
    for name, data in {"line-feeds": b"\n" * 65, "zero-bytes": bytes(513), "npy": b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }".ljust(117) + b"\n" + bytes(20)}.items():
        case(f"not-trivial-{name}", "the list ends somewhere", joined(artifact(data)), [LATE])
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
        # Nobody made the other file.
        case(f"file-of-a-tree-{name}", "of a tree only files of weights and data prove", bundle, [LATE, GAP] if joins else [GAP])
    small = listing({"model.bin": X}, size=2)
    case("file-of-a-tree-small", "and no small ones", family({"outputs": [sized(2)], **EARLY}, {"inputs": [artifact(small, form="tree")]}, embed=[small]), [GAP])


def trees(case):
    def whole(files, is_here=True, size=SIZE):
        tree = listing(files, size)
        out = artifact(tree, form="tree")
        return family({"outputs": [out], **EARLY}, {"inputs": [out]}, embed=[tree] if is_here else [])

    for name, files, joins in (
        ("of-pictures", {"cat.jpg": X}, True), ("with-a-licence", {"LICENSE": X, "cat.jpg": Y}, True), ("of-data-called-like-a-document", {"readme.parquet": X}, True),
        ("of-weights-called-like-a-document", {"license_plate_detector.torchscript": X}, True), ("of-another-format-called-like-a-document", {"readme_writer.own": X}, True),
        ("of-documents", {"LICENSE.MIT": X, "license-apache-2.0": Y, "NOTICES": b"n", "readme_first.txt": b"r"}, False),
        ("of-common-names", {"LICENSE": X, "__init__.py": b"", "sub/Tokenizer.JSON": Y}, False), ("of-trivial-contents", {"a.bin": b"{}\n", "b.bin": b"[]\n"}, False),
        ("of-empty-files", {"a.bin": b"", "b.bin": b""}, False), ("of-what-systems-leave", {".DS_Store": X, "CACHEDIR.TAG": Y, "Thumbs.db": b"thumbs"}, False),
        ("of-defaults-of-libraries", {"model_index.json": X, "modules.json": Y, "sentence_bert_config.json": b"s", "config_sentence_transformers.json": b"c", "vocab.bpe": b"v"}, False),
        ("of-what-trainers-leave", {"checkpoint-5/rng_state_0.pth": X, "training_args.bin": Y, "scheduler.pt": b"s", "random_states_0.pkl": b"r", "spm.model": b"t"}, False),
        ("of-hidden-files", {".git/HEAD": X, ".vscode/settings.json": Y, "a/.cache/b.bin": b"c"}, False),
        ("of-indexes-of-weights", {"model.safetensors.index.json": X, "adapter_config.json": Y, "package.json": b"p", "v/lookups.bin": b"l"}, False),
        ("of-names-with-blanks", {"tokenizer.json ": X, "a/VOCAB.TXT  ": Y}, False),
    ):
        case(f"tree-{name}", "a whole tree proves by a file that others do not have by chance", whole(files), [LATE] if joins else [GAP])
    case("tree-of-tiny-files", "files of 2 bytes are everywhere, and so is a folder of them", whole({"a.bin": X, "b.bin": Y}, size=2), [GAP])
    case("tree-of-small-files", "the smallest that proves", whole({"a.bin": X}, size=3), [LATE])
    case("tree-without-its-listing", "what is in it may be everywhere, so what is missing proves nothing", whole({"model.bin": X}, is_here=False), [GAP])


def sizes(case):
    x = artifact(X)
    other = {**x, "size": 9}
    sha256 = {**other, "digest": {"sha256": x["digest"]["sha256"]}}
    sets = lambda *records, **more: family(*records, **more)
    why = "of two sizes of one digest one is a lie, so nothing follows from it"
    case("sizes-differ", why, sets({"outputs": [x], **EARLY}, {"inputs": [other]}), [GAP], errors=[CONFLICT])
    case("sizes-differ-by-one-digest", why, sets({"outputs": [x], **EARLY}, {"inputs": [sha256]}), [GAP], errors=[CONFLICT])
    tree = listing({"model.bin": X})
    case("sizes-differ-in-a-tree", "a listing says how large its files are", sets({"outputs": [other], **EARLY}, {"inputs": [artifact(tree, form="tree")]}, embed=[tree]), [GAP], errors=[CONFLICT])
    case("sizes-differ-elsewhere", "a false size cuts no true link", sets({"outputs": [x], **EARLY}, {"inputs": [x]}, {"outputs": [other], **EARLY}), [LATE], errors=[CONFLICT])
    config = {**other, "role": "config"}
    case("sizes-differ-in-another-role", "whatever its role", sets({"outputs": [x], **EARLY}, {"inputs": [x, config]}), [LATE], errors=[CONFLICT])
    case("sizes-differ-by-a-description", "what `artifacts.json` alone says can be left out, so it disputes nothing",
         sets({"outputs": [x], "sections": described({"direction": "output", "role": "model", "digest": x["digest"], "size": 9}), **EARLY}, {"inputs": [x]}), [LATE])


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
    chosen(case)
    fresh = listing({"base.bin": Y})
    made = family({"inputs": [artifact(fresh, form="tree")], "outputs": [x], **EARLY}, child, embed=[fresh])
    case("made-by-a-listing", "a listing without these bytes", made, [GAP, LATE])
    case("made-by-a-listing-withheld", "what is missing never helps", bare(made, fresh), [GAP])
    marked = family({"inputs": [artifact(fresh, form="tree")], "outputs": [mark(False)], **EARLY}, child, embed=[fresh])
    case("made-by-its-mark-without-a-listing", "a mark in the record cannot be left out", bare(marked, fresh), [GAP, LATE])


def chosen(case):
    """Trees of files that others have too, and trees of which only some files have a maker."""
    all_of_it, some, fresh = listing({"base.bin": X, "more.bin": Y, "README.md": b"read"}), listing({"base.bin": X, "LICENSE": b"new"}), listing({"base.bin": X, "made.bin": b"made"})
    tree = lambda files, **more: artifact(files, form="tree", **more)
    why = "who only chose files has made no tree"
    put_out = lambda inputs, output, *embed: family({"inputs": inputs, "outputs": [output], **EARLY}, {"inputs": [{name: value for name, value in output.items() if name != "passedOn"}]}, embed=embed)
    case("tree-of-chosen-files", why, put_out([tree(all_of_it)], tree(some), all_of_it, some), [GAP])
    case("tree-of-chosen-files-taken-in-one-by-one", why, put_out([artifact(X)], tree(some), some), [GAP])
    case("tree-of-chosen-files-called-made", "nor by saying so of inputs that it lists", put_out([artifact(X)], tree(some, passedOn=False), some), [GAP])
    case("tree-of-chosen-files-of-a-tree-called-made", "a mark in the record cannot be left out, so it decides over listings, which can", put_out([tree(all_of_it)], tree(some, passedOn=False), all_of_it, some), [LATE, GAP])
    case("tree-of-chosen-files-withheld", "what is missing never helps", put_out([tree(all_of_it)], tree(some), some), [GAP])
    case("tree-of-chosen-files-and-one-made", "one file of its own makes it a tree of its own", put_out([tree(all_of_it)], tree(fresh), all_of_it, fresh), [LATE, GAP])
    given = {"inputs": [tree(all_of_it)], "outputs": [tree(all_of_it, passedOn=False)], **EARLY}
    case("tree-passed-on-and-called-made", "of a tree that was passed on every file was", family(given, {"inputs": [artifact(X)]}, embed=[all_of_it]), [GAP])
    case("tree-of-no-files-of-its-own", "what everybody has makes no tree anybody's", put_out([], tree(listing({"LICENSE": X})), listing({"LICENSE": X})), [GAP])
    both = listing({"a.bin": X, "b.parquet": Y, "tokenizer.json": b"words", ".git/index": b"i"})
    takes = {"inputs": [tree(both)]}
    pictures = listing({"a.bin": X, "cat.jpg": b"a cat"})
    case("tree-accounted-for-but-for-pictures", "a file that cannot prove has no maker, so only who made the whole tree accounts for it", family({"outputs": [artifact(X)], **EARLY}, {"inputs": [tree(pictures)]}, embed=[pictures]), [LATE, GAP])
    case("tree-accounted-for-as-a-whole", "as here", family({"outputs": [tree(pictures)], **EARLY}, {"inputs": [tree(pictures)]}, embed=[pictures]), [LATE])
    case("tree-accounted-for", "each file of its own has a maker", family({"outputs": [artifact(X), artifact(Y)], **EARLY}, takes, embed=[both]), [LATE])
    case("tree-accounted-for-by-two", "or several of them", family({"outputs": [artifact(X)], **EARLY}, takes, {"outputs": [artifact(Y)], **EARLY}, embed=[both]), [LATE])
    case("tree-accounted-for-in-part", "one file accounts for no other", family({"outputs": [artifact(X)], **EARLY}, takes, embed=[both]), [LATE, GAP])
    case("tree-accounted-for-by-itself", "and nobody accounts for what it took in", family({"outputs": [artifact(X)], **EARLY}, {"inputs": [tree(both)], "outputs": [{**artifact(Y), "passedOn": False}]}, embed=[both]), [LATE, GAP])
