"""spec/json.md: JSON in which nothing can be understood in two ways."""

import re

from refused import Refused, must

MOST_DEPTH, MOST_VALUES = 64, 1_048_576
LARGEST = 2**53 - 1
SPACE = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
HEX = re.compile(r"[0-9a-fA-F]{4}", re.ASCII)


def parse(data):
    """One value. Integers become int, other numbers float."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("json.encoding") from None
    must(not text.startswith("\ufeff"), "json.encoding")
    reader = Reader(text)
    value = reader.value(1)
    reader.space()
    must(reader.at == len(text), "json.trailing-bytes")
    return value


class Reader:
    def __init__(self, text):
        self.text, self.at, self.values = text, 0, 0

    def space(self):
        self.at = SPACE.match(self.text, self.at).end()

    def next(self):
        return self.text[self.at : self.at + 1]

    def take(self, expected):
        must(self.next() == expected, "json.syntax")
        self.at += 1

    def value(self, depth):
        self.space()
        self.values += 1
        must(self.values <= MOST_VALUES, "json.limit")
        first = self.next()
        if first in ("{", "[") and first:
            must(depth <= MOST_DEPTH, "json.limit")
            return self.object(depth) if first == "{" else self.array(depth)
        if first == '"':
            return self.string()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def each(self, end, read):
        """What stands up to a bracket, separated by commas."""
        self.at += 1
        self.space()
        if self.next() != end:
            read()
            self.space()
            while self.next() == ",":
                self.at += 1
                read()
                self.space()
        self.take(end)

    def object(self, depth):
        members = {}

        def member():
            self.space()
            must(self.next() == '"', "json.syntax")
            name = self.string()
            self.space()
            self.take(":")
            value = self.value(depth + 1)
            must(name not in members, "json.duplicate-key")
            members[name] = value

        self.each("}", member)
        return members

    def array(self, depth):
        items = []
        self.each("]", lambda: items.append(self.value(depth + 1)))
        return items

    def string(self):
        self.at += 1
        parts = []
        while True:
            plain = PLAIN.match(self.text, self.at)
            parts.append(plain.group())
            self.at = plain.end()
            if self.next() == '"':
                self.at += 1
                return "".join(parts)
            must(self.next() == "\\", "json.syntax")
            parts.append(self.escape())

    def escape(self):
        letter = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if letter in ESCAPES:
            return ESCAPES[letter]
        must(letter == "u", "json.syntax")
        unit = self.unit()
        if 0xD800 <= unit < 0xDC00:
            must(self.text[self.at : self.at + 2] == "\\u", "json.encoding")
            self.at += 2
            low = self.unit()
            must(0xDC00 <= low < 0xE000, "json.encoding")
            return chr(0x10000 + (unit - 0xD800 << 10) + low - 0xDC00)
        must(not 0xDC00 <= unit < 0xE000, "json.encoding")
        return chr(unit)

    def unit(self):
        digits = HEX.match(self.text, self.at)
        must(digits, "json.syntax")
        self.at = digits.end()
        return int(digits.group(), 16)

    def number(self):
        # The longest beginning that could become a number must be one: `1.` and `1e` are none, `01`
        # is 0 and something more.
        found = NUMBER.match(self.text, self.at)
        must(found, "json.syntax")
        text = found.group()
        after = self.text[found.end() : found.end() + 1]
        must(found[3] or not after or after not in "eE" and (found[2] or after != "."), "json.syntax")
        self.at = found.end()
        if found[2] or found[3]:
            value = float(text)
            must(value not in (float("inf"), float("-inf")), "json.number")
            return value
        must(text != "-0" and len(text) <= 17 and abs(int(text)) <= LARGEST, "json.number")
        return int(text)
