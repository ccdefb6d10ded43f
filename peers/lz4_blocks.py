"""The blocks of a Parquet section, and the one block of some bytes, both from spec/sections-parquet.md alone."""

WINDOW, TRIES, LONG = 65_535, 16, 64


def sequence(literals, match):
    """Literals, and the length and distance of a match behind them; none after the last."""

    def more(count):
        count -= 15
        return b"\xff" * (count // 255) + bytes([count % 255]) if count >= 0 else b""

    low = min(match[0] - 4, 15) if match else 0
    out = bytes([min(len(literals), 15) << 4 | low]) + more(len(literals)) + literals
    return out + match[1].to_bytes(2, "little") + more(match[0] - 4) if match else out


def encode(body):
    last = len(body) - 12
    noted = {}
    out, written, at, misses = [], 0, 0, 0

    def note(position):
        hashed = (int.from_bytes(body[position : position + 4], "little") * 2_654_435_761 & 0xFFFFFFFF) >> 17
        before = noted.setdefault(hashed, [])
        tried = before[-TRIES:][::-1]
        before.append(position)
        return tried

    def look_up(position):
        best = (0, 0)
        for earlier in note(position):
            if position - earlier > WINDOW:
                break
            length = 0
            while position + length < len(body) - 5 and body[earlier + length] == body[position + length]:
                length += 1
            if length >= 4 and length > best[0]:
                best = (length, position - earlier)
        return best

    while at <= last:
        match = look_up(at)
        if not match[0]:
            misses += 1
            at += 1 + misses // 64
            continue
        misses, known = 0, at + 1
        while match[0] < LONG and known <= last:
            following = look_up(known)
            known += 1
            if following[0] <= match[0]:
                break
            match, at = following, known - 1
        out.append(sequence(body[written:at], match))
        at += match[0]
        for position in range(max(known, at - LONG), min(at, last + 1)):
            note(position)
        written = at
    return b"".join([*out, sequence(body[written:], None)])


def blocks(file):
    """Each block of a section, and the length of its body."""
    at = 4

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = file[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value >> 1

    # Heads begin with their type, the footer with its version.
    while file[at : at + 2] in (b"\x15\x00", b"\x15\x04"):
        rest = 8 if file[at + 1] == 0 else 5
        at += 3
        length = number()
        at += 1
        size = number()
        at += 2
        number()
        at += rest
        yield file[at : at + size], length
        at += size
