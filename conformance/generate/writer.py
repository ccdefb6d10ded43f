"""Layer `writer`: archives of any form that hold the objects of a bundle, and the one bundle that they are (container.md)."""

import io
import struct
import zipfile
import zlib

from .build import Bundle, artifact, body, fixed, listing, says, signed, smallest
from .cases import WRITER


def archive(objects, method=zipfile.ZIP_STORED, order=sorted, comment=b"", folders=False, time=(2026, 11, 23, 9, 0, 0), mimetype=True, extra=b"", streamed=False):
    """The objects as some other tool zips them."""
    out = io.BytesIO()
    target = Unseekable(out) if streamed else out
    with zipfile.ZipFile(target, "w", method, compresslevel=0) as made:
        made.comment = comment
        names = list(order(objects))
        if folders:
            names += sorted({name.rsplit("/", 1)[0] + "/" for name in names})
        if mimetype:
            names.append("mimetype")
        for name in names:
            info = zipfile.ZipInfo(name, time)
            # What a ZIP library fills in differs between systems; here it does not.
            info.create_system, info.extra, info.compress_type = 3, extra, method
            info._compresslevel = 0
            made.writestr(info, b"application/vnd.expbundle.v1+zip" if name == "mimetype" else objects.get(name, b""))
    return out.getvalue()


def wide(objects):
    """Every size, offset and count in 64 bits, which tools write for what may grow."""
    out, directory = io.BytesIO(), io.BytesIO()
    for name, data in objects.items():
        offset, text = out.tell(), name.encode()
        extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
        common = struct.pack("<HHHHHI", 45, 0, 0, 0, 0x5a21, zlib.crc32(data)) + b"\xff" * 8
        out.write(b"PK\3\4" + common + struct.pack("<HH", len(text), len(extra)) + text + extra + data)
        extra = struct.pack("<HHQQQ", 1, 24, len(data), len(data), offset)
        directory.write(b"PK\1\2" + struct.pack("<H", 45) + common + struct.pack("<HHHHHII", len(text), len(extra), 0, 0, 0, 0, 0xffffffff) + text + extra)
    start, data = out.tell(), directory.getvalue()
    out.write(data)
    end = out.tell()
    out.write(b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, len(objects), len(objects), len(data), start))
    out.write(b"PK\6\7" + struct.pack("<IQI", 0, end, 1) + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))
    return out.getvalue()


def renamed(objects, rename):
    """The same bytes under other names."""
    return {rename(name): data for name, data in objects.items()}


class Unseekable(io.RawIOBase):
    """A pipe: sizes have to stand behind the data then."""

    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        return self.out.write(data)


