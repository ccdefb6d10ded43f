"""spec/record.md and spec/digests.md: what `record.json` says, and what a listing of a tree is."""

import re

from refused import must

HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
SECTION_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}", re.ASCII)
WORD = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
EXTENSION = re.compile(r"[!-~]*:[!-~]*")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?Z", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]*", re.ASCII)
STATUS = ("scheduled", "running", "finished", "failed", "killed", "crashed", "unknown")
LATEST = (9999, 12, 30, 22, 0, 0)
LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
SCHEMA, JSON, PARQUET = "schema.invalid", "application/json", "application/vnd.apache.parquet"
# The table of spec/sections.md.
MEDIA_TYPES = {
    **{f"{name}.json": JSON for name in "context identity recipe artifacts summary events cost evaluations media source".split()},
    **{f"{name}.parquet": PARQUET for name in "metrics telemetry console".split()},
}


def optional(check):
    """A member that may be absent or null."""
    return lambda value: value is None or check(value)


def is_text(value):
    return isinstance(value, str)


def lower(text):
    """ASCII alone: `str.lower` also takes the Kelvin sign for a k."""
    return text.translate(LOWER)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_size(value):
    return is_integer(value) and 0 <= value < 2**53


def is_digest(value):
    return is_text(value) and HEX64.fullmatch(value) is not None


def is_digest_set(value):
    """Both digests: an object of the bundle is named."""
    return isinstance(value, dict) and is_digest(value.get("blake3")) and is_digest(value.get("sha256"))


def is_artifact_digests(value):
    """At least one of them: an artifact is named."""
    if not isinstance(value, dict):
        return False
    known = [value[name] for name in ("blake3", "sha256") if value.get(name) is not None]
    return bool(known) and all(is_digest(digest) for digest in known)


def is_word(value):
    return is_text(value) and len(value.encode()) <= 128 and bool(WORD.fullmatch(value) or EXTENSION.fullmatch(value))


def is_time(value):
    return is_text(value) and moment(value) is not None


def moment(text):
    """A time as a tuple that compares, or None."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60):
        return None
    if (year, month, day, hour, minute, second) > (*LATEST[:3], 21, 59, 59) and (year, month, day, hour, minute, second) != LATEST:
        return None
    return (year, month, day, hour, minute, second, (found[7] or ".").ljust(10, "0"))


def is_list_of(check):
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def is_object(members):
    """An object with these members, each with its check; one that is not there is checked as null. Others are ignored."""
    return lambda value: isinstance(value, dict) and all(check(value.get(name)) for name, check in members.items())


def is_artifact(value):
    required = is_object({"role": is_word, "digest": is_artifact_digests, "size": is_size})
    if not required(value) or "form" in value and not (is_text(value["form"]) and value["form"] in ("file", "tree")):
        return False
    return isinstance(value.get("common", False), bool) and isinstance(value.get("passedOn"), bool | None)


is_parent = is_object({"record": is_digest_set, "relation": is_word})
is_source = is_object({"tool": is_text, "run": is_text})
is_section = is_object({"mediaType": is_text, "size": is_size, "digest": is_digest_set})


def version(value):
    must(is_text(value), SCHEMA)
    major, point, minor = value.partition(".")
    must(point and NUMBER.fullmatch(major) and NUMBER.fullmatch(minor), SCHEMA)
    must(int(major) < 2**32 and int(minor) < 2**32, SCHEMA)
    must(int(major) == 1, "version.unsupported")


is_body = is_object({
    "kind": lambda value: is_text(value) and value in ("run", "origin"),
    "started": optional(is_time), "ended": optional(is_time), "status": optional(lambda value: is_text(value) and value in STATUS), "source": optional(is_source),
    "inputs": is_list_of(is_artifact), "outputs": is_list_of(is_artifact), "parents": is_list_of(is_parent),
    "sections": lambda value: isinstance(value, dict) and all(is_section(section) for section in value.values()),
})


def check(value):
    """Refuses what is no record of version 1."""
    must(isinstance(value, dict), SCHEMA)
    # The version decides how the rest is read, and critical extensions whether it can be.
    version(value.get("spec"))
    critical = value.get("critical", [])
    must(is_list_of(is_text)(critical), SCHEMA)
    must(critical == [], "record.critical")
    must(is_body(value) and isinstance(value.get("blinded", False), bool), SCHEMA)
    for name, section in value["sections"].items():
        must(SECTION_NAME.fullmatch(name) and name != "record.json", SCHEMA)
        must(MEDIA_TYPES.get(name, section["mediaType"]) == section["mediaType"], SCHEMA)
    digests = [section["digest"]["blake3"] for section in value["sections"].values()]
    must(len(set(digests)) == len(digests), "record.duplicate-section")


PATH = re.compile(r"[^%/\x00-\x1f\x7f]|%[01][0-9A-F]|%25|%7F")


def listing(data):
    """The files in the listing of a tree, by path."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        must(False, "tree.invalid")
    must(not text or text.endswith("\n"), "tree.invalid")
    files, folders, last = {}, set(), None
    for line in text.split("\n")[:-1]:
        blake3, sha256, size, path = [*line.split(" ", 3), "", "", ""][:4]
        names = path.split("/")
        must(is_digest(blake3) and is_digest(sha256) and NUMBER.fullmatch(size) and len(size) < 17 and int(size) < 2**53, "tree.invalid")
        must(all(name not in ("", ".", "..") and "".join(PATH.findall(name)) == name for name in names), "tree.invalid")
        must(len(path.encode()) <= 4096 and (last is None or last < path.encode()), "tree.invalid")
        last = path.encode()
        folders.update("/".join(names[:depth]) for depth in range(1, len(names)))
        files[path] = {"blake3": blake3, "sha256": sha256, "size": int(size)}
    must(not folders & set(files), "tree.invalid")
    return files
