"""spec/statements.md: envelopes, payloads and signatures."""

import base64
import binascii
import hashlib
import re
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import record as rules
from refused import Refused, must
from strict_json import parse

SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
INTOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
TYPE = re.compile(r"https://expbundle\.github\.io/statement/([a-z][a-z0-9-]{0,63})/v([1-9][0-9]{0,9})", re.ASCII)
ED25519, ALGORITHM = "ssh-ed25519", re.compile(r"[a-z][a-z0-9._@-]{0,63}", re.ASCII)
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
# Points of order 4 and 8; the highest bit, which is the sign of x, is left aside.
SMALL_ORDER = ("00" * 32, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def unbase64(text, code):
    """Base64 in its one spelling: no bits in the padding, no padding too much."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Refused(code) from None
    must(base64.b64encode(data).decode() == text, code)
    return data


class SetAside(Exception):
    """A statement that only a later version can verify: not refused, and counts for nothing."""

    def __init__(self, code, payload):
        super().__init__(code)
        self.code, self.payload = code, payload


opaque = rules.optional(rules.is_object({}))
material = rules.is_object({
    "publicKey": rules.optional(rules.is_object({"hint": rules.optional(rules.is_text)})), "certificate": opaque, "x509CertificateChain": opaque,
    "tlogEntries": rules.optional(rules.is_list_of(rules.is_object({}))), "timestampVerificationData": opaque,
})
KEY_MATERIAL = ("publicKey", "certificate", "x509CertificateChain")
is_file = rules.is_object({
    "mediaType": rules.is_text,
    "verificationMaterial": rules.optional(lambda value: material(value) and sum(value.get(name) is not None for name in KEY_MATERIAL) <= 1),
    "dsseEnvelope": rules.is_object({
        "payload": rules.is_text, "payloadType": rules.is_text,
        "signatures": rules.is_list_of(rules.is_object({"sig": rules.is_text, "keyid": rules.optional(rules.is_text)})),
    }),
})


def verify(data):
    """What a statement says, once its signature holds. One that only a later version can verify is set aside."""
    file = parse(data)
    must(is_file(file), "statement.envelope")
    must(file["mediaType"] == SIGSTORE, "statement.envelope")
    envelope = file["dsseEnvelope"]
    must(envelope["payloadType"] == INTOTO, "statement.payload-type")
    must(len(envelope["signatures"]) == 1, "signature.count")
    payload = unbase64(envelope["payload"], "statement.base64")
    signature = unbase64(envelope["signatures"][0]["sig"], "statement.base64")
    said = read(payload)
    lines = [said["predicate"]["signer"]["publicKey"], *said["keys"]]
    key, *_ = keys = [key_of(line, "signature.encoding") for line in lines]
    if None in keys:
        raise SetAside("signature.unknown-algorithm", payload)
    must(len(signature) == 64, "signature.encoding")
    keyid = envelope["signatures"][0].get("keyid") or ""
    must(not keyid.startswith("SHA256:") or keyid == fingerprint(key), "signature.key")
    message = b"DSSEv1 %d %s %d %s" % (len(INTOTO), INTOTO.encode(), len(payload), payload)
    must(holds(key, signature, message), "signature.invalid")
    return {"payload": payload, "key": key, **said}


def read(payload):
    value = parse(payload)
    must(isinstance(value, dict) and value.get("_type") == STATEMENT, "statement.type")
    subjects, kind, predicate = value.get("subject"), value.get("predicateType"), value.get("predicate")
    shape = rules.is_list_of(lambda subject: isinstance(subject, dict) and rules.is_text(subject.get("name", "")))(subjects)
    must(shape and rules.is_text(kind) and "predicate" in value, "statement.envelope")
    found = TYPE.fullmatch(kind)
    must(found and int(found[2]) < 2**32, "statement.predicate-type")
    must(subjects and rules.is_digest_set(subjects[0].get("digest")), "statement.subject")
    # In-toto wants a digest of each; further ones are for other tools.
    must(all(is_any_digest_set(subject.get("digest")) for subject in subjects[1:]), "statement.subject")
    if found[2] != "1":
        raise SetAside("statement.unknown-version", payload)
    kind = found[1]
    must(common(predicate) and KINDS.get(kind, lambda _: True)(predicate), "statement.predicate")
    # Keys that it names beside that of its signer.
    keys = {"link": lambda: predicate.get("sameSigner"), "revocation": lambda: predicate["revoked"].get("key")}.get(kind, lambda: None)()
    return {"kind": kind, "predicate": predicate, "record": subjects[0]["digest"], "keys": [keys] if keys else []}


def is_any_digest_set(value):
    return isinstance(value, dict) and bool(value) and all(rules.is_text(digest) for digest in value.values())


def common(predicate):
    signer = rules.is_object({"publicKey": rules.is_text, "name": rules.optional(rules.is_text)})
    fits = rules.is_object({"created": rules.is_time, "signer": signer})(predicate)
    return fits and rules.is_list_of(rules.is_digest)(predicate.get("prev", []))


def one_of(*words):
    return lambda value: rules.is_text(value) and value in words


def is_key(value):
    if not rules.is_text(value):
        return False
    try:
        key_of(value, "statement.predicate")
    except Refused:
        return False
    return True


def is_link(predicate):
    parent, same = predicate.get("parent"), predicate.get("sameSigner")
    members = rules.is_object({
        "parent": rules.optional(rules.is_digest_set), "sameSigner": rules.optional(is_key), "relation": rules.optional(rules.is_word),
        "artifact": rules.optional(rules.is_artifact_digests), "reason": text,
    })
    # One of two forms, without members of the other.
    foreign = [predicate.get(name) for name in ("relation", "artifact")] if same is not None else []
    return members(predicate) and (parent is None) != (same is None) and not any(member is not None for member in foreign)


def is_revoked(value):
    checks = {"record": rules.is_digest, "statement": rules.is_digest, "key": is_key}
    return isinstance(value, dict) and len(value) == 1 and all(name in checks and checks[name](item) for name, item in value.items())


text = rules.optional(rules.is_text)
integer = rules.optional(rules.is_integer)
number = rules.optional(lambda value: rules.is_integer(value) or isinstance(value, float) or one_of("NaN", "Infinity", "-Infinity")(value))
digests = rules.optional(rules.is_artifact_digests)
is_evaluation = rules.is_object({
    "metric": rules.is_text, "task": text, "dataset": text, "datasetDigest": digests, "split": text, "slice": text, "judgement": text, "model": text,
    "modelDigest": digests, "evaluator": text, "step": integer, "datasetForeignDigest": text, "value": number, "time": rules.optional(rules.is_time),
})
generator = rules.is_object({"name": rules.is_text, "version": text})
KINDS = {
    "authorship": rules.is_object({"generator": rules.optional(generator)}),
    "review": rules.is_object({"verdict": one_of("approved", "rejected", "needs-changes"), "role": text, "scope": text, "reason": text}),
    "comment": rules.is_object({"text": rules.is_text}),
    "evaluation": rules.is_object({"evaluations": rules.is_list_of(is_evaluation), "notes": text}),
    "deployment": rules.is_object({"environment": rules.is_text, "action": one_of("deployed", "retired"), "artifact": digests, "reason": text}),
    "link": is_link,
    "supersession": rules.is_object({"successor": rules.is_digest_set, "reason": text}),
    "revocation": rules.is_object({"revoked": is_revoked, "since": rules.optional(rules.is_time), "reason": text}),
    "seal": rules.is_object({"objects": rules.is_list_of(rules.is_text)}),
    "release": rules.is_object({"title": text, "reason": text}),
}


# Keys and signatures: Ed25519, strictly.


def packed(data):
    return struct.pack(">I", len(data)) + data


def wire(key):
    return packed(ED25519.encode()) + packed(key)


def fingerprint(key):
    return "SHA256:" + base64.b64encode(hashlib.sha256(wire(key)).digest()).decode().rstrip("=")


def key_of(line, code):
    """The 32 bytes of a key in OpenSSH's one-line form without comment; None if it is well formed and of an unknown algorithm."""
    algorithm, _, blob = line.partition(" ")
    data = unbase64(blob, code)
    if algorithm != ED25519:
        name = packed(algorithm.encode())
        must(ALGORITHM.fullmatch(algorithm) and data.startswith(name) and len(data) > len(name), code)
        return None
    key = data[-32:]
    must(data == wire(key), code)
    must(is_point(key), code)
    return key


def is_point(key):
    """The canonical encoding of a point of the curve that is not of small order."""
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    # Where x is 0 the point is of small order, whatever its sign.
    return y < P and square != 0 and pow(square, (P - 1) // 2, P) == 1 and key[:31].hex() + f"{key[31] & 127:02x}" not in SMALL_ORDER


def holds(key, signature, message):
    # S below the order of the group, R canonical and of large order; the rest is the equation
    # without the cofactor.
    if int.from_bytes(signature[32:], "little") >= ORDER or not is_point(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
