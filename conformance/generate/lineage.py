"""Layer `lineage`: what records say of each other (lineage.md). Cases of the full tier."""

from . import build
from .build import ADA, AT, BEN, Bundle, body, digests, fixed, says
from .cases import FULL


# Large enough to prove a link; nobody has the bytes.
SIZE = 1 << 20


def artifact(data, role="model", **more):
    """An artifact that is not here, so its size is whatever a case needs; a tree has that of its listing."""
    size = len(data) if not data or more.get("form") == "tree" else SIZE
    return build.artifact(data, role, **{"size": size, **more})


def listing(files, size=SIZE):
    return build.listing(files, size)


def run(bundle, number, inputs=(), outputs=(), sections=None, **members):
    """A record that differs from others by its title."""
    sections = {"context.json": fixed({"title": f"run {number}"}), **(sections or {})}
    return bundle.record(body(sections, inputs=list(inputs), outputs=list(outputs), **members), sections)


def parent(record, relation="fine-tuned-from"):
    return {"record": digests(record), "relation": relation}


def family(*records, embed=()):
    """A bundle of records, as they are in `made`. `on` and `end` are days of a month; parents are numbers of records before, with a relation."""
    bundle = Bundle()
    bundle.made = []
    for number, members in enumerate(records):
        members = dict(members)
        day, end = members.pop("on", 23), members.pop("end", None)
        times = {"started": f"2026-11-{day:02}T09:00:00Z" if day else None, "ended": f"2026-11-{end:02}T09:00:00Z" if end else None}
        parents = [parent(bundle.made[item[0]], item[1]) if isinstance(item, tuple) else item for item in members.pop("parents", ())]
        bundle.made.append(run(bundle, number, parents=parents, **{**times, **members}))
    for data in embed:
        bundle.embed(data)
    return bundle


def link(record, key=ADA, **members):
    return says(record, "link", key, relation="fine-tuned-from", **members)


def described(*artifacts):
    return {"artifacts.json": fixed({"artifacts": list(artifacts)})}


