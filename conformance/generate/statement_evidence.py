"""Layer `statement`: algorithms and versions that join later, evidence around a signature, one statement in several files (statements.md)."""

import base64

from .build import ADA, AT, BEN, EVE, TYPES, Bundle, body, digests, fixed, name_of, openssh, payload, says, sign, statement_id, subject
from .cases import CORE, FULL
from .statement import RECORD, put, with_files, with_nulls
from .statement_keys import by_hand
from .statement_trust import signers_line

# A key of an algorithm that version 1.0 does not know, as OpenSSH writes it.
LATER = openssh(b"\4" + b"\1" * 64, b"ecdsa-sha2-nistp256")
UNKNOWN = ["signature.unknown-algorithm"]


def add(suite):
    suite.in_layer("statement", "statements.md#keys")
    algorithms(suite)
    versions(suite)
    evidence(suite)
    several_files(suite)


def of(value, signature=b"\7" * 100):
    """A statement signed in a way that nobody can check."""
    return by_hand(b"", signature, value)


def algorithms(suite):
    keys = {
        "ecdsa": LATER, "rsa": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=", "of-a-vendor": openssh(b"\1" * 32, b"sk-ssh-ed25519@openssh.com"), "of-one-letter": openssh(b"\1", b"x"),
        "of-64-letters": openssh(b"\1", b"k" * 64), "with-digits": openssh(b"\1" * 1312, b"ssh-mldsa-44"),
    }
    for name, key in keys.items():
        suite.valid(f"algorithm-{name}", "a key of an algorithm that a later version may know: not verified, and counts for nothing", with_files(of(payload(RECORD, key=key))), also=UNKNOWN)
    blob = lambda text: base64.b64encode(text).decode()
    malformed = {
        "named-otherwise-inside": "ssh-mldsa-44 " + openssh(b"\1", b"ssh-mldsa-65").split()[1], "longer-inside": "ssh-mldsa " + openssh(b"\1", b"ssh-mldsa-44").split()[1], "of-65-letters": openssh(b"\1", b"k" * 65),
        "upper-case": openssh(b"\1", b"SSH-mldsa-44"), "digit-first": openssh(b"\1", b"1-mldsa"), "with-comma": openssh(b"\1", b"ssh,mldsa"), "non-ascii": "größe " + blob(b"\0\0\0\7gr\xc3\xb6\xc3\x9fe\1"), "without-name": " " + blob(b"\0\0\0\0\1"),
        "without-key": "ssh-mldsa-44 " + blob(b"\0\0\0\x0cssh-mldsa-44"), "without-blob": "ssh-mldsa-44", "with-comment": LATER + " ada@laptop", "not-base64": "ssh-mldsa-44 !!!!", "without-padding": LATER.rstrip("=") + ("" if LATER.endswith("=") else "="),
        "ed25519-inside": "ssh-mldsa-44 " + ADA.line.split()[1],
    }
    for name, key in malformed.items():
        suite.refused(f"algorithm-{name}", "a key line that is none, of whatever algorithm", with_files(of(payload(RECORD, key=key))), "signature.encoding")
    suite.valid("algorithm-and-another-author", "who signs by a known algorithm is an author", with_files(says(RECORD), of(payload(RECORD, key=LATER))), state="signed", also=UNKNOWN)
    suite.valid("algorithm-of-a-reviewer", "a verdict by an unknown algorithm does not count", with_files(says(RECORD), of(payload(RECORD, "review", LATER, verdict="rejected"))), state="signed", also=UNKNOWN)
    suite.valid("algorithm-of-an-orphan", "nothing else is said of it", with_files(of(payload(b"elsewhere", key=LATER))), also=UNKNOWN)
    taken_back = payload(RECORD, "revocation", LATER, revoked={"record": name_of(RECORD)})
    suite.valid("algorithm-of-a-revocation", "nor does it take back", with_files(says(RECORD), of(taken_back)), at=AT, state="signed", also=UNKNOWN)
    suite.valid("algorithm-of-a-seal", "nor seal", with_files(says(RECORD), of(payload(RECORD, "seal", LATER, objects=["../x"]))), state="signed", also=UNKNOWN)
    first = payload(RECORD)
    early = payload(RECORD, "comment", LATER, created="2026-11-22T00:00:00Z", prev=[statement_id(first)], text="early")
    suite.valid("algorithm-dated-before-what-it-follows", "nor is its date compared", with_files(sign(first), of(early)), state="signed", also=UNKNOWN)
    unread = payload(RECORD, "comment", LATER, text="x")
    after = payload(RECORD, "comment", prev=[statement_id(unread)], text="y")
    suite.valid("algorithm-that-another-follows", "what is not verified is not here", with_files(sign(first), of(unread), sign(after)), state="signed", also=[*UNKNOWN, "statement.prev-dangling"])
    suite.valid("algorithm-in-same-signer", "a link to a key of an unknown algorithm says nothing yet", with_files(says(RECORD), says(RECORD, "link", sameSigner=LATER)), state="signed", also=UNKNOWN)
    suite.valid("algorithm-in-revoked", "there is nothing to take back", with_files(says(RECORD), says(RECORD, "revocation", revoked={"key": LATER})), at=AT, state="signed", also=UNKNOWN)
    suite.valid("algorithm-link-to-a-parent", "it joins no records", with_files(says(RECORD), of(payload(RECORD, "link", LATER, parent=digests(b"x")))), state="signed", also=UNKNOWN)
    suite.valid("algorithm-supersession", "it names no successor", with_files(says(RECORD), of(payload(RECORD, "supersession", LATER, successor=digests(b"x")))), state="signed", also=UNKNOWN)
    suite.valid("algorithm-signature-of-any-length", "how long a signature is depends on its algorithm", with_files(of(payload(RECORD, key=LATER), b"\1")), also=UNKNOWN)
    suite.valid("algorithm-keyid-of-anybody", "a key that is not looked at has no fingerprint here", with_files(by_named(LATER, "SHA256:x")), also=UNKNOWN)
    suite.refused("algorithm-predicate-first", "members are looked at before keys", with_files(of(payload(RECORD, "review", LATER, verdict="fine"))), "statement.predicate")
    suite.refused("algorithm-subject-first", "and so is what it is about", with_files(of(payload(RECORD, key=LATER, subjects=[]))), "statement.subject")
    for name, kind, member in (("same-signer", "link", {"sameSigner": "ssh-mldsa-44 AAAA"}), ("revoked", "revocation", {"revoked": {"key": "ssh-mldsa-44 AAAA"}})):
        suite.refused(f"algorithm-malformed-in-{name}", "a key line that is none", with_files(says(RECORD, kind, **member)), "statement.predicate")
        bad = {"link": {"sameSigner": openssh(bytes([1, *[0] * 31]))}, "revocation": {"revoked": {"key": openssh(bytes([1, *[0] * 31]))}}}[kind]
        suite.refused(f"weak-key-in-{name}", "every key is checked as a point", with_files(says(RECORD, kind, **bad)), "statement.predicate")
    suite.refused("algorithm-link-with-members-of-the-other-form", "the form is looked at before the key", with_files(says(RECORD, "link", sameSigner=LATER, relation="part-of")), "statement.predicate")
    for role, member in (("signer", None), ("key", LATER)):
        value = payload(RECORD, "link", openssh(bytes([1, *[0] * 31])) if role == "key" else LATER, sameSigner=member or ADA.line)
        expect = dict(errors=["signature.encoding"]) if role == "key" else dict(also=UNKNOWN)
        suite.case(f"algorithm-of-one-of-two-keys-{role}", "the signer's key is looked at first", with_files(of(value)), **expect)
    suite.case("algorithm-and-a-signers-file", "nobody is judged by it", with_files(says(RECORD), of(payload(RECORD, key=LATER))), tiers=[FULL], signers=signers_line(ADA), at=AT, state="trusted", also=UNKNOWN)
    further = {"sha3-256": "0" * 64, "blake4": "x", "later": {"of": ["any", "form"]}}
    bundle = Bundle()
    weights = b"weights"
    record = bundle.record(body({}, outputs=[{"role": "model", "digest": {**digests(weights), **further}, "size": len(weights)}]), sections={})
    bundle.statement(sign(payload(record, subjects=[{"name": "record.json", "digest": {**digests(record), **further}}])))
    suite.valid("digests-of-further-algorithms", "further digests are kept and prove nothing", bundle, state="signed", clause="digests.md#the-two-algorithms")


