"""Writes a `.wandb` file as wandb 0.31 writes it offline: `generate_wandb.py ROWS KEYS FOLDER`.

For each row one `history` record and two `summary` records, each item with a `nested_key`, in LevelDB's log of 32 KiB blocks with a plain CRC-32.
Protocol Buffers are put together by hand, because a million rows through wandb's own classes would take the better part of an hour.
"""

import math
import pathlib
import random
import sys
import zlib

BLOCK_BYTES = 32768
HEADER_BYTES = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4

# Fields of the message Record, and of what it holds.
NUM, HISTORY, SUMMARY, CONFIG, RUN, EXIT, HEADER = 1, 2, 3, 5, 17, 18, 21

RUN_ID = "benchrun"
START_SECONDS = 1_795_427_729


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(field, content):
    """A member that is text, bytes or another message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def integer(field, number):
    return varint(field << 3) + varint(number)


def value(*path, json):
    """An item: `nested_key` = 2, `value_json` = 16. History and summary have the same numbers."""
    return b"".join(message(2, key) for key in path) + message(16, json)


class Log:
    """The file: records cut into fragments so that none crosses a block."""

    def __init__(self, file):
        self.file, self.records = file, 0
        self.file.write(b":W&B" + (0xBEE1).to_bytes(2, "little") + b"\0")
        self.at = HEADER_BYTES

    def record(self, field, content):
        self.records += 1
        data = integer(NUM, self.records) + message(field, content) + message(200, message(1, RUN_ID))
        begin, started = 0, False
        while True:
            room = BLOCK_BYTES - self.at
            if room < HEADER_BYTES:
                self.file.write(b"\0" * room)
                self.at, room = 0, BLOCK_BYTES
            part = data[begin : begin + room - HEADER_BYTES]
            ends = begin + len(part) == len(data)
            kind = (LAST if ends else MIDDLE) if started else (FULL if ends else FIRST)
            checksum = zlib.crc32(part, zlib.crc32(bytes([kind])))
            self.file.write(checksum.to_bytes(4, "little") + len(part).to_bytes(2, "little") + bytes([kind]) + part)
            self.at += HEADER_BYTES + len(part)
            begin, started = begin + len(part), True
            if ends:
                return


def generate(rows, keys, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "requirements.txt").write_text("numpy==2.4.6\nwandb==0.31.0\n")
    path = folder / f"run-{RUN_ID}.wandb"
    noise = random.Random(7)
    prefixes = [message(2, f"m/{number:02}") for number in range(keys)]
    with path.open("wb", buffering=1 << 20) as file:
        log = Log(file)
        log.record(HEADER, message(1, message(1, "0.31.0+15f8cbc581d1c5cfc6e31f68b48bdd13cec2dd2c") + message(2, "0.70.0")))
        config = message(1, message(1, "lr") + message(16, "0.05")) + message(1, message(1, "seed") + message(16, "7"))
        start = integer(1, START_SECONDS) + integer(2, 213_168_000)
        log.record(RUN, message(1, RUN_ID) + message(3, "bench") + message(4, config) + message(8, "a long run") + message(17, start))
        for row in range(rows):
            seconds = row * 0.25
            trend = math.exp(-row / rows * 3)
            # As Go prints them: seventeen digits where needed.
            items = [prefix + message(16, repr(trend + noise.random() * 0.01)) for prefix in prefixes]
            items += [
                value("_timestamp", json=f"1.{START_SECONDS % 10**9:09d}{row % 10**7:07d}e+09"),
                value("_runtime", json=repr(seconds + noise.random() * 1e-3)),
                value("_step", json=str(row)),
            ]
            runtime = str(int(seconds))
            log.record(SUMMARY, message(1, value("_wandb", "runtime", json=runtime)) + message(1, message(1, "_runtime") + message(16, runtime)))
            # The members are numbered alike: `item` and `update` are both 1.
            content = b"".join(message(1, item) for item in items)
            log.record(SUMMARY, content)
            log.record(HISTORY, content + message(2, integer(1, row)))
        log.record(EXIT, integer(2, int(rows * 0.25)))
    return path


if __name__ == "__main__":
    print(generate(int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])))
