"""Layer `json`: what is JSON, and what two readers could understand differently (json.md)."""

from .build import Bundle, body, fixed
from .cases import FULL


def in_context(text):
    """A bundle whose `context.json` is these bytes."""
    data = text if isinstance(text, bytes) else text.encode()
    bundle = Bundle()
    bundle.record(body({"context.json": data}), {"context.json": data})
    return bundle


def in_record(text):
    bundle = Bundle()
    bundle.record(raw=text if isinstance(text, bytes) else text.encode(), sections={})
    return bundle


RECORD = fixed(body({})).decode()


def add(suite):
    suite.in_layer("json", "json.md")
    title = lambda value: f'{{"title": {value}}}'
    extra = lambda value: f'{{"title": "t", "x": {value}}}'

    valid = {
        "compact": ("a reader accepts any form", '{"title":"t"}'),
        "white-space": ("all four kinds of white space", ' \t\r\n{ "title" :\t"t" }\n '),
        "keys-in-any-order": ("only writers sort", '{"x": 1, "title": "t", "a": {"z": 1, "b": 2}}'),
        "escapes": ("every escape", title('"\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0041 \\ud83d\\ude00"')),
        "unicode": ("text as it stands", title('"é 😀 \u2028 \ufdd0 \x7f"')),
        "noncharacters": ("noncharacters are characters of somebody's text", title('"\ufffe\uffff"')),
        "largest-integers": ("integers to 2^53 - 1", extra("[9007199254740991, -9007199254740991, 0]")),
        "floats": ("floats of all spellings", extra("[1.0, -0.0, 1e5, 1E+5, 1.5e-7, 0.1, 5e-324, 1.7976931348623157e308]")),
        "tiny-float": ("a number too small for a float is 0", extra("[1e-400, -1e-400]")),
        "literals": ("true, false, null", extra("[true, false, null]")),
        "depth-64": ("64 levels", extra("[" * 63 + "]" * 63)),
        "null-member": ("null says the same as leaving a member out", '{"title": "t", "purpose": null}'),
        "empty-name": ("a member without a name", '{"title": "t", "": 1}'),
        "escaped-nul": ("a NUL is a character, where it is escaped", title('"\\u0000"')),
        "upper-case-escape": ("hex digits of an escape are of any case", title('"\\u00E9\\uD83D\\ude00"')),
        "unicode-names": ("names of members in any script", '{"title": "t", "größe": 1, "質量": {"😀": 2}}'),
        "names-that-differ-by-normalization": ("nothing is normalized: é and e with an accent are two names", '{"title": "t", "é": 1, "e\u0301": 2}'),
        "names-that-differ-by-case": ("names are compared exactly", '{"title": "t", "Title": 1}'),
        "same-name-in-two-objects": ("names are compared within one object", '{"title": "t", "x": {"title": 1}}'),
    }
    for name, (why, text) in valid.items():
        suite.valid(name, why, in_context(text))

    refused = {
        "json.encoding": {
            "invalid-utf8": ("a byte that no UTF-8 has", b'{"title": "\xff"}'),
            "utf8-overlong": ("an overlong encoding of a slash", b'{"title": "\xc0\xaf"}'),
            "utf8-surrogate": ("half a surrogate pair as UTF-8", b'{"title": "\xed\xa0\x80"}'),
            "utf8-beyond-unicode": ("a code point beyond the last", b'{"title": "\xf4\x90\x80\x80"}'),
            "utf8-cut": ("a character cut short", b'{"title": "\xe2\x82"}'),
            "utf16": ("another encoding", '{"title": "é"}'.encode("utf-16")),
            "byte-order-mark": ("a byte order mark", b"\xef\xbb\xbf" + b'{"title": "t"}'),
            "lone-high-surrogate": ("half a character", title('"\\ud800"')),
            "lone-low-surrogate": ("half a character", title('"\\udc00"')),
            "surrogates-swapped": ("two halves in the wrong order", title('"\\ude00\\ud83d"')),
            "high-surrogate-then-escape": ("half a character, and a whole one", title('"\\ud800\\u0041"')),
            "two-high-surrogates": ("two first halves", title('"\\ud83d\\ud83d"')),
            "lone-surrogate-in-a-name": ("names are text too", '{"title": "t", "\\udead": 1}'),
            "high-surrogate-then-letter": ("half a character", title('"\\ud83dx"')),
        },
        "json.syntax": {
            "empty": ("no value", ""), "only-space": ("no value", " \n"), "trailing-comma": ("a comma too many", '{"title": "t",}'),
            "trailing-comma-in-array": ("a comma too many", extra("[1,]")), "missing-comma": ("a comma too few", '{"title": "t" "x": 1}'),
            "missing-colon": ("a colon too few", '{"title" "t"}'), "single-quotes": ("quotes of another language", "{'title': 't'}"),
            "unquoted-name": ("names are in quotes", '{title: "t"}'), "comment": ("no comments", '{"title": "t" /* x */}'),
            "line-comment": ("no comments", '// x\n{"title": "t"}'), "nan": ("no NaN", extra("NaN")), "infinity": ("no Infinity", extra("Infinity")),
            "minus-infinity": ("no Infinity", extra("-Infinity")), "plus-sign": ("no plus sign", extra("+1")), "leading-point": ("a digit before the point", extra(".5")),
            "trailing-point": ("a digit behind the point", extra("1.")), "bare-exponent": ("digits behind the e", extra("1e")),
            "leading-zero": ("no leading zeros", extra("[01]")), "hexadecimal": ("no hexadecimal", extra("[0x10]")), "control-character": ("a line feed in a string", title('"a\nb"')),
            "nul-in-string": ("a NUL in a string", title('"a\0b"')), "unknown-escape": ("an escape that JSON lacks", title('"\\x41"')),
            "unicode-escape-with-sign": ("a sign is not a hex digit", title('"\\u+041"')), "unicode-escape-hexadecimal": ("nor is x", title('"\\u0x41"')),
            "x-escape-of-four-digits": ("an escape of another language", title('"\\x0041"')), "form-feed": ("other space", '\f{"title": "t"}'),
            "vertical-tab": ("other space", '{"title":\v"t"}'), "no-break-space-inside": ("other space", '{"title":\u00a0"t"}'),
            "line-separator": ("other space", '{"title": "t",\u2028"x": 1}'), "escape-at-the-end": ("a text that ends in an escape", '{"title": "t\\'),
            "short-unicode-escape": ("three hex digits", title('"\\u041"')), "unclosed-string": ("a string without end", '{"title": "t'),
            "unclosed-object": ("an object without end", '{"title": "t"'), "unclosed-array": ("an array without end", extra("[1")[:-1]),
            "wrong-bracket": ("a bracket of the other kind", extra("[1}")), "upper-case-literal": ("True", extra("True")), "no-break-space": ("other space", '\u00a0{"title": "t"}'),
        },
        "json.trailing-bytes": {
            "second-value": ("one value only", '{"title": "t"} {"title": "u"}'), "trailing-nul": ("nothing behind the value", '{"title": "t"}\0'),
            "leading-zero-at-the-top": ("the number 0, and something behind it", "01"),
            "trailing-form-feed": ("no white space of JSON", '{"title": "t"}\f'),
            "trailing-brace": ("nothing behind the value", '{"title": "t"}}'),
        },
        "json.duplicate-key": {
            "name-twice": ("which of the two counts differs between readers", '{"title": "t", "title": "u"}'),
            "name-twice-nested": ("at any depth", '{"title": "t", "x": [{"a": {"b": 1, "c": 2, "b": 3}}]}'),
            "name-twice-escaped": ("names are compared unescaped", '{"title": "t", "\\u0074itle": "u"}'),
            "name-twice-same-value": ("even with one value", '{"title": "t", "title": "t"}'),
            "empty-name-twice": ("even without a name", '{"title": "t", "": 1, "": 2}'),
            "name-twice-by-surrogates": ("a pair of escapes is one character", '{"title": "t", "😀": 1, "\\ud83d\\ude00": 2}'),
        },
        "json.number": {
            "integer-too-large": ("2^53 loses digits in a float", extra("9007199254740992")), "integer-too-small": ("-2^53", extra("-9007199254740992")),
            "integer-of-400-digits": ("an integer of any length", extra("9" * 400)), "minus-zero": ("-0 is not an integer", extra("-0")),
            "float-too-large": ("a float beyond the largest", extra("1e400")), "float-just-too-large": ("rounds to infinity", extra("1.7976931348623159e308")),
        },
        "json.limit": {
            "depth-65": ("65 levels", extra("[" * 64 + "]" * 64)), "depth-100000": ("100,000 levels end soon", extra("[" * 100_000)),
            "depth-of-objects": ("levels of objects count too", '{"a":' * 100_000),
        },
    }
    for code, cases in refused.items():
        for name, (why, text) in cases.items():
            if name == "depth-of-objects":
                text = '{"title": "t", "x": ' + '{"a":' * 2000
            suite.refused(name, why, in_context(text), code)
    order = {
        "syntax-then-duplicate-key": ("a member is known by its name when its value was read", '{"title": "t", "title": x}', "json.syntax"),
        "duplicate-key-then-syntax": ("the first rule that is broken on the way is reported", '{"title": "t", "title": 0, 01}', "json.duplicate-key"),
        "duplicate-key-then-trailing-bytes": ("the first rule that is broken on the way is reported", '{"title": "t", "title": "u"} x', "json.duplicate-key"),
        "number-then-duplicate-key": ("the first rule that is broken on the way is reported", '{"title": "t", "title": -0}', "json.number"),
        "syntax-then-encoding": ("the whole text is UTF-8 before any of it is read", b'{"title": x, "y": "\xff"}', "json.encoding"),
        "syntax-then-surrogate": ("an escape is read where it stands", '{"title": x, "y": "\\ud800"}', "json.syntax"),
        "surrogate-then-no-hex": ("an escape is read whole before it is looked at", '{"title": "\\ud800\\uZZZZ"}', "json.syntax"),
        "surrogate-at-the-end": ("where a second escape is due and none begins", '{"title": "\\ud800', "json.encoding"),
        "surrogate-then-half-an-escape": ("an escape that begins is read", '{"title": "\\ud800\\u00', "json.syntax"),
        "surrogate-then-backslash": ("where a second escape is due and none begins", '{"title": "\\ud800\\', "json.encoding"),
        "surrogate-then-another-escape": ("where a second escape is due and none begins", '{"title": "\\ud800\\n"}', "json.encoding"),
        "surrogate-then-syntax": ("an escape is read where it stands", '{"title": "\\ud800", "y": x}', "json.encoding"),
        "limit-then-syntax": ("the first rule that is broken on the way is reported", '{"title": "t", "x": ' + "[" * 64 + "x", "json.limit"),
    }
    for name, (why, text, code) in order.items():
        suite.refused(f"first-{name}", why, in_context(text), code)
    suite.refused("record-not-json", "record.json is JSON too", in_record("kind: run\n"), "json.syntax")
    suite.refused("record-name-twice", "record.json is read as strictly", in_record(RECORD.replace('"kind": "run"', '"kind": "run", "kind": "origin"')), "json.duplicate-key")
    suite.refused("record-name-twice-escaped", "an escape does not hide it", in_record(RECORD.replace('"kind": "run"', '"\\u006bind": "origin", "kind": "run"')), "json.duplicate-key")
    suite.valid("record-compact", "a record in another form is a record, with an id of its own", in_record(RECORD.replace("\n", "").replace("  ", "")))
    suite.refused("not-an-object", "a section is an object", in_context('["t"]'), "schema.invalid", tiers=[FULL], clause="sections.md")
    suite.refused("record-is-a-list", "members have names; no order of values stands for them", in_record('["1.0", "run", [], [], [], {}]'), "schema.invalid", clause="record.md")
    suite.refused("record-is-a-string", "a record is an object", in_record('"run"'), "schema.invalid", clause="record.md")
