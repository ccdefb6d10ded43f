"""schemas/: as much of JSON Schema 2020-12 as the schemas of sections use, read as spec/json.md and spec/record.md read values.

A library would take `1.0` for an integer and a line feed behind a time for nothing; and where a page asks for more than a schema, the page wins.
"""

import functools
import json
import pathlib
import re

import record as rules

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent.parent / "schemas"
TYPES = {
    "object": lambda value: isinstance(value, dict), "array": lambda value: isinstance(value, list), "string": rules.is_text, "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool), "integer": rules.is_integer, "number": lambda value: rules.is_integer(value) or isinstance(value, float),
}
# What the pages define and a schema can only hint at.
BY_PAGE = {
    "Time": rules.is_time, "Word": rules.is_word, "Blake3": rules.is_digest, "Sha256": rules.is_digest, "DigestSet": rules.is_digest_set,
    "ArtifactDigests": rules.is_artifact_digests,
}
NOTES = ("$id", "$schema", "$defs", "title", "description", "format", "default")


@functools.cache
def of_section(name):
    return json.loads((SCHEMAS / f"{name.removesuffix('.json')}.schema.json").read_text())


def holds(name, value):
    """Whether a section has the members of its schema; one without a schema has."""
    return name not in rules.MEDIA_TYPES or fits(value, of_section(name), of_section(name))


def fits(value, schema, root):
    return schema is True or all(KEYWORDS[word](value, schema, root) for word in schema if word not in NOTES)


def reference(value, schema, root):
    name = schema["$ref"].removeprefix("#/$defs/")
    return BY_PAGE[name](value) if name in BY_PAGE else fits(value, root["$defs"][name], root)


def has_type(value, schema, root):
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(TYPES[name](value) for name in types)


def members(value, schema, root):
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    return not isinstance(value, dict) or all(fits(item, known.get(name, others), root) for name, item in value.items())


def is_same(value, other):
    """`1` is not `true`, nor `1.0`."""
    return type(value) is type(other) and value == other


KEYWORDS = {
    "$ref": reference,
    "type": has_type,
    "properties": members,
    "additionalProperties": members,
    "required": lambda value, schema, root: not isinstance(value, dict) or all(name in value for name in schema["required"]),
    "minProperties": lambda value, schema, root: not isinstance(value, dict) or len(value) >= schema["minProperties"],
    "items": lambda value, schema, root: not isinstance(value, list) or all(fits(item, schema["items"], root) for item in value),
    "anyOf": lambda value, schema, root: any(fits(value, one, root) for one in schema["anyOf"]),
    "oneOf": lambda value, schema, root: sum(fits(value, one, root) for one in schema["oneOf"]) == 1,
    "const": lambda value, schema, root: is_same(value, schema["const"]),
    "enum": lambda value, schema, root: any(is_same(value, one) for one in schema["enum"]),
    "pattern": lambda value, schema, root: not rules.is_text(value) or re.fullmatch(schema["pattern"], value, re.ASCII) is not None,
    "minimum": lambda value, schema, root: not TYPES["number"](value) or value >= schema["minimum"],
}
