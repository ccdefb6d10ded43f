"""Layer `lineage`: licences along links (lineage.md)."""

from .build import digests
from .cases import FULL
from .lineage import artifact, described, family, listing

CONFLICT, UNKNOWN, WITHHELD = "lineage.licence-conflict", "lineage.licence-unknown", "lineage.licence-withheld"
GAP = "lineage.unaccounted-input"
X, Y, Z = artifact(b"weights"), artifact(b"another"), artifact(b"third")
FREE = ("apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc0-1.0", "isc", "mit", "unlicense")
# What each licence of an ancestor allows, as the table says.
ALLOWED = {
    **{licence: None for licence in FREE}, "gpl-2.0": ["gpl-2.0"], "gpl-3.0": ["gpl-3.0", "agpl-3.0"], "agpl-3.0": ["agpl-3.0"], "cc-by-sa-4.0": ["cc-by-sa-4.0"],
    "cc-by-nc-sa-4.0": ["cc-by-nc-sa-4.0"], "cc-by-nc-4.0": ["cc-by-nc-4.0", "cc-by-nc-sa-4.0"], "cc-by-nd-4.0": [], "cc-by-nc-nd-4.0": [],
}


def licensed(licence, item=X, direction="output", **members):
    return described({"direction": direction, "role": item["role"], "digest": item["digest"], **({"licence": licence} if licence else {}), **members})


def two(base, own, **parent):
    return family({"outputs": [X], "sections": licensed(base), "on": 21, "end": 22, **parent}, {"inputs": [X], "outputs": [Y], "sections": licensed(own, Y)})


