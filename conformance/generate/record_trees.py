"""Layer `record`: listings of trees (digests.md)."""

from .build import artifact, digests, listing
from .record import of


def add(suite):
    suite.in_layer("record", "digests.md#trees")
    def tree(data):
        bundle = of(outputs=[artifact(data, form="tree")])
        bundle.embed(data)
        return bundle

    line = lambda path, data=b"x", size=None: f"{digests(data)['blake3']} {digests(data)['sha256']} {len(data) if size is None else size} {path}\n".encode()
    suite.valid("tree-empty", "a folder of no files", tree(b""))
    suite.valid("tree-escapes", "percent, line feed and DEL in names", tree(listing({"a%25b": b"x", "a%0Ab": b"y", "a%7Fb": b"z", "é": b"w"})))
    good = {
        "order-of-bytes": line("\ufffd") + line("\U00010000"), "hyphen-before-slash": line("a-b") + line("a/b"), "backslash": line("a\\b"), "space-inside": line("a b c"), "space-at-the-ends": line(" a "),
        "last-control": line("%1F"), "largest-size": line("a", size=2**53 - 1), "dots": line("...") + line(".a"), "deep": line("/".join("a" * 200)), "longest-path": line("a" * 4096), "twice-the-same-content": line("a") + line("b"),
    }
    for name, data in good.items():
        suite.valid(f"tree-{name}", "names of all kinds, in the order of their bytes", tree(data))
    bad = {
        "path-of-4097-bytes": line("a" * 4097), "path-of-4097-bytes-as-written": line("%25" * 1365 + "aa"),
        "order-of-utf-16": line("\U00010000") + line("\ufffd"), "file-and-folder-apart": line("a") + line("a-b") + line("a/b"), "del": line("a\x7fb"), "escaped-slash": line("a%2Fb"), "lower-case-escaped-slash": line("a%2fb"),
        "escape-cut": line("a%0"), "byte-order-mark": b"\xef\xbb\xbf" + line("a"), "no-path": line("")[:-2] + b"\n", "path-empty": line(""), "negative-size": line("a", size=-1), "one-digest": line("a")[65:],
        "unsorted": line("b") + line("a"), "path-twice": line("a") + line("a"), "file-and-folder": line("a") + line("a/b"), "absolute": line("/a"), "parent": line("../a"),
        "dot": line("a/./b"), "empty-name": line("a//b"), "trailing-slash": line("a/"), "no-line-feed": line("a")[:-1], "carriage-return": line("a")[:-1] + b"\r\n",
        "size-with-zero": line("a", size="01"), "size-too-large": line("a", size=2**53), "upper-case": line("a").upper(), "two-spaces": line("a").replace(b" ", b"  ", 1),
        "needless-escape": line("%41"), "lower-case-escape": line("a%0a"), "bare-percent": line("100%"), "control": line("a\tb"), "not-utf8": line("a")[:-2] + b"\xff\n",
        "empty-line": line("a") + b"\n",
    }
    for name, data in bad.items():
        suite.refused(f"tree-{name}", "a listing has one spelling", tree(data), "tree.invalid")
