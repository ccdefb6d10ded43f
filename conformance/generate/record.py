"""Layer `record`: what `record.json` says (record.md), and digests (digests.md)."""

from .build import CONTEXT, Bundle, artifact, body, digests, fixed, says, section
from .cases import CORE, FULL

WEIGHTS = b"weights"
OTHER = digests(b"other")


def of(value=None, sections=None, **members):
    bundle = Bundle()
    bundle.record(value if value is not None else body(sections if sections is not None else {}, **members), sections or {})
    return bundle


def without(member):
    value = body({})
    del value[member]
    return of(value)


def add(suite):
    suite.in_layer("record", "record.md")
    valid(suite)
    members(suite)
    nulls(suite)
    order(suite)
    artifacts(suite)


def valid(suite):
    suite.valid("least", "only what must be there", of({"spec": "1.0", "kind": "run", "inputs": [], "outputs": [], "parents": [], "sections": {}}))
    for status in ("scheduled", "running", "finished", "failed", "killed", "crashed", "unknown"):
        suite.valid(f"status-{status}", "each status of the list", of(status=status))
    suite.valid("origin", "a starting point that no run produced", of(kind="origin", status=None, started=None, ended=None))
    suite.valid("source", "who it was in its tracker", of(source={"tool": "mlflow", "run": "4c3fe7be7f5b4dd8b80077d39931ac7b"}))
    suite.valid("nanoseconds", "nine digits of a second", of(started="2026-11-23T09:00:00.123456789Z"))
    suite.valid("one-digit-of-a-second", "one digit of a second", of(started="2026-11-23T09:00:00.5Z"))
    suite.valid("leap-day", "a day that is there every four years", of(started="2024-02-29T23:59:59Z", ended=None))
    for name, time in (("leap-day-2000", "2000-02-29T00:00:00Z"), ("year-0", "0000-01-01T00:00:00Z"), ("last-moment", "9999-12-30T22:00:00.999999999Z"), ("december-31", "2026-12-31T23:59:59Z")):
        suite.valid(f"ended-{name}", "days and moments that exist", of(started=None, ended=time))
    suite.valid("before-1970", "a clock that was never set", of(started="1969-12-31T23:59:59Z"))
    suite.valid("sha256-only", "a Git LFS pointer tells the SHA-256 of weights that nobody here has",
                of(outputs=[{"role": "model", "digest": {"sha256": digests(WEIGHTS)["sha256"]}, "size": 7}]))
    suite.valid("blake3-only", "one strong digest is enough for an artifact", of(outputs=[{"role": "model", "digest": {"blake3": digests(WEIGHTS)["blake3"]}, "size": 7}]))
    suite.valid("third-digest", "digests of other kinds are kept and prove nothing",
                of(outputs=[{"role": "model", "digest": {**digests(WEIGHTS), "md5": "x"}, "size": 7}]))
    suite.valid("unknown-role", "a role that a reader does not know", of(outputs=[artifact(WEIGHTS, "optimizer-state")]))
    suite.valid("role-is-a-uri", "an extension's role", of(outputs=[artifact(WEIGHTS, "https://example.org/roles/reward-model")]))
    suite.valid("role-of-128-letters", "the longest word", of(outputs=[artifact(WEIGHTS, "r" * 128)]))
    suite.valid("role-of-128-letters-as-a-uri", "the longest word of an extension", of(outputs=[artifact(WEIGHTS, "urn:" + "r" * 124)]))
    suite.valid("third-digest-of-a-parent", "digests of other kinds are kept and prove nothing", of(parents=[{"record": {**OTHER, "sha512": "x"}, "relation": "part-of"}]), also=["lineage.parent-absent"])
    listed = section(CONTEXT)
    suite.valid("third-digest-of-a-section", "digests of other kinds are kept and prove nothing", of({**body({}), "sections": {"context.json": {**listed, "digest": {**listed["digest"], "md5": 1}}}}, {"context.json": CONTEXT}))
    suite.valid("two-sections-of-one-sha256", "identity is the BLAKE3; the other digest is looked at where it is asked for",
                of({**body({}), "sections": {"a.txt": section(b"a", "text/plain"), "b.txt": {**section(b"b", "text/plain"), "digest": {**digests(b"b"), "sha256": digests(b"a")["sha256"]}}}}), also=["section.withheld"])
    suite.valid("largest-size", "2^53 - 1 bytes", of(outputs=[{"role": "file", "digest": digests(WEIGHTS), "size": 2**53 - 1}]))
    suite.valid("one-artifact-twice", "a reader takes lists as they are", of(outputs=[artifact(WEIGHTS), artifact(WEIGHTS)]))
    suite.valid("unknown-media-type", "a section of any type", of(body({"notes.txt": section(b"hello", "text/plain")}), {"notes.txt": b"hello"}))
    suite.valid("section-not-json-by-type", "only the media type says that a section is JSON",
                of(body({"x.json": section(b"not JSON", "text/plain")}), {"x.json": b"not JSON"}))
    suite.case("ended-before-started", "a clock that jumped is reported and refuses nothing", of(ended="2026-11-23T08:59:59Z"), also=["record.span"])


