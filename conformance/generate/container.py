"""Layer `container`: the archive, byte by byte (container.md)."""

import struct

from .build import (
    CONTEXT, FULL_16, FULL_32, MIMETYPE, Bundle, Entry, artifact, body, crc32, extra, fixed, listing, name_of, says, section, signed, smallest,
)
from .cases import CORE, FULL


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


def add(suite):
    suite.in_layer("container", "container.md")
    valid(suite)
    layout(suite)
    headers(suite)
    directories(suite)
    zip64(suite)
    names(suite)
    mimetype(suite)
    objects(suite)
    damage(suite)


def valid(suite):
    suite.valid("smallest", "the smallest bundle: one record with one section", smallest())
    suite.valid("nothing", "a bundle of no objects is a bundle", Bundle())
    two = smallest()
    two.record(body({"context.json": fixed({"title": "another"})}), {"context.json": fixed({"title": "another"})})
    suite.valid("two-records", "records stand in the order of their names", two)
    suite.valid("signed", "statements stand behind records", signed()[0], state="signed")
    bundle, weights = Bundle(), b"weights"
    bundle.record(body(outputs=[artifact(weights)]))
    bundle.embed(weights)
    suite.valid("embedded-artifact", "an embedded artifact stands before records", bundle)
    bundle = Bundle()
    bundle.record(body(outputs=[artifact(b"")]))
    bundle.embed(b"")
    suite.valid("empty-artifact", "an entry may hold nothing, and its CRC-32 is 0", bundle)
    bundle, tree = Bundle(), listing({"a": b"abc", "b/c": b""})
    bundle.record(body(outputs=[artifact(tree, form="tree")]))
    bundle.embed(tree)
    bundle.embed(b"abc")
    suite.valid("embedded-listing", "a listing and a file of it are spoken of", bundle)
    sections = {name: fixed({"title": name}) if name == "context.json" else name.encode() for name in (
        "a.b", "zz-9.txt", "context.json", "r2.json2", "record.json5", "record-2.bin", f"{'a' * 63}.{'0' * 16}")}
    bundle = Bundle()
    bundle.record(body({name: data for name, data in sections.items()} | {
        name: section(data, "application/octet-stream") for name, data in sections.items() if name != "context.json"}), sections)
    suite.valid("section-names", "names of sections from one letter and one digit to the longest", bundle)
    zeros = b"\0" * 4096
    bundle = Bundle()
    bundle.record(body(outputs=[artifact(zeros)]))
    bundle.embed(zeros)
    suite.valid("headers-in-data", "data may look like anything", bundle)
    inner = smallest().bytes()
    bundle = Bundle()
    bundle.record(body(outputs=[artifact(inner, role="file")]))
    bundle.embed(inner)
    suite.valid("bundle-in-bundle", "a bundle may be an artifact; its bytes mean nothing to the one around it", bundle)


