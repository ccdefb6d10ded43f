"""The list of cases, and how one is written down."""

import json
import pathlib
import shutil

from . import build

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
STATES = ["refused", "malformed", "intact", "signed", "trusted"]
# What is beyond the limits of a reader gives no answer.
NO_ANSWER = {"container.limit", "json.limit", "container.not-a-bundle", "directory.no-bundle"}
# What each tier of implementations promises (README.md).
CORE, FULL, SHA256, WRITER = "core", "full", "sha256", "writer"


class Suite:
    def __init__(self):
        self.cases = []
        self.layer = self.clause = None

    def in_layer(self, layer, clause):
        self.layer, self.clause = layer, clause

    def case(self, name, why, data, errors=(), also=(), state=None, tiers=(CORE, FULL, SHA256), clause=None, files=None, **question):
        """One case. `data` is a bundle or its bytes, a folder as a mapping from path to bytes, or a function that writes to a path. `errors` stand in the order in
        which a verifier has to report them."""
        if isinstance(data, (build.Bundle, build.Container)):
            data = data.bytes()
        # What is dated after the moment is reported, so that no case may hang on the clock of
        # whoever runs it.
        held = data.values() if isinstance(data, dict) else [data]
        if any(isinstance(one, bytes) and b"statements/" in one for one in held):
            question.setdefault("at", build.AT)
        # Where no errors are named, any will do.
        any_errors = errors is None
        first = {"first": errors[0]} if len(set(errors or ())) > 1 else {}
        errors, also = sorted(set(errors or ())), sorted(set(also))
        state = state or ("intact" if not errors and not any_errors else "refused" if errors and set(errors) <= NO_ANSWER else "malformed")
        required = question.get("require") or ("trusted" if "signers" in question else "intact")
        holds = STATES.index(state) >= STATES.index(required)
        status = {"refused": 2, "malformed": 1}.get(state, 0 if holds else 3)
        if state not in ("refused", "malformed") and not holds:
            also = sorted({*also, "policy.state"})
        # Without BLAKE3 nobody can tell what these say.
        needs_blake3 = {"digest.record", "digest.statement", "digest.artifact", "digest.divergent"} & set(errors) or question.get("digests") == "all"
        tiers = [tier for tier in tiers if tier != SHA256 or not needs_blake3]
        if tiers != [FULL] and "signers" in question:
            raise SystemExit(f"{self.layer}/{name}: the core tier knows no signers files")
        expect = {"state": state, **({} if any_errors else {"errors": errors, **first}), "also": also, "exit": status}
        self.cases.append((self.layer, name, why, clause or self.clause, data, list(tiers), expect, question, files or {}))

    def valid(self, name, why, data, **more):
        self.case(name, why, data, **more)

    def refused(self, name, why, data, *errors, **more):
        self.case(name, why, data, errors=errors, **more)

    def usage(self, name, why, data, **more):
        """A question that has no answer: exit status 2."""
        self.case(name, why, data, state="intact", tiers=[FULL], **more)
        layer, name, why, clause, data, tiers, expect, question, files = self.cases[-1]
        self.cases[-1] = (layer, name, why, clause, data, tiers, {"state": None, "errors": [], "also": [], "exit": 2}, question, files)

    def written(self, name, why, data, bundle, tiers, left_out=False):
        """A case for writers: an archive, and the bundle that has to come of it; exit status 1 if it is not all that the archive had."""
        expect = {"state": "intact", "errors": [], "also": [], "exit": 1 if left_out else 0}
        self.cases.append((self.layer, name, why, self.clause, data, tiers, expect, {"output": bundle.bytes()}, {}))

    def write(self, root):
        """Writes all cases into a folder, which is emptied before."""
        shutil.rmtree(root, ignore_errors=True)
        seen = set()
        for layer, name, why, clause, data, tiers, expect, question, files in self.cases:
            if (layer, name) in seen:
                raise SystemExit(f"{layer}/{name} is there twice")
            seen.add((layer, name))
            folder = root / layer
            folder.mkdir(parents=True, exist_ok=True)
            if callable(data):
                path = name if question.get("form") == "folder" else f"{name}.expb"
                data(folder / path)
            elif isinstance(data, dict):
                # The folder that is verified may lie in the one that is written.
                path = f"{name}/{question['inside']}" if "inside" in question else name
                for file, content in data.items():
                    target = folder / name / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if isinstance(content, str):
                        target.symlink_to(content)
                    else:
                        target.write_bytes(content)
            else:
                path = f"{name}.zip" if "output" in question else f"{name}.expb"
                (folder / path).write_bytes(data)
            asked = {}
            for member, value in question.items():
                if member in ("form", "inside"):
                    continue
                if member == "output":
                    (folder / f"{name}.expb").write_bytes(value)
                    value = f"{name}.expb"
                if member == "signers":
                    (folder / f"{name}.signers").write_bytes(value if isinstance(value, bytes) else value.encode())
                    value = f"{name}.signers"
                asked[member] = value
            manifest = {"why": why, "clause": f"spec/{clause}", "tiers": tiers, "input": path, **asked, "expect": expect}
            (folder / f"{name}.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", newline="\n")