def members(suite):
    invalid = lambda name, why, bundle: suite.refused(name, why, bundle, "schema.invalid")
    for member in ("spec", "kind", "inputs", "outputs", "parents", "sections"):
        invalid(f"without-{member}", f"`{member}` is always there", without(member))
    for name, value in (("null", None), ("number", 1), ("upper-case", "Run"), ("unknown", "dream"), ("object", {"run": None})):
        value_of = body({})
        value_of["kind"] = value
        invalid(f"kind-{name}", "a kind of the list", of(value_of))
    for name, value in (("excellent", "excellent"), ("upper-case", "FINISHED"), ("number", 0), ("object", {"finished": None})):
        invalid(f"status-is-{name}", "a status of the list", of(status=value))
    times = {
        "offset": "2026-11-23T10:00:00+01:00", "offset-zero": "2026-11-23T09:00:00+00:00", "lower-case": "2026-11-23t09:00:00z", "space": "2026-11-23 09:00:00Z",
        "no-zone": "2026-11-23T09:00:00", "no-seconds": "2026-11-23T09:00Z", "leap-second": "2016-12-31T23:59:60Z", "month-13": "2026-13-01T00:00:00Z",
        "day-30-of-february": "2026-02-30T00:00:00Z", "hour-24": "2026-11-23T24:00:00Z", "ten-digits": "2026-11-23T09:00:00.1234567890Z", "no-digits": "2026-11-23T09:00:00.Z",
        "comma": "2026-11-23T09:00:00,5Z", "date-only": "2026-11-23", "year-of-five-digits": "12026-11-23T09:00:00Z", "words": "yesterday", "empty": "", "two-digit-year": "26-11-23T09:00:00Z",
        "29-february-1900": "1900-02-29T00:00:00Z", "full-width-digits": "２０２６-11-23T09:00:00Z",
    }
    for name, text in times.items():
        invalid(f"time-{name}", "RFC 3339 in UTC, one spelling", of(started=text, ended=None))
    for name, text in (("month-13", "2026-13-01T00:00:00Z"), ("31-april", "2026-04-31T00:00:00Z"), ("hour-24", "2026-11-23T24:00:00Z"), ("minute-60", "2026-11-23T09:60:00Z"),
                       ("29-february-1900", "1900-02-29T00:00:00Z"), ("month-0", "2026-00-01T00:00:00Z"), ("day-0", "2026-11-00T00:00:00Z"), ("leap-second", "2016-12-31T23:59:60Z"),
                       ("after-the-last-moment", "9999-12-30T22:00:01Z"), ("line-feed", "2026-11-23T09:00:00Z\n"), ("negative-year", "-0001-01-01T00:00:00Z")):
        invalid(f"ended-{name}", "the end is a time like the start", of(started=None, ended=text))
    invalid("time-is-a-number", "a time is a text", of(started=1763888400, ended=None))
    for name, text in (("one-number", "1"), ("three-numbers", "1.0.0"), ("leading-zero", "01.0"), ("minus", "1.-0"), ("empty", ""), ("space", " 1.0"), ("word", "latest"), ("too-large", "1.4294967296"), ("line-feed", "1.0\n")):
        invalid(f"spec-{name}", "a version is `major.minor`", of(spec=text))
    invalid("spec-number", "a version is a text", of(spec=1.0))
    invalid("inputs-object", "a list is a list", of(inputs={}))
    invalid("source-without-run", "a source has both members", of(source={"tool": "mlflow"}))
    invalid("source-without-tool", "a source has both members", of(source={"run": "1"}))
    invalid("source-run-is-a-number", "an id is a text", of(source={"tool": "mlflow", "run": 1}))
    invalid("critical-is-a-number", "URIs are texts", of(critical=[1]))
    invalid("parent-is-a-list", "members have names", of(parents=[[OTHER, "part-of"]]))
    invalid("parent-with-sha256-only", "an object of a bundle is named by both digests", of(parents=[{"record": {"sha256": OTHER["sha256"]}, "relation": "part-of"}]))
    invalid("source-is-a-list", "members have names", of(source=["mlflow", "1"]))
    invalid("blinded-is-a-text", "true or false", of(blinded="true"))
    invalid("parent-without-relation", "a parent has both members", of(parents=[{"record": OTHER}]))
    invalid("parent-with-one-digest", "an object of a bundle is named by both digests", of(parents=[{"record": {"blake3": OTHER["blake3"]}, "relation": "part-of"}]))
    for name, word in (("upper-case", "Part-Of"), ("space", "part of"), ("empty", ""), ("digit-first", "1st"), ("underscore", "part_of"), ("too-long", "r" * 129), ("non-ascii", "téil")):
        invalid(f"relation-{name}", "a word of a registry, or a URI", of(parents=[{"record": OTHER, "relation": word}]))
    named = lambda name: of({**body({}), "sections": {name: section(b"x")}})
    for name, text in (("path", "../x.json"), ("upper-case", "Context.json"), ("of-the-record", "record.json"), ("no-extension", "context"), ("empty", "")):
        invalid(f"section-name-{name}", "names of sections follow the grammar", named(text))
    invalid("section-without-size", "a section is listed with its size", of({**body({}), "sections": {"x.json": {"mediaType": "application/json", "digest": OTHER}}}))
    listed = lambda name, why, value, section_name="x.txt": invalid(name, why, of({**body({}), "sections": {section_name: value}}))
    right = section(b"x", "text/plain")
    listed("section-without-media-type", "a section is listed with its media type", {"size": 1, "digest": OTHER})
    listed("section-media-type-is-null", "a media type is a text", {**right, "mediaType": None})
    listed("section-size-negative", "a size is an integer from 0", {**right, "size": -1})
    listed("section-without-sha256", "an object of a bundle is named by both digests", {**right, "digest": {"blake3": OTHER["blake3"]}})
    listed("section-is-a-list", "members have names", ["text/plain", 1, OTHER])
    invalid("sections-is-a-list", "sections have names", of({**body({}), "sections": [right]}))
    for name, section_name, media_type in (
        ("text", "context.json", "text/plain"), ("with-parameters", "context.json", "application/json; charset=utf-8"), ("upper-case", "context.json", "Application/JSON"), ("empty", "cost.json", ""),
        ("parquet-as-json", "metrics.parquet", "application/json"), ("parquet-as-bytes", "console.parquet", "application/octet-stream"), ("json-as-parquet", "summary.json", "application/vnd.apache.parquet"),
    ):
        suite.refused(f"media-type-{name}", "a section that this format names has the media type that it gives", of({**body({}), "sections": {section_name: section(b"x", media_type)}}),
                      "schema.invalid", clause="sections.md")
    invalid("section-with-one-digest", "an object of a bundle is named by both digests",
            of({**body({}), "sections": {"x.json": {"mediaType": "application/json", "size": 1, "digest": {"sha256": OTHER["sha256"]}}}}))
    for member in ("inputs", "outputs"):
        invalid(f"artifact-is-a-list-in-{member}", "members have names", of(**{member: [["model", OTHER, 5]]}))
    half = {"x.txt": section(b"a", "text/plain"), "y.txt": {**section(b"b", "text/plain"), "digest": {**digests(b"b"), "blake3": digests(b"a")["blake3"]}}}
    suite.refused("two-sections-of-one-blake3", "a name stands for one content, whatever the other digest says", of({**body({}), "sections": half}), "record.duplicate-section")
    same = section(CONTEXT)
    suite.refused("two-sections-of-one-digest", "one could stand for the other",
                  of({**body({}), "sections": {"a.json": same, "b.json": same}}), "record.duplicate-section")
    of_role = lambda name, role: invalid(name, "a word has at most 128 bytes", of(outputs=[artifact(WEIGHTS, role)]))
    of_role("role-of-129-letters", "r" * 129)
    of_role("role-of-129-letters-as-a-uri", "urn:" + "r" * 125)
    of_role("role-is-a-uri-with-a-space", "urn:reward model")
    suite.refused("critical", "an extension that must be understood", of(critical=["https://example.org/sharded"]), "record.critical", clause="versions.md")
    suite.refused("too-large", "a record is at most 1 MiB", of(source={"tool": "x", "run": "r" * (1 << 20)}), "container.limit", clause="container.md#limits")
    suite.valid("critical-empty", "no extension at all", of(critical=[]), clause="versions.md")