def add(suite):
    suite.in_layer("lineage", "lineage.md")
    case = lambda name, why, bundle, also=(), errors=(), **more: suite.case(name, why, bundle, errors=errors, also=also, tiers=[FULL], **more)
    weights, tuned = artifact(b"weights"), artifact(b"tuned")

    bundle = Bundle()
    run(bundle, 1, outputs=[weights])
    run(bundle, 2, [weights], [tuned], started="2026-11-24T09:00:00Z", ended="2026-11-24T10:00:00Z")
    case("proven", "what one put out another took in", bundle)
    case("gap", "an input that no record accounts for", one(inputs=[weights]), ["lineage.unaccounted-input"])
    case("gap-of-a-configuration", "a role that carries no lineage needs no account", one(inputs=[artifact(b"x", "config")]))
    case("empty-file-joins-nothing", "every empty file is the same file", empty_files())
    case("origin-accounts", "an outside base model has a place in the tree", origin(weights))
    bundle = Bundle()
    first = run(bundle, 1, outputs=[weights])
    run(bundle, 2, parents=[parent(first)], started="2026-11-24T09:00:00Z", ended=None)
    case("declared", "a record names its parent", bundle)
    case("parent-absent", "a parent that is in another bundle", one(parents=[parent(b"elsewhere")]), ["lineage.parent-absent"])
    bundle = Bundle()
    first = run(bundle, 1)
    named = parent(first)
    named["record"]["sha256"] = "0" * 64
    run(bundle, 2, parents=[named], started="2026-11-24T09:00:00Z", ended=None)
    case("parent-by-another-sha256", "both digests name a parent", bundle, errors=["artifact.digest-conflict"])
    for relation in ("merged-from", "quantized-from", "evaluated", "part-of", "https://example.org/relations/pruned-from"):
        bundle = Bundle()
        first = run(bundle, 1)
        named = parent(first, relation)
        named["record"]["sha256"] = "0" * 64
        run(bundle, 2, parents=[named], started="2026-11-24T09:00:00Z", ended=None)
        case(f"relation-is-checked-{relation.rsplit('/', 1)[-1]}", "any relation is checked as hard as any other", bundle, errors=["artifact.digest-conflict"])

    bundle = Bundle()
    run(bundle, 1, [artifact(b"b")], [artifact(b"a")])
    run(bundle, 2, [artifact(b"a")], [artifact(b"b")])
    case("circle-of-two", "no record descends from itself", bundle, ["lineage.child-before-parent"], ["lineage.cycle"])
    bundle = Bundle()
    for number in range(5):
        run(bundle, number, [artifact(b"content %d" % ((number - 1) % 5))], [artifact(b"content %d" % number)])
    case("circle-of-five", "a circle is found whatever its size", bundle, ["lineage.child-before-parent"], ["lineage.cycle"])
    case("passed-through", "what a record takes in and puts out it passed on", one(inputs=[weights], outputs=[weights]), ["lineage.unaccounted-input"])
    case("ladder", "40 rungs with 2^40 ways end as soon as 40", ladder(40))
    case("chain", "a chain of 60 records", chain(60))

    def conflicting(field):
        bundle = Bundle()
        other = {**weights, "digest": {**weights["digest"], field: "0" * 64}}
        run(bundle, 1, outputs=[weights])
        run(bundle, 2, [other], started="2026-11-24T09:00:00Z", ended=None)
        return bundle

    case("sha256-differs", "one digest agrees and another differs: somebody lies, and nothing follows", conflicting("sha256"), ["lineage.unaccounted-input"], ["artifact.digest-conflict"])
    case("blake3-differs", "one digest agrees and another differs", conflicting("blake3"), ["lineage.unaccounted-input"], ["artifact.digest-conflict"])
    bundle = Bundle()
    run(bundle, 1, outputs=[weights])
    run(bundle, 2, [{**weights, "digest": {"sha256": weights["digest"]["sha256"]}}], started="2026-11-24T09:00:00Z", ended=None)
    case("sha256-is-enough", "a Git LFS pointer proves a link", bundle)

    def times(child, role="model", relation=None):
        bundle = Bundle()
        made = artifact(b"weights", role)
        first = run(bundle, 1, outputs=[made], started="2026-11-23T09:00:00Z", ended="2026-11-23T12:00:00Z")
        parents = [parent(first, relation)] if relation else []
        run(bundle, 2, [made], parents=parents, started=child, ended=None)
        return bundle

    case("child-before-parent-ended", "a child starts when there is something to start from", times("2026-11-23T11:00:00Z"), ["lineage.child-before-parent"])
    case("child-as-parent-ended", "at the very moment", times("2026-11-23T12:00:00Z"))
    case("child-of-a-checkpoint", "a checkpoint is there before the end", times("2026-11-23T11:00:00Z", "checkpoint"))
    case("child-before-checkpoint", "and not before the start", times("2026-11-23T08:00:00Z", "checkpoint"), ["lineage.child-before-parent"])
    source = {"tool": "mlflow", "run": "1"}
    case("two-records-of-one-run", "which of them is right?", sourced(source), ["lineage.two-records"])
    case("two-runs-of-one-tool", "another run is another run", sourced(source, {"tool": "mlflow", "run": "2"}))
    case("two-tools-of-one-id", "an id belongs to its tool", sourced(source, {"tool": "wandb", "run": "1"}))
    twice = ["lineage.seen-twice"]
    sees = lambda tool, run="1", **more: {"source": {"tool": tool, "run": run}, "outputs": [weights], "on": 23, "end": 24, **more}
    case("seen-twice", "two tools recorded one run: both made its weights, at one time", family(sees("mlflow"), sees("wandb")), twice)
    case("seen-twice-without-times", "times that nobody knows contradict nothing", family(sees("mlflow"), sees("wandb", on=None, end=None)), twice)
    case("seen-twice-in-turn", "a run that began after the other had ended is another run", family(sees("mlflow"), sees("wandb", on=25, end=26)))
    case("seen-twice-and-derived", "a record is not another view of its parent", family(sees("mlflow"), sees("wandb", parents=[(0, "part-of")])))
    case("seen-twice-ambiguous", "two runs of one tool: nobody can tell which of them is meant", family(sees("mlflow"), sees("mlflow", "2"), sees("wandb")))
    elsewhere = [sees("mlflow"), sees("wandb", outputs=[weights, tuned]), sees("mlflow", "2", outputs=[tuned])]
    case("seen-twice-by-way-of-another", "two runs of one tool are never one", family(*elsewhere))
    case("seen-twice-by-an-origin", "an origin is not a run", family(sees("mlflow"), sees("huggingface", kind="origin")))
    bundle = Bundle()
    first = run(bundle, 1, source=source)
    run(bundle, 2, source=source, parents=[parent(first, "resumed-from")], started="2026-11-24T09:00:00Z", ended=None)
    case("resumed", "a run that was resumed has two records", bundle)
    bundle = Bundle()
    first, second = run(bundle, 1, source=source), run(bundle, 2, source=source)
    bundle.statement(says(first))
    bundle.statement(says(first, "supersession", successor=digests(second)))
    case("superseded", "its author named the successor", bundle, ["lineage.superseded"], at=AT)
    bundle = Bundle()
    first, second = run(bundle, 1, source=source), run(bundle, 2, source=source)
    bundle.statement(says(first))
    bundle.statement(says(first, "supersession", BEN, successor=digests(second)))
    case("superseded-by-nobody", "a stranger names no successor", bundle, ["lineage.two-records", "trust.no-right"], at=AT)
    bundle = Bundle()
    first, second = run(bundle, 1), run(bundle, 2, [weights], started="2026-11-24T09:00:00Z", ended=None)
    bundle.statement(says(second, "link", parent=digests(first), relation="fine-tuned-from", artifact=weights["digest"]))
    case("asserted", "a signed link accounts for the input that it names", bundle)
    bundle = Bundle()
    first, second = run(bundle, 1), run(bundle, 2, [weights], started="2026-11-24T09:00:00Z", ended=None)
    bundle.statement(says(second, "link", parent=digests(first), relation="fine-tuned-from"))
    case("asserted-without-artifact", "one that names no artifact accounts for none", bundle, ["lineage.unaccounted-input"])
    bundle = Bundle()
    first, second = run(bundle, 1), run(bundle, 2)
    bundle.statement(says(second, "link", parent=digests(first)))
    bundle.statement(says(first, "link", parent=digests(second)))
    case("asserted-circle", "asserted links count, so they can make a circle", bundle, ["lineage.child-before-parent"], ["lineage.cycle"])

    def licensed(base, own):
        bundle = Bundle()
        entry = lambda artifact, direction, licence: {"direction": direction, "role": "model", "digest": artifact["digest"], **({"licence": licence} if licence else {})}
        run(bundle, 1, outputs=[weights], sections=described(entry(weights, "output", base)))
        run(bundle, 2, [weights], [tuned], sections=described(entry(tuned, "output", own)), started="2026-11-24T09:00:00Z", ended=None)
        return bundle

    case("licence-conflict", "a child under MIT of a base under the GPL", licensed("gpl-3.0", "mit"), ["lineage.licence-conflict"])
    case("licence-unknown", "the base states none", licensed(None, "mit"), ["lineage.licence-unknown"])
    case("licence-agrees", "a child under the GPL of a base under MIT", licensed("MIT", "gpl-3.0"))
    tree = listing({"model.bin": b"weights", "README.md": b"card"})
    within = listing({"model.bin": b"weights"}, SIZE)
    whole = artifact(within, "checkpoint", form="tree")
    bundle = Bundle()
    run(bundle, 1, [whole], [{**weights, "passedOn": False}])
    entry = {"direction": "output", "role": "model", "digest": tuned["digest"], "licence": "mit"}
    run(bundle, 2, [whole], [tuned], sections=described(entry), started="2026-11-24T09:00:00Z", ended=None)
    bundle.embed(within)
    case("licence-unknown-in-a-ring", "the base, which states none, took in the folder that it is in", bundle, ["lineage.licence-unknown", "lineage.unaccounted-input"])
    for name, why, own, also in (
        ("licence-of-its-own-in-a-ring", "a record that takes in what it puts out descends from no licence of its own", None, []),
        ("licence-of-a-parent-in-a-ring", "what was made from it does", "mit", ["lineage.licence-conflict"]),
    ):
        bundle = Bundle()
        stated = {"direction": "output", "role": "model", "digest": weights["digest"], "licence": "cc-by-nd-4.0"}
        run(bundle, 1, [whole], [{**weights, "passedOn": False}], sections=described(stated))
        bundle.embed(within)
        if own:
            run(bundle, 2, [weights], [tuned], sections=described(entry), started="2026-11-24T09:00:00Z", ended=None)
        case(name, why, bundle, ["lineage.licence-unknown", "lineage.unaccounted-input", *also])
    bundle = Bundle()
    run(bundle, 1, outputs=[artifact(tree, form="tree")])
    bundle.embed(tree)
    run(bundle, 2, [weights], started="2026-11-24T09:00:00Z", ended=None)
    case("file-of-a-tree", "a file of a folder that was put out", bundle)
    bundle = Bundle()
    run(bundle, 1)
    run(bundle, 2, [artifact(b"somebody else's")])
    run(bundle, 3, outputs=[artifact(b"nothing to do with it")])
    case("unrelated-record", "records that share nothing change nothing", bundle, ["lineage.unaccounted-input"])
    bundle = Bundle()
    first = run(bundle, 1, outputs=[weights])
    second = run(bundle, 2, [weights], started="2026-11-24T09:00:00Z", ended=None)
    bundle.statement(says(second))
    case("unsigned-parent", "an unsigned ancestor does not hide behind a signed model", bundle, require="signed", state="intact", clause="report.md#states")


