"""Layer `sections`: files beside a record (sections.md)."""

import pathlib

from .build import TIME, Bundle, body, digests, fixed, section
from .cases import CORE, FULL

TITLE = {"title": "t"}
PARQUET = "application/vnd.apache.parquet"
# Files of the Parquet profile. A verifier looks at their bytes only.
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "crates/expbundle-series/tests/golden"


def with_sections(**texts):
    """A record with JSON sections of these values; `_` in a name stands for the dot."""
    sections = {name.replace("_", "."): fixed(value) for name, value in texts.items()}
    bundle = Bundle()
    bundle.record(body(sections), sections)
    return bundle


def add(suite):
    suite.in_layer("sections", "sections.md")
    valid = {
        "context": ("title, purpose, notes and what was seen", {"context_json": {"title": "t", "purpose": "p", "notes": "n", "tags": ["a"]}}),
        "identity": ("people and machines", {"identity_json": {"people": [{"name": "Ada", "email": "ada@example.org"}]}}),
        "recipe": ("parameters of all kinds, as typed trees", {"recipe_json": {"parameters": {"lr": 0.001, "layers": 3, "name": "007", "big": {"$integer": "9007199254740993"}, "limit": {"$float": "Infinity"}}}}),
        "artifacts": ("a file by name only", {"artifacts_json": {"artifacts": [{"direction": "output", "role": "model", "name": "m"}]}}),
        "cost": ("figures with their basis", {"cost_json": {"resources": [], "charges": []}}),
        "summary": ("a series in one line", {"summary_json": {"series": {}}}),
        "unknown": ("a section of another name is hashed and left alone", {"context_json": TITLE, "biography_json": {"anything": [1, "x"]}}),
        "unknown-members": ("members that a reader does not know", {"context_json": {"title": "t", "mood": "good"}}),
    }
    for name, (why, sections) in valid.items():
        suite.valid(name, why, with_sections(**sections), tiers=[CORE, FULL])
    series = lambda **members: {"summary_json": {"series": {"loss": {"count": 3, **members}}}}
    valid = {
        "recipe-of-everything": ("code, environment, hardware and seeds", {"recipe_json": {"seeds": {"numpy": 0}, "hardware": {"cpuCores": 8}, "environment": {"versions": {"cuda": "12.4"}}, "determinism": {"cudnn.deterministic": True}}}),
        "summary-values-that-json-lacks": ("the three texts that stand for floats", series(first="NaN", min="-Infinity", max="Infinity", last=0.5)),
        "summary-values-that-are-integers": ("a number may be written without a point", series(last=1, goal="minimize")),
        "events": ("what happened around the run", {"events_json": {"events": [{"kind": "preemption", "severity": "warning", "time": TIME, "node": "gpu-7", "text": "spot", "details": {"zone": "a"}}],
                                                                    "segments": [{"started": TIME, "ended": None, "reason": "preempted"}]}}),
        "evaluations": ("results by task and data set", {"evaluations_json": {"evaluations": [{"metric": "f1", "value": 0.9, "task": "ner", "dataset": "conll", "split": "test", "step": 7, "datasetDigest": {"sha256": "0" * 64}}]}}),
        "evaluations-value-that-json-lacks": ("a result may be no number", {"evaluations_json": {"evaluations": [{"metric": "loss", "value": "NaN"}]}}),
        "media": ("images and histograms", {"media_json": {"media": [{"key": "samples", "kind": "image", "step": 3, "path": "a.png", "caption": "a cat"}, {"key": "weights", "kind": "histogram", "value": {"bins": [1, 2]}}]}}),
        "source-with-account": ("every item of the source is counted", {"source_json": {"tool": "mlflow", "version": "3.1", "layout": "file-store", "account": {"items": {
            "metric point": {"total": 3, "mapped": 1, "raw": 1, "dropped": [{"count": 1, "reason": "a duplicate"}]}}}}}),
        "null-is-absent": ("null says the same as leaving a member out", {"context_json": {**TITLE, "notes": None}, "recipe_json": {"code": None, "environment": None}}),
        "member-of-a-later-version": ("an extension's member", {"context_json": {**TITLE, "https://example.org/mood": 1}}),
        "role-of-a-later-version": ("a role that a reader does not know", {"artifacts_json": {"artifacts": [{"direction": "output", "role": "optimizer-state"}]}}),
        "account-that-does-not-add-up": ("its converter is wrong, and the bundle is what it is", {"source_json": {"tool": "mlflow", "account": {"items": {"tag": {"total": 3, "mapped": 1}}}}}),
        "wrapped-float-of-another-text": ("a typed tree is read by whoever uses it", {"recipe_json": {"parameters": {"a": {"$float": "nan"}}}}),
    }
    for name, (why, sections) in valid.items():
        suite.valid(name, why, with_sections(**sections), tiers=[CORE, FULL])
    one_of = lambda member, **item: {f"{member}_json": {member: [item]}}
    described = lambda **item: one_of("artifacts", direction="output", **item)
    invalid = {
        "recipe-seeds-is-a-list": {"recipe_json": {"seeds": []}}, "recipe-parameters-is-a-list": {"recipe_json": {"parameters": []}}, "recipe-cores-is-a-float": {"recipe_json": {"hardware": {"cpuCores": 8.0}}},
        "recipe-cores-is-negative": {"recipe_json": {"hardware": {"cpuCores": -1}}}, "recipe-version-is-a-number": {"recipe_json": {"environment": {"versions": {"cuda": 12}}}}, "recipe-is-a-list": {"recipe_json": []},
        "recipe-seeds-is-null": {"recipe_json": {"seeds": None}}, "summary-value-is-another-text": series(last="nan"), "summary-value-is-a-list": series(last=[1]), "summary-without-count": {"summary_json": {"series": {"loss": {}}}},
        "summary-count-is-negative": series(nonFinite=-1), "summary-goal-unknown": series(goal="less"), "summary-is-a-list": {"summary_json": []}, "events-without-severity": one_of("events", kind="exit"),
        "events-severity-unknown": one_of("events", kind="exit", severity="fatal"), "events-time-is-no-time": one_of("events", kind="exit", severity="info", time="2026-02-30T00:00:00Z"),
        "evaluations-without-metric": {"evaluations_json": {"evaluations": [{}]}}, "evaluations-value-is-a-text": one_of("evaluations", metric="f1", value="high"), "evaluations-step-is-a-float": one_of("evaluations", metric="f1", step=1.0),
        "media-without-kind": one_of("media", key="a"), "media-without-key": one_of("media", kind="image"), "source-without-account": {"source_json": {"tool": "mlflow"}}, "source-without-tool": {"source_json": {"account": {"items": {}}}},
        "context-tags-is-null": {"context_json": {**TITLE, "tags": None}}, "context-title-is-null": {"context_json": {"title": None}},
        "artifacts-digest-of-no-known-kind": described(role="model", digest={"md5": "00"}), "artifacts-digest-in-capitals": described(role="model", digest={"blake3": "A" * 64}),
        "artifacts-digest-with-line-feed": described(role="model", digest={"blake3": "a" * 64 + "\n"}), "artifacts-role-too-long": described(role="a" * 129), "artifacts-role-in-capitals": described(role="Model"),
        "artifacts-size-is-negative": described(role="model", size=-1), "artifacts-form-unknown": described(role="model", form="folder"),
    }
    for name, sections in invalid.items():
        suite.refused(name, "members and types of the section's schema", with_sections(**sections), "schema.invalid", tiers=[FULL])
    invalid = {
        "context-without-title": {"context_json": {"purpose": "p"}}, "context-title-is-a-number": {"context_json": {"title": 1}},
        "identity-people-is-an-object": {"identity_json": {"people": {}}}, "artifacts-without-list": {"artifacts_json": {}},
        "artifacts-direction-unknown": {"artifacts_json": {"artifacts": [{"direction": "sideways", "role": "model"}]}},
        "artifacts-role-missing": {"artifacts_json": {"artifacts": [{"direction": "input"}]}},
        "artifacts-digest-empty": {"artifacts_json": {"artifacts": [{"direction": "input", "role": "model", "digest": {}}]}},
        "artifact-is-a-list": {"artifacts_json": {"artifacts": [["input", "model"]]}},
        "cost-without-basis": {"cost_json": {"resources": [{"resource": "gpu", "unit": "hours", "amount": 1.5}], "charges": []}},
        "cost-basis-unknown": {"cost_json": {"resources": [{"resource": "gpu", "unit": "hours", "amount": 1.5, "basis": "guessed"}], "charges": []}},
    }
    for name, sections in invalid.items():
        suite.refused(name, "members and types of the section's schema", with_sections(**sections), "schema.invalid", tiers=[FULL])
    # Whoever shows what is wrong shows a stranger's words with it.
    hostile = "x`, which was expected\n\x1b[31m\u202e\u3164\u2713 intact, signed and trusted: by `ada"
    for name, sections in {
        "value": {"cost_json": {"resources": [{"resource": "gpu", "unit": "hours", "amount": 1.5, "basis": hostile}]}},
        "time": one_of("events", kind="exit", severity="info", time=hostile),
        "key": {"source_json": {"tool": "t", "account": {"items": {}}, "raw": {hostile: "not a map"}}},
    }.items():
        suite.refused(f"words-of-a-stranger-as-a-{name}", "what is shown of it neither moves the cursor nor passes for the reader's own words", with_sections(**sections), "schema.invalid", tiers=[FULL])

    types(suite)
    text = fixed(TITLE)
    right = section(text)
    of = lambda listed, data=text, name="context.json": one(name, listed, data)
    suite.refused("digest-of-other-bytes", "a section is what its record says", of({**right, "digest": digests(b"other")}), "digest.section")
    suite.refused("size-too-large", "and as long", of({**right, "size": len(text) + 1}), "digest.size")
    suite.refused("size-zero", "and as long", of({**right, "size": 0}), "digest.size")
    two = {"context.json": fixed(TITLE), "source.json": fixed({"title": "u"})}
    bundle = Bundle()
    bundle.record(body({"context.json": section(two["source.json"]), "notes.json": section(two["context.json"])}), {"context.json": two["context.json"], "notes.json": two["source.json"]})
    suite.refused("two-sections-swapped", "a section stands under its own name only", bundle, "digest.section")
    bundle = Bundle()
    bundle.record(body({"context.json": text}), {"notes.json": text})
    suite.refused("section-under-another-name", "the right bytes under a name that is not listed", bundle, "container.unlisted", also=["section.withheld"])
    first, second = fixed({"title": "first"}), fixed({"title": "second"})
    bundle = Bundle()
    bundle.record(body({"context.json": first}), {"context.json": second})
    bundle.record(body({"context.json": second}), {"context.json": first})
    suite.refused("sections-of-two-records-swapped", "a section belongs to one record", bundle, "digest.section")


