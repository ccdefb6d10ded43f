"""spec/container.md: the archive, read in two passes that agree."""

import re
import struct
import zlib

MIMETYPE = b"application/vnd.expbundle.v1+zip"
NAME = re.compile(
    rb"records/[0-9a-f]{64}/[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}|statements/[0-9a-f]{64}\.json|artifacts/[0-9a-f]{64}", re.ASCII
)
LOCAL, CENTRAL, END, END64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6"
MOST_ENTRIES = 524_288


class Refused(Exception):
    """The container is refused, by this code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def refuse_if(wrong, code):
    if wrong:
        raise Refused(code)


def narrow(value, bits=32):
    """What a field holds for a value, and whether ZIP64 has to hold it: all ones never stand for themselves."""
    full = (1 << bits) - 1
    return (full, True) if value >= full else (value, False)


def read(data):
    """The entries by name, `mimetype` left out, each with its bytes and the checksum of its header."""
    if data[:4] != LOCAL:
        # An archive whose first header is not at the beginning is an archive still.
        refuse_if(data[-22:][:4] == END and len(data) > 22, "container.gap")
        refuse_if(data[-22:][:4] == END, "container.mimetype")
        raise Refused("container.not-a-bundle")
    at, entries = 0, []
    while data[at : at + 4] == LOCAL:
        refuse_if(len(entries) > MOST_ENTRIES, "container.limit")
        entry, at = local(data, at, not entries)
        if len(entries) > 1 and entry["name"] <= entries[-1]["name"]:
            raise Refused("container.duplicate-name" if any(other["name"] == entry["name"] for other in entries) else "container.order")
        if not entries:
            mimetype(data[entry["from"] : at], entry["crc"])
        entries.append(entry)
    start, signature = at, data[at : at + 4]
    refuse_if(len(signature) < 4, "container.truncated")
    refuse_if(signature in (END, END64), "container.header-mismatch")
    refuse_if(signature != CENTRAL, "container.gap")
    for entry in entries:
        at = central(data, at, entry)
    refuse_if(data[at : at + 4] == CENTRAL, "container.header-mismatch")
    end(data, at, len(entries), start)
    return {entry["name"].decode(): (data[entry["from"] : entry["from"] + entry["size"]], entry["crc"]) for entry in entries[1:]}


def fields(form, data, at):
    size = struct.calcsize(form)
    refuse_if(len(data) - at < size, "container.truncated")
    return struct.unpack(form, data[at : at + size])


def local(data, at, first):
    offset = at
    _, version, flags, method, time, date, crc, packed, size, name_length, extra_length = fields("<4sHHHHHIIIHH", data, at)
    at += 30
    refuse_if(len(data) - at < name_length + extra_length, "container.truncated")
    name, extra = data[at : at + name_length], data[at + name_length : at + name_length + extra_length]
    at += name_length + extra_length
    refuse_if(flags != 0, "container.flags")
    refuse_if(method != 0, "container.not-stored")
    if first:
        refuse_if(name != b"mimetype", "container.mimetype")
    else:
        refuse_if(name == b"mimetype", "container.duplicate-name")
        refuse_if(not NAME.fullmatch(name), "container.name")
    refuse_if(packed != size, "container.header-mismatch")
    if size == 0xFFFFFFFF:
        refuse_if(len(extra) != 20 or extra[:4] != b"\1\0\x10\0" or extra[4:12] != extra[12:], "container.zip64")
        size = struct.unpack("<Q", extra[4:12])[0]
        refuse_if(size < 0xFFFFFFFF, "container.zip64")
        refuse_if(version != 45, "container.fixed-field")
    else:
        refuse_if(extra[:2] == b"\1\0", "container.zip64")
        refuse_if(extra, "container.extra-field")
        refuse_if(version != 10, "container.fixed-field")
    refuse_if((time, date) != (0, 0x21), "container.fixed-field")
    refuse_if(len(data) - at < size, "container.truncated")
    return {"name": name, "offset": offset, "from": at, "size": size, "crc": crc}, at + size


def mimetype(content, crc):
    if content != MIMETYPE:
        other = re.fullmatch(rb"application/vnd\.expbundle\.v[0-9]+\+zip", content)
        raise Refused("version.unsupported" if other else "container.mimetype")
    refuse_if(zlib.crc32(content) != crc, "container.crc")


def central(data, at, entry):
    signature = data[at : at + 4]
    refuse_if(len(signature) < 4, "container.truncated")
    refuse_if(signature in (END, END64), "container.header-mismatch")
    refuse_if(signature != CENTRAL, "container.gap")
    (_, made_by, made_on, version, flags, method, time, date, crc, packed, size, name_length, extra_length, comment, disk, internal, external,
     offset) = fields("<4sBBHHHHHIIIHHHHHII", data, at)
    at += 46
    refuse_if(len(data) - at < name_length + extra_length, "container.truncated")
    name, extra = data[at : at + name_length], data[at + name_length : at + name_length + extra_length]
    refuse_if(name != entry["name"], "container.header-mismatch")
    refuse_if(comment, "container.comment")
    refuse_if(disk, "container.multi-disk")
    refuse_if((flags, method, crc) != (0, 0, entry["crc"]), "container.header-mismatch")
    wanted_size, large = narrow(entry["size"])
    wanted_offset, far = narrow(entry["offset"])
    values = ([entry["size"]] * 2 if large else []) + ([entry["offset"]] if far else [])
    wanted_extra = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    if extra != wanted_extra:
        raise Refused("container.zip64" if extra[:2] == b"\1\0" or wanted_extra else "container.extra-field")
    needed = 45 if values else 10
    refuse_if((made_by, made_on, version) != (needed, 3, needed), "container.fixed-field")
    refuse_if((time, date, internal, external) != (0, 0x21, 0, 0o100644 << 16), "container.fixed-field")
    refuse_if((packed, size, offset) != (wanted_size, wanted_size, wanted_offset), "container.header-mismatch")
    return at + name_length + extra_length


def end(data, at, count, start):
    size = at - start
    (wanted_size, large), (wanted_start, far), (wanted_count, many) = narrow(size), narrow(start), narrow(count, 16)
    if large or far or many:
        record = struct.pack("<4sQHHIIQQQQ", END64, 44, 45, 45, 0, 0, count, count, size, start) + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
        refuse_if(data[at : at + 4] == END, "container.zip64")
        refuse_if(data[at + 24 : at + 40] != record[24:40], "container.entry-count")
        refuse_if(data[at : at + len(record)] != record, "container.zip64")
        at += len(record)
    refuse_if(len(data) - at < 22, "container.truncated")
    refuse_if(data[at : at + 4] == END64, "container.zip64")
    refuse_if(data[at : at + 4] != END, "container.gap")
    _, disk, start_disk, here, entries, said_size, said_start, comment = fields("<4sHHHHIIH", data, at)
    refuse_if(disk or start_disk, "container.multi-disk")
    refuse_if((here, entries) != (wanted_count, wanted_count), "container.entry-count")
    refuse_if((said_size, said_start) != (wanted_size, wanted_start), "container.range")
    refuse_if(comment, "container.comment")
    refuse_if(len(data) > at + 22, "container.trailing-bytes")
