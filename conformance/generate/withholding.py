"""Layer `withholding`: copies without some sections (sections.md, "Withholding")."""

from .build import BEN, Bundle, artifact, body, fixed, says, section, smallest
from .cases import FULL
from .sections import GOLDEN, PARQUET

SECTIONS = {"context.json": {"title": "a shared run"}, "identity.json": {"people": [{"name": "Ada"}]}, "cost.json": {"resources": [], "charges": []}}


def salted(number):
    return f"{number:064x}"


def bundle_of(sections, blinded=False, withheld=()):
    texts = {name: fixed(value) for name, value in sections.items()}
    bundle = Bundle()
    record = bundle.record(body(texts, **({"blinded": True} if blinded else {})), {name: text for name, text in texts.items() if name not in withheld})
    return bundle, record


def add(suite):
    suite.in_layer("withholding", "sections.md#withholding")
    blind = {name: {**value, "salt": salted(number + 1)} for number, (name, value) in enumerate(SECTIONS.items())}
    whole, record = bundle_of(SECTIONS)
    whole.statement(says(record))
    suite.valid("whole", "the bundle that the others are copies of", whole, state="signed")
    for name in SECTIONS:
        part, record = bundle_of(SECTIONS, withheld=[name])
        part.statement(says(record))
        suite.case(f"without-{name.split('.')[0]}", "ids stay, and signatures hold", part, also=["section.withheld"], state="signed")
    least = smallest()
    del least.objects[next(name for name in least.objects if name.endswith("context.json"))]
    suite.case("smallest-without-context", "the smallest bundle without its one section", least, also=["section.withheld"])
    nothing, record = bundle_of(SECTIONS, withheld=list(SECTIONS))
    nothing.statement(says(record))
    suite.case("without-any-section", "a record alone", nothing, also=["section.withheld"], state="signed")
    suite.valid("blinded", "each section has a salt of its own", bundle_of(blind, True)[0])
    suite.case("blinded-without-identity", "and what is withheld cannot be guessed", bundle_of(blind, True, ["identity.json"])[0], also=["section.withheld"])
    part, record = bundle_of(blind, True, ["identity.json"])
    part.statement(says(record, key=BEN))
    suite.case("blinded-under-a-pseudonym", "a reviewer verifies digests and sees no name", part, also=["section.withheld"], state="signed")
    suite.valid("blinded-of-nothing", "a blinded record without sections", bundle_of({}, True)[0])
    two = bundle_of(blind, True)[0]
    two.record(body({"context.json": fixed({"title": "another run", "salt": salted(1)})}, blinded=True), {"context.json": fixed({"title": "another run", "salt": salted(1)})})
    suite.valid("one-salt-in-two-records", "two records may share a salt: it is within one that a guess would be checked twice", two)
    data = (GOLDEN / "blinded.parquet").read_bytes()
    texts = {"context.json": fixed(blind["context.json"]), "metrics.parquet": data}
    bundle = Bundle()
    bundle.record(body({"context.json": texts["context.json"], "metrics.parquet": section(data, PARQUET)}, blinded=True), texts)
    suite.valid("blinded-parquet", "the salt of a series is in its own metadata, and nobody looks", bundle)
    other = fixed({"title": "without"})
    bundle = Bundle()
    bundle.record(body({"acme.json": other}, blinded=True), {"acme.json": other})
    suite.refused("salt-missing-in-an-extension", "each JSON section has one, whatever its name", bundle, "section.salt")
    refuse = lambda name, why, sections: suite.refused(name, why, bundle_of(sections, True)[0], "section.salt")
    refuse("salt-missing", "each section has a salt", {**blind, "cost.json": SECTIONS["cost.json"]})
    refuse("salt-short", "of 64 hex digits", {**blind, "cost.json": {**SECTIONS["cost.json"], "salt": "0" * 63}})
    refuse("salt-upper-case", "of lower-case hex digits", {**blind, "cost.json": {**SECTIONS["cost.json"], "salt": "A" * 64}})
    refuse("salt-no-hex", "of hex digits", {**blind, "cost.json": {**SECTIONS["cost.json"], "salt": "g" * 64}})
    refuse("salt-of-another-section", "and no two the same", {**blind, "cost.json": {**SECTIONS["cost.json"], "salt": salted(1)}})
    suite.refused("salt-missing-and-schema", "a salt is asked for whatever the schema says", bundle_of({**blind, "cost.json": {"resources": 5}}, True)[0], "schema.invalid", "section.salt", tiers=[FULL], clause="verification.md#4.6")
    refuse("salt-is-null", "a salt is a text", {**blind, "cost.json": {**SECTIONS["cost.json"], "salt": None}})
    suite.valid("salt-in-an-unblinded-record", "a salt more harms nothing", bundle_of(blind)[0])
    altered = whole.copy()
    name = next(name for name in altered.objects if name.endswith("identity.json"))
    altered.objects[name] = fixed({"people": [{"name": "Eve"}]})
    suite.refused("altered-instead-of-withheld", "a section may be withheld, never altered", altered, "digest.section")
    altered = bundle_of(blind, True)[0]
    altered.objects[next(item for item in altered.objects if item.endswith("identity.json"))] = fixed({"people": [{"name": "Eve"}]})
    suite.refused("altered-in-a-blinded-record", "what is not what its record says is not looked into, so nothing is said of its salt", altered, "digest.section", clause="verification.md#the-algorithm")
    altered.objects[next(item for item in altered.objects if item.endswith("identity.json"))] = b"{"
    suite.refused("broken-in-a-blinded-record", "what is not what its record says is not looked into, so nothing is said of its JSON", altered, "digest.section", clause="verification.md#the-algorithm")
    emptied = whole.copy()
    emptied.objects[name] = b""
    suite.refused("emptied-instead-of-withheld", "an empty file is another file", emptied, "digest.section")
    moved = whole.copy()
    moved.objects[name.replace("identity", "context")], moved.objects[name] = moved.objects[name], moved.objects[name.replace("identity", "context")]
    suite.refused("moved-to-another-name", "two sections under each other's names", moved, "digest.section")
    weights = artifact(b"weights")
    bundle = Bundle()
    bundle.record(body({}, outputs=[weights]), {})
    suite.valid("artifact-elsewhere", "weights travel beside the bundle", bundle)
    suite.case("withheld-where-policy-asks-for-a-signature", "what is withheld says nothing of who signed", bundle_of(SECTIONS, withheld=["identity.json"])[0],
               also=["section.withheld"], require="signed", state="intact")