def layout(suite):
    def changed(change):
        container = smallest().container()
        change(container)
        return container.bytes()

    plain = smallest().bytes()
    put = lambda field, data: changed(lambda container: setattr(container, field, data))
    suite.refused("empty-file", "no byte is no bundle", b"", "container.not-a-bundle")
    suite.refused("text-file", "a text is no bundle", b"hello\n" * 20, "container.not-a-bundle")
    suite.refused("prefix", "bytes before the first header hide a second archive or a program", put("before", b"#!/bin/sh\n"), "container.gap", tiers=[CORE, FULL])
    suite.refused("prefix-of-zeros", "not even zeros stand before it", put("before", b"\0" * 4), "container.gap")
    suite.refused("gap-behind-data", "bytes that nothing covers", changed(lambda c: setattr(c.entries[1], "after_data", b"!")), "container.gap")
    suite.refused("gap-before-directory", "a hole before the directory", put("between", b"\0" * 16), "container.gap")
    suite.refused("gap-before-end", "a hole before the end record", put("before_end", b"\0" * 16), "container.gap")
    suite.refused("digital-signature-record", "an archive's own signature record is no part of the layout", put("before_end", b"PK\5\5\0\0"), "container.gap")
    suite.refused("trailing-byte", "one byte behind the end", put("after", b"\n"), "container.trailing-bytes")
    suite.refused("trailing-newline-like-zeros", "padding behind the end", put("after", b"\0" * 512), "container.trailing-bytes")
    suite.refused("second-archive-appended", "readers that go by the end see another archive", plain + plain, "container.trailing-bytes")
    suite.refused("two-end-records", "which of the two counts differs between readers", plain + plain[-22:], "container.trailing-bytes")

    def comment(text):
        def change(container):
            container.end_fields["comment_length"] = len(text)
            container.after = text

        return changed(change)

    suite.refused("comment", "a comment on the archive", comment(b"hello"), "container.comment")
    suite.refused("end-record-in-comment", "an end record inside a comment", comment(plain[-22:]), "container.comment")
    suite.refused("archive-in-comment", "a whole archive inside a comment", comment(plain), "container.comment")
    suite.refused("comment-length-without-comment", "a comment that is announced and not there",
                  changed(lambda c: c.end_fields.update(comment_length=7)), "container.comment")
    for name, length in (("in-the-first-header", 20), ("in-a-name", 90), ("in-data", 200), ("in-the-directory", 860), ("in-the-end-record", len(plain) - 1)):
        suite.refused(f"truncated-{name}", "a file that was cut short", plain[:length], "container.truncated")
    end = plain.index(b"PK\1\2")
    suite.refused("no-directory", "local headers only: cut where the directory should begin", plain[:end], "container.truncated")
    suite.refused("no-end-record", "everything but the end record", plain[:-22], "container.truncated")


