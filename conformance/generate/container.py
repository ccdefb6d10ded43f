"""Layer `container`: the archive, byte by byte (container.md)."""

import struct

from .build import CONTEXT, MIMETYPE, Bundle, artifact, body, crc32, digests, extra, fixed, listing, name_of, says, section, signed, smallest
from .cases import CORE, FULL


def add(suite):
    suite.in_layer("container", "container.md")
    valid(suite)
    layout(suite)
    headers(suite)
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
    padded = lambda data: data + b" " * ((1 << 20) - len(data))
    suite.valid("record-of-1-mib", "a record of exactly the largest size", raw_record(padded(fixed(body({})))), clause="container.md#limits")
    bundle = smallest()
    bundle.statement(padded(says(smallest().record())))
    suite.valid("statement-of-1-mib", "a statement of exactly the largest size", bundle, state="signed", clause="container.md#limits")
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
    suite.refused("empty-file", "an empty file is not a bundle", b"", "container.not-a-bundle")
    suite.refused("text-file", "a text is not a bundle", b"hello\n" * 20, "container.not-a-bundle")
    suite.refused("prefix", "bytes before the first header hide a second archive or a program", put("before", b"#!/bin/sh\n"), "container.gap", tiers=[CORE, FULL])
    suite.refused("prefix-and-comment", "what neither begins nor ends like an archive is none, whatever lies between",
                  changed(lambda c: (setattr(c, "before", b"#!/bin/sh\n"), setattr(c, "after", b"x"), c.end_fields.update(comment_length=1))), "container.not-a-bundle")
    suite.refused("only-an-end-record", "the archive of no entries lacks even the first", plain[-22:-18] + b"\0" * 18, "container.mimetype")
    suite.refused("prefix-of-zeros", "not even zeros stand before it", put("before", b"\0" * 4), "container.gap")
    suite.refused("gap-behind-data", "bytes that nothing covers", changed(lambda c: setattr(c.entries[1], "after_data", b"!")), "container.gap")
    suite.refused("gap-before-directory", "a hole before the directory", put("between", b"\0" * 16), "container.gap")
    suite.refused("gap-before-end", "a hole before the end record", put("before_end", b"\0" * 16), "container.gap")
    suite.refused("digital-signature-record", "an archive's own signature record is not part of the layout", put("before_end", b"PK\5\5\0\0"), "container.gap")
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
    for where in ("local", "central"):
        fixed_field(f"time-only-{where}", f"a time in the {where} header only", lambda e, where=where: getattr(e, where).__setitem__("time", 0x6000))
        fixed_field(f"date-only-{where}", f"a date in the {where} header only", lambda e, where=where: getattr(e, where).__setitem__("date", 0x5977))
    fixed_field("date-zero", "a date that is not a date", lambda e: e.both("date", 0))
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
        ("ntfs", extra(0x000A, b"\0" * 32), "times of NTFS"), ("half-a-field", b"\1", "one byte that is not a field"),
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
    spoken_of(suite)
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
            # The sections and statements of a record that is not what it says are left out of
            # account.
            bundle.objects[f"records/{'1' * 64}/context.json"] = bundle.objects.pop(f"{name.rsplit('/', 1)[0]}/context.json")
            also, more = ["statement.orphan"], ["container.unlisted"]
        suite.refused(f"lying-name-{folder}", "a name that is another digest than that of the bytes", bundle, code, *more, also=also, tiers=[CORE, FULL], clause="container.md#names")


def spoken_of(suite):
    """Who speaks of an artifact, and what he says of it."""
    data, tree = b"weights", listing({"a": b"abc"})
    clause = "sections.md#artifacts"

    def described(item, *embedded):
        text = fixed({"artifacts": [{"direction": "output", "role": "model", **item}]})
        bundle = Bundle()
        bundle.record(body({"artifacts.json": text}), {"artifacts.json": text})
        for content in embedded:
            bundle.embed(content)
        return bundle

    def recorded(**members):
        bundle = Bundle()
        bundle.record(body(**members))
        bundle.embed(data)
        return bundle

    said = {"digest": digests(data)}
    suite.valid("spoken-of-as-an-input", "an input may travel too", recorded(inputs=[artifact(data, "config")]), clause=clause)
    suite.valid("spoken-of-by-artifacts-json", "a file that is neither input nor output of the record", described(said, data), clause=clause)
    suite.valid("spoken-of-by-a-listing", "a tree that only `artifacts.json` names, and a file that only its listing names",
                described({"digest": digests(tree), "form": "tree"}, tree, b"abc"), clause=clause)
    suite.refused("spoken-of-by-sha256", "what an entry is named after is its BLAKE3, and nobody said that", recorded(outputs=[{**artifact(data), "digest": {"sha256": digests(data)["sha256"]}}]),
                  "container.unlisted", clause=clause)
    suite.refused("spoken-of-by-foreign-digest", "an MD5 proves nothing", described({"foreign": {"md5": "0" * 32}, "name": "weights"}, data), "container.unlisted", clause=clause)
    suite.refused("listing-that-nobody-calls-a-tree", "bytes are a listing only where somebody says so", described({"digest": digests(tree)}, tree, b"abc"), "container.unlisted", clause=clause)
    suite.refused("size-in-artifacts-json", "what `artifacts.json` says of a file has to be so", described({**said, "size": 8}, data), "digest.size", clause=clause)
    suite.refused("size-in-a-listing", "what a listing says of a file has to be so", described({"digest": digests(longer()), "form": "tree"}, longer(), b"abc"), "digest.size", clause=clause)
    text = fixed({"artifacts": [{"direction": "output", "role": "model", **said}]})
    altered = described(said, data)
    altered.objects[next(name for name in altered.objects if name.endswith("artifacts.json"))] = text.replace(b"output", b"input")
    suite.refused("spoken-of-by-an-altered-section", "what is not what its record says speaks of nothing", altered, "digest.section", "container.unlisted", clause="verification.md#the-algorithm")
    altered = described({"digest": digests(tree), "form": "tree"}, tree)
    altered.objects[f"artifacts/{name_of(tree)}"] = b"no listing"
    suite.refused("altered-listing", "what is not what its name says is not looked into, so nothing is said of its lines", altered, "digest.artifact", clause="verification.md#the-algorithm")
    altered = described({"digest": digests(tree), "form": "tree"}, tree, b"abc")
    altered.objects[f"artifacts/{name_of(tree)}"] = tree.replace(b" a\n", b" b\n")
    suite.refused("spoken-of-by-an-altered-listing", "what is not what its name says speaks of nothing", altered, "digest.artifact", "container.unlisted", clause="verification.md#the-algorithm")
    suite.refused("sha256-in-artifacts-json", "of both digests", described({"digest": {**digests(data), "sha256": "0" * 64}}, data), "digest.divergent", digests="all", clause=clause)
    suite.refused("sha256-in-a-listing", "of both digests", described({"digest": digests(lying()), "form": "tree"}, lying(), b"abc"), "digest.divergent", digests="all", clause=clause)


def longer():
    return listing({"a": b"abc"}).replace(b" 3 a", b" 4 a")


def lying():
    return listing({"a": b"abc"}).replace(digests(b"abc")["sha256"].encode(), b"0" * 64)


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
