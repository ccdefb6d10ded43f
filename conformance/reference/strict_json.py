"""spec/json.md: JSON in which nothing can be understood in two ways."""

import re

MOST_DEPTH, MOST_VALUES, MOST_SECTION_BYTES = 64, 4_194_304, 64 << 20
LARGEST = 2**53 - 1
SPACE = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
HEX = re.compile(r"[0-9a-fA-F]{4}", re.ASCII)


class NotStrict(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def parse(data):
    """One value. Integers become int, other numbers float."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrict("json.encoding") from None
    if text.startswith("\ufeff"):
        raise NotStrict("json.encoding")
    reader = Reader(text)
    value = reader.value(1)
    reader.space()
    if reader.at < len(text):
        raise NotStrict("json.trailing-bytes")
    return value


class Reader:
    def __init__(self, text):
        self.text, self.at, self.values = text, 0, 0

    def space(self):
        self.at = SPACE.match(self.text, self.at).end()

    def next(self):
        return self.text[self.at : self.at + 1]

    def take(self, expected):
        if self.next() != expected:
            raise NotStrict("json.syntax")
        self.at += 1

    def value(self, depth):
        self.space()
        self.values += 1
        if self.values > MOST_VALUES:
            raise NotStrict("json.limit")
        first = self.next()
        if first in ("{", "[") and first:
            if depth > MOST_DEPTH:
                raise NotStrict("json.limit")
            return self.object(depth) if first == "{" else self.array(depth)
        if first == '"':
            return self.string()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def object(self, depth):
        self.at += 1
        members = {}
        self.space()
        if self.next() == "}":
            self.at += 1
            return members
        while True:
            self.space()
            if self.next() != '"':
                raise NotStrict("json.syntax")
            name = self.string()
            self.space()
            self.take(":")
            value = self.value(depth + 1)
            if name in members:
                raise NotStrict("json.duplicate-key")
            members[name] = value
            self.space()
            if self.next() == "}":
                self.at += 1
                return members
            self.take(",")

    def array(self, depth):
        self.at += 1
        items = []
        self.space()
        if self.next() == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value(depth + 1))
            self.space()
            if self.next() == "]":
                self.at += 1
                return items
            self.take(",")

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
            if self.next() != "\\":
                raise NotStrict("json.syntax")
            parts.append(self.escape())

    def escape(self):
        letter = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if letter in ESCAPES:
            return ESCAPES[letter]
        if letter != "u":
            raise NotStrict("json.syntax")
        unit = self.unit()
        if 0xD800 <= unit < 0xDC00:
            if self.text[self.at : self.at + 2] != "\\u":
                raise NotStrict("json.encoding")
            self.at += 2
            low = self.unit()
            if not 0xDC00 <= low < 0xE000:
                raise NotStrict("json.encoding")
            return chr(0x10000 + (unit - 0xD800 << 10) + low - 0xDC00)
        if 0xDC00 <= unit < 0xE000:
            raise NotStrict("json.encoding")
        return chr(unit)

    def unit(self):
        digits = HEX.match(self.text, self.at)
        if not digits:
            raise NotStrict("json.syntax")
        self.at = digits.end()
        return int(digits.group(), 16)

    def number(self):
        # The longest beginning that could become a number must be one: `1.` and `1e` are none, `01` is 0 and something more.
        found = NUMBER.match(self.text, self.at)
        if not found:
            raise NotStrict("json.syntax")
        text = found.group()
        after = self.text[found.end() : found.end() + 1]
        if (after == "." and not found[2] and not found[3]) or (after in ("e", "E") and after and not found[3]):
            raise NotStrict("json.syntax")
        self.at = found.end()
        if found[2] or found[3]:
            value = float(text)
            if value in (float("inf"), float("-inf")):
                raise NotStrict("json.number")
            return value
        if text == "-0" or len(text) > 17 or abs(int(text)) > LARGEST:
            raise NotStrict("json.number")
        return int(text)