def headers(suite):
    def changed(change, target="context.json"):
        container = smallest().container()
        change(container.entry(target))
        return container.bytes()

    def both(field, value):
        return changed(lambda entry: entry.both(field, value))

    for name, value in (("encrypted", 1), ("data-descriptor", 8), ("utf8", 0x800), ("strong-encryption", 0x40), ("masked-headers", 0x2000)):
        suite.refused(f"flag-{name}", "general purpose flags are zero", both("flags", value), "container.flags", clause="container.md#local-header")
    for name, value in (("deflate", 8), ("shrunk", 1), ("bzip2", 12), ("zstd", 93), ("aes", 99)):
        suite.refused(f"method-{name}", "there is no decompressor to attack", both("method", value), "container.not-stored", clause="container.md#local-header")
    fixed_field = lambda name, why, change: suite.refused(name, why, changed(change), "container.fixed-field", clause="container.md#central-header")
    fixed_field("time-set", "a time of the clock would make two bundles of one set of objects", lambda e: e.both("time", 0x6000))
    fixed_field("date-set", "so would a date", lambda e: e.both("date", 0x5977))
    fixed_field("date-zero", "a date that is no date", lambda e: e.both("date", 0))
    fixed_field("version-20", "version needed is 1.0", lambda e: e.both("version", 20))
    fixed_field("version-only-local", "version needed of the local header", lambda e: e.local.__setitem__("version", 20))
    fixed_field("version-only-central", "version needed of the central header", lambda e: e.central.__setitem__("version", 20))
    fixed_field("made-by-version", "version made by is that of the header", lambda e: e.central.__setitem__("made_by", 63))
    fixed_field("made-on-dos", "made on Unix, so that the attributes are a mode", lambda e: e.central.__setitem__("made_on", 0))
    fixed_field("attributes-zero", "attributes of a plain file, mode 0644", lambda e: e.central.__setitem__("external", 0))
    fixed_field("symlink", "a symbolic link is unpacked as a link", lambda e: e.central.__setitem__("external", 0o120777 << 16))
    fixed_field("device", "a character device", lambda e: e.central.__setitem__("external", 0o020666 << 16))
    fixed_field("executable", "a program", lambda e: e.central.__setitem__("external", 0o100755 << 16))
    fixed_field("set-user-id", "a program that runs as somebody else", lambda e: e.central.__setitem__("external", 0o104755 << 16))
    fixed_field("directory-attribute", "a folder by its DOS attribute", lambda e: e.central.__setitem__("external", 0o100644 << 16 | 0x10))
    fixed_field("internal-attributes", "text or not is nobody's business", lambda e: e.central.__setitem__("internal", 1))
    suite.refused("mimetype-time", "the first entry is as fixed as the others", changed(lambda e: e.both("time", 1), "mimetype"), "container.fixed-field", clause="container.md#central-header")

    def put_extra(where, data):
        return changed(lambda entry: setattr(getattr(entry, where), "extra", data))

    unicode_path = extra(0x7075, b"\1" + struct.pack("<I", crc32(b"x")) + b"records/evil")
    for name, data, why in (
        ("unicode-path", unicode_path, "a name beside the name"), ("unix-times", extra(0x5455, b"\3" + b"\0" * 8), "times in an extra field"),
        ("unix-owner", extra(0x7875, b"\1\4\0\0\0\0\4\0\0\0\0"), "an owner"), ("unknown", extra(0xCAFE, b""), "the mark of another tool"),
        ("ntfs", extra(0x000A, b"\0" * 32), "times of NTFS"), ("half-a-field", b"\1", "one byte that is no field"),
    ):
        suite.refused(f"extra-local-{name}", f"extra field in the local header: {why}", put_extra("local", data), "container.extra-field", clause="container.md#local-header")
        suite.refused(f"extra-central-{name}", f"extra field in the central header: {why}", put_extra("central", data), "container.extra-field", clause="container.md#central-header")

    def entry_comment(entry):
        entry.central["comment_length"], entry.comment = 5, b"hello"

    suite.refused("entry-comment", "a comment on an entry", changed(entry_comment), "container.comment", clause="container.md#central-header")
    suite.refused("entry-on-disk-1", "split archives", changed(lambda e: e.central.__setitem__("disk", 1)), "container.multi-disk", clause="container.md#central-header")

    def end(**fields):
        container = smallest().container()
        container.end_fields.update(fields)
        return container.bytes()

    suite.refused("end-on-disk-1", "split archives", end(disk=1), "container.multi-disk", clause="container.md#end-record")
    suite.refused("end-starts-on-disk-1", "split archives", end(start_disk=1), "container.multi-disk", clause="container.md#end-record")
    for name, fields in (("too-many", {"here": 4, "entries": 4}), ("too-few", {"here": 2, "entries": 2}), ("zero", {"here": 0, "entries": 0}),
                         ("halves-differ", {"here": 2}), ("other-half-differs", {"entries": 2})):
        suite.refused(f"count-{name}", "the number of entries is what was counted", end(**fields), "container.entry-count", clause="container.md#end-record")
    suite.refused("directory-offset-wrong", "readers that seek from the end would land elsewhere", end(offset=0x333 + 1), "container.range", clause="container.md#end-record")
    suite.refused("directory-offset-past-the-end", "an offset beyond the file", end(offset=0x7FFFFFFF), "container.range", clause="container.md#end-record")
    suite.refused("directory-size-wrong", "the size of the directory", end(size=314), "container.range", clause="container.md#end-record")
    suite.refused("directory-size-overflows", "size and offset add up to more than 32 bits", end(size=0xFFFFFFF0, offset=0xFFFFFFF0), "container.range", clause="container.md#end-record")


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
    mismatch("overlap", "two central headers for the same bytes", lambda c, e: e.central.__setitem__("offset", 0xDB))

    def rename(entry, name):
        entry.central.name = name.encode()

    mismatch("name-differs", "one name in each directory", lambda c, e: rename(e, e.name.decode().replace("context", "kontext")))
    mismatch("name-shorter", "a name cut in the central header", lambda c, e: rename(e, e.name.decode()[:-1]))
    mismatch("only-local", "an entry that only some readers see", lambda c, e: setattr(e, "in_central", False))

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
    suite.refused("central-signature-wrong", "something else where a central header should be",
                  changed(lambda c, e: e.central.__setitem__("signature", 0x02014B51)), "container.gap")

    def twice(container, entry):
        container.entries.insert(container.entries.index(entry), entry_copy(entry))

    suite.refused("name-twice", "two entries of one name and content", changed(twice), "container.duplicate-name")

    def twice_different(container, entry):
        other = entry_copy(entry, fixed({"title": "an impostor"}))
        container.entries.insert(container.entries.index(entry), other)

    suite.refused("name-twice-with-other-content", "which of the two counts differs between readers", changed(twice_different), "container.duplicate-name")

    def far_apart(container, entry):
        container.entries.append(entry_copy(entry))

    suite.refused("name-twice-far-apart", "the second one stands at the end", changed(far_apart), "container.duplicate-name")


