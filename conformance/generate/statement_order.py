"""Layer `statement`: of two broken rules the first is reported (verification.md, step 6)."""

import base64

from .build import ADA, BEN, IDENTITY, INTOTO, Bundle, envelope, fixed, openssh, pae, payload
from .statement import GONE, RECORD, put


def add(suite):
    suite.in_layer("statement", "verification.md#the-algorithm")
    # In the order of the algorithm: where the rule is broken, how, and what is said then.
    steps = {
        "envelope": ("file", put("mediaType", "text/plain"), "statement.envelope"),
        "payload-type": ("file", put("dsseEnvelope", "payloadType", "application/json"), "statement.payload-type"),
        "count": ("file", lambda file: file["dsseEnvelope"]["signatures"].append({"sig": "A"}), "signature.count"),
        "base64": ("file", lambda file: file["dsseEnvelope"].update(payload=file["dsseEnvelope"]["payload"] + "\n"), "statement.base64"),
        "json": ("text", lambda text: text.replace(b'"_type"', b'"extra": 1, "extra": 2, "_type"'), "json.duplicate-key"),
        "type": ("payload", put("_type", "x"), "statement.type"),
        "members": ("payload", lambda value: value.update(subject=value["subject"] + [1]), "statement.envelope"),
        "kind": ("payload", put("predicateType", "https://slsa.dev/provenance/v1"), "statement.predicate-type"),
        "subject": ("payload", put("subject", 0, "digest", "sha256", GONE), "statement.subject"),
        "predicate": ("payload", put("predicate", "created", GONE), "statement.predicate"),
        "key": ("payload", put("predicate", "signer", "publicKey", openssh(IDENTITY)), "signature.encoding"),
        "signature-length": ("file", put("dsseEnvelope", "signatures", 0, "sig", "AAAA"), "signature.encoding"),
        "keyid": ("file", put("dsseEnvelope", "signatures", 0, "keyid", BEN.fingerprint), "signature.key"),
        "signature": ("file", put("dsseEnvelope", "signatures", 0, "sig", base64.b64encode(bytes(64)).decode()), "signature.invalid"),
        "record": ("payload", put("subject", 0, "digest", "sha256", "0" * 64), "statement.subject"),
    }
    names = list(steps)
    for first, second in zip(names, names[1:]):
        suite.refused(f"first-{first}-then-{second}", "two rules are broken, and the first one is reported", bundle(broken(steps[second], steps[first])), steps[first][2])
    padded = b" " * (1 << 20)
    suite.refused("first-size-then-json", "what is too large is not read", bundle(padded + b"I vouch"), "container.limit")
    lying = Bundle()
    lying.record()
    lying.objects[f"statements/{'1' * 64}.json"] = padded + b"I vouch"
    suite.refused("first-name-then-size", "what is not what its name says is nothing else either", lying, "digest.statement")
    suite.refused("first-json-then-envelope", "what is not JSON has no members", bundle(b'{"mediaType": "x", "mediaType": "y"}'), "json.duplicate-key")
    loose = broken(("file", lambda file: (file["dsseEnvelope"].update(payload="!"), file["dsseEnvelope"]["signatures"][0].update(sig="!")), None))
    suite.refused("payload-and-signature-no-base64", "one finding for one statement", bundle(loose), "statement.base64")


def bundle(file):
    result = Bundle()
    result.record()
    result.statement(file)
    return result


def broken(*rules):
    """A statement in which rules are broken, each before what follows from it is made: payload, its text, the file."""
    value = payload(RECORD)
    for _, change, _ in (rule for rule in rules if rule[0] == "payload"):
        change(value)
    text = fixed(value)
    for _, change, _ in (rule for rule in rules if rule[0] == "text"):
        text = change(text)
    file = envelope(text, ADA.sign(pae(INTOTO, text)))
    for _, change, _ in (rule for rule in rules if rule[0] == "file"):
        change(file)
    return fixed(file)
