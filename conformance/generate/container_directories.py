"""Layer `container`: the two directories of an archive and its ZIP64 (container.md)."""

import struct

from .build import FULL_16, FULL_32, extra, fixed, smallest, twin


def add(suite):
    suite.in_layer("container", "container.md")
    directories(suite)
    zip64(suite)


def zip64_end(container, entries=None, version=45, rest=b"", record=True, locator=True, locator_offset=None, end64_fields=None):
    """The ZIP64 end record and locator, put in front of the end record."""
    plain = container.bytes()
    start, size, count = struct.unpack("<I", plain[-6:-2])[0], struct.unpack("<I", plain[-10:-6])[0], len(container.entries)
    at = start + size
    head = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44 + len(rest), version, version, 0, 0, entries or count, entries or count, size, start) + rest
    place = struct.pack("<IIQI", 0x07064B50, 0, at if locator_offset is None else locator_offset, 1)
    container.before_end = (head if record else b"") + (place if locator else b"")
    container.end_fields.update(end64_fields or {})
    return container


def directory_replaced(data):
    """The local headers of the smallest bundle, and then this."""
    whole = smallest().bytes()
    return whole[: whole.index(b"PK\1\2")] + data


def directories(suite):
    def changed(change, target="context.json"):
        container = smallest().container()
        change(container, container.entry(target))
        return container.bytes()

    mismatch = lambda name, why, change: suite.refused(name, why, changed(change), "container.header-mismatch", clause="container.md#central-header")
    mismatch("crc-differs", "readers that go by one header and readers that go by the other see different things", lambda c, e: e.central.__setitem__("crc", 1))
    mismatch("flags-differ", "flags in the central header only", lambda c, e: e.central.__setitem__("flags", 8))
    mismatch("method-differs", "deflate in the central header only", lambda c, e: e.central.__setitem__("method", 8))
    mismatch("size-differs", "a size in the central header only", lambda c, e: e.central.__setitem__("size", 3))
    mismatch("compressed-size-differs", "a compressed size in the central header only", lambda c, e: e.central.__setitem__("compressed", 3))
    mismatch("local-sizes-differ", "two sizes in one header", lambda c, e: e.local.__setitem__("size", 33))
    mismatch("offset-differs", "a central header that leads elsewhere", lambda c, e: e.central.__setitem__("offset", 0xDB))
    mismatch("offset-past-the-end", "a central header that leads out of the file", lambda c, e: e.central.__setitem__("offset", 0x7FFFFFFF))
    mismatch("size-all-ones-only-central", "all ones in the directory, and no ZIP64 that would explain them",
             lambda c, e: (e.central.__setitem__("size", FULL_32), e.central.__setitem__("compressed", FULL_32)))
    mismatch("offset-all-ones-only-central", "all ones in the directory, and no ZIP64 that would explain them", lambda c, e: e.central.__setitem__("offset", FULL_32))
    mismatch("overlap", "two central headers for the same bytes", lambda c, e: e.central.__setitem__("offset", 0xDB))

    def rename(entry, name):
        entry.central.name = name.encode()

    mismatch("name-differs", "one name in each directory", lambda c, e: rename(e, e.name.decode().replace("context", "kontext")))
    mismatch("name-shorter", "a name cut in the central header", lambda c, e: rename(e, e.name.decode()[:-1]))
    mismatch("only-local", "an entry that only some readers see", lambda c, e: setattr(e, "in_central", False))

    mismatch("last-only-local", "the last entry is missing in the directory", lambda c, e: setattr(c.entries[-1], "in_central", False))

    def only_central(container, entry):
        record = container.entry("record.json")
        record.in_locals = False
        record.central["offset"] = 0xDB

    mismatch("only-central", "an entry of the directory without a local header", only_central)

    def swapped(container, entry):
        first, second, third = container.entries
        container.central_order = [first, third, second]

    mismatch("directory-in-other-order", "two directories, two orders", swapped)

    def twice_central(container, entry):
        container.central_order = [*container.entries, container.entries[-1]]

    mismatch("central-header-twice", "one entry listed twice", twice_central)
    due = lambda name, what, *errors: suite.refused(f"central-header-due-and-{name}", "what stands where a central header is due", directory_replaced(what), *errors, clause="verification.md#1.12")
    due("an-end-record", b"PK\5\6" + bytes(18), "container.header-mismatch")
    due("a-zip64-end-record", b"PK\6\6" + bytes(52), "container.header-mismatch")
    due("a-zip64-locator", b"PK\6\7" + bytes(16), "container.gap")
    due("a-data-descriptor", b"PK\7\x08" + bytes(12), "container.gap")
    due("nothing", b"", "container.truncated")
    for count in (1, 2, 3):
        due(f"{count}-bytes-of-it", b"PK\1"[:count], "container.truncated")
        due(f"{count}-other-bytes", b"!!!"[:count], "container.truncated")
    past = lambda container, entry: entry.central.__setitem__("comment_length", 60_000)
    suite.refused("comment-length-past-the-end", "a header is there without its comment, and a comment is refused", changed(past), "container.comment", clause="verification.md#1.13")
    last = changed(lambda c, e: c.entries[-1].central.__setitem__("comment_length", 1))
    suite.refused("comment-length-of-the-last", "the comment would be the end record", last, "container.comment", clause="verification.md#1.13")

    def made_on_and_extra(container, entry):
        entry.central["made_on"] = 4
        entry.central.extra = extra(0x5455, b"\1" + b"\0" * 4)

    suite.refused("made-on-4-and-an-extra-field", "the system is always Unix, whatever the extra field", changed(made_on_and_extra), "container.fixed-field", clause="verification.md#1.16")

    def versions_and_extra(container, entry):
        entry.central["version"] = entry.central["made_by"] = 20
        entry.central.extra = extra(0x5455, b"\1" + b"\0" * 4)

    suite.refused("versions-and-an-extra-field", "with another extra field the versions may be others", changed(versions_and_extra), "container.extra-field", clause="verification.md#1.16")
    suite.refused("central-signature-wrong", "something else where a central header should be",
                  changed(lambda c, e: e.central.__setitem__("signature", 0x02014B51)), "container.gap")

    def twice(container, entry):
        container.entries.insert(container.entries.index(entry), twin(entry))

    suite.refused("name-twice", "two entries of one name and content", changed(twice), "container.duplicate-name")

    def twice_different(container, entry):
        other = twin(entry, fixed({"title": "an impostor"}))
        container.entries.insert(container.entries.index(entry), other)

    suite.refused("name-twice-with-other-content", "which of the two counts differs between readers", changed(twice_different), "container.duplicate-name")

    def far_apart(container, entry):
        container.entries.append(twin(entry))

    suite.refused("name-twice-far-apart", "the second one stands at the end", changed(far_apart), "container.duplicate-name")


