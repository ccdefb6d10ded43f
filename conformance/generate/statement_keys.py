"""Layer `statement`: keys and signatures, among them those that no honest signer makes (statements.md)."""

import base64
import hashlib

from .build import (
    ADA, BASE, BEN, D, IDENTITY, INTOTO, L, P, add as plus, challenge, encode, envelope, fixed, multiply, openssh, order_eight, pae, payload, recover, sign, wire,
)
from .statement import RECORD, with_files


def add(suite):
    suite.in_layer("statement", "statements.md#signatures")
    signatures(suite)


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

    def mixed_payload(fits):
        """A payload for which the challenge, reduced and not, fits."""
        for second in range(3600):
            value = payload(RECORD, key=openssh(mixed_key), created=f"2026-11-23T10:{second // 60:02}:{second % 60:02}Z")
            digest = int.from_bytes(hashlib.sha512(encode(multiply(BASE, 7)) + mixed_key + pae(INTOTO, fixed(value))).digest(), "little")
            if fits(digest % L % 8, digest % 8):
                return value
        raise AssertionError("there is one")

    refused("key-of-mixed-order", "a key with a part of order 8: whether it holds depends on the cofactor", by_hand(mixed_key, by_mixed_key, mixed_payload(lambda k, whole: k and whole)))
    refused("key-of-mixed-order-not-reduced", "SHA-512 is reduced modulo the order of the group before it multiplies a key: here it holds only where that is left out",
            by_hand(mixed_key, by_mixed_key, mixed_payload(lambda k, whole: k and not whole)))
    suite.valid("key-of-mixed-order-that-holds", "a key with a part of order 8 is not weak, and the equation holds: SHA-512, reduced modulo the order of the group, is a multiple of 8 here",
                with_files(by_hand(mixed_key, by_mixed_key, mixed_payload(lambda k, whole: not k and whole))), state="signed", clause=clause)
    weak = {
        "identity": IDENTITY, "order-2": encode((0, P - 1)), "order-4": encode((recover(0, 0), 0)), "order-8": encode(eight), "all-zero": b"\0" * 32,
        "identity-not-canonical": (P + 1).to_bytes(32, "little"),
    }
    for name, key in weak.items():
        refused(f"key-{name}", "a key for which anybody can sign", by_hand(key, IDENTITY + b"\0" * 32), "signature.encoding")
    for y in range(2, 19):
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        if pow(square, (P - 1) // 2, P) == 1:
            refused("key-beyond-p", "y and y + p would be two names of one key, also where that key is a good one", by_hand((P + y).to_bytes(32, "little"), b"\0" * 64), "signature.encoding")
            refused("r-beyond-p", "y and y + p would be two signatures of one message", by_hand(public, lambda m, y=y: (P + y).to_bytes(32, "little") + b"\0" * 32))
            break
    minus_zero = (1 | 1 << 255).to_bytes(32, "little")
    refused("key-minus-zero", "x = 0 with a sign", by_hand(minus_zero, IDENTITY + b"\0" * 32), "signature.encoding")
    off = next(y for y in range(2, 100) if pow((y * y - 1) * pow(-121665 * pow(121666, -1, P) * y * y + 1, -1, P) % P, (P - 1) // 2, P) == P - 1)
    refused("key-not-on-the-curve", "no point has this y", by_hand(off.to_bytes(32, "little"), b"\0" * 64), "signature.encoding")
    keys = {
        "of-31-bytes": openssh(public[:31]), "of-33-bytes": openssh(public + b"\0"),
        "with-comment": ADA.line + " ada@laptop", "with-space": ADA.line + " ", "with-line-feed": ADA.line + "\n", "with-more-padding": ADA.line + "=", "after-two-spaces": ADA.line.replace(" ", "  "),
        "of-another-type-inside": "ssh-ed25519 " + base64.b64encode(wire(public, b"ssh-rsa")).decode(), "of-length-33": "ssh-ed25519 " + base64.b64encode(wire(public)[:15] + b"\0\0\0\x21" + public).decode(),
        "with-more-inside": "ssh-ed25519 " + base64.b64encode(wire(public) + b"\0").decode(), "upper-case": ADA.line.replace("ssh", "SSH"), "without-type": ADA.line.split()[1], "not-base64": "ssh-ed25519 !!!!", "in-pem": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----", "empty": "", "hex": public.hex(),
    }
    for name, text in keys.items():
        code = "signature.encoding"
        suite.refused(f"key-{name}", "the key in its one form", with_files(by_hand(public, lambda m: ADA.sign(m), payload(RECORD, key=text))), code, clause=clause)
    suite.refused("key-of-another-person", "the key in the payload is not the one that signed", with_files(sign(payload(RECORD, key=BEN), ADA, keyid=None)), "signature.invalid", clause=clause)
    prehashed = hashlib.sha512
    refused("ed25519ph", "the variant that signs a hash", by_hand(public, lambda m: ADA.sign(prehashed(m).digest())))
    sshsig = lambda m: ADA.sign(b"SSHSIG" + b"\0\0\0\x09expbundle" + b"\0\0\0\0" + b"\0\0\0\x06sha512" + b"\0\0\0\x40" + prehashed(m).digest())
    refused("sshsig", "a signature that ssh-keygen made for the same key", by_hand(public, sshsig))
    refused("minisign", "a signature over a BLAKE2b of the message", by_hand(public, lambda m: ADA.sign(hashlib.blake2b(m).digest())))
