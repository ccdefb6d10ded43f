"""Layer `statement`: kinds and envelopes (statements.md)."""

import base64

from .build import ADA, AT, BEN, INTOTO, Bundle, artifact, body, digests, fixed, name_of, pae, payload, says, sign, smallest, subject

RECORD = smallest().record()


def with_files(*files, record=None):
    bundle = Bundle()
    bundle.record(**(record or {}))
    for file in files:
        bundle.statement(file if isinstance(file, bytes) else fixed(file))
    return bundle


GONE = object()


def put(*path):
    """A change that puts the last argument where the others lead, or takes away what is there."""
    *path, value = path

    def change(whole):
        inner = whole
        for step in path[:-1]:
            inner = inner[step]
        if value is GONE:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value

    return change


def add(suite):
    suite.in_layer("statement", "statements.md")
    kinds(suite)
    envelopes(suite)


KINDS = {
    "review": {"verdict": "approved", "role": "safety", "scope": "internal use", "reason": "evaluated"},
    "comment": {"text": "looks *good*"},
    "evaluation": {"evaluations": [], "notes": "none yet"},
    "deployment": {"environment": "production", "action": "deployed"},
    "link": {"parent": digests(b"somewhere else"), "relation": "fine-tuned-from"},
    "supersession": {"successor": digests(b"a better one"), "reason": "a bug"},
    "revocation": {"revoked": {"record": name_of(RECORD)}, "reason": "wrong data"},
}


