"""Writes which characters Unicode 14.0 assigns, for both verifiers: `unicode_table.py`, with a Python whose tables are those (3.11).

spec/directory.md names that version for look-alike paths: Python 3.11 and every later language has it, and no file system folds letters that came later. The table for the
reference is a text; the one for Rust is code. Both hold the digest of what the reference makes of many names, so that a test can hold the other to it.
"""

import hashlib
import itertools
import pathlib
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))
VERSION = "14.0.0"
TEXT = HERE / "reference/assigned.txt"
CODE = HERE.parent / "crates/expbundle-directory/src/assigned.rs"


def ranges():
    """The first and last of each run of characters that are assigned."""
    codes = (code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs"))
    for _, run in itertools.groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
        run = [code for _, code in run]
        yield run[0], run[-1]


def digest():
    """Of each character of the planes that have letters, between two that join with some, as it is compared."""
    import folder

    codes = (code for code in [*range(0x20000), *range(0x2F800, 0x2FA20)] if not 0xD800 <= code < 0xE000)
    whole = hashlib.sha256()
    for code in codes:
        whole.update(folder.folded(f"A{chr(code)}\u0301{chr(code)}").encode() + b"\n")
    return whole.hexdigest()


def main():
    if unicodedata.unidata_version != VERSION:
        sys.exit(f"this Python has Unicode {unicodedata.unidata_version}, and {VERSION} is needed")
    known = list(ranges())
    text = [f"{first:04X}-{last:04X}" for first, last in known]
    rows = [" ".join(text[start : start + 14]) for start in range(0, len(text), 14)]
    TEXT.write_text("\n".join(rows) + "\n")
    number = lambda code: f"0x{code >> 16:04X}_{code & 0xFFFF:04X}" if code > 0xFFFFF else f"0x{code:X}"
    pairs = [f"({number(first)}, {number(last)})," for first, last in known]
    rows = ["    " + " ".join(pairs[start : start + 5]) for start in range(0, len(pairs), 5)]
    CODE.write_text(
        "//! Characters that Unicode 14.0 assigns (spec/directory.md, \"Paths\"). Written by\n"
        "//! `conformance/unicode_table.py`.\n\n"
        "/// The first and last of each run.\n#[rustfmt::skip]\n"
        f"pub(crate) const ASSIGNED: [(u32, u32); {len(known)}] = [\n" + "\n".join(rows) + "\n];\n\n"
        "/// The SHA-256 of what the second verifier makes of many names.\n#[cfg(test)]\n"
        f"pub(crate) const FOLDED: &str = \"{digest()}\";\n"
    )


if __name__ == "__main__":
    main()
