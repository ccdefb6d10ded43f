"""spec/family.md, "Licences": what is passed on to descendants, and which licences may not go together."""

import record as rules

FREE = ("apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc0-1.0", "isc", "mit", "unlicense")
# What a record may state whose ancestor states the first.
ALLOWS = {
    "gpl-2.0": {"gpl-2.0"},
    "gpl-3.0": {"gpl-3.0", "agpl-3.0"},
    "agpl-3.0": {"agpl-3.0"},
    "cc-by-sa-4.0": {"cc-by-sa-4.0"},
    "cc-by-nc-sa-4.0": {"cc-by-nc-sa-4.0"},
    "cc-by-nc-4.0": {"cc-by-nc-4.0", "cc-by-nc-sa-4.0"},
    "cc-by-nd-4.0": set(),
    "cc-by-nc-nd-4.0": set(),
}
TABLE = {*FREE, *ALLOWS}


# Unicode's White_Space. `str.strip` takes more for white space.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def is_stated(licence):
    return licence is not None and bool(licence.strip(BLANKS))


def plain(licence):
    licence = rules.lower(licence.strip(BLANKS))
    for ending in ("-only", "-or-later", "+"):
        if licence.endswith(ending):
            return licence.removesuffix(ending)
    return licence


def conflict(ancestor, own):
    ancestor, own = plain(ancestor), plain(own)
    return ancestor in ALLOWS and own in TABLE and own not in ALLOWS[ancestor]


def passed_on(stated, parents):
    """The licences of all ancestors of each record."""
    children, found = {}, {record: set() for record in parents}
    for child, of_child in parents.items():
        for parent in of_child:
            children.setdefault(parent, []).append(child)
    changed = list(parents)
    while changed:
        parent = changed.pop()
        for child in children.get(parent, ()):
            more = (found[parent] | set(stated[parent])) - found[child]
            if more:
                found[child] |= more
                changed.append(child)
    return found
