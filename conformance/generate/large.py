"""Cases that are too large to commit, or that no repository can hold: `python3 -m generate --large FOLDER`, some 2 GB on disk."""

import functools
import hashlib
import os
import zlib

from blake3 import blake3

from .build import (
    CENTRAL, CONTEXT, END, FULL_16, FULL_32, LOCAL, MIMETYPE, Bundle, Header, artifact, body, extra, fixed, listing, name_of, section, smallest, rank,
)
from .cases import CORE, FULL, SHA256
from .directory import BUNDLE, CHANGED, NO_OUTPUT, NO_WEIGHTS, NOT_RELEASED, OTHER, SYMLINK, UNCOVERED, WEIGHTS, model
from .lineage import run

END64 = [
    ("signature", "I"), ("rest", "Q"), ("made_by", "H"), ("version", "H"), ("disk", "I"), ("start_disk", "I"), ("here", "Q"), ("entries", "Q"), ("size", "Q"), ("offset", "Q"),
]
LOCATOR = [("signature", "I"), ("disk", "I"), ("offset", "Q"), ("disks", "I")]
CHUNK = bytes(1 << 20)
# How the name of the one artifact begins.
ZEROS = "artifacts/"


class Zeros:
    """So many zero bytes, which take no room on disk."""

    def __init__(self, size):
        self.size = size
        self.crc, one, other = 0, blake3(), hashlib.sha256()
        for chunk in self.chunks():
            self.crc = zlib.crc32(chunk, self.crc)
            one.update(chunk)
            other.update(chunk)
        self.digests = {"blake3": one.hexdigest(), "sha256": other.hexdigest()}

    def chunks(self):
        yield from (CHUNK for _ in range(self.size // len(CHUNK)))
        yield CHUNK[: self.size % len(CHUNK)]


def stream(path, objects, locals_={}, centrals={}, end64={}, locator={}, end={}, without_end64=False):
    """Writes a bundle entry by entry. The mappings change fields: of the entry that is named so, and of the end."""
    headers = []
    with open(path, "wb") as file:
        for name, data in [("mimetype", MIMETYPE), *sorted(objects.items(), key=lambda item: rank(item[0]))]:
            size, crc = (data.size, data.crc) if isinstance(data, Zeros) else (len(data), zlib.crc32(data))
            changes = lambda of: next((fields for part, fields in of.items() if part in name), {})
            shared = {"flags": 0, "method": 0, "time": 0, "date": 0x21, "crc": crc, "compressed": min(size, FULL_32), "size": min(size, FULL_32)}
            offset = file.tell()
            values = [size, size] if size >= FULL_32 else []
            put(file, header(LOCAL, name, values, {"signature": 0x04034B50, "version": 45 if values else 10, **shared}, changes(locals_)))
            if isinstance(data, Zeros):
                file.seek(size, os.SEEK_CUR)
            else:
                file.write(data)
            values = values + ([offset] if offset >= FULL_32 else [])
            version = 45 if values else 10
            fields = {"signature": 0x02014B50, "made_by": version, "made_on": 3, "version": version, **shared, "comment_length": 0, "disk": 0, "internal": 0,
                      "external": 0o100644 << 16, "offset": min(offset, FULL_32)}
            headers.append(header(CENTRAL, name, values, fields, changes(centrals)))
        start = file.tell()
        for one in headers:
            put(file, one)
        at, count = file.tell(), len(headers)
        size = at - start
        if (count >= FULL_16 or size >= FULL_32 or start >= FULL_32) and not without_end64:
            put(file, header(END64, "", [], {"signature": 0x06064B50, "rest": 44, "made_by": 45, "version": 45, "disk": 0, "start_disk": 0, "here": count, "entries": count, "size": size, "offset": start}, end64))
            put(file, header(LOCATOR, "", [], {"signature": 0x07064B50, "disk": 0, "offset": at, "disks": 1}, locator))
        fields = {"signature": 0x06054B50, "disk": 0, "start_disk": 0, "here": min(count, FULL_16), "entries": min(count, FULL_16), "size": min(size, FULL_32), "offset": min(start, FULL_32), "comment_length": 0}
        put(file, header(END, "", [], fields, end))


def header(layout, name, values, fields, changes):
    """A header with its ZIP64; `zip64` among the changes are other numbers in it."""
    made = Header(layout, name.encode(), **fields)
    values = changes.get("zip64", values)
    made.extra = extra(1, b"".join(value.to_bytes(8, "little") for value in values)) if values else b""
    for field, value in changes.items():
        if field != "zip64":
            made[field] = value
    return made


def put(file, made):
    file.write(made.bytes())


def add(suite):
    suite.in_layer("container", "container.md#zip64")
    many_entries(suite)
    large_artifacts(suite)
    suite.in_layer("json", "json.md#limits")
    texts(suite)
    suite.in_layer("lineage", "lineage.md")
    families(suite)
    suite.in_layer("directory", "directory.md")
    not_for_git(suite)
    suite.in_layer("bits", "container.md")
    bits(suite)


# Containers.


@functools.lru_cache(1)
def with_entries(count):
    """Objects of a valid bundle, that are so many entries besides `mimetype`: artifacts, the listings that speak of them, a record."""
    files = [b"%d" % number for number in range(count - 3)]
    halves = [listing({f"{number:06}": data for number, data in enumerate(half)}) for half in (files[::2], files[1::2])]
    record = fixed(body({}, outputs=[artifact(half, form="tree") for half in halves]))
    objects = {f"records/{name_of(record)}/record.json": record}
    objects.update({f"artifacts/{name_of(data)}": data for data in [*halves, *files]})
    assert len(objects) == count
    return objects


def many_entries(suite):
    of = lambda entries, **changes: lambda path: stream(path, with_entries(entries - 1), **changes)
    suite.valid("entries-65534", "the largest number that fits the end record, `mimetype` counted", of(65_534))
    suite.valid("entries-65535", "one that is all ones, and so stands in ZIP64", of(65_535))
    suite.valid("entries-65536", "and one beyond", of(65_536))
    fields = {
        "size-of-the-rest": ({"end64": {"rest": 43}}, "zip64"), "made-by": ({"end64": {"made_by": 46}}, "zip64"), "version": ({"end64": {"version": 10}}, "zip64"), "disk": ({"end64": {"disk": 1}}, "zip64"),
        "start-disk": ({"end64": {"start_disk": 1}}, "zip64"), "entries-here": ({"end64": {"here": 65_534}}, "entry-count"), "entries": ({"end64": {"entries": 65_536}}, "entry-count"), "size": ({"end64": {"size": 1}}, "zip64"),
        "offset": ({"end64": {"offset": 0}}, "zip64"), "locator-signature": ({"locator": {"signature": 0x06054B50}}, "zip64"), "locator-disk": ({"locator": {"disk": 1}}, "zip64"),
        "locator-offset": ({"locator": {"offset": 0}}, "zip64"), "locator-disks": ({"locator": {"disks": 0}}, "zip64"), "signature": ({"end64": {"signature": 0x06064B51}}, "gap"),
    }
    for name, (changes, code) in fields.items():
        suite.refused(f"end64-{name}", "each field of the ZIP64 end record has one value", of(65_535, **changes), f"container.{code}")
    suite.refused("end64-missing", "all ones never stand for themselves", of(65_535, without_end64=True), "container.entry-count")
    suite.refused("end64-number-in-both", "a number that stands in ZIP64 stands there alone", of(65_536, end={"here": 0, "entries": 0}), "container.entry-count")
    suite.refused("entries-modulo-65536", "a number that is right only in its lowest bits", of(65_539, without_end64=True, end={"here": 3, "entries": 3}), "container.entry-count")
    suite.refused("entries-modulo-65536-in-zip64", "a number that is right only in its lowest bits", of(65_539, end64={"here": 3, "entries": 3}), "container.entry-count")
    suite.valid("entries-524289", "the most entries besides `mimetype`", of(524_289), clause="container.md#limits")
    suite.refused("entries-524290", "and one more", of(524_290), "container.limit", clause="container.md#limits")


def large_artifacts(suite):
    made = {}

    def of(size, **changes):
        def write(path):
            # Four GiB are hashed once.
            if size not in made:
                made[size] = Zeros(size)
            zeros = made[size]
            record = fixed(body({"context.json": CONTEXT}, outputs=[{"role": "model", "digest": zeros.digests, "size": size}]))
            folder = f"records/{name_of(record)}"
            stream(path, {f"artifacts/{zeros.digests['blake3']}": zeros, f"{folder}/record.json": record, f"{folder}/context.json": CONTEXT}, **changes)

        return write

    suite.valid("artifact-of-4-gib-less-2", "0xFFFFFFFE bytes fit their field, and what follows lies beyond it", of(FULL_32 - 1))
    suite.valid("artifact-of-4-gib-less-1", "0xFFFFFFFF bytes do not", of(FULL_32))
    suite.valid("artifact-of-5-gib", "and more do not either", of(5 << 30))
    change = lambda name, why, code, **changes: suite.refused(name, why, of(FULL_32, **changes), code)
    change("large-local-sizes-differ", "the size stands there twice, and is one", "container.zip64", locals_={ZEROS: {"zip64": [FULL_32, FULL_32 + 1]}})
    change("large-central-size-differs", "a size in ZIP64 of the directory only", "container.zip64", centrals={ZEROS: {"zip64": [FULL_32 + 1, FULL_32 + 1]}})
    change("large-central-size-once", "the size stands there twice", "container.zip64", centrals={ZEROS: {"zip64": [FULL_32]}})
    change("large-central-with-offset", "an offset that fits its field stands there alone", "container.zip64", centrals={ZEROS: {"zip64": [FULL_32, FULL_32, 0x46]}})
    change("large-local-version", "a header with ZIP64 needs version 4.5", "container.fixed-field", locals_={ZEROS: {"version": 10}})
    change("large-central-made-by", "a header with ZIP64 is made by version 4.5", "container.fixed-field", centrals={ZEROS: {"made_by": 10}})
    change("far-offset-differs", "an offset in ZIP64 that leads elsewhere", "container.zip64", centrals={"context.json": {"zip64": [0x46]}})
    change("far-offset-in-32-bits", "the lowest bits of an offset", "container.zip64", centrals={"context.json": {"zip64": [], "offset": 0x46}})
    change("far-version", "a header with an offset in ZIP64 needs version 4.5", "container.fixed-field", centrals={"context.json": {"version": 10}})
    change("far-end64-missing", "the directory lies beyond 4 GiB", "container.zip64", without_end64=True)
    change("far-end-offset-in-32-bits", "a number that stands in ZIP64 stands there alone", "container.range", end={"offset": 0x46})


# JSON.


def texts(suite):
    def with_title(size, head=b'{"title": "t", "x": "', tail=b'"}'):
        return head + b"x" * (size - len(head) - len(tail)) + tail

    def of(text):
        def write(path):
            data = text()
            record = fixed(body({"context.json": section(data)}))
            folder = f"records/{name_of(record)}"
            stream(path, {f"{folder}/record.json": record, f"{folder}/context.json": data})

        return write

    values = lambda count: b'{"title": "t", "x": [' + b"0," * (count - 4) + b"0]}"
    suite.valid("section-of-64-mib", "a JSON section of exactly the largest size", of(lambda: with_title(67_108_864)))
    suite.refused("section-beyond-64-mib", "and one byte more", of(lambda: with_title(67_108_865)), "json.limit")
    suite.valid("values-1048576", "as many values as there may be, names not counted", of(lambda: values(1_048_576)))
    suite.refused("values-1048577", "and one more", of(lambda: values(1_048_577)), "json.limit")
    unread = lambda count: b'{"title": "t", "x": [' + b"0," * (count - 4) + b"x"
    suite.refused("values-1048576-and-junk", "a value counts where it is due, so what stands there is read while there is room", of(lambda: unread(1_048_576)), "json.syntax")
    suite.refused("values-1048577-of-junk", "and beyond the limit nothing is read", of(lambda: unread(1_048_577)), "json.limit")

    def tree(size):
        """A listing of exactly this size: its last path is as long as it has to be."""
        line = len(listing({"0" * 1000: b""}))
        files = {f"{number:01000}": b"" for number in range(size // line - 1)}
        data = listing(files)
        rest = size - len(data) - line
        return data + listing({"1" + "0" * (999 + rest): b""})

    def with_tree(size):
        def write(path):
            data = tree(size)
            assert len(data) == size
            record = fixed(body({}, outputs=[artifact(data, form="tree")]))
            stream(path, {f"records/{name_of(record)}/record.json": record, f"artifacts/{name_of(data)}": data})

        return write

    suite.valid("listing-of-64-mib", "a listing of exactly the largest size", with_tree(67_108_864), clause="digests.md#trees")
    suite.refused("listing-beyond-64-mib", "and one byte more", with_tree(67_108_865), "container.limit", clause="digests.md#trees")


# Lineage.


def families(suite):
    unknown = {"started": None, "ended": None}

    def of(make):
        def write(path):
            bundle = Bundle()
            make(bundle)
            stream(path, bundle.objects)

        return write

    def case(name, why, make, errors=(), **more):
        suite.case(name, why, of(make), errors=errors, tiers=[FULL], **more)

    def chain(bundle):
        for number in range(5000):
            run(bundle, number, [artifact(b"weights %d" % (number - 1))] if number else [], [artifact(b"weights %d" % number)], **unknown)

    def circle(bundle):
        for number in range(5000):
            run(bundle, number, [artifact(b"weights %d" % ((number - 1) % 5000))], [artifact(b"weights %d" % number)], **unknown)

    def producers_and_takers(bundle):
        for number in range(6000):
            run(bundle, number, **{"outputs" if number % 2 else "inputs": [artifact(b"weights")]}, **unknown)

    case("chain-of-5000", "a chain as long as a year", chain)
    case("circle-of-5000", "and one that bites its tail", circle, ["lineage.cycle"])
    case("producers-and-takers", "3,000 records put out what 3,000 others took in: 9,000,000 links, in time that is linear in the facts", producers_and_takers, clause="lineage.md#cost")
    files = {f"{number:05}.bin": b"weights %d" % number for number in range(20_000)}
    tree = listing(files)

    def one_record(bundle):
        run(bundle, 0, outputs=[artifact(tree, form="tree")] * 2000, **unknown)
        bundle.embed(tree)

    case("listing-named-2000-times", "a listing of 20,000 files that one record names 2,000 times", one_record, clause="lineage.md#cost")

    def many_records(bundle):
        for number in range(2000):
            run(bundle, number, outputs=[artifact(tree, form="tree")], **unknown)
        bundle.embed(tree)

    case("listing-named-by-2000-records", "a listing of 20,000 files that 2,000 records name; no file of it is anything to another record", many_records, clause="lineage.md#cost")

    def looks(takers):
        """3,000 files of a listing are whole artifacts elsewhere, and each taker of the listing makes them be looked at again."""

        def make(bundle):
            some = dict(list(files.items())[:3000])
            run(bundle, 0, outputs=[artifact(data) for data in some.values()], **unknown)
            for number in range(takers):
                run(bundle, number + 1, [artifact(listing(some), form="tree")], **unknown)
            bundle.embed(listing(some))

        return make

    case("looks-3900000", "files that are looked at again for each record, as often as may be", looks(1300), clause="lineage.md#cost")
    case("looks-4500000", "and more often", looks(1500), ["container.limit"], clause="lineage.md#cost")


# What git does not keep.

PIPE = object()


def not_for_git(suite):
    """Folders named `.git`, pipes, and a folder in place of the bundle."""

    def case(name, why, files, also=(), errors=()):
        def write(path):
            for file, content in files.items():
                target = path / file
                target.parent.mkdir(parents=True, exist_ok=True)
                if content is PIPE:
                    os.mkfifo(target)
                elif isinstance(content, str):
                    target.symlink_to(content)
                else:
                    target.write_bytes(content)

        more = {"state": "signed"} if also == [NOT_RELEASED] else {}
        suite.case(name, why, write, errors=errors, also=also, tiers=[FULL], form="folder", **more)

    one = {BUNDLE: model().bytes(), "model.safetensors": WEIGHTS}
    clean = lambda name, why, files: case(name, why, files, [NOT_RELEASED])
    clean("git-folder", "a history is not part of the model", {**one, ".git/HEAD": b"ref: refs/heads/main\n"})
    clean("git-file", "nor is the file that stands for one in a work tree", {**one, ".git": b"gitdir: ../elsewhere\n"})
    case("git-folder-below", "only that at the top is left out", {**one, "sub/.git/HEAD": b"x"}, [UNCOVERED, NOT_RELEASED])
    case("git-is-a-link-outside", "a link of that name is a link", {**one, ".git": ".."}, [SYMLINK, NOT_RELEASED])
    case("git-is-a-link-nowhere", "wherever it leads", {**one, ".git": "gone"}, [SYMLINK, NOT_RELEASED])
    case("link-into-git", "links are not followed", {BUNDLE: one[BUNDLE], ".git/weights": WEIGHTS, "model.safetensors": ".git/weights"}, [SYMLINK, NO_WEIGHTS], [NO_OUTPUT])
    case("pipe", "a pipe is not opened", {**one, "pipe": PIPE}, ["directory.unreadable", NOT_RELEASED])
    case("bundle-is-a-pipe", "a pipe is not opened", {BUNDLE: PIPE, "model.safetensors": WEIGHTS}, errors=["directory.no-bundle"])
    case("bundle-is-a-folder", "a folder is not a bundle", {f"{BUNDLE}/records": b"x"}, errors=["directory.no-bundle"])
    case("link-to-a-pipe", "a link is a link", {**one, ".git/pipe": PIPE, "link": ".git/pipe"}, [SYMLINK, NOT_RELEASED])
    for name, (first, second) in {"case": ("a.bin", "A.bin"), "normalization": ("mod\u00e9.bin", "mode\u0301.bin"), "folder": ("sub/a.bin", "Sub/b.bin"), "dot": ("a.bin", "a.bin."), "soft-hyphen": ("a.bin", "a\u00ad.bin"), "filler": ("a.bin", "\u3164a.bin"), "tag": ("a.bin", "a.bin\U000e0041"), "narrow-blank": ("a b.bin", "a\u202fb.bin")}.items():
        case(f"alike-by-{name}", "some file systems take them for one", {**one, first: WEIGHTS, second: OTHER}, ["directory.alike", NOT_RELEASED])
    later = {"\u1c89.txt": OTHER, "\u1c8a.txt": OTHER, "\ua7cb.txt": OTHER, "\u0264.txt": OTHER}
    case("not-alike-by-letters-of-a-later-unicode", "Unicode 14.0 has no pairs for them, whatever table a verifier has", {**one, **later}, [UNCOVERED, NOT_RELEASED])
    case("alike-around-a-letter-of-a-later-unicode", "what is before and behind such a letter is folded", {**one, "A\u1c89\u00e9": WEIGHTS, "a\u1c89e\u0301": OTHER}, ["directory.alike", NOT_RELEASED])
    case("alike-by-letters-of-unicode-14", "the last version whose pairs count", {**one, "\ua7c0.bin": WEIGHTS, "\ua7c1.bin": OTHER}, ["directory.alike", NOT_RELEASED])
    case("alike-and-changed", "a second spelling hides no change", {BUNDLE: one[BUNDLE], "model.safetensors": OTHER, "Model.safetensors": OTHER}, ["directory.alike", NO_WEIGHTS], [CHANGED])


def bits(suite):
    plain = smallest().bytes()
    for at in range(8 * len(plain)):
        def write(path, at=at):
            changed = bytearray(plain)
            changed[at // 8] ^= 1 << at % 8
            path.write_bytes(changed)

        suite.case(f"bit-{at:04}", "any bit of the smallest bundle", write, errors=None, state="malformed", tiers=(CORE, FULL, SHA256))
