"""A run whose process is killed is in its journal, up to the last call that returned."""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import time
import warnings
from pathlib import Path

import expbundle
import pytest

END = "2026-11-29T13:00:00Z"


def tell(run: expbundle.Run, weights: Path) -> None:
    """Tells a run of everything that a run can be told of."""
    parent = expbundle.Run("base", clock=False).finish().record()
    run.params({"lr": 0.1, "nan": math.nan, "big": 2**70, "nested": {"a": [1, None]}})
    run.tags("a", "b")
    run.note("first")
    run.note("by Ada Lovelace")
    run.output("model", weights)
    run.input("dataset", weights.parent)
    run.derive_from(parent, "fine-tuned-from")
    run.event("checkpoint", "step 1", time="2026-11-29T12:00:00Z", details={"step": 1})
    run.event("restart", severity="warning")
    run.cost("gpu", 3.5, "h", model="H200")
    run.charge("12.40", "EUR", basis="billed")
    run.evaluation("f1", 0.9, task="qa")
    run.section("own.json", {"b": [1.5, {}]})
    run.section("own.bin", b"\0\xff")
    run.section("identity.json", {"people": [{"name": "Ada Lovelace"}]})
    for step in range(20):
        run.log({"loss": 1 / (step + 3), "text": "näh", "odd": math.inf, "in": {"n": math.nan}}, step=step, time=END)
        run.observe({"gpu": step}, step=step)


@pytest.mark.parametrize("clock", [False, True])
def test_the_same_bytes_come_out_of_the_journal(tmp_path: Path, weights: Path, clock: bool) -> None:
    journal = tmp_path.parent / f"{tmp_path.name}.expj"
    live = expbundle.Run("a run", started="2026-11-29T11:00:00Z", clock=clock, journal=journal)
    tell(live, weights)
    recovered = expbundle.Run.recover(journal)
    assert recovered.findings == []
    made = live.finish("finished", ended=END).to_bytes()
    assert recovered.finish("finished", ended=END).to_bytes() == made
    # The end is in it too, so that a run that is killed before its bundle is saved is the same run.
    assert expbundle.Run.recover(journal).finish().to_bytes() == made
    if not clock:
        plain = expbundle.Run("a run", started="2026-11-29T11:00:00Z", clock=False)
        tell(plain, weights)
        assert plain.finish("finished", ended=END).to_bytes() == made


def test_what_is_not_told_of_the_end(tmp_path: Path) -> None:
    journal = tmp_path / "run.expj"
    run = expbundle.Run("a run", journal=journal)
    run.log({"loss": 0.5}, step=0)
    run.event("checkpoint")
    record = expbundle.Run.recover(journal).finish().record()
    assert record.status == "unknown" and record.started and record.ended
    assert record.started <= record.ended
    run.end("failed")
    assert expbundle.Run.recover(journal).finish().record().status == "failed"
    quiet = expbundle.Run("a run", clock=False, journal=tmp_path / "quiet.expj")
    del quiet
    record = expbundle.Run.recover(tmp_path / "quiet.expj").finish().record()
    assert (record.status, record.ended) == ("unknown", None)


def test_a_run_goes_on_in_its_journal(tmp_path: Path) -> None:
    journal = tmp_path / "run.expj"
    run = expbundle.Run("a run", clock=False, journal=journal)
    run.log({"loss": 0.5}, step=0)
    with pytest.raises(expbundle.UsageError, match="is being written") as caught:
        expbundle.Run.recover(journal, resume=True)
    assert caught.value.help
    with pytest.raises(expbundle.UsageError, match="is there already") as caught:
        expbundle.Run("a run", journal=journal)
    assert caught.value.help
    del run
    with journal.open("ab") as torn:
        torn.write(b'["metrics",1,null,"lo')
    with pytest.warns(UserWarning, match="cut"):
        run = expbundle.Run.recover(journal, resume=True, clock=False)
    assert [finding.code for finding in run.findings] == ["source.truncated"]
    run.log({"loss": 0.25}, step=2)
    del run
    with pytest.warns(UserWarning, match="line of a journal"):
        run = expbundle.Run.recover(journal)
    bundle = run.finish()
    series = bundle.record().series()
    assert series is not None and [point[0] for point in series.points("loss")] == [0, 2]
    assert bundle.verify().state == "intact"
    with pytest.raises(expbundle.ExpbundleError, match="is not a journal"):
        expbundle.Run.recover(__file__)
    with pytest.raises(FileNotFoundError):
        expbundle.Run.recover(tmp_path / "nothing")


