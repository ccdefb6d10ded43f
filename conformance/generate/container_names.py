"""Layer `container`: names of entries, their order, and the first of them (container.md)."""

from .build import MIMETYPE, Entry, name_of, signed, smallest, twin


def add(suite):
    suite.in_layer("container", "container.md")
    names(suite)
    mimetype(suite)


def names(suite):
    def named(name, encoded=None):
        container = smallest().container()
        entry = container.entry("context.json")
        for header in (entry.local, entry.central):
            header.name = encoded if encoded is not None else name.encode()
        entry.name = entry.local.name
        return container.bytes()

    record = next(name for name in smallest().objects if name.endswith("record.json")).split("/")[1]
    bad = {
        "parent-folder": "records/../context.json", "absolute": "/etc/passwd", "drive-letter": "C:/context.json", "backslash": f"records\\{record}\\context.json",
        "double-slash": f"records//{record}/context.json", "dot-folder": f"./records/{record}/context.json", "trailing-dot": f"records/{record}/context.json.",
        "trailing-space": f"records/{record}/context.json ", "nul": f"records/{record}/context.json\0", "newline": f"records/{record}/context.json\n",
        "non-ascii": f"records/{record}/cöntext.json", "upper-case-hex": f"records/{record.upper()}/context.json", "upper-case-section": f"records/{record}/Context.json",
        "short-digest": f"records/{record[:-1]}/context.json", "long-digest": f"records/{record}0/context.json", "folder-entry": f"records/{record}/",
        "folder-of-all": "records/", "file-below-a-section": f"records/{record}/context.json/more.json", "no-extension": f"records/{record}/context",
        "two-extensions": f"records/{record}/context.tar.json", "underscore": f"records/{record}/con_text.json", "digit-first": f"records/{record}/1context.json",
        "stem-of-64": f"records/{record}/{'a' * 64}.json", "extension-of-17": f"records/{record}/context.{'j' * 17}", "empty": "", "other-folder": f"logs/{record}.json",
        "index": "index.json", "statement-without-extension": f"statements/{record}", "artifact-with-extension": f"artifacts/{record}.bin",
        "meta-inf": "META-INF/MANIFEST.MF", "name-of-a-device": f"records/{record}/con", "very-long": f"records/{record}/{'a' * 6000}.json",
    }
    for name, text in bad.items():
        suite.refused(f"name-{name}", "names follow a closed grammar", named(text), "container.name", clause="container.md#names")
    suite.refused("name-not-utf8", "names follow a closed grammar", named("", b"records/\xff\xfe/context.json"), "container.name", clause="container.md#names")

    def order(change):
        container = signed()[0].container()
        change(container.entries)
        return container.bytes()

    def swap(a, b):
        def change(entries):
            entries[a], entries[b] = entries[b], entries[a]

        return change

    suite.refused("order-record-before-context", "names stand in the order of their bytes", order(swap(1, 2)), "container.order", clause="container.md#names")
    suite.refused("order-statement-first", "names stand in the order of their bytes", order(lambda e: e.insert(1, e.pop())), "container.order", clause="container.md#names")


def mimetype(suite):
    refused = lambda name, why, data: suite.refused(name, why, data, "container.mimetype", clause="container.md#names")
    of = lambda content: smallest().container(mimetype=content).bytes()
    refused("mimetype-missing", "the first entry says what this is", of(None))
    refused("mimetype-with-newline", "exactly these bytes", of(MIMETYPE + b"\n"))
    container = smallest().container(mimetype=None)
    container.entries.insert(0, Entry(f"artifacts/{name_of(MIMETYPE)}", MIMETYPE))
    refused("mimetype-under-another-name", "the right 32 bytes under the name of an artifact", container.bytes())
    container = smallest().container()
    container.entries[0].both("crc", 1)
    suite.refused("mimetype-with-another-crc", "the first entry is checked like the others", container.bytes(), "container.crc", clause="container.md#names")
    refused("mimetype-of-another-format", "another format in the same clothes", of(b"application/epub+zip"))
    refused("mimetype-upper-case", "exactly these bytes", of(MIMETYPE.upper()))
    refused("mimetype-empty", "exactly these bytes", of(b""))
    container = smallest().container()
    container.entries.append(container.entries.pop(0))
    refused("mimetype-last", "it stands first", container.bytes())
    container = smallest().container()
    container.entries.append(twin(container.entries[0]))
    suite.refused("mimetype-twice", "it stands there once", container.bytes(), "container.duplicate-name", clause="container.md#names")