def kinds(suite):
    suite.valid("authorship", "I vouch for this record", with_files(says(RECORD, generator={"name": "expbundle", "version": "0.1.0"})), state="signed")
    also = {"link": ["lineage.parent-absent"], "supersession": ["lineage.superseded"], "revocation": ["trust.revoked"]}
    for kind, members in KINDS.items():
        dated = kind in ("revocation", "supersession")
        suite.valid(kind, f"a statement of the kind `{kind}`", with_files(says(RECORD), says(RECORD, kind, **members)), state="intact" if kind == "revocation" else "signed",
                    also=also.get(kind, []), **({"at": AT} if dated else {}))
    suite.valid("same-signer", "another key that is the signer's too", with_files(says(RECORD), says(RECORD, "link", sameSigner=BEN.line)), state="signed")
    suite.valid("unknown-kind", "a kind of a later minor version is kept and counts for nothing", with_files(says(RECORD, "certification", grade="A")))
    for name, kind in (("of-64-letters", "k" * 64), ("of-one-letter", "x"), ("with-digits-and-hyphens", "x-7-")):
        suite.valid(f"unknown-kind-{name}", "a kind begins with a letter, and has 64 letters, digits and hyphens at most", with_files(says(RECORD), says(RECORD, kind)), state="signed")
    for name, kind in (("of-65-letters", "k" * 65), ("digit-first", "7x"), ("hyphen-first", "-"), ("non-ascii", "größe"), ("with-line-feed", "review\n")):
        suite.refused(f"kind-{name}", "a kind begins with a letter, and has 64 letters, digits and hyphens at most", with_files(says(RECORD, kind)), "statement.predicate-type", clause="statements.md#the-payload")
    suite.refused("unknown-kind-without-created", "members that all kinds have are had by those of later versions too", with_files(says(RECORD, "certification", created=None)), "statement.predicate")
    suite.valid("unknown-members-anywhere", "members that a reader does not know, in the envelope, the payload and the predicate",
                with_files(sign({**payload(RECORD), "mood": "good"}, change=lambda w: {**w, "mood": 1, "dsseEnvelope": {**w["dsseEnvelope"], "mood": [2]}})), state="signed")
    suite.valid("nulls", "an optional member may be null", with_files(sign(null_members(), change=put("verificationMaterial", None))), state="signed")
    for kind, members in NULLS.items():
        suite.valid(f"nulls-of-{kind}", "an optional member may be null", with_files(says(RECORD), sign(with_nulls(kind, members))), state="signed", also=also.get(kind, []), at=AT)
    suite.valid("link-without-relation", "that it follows is said, and not how", with_files(says(RECORD), says(RECORD, "link", parent=digests(b"x"))), state="signed", also=["lineage.parent-absent"])
    suite.valid("link-for-an-artifact-of-one-digest", "an artifact may be known by one digest", with_files(says(RECORD), says(RECORD, "link", parent=digests(b"x"), artifact={"sha256": "0" * 64})),
                state="signed", also=["lineage.parent-absent"])
    suite.valid("evaluation-of-everything", "each as in `evaluations.json`", with_files(says(RECORD, "evaluation", evaluations=[{"metric": "f1", "value": "NaN", "step": 3}, {"metric": "bleu", "value": 1, "mood": "good"}])))
    suite.valid("non-ascii", "lengths are those of bytes", with_files(says(RECORD), says(RECORD, "comment", text="Größe: 質量 😀")), state="signed")
    suite.valid("review-alone", "a review is not an authorship", with_files(says(RECORD, "review", verdict="approved")))
    suite.valid("two-authors", "more people sign with statements of their own", with_files(says(RECORD), says(RECORD, key=BEN)), state="signed")
    suite.valid("already-verified", "a statement that says so counts for nothing", with_files(says(RECORD, "verification", result="trusted", verified=True)))
    suite.valid("signer-name", "what the signer wants to be called", with_files(sign(named_payload("Ada Lovelace"))), state="signed")
    suite.valid("unknown-members", "members that a reader does not know", with_files(says(RECORD, mood="good")), state="signed")
    weights = artifact(b"weights")
    bundle = Bundle()
    record = bundle.record(body({}, outputs=[weights]), sections={})
    bundle.statement(sign(payload(record, subjects=[subject(record), {"name": "output", "digest": weights["digest"]}, {"name": "of another tool", "digest": {"md5": "00"}}])))
    suite.valid("further-subjects", "outputs as further subjects, for tools that know only weights", bundle, state="signed")
    objects = with_files(says(RECORD))
    objects.statement(says(RECORD, "seal", objects=sorted(objects.objects)))
    suite.valid("seal", "what was in the bundle", objects, state="signed")
    more = objects.copy()
    more.record(body({}), sections={})
    suite.valid("seal-of-less", "a seal says what has to be there, and not that nothing else may be", more, state="intact")
    backwards = with_files(says(RECORD))
    backwards.statement(says(RECORD, "seal", objects=sorted(backwards.objects, reverse=True)))
    suite.valid("seal-unsorted", "a reader takes the list as it is", backwards, state="signed")
    suite.valid("seal-of-nothing", "an empty list is a list", with_files(says(RECORD, "seal", objects=[])))
    elsewhere = with_files(says(RECORD))
    elsewhere.statement(says(b"elsewhere", "seal", objects=sorted(elsewhere.objects)))
    suite.valid("seal-by-an-orphan", "a statement about a record that is elsewhere still seals", elsewhere, state="signed", also=["statement.orphan"])
    suite.refused("seal-by-an-orphan-broken", "a seal about a record that is elsewhere binds if its key signed that record", with_files(says(b"elsewhere"), says(b"elsewhere", "seal", objects=[f"artifacts/{'0' * 64}"])),
                  "statement.seal", also=["statement.orphan"])
    suite.valid("seal-by-a-stranger-broken", "a seal binds only if its key signed the record too: anybody could break a bundle by one", with_files(says(RECORD), says(RECORD, "seal", BEN, objects=[f"artifacts/{'0' * 64}"])), state="signed")
    suite.refused("seal-of-mimetype", "`mimetype` is not an object", with_files(says(RECORD), says(RECORD, "seal", objects=["mimetype"])), "statement.seal")
    broken = objects.copy()
    del broken.objects[next(name for name in broken.objects if name.endswith("context.json"))]
    suite.refused("seal-with-an-object-missing", "a sealed set is whole", broken, "statement.seal", also=["section.withheld"])
    suite.refused("seal-of-what-is-no-name", "a name that no entry can have is not here", with_files(says(RECORD), says(RECORD, "seal", objects=["../x"])), "statement.seal")


