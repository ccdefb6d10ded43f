"""Exporting the runs of an Aim repository, with the real library (requirements-export.txt)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import expbundle
import pytest
from expbundle.export import export

aim: Any = pytest.importorskip("aim")


def run_in(repo: Path, **more: Any) -> str:
    import numpy

    run = aim.Run(repo=str(repo), experiment="digits", system_tracking_interval=None, capture_terminal_logs=False)
    run.name, run.description = "small", "a first try"
    run.add_tag("fast")
    run["hparams"] = {"lr": 0.1, "layers": [64, 32], **more}
    for step in range(4):
        run.track(1 / (step + 1), name="loss", step=step, epoch=step // 2, context={"subset": "train"})
        run.track(2 / (step + 1), name="loss", step=step, context={"subset": "test"})
    run.track(float("nan"), name="loss", step=4, context={"subset": "train"})
    run.track(50.0, name="__system__cpu", step=0)
    run.track(aim.Text("seven"), name="guess", step=1)
    run.track(aim.Image(numpy.zeros((4, 4, 3), dtype="uint8"), caption="black"), name="sample", step=2)
    run.track(aim.Distribution(numpy.arange(10.0)), name="weights", step=3)
    run.close()
    return str(run.hash)


def test_parameters_and_series_are_in_the_bundle(tmp_path: Path) -> None:
    key = run_in(tmp_path)
    done = export("aim", str(tmp_path), tmp_path / "out")
    assert done.failed == {} and list(done.written) == [key]
    record = expbundle.open(done.written[key]).record()
    assert (record.title, record.status, record.tags, record.notes) == ("small", "finished", ["fast"], "a first try")
    assert record.started and record.ended and record.started <= record.ended
    assert record.params == {"hparams": {"lr": 0.1, "layers": [64, 32]}}
    series = record.series()
    assert series and [point[2] for point in series.points("loss{subset=test}")] == [2.0, 1.0, 2 / 3, 0.5]
    assert [point[0] for point in series.points("loss{subset=train}")] == [0, 1, 2, 3, 4]
    assert [point[2] for point in series.points("loss{subset=train}␟epoch")][:4] == [0.0, 0.0, 1.0, 1.0]
    assert [point[3] for point in series.points("guess")] == ["seven"]
    telemetry = record.series("telemetry")
    assert telemetry and telemetry.keys == ["cpu"]
    assert [output["role"] for output in record.outputs] == ["media"]
    assert (tmp_path / "out" / key / "images/sample-2.png").read_bytes().startswith(b"\x89PNG")
    source = record.section("source.json")
    assert source["raw"]["distributions"]["weights/3"]["bin_count"] == 64
    items = source["account"]["items"]
    assert items["metric point"]["total"] == 10 and items["text"]["total"] == 1 and items["images"]["total"] == 1
    before = done.written[key].read_bytes()
    assert list(export("aim", str(tmp_path / ".aim"), tmp_path / "out").kept) == [key]
    again = export("aim", str(tmp_path), tmp_path / "again").written[key]
    assert again.read_bytes() == before


def test_wrong_places_say_so(tmp_path: Path) -> None:
    with pytest.raises(expbundle.UsageError, match="has no folder `.aim`"):
        export("aim", str(tmp_path))
