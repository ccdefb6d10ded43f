"""spec/record.md and spec/digests.md: what `record.json` says."""

import re

HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
SECTION_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}", re.ASCII)
WORD = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
EXTENSION = re.compile(r"[!-~]*:[!-~]*")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?Z", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]*", re.ASCII)
STATUS = ("scheduled", "running", "finished", "failed", "killed", "crashed", "unknown")
LATEST = (9999, 12, 30, 22, 0, 0)


class Invalid(Exception):
    def __init__(self, code="schema.invalid"):
        super().__init__(code)
        self.code = code


def must(fits, code="schema.invalid"):
    if not fits:
        raise Invalid(code)


def optional(check):
    """A member that may be absent or null."""
    return lambda value: value is None or check(value)


def is_text(value):
    return isinstance(value, str)


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
    """An object with these members, each with its check; others are ignored."""
    return lambda value: isinstance(value, dict) and all(check(value[name]) if name in value else absent(check) for name, check in members.items())


def absent(check):
    try:
        return bool(check(None))
    except Exception:  # noqa: BLE001
        return False


def is_artifact(value):
    required = is_object({"role": is_word, "digest": is_artifact_digests, "size": is_size})
    return required(value) and ("form" not in value or value["form"] in ("file", "tree") and is_text(value["form"]))


is_parent = is_object({"record": is_digest_set, "relation": is_word})
is_source = is_object({"tool": is_text, "run": is_text})
is_section = is_object({"mediaType": is_text, "size": is_size, "digest": is_digest_set})


def version(value):
    must(is_text(value))
    major, point, minor = value.partition(".")
    must(point and NUMBER.fullmatch(major) and NUMBER.fullmatch(minor))
    must(int(major) < 2**32 and int(minor) < 2**32)
    return int(major)


def check(value):
    """Refuses what is no record of version 1."""
    must(isinstance(value, dict))
    # The version decides how the rest is read, and critical extensions whether it can be.
    critical = value.get("critical", [])
    must("spec" in value)
    major = version(value["spec"])
    must(is_list_of(is_text)(critical))
    must(major == 1, "version.unsupported")
    must(not critical, "record.critical")
    must(is_text(value.get("kind")) and value["kind"] in ("run", "origin"))
    for name in ("started", "ended"):
        must(optional(is_time)(value.get(name)))
    must(optional(lambda status: is_text(status) and status in STATUS)(value.get("status")))
    must(optional(is_source)(value.get("source")))
    must("inputs" in value and is_list_of(is_artifact)(value["inputs"]))
    must("outputs" in value and is_list_of(is_artifact)(value["outputs"]))
    must("parents" in value and is_list_of(is_parent)(value["parents"]))
    must(isinstance(value.get("blinded", False), bool))
    sections = value.get("sections")
    must(isinstance(sections, dict))
    for name, section in sections.items():
        must(SECTION_NAME.fullmatch(name) and name != "record.json" and is_section(section))
    digests = [section["digest"]["blake3"] for section in sections.values()]
    must(len(set(digests)) == len(digests), "record.duplicate-section")


PATH = re.compile(r"[^%/\x00-\x1f\x7f]|%[01][0-9A-F]|%25|%7F")


def is_listing(data):
    """Whether bytes are the listing of a tree."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text and not text.endswith("\n"):
        return None
    files, folders = {}, set()
    last = None
    for line in text.split("\n")[:-1]:
        blake3, sha256, size, path = ([*line.split(" ", 3), "", "", "", ""])[:4]
        names = path.split("/")
        fits = is_digest(blake3) and is_digest(sha256) and NUMBER.fullmatch(size) and len(size) < 17 and int(size) < 2**53
        spelled = all(name not in ("", ".", "..") and "".join(PATH.findall(name)) == name for name in names)
        if not (fits and spelled) or (last is not None and path.encode() <= last):
            return None
        last = path.encode()
        folders.update("/".join(names[:depth]) for depth in range(1, len(names)))
        files[path] = {"blake3": blake3, "sha256": sha256, "size": int(size)}
    return None if folders & set(files) else files
