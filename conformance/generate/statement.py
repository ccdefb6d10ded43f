"""Layer `statement`: envelopes, payloads, signatures, trust (statements.md)."""

import base64
import json

from .build import (
    ADA, AT, BASE, BEN, EVE, IDENTITY, INTOTO, L, P, Bundle, add as plus, artifact, body, challenge, digests, encode, envelope, fixed, multiply,
    name_of, openssh, order_eight, pae, payload, recover, says, sign, smallest, statement_id, subject,
)
from .cases import FULL

RECORD = smallest().record()


def with_files(*files, record=None):
    bundle = Bundle()
    bundle.record(**(record or {}))
    for file in files:
        bundle.statement(file if isinstance(file, bytes) else fixed(file))
    return bundle


def add(suite):
    suite.in_layer("statement", "statements.md")
    kinds(suite)
    envelopes(suite)
    payloads(suite)
    chains(suite)
    signatures(suite)
    trust(suite)


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
        revokes = kind == "revocation"
        suite.valid(kind, f"a statement of the kind `{kind}`", with_files(says(RECORD), says(RECORD, kind, **members)), state="intact" if revokes else "signed",
                    also=also.get(kind, []), **({"tiers": [FULL]} if revokes else {}))
    suite.valid("same-signer", "another key that is the signer's too", with_files(says(RECORD), says(RECORD, "link", sameSigner=BEN.line)), state="signed")
    suite.valid("unknown-kind", "a kind of a later minor version is kept and counts for nothing", with_files(says(RECORD, "certification", grade="A")))
    suite.valid("review-alone", "a review is no authorship", with_files(says(RECORD, "review", verdict="approved")))
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
    broken = objects.copy()
    del broken.objects[next(name for name in broken.objects if name.endswith("context.json"))]
    suite.refused("seal-with-an-object-missing", "a sealed set is whole", broken, "statement.seal", also=["section.withheld"])
    suite.refused("seal-of-what-is-no-name", "a name that no entry can have is not here", with_files(says(RECORD, "seal", objects=["../x"])), "statement.seal")


def named_payload(name):
    value = payload(RECORD)
    value["predicate"]["signer"]["name"] = name
    return value


def envelopes(suite):
    def changed(change):
        return with_files(sign(payload(RECORD), change=change))

    def put(*path):
        *path, value = path

        def change(wrapped):
            inner = wrapped
            for step in path[:-1]:
                inner = inner[step]
            if value is None:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value

        return change

    refused = lambda name, why, change, code: suite.refused(name, why, changed(change), code, clause="statements.md#the-file")
    signed_by = ("dsseEnvelope", "signatures", 0)
    for name, value in (("bundle-v0.2", "application/vnd.dev.sigstore.bundle+json;version=0.2"), ("upper-case", "application/vnd.dev.sigstore.bundle.V0.3+json"), ("empty", "")):
        refused(f"media-type-{name}", "the media type is exact", put("mediaType", value), "statement.envelope")
    refused("media-type-missing", "the media type is there", put("mediaType", None), "statement.envelope")
    refused("envelope-missing", "a bundle without an envelope", put("dsseEnvelope", None), "statement.envelope")
    refused("payload-missing", "an envelope without a payload", put("dsseEnvelope", "payload", None), "statement.envelope")
    refused("signatures-is-an-object", "a list of signatures", put("dsseEnvelope", "signatures", {}), "statement.envelope")
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


