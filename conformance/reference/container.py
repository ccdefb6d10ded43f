"""spec/container.md, and step 1 of spec/verification.md: the archive, read in two passes that agree."""

import re
import struct
import zlib

from refused import Refused, must

MIMETYPE = b"application/vnd.expbundle.v1+zip"
NAME = re.compile(rb"records/[0-9a-f]{64}/[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}|statements/[0-9a-f]{64}\.json|artifacts/[0-9a-f]{64}")
LOCAL, CENTRAL, END, END64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6"
MOST_ENTRIES = 524_288


def narrow(value, bits=32):
    """What a field holds for a value, and whether ZIP64 has to hold it: all ones never stand for themselves."""
    full = (1 << bits) - 1
    return (full, True) if value >= full else (value, False)


def read(data):
    """The entries by name, `mimetype` left out, each with its bytes and the checksum of its header."""
    if data[:4] != LOCAL:
        must(data[-22:][:4] == END, "container.not-a-bundle")
        raise Refused("container.gap" if len(data) > 22 else "container.mimetype")
    at, entries = 0, []
    while data[at : at + 4] == LOCAL:
        must(len(entries) <= MOST_ENTRIES, "container.limit")
        entry = local(data, at, not entries)
        if len(entries) > 1 and rank(entry["name"]) <= rank(entries[-1]["name"]):
            raise Refused("container.duplicate-name" if any(other["name"] == entry["name"] for other in entries) else "container.order")
        at = entry["from"] + entry["size"]
        must(at <= len(data), "container.truncated")
        if not entries:
            mimetype(data[entry["from"] : at], entry["crc"])
        entries.append(entry)
    start = at
    for entry in entries:
        at = central(data, at, entry)
    must(data[at : at + 4] != CENTRAL, "container.header-mismatch")
    end(data, at, len(entries), start)
    return {entry["name"].decode(): (data[entry["from"] : entry["from"] + entry["size"]], entry["crc"]) for entry in entries[1:]}


def rank(name):
    """Artifacts, sections, records, statements; each by its name."""
    return (name.startswith(b"statements/"), name.endswith(b"/record.json"), name.startswith(b"records/"), name)


def fields(form, data, at):
    must(len(data) - at >= struct.calcsize(form), "container.truncated")
    return struct.unpack_from(form, data, at)


def name_and_extra(data, at, name_length, extra_length):
    must(len(data) - at >= name_length + extra_length, "container.truncated")
    return data[at : at + name_length], data[at + name_length : at + name_length + extra_length]


def wrong_extra(extra):
    return "container.zip64" if not extra or extra[:2] == b"\1\0" else "container.extra-field"


def is_long_enough(extra, length):
    must(len(extra) == length, wrong_extra(extra))


def local(data, offset, first):
    _, version, flags, method, time, date, crc, packed, size, name_length, extra_length = fields("<4sHHHHHIIIHH", data, offset)
    name, extra = name_and_extra(data, offset + 30, name_length, extra_length)
    must(flags == 0, "container.flags")
    must(method == 0, "container.not-stored")
    if first:
        must(name == b"mimetype", "container.mimetype")
    else:
        must(name != b"mimetype", "container.duplicate-name")
        must(NAME.fullmatch(name), "container.name")
    must(packed == size, "container.header-mismatch")
    large = size == 0xFFFFFFFF
    if large:
        is_long_enough(extra, 20)
        must(extra[:4] == b"\1\0\x10\0", wrong_extra(extra))
        size = int.from_bytes(extra[4:12], "little")
        must(size >= 0xFFFFFFFF, "container.zip64")
    is_long_enough(extra, 20 if large else 0)
    must((version, time, date) == (45 if large else 10, 0, 0x21), "container.fixed-field")
    must(extra[4:12] == extra[12:], "container.zip64")
    return {"name": name, "offset": offset, "from": offset + 30 + name_length + extra_length, "size": size, "crc": crc}


def mimetype(content, crc):
    if content != MIMETYPE:
        other = re.fullmatch(rb"application/vnd\.expbundle\.v[0-9]+\+zip", content)
        raise Refused("version.unsupported" if other else "container.mimetype")
    must(zlib.crc32(content) == crc, "container.crc")


def central(data, at, entry):
    must(len(data) - at >= 4, "container.truncated")
    must(data[at : at + 4] not in (END, END64), "container.header-mismatch")
    must(data[at : at + 4] == CENTRAL, "container.gap")
    (_, made_by, made_on, version, flags, method, time, date, crc, packed, size, name_length, extra_length, comment, disk, internal, external,
     offset) = fields("<4sBBHHHHHIIIHHHHHII", data, at)
    name, extra = name_and_extra(data, at + 46, name_length, extra_length)
    must(name == entry["name"], "container.header-mismatch")
    must(comment == 0, "container.comment")
    must(disk == 0, "container.multi-disk")
    must((flags, method, crc) == (0, 0, entry["crc"]), "container.header-mismatch")
    wanted_size, large = narrow(entry["size"])
    wanted_offset, far = narrow(entry["offset"])
    values = [entry["size"]] * 2 * large + [entry["offset"]] * far
    wanted = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    needed = 45 if values else 10
    must((made_by, version) == (needed, needed) or len(extra) != len(wanted), "container.fixed-field")
    must((made_on, time, date, internal, external) == (3, 0, 0x21, 0, 0o100644 << 16), "container.fixed-field")
    is_long_enough(extra, len(wanted))
    must((packed, size, offset) == (wanted_size, wanted_size, wanted_offset), "container.header-mismatch")
    must(extra == wanted, wrong_extra(extra))
    return at + 46 + name_length + extra_length


def end(data, at, count, start):
    (wanted_size, large), (wanted_start, far), (wanted_count, many) = narrow(at - start), narrow(start), narrow(count, 16)
    must(len(data) - at >= 22, "container.truncated")
    must(data[at : at + 4] in (END, END64), "container.gap")
    if large or far or many:
        record = struct.pack("<4sQHHIIQQQQ", END64, 44, 45, 45, 0, 0, count, count, at - start, start) + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
        must(data[at : at + 4] == END64, "container.entry-count" if many else "container.zip64")
        must(data[at + 24 : at + 40] == record[24:40], "container.entry-count")
        must(data[at : at + len(record)] == record, "container.zip64")
        at += len(record)
    must(data[at : at + 4] != END64, "container.zip64")
    _, disk, start_disk, here, entries, said_size, said_start, comment = fields("<4sHHHHIIH", data, at)
    must(data[at : at + 4] == END, "container.gap")
    must((disk, start_disk) == (0, 0), "container.multi-disk")
    must((here, entries) == (wanted_count, wanted_count), "container.entry-count")
    must((said_size, said_start) == (wanted_size, wanted_start), "container.range")
    must(comment == 0, "container.comment")
    must(len(data) == at + 22, "container.trailing-bytes")
