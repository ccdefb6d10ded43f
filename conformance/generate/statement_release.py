"""Layer `statement`: the kind `release`, and the listing that it names (statements.md, "Releases")."""

from .build import Bundle, digests, listing, payload, says, sign, smallest
from .statement import RECORD, with_files

LISTING = listing({"model.safetensors": b"weights", "config.json": b"{}"})


def released(text=LISTING, name=".", **says_too):
    return payload(None, "release", subjects=[{"name": name, "digest": digests(text)}], **says_too)


def add(suite):
    suite.in_layer("statement", "statements.md#releases")

    def bundle(value, *embedded, **more):
        made = with_files(sign(value, **more))
        for data in embedded:
            made.embed(data)
        return made

    suite.valid("release", "the files of a folder; it is about no record", bundle(released(), LISTING))
    suite.valid("release-with-a-title", "what is released, and why", bundle(released(title="digits 1.0", reason="the first"), LISTING))
    nulls = released()
    nulls["predicate"] |= {"title": None, "reason": None}
    suite.valid("release-with-nulls", "an optional member may be null", bundle(nulls, LISTING))
    suite.valid("release-without-its-listing", "the listing may be elsewhere", bundle(released()))
    suite.valid("release-of-what-is-no-listing", "anybody may sign a release, so nothing is refused for what it names", bundle(released(b"no listing"), b"no listing"))
    suite.valid("release-names-its-subject-otherwise", "the name of a subject proves nothing", bundle(released(name="files"), LISTING))
    weights = payload(None, "release", subjects=[{"name": ".", "digest": digests(LISTING)}, {"name": "model.safetensors", "digest": digests(b"weights")}])
    suite.valid("release-names-the-weights", "further subjects are the weights, for other tools", bundle(weights, LISTING))
    alone = Bundle()
    alone.statement(sign(released()))
    alone.embed(LISTING)
    suite.valid("release-alone", "a bundle may hold a release and no record", alone)
    suite.valid("release-and-authorship", "beside what is said of a record", with_release(says(RECORD)), state="signed")
    loose = smallest()
    loose.embed(LISTING)
    suite.refused("listing-without-a-release", "a listing that nothing names", loose, "container.unlisted")
    suite.refused("files-of-a-release-are-not-named-by-it", "a release names its listing, and not what is in it", bundle(released(), LISTING, b"weights"), "container.unlisted")
    spoiled = sign(released(), change=lambda w: {**w, "dsseEnvelope": {**w["dsseEnvelope"], "signatures": [{"sig": "A" * 86 + "=="}]}})
    broken = with_files(spoiled)
    broken.embed(LISTING)
    suite.refused("listing-of-a-refused-release", "a release that is refused names nothing", broken, "container.unlisted", "signature.invalid")
    suite.refused("release-without-sha256", "both digests name the listing", bundle(payload(None, "release", subjects=[{"name": ".", "digest": {"blake3": digests(LISTING)["blake3"]}}])), "statement.subject")
    suite.refused("release-without-subject", "it lists something", bundle(payload(None, "release", subjects=[])), "statement.subject")
    for member in ("title", "reason"):
        suite.refused(f"release-{member}-is-a-number", "members have their types", bundle(released(**{member: 1})), "statement.predicate")


def with_release(*files):
    made = with_files(*files, sign(released()))
    made.embed(LISTING)
    return made