def nulls(suite):
    """`null` says the same as leaving a member out, where the schema has it; elsewhere it is a value of the wrong type."""
    value = lambda **members: of({**body({}), **members})
    for member in ("started", "ended", "status", "source"):
        suite.valid(f"{member}-is-null", "a member that may be absent may be null", value(**{member: None}))
    for member in ("spec", "inputs", "outputs", "parents", "sections", "blinded", "critical"):
        suite.refused(f"{member}-is-null", "null is not a list, an object or a flag", value(**{member: None}), "schema.invalid")
    digest = digests(WEIGHTS)
    suite.valid("digest-is-null", "the digest that nobody knows may be null", of(outputs=[{"role": "model", "digest": {**digest, "blake3": None}, "size": 7}]), clause="digests.md")
    suite.refused("both-digests-are-null", "one of them is known", of(outputs=[{"role": "model", "digest": {"blake3": None, "sha256": None}, "size": 7}]), "schema.invalid", clause="digests.md")
    for name, mark in {"passed-on-is-text": {"passedOn": "true"}, "passed-on-is-a-number": {"passedOn": 1}, "common-is-null": {"common": None}, "common-is-a-list": {"common": []}}.items():
        suite.refused(name, "a mark is true or false", of(outputs=[{**artifact(WEIGHTS), **mark}]), "schema.invalid")
    suite.refused("form-is-null", "null is neither file nor tree", of(outputs=[{**artifact(WEIGHTS), "form": None}]), "schema.invalid")
    suite.refused("digest-of-a-parent-is-null", "an object of a bundle is named by both digests", of(parents=[{"record": {**OTHER, "sha256": None}, "relation": "part-of"}]), "schema.invalid", clause="digests.md")


