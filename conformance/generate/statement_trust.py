"""Layer `statement`: signers files and the states that are required (trust.md)."""

from .build import ADA, AT, BEN, EVE, IDENTITY, Bundle, body, fixed, openssh, payload, says, sign, smallest
from .cases import FULL
from .statement import RECORD, with_files


def add(suite):
    suite.in_layer("statement", "trust.md#judging")
    trust(suite)
    signers_files(suite)
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


def signers_files(suite):
    """What a line of a signers file may be. Its key is that of the one author."""
    one = with_files(says(RECORD))
    key, ben = ADA.line, BEN.line
    told = {
        "two-lines-one-in-its-window": ("one line that fits is enough", f'ada valid-before="20250101Z" {key}\nada2 {key}\n'),
        "two-lines-one-of-the-namespace": ("one line that fits is enough", f'ada namespaces="git" {key}\nada2 {key}\n'),
        "namespace-question-mark": ("a question mark stands for one letter", f'ada namespaces="expbundl?" {key}\n'),
        "namespace-stars": ("stars stand for any letters", f'ada namespaces="e*b*e" {key}\n'),
        "namespace-all-but-another": ("what is taken out is another one", f'ada namespaces="*,!git" {key}\n'),
        "time-of-12-digits": ("a time to the minute", f'ada valid-after="202611010000Z" {key}\n'), "time-without-z": ("a time without Z", f'ada valid-after="20261101" {key}\n'),
        "time-is-utc": ("a time without Z is UTC, so that a file means the same everywhere", f'ada valid-after="20261201000000" {key}\n'),
        "blanks-and-tabs": ("white space of any length, and comments of many words", f"  ada \t {key} a comment of words\n \t# nothing\n\n"), "carriage-returns": ("lines of another system", f"ada {key}\r\nben {ben}\r\n"),
        "without-last-line-feed": ("a last line is a line", f"ada {key}"), "option-in-capitals": ("names of options are of any case", f'ada Namespaces="expbundle" {key}\n'),
        "three-options": ("options are separated by commas", f'ada namespaces="git,expbundle",valid-after="20260101Z",valid-before="20270101Z" {key}\n'),
        "principal-in-quotes": ("quotes hold blanks and commas together, and are taken away", f'"Ada, of London" {key}\n'),
        "one-principal-two-keys": ("people have several keys", f"ada {ben}\nada {key}\n"),
    }
    for name, (why, text) in told.items():
        suite.case(f"signers-{name}", why, one, tiers=[FULL], signers=text, at=AT, state="trusted", clause="trust.md#the-signers-file")
    untold = {
        "namespace-taken-out": ("an exclamation mark takes out", f'ada namespaces="*,!expbundle" {key}\n', "trust.namespace"),
        "namespace-taken-out-first": ("wherever in the list it stands", f'ada namespaces="!expbundle,*" {key}\n', "trust.namespace"),
        "namespace-in-capitals": ("namespaces are of one case", f'ada namespaces="Expbundle" {key}\n', "trust.namespace"),
        "namespace-longer": ("a pattern fits the whole", f'ada namespaces="exp,bundle,expbundl" {key}\n', "trust.namespace"),
        "not-valid-before-namespace": ("a line of this namespace says more than one of another", f'ada namespaces="git" {key}\nada2 valid-before="20250101" {key}\n', "trust.not-valid"),
        "empty-file": ("an empty file trusts nobody", "", "trust.unknown-signer"),
    }
    for name, (why, text, code) in untold.items():
        suite.case(f"signers-{name}", why, one, tiers=[FULL], signers=text, at=AT, state="signed", also=[code])
    bad = {
        "line-of-words": "trust ada please\n", "unknown-option": signers_line(ADA, options="zone=\"moon\""), "cert-authority": signers_line(ADA, options="cert-authority"),
        "principal-twice": 2 * signers_line(ADA), "unknown-key-type": "ada@example.org sk-ssh-ed25519@openssh.com AAAA\n", "rsa-key": "ada@example.org ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=\n",
        "pattern-as-principal": signers_line(ADA, "*@example.org"), "bad-time": signers_line(ADA, options='valid-after="2026"'), "window-backwards": signers_line(ADA, options='valid-after="20270101Z",valid-before="20260101Z"'),
        "option-twice": signers_line(ADA, options='namespaces="expbundle",namespaces="git"'), "open-quote": signers_line(ADA, options='namespaces="expbundle'), "no-key": "ada@example.org\n", "weak-key": f"ada@example.org {openssh(IDENTITY)}\n",
        "time-that-is-none": f'ada valid-after="20260230Z" {key}\n', "time-with-zone": f'ada valid-after="20260101+0100" {key}\n', "option-without-value": f"ada valid-after {key}\n",
        "window-of-no-length": f'ada valid-after="20260101",valid-before="20260101" {key}\n', "principal-empty": f"ada,,ben {key}\n", "principal-with-question-mark": f"ad? {key}\n",
        "principal-negated": f"!ada {key}\n", "bad-line-of-another-key": f"ada {key}\nben cert-authority {ben}\n", "key-of-31-bytes": f"ada {openssh(ADA.raw[:31])}\n",
        "not-utf-8": f"ada {key} caf".encode() + b"\xe9\n", "principal-twice-under-two-names": f"ada,ben {key}\nben {key}\n", "key-before-principal": f"{key} ada\n",
    }
    for name, text in bad.items():
        suite.usage(f"signers-{name}", "a line that is skipped could be the one that takes trust away", one, signers=text, at=AT, clause="trust.md#the-signers-file")


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
    suite.case("required-signed-with-signers", "less may be asked for than a signers file could tell", one, tiers=[FULL], signers="", at=AT, require="signed", state="signed", also=["trust.unknown-signer"], clause="report.md#states")
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
