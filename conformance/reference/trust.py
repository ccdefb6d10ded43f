"""spec/trust.md, as far as it needs no signers file: which authorships count after what was taken back."""

import record as rules
import statements


def vouched(said, at):
    """The records for which some authorship counts at a moment, and what is to be said of revocations."""
    authors = {(statement["key"], statement["record"]["blake3"]) for statement in said if statement["kind"] == "authorship"}
    # Without BLAKE3 statements have no ids.
    signers = {statement["id"]: statement["key"] for statement in said}
    revoked, reports = set(), []
    for statement in said:
        is_revocation, predicate = statement["kind"] == "revocation", statement["predicate"]
        since = rules.moment(predicate["since"]) if is_revocation and predicate.get("since") else statement["created"]
        if max(since, statement["created"]) > at:
            reports.append(("statement.future", statement["file"]))
        # A supersession changes no state.
        if not is_revocation or since > at:
            continue
        key, subject = statement["key"], statement["record"]["blake3"]
        [(what, named)] = predicate["revoked"].items()
        if what == "statement" and None in signers:
            continue
        if what == "record":
            has_right = named == subject and (key, subject) in authors
        elif what == "statement":
            has_right = signers.get(named) == key
        else:
            named = statements.key_of(named, "statement.predicate")
            has_right = named == key
        # A revocation cannot be revoked, so each is looked at by itself. Who revokes a record takes back their own signature of it.
        if has_right:
            revoked.add(("record", subject, key) if what == "record" else (what, named))
        reports.append(("trust.revoked" if has_right else "trust.no-right", statement["file"]))
    counts = [
        statement for statement in said
        if statement["kind"] == "authorship"
        and not revoked & {("statement", statement["id"]), ("key", statement["key"]), ("record", statement["record"]["blake3"], statement["key"])}
    ]
    return {statement["record"]["blake3"] for statement in counts}, reports