def entry_copy(entry, data=None):
    return Entry(entry.name, entry.data if data is None else data)


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

    refused("zip64-one-size", "one of the two sizes", local(one_size))

    def overflow(entry, size):
        entry.local["size"] = entry.local["compressed"] = FULL_32
        entry.local["version"] = 45
        entry.local.extra = extra(1, struct.pack("<QQ", 2**64 - 1, 2**64 - 1))

    suite.refused("zip64-size-overflows", "a size that overflows every counter", local(overflow), "container.truncated", clause="container.md#zip64")

    def offset(entry, size):
        entry.central["offset"] = FULL_32
        entry.central["version"] = entry.central["made_by"] = 45
        entry.central.extra = extra(1, struct.pack("<Q", 0x46))

    refused("zip64-needless-offset", "ZIP64 for an offset that fits", local(offset))


def names(suite):
    def named(name, encoded=None):
        container = smallest().container()
        entry = container.entry("context.json")
        for header in (entry.local, entry.central):
            header.name = encoded if encoded is not None else name.encode()
        entry.name = entry.local.name
        return container.bytes()

    record = next(name for name in smallest().objects if name.endswith("record.json")).split("/")[1]
    bad = {
        "parent-folder": "records/../context.json", "absolute": "/etc/passwd", "drive-letter": "C:/context.json", "backslash": f"records\\{record}\\context.json",
        "double-slash": f"records//{record}/context.json", "dot-folder": f"./records/{record}/context.json", "trailing-dot": f"records/{record}/context.json.",
        "trailing-space": f"records/{record}/context.json ", "nul": f"records/{record}/context.json\0", "newline": f"records/{record}/context.json\n",
        "non-ascii": f"records/{record}/cöntext.json", "upper-case-hex": f"records/{record.upper()}/context.json", "upper-case-section": f"records/{record}/Context.json",
        "short-digest": f"records/{record[:-1]}/context.json", "long-digest": f"records/{record}0/context.json", "folder-entry": f"records/{record}/",
        "folder-of-all": "records/", "file-below-a-section": f"records/{record}/context.json/more.json", "no-extension": f"records/{record}/context",
        "two-extensions": f"records/{record}/context.tar.json", "underscore": f"records/{record}/con_text.json", "digit-first": f"records/{record}/1context.json",
        "stem-of-64": f"records/{record}/{'a' * 64}.json", "extension-of-17": f"records/{record}/context.{'j' * 17}", "empty": "", "other-folder": f"logs/{record}.json",
        "index": "index.json", "statement-without-extension": f"statements/{record}", "artifact-with-extension": f"artifacts/{record}.bin",
        "meta-inf": "META-INF/MANIFEST.MF", "name-of-a-device": f"records/{record}/con", "very-long": f"records/{record}/{'a' * 6000}.json",
    }
    for name, text in bad.items():
        suite.refused(f"name-{name}", "names follow a closed grammar", named(text), "container.name", clause="container.md#names")
    suite.refused("name-not-utf8", "names follow a closed grammar", named("", b"records/\xff\xfe/context.json"), "container.name", clause="container.md#names")

    def order(change):
        container = signed()[0].container()
        change(container.entries)
        return container.bytes()

    def swap(a, b):
        def change(entries):
            entries[a], entries[b] = entries[b], entries[a]

        return change

    suite.refused("order-record-before-context", "names stand in the order of their bytes", order(swap(1, 2)), "container.order", clause="container.md#names")
    suite.refused("order-statement-first", "names stand in the order of their bytes", order(lambda e: e.insert(1, e.pop())), "container.order", clause="container.md#names")


def mimetype(suite):
    refused = lambda name, why, data: suite.refused(name, why, data, "container.mimetype", clause="container.md#names")
    of = lambda content: smallest().container(mimetype=content).bytes()
    refused("mimetype-missing", "the first entry says what this is", of(None))
    refused("mimetype-with-newline", "exactly these bytes", of(MIMETYPE + b"\n"))
    refused("mimetype-of-another-format", "another format in the same clothes", of(b"application/epub+zip"))
    refused("mimetype-upper-case", "exactly these bytes", of(MIMETYPE.upper()))
    refused("mimetype-empty", "exactly these bytes", of(b""))
    container = smallest().container()
    container.entries.append(container.entries.pop(0))
    refused("mimetype-last", "it stands first", container.bytes())
    container = smallest().container()
    container.entries.append(entry_copy(container.entries[0]))
    suite.refused("mimetype-twice", "it stands there once", container.bytes(), "container.duplicate-name", clause="container.md#names")