def by_named(key, keyid):
    import json

    file = json.loads(of(payload(RECORD, key=key)))
    file["dsseEnvelope"]["signatures"][0]["keyid"] = keyid
    return fixed(file)


def versions(suite):
    clause = "statements.md#the-payload"
    later = lambda kind="authorship", number=2, **more: payload(RECORD, predicate_type=f"{TYPES}{kind}/v{number}", **more)
    unknown = ["statement.unknown-version"]
    for number in (2, 10, 2**32 - 1):
        suite.valid(f"kind-of-version-{number}", "a statement of another major version is not verified, and counts for nothing", with_files(says(RECORD), sign(later(number=number))), state="signed", also=unknown, clause=clause)
    suite.valid("version-2-alone", "nor does it make an author", with_files(sign(later())), also=unknown, clause=clause)
    revocation = later("revocation", revoked={"record": name_of(RECORD)})
    suite.valid("version-2-of-a-revocation", "nor does it take back", with_files(says(RECORD), sign(revocation)), at=AT, state="signed", also=unknown, clause=clause)
    other = later()
    other["predicate"] = "of another form"
    suite.valid("version-2-of-another-predicate", "what a later version says is its own", with_files(of(other)), also=unknown, clause=clause)
    suite.refused("version-2-without-subject", "what it is about is looked at in every version", with_files(sign(later(subjects=[]))), "statement.subject", clause=clause)
    suite.valid("unknown-kind-of-a-known-version", "a kind of a later minor version is verified and counts for nothing", with_files(says(RECORD), says(RECORD, "certification")), state="signed", clause=clause)


