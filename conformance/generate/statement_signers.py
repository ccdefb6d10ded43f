"""Layer `statement`: what a line of a signers file may be (trust.md). `KEY` is the key of the one author, `BEN` another one.

peers/test_signers.py gives each of these files to `ssh-keygen` too.
"""

import base64
import struct

from .build import ADA, AT, BEN, IDENTITY, openssh, says
from .statement import RECORD, with_files

CLAUSE = "trust.md#the-signers-file"
SKIPPED = "trust.md#lines-that-are-skipped"


def add(suite):
    suite.in_layer("statement", CLAUSE)
    one = with_files(says(RECORD))
    for name, (why, text) in TRUSTED.items():
        suite.case(f"signers-{name}", why, one, tiers=["full"], signers=filled(text), at=AT, state="trusted")
    for name, (why, text) in (TRUSTED_BESIDE_SKIPPED | REPEATED).items():
        suite.case(f"signers-{name}", why, one, tiers=["full"], signers=filled(text), at=AT, state="trusted", clause=SKIPPED)
    for name, (why, text, code) in NOT_TRUSTED.items():
        suite.case(f"signers-{name}", why, one, tiers=["full"], signers=filled(text), at=AT, state="intact", also=[code], clause="trust.md#judging")
    for name, (why, text) in SKIPPED_ALONE.items():
        suite.case(f"signers-{name}", why, one, tiers=["full"], signers=filled(text), at=AT, state="intact", also=["trust.unknown-signer"], clause=SKIPPED)
    for name, (why, text) in (REFUSED | hidden_characters() | control_characters()).items():
        suite.usage(f"signers-{name}", why, one, signers=filled(text), at=AT)


def filled(text):
    text = text if isinstance(text, bytes) else text.encode()
    return text.replace(b"KEY", ADA.line.encode()).replace(b"BEN", BEN.line.encode())


