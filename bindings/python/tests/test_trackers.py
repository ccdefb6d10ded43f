"""What the author of another tracker runs into: nothing that a run was told is lost in silence."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

import expbundle
import pytest


def run() -> expbundle.Run:
    return expbundle.Run("a run", clock=False)


def test_a_section_is_added_to_what_was_told() -> None:
    told = run()
    told.params({"lr": 0.1})
    told.tags("v")
    told.note("n")
    told.section("recipe.json", {"code": {"commit": "abc"}, "parameters": {"steps": 3}})
    # The title need not be told twice.
    told.section("context.json", {"labels": {"team": "x"}, "tags": ["w"], "notes": "m"})
    record = told.finish().record()
    assert record.title == "a run"
    assert record.params == {"lr": 0.1, "steps": 3}
    assert record.tags == ["v", "w"]
    assert record.notes == "n\n\nm"
    assert record.section("context.json")["labels"] == {"team": "x"}
    assert record.section("recipe.json")["code"] == {"commit": "abc"}


def test_a_wrong_section_names_the_member_and_changes_nothing() -> None:
    told = run()
    told.labels({"team": "x"})
    with pytest.raises(expbundle.ExpbundleError, match="/labels/team"):
        told.section("context.json", {"labels": {"team": 3}})
    with pytest.raises(expbundle.UsageError, match="labls"):
        told.section("context.json", {"labls": {"a": "b"}, "tags": ["a"]})
    assert told.finish().record().tags == []


def test_what_a_run_was_about_has_calls_of_its_own() -> None:
    told = run()
    told.labels({"area": "search"})
    told.labels({"stage": "dev"})
    told.group("ranking", kind="project", id="7")
    told.group("sweep 3")
    told.link("https://example.org/issues/1", "why")
    told.code(commit="abc", repository="https://example.org/code.git")
    told.code(branch="main", arguments=["--lr", "0.1"])
    told.environment(python="3.12", packages={"torch": "2.9", "own": None}, versions={"cuda": "13"})
    told.hardware(cpu_cores=64, accelerators={"NVIDIA H200": 8})
    record = told.finish().record()
    context, recipe = record.section("context.json"), record.section("recipe.json")
    assert context["labels"] == {"stage": "dev", "area": "search"}
    assert context["groups"] == [
        {"kind": "project", "name": "ranking", "id": "7"},
        {"kind": "group", "name": "sweep 3"},
    ]
    assert context["links"] == [{"url": "https://example.org/issues/1", "title": "why"}]
    assert recipe["code"] == {
        "commit": "abc",
        "repository": "https://example.org/code.git",
        "branch": "main",
        "arguments": ["--lr", "0.1"],
    }
    assert recipe["environment"]["packages"] == [{"name": "own"}, {"name": "torch", "version": "2.9"}]
    assert recipe["hardware"]["accelerators"] == [{"model": "NVIDIA H200", "count": 8}]


def test_what_nobody_trusted_signed_is_not_handed_out(key: expbundle.Key) -> None:
    mine = run().finish().sign(key)
    evil = expbundle.Run("evil", clock=False)
    evil.derive_from(mine, "fine-tuned-from")
    both = expbundle.merge([mine, evil.finish()])
    report = expbundle.verify(both, trust=key.public_key)
    report.raise_for_state()
    assert [record.title for record in report.records] == ["a run"]
    assert report.bundle.record().title == "a run"
    assert [record.title for record in report.bundle.records] == ["a run"]
    (evil_one,) = [record for record in both.records if record.title == "evil"]
    with pytest.raises(expbundle.ExpbundleError, match="set apart"):
        report.bundle.record(evil_one.id)
    # Nothing is lost, and without signers nothing is set apart.
    assert report.bundle.to_bytes() == both.to_bytes()
    assert both.verify().bundle.record().title == "evil"
    strangers = expbundle.verify(both, trust=expbundle.Key.generate().public_key)
    assert strangers.records == []
    with pytest.raises(expbundle.ExpbundleError, match="no record of this bundle counts"):
        strangers.bundle.record()


def test_files_that_are_elsewhere(tmp_path: Path) -> None:
    weights = tmp_path / "base.safetensors"
    weights.write_bytes(b"weights of the base")
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    base = expbundle.Run("base", clock=False)
    base.output("model", weights)
    tuned = expbundle.Run("tuned", clock=False)
    tuned.input("model", name="base.safetensors", size=19, sha256=sha256.upper(), uri="s3://models/base")
    tuned.output("model", size=5, blake3="ab" * 32)
    for wrong in ({"size": 19}, {"sha256": sha256}, {"size": 19, "sha256": "abc"}, {"size": 18, "sha256": sha256}):
        with pytest.raises(expbundle.UsageError):
            tuned.input("model", **wrong)
    with pytest.raises(expbundle.UsageError, match="hashed"):
        tuned.input("model", weights, size=19)
    record = tuned.finish().record()
    (told,) = record.inputs
    assert (told["name"], told["uris"], told["size"]) == ("base.safetensors", ["s3://models/base"], 19)
    family = expbundle.merge([base.finish(), tuned.bundle])  # type: ignore[list-item]
    assert "proven" in expbundle.lineage(family).text


def test_described_inputs_are_inputs_of_the_record() -> None:
    told = run()
    one = {"direction": "input", "role": "model", "name": "base", "size": 3, "digest": {"sha256": "ab" * 32}}
    told.section("artifacts.json", {"artifacts": [one]})
    (listed,) = told.finish().record().inputs
    assert (listed["digest"], listed["name"]) == ({"sha256": "ab" * 32}, "base")


def test_places_are_looked_at_before_the_work(tmp_path: Path) -> None:
    for place in ("save", "journal"):
        with pytest.raises(FileNotFoundError, match="results") as raised:
            expbundle.Run("long", clock=False, **{place: tmp_path / "results" / "run"})  # type: ignore[arg-type]
        assert isinstance(raised.value, expbundle.ExpbundleError) and raised.value.filename
    with pytest.raises(FileNotFoundError):
        run().finish().save(tmp_path / "results" / "run.expb")
    with pytest.raises(FileNotFoundError):
        expbundle.source(tmp_path / "nofile.csv", "csv")
    taken = tmp_path / "run.expb"
    run().finish().save(taken)
    with pytest.raises(expbundle.UsageError, match="overwrite=True"):
        expbundle.Run("other", clock=False, save=taken)
    with expbundle.Run("other", clock=False, save=taken, overwrite=True):
        pass
    assert expbundle.open(taken).record().title == "other"


def test_false_alarms_have_a_call(tmp_path: Path) -> None:
    told = run()
    with pytest.raises(expbundle.ExpbundleError, match=r"run\.allow_secrets\(NAME\)"):
        told.params({"password": "hunter2"})
    told.allow_secrets(["password"], "token")
    told.params({"password": "hunter2"})
    assert told.finish().record().params == {"password": "hunter2"}


def test_columns_of_a_table(tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("trial,lr,acc\na,0.1,0.9\nb,0.2,0.8\n")
    (found,) = expbundle.source(table, run_column="trial").convert("a").findings
    assert "param_column" in found.message and "`--" not in found.message
    source = expbundle.source(table, run_column="trial", param_column="lr")
    record = source.convert("a").bundle.record()
    assert (record.params, record.metrics) == ({"lr": 0.1}, {"acc": 0.9})


def test_a_key_is_kept(tmp_path: Path) -> None:
    key = expbundle.Key.generate()
    path = key.save(tmp_path / "key", passphrase="a phrase")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "key.pub").read_text().startswith(key.public_key)
    assert expbundle.Key.open(path, "a phrase").public_key == key.public_key
    with pytest.raises(expbundle.ExpbundleError, match="never overwritten"):
        key.save(path)


def test_values_that_are_nearly_right() -> None:
    class Array:
        """As NumPy's of one value: `float` takes it no more."""

        def item(self) -> float:
            return 2.5

    told = run()
    told.log({"one": Array()})
    with pytest.raises(ValueError, match="too many digits"):
        told.log({"big": 10**400})
    with pytest.raises(expbundle.UsageError, match="time zone"):
        told.end(ended=datetime.datetime(2026, 11, 29))  # noqa: DTZ001
    with pytest.raises(ValueError, match="`done` is not a status: scheduled, running, finished"):
        told.end("done")  # type: ignore[arg-type]
    with pytest.raises(expbundle.UsageError, match="several lines"):
        expbundle.Run("a\nb")
    record = told.finish().record()
    assert record.metrics == {"one": 2.5}