MATERIALS = {
    "certificate": {"certificate": {"rawBytes": "AAAA"}}, "chain": {"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}}, "log": {"publicKey": {"hint": "x"}, "tlogEntries": [{"logIndex": "1"}]},
    "timestamp": {"timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}}, "everything": {"certificate": {}, "tlogEntries": [], "timestampVerificationData": {}, "later": 1},
    "nulls": {"publicKey": None, "certificate": None, "x509CertificateChain": None, "tlogEntries": None, "timestampVerificationData": None},
}


def evidence(suite):
    clause = "statements.md#the-file"
    changed = lambda material: with_files(sign(payload(RECORD), change=put("verificationMaterial", material)))
    for name, material in MATERIALS.items():
        suite.valid(f"evidence-{name}", "what is around the signature is kept and not looked at", changed(material), state="signed", clause=clause)
    wrong = {
        "two-kinds-of-key": {"publicKey": {}, "certificate": {}}, "certificate-and-chain": {"certificate": {}, "x509CertificateChain": {}}, "key-and-chain": {"publicKey": {}, "x509CertificateChain": {}},
        "certificate-is-a-string": {"certificate": "AAAA"}, "certificate-is-a-list": {"certificate": []}, "chain-is-a-list": {"x509CertificateChain": []}, "log-is-an-object": {"tlogEntries": {}}, "log-of-numbers": {"tlogEntries": [1]},
        "log-of-null": {"tlogEntries": [None]}, "timestamp-is-a-list": {"timestampVerificationData": []}, "timestamp-is-a-number": {"timestampVerificationData": 1},
    }
    for name, material in wrong.items():
        suite.refused(f"evidence-{name}", "one kind of key material at most, and members of their types", changed(material), "statement.envelope", clause=clause)


def again(file, **material):
    """The same payload and signature in another file."""
    import json

    return fixed({**json.loads(file), "verificationMaterial": material or {"certificate": {}}})


def several_files(suite):
    clause = "statements.md#one-statement"
    first = sign(payload(RECORD))
    suite.valid("two-files-of-one-statement", "who wraps a payload anew makes no new statement", with_files(first, again(first), again(first, tlogEntries=[{}])), state="signed", clause=clause)
    suite.refused("two-files-one-spoiled", "each file has to hold", with_files(first, sign(payload(RECORD), EVE, keyid=None)), "signature.invalid", clause=clause)
    orphan = sign(payload(b"elsewhere"))
    suite.valid("two-files-of-an-orphan", "what is said of a statement is said once", with_files(orphan, again(orphan)), also=["statement.orphan"], clause=clause)
    unknown = of(payload(RECORD, key=LATER))
    suite.valid("two-files-of-an-unknown-algorithm", "what is said of a statement is said once", with_files(unknown, again(unknown)), also=UNKNOWN, clause=clause)
    suite.case("two-files-one-revocation", "taking back by id takes back the statement, in how many files it is", with_files(first, again(first), says(RECORD, "revocation", revoked={"statement": statement_id(payload(RECORD))})),
               at=AT, state="intact", also=["trust.revoked"], tiers=[CORE, FULL], clause=clause)
    both = with_files(first, again(first))
    both.statement(says(RECORD, "seal", objects=[f"statements/{name_of(again(first))}.json"]))
    suite.valid("two-files-one-sealed", "a seal names files", both, state="signed", clause=clause)
    one = with_files(first)
    one.statement(says(RECORD, "seal", objects=[f"statements/{name_of(again(first))}.json"]))
    suite.refused("one-of-two-files-sealed", "a seal names files", one, "statement.seal", clause=clause)
    stranger = sign(payload(RECORD, key=BEN), BEN)
    suite.case("two-files-of-a-stranger", "what is said of a statement is said once", with_files(first, stranger, again(stranger)), tiers=[FULL], signers=signers_line(ADA), at=AT, state="trusted", also=["trust.unknown-signer"], clause=clause)
    follower = payload(RECORD, "comment", created="2026-11-22T00:00:00Z", prev=[statement_id(payload(RECORD))], text="x")
    suite.valid("two-files-followed", "by its id both are followed", with_files(first, again(first), sign(follower)), state="signed", also=["statement.prev-time"], clause=clause)