def add(suite):
    suite.in_layer("lineage", "family.md#licences")
    case = lambda name, why, bundle, also=(), **more: suite.case(name, why, bundle, also=also, tiers=[FULL], **more)
    for base, allowed in ALLOWED.items():
        # Of a licence that asks for nothing one pair shows it; of the others each pair is a line of
        # the table.
        for own in ALLOWED if allowed is not None else ("mit", "cc-by-nd-4.0"):
            fits = allowed is None or own in allowed
            case(f"licence-{base}-then-{own}", "what a licence asks of those that come after it, as the table says", two(base, own), [] if fits else [CONFLICT])
    case("licence-in-any-case", "licences are compared in any case", two("GPL-3.0", "Mit"), [CONFLICT])
    case("licence-only", "with `-only` or without", two("GPL-3.0-only", "MIT"), [CONFLICT])
    case("licence-or-later", "with `-or-later` or without", two("gpl-3.0-or-later", "mit"), [CONFLICT])
    case("licence-or-later-of-both", "on either side", two("gpl-3.0-only", "AGPL-3.0-or-later"))
    case("licence-of-the-base-unheard-of", "of a licence outside of the table nothing is said", two("llama3", "mit"))
    case("licence-of-its-own-unheard-of", "of a licence outside of the table nothing is said", two("gpl-3.0", "llama3"))
    case("licence-of-nobody", "where the child states none, nothing is said", two("gpl-3.0", None))
    case("licence-unstated-by-both", "where neither states one, nothing is said", two(None, None))
    case("licence-of-a-grandparent", "a licence is passed on along all links", family(
        {"outputs": [X], "sections": licensed("gpl-3.0"), "on": 19, "end": 20}, {"inputs": [X], "outputs": [Z], "on": 21, "end": 22}, {"inputs": [Z], "outputs": [Y], "sections": licensed("mit", Y)}), [CONFLICT, UNKNOWN])
    case("licence-of-one-of-two-parents", "each parent asks for itself", family(
        {"outputs": [X], "sections": licensed("gpl-3.0"), "on": 19, "end": 20}, {"outputs": [Z], "sections": licensed("mit", Z), "on": 21, "end": 22}, {"inputs": [X, Z], "outputs": [Y], "sections": licensed("mit", Y)}), [CONFLICT])
    case("licence-of-an-input", "what `artifacts.json` says was taken in was taken in, so it was passed on, and is licensed by nobody here", family(
        {"outputs": [X], "sections": licensed("gpl-3.0", direction="input"), "on": 21, "end": 22}, {"inputs": [X], "outputs": [Y], "sections": licensed("mit", Y)}), [GAP, UNKNOWN])
    case("licence-of-a-role-without-lineage", "the licence of code is not that of the model", family(
        {"outputs": [X], "sections": licensed("gpl-3.0", {**X, "role": "code"}), "on": 21, "end": 22}, {"inputs": [X], "outputs": [Y], "sections": licensed("mit", Y)}), [UNKNOWN])
    case("licence-by-a-declared-link", "along links of any grade", family(
        {"outputs": [X], "sections": licensed("gpl-3.0"), "on": 21, "end": 22}, {"parents": [(0, "fine-tuned-from")], "outputs": [Y], "sections": licensed("mit", Y)}), [CONFLICT])
    case("licence-of-a-parent-that-describes-nothing", "a parent without `artifacts.json` states none", family(
        {"outputs": [X], "on": 21, "end": 22}, {"parents": [(0, "fine-tuned-from")], "outputs": [Y], "sections": licensed("mit", Y)}), [UNKNOWN])
    withheld = two("mit", "mit")
    name = next(name for name in withheld.objects if name.startswith(f"records/{digests(withheld.made[0])['blake3']}/artifacts"))
    del withheld.objects[name]
    case("licence-withheld", "what is withheld says nothing", withheld, [GAP, UNKNOWN, WITHHELD, "section.withheld"])
    kept = two("gpl-3.0", "mit", outputs=[{**X, "passedOn": False}])
    name = next(name for name in kept.objects if name.startswith(f"records/{digests(kept.made[0])['blake3']}/artifacts"))
    del kept.objects[name]
    case("licence-of-a-parent-withheld", "what is withheld may conflict, so silence would be a verdict", kept, [UNKNOWN, WITHHELD, "section.withheld"])
    case("licence-of-an-unknown-origin", "what is of unknown origin has a licence that nobody knows", family({"inputs": [X], "outputs": [Y], "sections": licensed("mit", Y)}), [GAP, UNKNOWN])
    case("licence-of-an-unknown-origin-of-nobody", "where the record states none, none is missed", family({"inputs": [X], "outputs": [Y], "sections": licensed(None, Y)}), [GAP])
    case("licence-of-nothing-taken-in", "what was made from nothing needs no other licence", family({"outputs": [Y], "sections": licensed("mit", Y)}))
    case("licence-of-a-name-of-unknown-origin", "a name is of unknown origin too", family(
        {"outputs": [Y], "sections": described({"direction": "input", "role": "model", "name": "base"}, {"direction": "output", "role": "model", "digest": Y["digest"], "licence": "mit"})}), [GAP, UNKNOWN])
    elsewhere = {"record": digests(b"elsewhere"), "relation": "fine-tuned-from"}
    case("licence-of-a-parent-that-is-not-here", "a parent that is not here states none that anybody knows", family({"parents": [elsewhere], "outputs": [Y], "sections": licensed("mit", Y)}), [UNKNOWN, "lineage.parent-absent"])
    files = listing({"model.bin": b"weights"})
    tree = artifact(files, "dataset", form="tree")
    for name, base, own, is_here, also in (
        ("licence-of-what-a-tree-holds", None, "mit", False, [UNKNOWN, WITHHELD]), ("licence-of-what-a-tree-holds-of-the-base", "gpl-3.0", None, False, [UNKNOWN, WITHHELD]),
        ("licence-of-what-a-tree-holds-of-nobody", None, None, False, []), ("licence-of-what-a-tree-holds-that-is-here", None, "mit", True, [UNKNOWN]),
    ):
        bundle = family({"inputs": [tree], "outputs": [X], "sections": licensed(base), "on": 21, "end": 22}, {"inputs": [Z], "outputs": [Y], "sections": licensed(own, Y)}, embed=[files] if is_here else [])
        case(name, "where a listing is not here, what was taken in may ask for something", bundle, [*also, "lineage.unaccounted-input"])
    hidden = artifact(files, form="tree")
    put_out = family({"outputs": [hidden], "sections": licensed("gpl-3.0", hidden), "on": 21, "end": 22}, {"inputs": [X], "outputs": [Y], "sections": licensed("mit", Y)})
    case("licence-of-what-a-tree-that-was-put-out-holds", "where a listing is not here, what others took in may be in it", put_out, [GAP, UNKNOWN, WITHHELD])