# Every optional member of each kind.
NULLS = {
    "review": {"verdict": "approved", "role": None, "scope": None, "reason": None},
    "evaluation": {"evaluations": [{"metric": "f1", "value": None, "task": None, "dataset": None, "datasetDigest": None, "split": None, "step": None, "judgement": None, "time": None}], "notes": None},
    "deployment": {"environment": "production", "action": "retired", "artifact": None, "reason": None},
    "link": {"parent": digests(b"x"), "relation": None, "artifact": None, "sameSigner": None, "reason": None},
    "supersession": {"successor": digests(b"x"), "reason": None},
}


def with_nulls(kind, members):
    value = payload(RECORD, kind)
    value["predicate"].update(members)
    return value


def null_members():
    value = payload(RECORD)
    value["predicate"]["generator"] = value["predicate"]["signer"]["name"] = None
    return value


def named_payload(name):
    value = payload(RECORD)
    value["predicate"]["signer"]["name"] = name
    return value


def envelopes(suite):
    def changed(change):
        return with_files(sign(payload(RECORD), change=change))

    refused = lambda name, why, change, code: suite.refused(name, why, changed(change), code, clause="statements.md#the-file")
    signed_by = ("dsseEnvelope", "signatures", 0)
    for name, value in (("bundle-v0.2", "application/vnd.dev.sigstore.bundle+json;version=0.2"), ("upper-case", "application/vnd.dev.sigstore.bundle.V0.3+json"), ("empty", "")):
        refused(f"media-type-{name}", "the media type is exact", put("mediaType", value), "statement.envelope")
    refused("media-type-missing", "the media type is there", put("mediaType", GONE), "statement.envelope")
    refused("envelope-missing", "a bundle without an envelope", put("dsseEnvelope", GONE), "statement.envelope")
    refused("payload-missing", "an envelope without a payload", put("dsseEnvelope", "payload", GONE), "statement.envelope")
    refused("signatures-is-an-object", "a list of signatures", put("dsseEnvelope", "signatures", {}), "statement.envelope")
    for name, path in (("payload", ("payload",)), ("payload-type", ("payloadType",)), ("signatures", ("signatures",)), ("signature", ("signatures", 0)), ("sig", ("signatures", 0, "sig"))):
        refused(f"envelope-{name}-is-null", "what must be there is not null", put("dsseEnvelope", *path, None), "statement.envelope")
    refused("sig-missing", "a signature has its bytes", put(*signed_by, "sig", GONE), "statement.envelope")
    refused("payload-type-missing", "an envelope says what is in it", put("dsseEnvelope", "payloadType", GONE), "statement.envelope")
    for name, path in (("sig", (*signed_by, "sig")), ("payload", ("dsseEnvelope", "payload")), ("payload-type", ("dsseEnvelope", "payloadType")), ("keyid", (*signed_by, "keyid")), ("media-type", ("mediaType",)),
                       ("envelope", ("dsseEnvelope",)), ("material", ("verificationMaterial",))):
        refused(f"envelope-{name}-is-a-number", "members have their types", put(*path, 1), "statement.envelope")
    refused("hint-is-a-number", "a hint chooses nothing, and is a text", put("verificationMaterial", {"publicKey": {"hint": 1}}), "statement.envelope")
    refused("material-key-is-a-number", "members have their types", put("verificationMaterial", {"publicKey": 1}), "statement.envelope")
    for name, value in (("null", None), ("of-another-form", {"x509CertificateChain": {}}), ("key-null", {"publicKey": None}), ("hint-null", {"publicKey": {"hint": None}}), ("hint-empty", {"publicKey": {"hint": ""}})):
        suite.valid(f"material-{name}", "what is outside of the signature chooses nothing", changed(put("verificationMaterial", value)), state="signed", clause="statements.md#the-file")
    refused("signature-is-a-text", "a signature is an object", put("dsseEnvelope", "signatures", ["AAAA"]), "statement.envelope")
    for name, value in (("json", "application/json"), ("upper-case", "application/vnd.in-toto+JSON"), ("with-parameters", INTOTO + "; charset=utf-8"), ("empty", ""),
                        ("with-space", INTOTO + " ")):
        refused(f"payload-type-{name}", "the type of the payload is exact", put("dsseEnvelope", "payloadType", value), "statement.payload-type")
    refused("no-signature", "exactly one signature", put("dsseEnvelope", "signatures", []), "signature.count")

    def many(count):
        def change(wrapped):
            wrapped["dsseEnvelope"]["signatures"] *= count

        return change

    refused("two-signatures", "a second one could be by anybody", many(2), "signature.count")
    refused("many-signatures", "a thousand signatures end soon", many(1000), "signature.count")
    # With a space more or two its base64 ends with padding.
    text = fixed(payload(RECORD))
    right = base64.b64encode(text + b" " * ((1 - len(text)) % 3)).decode()
    standard = {
        "spaces": right[:8] + " " + right[8:], "line-feed": right[:76] + "\n" + right[76:], "url-alphabet": "-_" + right[2:], "no-padding": right.rstrip("="), "too-much-padding": right + "====", "trailing-bits": right[:-3] + "B==" if right[-3] != "B" else right[:-3] + "D==",
        "padding-in-the-middle": right[:4] + "=" + right[5:], "letters-of-no-alphabet": "!" + right[1:],
    }
    for name, text in standard.items():
        refused(f"payload-base64-{name}", "base64 in its one spelling", put("dsseEnvelope", "payload", text), "statement.base64")
    signature = base64.b64encode(ADA.sign(pae(INTOTO, fixed(payload(RECORD))))).decode()
    refused("signature-base64-no-padding", "padding is there", put(*signed_by, "sig", signature.rstrip("=")), "statement.base64")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    digit = signature.rstrip("=")[-1]
    loose = signature.rstrip("=")[:-1] + last[last.index(digit) + 1] + "=="
    refused("signature-base64-trailing-bits", "bits set in what is padding", put(*signed_by, "sig", loose), "statement.base64")
    refused("signature-base64-url-alphabet", "the standard alphabet", put(*signed_by, "sig", "-_" + signature[2:]), "statement.base64")
    for name, keyid in (("absent", None), ("empty", ""), ("of-another-form", "ada@example.org")):
        suite.valid(f"keyid-{name}", "a keyid chooses nothing", with_files(sign(payload(RECORD), keyid=keyid)), state="signed", clause="statements.md#the-file")

    def null_keyid(wrapped):
        wrapped["dsseEnvelope"]["signatures"][0]["keyid"] = None

    suite.valid("keyid-null", "a keyid chooses nothing", changed(null_keyid), state="signed", clause="statements.md#the-file")
    suite.refused("keyid-of-another-key", "the fingerprint of a trusted key over a signature by another", with_files(sign(payload(RECORD), keyid=BEN.fingerprint)), "signature.key", clause="statements.md#the-file")
    suite.refused("keyid-of-no-key", "a fingerprint of no key", with_files(sign(payload(RECORD), keyid="SHA256:")), "signature.key", clause="statements.md#the-file")
    refused("payload-swapped", "another payload under an old signature",
            put("dsseEnvelope", "payload", base64.b64encode(fixed(payload(RECORD, created="2026-11-23T10:00:01Z"))).decode()), "signature.invalid")
    suite.refused("not-json", "a statement is JSON", with_files(b"I vouch for it\n"), "json.syntax", clause="statements.md#the-file")
    suite.refused("name-twice", "read as strictly as a record", with_files(sign(payload(RECORD)).replace(b'"payloadType"', b'"payloadType": "x", "payloadType"')), "json.duplicate-key", clause="statements.md#the-file")
    suite.refused("too-large", "a statement is at most 1 MiB", with_files(says(RECORD, "comment", text="x" * 800_000)), "container.limit", clause="container.md#limits")
    suite.refused("envelope-is-a-list", "members have names", with_files(fixed([1])), "statement.envelope", clause="statements.md#the-file")
    suite.valid("without-verification-material", "the key is in the payload", with_files(sign(payload(RECORD), change=lambda w: w.pop("verificationMaterial", None) and None)), state="signed")
    suite.valid("with-hint", "a hint chooses nothing", with_files(sign(payload(RECORD), change=lambda w: {**w, "verificationMaterial": {"publicKey": {"hint": BEN.fingerprint}}})), state="signed")