def test_secrets_are_not_written(tmp_path: Path) -> None:
    journal = tmp_path / "run.expj"
    token = "ghp_" + "a1B2" * 9
    run = expbundle.Run("a run", clock=False, journal=journal)
    run.params({"lr": 0.1})
    run.log({"note": token})
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        run.note(f"log in with {token}")
    assert token not in journal.read_text()
    with pytest.warns(UserWarning, match=r"source\.secret"):
        recovered = expbundle.Run.recover(journal)
    assert {finding.code for finding in recovered.findings} == {"source.secret"}
    assert recovered.finish().verify().state == "intact"
    with pytest.raises(expbundle.ExpbundleError) as caught:
        run.finish()
    assert caught.value.code == "source.secret"


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="a full disk is played by a limit on files")
def test_a_full_disk_is_an_error_and_loses_no_run(tmp_path: Path) -> None:
    import resource

    journal = tmp_path / "run.expj"
    run = expbundle.Run("a run", clock=False, journal=journal)
    run.log({"loss": 0.5}, step=0)
    size = journal.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, before[1]))
    try:
        with pytest.raises(expbundle.ExpbundleError, match=r"run\.expj"):
            run.log({"loss": 0.25}, step=1)
        with pytest.raises(expbundle.ExpbundleError, match=r"run\.expj"):
            run.params({"lr": 0.1})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    run.log({"loss": 0.125}, step=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recovered = expbundle.Run.recover(journal)
    # Descriptions are written again with the next call; a point is not.
    record = recovered.finish().record()
    assert record.params == {"lr": 0.1}
    series = record.series()
    assert series is not None and [point[0] for point in series.points("loss")] == [0, 2]
    series = run.finish().record().series()
    assert series is not None and [point[0] for point in series.points("loss")] == [0, 1, 2]


def until_killed(journal: Path, returned: int) -> None:
    """Logs for ever, and says after each call that it returned."""
    run = expbundle.Run("killed", journal=journal)
    os.write(returned, b".")
    step = 0
    while True:
        run.log({f"m{index}": step + index / 7 for index in range(10)}, step=step)
        os.write(returned, b".")
        if step % 50 == 0:
            run.event("checkpoint", details={"step": step})
            os.write(returned, b"e")
        step += 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_returned_before_a_kill_is_in_the_bundle(tmp_path: Path) -> None:
    chance = random.Random(7)
    for turn in range(20):
        journal = tmp_path / f"{turn}.expj"
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.close(reads)
                until_killed(journal, writes)
            os._exit(1)
        os.close(writes)
        told = os.read(reads, 1)
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        while more := os.read(reads, 1 << 16):
            told += more
        os.close(reads)
        with warnings.catch_warnings():
            # The call that did not return may have left half a line.
            warnings.simplefilter("ignore")
            run = expbundle.Run.recover(journal)
        assert all(finding.code == "source.truncated" for finding in run.findings)
        bundle = run.finish()
        assert bundle.verify().holds
        record = bundle.record()
        series = record.series()
        steps = told.count(b".") - 1
        points = series.points("m9") if series is not None else []
        assert len(points) - steps in {0, 1}, turn
        assert all(point[0] == step and point[2] == step + 9 / 7 for step, point in enumerate(points))
        events = record.section("events.json") if "events.json" in record.sections else {"events": []}
        assert isinstance(events, dict) and len(events["events"]) - told.count(b"e") in {0, 1}