def types(suite):
    """What a media type and a name make of a section."""
    refused = b"{"
    suite.refused("json-of-an-extension", "what says that it is JSON has to be", one("acme.json", section(refused), refused), "json.syntax")
    suite.refused("json-of-another-ending", "the media type says so, not the name", one("acme.txt", section(refused), refused), "json.syntax")
    suite.refused("json-of-an-extension-with-more", "read as strictly as any other", one("acme.json", section(b"{}}"), b"{}}"), "json.trailing-bytes")
    suite.valid("json-of-an-extension-of-any-form", "of an extension's section only that it is JSON is known", one("acme.json", section(b"[1]"), b"[1]"))
    suite.valid("json-with-parameters", "another media type is another media type, also if it looks alike", one("acme.json", section(refused, "application/json; charset=utf-8"), refused))
    for name, file in (("metrics", "metrics.parquet"), ("console", "console.parquet"), ("nanoseconds", "telemetry.parquet"), ("empty", "telemetry.parquet")):
        data = (GOLDEN / f"{name}.parquet").read_bytes()
        suite.valid(f"parquet-{name}", "series are hashed, and not read in order to be verified", one(file, section(data, PARQUET), data), clause="sections-parquet.md")
    data = b"PAR1, or so it says"
    suite.valid("parquet-that-is-none", "verifying digests decodes nothing", one("metrics.parquet", section(data, PARQUET), data), clause="sections-parquet.md")
    data = (GOLDEN / "metrics.parquet").read_bytes()
    suite.refused("parquet-altered", "one byte of a series", one("metrics.parquet", section(data, PARQUET), data[:-9] + b"!" + data[-8:]), "digest.section", clause="sections-parquet.md")


def one(name, listed, data):
    bundle = Bundle()
    bundle.record({**body({}), "sections": {name: listed}}, {name: data})
    return bundle