def objects(suite):
    record = smallest().record()
    bundle = smallest()
    bundle.objects[f"records/{name_of(record)}/extra.json"] = fixed({})
    suite.refused("unlisted-section", "a section that no record lists", bundle, "container.unlisted", clause="container.md#names")
    bundle = smallest()
    bundle.embed(b"nobody speaks of me")
    suite.refused("unlisted-artifact", "an artifact that nothing speaks of", bundle, "container.unlisted", clause="container.md#names")
    bundle = smallest()
    bundle.objects[f"records/{'0' * 64}/context.json"] = CONTEXT
    suite.refused("section-without-record", "a section of a record that is not here", bundle, "container.unlisted", clause="container.md#names")
    bundle, tree = Bundle(), listing({"a": b"abc"})
    bundle.record(body(outputs=[artifact(tree, form="tree")]))
    bundle.embed(b"abc")
    suite.refused("file-of-a-tree-without-listing", "the listing would have to be here to speak of it", bundle, "container.unlisted", clause="container.md#names")
    suite.refused("record-is-an-archive", "a nested archive as record.json", raw_record(smallest().bytes()), "json.encoding", clause="record.md")
    for folder, code in (("records", "digest.record"), ("statements", "digest.statement"), ("artifacts", "digest.artifact")):
        bundle = Bundle()
        data = bundle.record(body(outputs=[artifact(b"weights")]))
        bundle.statement(says(data))
        bundle.embed(b"weights")
        [name] = [name for name in bundle.objects if name.startswith(folder) and not name.endswith("context.json")]
        wrong = name.replace(name.split("/")[1][:64], "1" * 64)
        bundle.objects[wrong] = bundle.objects.pop(name)
        also, more = [], []
        if folder == "records":
            # The sections and statements of a record that is not what it says are left out of account.
            bundle.objects[f"records/{'1' * 64}/context.json"] = bundle.objects.pop(f"{name.rsplit('/', 1)[0]}/context.json")
            also, more = ["statement.orphan"], ["container.unlisted"]
        suite.refused(f"lying-name-{folder}", "a name that is another digest than that of the bytes", bundle, code, *more, also=also, tiers=[CORE, FULL], clause="container.md#names")


def raw_record(data):
    bundle = Bundle()
    bundle.record(raw=data, sections={})
    return bundle


def damage(suite):
    plain = signed()[0].bytes()

    def flip(at, bit=0):
        changed = bytearray(plain)
        changed[at] ^= 1 << bit
        return bytes(changed)

    suite.refused("bit-in-a-section", "one bit of a section", flip(plain.index(b"the smallest run") + 3), "container.crc", "digest.section")
    suite.refused("bit-in-a-record", "one bit of a record; its section is of no record then", flip(plain.index(b'"kind": "run"') + 9), "container.crc", "digest.record", also=["statement.orphan"])
    suite.refused("bit-in-a-statement", "one bit of a statement", flip(plain.index(b'"keyid"') + 12), "container.crc", "digest.statement")
    suite.refused("bit-in-a-crc", "one bit of both checksums", two_crcs(), "container.crc")
    suite.refused("bit-in-mimetype", "one bit of the first entry", flip(plain.index(MIMETYPE) + 2), "container.mimetype")
    suite.refused("bit-in-a-signature", "one bit of a header's signature", flip(plain.index(b"PK\3\4", 10)), "container.gap")
    # Both headers say the same of content that was altered, so only digests tell.
    bundle = smallest()
    [name] = [name for name in bundle.objects if name.endswith("context.json")]
    bundle.objects[name] = bundle.objects[name].replace(b"smallest", b"greatest")
    suite.refused("altered-section", "content and checksums were altered together", bundle, "digest.section", clause="sections.md")


def two_crcs():
    container = smallest().container()
    container.entry("context.json").both("crc", 1)
    return container.bytes()