def payloads(suite):
    def of(change, code, name, why, also=()):
        value = payload(RECORD)
        value = change(value) or value
        suite.refused(name, why, with_files(sign(value)), code, also=also, clause="statements.md#the-payload")

    def put(*path):
        *path, value = path

        def change(whole):
            inner = whole
            for step in path[:-1]:
                inner = inner[step]
            if value is None:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value

        return change

    for name, value in (("v0.1", "https://in-toto.io/Statement/v0.1"), ("missing", None), ("empty", ""), ("http", "http://in-toto.io/Statement/v1"), ("with-slash", "https://in-toto.io/Statement/v1/")):
        of(put("_type", value), "statement.type", f"type-{name}", "the type of the statement is exact")
    of(put("_type", 1), "statement.type", "type-is-a-number", "the type of the statement is a text")
    for name, value in (("slsa", "https://slsa.dev/provenance/v1"), ("version-2", "urn:expbundle:authorship:2"), ("upper-case", "urn:expbundle:Authorship:1"), ("no-kind", "urn:expbundle::1"), ("empty", ""),
                        ("kind-with-underscore", "urn:expbundle:model_card:1")):
        of(put("predicateType", value), "statement.predicate-type", f"predicate-type-{name}", "`urn:expbundle:<kind>:1`")
    of(put("subject", []), "statement.subject", "no-subject", "it is about something")
    other = subject(RECORD)
    other["digest"] = {"blake3": digests(RECORD)["blake3"]}
    of(put("subject", [other]), "statement.subject", "subject-without-sha256", "both digests name the record")
    of(put("subject", [{"name": "record.json", "digest": {"sha256": digests(RECORD)["sha256"]}}]), "statement.subject", "subject-without-blake3", "both digests name the record")
    of(put("subject", [{"name": "record.json"}]), "statement.subject", "subject-by-name-only", "a name proves nothing")
    of(put("subject", [{"name": "record.json", "digest": [*digests(RECORD).values()]}]), "statement.subject", "subject-digest-is-a-list", "members have names")
    of(put("subject", [{"name": "record.json", "digest": {**digests(RECORD), "sha256": "0" * 64}}]), "statement.subject", "subject-with-another-sha256", "both digests are the record's")
    elsewhere = put("subject", [{"name": "record.json", "digest": {**digests(RECORD), "blake3": "0" * 64}}])
    value = payload(RECORD)
    elsewhere(value)
    suite.case("subject-with-another-blake3", "the SHA-256 is right, and the name is the BLAKE3: it is about another record", with_files(sign(value)), also=["statement.orphan"], clause="statements.md#the-payload")
    suite.case("subject-elsewhere", "a statement may be about a record in another bundle", with_files(says(b"elsewhere")), also=["statement.orphan"], clause="statements.md#the-payload")
    of(put("predicate", "created", None), "statement.predicate", "predicate-without-created", "members that all kinds have")
    of(put("predicate", "signer", None), "statement.predicate", "predicate-without-signer", "members that all kinds have")
    of(put("predicate", "created", "yesterday"), "statement.predicate", "predicate-created-no-time", "times of one spelling")
    of(put("predicate", "prev", ["0" * 63]), "statement.predicate", "predicate-prev-no-id", "ids are digests")
    of(put("predicate", []), "statement.predicate", "predicate-is-a-list", "members have names")
    of(put("predicate", "signer", ["ssh-ed25519", "x"]), "statement.predicate", "signer-is-a-list", "members have names")
    for kind, members in (("review", {"verdict": "fine"}), ("review", {}), ("comment", {}), ("deployment", {"environment": "p", "action": "paused"}), ("link", {"relation": "part-of"}),
                          ("link", {"parent": digests(b"x"), "sameSigner": BEN.line}), ("link", {"parent": [*digests(b"x").values()]}), ("supersession", {}), ("revocation", {"revoked": {}}),
                          ("revocation", {"revoked": {"record": "0" * 64, "key": BEN.line}}), ("seal", {})):
        label = "-".join([kind, *members, *(members["revoked"] if isinstance(members.get("revoked"), dict) else [])])
        suite.refused(f"members-of-{label.lower()}", "members of its kind", with_files(says(RECORD, kind, **members)), "statement.predicate", clause="statements.md#the-payload")
    for name, text, code in (("not-json", b"I vouch", "json.syntax"), ("number", b"1", "statement.type"), ("list", b"[]", "statement.type"), ("nan", b'{"_type": NaN}', "json.syntax"),
                             ("name-twice", fixed(payload(RECORD)).replace(b'"_type"', b'"_type": "x", "_type"'), "json.duplicate-key"),
                             ("not-utf8", b'{"_type": "\xff"}', "json.encoding"), ("integer-too-large", fixed(payload(RECORD, weight=2**53)), "json.number")):
        suite.refused(f"payload-{name}", "a payload is read as strictly as a record", with_files(sign(text)), code, clause="statements.md#the-payload")
    spaced = json.dumps(payload(RECORD)).encode()
    suite.valid("payload-in-another-form", "exact bytes are signed, whatever their form", with_files(sign(spaced)), state="signed", clause="statements.md#the-payload")