def zip64(suite):
    refused = lambda name, why, data: suite.refused(name, why, data, "container.zip64", clause="container.md#zip64")
    refused("zip64-needless-end", "ZIP64 where every number fits", zip64_end(smallest().container()).bytes())
    refused("zip64-record-without-locator", "a record that nothing leads to", zip64_end(smallest().container(), locator=False).bytes())
    suite.refused("zip64-locator-without-record", "a locator that leads nowhere", zip64_end(smallest().container(), record=False).bytes(), "container.gap", clause="container.md#zip64")
    refused("zip64-locator-to-another-record", "a locator that leads elsewhere", zip64_end(smallest().container(), locator_offset=0).bytes())
    refused("zip64-extensible-data", "room for anything", zip64_end(smallest().container(), rest=b"anything").bytes())
    refused("zip64-all-ones-count", "all ones in the end record, and the number fits",
            zip64_end(smallest().container(), end64_fields={"here": FULL_16, "entries": FULL_16}).bytes())
    container = smallest().container()
    container.end_fields.update(here=FULL_16, entries=FULL_16)
    suite.refused("all-ones-count-without-zip64", "all ones never stand for themselves", container.bytes(), "container.entry-count", clause="container.md#zip64")

    def local(change):
        container = smallest().container()
        entry = container.entry("context.json")
        change(entry, len(entry.data))
        return container.bytes()

    def needless(entry, size):
        for header in (entry.local, entry.central):
            header["version"], header["size"], header["compressed"] = 45, FULL_32, FULL_32
            header.extra = extra(1, struct.pack("<QQ", size, size))
        entry.central["made_by"] = 45

    refused("zip64-needless-size", "ZIP64 for a size that fits", local(needless))

    def needless_extra(entry, size):
        entry.local.extra = extra(1, struct.pack("<QQ", size, size))

    suite.refused("zip64-extra-without-all-ones", "a size in ZIP64 and another in the header", local(needless_extra), "container.zip64", clause="container.md#zip64")

    def no_extra(entry, size):
        entry.local["size"] = entry.local["compressed"] = FULL_32

    refused("zip64-extra-missing", "all ones, and no ZIP64", local(no_extra))

    def one_size(entry, size):
        entry.local["size"] = entry.local["compressed"] = FULL_32
        entry.local.extra = extra(1, struct.pack("<Q", size))

    def foreign(data):
        def change(entry, size):
            entry.local["size"] = entry.local["compressed"] = FULL_32
            entry.local["version"], entry.local.extra = 45, data

        return local(change)

    of_another = lambda name, data: suite.refused(f"zip64-all-ones-and-{name}", "ZIP64 is due, and the extra field is another", foreign(data), "container.extra-field", clause="container.md#extra-fields")
    of_another("an-extra-field-of-another-kind", extra(0x5455, b"\1" + b"\0" * 4))
    of_another("another-of-the-same-length", extra(0x5455, b"\0" * 16))
    of_another("half-an-extra-field", b"\1")
    two = struct.pack("<QQ", 2**32, 2**32)
    refused("zip64-then-another-extra-field", "ZIP64 is alone", foreign(extra(1, two) + extra(0x5455, b"\1" + b"\0" * 4)))
    refused("zip64-of-another-length-inside", "16 bytes", foreign(b"\1\0\x08\0" + two))

    refused("zip64-one-size", "one of the two sizes", local(one_size))

    def overflow(entry, size):
        entry.local["size"] = entry.local["compressed"] = FULL_32
        entry.local["version"] = 45
        entry.local.extra = extra(1, struct.pack("<QQ", 2**64 - 1, 2**64 - 1))

    suite.refused("zip64-size-overflows", "a size that overflows every counter", local(overflow), "container.truncated", clause="container.md#zip64")

    def large(*sizes, length=None):
        """A local header that says 4 GiB or more, in some form."""

        def change(entry, size):
            entry.local["size"] = entry.local["compressed"] = FULL_32
            entry.local["version"] = 45
            entry.local.extra = extra(1, struct.pack(f"<{len(sizes)}Q", *sizes))
            if length is not None:
                entry.local.extra = entry.local.extra[:2] + struct.pack("<H", length) + entry.local.extra[4:]

        return local(change)

    refused("zip64-two-sizes", "the size stands there twice, and is one", large(2**32, 2**32 + 1))
    refused("zip64-second-size-small", "the first of the two is the size", large(2**32, 7))
    refused("zip64-first-size-small", "the first of the two is the size, and needs no ZIP64", large(7, 2**32))

    def with_version(version, *sizes):
        def change(entry, size):
            entry.local["size"] = entry.local["compressed"] = FULL_32
            entry.local["version"], entry.local.extra = version, extra(1, struct.pack("<QQ", *sizes))

        return local(change)

    suite.refused("first-local-version-then-two-sizes", "the extra field, then the version, then what is in ZIP64", with_version(10, 2**32, 7), "container.fixed-field", clause="container.md#extra-fields")
    refused("first-local-needless-zip64-then-version", "the extra field, then the version", with_version(10, 7, 7))
    refused("zip64-field-too-short", "a length that cuts the second size", large(2**32, 2**32, length=15))
    refused("zip64-field-too-long", "a length beyond the extra field", large(2**32, 2**32, length=17))
    refused("zip64-with-offset", "a local header has no offset", large(2**32, 2**32, 0))
    refused("zip64-size-of-all-ones-less-one", "0xFFFFFFFE fits its field", large(FULL_32 - 1, FULL_32 - 1))
    suite.refused("zip64-data-missing", "exactly 0xFFFFFFFF bytes do not fit their field; they are announced rightly, and not there", large(FULL_32, FULL_32), "container.truncated", clause="container.md#zip64")

    def offset(entry, size):
        entry.central["offset"] = FULL_32
        entry.central["version"] = entry.central["made_by"] = 45
        entry.central.extra = extra(1, struct.pack("<Q", 0x46))

    refused("zip64-needless-offset", "ZIP64 for an offset that fits", local(offset))
