"""Git repositories that git itself would not write, for `trackers.py`: packs whose objects unfold to far more than their size."""

import struct
import zlib

COMMIT, TREE, BLOB, DIFFERENCE = 1, 2, 3, 6


def length(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def commit(folder, before=(), message=b""):
    lines = [f"tree {folder.hex()}", *(f"parent {one.hex()}" for one in before)]
    lines += [f"{who} Ada <ada@example.org> 1700000000 +0000" for who in ("author", "committer")]
    return "\n".join(lines).encode() + b"\n\n" + message


class Pack:
    """Objects are named by their numbers, since nothing checks their digests."""

    def __init__(self):
        self.data, self.places = bytearray(b"PACK" + struct.pack(">II", 2, 0)), []

    def object(self, kind, data, distance=b""):
        self.places.append(len(self.data))
        byte, size = kind << 4 | len(data) & 15, len(data) >> 4
        while size:
            self.data.append(byte | 128)
            byte, size = size & 127, size >> 7
        self.data.append(byte)
        self.data += distance + zlib.compress(data, 9)
        return struct.pack(">I", len(self.places) - 1) + bytes(16)

    def file(self, data):
        return self.object(BLOB, data)

    def folder(self, *entries):
        return self.object(TREE, b"".join(f"{mode} {name}".encode() + b"\0" + one for mode, name, one in entries))

    def shared(self, inner, levels):
        """Folders in each other, each of which is in ten places of the one around it."""
        for _ in range(levels):
            inner = self.folder(*(("40000", str(k), inner) for k in range(10)))
        return inner

    def difference(self, head, before, rest):
        """An object of the kind of the last one: a head of its own, and the last bytes of that one, which has `before` bytes."""
        out = length(before) + length(len(head) + rest)
        for at in range(0, len(head), 127):
            out += bytes([len(head[at : at + 127])]) + head[at : at + 127]
        for at in range(before - rest, before, 0xFFFFFF):
            out += b"\xff" + struct.pack("<I", at) + struct.pack("<I", min(0xFFFFFF, before - at))[:3]
        back = len(self.data) - self.places[-1]
        distance = bytes([back & 127])
        while back >> 7:
            back = (back >> 7) - 1
            distance = bytes([back & 127 | 128]) + distance
        return self.object(DIFFERENCE, out, distance)

    def write(self, project, head):
        for path, data in (
            (".dvc/config", b"[core]\n    analytics = false\n"),
            (".git/HEAD", b"ref: refs/heads/main\n"),
            (".git/refs/heads/main", head.hex().encode() + b"\n"),
            (".git/objects/pack/pack-a.pack", bytes(self.data)),
            (".git/objects/pack/pack-a.idx", self.index()),
        ):
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_bytes(data)
        return project

    def index(self):
        names = b"".join(struct.pack(">I", number) + bytes(16) for number in range(len(self.places)))
        places = b"".join(struct.pack(">I", place) for place in self.places)
        return b"\xfftOc\0\0\0\x02" + struct.pack(">I", len(self.places)) * 256 + names + bytes(4 * len(self.places)) + places