def one(**members):
    bundle = Bundle()
    run(bundle, 1, **members)
    return bundle


def sourced(*sources):
    bundle = Bundle()
    for number in range(2):
        run(bundle, number, source=sources[number % len(sources)])
    return bundle


def empty_files():
    bundle = Bundle()
    run(bundle, 1, outputs=[artifact(b"")])
    run(bundle, 2, [artifact(b"")], [artifact(b"x")])
    return bundle


def origin(weights):
    bundle = Bundle()
    bundle.record(body({}, kind="origin", started=None, ended=None, status=None, outputs=[weights]), {})
    run(bundle, 2, [weights])
    return bundle


def moment(number):
    return {"started": f"2026-11-{1 + number // 24:02}T{number % 24:02}:00:00Z", "ended": f"2026-11-{1 + number // 24:02}T{number % 24:02}:30:00Z"}


def chain(length):
    bundle = Bundle()
    for number in range(length):
        inputs = [artifact(b"content %d" % (number - 1))] if number else []
        run(bundle, number, inputs, [artifact(b"content %d" % number)], sections=None, **moment(number))
    return bundle


def ladder(rungs):
    bundle = Bundle()
    for number in range(2 * rungs):
        rung = number // 2
        inputs = [artifact(b"content %d" % (2 * rung - 2)), artifact(b"content %d" % (2 * rung - 1))] if rung else []
        run(bundle, number, inputs, [artifact(b"content %d" % number)], **moment(rung))
    return bundle