def chains(suite):
    first = payload(RECORD)
    second = payload(RECORD, "comment", created="2026-11-23T11:00:00Z", prev=[statement_id(first)], text="well done")
    third = payload(RECORD, "review", BEN, created="2026-11-23T12:00:00Z", prev=[statement_id(second)], verdict="approved")
    fork = payload(RECORD, "comment", BEN, created="2026-11-23T11:30:00Z", prev=[statement_id(first)], text="hm")
    join = payload(RECORD, "comment", created="2026-11-23T13:00:00Z", prev=sorted([statement_id(third), statement_id(fork)]), text="both")
    clause = "statements.md#the-chain"
    suite.valid("chain", "statements that follow each other", with_files(sign(first), sign(second), sign(third, BEN)), state="signed", clause=clause)
    suite.valid("chain-forks-and-joins", "histories that grew apart join", with_files(sign(first), sign(second), sign(third, BEN), sign(fork, BEN), sign(join)), state="signed", clause=clause)
    suite.case("prev-absent", "a statement that it follows is elsewhere", with_files(sign(first), sign(third, BEN)), also=["statement.prev-dangling"], state="signed", clause=clause)
    early = payload(RECORD, "comment", created="2026-11-22T00:00:00Z", prev=[statement_id(first)], text="early")
    suite.case("dated-before-what-it-follows", "one of two clocks is wrong", with_files(sign(first), sign(early)), also=["statement.prev-time"], state="signed", clause=clause)
    suite.case("prev-names-itself-by-file", "nobody can name a digest that contains itself; the digest of a file is no id", self_named(), also=["statement.prev-dangling"], state="signed", clause=clause)


def self_named():
    first = sign(payload(RECORD))
    return with_files(first, sign(payload(RECORD, "comment", prev=[name_of(first)], text="me")))


def by_hand(public, signature, value=None):
    """A statement with any key and any signature over its payload."""
    data = fixed(value if value is not None else payload(RECORD, key=openssh(public)))
    return fixed(envelope(data, signature(pae(INTOTO, data)) if callable(signature) else signature))