def order(suite):
    """Of two broken rules the first is reported, and what was refused takes nothing else down with it."""
    value = lambda **members: of({**body({}), **members})
    clause = "verification.md#the-algorithm"
    suite.refused("first-version-then-critical", "another version may say `critical` in another way", value(spec="2.0", critical=["urn:a"]), "version.unsupported", clause=clause)
    suite.refused("first-version-then-critical-of-another-form", "another version may say `critical` in another way", value(spec="2.0", critical=1), "version.unsupported", clause=clause)
    suite.refused("first-critical-then-members", "an extension may change what members there are", value(critical=["urn:a"], inputs={}), "record.critical", clause=clause)
    same = section(b"x", "text/plain")
    suite.refused("first-members-then-duplicate-section", "members are looked at before they are compared", value(status="excellent", sections={"a.txt": same, "b.txt": same}), "schema.invalid", clause=clause)
    suite.refused("first-json-then-version", "what is not JSON has no version", of_text('{"spec": "2.0", "spec": "1.0"}'), "json.duplicate-key", clause=clause)
    refused = body({"context.json": CONTEXT}, status="excellent", outputs=[artifact(WEIGHTS)])
    bundle = of(refused, {"context.json": CONTEXT})
    suite.refused("refused-with-sections", "nothing more is said of files beside a record that was refused", bundle, "schema.invalid", clause=clause)
    bundle = of(refused, {"context.json": CONTEXT + b"!"})
    suite.refused("refused-with-altered-sections", "not even that they are others", bundle, "schema.invalid", clause=clause)
    bundle = of(refused, {"context.json": CONTEXT})
    bundle.embed(WEIGHTS)
    suite.refused("refused-with-an-artifact", "a record that was refused speaks of nothing", bundle, "schema.invalid", "container.unlisted", clause=clause)
    bundle = of(refused, {"context.json": CONTEXT})
    bundle.statement(says(fixed(refused)))
    suite.refused("refused-with-a-statement", "a statement about it is about a record that is not here", bundle, "schema.invalid", also=["statement.orphan"], clause=clause)


