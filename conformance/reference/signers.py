"""spec/trust.md, "The signers file": its grammar, read one byte after another, and who is trusted by it.

Written from the page. `peers/test_signers.py` holds the suite and `ssh-keygen` to it.
"""

import base64
import binascii
import datetime

from refused import Refused
import statements

SP, HTAB, CR, LF, DQUOTE, COMMA, HASH, EQUALS, BACKSLASH = b" \t\r\n\",#=\\"
BLANK = (SP, HTAB)
OPTIONS = (b"namespaces", b"valid-after", b"valid-before", b"cert-authority")
TYPE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._+@")
HIDDEN = (
    (0xA0, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)


def trusted(file, key, namespace, moment):
    """The principals as whom a signers file trusts a key; or Refused."""
    lines = [line for line in signers(file) if line["key"] == key and namespace_fits(line, namespace) and window_fits(line, at_second(moment))]
    return {name for line in lines for name in line["principals"]}


def standing(lines, key, namespace, moment):
    """Whether a key is trusted at a moment (a tuple as of record.moment), or else the code that says why not: the table under "Judging"."""
    own = [line for line in lines if line["key"] == key]
    for_this = [line for line in own if namespace_fits(line, namespace)]
    if any(window_fits(line, moment) for line in for_this):
        return "trusted"
    return "trust.not-valid" if for_this else "trust.namespace" if own else "trust.unknown-signer"


def namespace_fits(line, namespace):
    return line["namespaces"] is None or patterns_fit(line["namespaces"], namespace)


def window_fits(line, moment):
    after, before = line["valid-after"], line["valid-before"]
    return (after is None or at_second(after) <= moment) and (before is None or moment < at_second(before))


def at_second(moment):
    """As a tuple that compares with those of record.moment."""
    return (*moment.timetuple()[:6], "." + "0" * 9)


def signers(file):
    """The lines that make somebody trusted."""
    try:
        text = file.decode()
    except UnicodeDecodeError as error:
        raise refused(f"not UTF-8: {error}") from None
    if text.startswith("\ufeff"):
        raise refused("a byte order mark")
    found = []
    lines = file.split(b"\n")
    # Behind the last line feed there is no line.
    ended, last = lines[:-1], lines[-1]
    for line in [line[:-1] if line.endswith(b"\r") else line for line in ended] + [last]:
        if any(ord(letter) < 0x20 and letter != "\t" or 0x7F <= ord(letter) <= 0x9F for letter in line.decode()):
            raise refused("a control character")
        parsed = Line(line).parse()
        if parsed:
            found.append(parsed)
    return found


class Line:
    """Reads from the front; what is next is at `self.at`."""

    def __init__(self, line):
        self.line, self.at = line, 0

    def next(self):
        return self.line[self.at] if self.at < len(self.line) else None

    def take_while(self, fits):
        start = self.at
        while self.next() is not None and fits(self.next()):
            self.at += 1
        return self.line[start:self.at]

    def blanks(self):
        return self.take_while(lambda byte: byte in BLANK)

    def separator(self):
        if not self.blanks() or self.next() is None:
            raise refused("something is missing")

    def word(self):
        """Up to the next blank, without moving."""
        start, word = self.at, self.take_while(lambda byte: byte not in BLANK)
        self.at = start
        return word

    def parse(self):
        self.blanks()
        if self.next() in (None, HASH):
            return None
        principals = self.principals()
        self.separator()
        options = dict.fromkeys(name.decode() for name in OPTIONS)
        word = self.word()
        if any(byte in word for byte in (DQUOTE, EQUALS, COMMA)) or word.lower() in OPTIONS:
            self.options(options)
            self.separator()
        kind = self.take_while(lambda byte: byte in TYPE)
        if not 1 <= len(kind) <= 64 or kind.lower() in OPTIONS:
            raise refused("no key type")
        self.separator()
        key = self.take_while(lambda byte: byte not in BLANK)
        key = key_of(kind, key)
        if key is None or options["cert-authority"] or any(byte in name for name in principals for byte in b"*?!"):
            return None
        return {**options, "principals": [name.decode() for name in principals], "key": key}

    def principals(self):
        quoted = self.next() == DQUOTE
        if quoted:
            self.at += 1
        names = [self.name(quoted)]
        while self.next() == COMMA:
            self.at += 1
            names.append(self.name(quoted))
        if quoted:
            self.expect(DQUOTE)
        return names

    def name(self, quoted):
        name = self.take_while(lambda byte: byte not in (COMMA, DQUOTE) and (quoted or byte not in BLANK))
        plain(name)
        if not name.strip(b" \t"):
            raise refused("an empty principal")
        return short(name)

    def options(self, options):
        while True:
            name = self.take_while(lambda byte: byte in TYPE).lower().decode()
            if name not in options or options[name] is not None:
                raise refused("an option that is unknown or was there")
            if name == "cert-authority":
                options[name] = True
            else:
                self.expect(EQUALS)
                self.expect(DQUOTE)
                value = self.take_while(lambda byte: byte != DQUOTE)
                self.expect(DQUOTE)
                plain(value)
                if BACKSLASH in value:
                    raise refused("a backslash in a value")
                options[name] = [short(part) for part in value.split(b",")] if name == "namespaces" else time(value)
            if self.next() != COMMA:
                break
            self.at += 1
        if options["valid-after"] and options["valid-before"] and options["valid-after"] >= options["valid-before"]:
            raise refused("a window of no moment")

    def expect(self, byte):
        if self.next() != byte:
            raise refused(f"{bytes([byte])!r} is missing")
        self.at += 1


class RefusedFile(Refused):
    """With the reason, for whoever looks into it."""

    def __init__(self, why):
        super().__init__("trust.signers")
        self.why = why

    def __str__(self):
        return f"{self.code}: {self.why}"


def refused(why):
    return RefusedFile(why)


def plain(text):
    for letter in text.decode():
        if any(first <= ord(letter) <= last for first, last in HIDDEN):
            raise refused("an invisible character")


def short(text):
    if len(text) > 1022:
        raise refused("too long")
    return text


def time(text):
    digits = text.removesuffix(b"Z")
    if len(digits) not in (8, 12, 14) or any(byte not in b"0123456789" for byte in digits):
        raise refused("no time")
    parts = [int(digits[:4])] + [int(digits[at : at + 2]) for at in range(4, len(digits), 2)]
    try:
        moment = datetime.datetime(*parts, tzinfo=datetime.timezone.utc)
    except ValueError as error:
        raise refused(str(error)) from None
    if moment <= datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc):
        raise refused("a time before there were any")
    return moment


def key_of(kind, text):
    """The 32 bytes of a key, or None if it is of another type."""
    if kind == b"ssh-ed25519":
        try:
            return statements.key_of((kind + b" " + text).decode(), "signature.encoding")
        except Refused as error:
            raise refused(str(error)) from None
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refused("no key") from None
    head = len(kind).to_bytes(4, "big") + kind
    if base64.b64encode(blob) != text or not blob.startswith(head) or len(blob) == len(head):
        raise refused("a key of another type")
    return None


def patterns_fit(patterns, word):
    taken_out = any(pattern[:1] == b"!" and fits(pattern[1:], word) for pattern in patterns)
    return not taken_out and any(pattern[:1] != b"!" and fits(pattern, word) for pattern in patterns)


def fits(pattern, word):
    """Which lengths of the word the pattern has used up so far."""
    used = {0}
    for byte in pattern:
        if byte == ord("*"):
            used = set(range(min(used), len(word) + 1)) if used else used
        else:
            used = {at + 1 for at in used if at < len(word) and byte in (ord("?"), word[at])}
    return len(word) in used