def signatures(suite):
    clause = "statements.md#signatures"
    refused = lambda name, why, file, code="signature.invalid": suite.refused(name, why, with_files(file), code, clause=clause)
    a, public = ADA.scalar, ADA.raw
    base_public = encode(multiply(BASE, a))
    assert base_public == public
    refused("signature-of-another-key", "a signature by another key", by_hand(public, lambda m: BEN.sign(m)))
    refused("signature-of-another-message", "a signature of something else", by_hand(public, ADA.sign(b"something else")))
    refused("signature-of-the-payload-alone", "without DSSE's encoding a payload could pass for another type", by_hand(public, lambda m: ADA.sign(fixed(payload(RECORD)))))
    refused("signature-of-all-zeros", "64 zeros", by_hand(public, b"\0" * 64))
    refused("signature-of-63-bytes", "64 bytes", by_hand(public, lambda m: ADA.sign(m)[:63]), "signature.encoding")
    refused("signature-of-65-bytes", "64 bytes", by_hand(public, lambda m: ADA.sign(m) + b"\0"), "signature.encoding")
    refused("signature-empty", "64 bytes", by_hand(public, b""), "signature.encoding")

    def s_plus_l(message):
        signature = ADA.sign(message)
        return signature[:32] + (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")

    refused("s-plus-l", "S and S + L would be two signatures of one message", by_hand(public, s_plus_l))
    refused("s-high-bits", "bits above S", by_hand(public, lambda m: ADA.sign(m)[:63] + bytes([ADA.sign(m)[63] | 0xE0])))
    eight = order_eight()

    def with_r(r):
        def sign_with(message):
            return r + (challenge(r, public, message) * a % L).to_bytes(32, "little")

        return sign_with

    refused("r-is-the-identity", "R of small order: no secret was needed for it", by_hand(public, with_r(IDENTITY)))
    refused("r-of-order-8", "R of small order, which holds where the cofactor is multiplied by", by_hand(public, with_r(encode(eight))))
    refused("r-not-canonical", "the identity with y = p + 1", by_hand(public, with_r((P + 1).to_bytes(32, "little"))))

    def mixed(message):
        """R with a part of order 8: holds with the cofactor, and not without."""
        r = 7
        point = encode(plus(multiply(BASE, r), eight))
        return point + ((r + challenge(point, public, message) * a) % L).to_bytes(32, "little")

    refused("r-of-mixed-order", "holds where the cofactor is multiplied by", by_hand(public, mixed))
    mixed_key = encode(plus(multiply(BASE, a), eight))

    def by_mixed_key(message):
        r = encode(multiply(BASE, 7))
        k = challenge(r, mixed_key, message)
        return r + ((7 + k * a) % L).to_bytes(32, "little")

    for attempt in range(64):
        value = payload(RECORD, key=openssh(mixed_key), created=f"2026-11-23T10:00:{attempt % 60:02}Z")
        message = pae(INTOTO, fixed(value))
        if challenge(encode(multiply(BASE, 7)), mixed_key, message) % 8:
            data = value
            break
    refused("key-of-mixed-order", "a key with a part of order 8: whether it holds depends on the cofactor", by_hand(mixed_key, by_mixed_key, data))
    weak = {
        "identity": IDENTITY, "order-2": encode((0, P - 1)), "order-4": encode((recover(0, 0), 0)), "order-8": encode(eight), "all-zero": b"\0" * 32,
        "identity-not-canonical": (P + 1).to_bytes(32, "little"),
    }
    for name, key in weak.items():
        refused(f"key-{name}", "a key for which anybody can sign", by_hand(key, IDENTITY + b"\0" * 32), "signature.encoding")
    minus_zero = (1 | 1 << 255).to_bytes(32, "little")
    refused("key-minus-zero", "x = 0 with a sign", by_hand(minus_zero, IDENTITY + b"\0" * 32), "signature.encoding")
    off = next(y for y in range(2, 100) if pow((y * y - 1) * pow(-121665 * pow(121666, -1, P) * y * y + 1, -1, P) % P, (P - 1) // 2, P) == P - 1)
    refused("key-not-on-the-curve", "no point has this y", by_hand(off.to_bytes(32, "little"), b"\0" * 64), "signature.encoding")
    keys = {
        "of-31-bytes": openssh(public[:31]), "of-33-bytes": openssh(public + b"\0"), "of-type-ecdsa": openssh(b"\4" + b"\1" * 64, b"ecdsa-sha2-nistp256"), "of-type-rsa": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=",
        "with-comment": ADA.line + " ada@laptop", "not-base64": "ssh-ed25519 !!!!", "in-pem": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----", "empty": "", "hex": public.hex(),
    }
    for name, text in keys.items():
        code = "signature.encoding"
        suite.refused(f"key-{name}", "the key in its one form", with_files(by_hand(public, lambda m: ADA.sign(m), payload(RECORD, key=text))), code, clause=clause)
    suite.refused("key-of-another-person", "the key in the payload is not the one that signed", with_files(sign(payload(RECORD, key=BEN), ADA, keyid=None)), "signature.invalid", clause=clause)
    prehashed = __import__("hashlib").sha512
    refused("ed25519ph", "the variant that signs a hash", by_hand(public, lambda m: ADA.sign(prehashed(m).digest())))
    sshsig = lambda m: ADA.sign(b"SSHSIG" + b"\0\0\0\x09expbundle" + b"\0\0\0\0" + b"\0\0\0\x06sha512" + b"\0\0\0\x40" + prehashed(m).digest())
    refused("sshsig", "a signature that ssh-keygen made for the same key", by_hand(public, sshsig))
    refused("minisign", "a signature over a BLAKE2b of the message", by_hand(public, lambda m: ADA.sign(__import__("hashlib").blake2b(m).digest())))


def signers_line(key, principal="ada@example.org", options='namespaces="expbundle"'):
    return " ".join(part for part in (principal, options, key.line) if part) + "\n"


def trust(suite):
    clause = "statements.md#trust"
    one = with_files(says(RECORD))
    case = lambda name, why, signers, bundle=one, **more: suite.case(name, why, bundle, tiers=[FULL], signers=signers, **{"at": AT, **more}, clause=clause)
    good = signers_line(ADA)
    case("trusted", "the file has the key", good, state="trusted")
    case("trusted-without-options", "a line without options", signers_line(ADA, options=""), state="trusted")
    case("trusted-among-others", "comments, empty lines and other keys", "# our team\n\n" + signers_line(BEN, "ben@example.org") + good, state="trusted")
    case("trusted-under-two-names", "two principals, one key", signers_line(ADA, "ada@example.org,ada@work"), state="trusted")
    case("trusted-in-window", "the moment is in the window", signers_line(ADA, options='valid-after="20260101Z",valid-before="20270101Z"'), state="trusted")
    case("window-past", "the key was trusted once", signers_line(ADA, options='valid-before="20261001Z"'), state="signed", also=["trust.not-valid"])
    case("window-future", "the key will be trusted", signers_line(ADA, options='valid-after="20270101Z"'), state="signed", also=["trust.not-valid"])
    case("window-begins", "the first moment is in the window", signers_line(ADA, options='valid-after="20261201000000Z"'), state="trusted")
    case("window-ends", "the last moment is not", signers_line(ADA, options='valid-before="20261201000000Z"'), state="signed", also=["trust.not-valid"])
    case("other-namespace", "a key for git is no key for this", signers_line(ADA, options='namespaces="git"'), state="signed", also=["trust.namespace"])
    case("namespace-pattern", "namespaces are patterns", signers_line(ADA, options='namespaces="git,exp*"'), state="trusted")
    case("unknown-signer", "the file does not have the key", signers_line(BEN, "ben@example.org"), state="signed", also=["trust.unknown-signer"])
    case("nobody-trusted", "a file of nobody", "# nobody\n", state="signed", also=["trust.unknown-signer"])
    case("one-of-two-trusted", "one author whom the file trusts is enough; the other is reported", good, with_files(says(RECORD), says(RECORD, key=EVE)), state="trusted", also=["trust.unknown-signer"])
    case("stripped", "the signature was taken away where policy asks for it", good, smallest(), state="intact")
    case("review-by-a-trusted-key", "a review is no authorship", good, with_files(says(RECORD, "review", verdict="approved")), state="intact")
    case("keyid-chooses-nothing", "a trusted key's fingerprint in a hint over a signature by another", good,
         with_files(sign(payload(RECORD, key=EVE), EVE, keyid=None, change=lambda w: {**w, "verificationMaterial": {"publicKey": {"hint": ADA.fingerprint}}})), state="signed", also=["trust.unknown-signer"])
    suite.case("required-signed", "a policy may ask for a signature only", one, tiers=[FULL], require="signed", state="signed", clause=clause)
    suite.case("required-signed-and-unsigned", "and it is not there", smallest(), tiers=[FULL], require="signed", clause=clause)
    two = Bundle()
    first = two.record()
    two.record(body({"context.json": fixed({"title": "second"})}), {"context.json": fixed({"title": "second"})})
    two.statement(says(first))
    suite.case("one-of-two-records-signed", "the state is that of the weakest record", two, tiers=[FULL], require="signed", state="intact", clause="verification.md#states")
    revoked = lambda key, what, **more: says(RECORD, "revocation", key, created="2026-11-24T00:00:00Z", revoked=what, **more)
    first = payload(RECORD)
    case("key-revoked-by-itself", "from then on nothing of the key counts", good, with_files(sign(first), revoked(ADA, {"key": ADA.line})), state="intact", also=["trust.revoked"])
    case("key-revoked-later", "not yet at that moment", good, with_files(sign(first), revoked(ADA, {"key": ADA.line}, since="2027-01-01T00:00:00Z")), state="trusted")
    case("statement-revoked", "who signed may take it back", good, with_files(sign(first), revoked(ADA, {"statement": statement_id(first)})), state="intact", also=["trust.revoked"])
    case("record-revoked", "who vouches may take the record back", good, with_files(sign(first), revoked(ADA, {"record": name_of(RECORD)})), state="intact", also=["trust.revoked"])
    case("key-revoked-by-nobody", "a stranger takes nothing back", good, with_files(sign(first), revoked(EVE, {"key": ADA.line})), state="trusted", also=["trust.no-right", "trust.unknown-signer"])
    case("key-revoked-by-a-trusted-key", "whom the file trusts may take back anything", good + signers_line(BEN, "ben@example.org"), with_files(sign(first), revoked(BEN, {"key": ADA.line})), state="intact", also=["trust.revoked"])
    case("revocation-is-not-revoked", "who was wrong signs anew", good, with_files(sign(first), *revocations(first)), state="intact", also=["trust.revoked"])
    bad = {
        "line-of-words": "trust ada please\n", "unknown-option": signers_line(ADA, options="zone=\"moon\""), "cert-authority": signers_line(ADA, options="cert-authority"),
        "principal-twice": good + good, "unknown-key-type": "ada@example.org sk-ssh-ed25519@openssh.com AAAA\n", "rsa-key": "ada@example.org ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=\n",
        "pattern-as-principal": signers_line(ADA, "*@example.org"), "bad-time": signers_line(ADA, options='valid-after="2026"'), "window-backwards": signers_line(ADA, options='valid-after="20270101Z",valid-before="20260101Z"'),
        "option-twice": signers_line(ADA, options='namespaces="expbundle",namespaces="git"'), "open-quote": signers_line(ADA, options='namespaces="expbundle'), "no-key": "ada@example.org\n", "weak-key": f"ada@example.org {openssh(IDENTITY)}\n",
    }
    for name, text in bad.items():
        suite.usage(f"signers-{name}", "a line that is skipped could be the one that takes trust away", one, signers=text, at=AT, clause=clause)


def revocations(first):
    taken = payload(RECORD, "revocation", created="2026-11-24T00:00:00Z", revoked={"statement": statement_id(first)})
    back = payload(RECORD, "revocation", created="2026-11-25T00:00:00Z", revoked={"statement": statement_id(taken)})
    return sign(taken), sign(back)