def of_text(text):
    bundle = Bundle()
    bundle.record(raw=text.encode(), sections={})
    return bundle


def artifacts(suite):
    invalid = lambda name, why, item: suite.refused(name, why, of(outputs=[item]), "schema.invalid", clause="digests.md")
    right = artifact(WEIGHTS)
    digest = right["digest"]
    with_digest = lambda **change: {**right, "digest": {**digest, **change}}
    invalid("digest-upper-case", "two spellings would be two names", with_digest(blake3=digest["blake3"].upper()))
    invalid("digest-short", "64 digits", with_digest(blake3=digest["blake3"][:-1]))
    invalid("digest-long", "64 digits", with_digest(sha256=digest["sha256"] + "0"))
    invalid("digest-no-hex", "hex digits", with_digest(blake3="g" * 64))
    invalid("digest-with-prefix", "no prefix", with_digest(sha256="sha256:" + digest["sha256"]))
    invalid("digest-is-a-list", "members have names", {**right, "digest": [digest["blake3"], digest["sha256"]]})
    invalid("digest-empty", "a set of no digest", {**right, "digest": {}})
    invalid("digest-of-another-kind-alone", "an MD5 names nothing", {**right, "digest": {"md5": "0" * 32}})
    invalid("digest-missing", "what nobody can recognise", {"role": "model", "size": 7})
    invalid("role-missing", "what it was to the run", {"digest": digest, "size": 7})
    invalid("role-empty", "a word", {**right, "role": ""})
    for name, size in (("negative", -1), ("float", 7.0), ("fraction", 7.5), ("text", "7"), ("null", None), ("true", True)):
        invalid(f"size-{name}", "a size is an integer from 0", {**right, "size": size})
    invalid("form-unknown", "a file or a tree", {**right, "form": "folder"})
    suite.refused("size-beyond-2-53", "an integer that loses digits", of(outputs=[{**right, "size": 2**53}]), "json.number", clause="json.md")

    def embedded(**change):
        bundle = of(outputs=[{**right, **change}])
        bundle.embed(WEIGHTS)
        return bundle

    suite.refused("size-of-an-embedded-artifact", "the right digest and the wrong size", embedded(size=8), "digest.size", clause="sections.md")
    wrong = embedded(digest={**digest, "sha256": "0" * 64})
    suite.valid("divergent-digests-unasked", "SHA-256 is recomputed when asked", wrong, tiers=[CORE, FULL], clause="digests.md")
    suite.refused("divergent-digests", "BLAKE3 agrees and SHA-256 does not: somebody lies, or SHA-256 is broken", wrong, "digest.divergent", digests="all", clause="digests.md")
    suite.refused("divergent-digests-and-size", "each that is said of it is compared", embedded(size=8, digest={**digest, "sha256": "0" * 64}), "digest.size", "digest.divergent", digests="all", clause="verification.md#the-algorithm")
    text = fixed({"title": "t"})
    lying = section(text)
    lying["digest"]["sha256"] = "0" * 64
    suite.refused("divergent-section", "the same of a section", of({**body({}), "sections": {"context.json": lying}}, {"context.json": text}), "digest.divergent", digests="all", clause="digests.md")
    suite.valid("both-digests", "both agree", signed_artifact(), digests="all", clause="digests.md")


def signed_artifact():
    bundle = of(outputs=[artifact(WEIGHTS)])
    bundle.embed(WEIGHTS)
    return bundle
