"""spec/trust.md: whom a signers file trusts, what is set apart, and what was taken back."""

import record as rules
import signers
import statements

WARNING, INFO = "warning", "info"
NAMESPACE = b"expbundle"
TRUSTED, NOT_VALID, OTHER_PURPOSE, UNKNOWN = "trusted", "trust.not-valid", "trust.namespace", "trust.unknown-signer"


class Trust:
    """The statements whose signature holds, judged by the lines of a signers file, or without one, at a moment."""

    def __init__(self, said, lines, at, contradicts=lambda named: False):
        """`contradicts` says whether a record is here under another SHA-256 than in a digest set."""
        self.said, self.has_file, self.at, self.contradicts = said, lines is not None, at, contradicts
        self.standing = {statement["key"]: signers.standing(lines or [], statement["key"], NAMESPACE, at) for statement in said}
        self.vouchers = {}
        for statement in said:
            if statement["kind"] == "authorship" and not contradicts(statement["record"]):
                self.vouchers.setdefault(statement["record"]["blake3"], set()).add(statement["key"])
        # Without BLAKE3 statements have no ids.
        self.signer_of = {statement["id"]: statement["key"] for statement in said}
        self.kept_by_revocations = {
            record for statement in said if statement["kind"] == "revocation" and self.is_trusted(statement["key"]) and since(statement) <= at
            for record in self.kept_by(statement, lines or [])
        }
        self.reports = []
        self.revoked = set()
        self.revocations()
        self.superseded = self.supersessions()

    def is_trusted(self, key):
        return self.has_file and self.standing[key] == TRUSTED

    def is_known(self, key):
        return self.has_file and self.standing[key] != UNKNOWN

    def is_stranger(self, statement):
        """Of a key that the signers file does not have: it takes back nothing and has no finding of its own."""
        return self.has_file and not self.is_known(statement["key"])

    def is_apart(self, statement):
        return self.has_file and not self.is_trusted(statement["key"])

    def kept_by(self, revocation, lines):
        """The record that it takes something back of: to leave out what was taken back would be to undo that."""
        [(what, named)] = revocation["predicate"]["revoked"].items()
        if what == "record":
            return [named]
        if what == "key" and signers.standing(lines, statements.key_of(named, "statement.predicate"), NAMESPACE, self.at) in (UNKNOWN, OTHER_PURPOSE):
            return []
        # What is here tells by itself whether it vouched; what is set apart is not here.
        if what == "statement" and named in self.signer_of and self.is_trusted(self.signer_of[named]):
            return []
        return [revocation["record"]["blake3"]]

    def has_a_say(self, identity):
        """Whether a trusted key that was not revoked vouches for it."""
        return not self.has_file or any(self.is_trusted(key) and ("key", key) not in self.revoked for key in self.vouchers.get(identity, ()))

    def is_record_taken_back(self, identity):
        """It had a say, or may have had one, and has none any more."""
        had = any(self.is_trusted(key) for key in self.vouchers.get(identity, ()))
        return not self.has_a_say(identity) and (had or identity in self.kept_by_revocations)

    def is_record_apart(self, identity):
        return not self.has_a_say(identity) and not self.is_record_taken_back(identity)

    def has_purpose(self, key):
        """Whether it may sign for us at all, whenever."""
        return not self.has_file or self.standing[key] in (TRUSTED, NOT_VALID)

    # Taking back.

    def revocations(self):
        for statement in self.said:
            if statement["kind"] == "revocation" and not self.is_stranger(statement) and since(statement) <= self.at:
                self.revocation(statement)

    def revocation(self, statement):
        [(what, named)] = statement["predicate"]["revoked"].items()
        if what == "statement" and None in self.signer_of:
            return
        if what == "key":
            named = statements.key_of(named, "statement.predicate")
        has_right = self.may_revoke(statement, what, named)
        self.reports.append(("trust.revoked", WARNING, statement["file"]) if has_right else ("trust.no-right", INFO, statement["file"]))
        if has_right:
            # Who is not trusted takes back only their own signature of a record.
            self.revoked.add((what, named, statement["key"]) if what == "record" and not self.is_trusted(statement["key"]) else (what, named))

    def may_revoke(self, statement, what, named):
        key = statement["key"]
        if self.is_trusted(key) or not self.has_purpose(key):
            return self.is_trusted(key)
        if what == "record":
            return named == statement["record"]["blake3"] and key in self.vouchers.get(named, ())
        return self.signer_of.get(named) == key if what == "statement" else named == key

    def supersessions(self):
        """Those that count."""
        dated = [
            statement for statement in self.said
            if statement["kind"] == "supersession" and not self.is_stranger(statement) and statement["created"] <= self.at and not self.is_undone(statement)
        ]
        by_record = {}
        for statement in dated:
            by_record.setdefault(statement["record"]["blake3"], set()).add(statement["key"])
        counted = []
        for statement in dated:
            vouchers = self.vouchers.get(statement["record"]["blake3"], set())
            together = not self.has_file and vouchers <= by_record[statement["record"]["blake3"]]
            if self.is_trusted(statement["key"]) or statement["key"] in vouchers and together:
                counted.append(statement)
                successor = statement["predicate"]["successor"]
                if not self.has_a_say(successor["blake3"]) or not self.contradicts(successor):
                    self.reports.append(("lineage.superseded", INFO, statement["file"]))
            else:
                self.reports.append(("trust.no-right", INFO, statement["file"]))
        return counted

    def is_undone(self, statement):
        return bool(self.revoked & {("statement", statement["id"]), ("key", statement["key"])})

    def is_taken_back(self, statement):
        record = ("record", statement["record"]["blake3"])
        of_record = statement["kind"] == "authorship" and (record in self.revoked or (*record, statement["key"]) in self.revoked)
        return of_record or self.is_undone(statement)

    # What follows.

    def counts(self, statement):
        """Neither set apart nor taken back."""
        return not self.is_apart(statement) and not self.is_taken_back(statement)

    def judged(self):
        """The findings of step 9."""
        for statement in self.said:
            if not self.is_stranger(statement) and max(statement["created"], since(statement)) > self.at:
                self.reports.append(("statement.future", INFO, statement["file"]))
        for statement in self.said:
            standing = self.standing[statement["key"]]
            if self.has_file and standing in (NOT_VALID, OTHER_PURPOSE) and not self.is_taken_back(statement):
                self.reports.append((standing, WARNING, statement["file"]))
        strangers = [statement["file"] for statement in self.said if self.is_stranger(statement)]
        if strangers:
            self.reports.append((UNKNOWN, INFO, strangers[0]))
        return self.reports

    def was_revoked(self, identity):
        """Whether a record that is not here was taken back: nobody whose word counts vouches for it any more, or it was revoked in so many words."""
        about = [one for one in self.said if one["kind"] == "authorship" and one["record"]["blake3"] == identity and (not self.has_file or self.is_trusted(one["key"]))]
        return (bool(about) or identity in self.kept_by_revocations) and all(self.is_taken_back(one) for one in about)

    def state(self, records, named=()):
        """`intact`, `signed` or `trusted`: that of the weakest record that counts, and `intact` at most if a parent that is `named` and not here was revoked.

        A bundle without records holds nothing that could be signed.
        """
        vouched = {statement["record"]["blake3"] for statement in self.said if statement["kind"] == "authorship" and not self.is_taken_back(statement)}
        counted = {identity for identity in records if self.has_a_say(identity)}
        if any(self.is_record_taken_back(identity) for identity in records) or any(self.was_revoked(identity) for identity in named if identity not in counted):
            return "intact"
        if not self.has_file:
            return "signed" if records and set(records) <= vouched else "intact"
        trusted = {statement["record"]["blake3"] for statement in self.said if statement["kind"] == "authorship" and self.counts(statement)}
        return "trusted" if counted and counted <= trusted else "intact"


def since(statement):
    """From when on a revocation counts; else when the statement was made."""
    text = statement["predicate"].get("since") if statement["kind"] == "revocation" else None
    return rules.moment(text) if text else statement["created"]
