"""Recording runs, and saying something about them."""

from __future__ import annotations

import datetime
import math
import shutil
import subprocess
import sys
import tempfile
import warnings
from decimal import Decimal
from pathlib import Path

import expbundle
import pytest


def test_the_same_content_gives_the_same_bytes() -> None:
    def made() -> bytes:
        run = expbundle.Run("a run", clock=False)
        run.log({"loss": 0.5}, step=1)
        return run.finish().to_bytes()

    assert made() == made()


def test_a_run_with_a_clock_has_times() -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    run = expbundle.Run("a run")
    run.log({"loss": 0.5})
    record = run.finish().record()
    assert record.started and record.ended
    assert before - datetime.timedelta(seconds=1) <= record.started <= record.ended
    series = record.series()
    assert series is not None
    ((step, time, value, text),) = series.points("loss")
    assert (step, value, text) == (None, 0.5, None)
    assert time and abs(time - record.started.timestamp()) < 60


def test_moments_are_text_or_aware() -> None:
    moment = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    run = expbundle.Run("a run", started=moment, clock=False)
    record = run.finish(ended="2026-11-29T12:00:00Z").record()
    assert record.started == moment
    assert record.ended == moment + datetime.timedelta(hours=1)
    with pytest.raises((TypeError, ValueError)):
        expbundle.Run("a run", started=datetime.datetime(2026, 11, 29))  # noqa: DTZ001
    with pytest.raises(expbundle.UsageError):
        expbundle.Run("a run", started="yesterday")


def test_metrics_of_any_shape() -> None:
    class Scalar:
        """As NumPy's and PyTorch's."""

        def __float__(self) -> float:
            return 2.5

    run = expbundle.Run("a run", clock=False)
    run.log({"a": 1, "b": True, "c": math.nan, "d": "text", "e": {"f": {"g": 3.0}}, "h": Scalar()}, step=7)
    record = run.finish().record()
    metrics = record.metrics
    assert metrics["a"] == 1.0 and metrics["b"] == 1.0 and metrics["d"] is None
    assert metrics["e/f/g"] == 3.0 and metrics["h"] == 2.5
    series = record.series()
    assert series is not None
    assert math.isnan(series.points("c")[0][2] or 0)
    assert series.points("d") == [(7, None, None, "text")]
    run = expbundle.Run("a run")
    with pytest.raises(TypeError, match='"loss".*list'):
        run.log({"loss": [1]})
    with pytest.raises(TypeError):
        run.log([1])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        run.log({1: 2})  # type: ignore[dict-item]
    circle: dict[str, object] = {}
    circle["again"] = circle
    with pytest.raises(ValueError, match="nested too deep"):
        run.log(circle)
    with pytest.raises(TypeError, match="nested"):
        run.params(circle)
    # Its text would be another one in each run.
    with pytest.raises(TypeError, match='"model" is of the class object'):
        run.params({"model": object()})


class Array:
    """As NumPy's and PyTorch's."""

    def __init__(self, values: object) -> None:
        self.values = values

    def tolist(self) -> object:
        return self.values

    def item(self) -> object:
        if isinstance(self.values, list):
            raise ValueError("more than one value")
        return self.values


def test_params_are_what_they_were() -> None:
    told = {
        "array": Array([[0, 1], [2, 3]]),
        "scalar": Array(0.5),
        "nested": {"seed": Array(2**64)},
        "large": -(2**80),
        "safe": 2**53,
        "nan": math.nan,
        "limit": -math.inf,
        "own": {"$float": "NaN"},
        "twice": {"$$x": 1},
        "path": Path("a/b"),
    }
    run = expbundle.Run("a run", clock=False)
    run.params(told)
    params = run.finish().record().params
    assert math.isnan(params.pop("nan"))
    assert params == {
        **{name: value for name, value in told.items() if name not in ("nan", "array", "scalar", "nested")},
        "array": [[0, 1], [2, 3]],
        "scalar": 0.5,
        "nested": {"seed": 2**64},
        "path": "a/b",
    }
    with pytest.raises(expbundle.UsageError, match='"table" has 1048577 values') as raised:
        expbundle.Run("a run").params({"table": Array([0] * 2**20)})
    assert raised.value.help and "run.input" in raised.value.help