def add(suite):
    suite.in_layer("writer", "container.md")
    whole = Bundle()
    tree = listing({"a": b"abc"})
    record = whole.record(body(outputs=[artifact(b"weights"), artifact(tree, form="tree")]))
    whole.embed(b"weights")
    whole.embed(tree)
    whole.statement(says(record))
    many = Bundle()
    for number in range(12):
        sections = {"context.json": fixed({"title": f"run {number}"}), "a.b": b"x%d" % number, "zz.txt": b"y%d" % number}
        many.record(body({name: data if name == "context.json" else {"mediaType": "text/plain", "size": len(data), "digest": artifact(data)["digest"]}
                          for name, data in sections.items()}), sections)
    write = lambda name, why, bundle, **form: suite.written(name, why, archive(bundle.objects, **form), bundle, tiers=[WRITER])
    write("stored", "as it is, with other times", whole)
    write("deflated", "compressed, in blocks that every library writes alike", whole, method=zipfile.ZIP_DEFLATED)
    write("backwards", "in another order", whole, order=lambda names: sorted(names, reverse=True))
    write("with-folders", "with entries for folders", whole, folders=True)
    write("with-extra-fields", "with times in extra fields", whole, extra=b"\x55\x54\x05\x00\x01\0\0\0\0")
    write("streamed", "with data descriptors", whole, method=zipfile.ZIP_DEFLATED, streamed=True)
    write("without-mimetype", "without its first entry", whole, mimetype=False)
    write("many-records", "a dozen records, whose names are sorted by their bytes", many, order=lambda names: sorted(names, key=lambda name: name[::-1]))
    write("smallest", "the smallest bundle", smallest(), method=zipfile.ZIP_DEFLATED)
    write("signed", "signatures hold in any wrapping", signed()[0], method=zipfile.ZIP_DEFLATED, folders=True)
    suite.written("already-written", "what is written right is left as it is", whole.bytes(), whole, tiers=[WRITER])
    write("stored-streamed", "stored, with the sizes behind the data", whole, streamed=True)
    suite.written("wide", "with sizes and offsets of 64 bits", wide(whole.objects), whole, tiers=[WRITER])
    below = archive(renamed(whole.objects, lambda name: f"my run/{name}"), folders=True, mimetype=False)
    suite.written("in-a-folder", "below a folder, as file managers zip one", below, whole, tiers=[WRITER])
    clutter = {f"__MACOSX/._{name.rsplit('/', 1)[-1]}": b"\0\5\x16\7" for name in whole.objects} | {".DS_Store": b"\0\0\0\1Bud1", "records/Thumbs.db": b"x"}
    suite.written("clutter", "with what macOS and Windows add", archive(whole.objects | clutter), whole, tiers=[WRITER])
    statement = next(name for name in whole.objects if name.startswith("statements/"))
    statements = {
        "statement-renamed": "statements/" + "0" * 64 + ".json",
        "statement-elsewhere": "rejection (1).json",
        "statement-as-a-folder": "notes/",
        "statement-as-clutter": "run/.DS_Store",
    }
    for name, called in statements.items():
        zipped = archive(renamed(whole.objects, lambda name, called=called: called if name == statement else name))
        suite.written(name, "a statement is what its bytes are, whatever its entry is called", zipped, whole, tiers=[WRITER])
    twice = archive(whole.objects) + archive(whole.objects, method=zipfile.ZIP_DEFLATED)
    suite.written("twice", "two archives of the same objects, one behind the other", twice, whole, tiers=[WRITER])

    def lost(name, why, data, kept):
        suite.written(name, why, data, kept, tiers=[WRITER], left_out=True)

    def without(*names):
        kept = Bundle()
        kept.objects = {name: data for name, data in whole.objects.items() if name not in names}
        return kept

    plain = archive(whole.objects)
    lost("without-its-end", "cut short: what is there is kept, and nobody knows what else there was", plain[: plain.index(b"PK\1\2")], whole)
    damaged = bytearray(plain)
    damaged[plain.index(whole.objects[statement]) + 20] ^= 1
    lost("statement-damaged", "a statement that is lost may be a rejection", bytes(damaged), without(statement))
    damaged = bytearray(plain)
    damaged[plain.index(statement.encode()) - 30] ^= 1
    lost("header-damaged", "the archive lists an entry whose header is damaged", bytes(damaged), without(statement))
    write("with-comment", "with a comment", whole, comment=b"zipped by hand")
    suite.written("behind-a-program", "behind other bytes, as in an archive that unpacks itself", b"#!/bin/sh\nexit\n" + plain, whole, tiers=[WRITER])
    suite.written("bytes-behind", "with bytes behind the end of the archive", plain + b"mine", whole, tiers=[WRITER])
    lost("folder-with-data", "an entry is a folder only if it is empty", archive(whole.objects | {"mine/": b"hello"}), whole)
    lost("twice-and-different", "a second entry of an object, with other bytes", archive({statement: b"{}"}) + plain, whole)
    lost("foreign-file", "a file that is not an object of a bundle", archive(whole.objects | {"readme.md": b"hello"}), whole)
    whole_deflated = bytearray(archive(whole.objects, method=zipfile.ZIP_DEFLATED))
    at = whole_deflated.index(statement.encode()) + len(statement)
    whole_deflated[at] |= 6
    lost("stream-damaged", "its compressed bytes are damaged", bytes(whole_deflated), without(statement))
