"""Writes what tools write for nothing: `nothing_table.py`, which makes spec/nothing.toml and the same table for Rust.

Texts and files that only a real tool can tell are kept as they stand in spec/nothing.toml; add those there. What follows a rule is made here.
"""

import bz2
import gzip
import json
import lzma
import pathlib
import pickle
import tomllib
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "spec/nothing.toml"
CODE = ROOT / "crates/expbundle-lineage/src/nothing_table.rs"

# What people and programs write where there is nothing to say, as it is, capitalized and in capitals.
WORDS = "test none null nil na n/a nan true false yes no on off todo tbd empty dummy placeholder undefined hello".split()
PHRASES = ["hello world", "hello, world", "hello world!", "hello, world!"]
SIGNS = ["---", "???", "/**/", "<html></html>", "<svg/>", "[null]", "[\"\"]", "{\"\": \"\"}"]
NUMBERS = ["0.00", "0.0e+00", "0.000000e+00", "0.000000000000000000e+00", "1.000000000000000000e+00", "000", "1e-3", "123"]
TYPES = {"<f8": 8, "<f4": 4, "<f2": 2, "<i8": 8, "<i4": 4, "<i2": 2, "|i1": 1, "<u8": 8, "<u4": 4, "<u2": 2, "|u1": 1, "|b1": 1, "<c16": 16, "<c8": 8, "<U1": 4, "|S1": 1}
# Arrays without elements have one of these as their other side; zeros are as many as these. All of it is hashed whenever a bundle is read, so lists are short.
SIDES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 16, 32, 64, 100, 128, 256, 384, 512, 768, 784, 1000, 1024, 1536, 2048, 3072, 4096]
ZEROS = [1, 2, 3, 4, 8, 10, 16]
# An empty tar file as writers make it: two blocks, and a record of twenty.
TARS = {"two blocks": bytes(1024), "a record": bytes(10240)}


def texts(known):
    every = [variant for word in [*WORDS, *PHRASES] for variant in (word, word.capitalize(), word.title(), word.upper())]
    return list(dict.fromkeys([*known, *every, *SIGNS, *NUMBERS]))


def deflated(data):
    """Gzip without a time and a name: by what gzip and Python write, at each of their usual levels."""
    for level, flag in ((1, 4), (6, 0), (9, 2)):
        deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
        body = deflate.compress(data) + deflate.flush()
        ends = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
        yield from (b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + bytes([flag, system]) + body + ends for system in (3, 255))
    yield gzip.compress(data, mtime=0)


def files():
    """By name, files that follow from what they are: a name may add to what stands there already."""
    for name, tar in TARS.items():
        yield f"tar.gz of {name}", sorted(set(deflated(tar)))
        yield f"tar.bz2 of {name}", sorted({bz2.compress(tar, level) for level in (1, 9)})
        yield f"tar.xz of {name}", sorted({lzma.compress(tar, preset=preset) for preset in (0, 6, 9)} | {lzma.compress(tar, check=lzma.CHECK_CRC32)})
    for value in (-1, 1.0, "test", [None], [0], [[]], [{}], float("nan"), float("inf")):
        yield f"pickle of {value!r}", sorted({pickle.dumps(value, protocol) for protocol in range(6)})


def write(known):
    out = [*TABLE.read_text().split("texts = [")[0].rstrip().splitlines(), "texts = ["]
    row = ""
    for text in known["texts"]:
        item = json.dumps(text, ensure_ascii=False) + ","
        if len(row) + len(item) > 97:
            out.append(f"  {row.rstrip()}")
            row = ""
        row += item + " "
    out += [f"  {row.rstrip()}", "]", "", "# One of these over and over, from 1 to `most` times.", "repeated = [" + ", ".join(json.dumps(text) for text in known["repeated"]) + "]"]
    out += [f"most = {known['most']}", "", "# Zero bytes: each multiple of 512 up to `blocks` of them, since an empty tar file has 2 or 20, and"]
    out += ["# each power of two up to `largest`, since space is reserved so.", f"blocks = {known['blocks']}", f"largest = {known['largest']:_}", ""]
    out += ["# Arrays of `numpy.save`, format 1.0, in the order of C, headers filled up to 128 bytes. Of each type,", "# with the bytes of an element: those of the shapes (0,) and (0, s) for each s of `sides`; and zeros"]
    out += ["# of the shape (), and of (z,) for each z of `zeros`.", "[npy]", "types = ["]
    pairs = [f'["{name}", {size}],' for name, size in TYPES.items()]
    out += [*("  " + " ".join(pairs[start : start + 6]) for start in range(0, len(pairs), 6)), "]"]
    for name, numbers in (("sides", SIDES), ("zeros", ZEROS)):
        out.append(f"{name} = [")
        row = ""
        for number in numbers:
            if len(row) > 90:
                out.append(f"  {row.rstrip()}")
                row = ""
            row += f"{number}, "
        out += [f"  {row.rstrip()}", "]"]
    out += ["", "# Whole files, in hexadecimal.", "[files]"]
    for name, contents in known["files"].items():
        out += [f"{json.dumps(name, ensure_ascii=False)} = [", *(f'  "{content}",' for content in contents), "]"]
    TABLE.write_text("\n".join(out) + "\n")


def rust(data):
    """A byte string of Rust."""
    plain = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}
    # `\\00` would look like an escape of other languages.
    shown = lambda byte, then: "\\x00" if byte == 0 and 48 <= then < 58 else plain.get(byte, chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
    return 'b"' + "".join(map(shown, data, data[1:] + b" ")) + '"'


def write_code(known):
    text = lambda value: json.dumps(value, ensure_ascii=False).replace("\\u0000", "\\0")
    lines = ["//! What tools write for nothing, as spec/nothing.toml has it. Written by", "//! `conformance/nothing_table.py`.", "", "#[rustfmt::skip]", "mod table {"]
    table = lambda name, kind, items: [f"    pub(crate) const {name}: &[{kind}] = &[", *(f"        {item}," for item in items), "    ];"]
    lines += table("TEXTS", "&str", map(text, known["texts"]))
    lines += table("REPEATED", "&str", map(text, known["repeated"]))
    lines += [f"    pub(crate) const MOST: usize = {known['most']};"]
    lines += table("NPY_TYPES", "(&str, usize)", (f"({text(name)}, {size})" for name, size in TYPES.items()))
    lines += [f"    pub(crate) const NPY_{name}: &[usize] = &{numbers};" for name, numbers in (("SIDES", SIDES), ("ZEROS", ZEROS))]
    lines += table("FILES", "&[u8]", (rust(bytes.fromhex(content)) for contents in known["files"].values() for content in contents))
    CODE.write_text("\n".join([*lines, "}", "", "pub(crate) use table::{FILES, MOST, NPY_SIDES, NPY_TYPES, NPY_ZEROS, REPEATED, TEXTS};", ""]))


def main():
    known = tomllib.loads(TABLE.read_text())
    known["texts"] = texts(known["texts"])
    known["files"].pop("npy of shape (0,), by type", None)
    there = {content for contents in known["files"].values() for content in contents}
    for name, contents in files():
        new = [content.hex() for content in contents if content.hex() not in there]
        if new:
            known["files"].setdefault(name, []).extend(new)
            there.update(new)
    write(known)
    write_code(known)


if __name__ == "__main__":
    main()