def key_of(kind, *parts):
    """A key of another type: strings behind their lengths, as SSH writes them."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()}"


RSA = key_of("ssh-rsa", b"\1\0\1", b"\0" + b"\xc5" * 128)
ECDSA = key_of("ecdsa-sha2-nistp256", b"nistp256", bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"))
SK = key_of("sk-ssh-ed25519@openssh.com", BEN.raw, b"ssh:")
UNKNOWN = key_of("slh-dsa-sha2-128s@example.org", b"\1" * 32)

TRUSTED = {
    "two-lines-one-in-its-window": ("one line that fits is enough", 'ada valid-before="20250101Z" KEY\nada2 KEY\n'),
    "two-lines-one-of-the-namespace": ("one line that fits is enough", 'ada namespaces="git" KEY\nada2 KEY\n'),
    "namespace-question-mark": ("a question mark stands for one letter", 'ada namespaces="expbundl?" KEY\n'),
    "namespace-stars": ("stars stand for any letters", 'ada namespaces="e*b*e" KEY\n'),
    "namespace-star-alone": ("a star is every namespace", 'ada namespaces="*" KEY\n'),
    "namespace-all-but-another": ("what is taken out is another one", 'ada namespaces="*,!git" KEY\n'),
    "namespace-two-exclamation-marks": ("only the first one takes out; the second is part of a word that nobody uses", 'ada namespaces="!!expbundle,expbundle" KEY\n'),
    "namespace-with-blanks": ("a value may hold blanks", 'ada namespaces="not this,expbundle" KEY\n'),
    "namespace-with-equals-sign": ("a value may hold an equals sign", 'ada namespaces="a=b,expbundle" KEY\n'),
    "namespace-empty-beside": ("an empty pattern fits no word, and does no harm", 'ada namespaces="expbundle," KEY\n'),
    "namespace-of-1022-bytes": ("a pattern has 1,022 bytes at most", f'ada namespaces="{1022 * "x"},expbundle" KEY\n'),
    "time-of-12-digits": ("a time to the minute", 'ada valid-after="202611010000Z" KEY\n'),
    "time-without-z": ("a time without Z", 'ada valid-after="20261101" KEY\n'),
    "time-is-utc": ("a time without Z is UTC, so that a file means the same everywhere", 'ada valid-after="20261201000000" KEY\n'),
    "time-earliest": ("OpenSSH refuses the first second of 1970 and accepts the next", 'ada valid-after="19700101000001" KEY\n'),
    "time-latest": ("years have four digits", 'ada valid-before="99991231235959Z" KEY\n'),
    "time-leap-day": ("a day that exists", 'ada valid-after="20240229" KEY\n'),
    "blanks-and-tabs": ("blanks of any length, and comments of many words", "  ada \t KEY a comment of words\n \t# nothing\n\n"),
    "tab-between": ("a tab is a blank", "ada\tKEY\tcomment\n"),
    "two-blanks-before-the-key": ("the key may be behind several blanks", "ada " + ADA.line.replace(" ", " \t ") + "\n"),
    "carriage-returns": ("lines of another system", "ada KEY\r\nben BEN\r\n \r\n\r\n# x\r\n"),
    "without-last-line-feed": ("a last line is a line", "ada KEY"),
    "comment-of-any-letters": ("comments and remarks may hold what a line may not", "# \u00a0\u2028\u200b\ufeff\"\nada KEY \u00a0\u2028\"x\n"),
    "option-in-capitals": ("names of options are of any case", 'ada Namespaces="expbundle" KEY\n'),
    "three-options": ("options are separated by commas", 'ada namespaces="git,expbundle",valid-after="20260101Z",valid-before="20270101Z" KEY\n'),
    "options-in-any-order": ("in any order", 'ada valid-before="20270101",NAMESPACES="*",valid-after="20260101"\t KEY\n'),
    "principal-in-quotes": ("quotes hold blanks together", '"Ada Lovelace" KEY\n'),
    "principals-in-quotes": ("a comma separates in quotes too", '"Ada, of London" KEY\n'),
    "principal-in-quotes-with-hash": ("behind a quote a hash begins no comment", '"#ada" KEY\n'),
    "principal-with-hash": ("nor within a word", "a#da KEY\n"),
    "principal-in-single-quotes": ("single quotes are letters", "'ada' KEY\n"),
    "principal-with-backslash": ("a backslash in a principal is a letter", "LONDON\\ada KEY\n"),
    "principal-with-equals-sign": ("so is an equals sign", "ada=x KEY\n"),
    "principal-beyond-ascii": ("principals are of any language", "Ad\u00e9la\u00efde KEY\n"),
    "principal-like-a-key-type": ("the first word is the principal, whatever it looks like", "ssh-ed25519 KEY\n"),
    "principal-like-an-option": ("the first word is the principal, whatever it looks like", "cert-authority KEY\n"),
    "principal-twice-in-a-line": ("a principal may stand in a line twice", "ada,ada KEY\n"),
    "principal-of-1022-bytes": ("a principal has 1,022 bytes at most", 1022 * "x" + ",ada KEY\n"),
    "remark-like-a-key": ("what follows the key is a remark", "ada KEY BEN\n"),
}

REPEATED = {
    "one-principal-two-keys": ("people have several keys", "ada BEN\nada KEY\n"),
    "principal-twice": ("a line takes nothing away: the same line twice is one", "ada KEY\nada KEY\n"),
    "principal-twice-under-two-names": ("one key under two names, and one of them again", "ada,ben KEY\nben KEY\n"),
    "principal-twice-one-past": ("a line takes nothing away: one that fits is enough, wherever it stands", 'ada KEY\nada valid-before="20250101" KEY\n'),
    "principal-twice-two-windows": ("two windows of one key", 'ada valid-before="20250101" KEY\nada valid-after="20250601" KEY\n'),
    "principal-twice-two-namespaces": ("one key for two purposes", 'ada namespaces="git",valid-before="20250101" KEY\nada namespaces="expbundle" KEY\n'),
}

TRUSTED_BESIDE_SKIPPED = {
    "beside-rsa": ("a key of another type can only add trust", f"ada {RSA} laptop\nada KEY\n"),
    "beside-ecdsa": ("a key of another type can only add trust", f"ada {ECDSA}\nada KEY\n"),
    "beside-security-key": ("a key of another type can only add trust", f"ada KEY\nada {SK}\n"),
    "beside-unknown-key-type": ("nor does this hang on which types a tool knows", f'ada {UNKNOWN}\nada valid-after="20200101" {UNKNOWN}\nada KEY\n'),
    "beside-cert-authority": ("this format has no certificates, so nobody is trusted by that line", "ada KEY\n*@example.org cert-authority BEN\n"),
    "beside-pattern": ("a pattern names nobody", "*@example.org BEN\nada KEY\n"),
}

SKIPPED_ALONE = {
    "rsa-key": ("a key of another type makes nobody trusted", f"ada {RSA}\n"),
    "rsa-key-with-options": ("options before a key of another type", f'ada namespaces="expbundle",valid-after="20260101" {RSA}\n'),
    "unknown-key-type": ("nor does one of an unknown type", f"ada {UNKNOWN}\n"),
    "cert-authority": ("the key of a certificate authority is not that of a signer", "ada cert-authority KEY\n"),
    "cert-authority-in-capitals": ("in whatever case it is written", "ada Cert-Authority KEY\n"),
    "cert-authority-among-options": ("or among other options", 'ada namespaces="expbundle",cert-authority,valid-after="20260101" KEY\n'),
    "pattern-as-principal": ("principals are names here, not patterns", "*@example.org KEY\n"),
    "principal-star": ("a star is not a name", "* KEY\n"),
    "principal-with-question-mark": ("a question mark is a pattern", "ad? KEY\n"),
    "principal-negated": ("a negated pattern is not a name", "!ada KEY\n"),
    "principal-and-pattern": ("a line is skipped whole: what `!` takes out would else be forgotten", "ada,!ada,*@example.org KEY\n"),
    "pattern-in-quotes": ("a pattern in quotes is one", '"ada *" KEY\n'),
}

NOT_TRUSTED = {
    "namespace-taken-out": ("an exclamation mark takes out", 'ada namespaces="*,!expbundle" KEY\n', "trust.namespace"),
    "namespace-taken-out-first": ("wherever in the list it stands", 'ada namespaces="!expbundle,*" KEY\n', "trust.namespace"),
    "namespace-taken-out-by-pattern": ("and as a pattern", 'ada namespaces="*,!exp*" KEY\n', "trust.namespace"),
    "namespace-only-taken-out": ("to take out another one trusts nobody", 'ada namespaces="!git" KEY\n', "trust.namespace"),
    "namespace-in-capitals": ("namespaces are of one case", 'ada namespaces="Expbundle" KEY\n', "trust.namespace"),
    "namespace-longer": ("a pattern fits the whole", 'ada namespaces="exp,bundle,expbundl" KEY\n', "trust.namespace"),
    "namespace-behind-a-blank": ("a blank is part of a pattern", 'ada namespaces="git, expbundle" KEY\n', "trust.namespace"),
    "namespace-empty": ("an empty pattern fits no word", 'ada namespaces="" KEY\n', "trust.namespace"),
    "namespace-of-letters": ("brackets are letters", 'ada namespaces="[e]xpbundle" KEY\n', "trust.namespace"),
    "not-valid-before-namespace": ("a line of this namespace says more than one of another", 'ada namespaces="git" KEY\nada2 valid-before="20250101" KEY\n', "trust.not-valid"),
    "window-past-with-comma": ("the comma that was forgotten in signers-option-after-quote", 'ada namespaces="expbundle,git",valid-before="20200101" KEY\n', "trust.not-valid"),
    "empty-file": ("an empty file trusts nobody", "", "trust.unknown-signer"),
    "blank-lines": ("nor does one of blanks", " \n\t\r\n", "trust.unknown-signer"),
    "line-of-another": ("a line trusts the key that it names", "ada BEN KEY\n", "trust.unknown-signer"),
    "key-in-a-comment": ("a comment trusts nobody", " \t#ada KEY\n", "trust.unknown-signer"),
}

WHOLE = "the file is refused whole: a line that two tools read differently trusts different people"
REFUSED = {name: (WHOLE, text) for name, text in {
    # Words.
    "line-of-words": "trust ada please\n",
    "no-key": "ada@example.org\n",
    "no-key-behind-type": "ada ssh-ed25519\n",
    "no-key-behind-options": 'ada namespaces="expbundle"\n',
    "key-before-principal": "KEY ada\n",
    "bad-line-of-another-key": "ada KEY\nben no-touch-required BEN\n",
    "bad-line-before": "ben x BEN\nada KEY\n",
    "gpg-key": "gpg ABCDEF0123456789\nada KEY\n",
    # Principals.
    "principal-empty": "ada,,ben KEY\n",
    "principal-empty-first": ",ada KEY\n",
    "principal-empty-last": "ada, KEY\n",
    "principal-empty-in-quotes": '"" KEY\n',
    "principal-of-blanks": '" " KEY\n',
    "principal-of-1023-bytes": 1023 * "x" + ",ada KEY\n",
    "principal-quote-open": '"ada KEY\n',
    "principal-quote-inside": 'a"b c"d KEY\n',
    "principal-quote-at-end": 'ada"b" KEY\n',
    "principal-behind-quote": '"ada"b KEY\n',
    "principal-quote-before-key": '"ada"KEY\n',
    "principal-quoted-alone": '"ada",ben KEY\n',
    "principal-in-two-quotes": '"ada" "ben" KEY\n',
    # Options.
    "unknown-option": 'ada zone="moon" KEY\n',
    "unknown-flag": "ada no-touch-required KEY\n",
    "unknown-option-negated": "ada no-cert-authority KEY\n",
    "option-twice": 'ada namespaces="expbundle",namespaces="git" KEY\n',
    "option-twice-in-two-cases": 'ada namespaces="*",NAMESPACES="*" KEY\n',
    "cert-authority-twice": "ada cert-authority,cert-authority BEN\nada KEY\n",
    "cert-authority-with-value": 'ada cert-authority="x" BEN\nada KEY\n',
    "option-without-value": "ada valid-after KEY\n",
    "option-unquoted": "ada namespaces=expbundle KEY\n",
    "time-unquoted": "ada valid-after=20200101 KEY\n",
    "option-in-single-quotes": "ada namespaces='expbundle' KEY\n",
    "option-quote-open": 'ada namespaces="expbundle KEY\n',
    "option-quote-in-value": 'ada namespaces=ex"pbun"dle KEY\n',
    "option-quoted-name": 'ada "namespaces"="*" KEY\n',
    "option-quoted-whole": 'ada "namespaces=expbundle" KEY\n',
    "option-quoted-twice": 'ada valid-after=""20260101"" KEY\n',
    "option-quote-too-many": 'ada namespaces="*"" KEY\n',
    "option-blank-before-equals-sign": 'ada namespaces ="*" KEY\n',
    "option-blank-behind-equals-sign": 'ada namespaces= "*" KEY\n',
    "option-empty": "ada , KEY\n",
    "option-empty-first": 'ada ,namespaces="*" KEY\n',
    "option-empty-between": 'ada namespaces="*",,valid-after="20200101" KEY\n',
    "option-empty-last": 'ada namespaces="*", KEY\n',
    "options-in-two-words": 'ada namespaces="*" valid-after="20200101" KEY\n',
    "options-in-two-words-with-comma": 'ada namespaces="*", valid-after="20200101" KEY\n',
    "option-after-quote": 'ada namespaces="expbundle,git"valid-before="20200101" KEY\n',
    "flag-after-quote": 'ada namespaces="expbundle,git"cert-authority KEY\n',
    "word-after-quote": 'ada namespaces="expbundle"x KEY\n',
    "key-after-quote": 'ada namespaces="expbundle"KEY\n',
    "option-after-flag": 'ada cert-authoritynamespaces="*" BEN\nada KEY\n',
    "option-with-backslash": 'ada namespaces="\\expbundle" KEY\n',
    "option-with-escaped-quote": 'ada namespaces="\\"expbundle" KEY\n',
    "option-with-two-escaped-quotes": 'ada namespaces="\\"git\\",expbundle" KEY\n',
    "option-with-backslash-at-end": 'ada namespaces="expbundle,\\" KEY\n',
    "namespace-of-1023-bytes": f'ada namespaces="{1023 * "x"},expbundle" KEY\n',
    # Times.
    "time-empty": 'ada valid-after="" KEY\n',
    "bad-time": 'ada valid-after="2026" KEY\n',
    "time-of-10-digits": 'ada valid-after="2026010100" KEY\n',
    "time-that-is-none": 'ada valid-after="20260230Z" KEY\n',
    "time-of-month-13": 'ada valid-after="20261301" KEY\n',
    "time-of-hour-24": 'ada valid-after="202601012400" KEY\n',
    "time-of-minute-60": 'ada valid-after="202601010060" KEY\n',
    "time-of-second-60": 'ada valid-after="20260101000060" KEY\n',
    "time-of-second-61": 'ada valid-after="20260101000061" KEY\n',
    "time-of-year-0": 'ada valid-after="00000101" KEY\n',
    "time-before-1970": 'ada valid-after="19691231" KEY\n',
    "time-zero": 'ada valid-after="19700101" KEY\n',
    "time-with-zone": 'ada valid-after="20260101+0100" KEY\n',
    "time-with-small-z": 'ada valid-after="20260101z" KEY\n',
    "time-with-utc": 'ada valid-after="20260101UTC" KEY\n',
    "time-with-blank": 'ada valid-after=" 20260101" KEY\n',
    "time-with-dashes": 'ada valid-after="2026-01-01" KEY\n',
    "time-in-other-digits": 'ada valid-after="\u0662\u0660\u0662\u0666\u0660\u0661\u0660\u0661" KEY\n',
    "window-backwards": 'ada valid-after="20270101Z",valid-before="20260101Z" KEY\n',
    "window-of-no-length": 'ada valid-after="20260101",valid-before="20260101" KEY\n',
    # Keys.
    "weak-key": f"ada@example.org {openssh(IDENTITY)}\n",
    "weak-key-of-another": f"ada KEY\nben {openssh(IDENTITY)}\n",
    "weak-key-of-a-pattern": f"ada KEY\n*@example.org {openssh(IDENTITY)}\n",
    "key-of-31-bytes": f"ada {openssh(ADA.raw[:31])}\n",
    "key-of-33-bytes": f"ada {openssh(ADA.raw + bytes(1))}\n",
    "key-unpadded": f"ada {openssh(ADA.raw).rstrip('=')[:-1]}\n",
    "key-type-in-capitals": "ada " + ADA.line.replace("ssh-ed25519", "SSH-ED25519") + "\n",
    "key-type-in-quotes": "ada " + ADA.line.replace("ssh-ed25519", '"ssh-ed25519"') + "\n",
    "key-in-quotes": "ada " + ADA.line.replace(" ", ' "') + '"\n',
    "key-of-another-type": "ada " + ADA.line.replace("ssh-ed25519", "ssh-rsa") + "\n",
    "key-of-ed25519-that-is-rsa": f"ada {RSA.replace('ssh-rsa', 'ssh-ed25519')}\nada KEY\n",
    "rsa-key-of-nothing": "ada ssh-rsa AAAAB3NzaC1yc2E=\nada KEY\n",
    "rsa-key-not-canonical": "ada ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQB=\nada KEY\n",
    "rsa-key-unpadded": "ada ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA\nada KEY\n",
    "unknown-key-type-not-base64": "ada sk-ssh-ed25519@openssh.com AAAA\nada KEY\n",
    "unknown-key-type-with-unknown-option": f'ada zone="moon" {UNKNOWN}\nada KEY\n',
    "unknown-key-type-of-65-letters": f"ada {key_of(65 * 'x', b'x')}\nada KEY\n",
    # Bytes.
    "not-utf-8": b"ada KEY caf\xe9\n",
    "not-utf-8-comment": b"# \xff\nada KEY\n",
    "not-utf-8-surrogate": b"# \xed\xa0\x80\nada KEY\n",
    "byte-order-mark": "\ufeffada KEY\n",
    "byte-order-mark-before-comment": "\ufeff# our team\nada KEY\n",
    "utf-16": "ada KEY\n".replace("KEY", ADA.line).encode("utf-16-le"),
    "carriage-return-at-end": "ada KEY\r",
    "carriage-return-twice": "ada KEY\r\r\n",
    "carriage-return-inside": "ada KEY x\ry\n",
    "carriage-return-as-line-end": "# x\rada KEY\r",
    "carriage-return-as-blank": "ada\rKEY\n",
    "nul-in-principal": "ada\0 KEY\n",
    "nul-behind-key": "ada KEY\0\n",
    "nul-in-comment": "# \0\nada KEY\n",
}.items()}


def hidden_characters():
    """Characters that look like a blank or like nothing, in each place where a line is read."""
    why = "only the space and the tab are blanks, and what cannot be seen is refused"
    letters = ["a0", "ad", "1680", "180e", "2003", "200b", "200d", "2028", "2029", "202e", "202f", "205f", "2060", "2800", "3000", "3164", "fe0f", "feff", "e0001"]
    cases = {f"character-{code}-as-blank": (why, f"ada{chr(int(code, 16))}KEY\n") for code in letters}
    for code in ["a0", "2003", "2028", "200b", "feff"]:
        letter = chr(int(code, 16))
        cases |= {
            f"character-{code}-{place}": (why, text)
            for place, text in {
                "in-principal": f"ada{letter}b KEY\n",
                "in-quotes": f'"ada{letter}b" KEY\n',
                "before-option": f'ada{letter}namespaces="git" KEY\n',
                "before-flag": f"ada{letter}cert-authority KEY\n",
                "in-value": f'ada namespaces="git,{letter}expbundle,expbundle" KEY\n',
                "behind-key": f"ada KEY{letter}remark\n",
                "at-the-end": f"ada KEY{letter}\n",
                "before-principal": f" {letter}ada KEY\n",
                "before-comment": f" {letter}# x\nada KEY\n",
                "alone": f" {letter}\nada KEY\n",
            }.items()
        }
    return cases


def control_characters():
    why = "a file of lines has no control characters but those that end a line, and the tab"
    cases = {f"control-{code}-as-blank": (why, f"ada{chr(int(code, 16))}KEY\n") for code in ["0b", "0c", "1c", "1f", "7f", "85"]}
    return cases | {f"control-{code}-in-comment": (why, f"# {chr(int(code, 16))}\nada KEY\n") for code in ["0b", "0c", "1b", "7f", "85", "9b"]}
