"""The licences of the crates that are in the program, as most of them ask to be handed on."""

import os
import re

from crates import crates

NAMES = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)([-._].*)?", re.IGNORECASE)
# Source code of that name, such as `license.rs`, is not a licence.
CODE = {".c", ".h", ".html", ".py", ".rs", ".rtf", ".toml"}
LINE = "-" * 100


def files(folder):
    """Licence files of a crate, also of C code that it carries."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if NAMES.fullmatch(name) and os.path.splitext(name)[1].lower() not in CODE:
                yield os.path.join(place, name)


def text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip() for line in file]
    return "\n".join(lines).strip("\n")


def third_parties(target):
    """One text: the crates with their licences, then each text once, with those that have it."""
    others = [crate for crate in crates(target) if crate.linked and crate.registry]
    holders = {}
    bare = []
    for crate in others:
        texts = sorted({text(path) for path in files(crate.folder)} - {""})
        for content in texts:
            holders.setdefault(content, []).append(f"{crate.name} {crate.version}")
        if not texts:
            bare.append(crate)
    width = max(len(f"{crate.name} {crate.version}") for crate in others)
    parts = ["The program contains code of these crates; https://crates.io/crates/NAME has each of them.\n"]
    parts += [f"{crate.name + ' ' + crate.version:{width}}  {crate.licence}\n" for crate in others]
    if bare:
        parts.append("\nThese carry no text of their licence:\n")
        parts += [f"{crate.name} {crate.version}: {crate.licence}\n" for crate in bare]
    for content, names in sorted(holders.items(), key=lambda entry: (entry[1], entry[0])):
        parts.append(f"\n{LINE}\n{', '.join(names)}\n{LINE}\n\n{content}\n")
    return "".join(parts)
