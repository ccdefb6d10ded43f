"""Layer `sections`: files beside a record (sections.md)."""

from .build import Bundle, body, digests, fixed, section
from .cases import CORE, FULL

TITLE = {"title": "t"}


def with_sections(**texts):
    """A record with JSON sections of these values; `_` in a name stands for the dot."""
    sections = {name.replace("_", "."): fixed(value) for name, value in texts.items()}
    bundle = Bundle()
    bundle.record(body(sections), sections)
    return bundle


def add(suite):
    suite.in_layer("sections", "sections.md")
    valid = {
        "context": ("title, purpose, notes and what was seen", {"context_json": {"title": "t", "purpose": "p", "notes": "n", "tags": ["a"]}}),
        "identity": ("people and machines", {"identity_json": {"people": [{"name": "Ada", "email": "ada@example.org"}]}}),
        "recipe": ("parameters of all kinds, as typed trees", {"recipe_json": {"parameters": {"lr": 0.001, "layers": 3, "name": "007", "big": {"$integer": "9007199254740993"}, "limit": {"$float": "Infinity"}}}}),
        "artifacts": ("a file by name only", {"artifacts_json": {"artifacts": [{"direction": "output", "role": "model", "name": "m"}]}}),
        "cost": ("figures with their basis", {"cost_json": {"resources": [], "charges": []}}),
        "summary": ("a series in one line", {"summary_json": {"series": {}}}),
        "unknown": ("a section of another name is hashed and left alone", {"context_json": TITLE, "biography_json": {"anything": [1, "x"]}}),
        "unknown-members": ("members that a reader does not know", {"context_json": {"title": "t", "mood": "good"}}),
    }
    for name, (why, sections) in valid.items():
        suite.valid(name, why, with_sections(**sections), tiers=[CORE, FULL])
    invalid = {
        "context-without-title": {"context_json": {"purpose": "p"}}, "context-title-is-a-number": {"context_json": {"title": 1}},
        "identity-people-is-an-object": {"identity_json": {"people": {}}}, "artifacts-without-list": {"artifacts_json": {}},
        "artifacts-direction-unknown": {"artifacts_json": {"artifacts": [{"direction": "sideways", "role": "model"}]}},
        "artifacts-role-missing": {"artifacts_json": {"artifacts": [{"direction": "input"}]}},
        "artifacts-digest-empty": {"artifacts_json": {"artifacts": [{"direction": "input", "role": "model", "digest": {}}]}},
        "artifact-is-a-list": {"artifacts_json": {"artifacts": [["input", "model"]]}},
        "cost-without-basis": {"cost_json": {"resources": [{"resource": "gpu", "unit": "hours", "amount": 1.5}], "charges": []}},
        "cost-basis-unknown": {"cost_json": {"resources": [{"resource": "gpu", "unit": "hours", "amount": 1.5, "basis": "guessed"}], "charges": []}},
    }
    for name, sections in invalid.items():
        suite.refused(name, "members and types of the section's schema", with_sections(**sections), "schema.invalid", tiers=[FULL])

    text = fixed(TITLE)
    right = section(text)
    of = lambda listed, data=text, name="context.json": one(name, listed, data)
    suite.refused("digest-of-other-bytes", "a section is what its record says", of({**right, "digest": digests(b"other")}), "digest.section")
    suite.refused("size-too-large", "and as long", of({**right, "size": len(text) + 1}), "digest.size")
    suite.refused("size-zero", "and as long", of({**right, "size": 0}), "digest.size")
    two = {"context.json": fixed(TITLE), "source.json": fixed({"title": "u"})}
    bundle = Bundle()
    bundle.record(body({"context.json": section(two["source.json"]), "notes.json": section(two["context.json"])}), {"context.json": two["context.json"], "notes.json": two["source.json"]})
    suite.refused("two-sections-swapped", "a section stands under its own name only", bundle, "digest.section")
    bundle = Bundle()
    bundle.record(body({"context.json": text}), {"notes.json": text})
    suite.refused("section-under-another-name", "the right bytes under a name that is not listed", bundle, "container.unlisted", also=["section.withheld"])
    first, second = fixed({"title": "first"}), fixed({"title": "second"})
    bundle = Bundle()
    bundle.record(body({"context.json": first}), {"context.json": second})
    bundle.record(body({"context.json": second}), {"context.json": first})
    suite.refused("sections-of-two-records-swapped", "a section belongs to one record", bundle, "digest.section")


def one(name, listed, data):
    bundle = Bundle()
    bundle.record({**body({}), "sections": {name: listed}}, {name: data})
    return bundle
