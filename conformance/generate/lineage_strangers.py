"""Layer `lineage`: what a key that the signers file does not have changes, which is nothing (trust.md)."""

from .build import ADA, AT, BEN, EVE, artifact as exact, digests, payload, says, sign
from .cases import FULL
from .lineage import SIZE, artifact, described, family, listing
from .statement_trust import signers_line

X, Y = artifact(b"weights"), artifact(b"another")
SOURCE = {"tool": "mlflow", "run": "1"}
APART = "trust.unknown-signer"


def add(suite):
    suite.in_layer("lineage", "trust.md#strangers-apart")

    def case(name, why, records, mine, *statements, signed=True, embed=(), also=(), state="trusted", apart=True):
        """Ada signs the records of these numbers; Eve the others, unless nobody does."""
        bundle = family(*records, embed=embed)
        for number, record in enumerate(bundle.made):
            if number in mine:
                bundle.statement(says(record))
            elif signed:
                bundle.statement(says(record, key=EVE))
        for statement in statements:
            bundle.statement(statement(bundle.made))
        strange = signed and len(mine) < len(records) or statements
        suite.case(name, why, bundle, tiers=[FULL], signers=signers_line(ADA) + signers_line(BEN, "ben@example.org"), at=AT, state=state, also=[*also, *([APART] if strange and apart else [])])

    base, child = {"outputs": [X], "on": 20, "end": 21}, {"inputs": [X], "outputs": [Y], "on": 23, "end": 24}
    gap = "lineage.unaccounted-input"
    for signed, how in ((True, "signed"), (False, "unsigned")):
        more = {"signed": signed}
        case(f"stranger-circle-{how}", "a circle through a stranger's record is none", [base, child, {"inputs": [Y], "outputs": [X], "on": 25}], (0, 1), **more)
        lying = {**X, "digest": {**X["digest"], "sha256": "0" * 64}}
        case(f"stranger-conflict-{how}", "nor is a description by a stranger in conflict", [base, child, {"outputs": [lying], "on": 25}], (0, 1), **more)
        case(f"stranger-parent-{how}", "a stranger's record is nobody's parent", [base, child], (1,), also=[gap], **more)
        case(f"stranger-parent-declared-{how}", "not even where a record names it", [{"on": 20, "end": 21}, {"parents": [(0, "fine-tuned-from")], "on": 23}], (1,), also=["lineage.parent-absent"], **more)
        case(f"stranger-producer-{how}", "nor an alternative that came in time", [{"outputs": [X], "on": 24, "end": 25}, {"inputs": [X], "on": 23}, base], (0, 1), also=["lineage.child-before-parent"], **more)
        case(f"stranger-accounts-{how}", "nor does it account for an input", [{"inputs": [X], "on": 23}, base], (0,), also=[gap], **more)
        case(f"stranger-same-run-{how}", "nor is it a second record of a run", [{"source": SOURCE, "on": 20}, {"source": SOURCE, "on": 21}], (0,), **more)
        embedded = listing({"model.bin": b"weights"})
        case(f"stranger-misdescribes-{how}", "what a stranger says of an embedded artifact breaks nothing", [{"outputs": [artifact(embedded, form="tree")], "on": 20}, {"inputs": [{**exact(embedded), "size": 1}], "on": 21}], (0,),
             embed=[embedded], **more)
        case(f"stranger-ends-early-{how}", "remarks on a stranger's record are not made", [base, {"on": 24, "ended": "2026-11-20T00:00:00Z"}], (0,), **more)
    licence = lambda item, name: described({"direction": "output", "role": item["role"], "digest": item["digest"], "licence": name})
    case("stranger-licence", "what a stranger's record states is not known", [{**base, "sections": licence(X, "gpl-3.0")}, {**child, "sections": licence(Y, "mit")}], (1,), also=[gap, "lineage.licence-unknown"])
    stranger = lambda kind, about, **members: lambda made: says(made[about], kind, EVE, created="2026-11-25T00:00:00Z", **members)
    linked = lambda child, parent, **members: lambda made: says(made[child], "link", EVE, created="2026-11-25T00:00:00Z", parent=digests(made[parent]), **members)
    case("stranger-link", "a stranger's link joins nothing", [{"on": 24, "end": 25}, {"on": 23}], (0, 1), linked(1, 0))
    case("stranger-link-accounts", "and accounts for nothing", [{"on": 20}, {"inputs": [X], "on": 23}], (0, 1), linked(1, 0, artifact=X["digest"]), also=[gap])
    case("stranger-link-upwards", "and makes no circle", [base, child], (0, 1), linked(0, 1))
    case("stranger-link-of-another-sha256", "and is in conflict with nothing", [base, child], (0, 1),
         lambda made: says(made[1], "link", EVE, created="2026-11-25T00:00:00Z", parent={**digests(made[0]), "sha256": "0" * 64}))
    case("stranger-seal", "a stranger's seal binds nothing", [base], (0,), stranger("seal", 0, objects=[f"artifacts/{'0' * 64}"]))
    case("stranger-revokes", "a stranger takes nothing back, not even after signing it", [base], (0,), lambda made: says(made[0], key=EVE), lambda made: says(made[0], "revocation", EVE, revoked={"record": digests(made[0])["blake3"]}))
    case("stranger-supersedes", "nor names a successor", [{"source": SOURCE, "on": 20}, {"source": SOURCE, "on": 21}], (0, 1), lambda made: says(made[0], key=EVE),
         lambda made: says(made[0], "supersession", EVE, successor=digests(made[1])), also=["lineage.two-records"])
    case("stranger-follows-nothing", "remarks on a stranger's statement are not made", [base], (0,), stranger("comment", 0, text="t", prev=["0" * 64]))
    case("stranger-signs-what-was-revoked", "a stranger's signature raises nothing", [base], (0,), lambda made: says(made[0], key=EVE), lambda made: says(made[0], "revocation", revoked={"record": digests(made[0])["blake3"]}),
         also=["trust.revoked"], state="intact")
    case("strangers-only", "where a trusted key signed nothing, nothing is trusted", [base, child], (), state="intact")
    case("nobody-signed", "nor where nobody signed", [base, child], (), signed=False, state="intact")
    case("signed-by-a-revoked-key", "what a trusted key signed is not set apart because the key was revoked, or leaving it out would be the same as keeping it", [base, {"on": 23}], (0,), lambda made: says(made[1], key=BEN),
         lambda made: says(made[0], "revocation", revoked={"key": BEN.line}), signed=False, also=["trust.revoked"], state="intact", apart=False)
