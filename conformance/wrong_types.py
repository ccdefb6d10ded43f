"""Gives every member of a record and of each kind of statement a value of every other type: `wrong_types.py JUDGE`.

JUDGE is the program of `differential.py`. A record and one statement of each kind that has every member that the format knows; of each member, in objects and lists
of any depth, the value becomes null, a boolean, a number, a text, a list and an object, and is left out. Both verifiers have to agree on the state, on every error in its
order, and on every warning and info. Stops with exit status 1 at the first disagreement.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "reference")]

from differential import answer, reference  # noqa: E402
from generate.build import ADA, AT, BEN, CONTEXT, Bundle, artifact, body, digests, listing, name_of, payload, section, sign  # noqa: E402

GONE = object()
WRONG = (None, True, 7, 0.5, -1, "x", "", [], {}, [1], {"x": 1}, ["x"], GONE)
PARENT = digests(b"a parent")
EVALUATION = {"metric": "f1", "value": 0.5, "dataset": "mnli", "split": "test", "task": "nli", "slice": "long", "protocol": "few-shot", "step": 3}
# Members of each kind, so that each stands somewhere.
KINDS = {
    "authorship": [{"generator": {"name": "expbundle", "version": "0.1.0"}}],
    "review": [{"verdict": "approved", "role": "safety", "scope": "internal use", "reason": "evaluated"}],
    "comment": [{"text": "good"}],
    "evaluation": [{"evaluations": [EVALUATION], "notes": "none"}],
    "deployment": [{"environment": "production", "action": "deployed", "reason": "better", "artifact": digests(b"weights")}],
    "link": [{"parent": PARENT, "relation": "fine-tuned-from", "artifact": digests(b"weights"), "reason": "seen"}, {"sameSigner": BEN.line, "reason": "mine"}],
    "supersession": [{"successor": PARENT, "reason": "a bug"}],
    "revocation": [
        {"revoked": {"record": name_of(b"x")}, "since": "2026-11-23T10:00:00Z", "reason": "wrong"}, {"revoked": {"statement": name_of(b"x")}}, {"revoked": {"signer": BEN.line}},
    ],
    "seal": [{"objects": ["artifacts/" + "0" * 64]}],
    "release": [{"title": "1.0", "reason": "done"}],
}


def places(value, path=()):
    """The way to every member and item."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in items:
        yield (*path, step)
        yield from places(part, (*path, step))


def changed(value, path, wrong):
    value = copy.deepcopy(value)
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    if wrong is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = wrong
    return value


def record():
    weights, tree = artifact(b"weights"), {**artifact(listing({"a.bin": b"abcdef"})), "form": "tree"}
    return body(
        {"context.json": section(CONTEXT)}, inputs=[{**weights, "common": True}, tree], outputs=[{**artifact(b"made"), "passedOn": False}],
        parents=[{"record": PARENT, "relation": "fine-tuned-from"}], source={"tool": "mlflow", "run": "1"}, blinded=False,
    )


def bundles():
    """What was changed, and the bundle."""
    whole = record()
    for path in places(whole):
        for wrong in WRONG:
            bundle = Bundle()
            bundle.record(changed(whole, path, wrong), {"context.json": CONTEXT})
            yield ("record", path, wrong), bundle
    for kind, variants in KINDS.items():
        for members in variants:
            bundle = Bundle()
            about = bundle.record(body({"context.json": CONTEXT}), {"context.json": CONTEXT})
            value = {**payload(about, kind, prev=[name_of(b"earlier")], **members)}
            value["predicate"]["signer"]["name"] = "Ada"
            for path in places(value):
                for wrong in WRONG:
                    one = bundle.copy()
                    one.statement(sign(changed(value, path, wrong), ADA))
                    yield (kind, path, wrong), one


def main():
    process = subprocess.Popen([sys.argv[1], "--questions"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    count, codes = 0, {}
    with tempfile.TemporaryDirectory(prefix="wrong-types-") as place:
        question = {"path": str(pathlib.Path(place) / "bundle.expb"), "at": AT}
        for what, bundle in bundles():
            pathlib.Path(question["path"]).write_bytes(bundle.bytes())
            print(json.dumps(question), file=process.stdin, flush=True)
            theirs, report = reference(question), json.loads(process.stdout.readline())
            ours = answer(report["state"], report["findings"])
            if ours != theirs:
                kept = pathlib.Path("disagreement.expb").resolve()
                kept.write_bytes(bundle.bytes())
                kind, path, wrong = what
                print(f"{kept}: {kind}, {'/'.join(map(str, path))} is {'left out' if wrong is GONE else json.dumps(wrong)}\nthe toolkit says   {ours}\nthe reference says {theirs}")
                return 1
            count += 1
            for code in theirs[1]:
                codes[code] = codes.get(code, 0) + 1
    process.stdin.close()
    process.wait()
    print(f"{count} bundles, {dict(sorted(codes.items()))}: both verifiers agree on every state and finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
