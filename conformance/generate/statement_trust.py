"""Layer `statement`: who is trusted, and the states that are required (trust.md)."""

from .build import ADA, AT, BEN, EVE, Bundle, body, fixed, payload, says, sign, smallest
from .cases import FULL
from .statement import RECORD, with_files


def add(suite):
    suite.in_layer("statement", "trust.md#judging")
    trust(suite)
    states(suite)


def signers_line(key, principal="ada@example.org", options='namespaces="expbundle"'):
    return " ".join(part for part in (principal, options, key.line) if part) + "\n"


def trust(suite):
    one = with_files(says(RECORD))
    case = lambda name, why, signers, bundle=one, **more: suite.case(name, why, bundle, tiers=[FULL], signers=signers, **{"at": AT, **more})
    good = signers_line(ADA)
    case("trusted", "the file has the key", good, state="trusted")
    case("trusted-without-options", "a line without options", signers_line(ADA, options=""), state="trusted")
    case("trusted-among-others", "comments, empty lines and other keys", "# our team\n\n" + signers_line(BEN, "ben@example.org") + good, state="trusted")
    case("trusted-under-two-names", "two principals, one key", signers_line(ADA, "ada@example.org,ada@work"), state="trusted")
    case("trusted-in-window", "the moment is in the window", signers_line(ADA, options='valid-after="20260101Z",valid-before="20270101Z"'), state="trusted")
    case("window-past", "the key was trusted once", signers_line(ADA, options='valid-before="20261001Z"'), state="intact", also=["trust.not-valid"])
    case("window-future", "the key will be trusted", signers_line(ADA, options='valid-after="20270101Z"'), state="intact", also=["trust.not-valid"])
    case("window-begins", "the first moment is in the window", signers_line(ADA, options='valid-after="20261201000000Z"'), state="trusted")
    case("window-ends", "the last moment is not", signers_line(ADA, options='valid-before="20261201000000Z"'), state="intact", also=["trust.not-valid"])
    case("other-namespace", "a key for git is not a key for this", signers_line(ADA, options='namespaces="git"'), state="intact", also=["trust.namespace"])
    case("namespace-pattern", "namespaces are patterns", signers_line(ADA, options='namespaces="git,exp*"'), state="trusted")
    case("unknown-signer", "the file does not have the key", signers_line(BEN, "ben@example.org"), state="intact", also=["trust.unknown-signer"])
    case("nobody-trusted", "a file of nobody", "# nobody\n", state="intact", also=["trust.unknown-signer"])
    case("one-of-two-trusted", "one author whom the file trusts is enough; the other is reported", good, with_files(says(RECORD), says(RECORD, key=EVE)), state="trusted", also=["trust.unknown-signer"])
    case("stripped", "the signature was taken away where policy asks for it", good, smallest(), state="intact")
    case("review-by-a-trusted-key", "a review is not an authorship", good, with_files(says(RECORD, "review", verdict="approved")), state="intact", also=["statement.orphan"])
    case("keyid-chooses-nothing", "a trusted key's fingerprint in a hint over a signature by another", good,
         with_files(sign(payload(RECORD, key=EVE), EVE, keyid=None, change=lambda w: {**w, "verificationMaterial": {"publicKey": {"hint": ADA.fingerprint}}})), state="intact", also=["trust.unknown-signer"])


def states(suite):
    one = with_files(says(RECORD))
    suite.case("required-signed", "a policy may ask for a signature only", one, require="signed", state="signed", clause="report.md#states")
    suite.case("required-signed-and-unsigned", "and it is not there", smallest(), require="signed", clause="report.md#states")
    two = Bundle()
    first = two.record()
    two.record(body({"context.json": fixed({"title": "second"})}), {"context.json": fixed({"title": "second"})})
    two.statement(says(first))
    suite.case("one-of-two-records-signed", "the state is that of the weakest record", two, require="signed", state="intact", clause="report.md#states")
    suite.case("required-trusted-without-signers", "it may be asked for, and nobody is trusted where nobody says whom to trust", one, require="trusted", state="signed", clause="report.md#states")
    suite.case("required-signed-with-signers", "with a signers file nothing is merely signed", one, tiers=[FULL], signers="", at=AT, require="signed", state="intact", also=["trust.unknown-signer"], clause="report.md#states")
    suite.case("required-intact-with-signers", "less may be asked for than a signers file could tell", smallest(), tiers=[FULL], signers=signers_line(ADA), at=AT, require="intact", state="intact", clause="report.md#states")
    suite.case("required-signed-of-nothing", "a bundle without records holds nothing that could be signed", Bundle(), require="signed", clause="report.md#states")
    suite.case("required-trusted-of-nothing", "nor anything that could be trusted", Bundle(), tiers=[FULL], signers=signers_line(ADA), at=AT, clause="report.md#states")
    three = Bundle()
    for number, key in enumerate((ADA, BEN, ADA)):
        text = fixed({"title": f"run {number}"})
        three.statement(says(three.record(body({"context.json": text}), {"context.json": text}), key=key))
    suite.case("one-of-three-untrusted", "a record that no trusted key signed is set apart", three, tiers=[FULL], signers=signers_line(ADA), at=AT, state="trusted", also=["trust.unknown-signer"], clause="report.md#states")
    broken = with_files(says(RECORD))
    broken.embed(b"nobody speaks of me")
    suite.refused("malformed-with-signers", "who signed does not matter where something is not what it claims to be", broken, "container.unlisted", tiers=[FULL], signers="", at=AT, clause="verification.md#the-algorithm")
    orphan = with_files(says(RECORD), says(b"elsewhere", "comment", BEN, text="t"))
    suite.case("signer-of-an-orphan", "what a stranger signed is set apart, and no more is said of it", orphan, tiers=[FULL], signers=signers_line(ADA), at=AT, state="trusted", also=["trust.unknown-signer"])
