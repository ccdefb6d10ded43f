"""Tables in memory, by Arrow's C stream interface alone."""

from __future__ import annotations

import datetime
import time
from typing import Any

import expbundle
import pyarrow as pa
import pytest


class Bare:
    """Nothing but the interface: what any other package may be."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested)


def told(table: Any, **named: Any) -> expbundle.Record:
    run = expbundle.Run("a table", clock=False)
    run.log_table(table, **named)
    return run.finish().record()


def test_a_wide_table_is_a_metric_for_each_column() -> None:
    table = pa.table(
        {
            "epoch": pa.array([0, 1, 2], pa.int16()),
            "loss": pa.array([1.0, None, 0.25], pa.float32()),
            "accuracy": pa.array([0.5, float("nan"), 0.75]),
            "note": pa.array(["a", "b", "c"]).dictionary_encode(),
        }
    )
    with pytest.warns(UserWarning, match='passed over: 1 column without any number: "note"'):
        record = told(Bare(table), step="epoch")
    series = record.series()
    assert series is not None
    assert [point[0] for point in series.points("loss")] == [0, 2]
    assert [point[2] for point in series.points("loss")] == [1.0, 0.25]
    assert len(series.points("accuracy")) == 3


def test_the_long_form_that_extract_writes_comes_back(bundle: expbundle.Bundle) -> None:
    series = bundle.record().series()
    assert series is not None
    again = told(series).series()
    assert again is not None and again.keys == series.keys
    for key in series.keys:
        assert again.points(key) == series.points(key)
    # Without a copy, and through another package too.
    other = told(pa.table(series)).series()
    assert other is not None and other.points("loss") == series.points("loss")


def test_times_have_zones_or_are_named_as_what_they_are() -> None:
    moments = [datetime.datetime(2026, 11, 28, 3, second, tzinfo=datetime.timezone.utc) for second in range(2)]
    utc = pa.table({"step": [0, 1], "time": pa.array(moments, pa.timestamp("us", "UTC")), "loss": [1.0, 0.5]})
    series = told(utc).series()
    assert series is not None and [point[1] for point in series.points("loss")] == [m.timestamp() for m in moments]
    naive = pa.table({"step": [0], "time": pa.array([0], pa.timestamp("ms")), "loss": [1.0]})
    with pytest.warns(UserWarning, match="has no offset from UTC"):
        told(naive)


def test_what_is_no_table_or_has_no_such_column_says_so() -> None:
    run = expbundle.Run("a table", clock=False)
    with pytest.raises(TypeError, match="C stream interface"):
        run.log_table({"loss": [1.0]})
    with pytest.raises(expbundle.ExpbundleError, match="no column is called `setp`") as raised:
        run.log_table(pa.table({"step": [0], "loss": [1.0]}), step="setp")
    assert raised.value.help and 'did you mean "step"?' in raised.value.help
    with pytest.raises(expbundle.ExpbundleError, match="two columns"):
        run.log_table(pa.table([pa.array([1.0]), pa.array([2.0])], names=["loss", "loss"]))
    run.log_table(pa.table({"step": [0], "gpu": [0.5]}), system=True)
    assert run.finish().record().series("telemetry") is not None


def test_a_journal_has_a_table_too(tmp_path: Any) -> None:
    run = expbundle.Run("a table", clock=False, journal=tmp_path / "run.expj")
    run.log_table(pa.table({"step": [0, 1], "loss": [1.0, 0.5]}))
    recovered = expbundle.Run.recover(tmp_path / "run.expj").finish("finished")
    series = recovered.record().series()
    assert series is not None and len(series.points("loss")) == 2


def test_a_million_rows_take_no_time() -> None:
    rows = 1_000_000
    table = pa.table({"step": range(rows), "loss": pa.array([float(row % 1000) for row in range(rows)])})
    run = expbundle.Run("a table", clock=False)
    began = time.perf_counter()
    run.log_table(table, step="step")
    took = time.perf_counter() - began
    # Without the optimizer it takes many times as long as in a wheel that is released.
    assert took < 30
    series = run.finish().record().series()
    assert series is not None and len(series) == rows
