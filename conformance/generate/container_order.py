"""Layer `container`: of two broken rules the first is reported (verification.md, step 1)."""

from .build import MIMETYPE, Bundle, artifact, body, fixed, rank, says, signed, smallest, twin


def add(suite):
    suite.in_layer("container", "verification.md#the-algorithm")
    # In the headers of `context.json`: the rule that is looked at first, and one behind it.
    rules = {
        "flags": (lambda c, e: e.both("flags", 1), "container.flags"),
        "method": (lambda c, e: e.both("method", 8), "container.not-stored"),
        "name": (lambda c, e: rename(e, "index.json"), "container.name"),
        "sizes": (lambda c, e: e.local.__setitem__("size", 33), "container.header-mismatch"),
        "extra": (lambda c, e: setattr(e.local, "extra", b"\1"), "container.extra-field"),
        "version": (lambda c, e: e.both("version", 20), "container.fixed-field"),
        "order": (lambda c, e: c.entries.append(c.entries.pop(1)), "container.order"),
    }
    pairs(suite, "local", rules)
    rules = {
        "name": (lambda c, e: setattr(e.central, "name", e.name.replace(b"context", b"kontext")), "container.header-mismatch"),
        "comment": (lambda c, e: (e.central.__setitem__("comment_length", 1), setattr(e, "comment", b"!")), "container.comment"),
        "disk": (lambda c, e: e.central.__setitem__("disk", 1), "container.multi-disk"),
        "crc": (lambda c, e: e.central.__setitem__("crc", 1), "container.header-mismatch"),
        "attributes": (lambda c, e: e.central.__setitem__("external", 0), "container.fixed-field"),
        "offset": (lambda c, e: e.central.__setitem__("offset", 1), "container.header-mismatch"),
    }
    pairs(suite, "central", rules)
    rules = {
        "disk": (lambda c, e: c.end_fields.update(disk=1), "container.multi-disk"),
        "count": (lambda c, e: c.end_fields.update(here=2, entries=2), "container.entry-count"),
        "size": (lambda c, e: c.end_fields.update(size=1), "container.range"),
        "comment": (lambda c, e: c.end_fields.update(comment_length=1), "container.comment"),
        "trailing-byte": (lambda c, e: setattr(c, "after", b"!"), "container.trailing-bytes"),
    }
    pairs(suite, "end", rules)
    of = lambda *changes: changed([(change, None) for change in changes])
    suite.refused("first-mimetype-then-flags", "headers are read one after the other, with the first one's data",
                  of(lambda c, e: setattr(c.entries[0], "data", MIMETYPE.upper()), lambda c, e: e.both("flags", 1)), "container.mimetype")
    suite.refused("first-order-then-truncated", "a header is judged before its data", signed_backwards()[:800], "container.order")
    suite.refused("first-local-then-central", "all local headers are read before the directory", of(lambda c, e: c.entries[2].both("flags", 1), lambda c, e: e.central.__setitem__("crc", 1)), "container.flags")
    suite.refused("first-central-then-end", "the directory is read before the end", of(lambda c, e: e.central.__setitem__("crc", 1), lambda c, e: c.end_fields.update(disk=1)), "container.header-mismatch")
    suite.refused("first-mimetype-then-crc", "the data of the first entry is looked at before its checksum",
                  of(lambda c, e: setattr(c.entries[0], "data", MIMETYPE.upper()), lambda c, e: c.entries[0].both("crc", 1)), "container.mimetype")
    classes(suite)
    suite.refused("first-name-twice-then-data", "two entries of one name, the second of which is cut", twice()[:360], "container.duplicate-name")


def classes(suite):
    """Artifacts, sections, records, statements; within a class by the bytes of names (container.md)."""
    clause = "container.md#names"
    bundle = Bundle()
    weights = b"weights"
    for number in range(3):
        sections = {name: fixed(value) for name, value in (("context.json", {"title": f"run {number}"}), ("summary.json", {}))}
        record = bundle.record(body(sections, outputs=[artifact(weights)]), sections)
        bundle.statement(says(record))
    bundle.embed(weights)
    suite.valid("order-of-classes", "artifacts, sections, records, statements", bundle, state="signed", clause=clause)

    def ordered(key):
        container = bundle.container()
        container.entries[1:] = sorted(container.entries[1:], key=lambda entry: key(entry.name.decode()))
        return container.bytes()

    orders = {
        "folder-by-folder": lambda name: name, "records-first": lambda name: (not name.endswith("/record.json"), rank(name)), "statements-first": lambda name: (not name.startswith("statements/"), rank(name)),
        "artifacts-last": lambda name: (name.startswith("artifacts/"), rank(name)), "sections-by-file": lambda name: (rank(name)[0], name.split("/")[-1], name),
    }
    for name, key in orders.items():
        suite.refused(f"order-{name}", "artifacts, sections, records, statements", ordered(key), "container.order", clause=clause)


def rename(entry, name):
    entry.local.name = entry.central.name = entry.name = name.encode()


def changed(rules):
    container = smallest().container()
    entry = container.entry("context.json")
    for change, _ in rules:
        change(container, entry)
    return container.bytes()


def pairs(suite, where, rules):
    names = list(rules)
    for first, second in zip(names, names[1:]):
        suite.refused(f"first-{where}-{first}-then-{second}", "two rules are broken, and the first one is reported", changed([rules[second], rules[first]]), rules[first][1])


def signed_backwards():
    container = signed()[0].container()
    container.entries[1], container.entries[2] = container.entries[2], container.entries[1]
    return container.bytes()


def twice():
    container = smallest().container()
    container.entries.insert(1, twin(container.entries[1]))
    return container.bytes()