def test_a_metric_is_numbers_or_texts() -> None:
    run = expbundle.Run("a run", clock=False)
    run.log({"loss": 0.5, "phase": "warm-up"}, step=1)
    with pytest.raises(expbundle.UsageError, match='"loss" has numbers, and "0.4" is a text') as raised:
        run.log({"loss": "0.4"}, step=2)
    assert raised.value.place == "step 2" and "float(…)" in (raised.value.help or "")
    with pytest.raises(expbundle.UsageError, match='"phase" has texts'):
        run.log({"phase": 3})
    with pytest.warns(UserWarning, match='"rate" is the text "1e-4"'):
        run.log({"rate": "1e-4"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.log({"rate": "1e-5", "phase": "main"})
        run.observe({"loss": "of packets"})
    series = run.finish().record().series()
    assert series is not None
    assert {text for *_, text in series.points("phase")} == {"warm-up", "main"}
    assert len(series.points("loss")) == 1


def test_saying_a_thing_twice_says_it_once(bundle: expbundle.Bundle, key: expbundle.Key, tmp_path: Path) -> None:
    other = expbundle.Run("better", clock=False).finish().record()

    def say(about: expbundle.Bundle) -> expbundle.Bundle:
        return (
            about.sign(key)
            .note("overlaps", key)
            .evaluate({"accuracy": 0.9}, key, dataset="a/b", split="test")
            .evaluate({"accuracy": 0.8}, key, dataset="c/d", split="test")
            .review("approved", key)
            .deploy("production", key)
            .supersede(other, key)
        )

    said = say(bundle)
    again = say(said)
    assert again == said and len(said.statements) == 7
    # What another one took the place of since, another key says, or was revoked, is said anew.
    corrected = said.evaluate({"accuracy": 0.91}, key, dataset="a/b", split="test")
    assert len(corrected.evaluate({"accuracy": 0.9}, key, dataset="a/b", split="test").statements) == 9
    assert len(said.deploy("production", key, retired=True).deploy("production", key).statements) == 9
    assert len(said.note("overlaps", expbundle.Key.generate()).statements) == 8
    assert len(said.note("overlaps", key, name="Ada").statements) == 8
    (note,) = [one["id"] for one in said.statements if one["kind"] == "comment"]
    assert len(said.revoke(key, statement=note).note("overlaps", key).statements) == 9


def test_everything_a_run_can_be_told(weights: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("1,2\n")
    run = expbundle.Run("a run", tool="mytracker", run="42", clock=False)
    run.params({"x": None, "path": Path("a/b"), "nested": {"y": [1, "z", True]}})
    run.tags("digits", "small")
    run.note("first")
    run.note("second")
    run.observe({"gpu0/power": 310.0}, step=0)
    run.event("checkpoint", "step 100", details={"step": 100})
    run.cost("gpu", 3.5, "h", model="H200")
    run.charge("12.40", "EUR", basis="billed")
    run.evaluation("accuracy", 0.91, task="digits", split="test")
    run.input("dataset", data)
    run.output("model", weights)
    record = run.finish("failed").record()
    assert record.source == {"tool": "mytracker", "run": "42"}
    assert record.status == "failed"
    assert record.tags == ["digits", "small"]
    assert record.notes == "first\n\nsecond"
    assert record.params["nested"] == {"y": [1, "z", True]}
    telemetry = record.series("telemetry")
    assert telemetry is not None and telemetry.keys == ["gpu0/power"]
    assert record.section("events.json")["events"][0]["kind"] == "checkpoint"
    assert record.section("cost.json")["charges"][0]["amount"] == "12.40"
    assert record.section("evaluations.json")["evaluations"][0]["value"] == 0.91
    assert [one["role"] for one in record.inputs] == ["dataset"]


def test_what_goes_wrong_leaves_the_run_as_it_was(weights: Path, tmp_path: Path) -> None:
    run = expbundle.Run("a run", clock=False)
    run.params({"rate": 0.1})
    with pytest.raises(FileNotFoundError):
        run.output("model", tmp_path / "nothing")
    with pytest.raises(expbundle.UsageError, match="role"):
        run.output("modle", weights)
    with pytest.raises(expbundle.UsageError):
        run.finish("fine")
    record = run.finish().record()
    assert record.title == "a run" and record.params == {"rate": 0.1} and record.outputs == []
    for call in (lambda: run.log({"a": 1}), lambda: run.finish(), lambda: run.tags("x")):
        with pytest.raises(expbundle.UsageError, match="finished"):
            call()


def test_no_secret_enters_a_bundle() -> None:
    run = expbundle.Run("a run", clock=False)
    token = "hf_" + "a1B2c3D4e5" * 4
    for call in (
        lambda: run.params({"password": "hunter2"}),
        lambda: run.tags(token),
        lambda: run.note(token),
        lambda: run.event("alert", token),
        lambda: run.section("own.json", {"token": token}),
        lambda: run.artifact("notes.txt", token.encode()),
    ):
        with pytest.raises(expbundle.ExpbundleError, match="secret") as caught:
            call()
        assert caught.value.code == "source.secret" and token not in str(caught.value)
    # What only the end finds does not end the run.
    run.log({"note": token})
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        run.finish()
    run.allow_secrets("metrics.parquet")
    assert run.finish().verify().state == "intact"


def test_a_finish_that_fails_leaves_the_run_open() -> None:
    run = expbundle.Run("a run", started="2026-11-23T09:00:00Z")
    with pytest.raises(expbundle.UsageError, match="ended before it started"):
        run.finish("failed", ended="2026-11-22T09:00:00Z")
    run.log({"loss": 0.5}, step=0)
    # Nor does it leave the end that it was given.
    record = run.finish().record()
    assert record.status == "finished" and record.ended is not None and record.ended.year >= 2026
    assert record.metrics == {"loss": 0.5}
    for title in ("", "  "):
        with pytest.raises(expbundle.UsageError, match="title"):
            expbundle.Run(title)


def test_a_block_finishes_and_saves_the_run(tmp_path: Path) -> None:
    with expbundle.Run("fit", save=tmp_path / "fit.expb") as run:
        run.log({"loss": 0.5}, step=0)
        assert run.bundle is None
    assert run.finished and expbundle.open(tmp_path / "fit.expb") == run.bundle
    with pytest.raises(ZeroDivisionError), expbundle.Run("fit", save=tmp_path / "failed.expb") as run:
        run.log({"loss": 1 / 0}, step=0)
    record = expbundle.open(tmp_path / "failed.expb").record()
    assert record.status == "failed"
    assert record.section("events.json")["events"][0]["text"] == "ZeroDivisionError"
    with pytest.raises(KeyboardInterrupt), expbundle.Run("fit", clock=False) as run:
        raise KeyboardInterrupt
    assert run.bundle is not None and run.bundle.record().status == "killed"
    # One that cannot be finished says so beside the exception, and does not take its place.
    with pytest.warns(UserWarning, match="secret"), pytest.raises(ZeroDivisionError):
        with expbundle.Run("fit", clock=False) as run:
            run.log({"note": "hf_" + "a1B2c3D4e5" * 4})
            raise ZeroDivisionError
    run.allow_secrets("metrics.parquet")
    assert run.finish().record().status == "failed"
    with pytest.raises(expbundle.ExpbundleError, match="exists"):
        expbundle.Run("fit", save=tmp_path / "fit.expb")


def test_a_run_that_is_never_finished_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(ResourceWarning, match='"fit" was never finished: what it was told is lost'):
        expbundle.Run("fit")
    with pytest.warns(ResourceWarning, match="its journal has what it was told"):
        expbundle.Run("fit", journal=tmp_path / "run.expj")


def test_small_files_travel_inside(tmp_path: Path) -> None:
    plot = tmp_path / "loss.svg"
    plot.write_text("<svg/>")
    run = expbundle.Run("a run", clock=False)
    run.artifact("plots/loss.svg", plot)
    run.artifact("plots/table.csv", b"step,loss\n0,0.5\n")
    for name, content, why in (
        ("plots/loss.svg", b"<svg></svg>", "other bytes"),
        ("/loss.svg", plot, "relative path"),
        ("notes.txt", b"in /home/ada/runs", "names people"),
        ("long.csv", b"1" * ((16 << 20) + 1), "16 MiB"),
        ("folder", tmp_path, "is a file"),
    ):
        with pytest.raises(expbundle.UsageError, match=why):
            run.artifact(name, content)
    with pytest.raises(TypeError, match="bytes or a path, not int"):
        run.artifact("number", 1)  # type: ignore[arg-type]
    record = run.finish().record()
    assert record.artifact("plots/loss.svg") == b"<svg/>"
    assert record.artifact("plots/table.csv").startswith(b"step,loss")
    assert {one["role"] for one in record.outputs} == {"media"}


def test_the_same_bytes_are_recorded_once(weights: Path, tmp_path: Path) -> None:
    last = tmp_path / "last.safetensors"
    last.write_bytes(weights.read_bytes())
    run = expbundle.Run("a run", clock=False)
    for path in (weights, last, weights, last):
        run.output("checkpoint", path)
    record = run.finish().record()
    assert len(record.outputs) == 1
    [described] = record.section("artifacts.json")["artifacts"]
    assert (described["name"], described["aliases"]) == (weights.name, [last.name])


def test_what_is_natural_is_taken_and_the_rest_says_what_is_expected(weights: Path, tmp_path: Path) -> None:
    base = expbundle.Run("base", clock=False)
    base.output("model", weights)
    path = base.finish().save(tmp_path / "base.expb")
    run = expbundle.Run("tuned", clock=False)
    run.tags("a", ["b", "c"])
    run.log({"loss": 0.5}, step=0, time=1795424400.25)
    run.charge(Decimal("12.40"), "EUR", rate=3)
    run.charge(Decimal("1E+3"), "USD")
    run.derive_from(path, "fine-tuned-from")
    run.derive_from(expbundle.open(path), "quantized-from")
    for call, why in (
        (lambda: run.charge(12.4, "EUR"), "str or a Decimal"),  # type: ignore[arg-type]
        (lambda: run.log({"loss": 1}, time=[]), "seconds since 1970, not list"),  # type: ignore[arg-type]
        (lambda: run.tags(1), "words as str, not int"),  # type: ignore[arg-type]
        (lambda: run.derive_from(1, "fine-tuned-from"), "Record, or a bundle"),  # type: ignore[arg-type]
        (lambda: expbundle.verify(path, trust=["a"]), "signers file.*not list"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=why):
            call()
    for call, why in (
        (lambda: run.log({"loss": 1}, time=1795424400250), "seconds since 1970"),
        (lambda: run.cost("gpu", -3.5, "h"), "negative"),
        (lambda: run.cost("gpu", float("nan"), "h"), "not a decimal number"),
        (lambda: run.charge("abc", "EUR"), "not a decimal number"),
        (lambda: run.charge("1", "euro"), "ISO 4217"),
        (lambda: run.section("recipe", {}), "recipe.json"),
    ):
        with pytest.raises(ValueError, match=why):
            call()
    tuned = run.finish()
    record = tuned.record()
    assert record.tags == ["a", "b", "c"] and len(record.parents) == 2
    assert [charge["amount"] for charge in record.section("cost.json")["charges"]] == ["12.40", "1000"]
    series = record.series()
    assert series is not None and series.points("loss")[0][1] == 1795424400.25
    assert "tuned" in expbundle.diff(path, tuned).text
    with pytest.raises(KeyError, match="loss"):
        series.points("los")
    with pytest.raises(KeyError, match="metrics.*telemetry.*points"):
        record.series("loss")
    assert record.series("telemetry") is None


def test_statements_make_new_bundles(bundle: expbundle.Bundle, key: expbundle.Key, weights: Path) -> None:
    assert bundle.statements == []
    said = (
        bundle.sign(key, name="Ada")
        .note("looks good", key)
        .review("approved", key, role="safety", reason="no regressions")
        .evaluate({"accuracy": 0.9}, key, task="digits", split="test")
        .deploy("production", key, artifact=weights)
        .seal(key)
    )
    assert bundle.statements == []
    kinds = {statement["kind"] for statement in said.statements}
    assert kinds == {"authorship", "comment", "review", "evaluation", "deployment", "seal"}
    assert said.verify(trust=key.public_key).state == "trusted"
    # To sign again would say nothing.
    assert len(said.sign(key, name="Ada").statements) == len(said.statements)
    with pytest.raises(expbundle.UsageError):
        bundle.review("fine", key)  # type: ignore[arg-type]
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        bundle.note("the token is hf_" + "a1B2c3D4e5" * 4, key)


def test_what_is_revoked_is_said(bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    signed = bundle.sign(key)
    revoked = signed.revoke(key, reason="wrong data")
    report = revoked.verify(trust=key.public_key)
    assert not report.holds
    assert "revoked" in report.line
    (statement,) = signed.statements
    taken_back = signed.revoke(key, statement=statement["id"][:12])
    assert taken_back.verify(trust=key.public_key).state != "trusted"


def test_a_family_is_merged_linked_and_traced(weights: Path, key: expbundle.Key, tmp_path: Path) -> None:
    base = expbundle.Run("base", clock=False)
    base.output("model", weights)
    base_bundle = base.finish().sign(key)
    tuned_file = tmp_path / "tuned.safetensors"
    tuned_file.write_bytes(b"tuned weights" * 100)
    tuned = expbundle.Run("tuned", clock=False)
    tuned.input("model", weights)
    tuned.output("model", tuned_file)
    tuned.derive_from(base_bundle.record(), "fine-tuned-from")
    tuned_bundle = tuned.finish().sign(key)
    family = expbundle.merge([base_bundle, tuned_bundle])
    assert len(family) == 2
    lineage = expbundle.lineage(family, trust=key.public_key)
    assert "proven" in lineage.text and lineage.svg.startswith("<svg") and "flowchart" in lineage.mermaid
    assert {record["title"] for record in lineage.to_dict()["records"]} == {"base", "tuned"}
    why = expbundle.why(tuned_file, with_=[family])
    assert "tuned" in why.text
    assert expbundle.diff(base_bundle.record(), tuned_bundle.record()).to_dict()["differences"]
    only = expbundle.merge(family, closure=base_bundle.record().id[:12])
    assert [record.title for record in only.records] == ["base"]
    replaced = base_bundle.supersede(tuned_bundle.record(), key, reason="better")
    assert any(statement["kind"] == "supersession" for statement in replaced.statements)
    linked = expbundle.merge([base_bundle, tuned_bundle]).link(
        key, parent=base_bundle.record(), relation="fine-tuned-from", record=tuned_bundle.record().id
    )
    assert len(linked.statements) == 3


def test_saving_loses_nothing(bundle: expbundle.Bundle, key: expbundle.Key, tmp_path: Path) -> None:
    path = tmp_path / "run.expb"
    bundle.save(path)
    one, other = expbundle.open(path), expbundle.open(path)
    one.note("one", key).save()
    other.note("other", key).save()
    assert len(expbundle.open(path).statements) == 2
    another = expbundle.Run("another", clock=False).finish()
    with pytest.raises(expbundle.ExpbundleError):
        another.save(path)
    assert len(expbundle.open(path).statements) == 2
    another.save(path, overwrite=True)
    assert expbundle.open(path) == another
    with pytest.raises(expbundle.UsageError, match="name one"):
        another.save()
    (tmp_path / "text.expb").write_text("mine")
    with pytest.raises(expbundle.ExpbundleError):
        another.save(tmp_path / "text.expb")
    assert (tmp_path / "text.expb").read_text() == "mine"


def test_sections_are_withheld(bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    copy = bundle.sign(key).withhold(["context"])
    record = copy.record()
    assert record.title is None and record.withheld == ["context.json"]
    assert copy.verify(trust=key.public_key).state == "trusted"


def test_a_seal_that_a_copy_breaks_is_said(bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    signed, other = bundle.sign(key), expbundle.Key.generate()
    with pytest.raises(expbundle.NotIntact, match="statement.seal"):
        signed.seal(key).withhold(["context"])
    # The seal of a key that signed no record binds those who trust it.
    sealed = signed.seal(other)
    with pytest.warns(UserWarning, match="the seal of .* leaves out"):
        assert sealed.withhold(["context"]).record().title is None
    with pytest.raises(expbundle.NotIntact, match="statement.seal"):
        sealed.withhold(["context"], trust=other.public_key)


def test_what_comes_back_by_joining_is_said(bundle: expbundle.Bundle, weights: Path) -> None:
    copy = bundle.withhold(["context"])
    with pytest.warns(UserWarning, match="context"):
        assert expbundle.merge([copy, bundle]).record().title == "digits, 3 layers"
    folder = weights.parent / "model"
    folder.mkdir()
    weights.rename(folder / weights.name)
    assert any("context" in note for note in expbundle.attach(folder, [copy, bundle], dry_run=True).notes)


@pytest.mark.skipif(not shutil.which("ssh-agent"), reason="OpenSSH is not installed")
def test_a_key_in_an_agent_signs(bundle: expbundle.Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = [sys.executable, "-m", "expbundle"]
    subprocess.run([*program, "keygen", "-o", tmp_path / "ada"], check=True, capture_output=True)
    # Paths of sockets may have some hundred bytes.
    with tempfile.TemporaryDirectory(prefix="agent") as folder:
        monkeypatch.setenv("SSH_AUTH_SOCK", f"{folder}/socket")
        with pytest.raises(expbundle.ExpbundleError, match="ssh-agent"):
            bundle.sign(tmp_path / "ada.pub")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", f"{folder}/socket"], stdout=subprocess.PIPE)
        try:
            assert agent.stdout
            agent.stdout.readline()
            with pytest.raises(expbundle.ExpbundleError, match="does not hold"):
                expbundle.Key.open(tmp_path / "ada.pub")
            subprocess.run(["ssh-add", "-q", tmp_path / "ada"], check=True)
            signed = bundle.sign(tmp_path / "ada.pub")
            assert signed.verify(trust=tmp_path / "ada.pub").state == "trusted"
        finally:
            agent.terminate()
            agent.wait()


def test_keys_are_read_from_files(bundle: expbundle.Bundle, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "expbundle", "keygen", "-o", tmp_path / "ada"], check=True, capture_output=True)
    key = expbundle.Key.open(tmp_path / "ada")
    assert key.public_key.startswith("ssh-ed25519 ") and key.fingerprint.startswith("SHA256:")
    signed = bundle.sign(tmp_path / "ada")
    assert signed.verify(trust=tmp_path / "ada.pub").state == "trusted"
    with pytest.raises(expbundle.ExpbundleError):
        bundle.sign(tmp_path / "ada.pub")
    with pytest.raises(FileNotFoundError):
        bundle.sign(tmp_path / "nobody")
