"""The Parquet sections say the same to DuckDB, pandas, Polars and pyarrow with their default settings, and that is what the trackers themselves said.

The truth is each fixture's `expected.json`, which the tracker's own library wrote.
"""

import json
import math
import pathlib
import struct

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from bundle import Bundle
from lz4_blocks import blocks, encode

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
SERIES = ["metrics.parquet", "telemetry.parquet"]
# Between the elements of a path, in expected.json.
SEPARATOR = "␟"


class Run:
    """One converted run: what the tracker calls it, and its Parquet sections as files."""

    def __init__(self, fixture, run_id, record, sections, folder):
        self.fixture, self.run_id, self.record = fixture, run_id, record
        self.folder = folder / run_id
        self.folder.mkdir(parents=True)
        self.replaced = json.loads(sections["identity.json"]).get("replaced", {}) if "identity.json" in sections else {}
        self.files = {}
        for name, data in sections.items():
            if name.endswith(".parquet"):
                self.files[name] = self.folder / name
                self.files[name].write_bytes(data)


@pytest.fixture(scope="session")
def runs(bundles, tmp_path_factory):
    found = []
    for fixture, paths in bundles.items():
        for number, path in enumerate(paths):
            folder = tmp_path_factory.mktemp("sections") / str(number)
            for record_id, record, sections in Bundle(path).records():
                run_id = record["source"]["run"] if record.get("source") else record_id
                found.append(Run(fixture, run_id, record, sections, folder))
    return found


def bits(value):
    """A float so that NaN equals itself and -0.0 is not 0.0. Which NaN it is, nobody promises."""
    if value is None:
        return None
    return "NaN" if math.isnan(value) else struct.pack("<d", value)


def whole(columns, rows):
    """Rows with one time, in nanoseconds, in place of microseconds and what is below."""
    at = columns.index("time")
    if "nanoseconds" not in columns:
        return [tuple(cell if number != at or cell is None else cell * 1000 for number, cell in enumerate(row)) for row in rows]
    return [(*row[:at], None if row[at] is None else row[at] * 1000 + row[at + 1], *row[at + 2 :]) for row in rows]


def by_pyarrow(path):
    table = pyarrow.parquet.read_table(path)
    assert table.schema.field("time").type == pyarrow.timestamp("us", "UTC")
    columns = {name: table.column(name) for name in table.column_names}
    columns["time"] = columns["time"].cast(pyarrow.int64())
    return whole(table.column_names, list(zip(*(column.to_pylist() for column in columns.values()), strict=True)))


def by_duckdb(path):
    connection = duckdb.connect()
    columns = [row[0] for row in connection.execute("describe from read_parquet(?)", [str(path)]).fetchall()]
    shown = ["epoch_us(time)" if name == "time" else f'"{name}"' for name in columns]
    query = f"select {', '.join(shown)} from read_parquet(?, file_row_number = true) order by file_row_number"
    return whole(columns, connection.execute(query, [str(path)]).fetchall())


def by_pandas(path):
    frame = pandas.read_parquet(path, dtype_backend="pyarrow")
    # Through pandas' own time type, as its users see it.
    frame["time"] = [None if pandas.isna(time) else time.as_unit("us").value // 1000 for time in frame["time"]]
    rows = []
    for row in frame.itertuples(index=False, name=None):
        rows.append(tuple(None if cell is pandas.NA or (name in ("time", "nanoseconds") and pandas.isna(cell)) else cell
                          for name, cell in zip(frame.columns, row, strict=True)))
    return whole(list(frame.columns), [tuple(int(cell) if name in ("time", "nanoseconds") and cell is not None else cell
                                             for name, cell in zip(frame.columns, row, strict=True)) for row in rows])


def by_polars(path):
    frame = polars.read_parquet(path)
    return whole(frame.columns, frame.with_columns(polars.col("time").dt.timestamp("us")).rows())


def exact(rows):
    return [tuple(bits(cell) if isinstance(cell, float) else cell for cell in row) for row in rows]


def test_four_readers_read_the_same_rows(runs):
    seen = 0
    for run in runs:
        for path in run.files.values():
            rows = exact(by_pyarrow(path))
            assert exact(by_duckdb(path)) == rows, (run.fixture, path)
            assert exact(by_pandas(path)) == rows, (run.fixture, path)
            assert exact(by_polars(path)) == rows, (run.fixture, path)
            seen += len(rows)
    assert seen > 10_000, "the fixtures have more rows than that"


def test_blocks_are_those_that_the_page_describes(runs):
    """pyarrow expands each, and a second encoder, written after the page, makes the same block of it."""
    golden = FIXTURES.parent / "crates" / "expbundle-series" / "tests" / "golden"
    files = [*sorted(golden.glob("*.parquet")), *(path for run in runs for path in run.files.values())]
    seen = 0
    for file in files:
        for block, length in blocks(file.read_bytes()):
            body = pyarrow.Codec("lz4_raw").decompress(block, length, asbytes=True)
            assert encode(body) == block, file
            seen += length
    assert seen > 100_000, "the fixtures have more than that"


def test_sections_of_many_runs_are_one_table(runs):
    """All of them at once, whatever trackers they came from: one unit of time, and a column that some lack."""
    files = [str(run.files["metrics.parquet"]) for run in runs if "metrics.parquet" in run.files]
    rows, values = duckdb.execute("select count(*), sum(value) filter (abs(value) < 1e300) from read_parquet(?, union_by_name = true)", [files]).fetchall()[0]
    frame = polars.scan_parquet(files, missing_columns="insert", extra_columns="ignore").collect()
    table = pyarrow.parquet.ParquetDataset(files).read(columns=["key", "step", "time", "value", "text"])
    # Infinities and the largest floats have no sum.
    finite = frame.filter(polars.col("value").abs() < 1e300)["value"].sum()
    assert rows == len(frame) == len(table) > 5_000
    assert abs(finite - values) <= 1e-9 * abs(values)


def series(run, name):
    """Rows of a section by key: step, time in nanoseconds, value, text."""
    keys = {}
    if name in run.files:
        for key, *point in by_duckdb(run.files[name]):
            keys.setdefault(key, []).append(tuple(point))
    return keys


def same_number(found, expected):
    """Whether a float is what expected.json shows; it writes NaN and infinities as text or as Python's JSON does."""
    expected = float(expected)
    return bits(found) == bits(expected) or found == expected


MLFLOW = ["export-import", "export-import-v3", "file-store", "file-store-v3", "sqlite", "sqlite-server"]


@pytest.mark.parametrize("store", MLFLOW)
def test_mlflow_metrics_are_those_of_its_client(runs, store):
    expected = json.loads((FIXTURES / "mlflow" / store / "expected.json").read_text())
    truths = {run["run_id"]: run for experiment in expected["experiments"] for run in experiment["runs"]}
    converted = [run for run in runs if run.fixture == f"mlflow/{store}"]
    active = {run_id for run_id, run in truths.items() if run.get("lifecycle", run.get("lifecycle_stage")) == "active"}
    if store.startswith("export"):
        # Not every experiment of the store was exported.
        active = {run_id for run_id in active if (FIXTURES / "mlflow" / store / "experiment" / run_id).is_dir()}
    assert active and {run.run_id for run in converted} >= active
    checked = 0
    for run in converted:
        metrics = series(run, "metrics.parquet") | series(run, "telemetry.parquet")
        truth = truths[run.run_id]["metrics"]
        assert metrics.keys() == truth.keys(), run.run_id
        for key, want in truth.items():
            check_mlflow_metric(key, metrics[key], want)
            checked += 1
    assert checked > 20


def check_mlflow_metric(key, points, want):
    assert len(points) == want["count"], key
    # The fixtures were made in two rounds, which count and name a little differently.
    finite = want["finite"] if "finite" in want else want["count"] - want["non_finite"]
    assert sum(math.isfinite(value) for _, _, value, _ in points) == finite, key
    steps = [step for step, *_ in points]
    if want.get("last_step") == 0:
        # MLflow's client says 0 for every point of a file store that names a data set, whatever the
        # file says.
        steps = [0]
    assert [min(steps), max(steps)] == want.get("steps", [want.get("first_step"), want.get("last_step")]), key
    if "last_ts_ms" in want:
        times = [time for _, time, *_ in points]
        assert min(times) == want["first_ts_ms"] * 1_000_000, key
        assert max(times) == want["last_ts_ms"] * 1_000_000, key
    # The latest is what MLflow calls so: the point of the highest step and time; of several, the
    # largest.
    latest = [value for step, time, value, _ in points if (step, time) == max(point[:2] for point in points)]
    assert any(same_number(value, want["latest"]) for value in latest), (key, latest, want)


def test_duckdb_answers_a_question(runs):
    """What a person would ask, in SQL: the best accuracy of the sweep."""
    run = next(run for run in runs if run.fixture == "mlflow/sqlite" and "metrics.parquet" in run.files)
    expected = json.loads((FIXTURES / "mlflow/sqlite/expected.json").read_text())
    truths = {one["run_id"]: one for experiment in expected["experiments"] for one in experiment["runs"]}
    asked = duckdb.execute("select key, max(value), count(*) from read_parquet(?) group by key", [str(run.files["metrics.parquet"])])
    for key, best, count in asked.fetchall():
        want = truths[run.run_id]["metrics"][key]
        assert (best, count) == (want["max"], want["count"]), key


def wandb_truths(fixture):
    return [json.loads(path.read_text()) for path in sorted((FIXTURES / "wandb" / fixture).glob("expected*.json"))]


WANDB = ["evaluate", "failed", "finetune", "killed", "online", "os-exit", "v0.16-train", "v0.21-train"]


@pytest.mark.parametrize("fixture", WANDB)
def test_wandb_series_are_those_of_its_reader(runs, fixture):
    truths = {truth["run"].get("id", truth["run"].get("run_id")): truth for truth in wandb_truths(fixture)}
    converted = [run for run in runs if run.fixture == f"wandb/{fixture}"]
    assert {run.run_id for run in converted} == truths.keys()
    for run in converted:
        truth = truths[run.run_id]
        metrics = series(run, "metrics.parquet")
        checked = 0
        for key, want in truth["history"]["keys"].items():
            numbers = want["numbers"] if "numbers" in want else want["finite"] + want["nan"] + want["inf"]
            # Nested values are put together again, and `_step`, `_timestamp` are columns: neither
            # is a series by that name.
            if SEPARATOR in key or key.startswith("_") or numbers != want["count"]:
                continue
            points = metrics[key]
            assert len(points) == want["count"], key
            nonfinite = want["nonfinite"] if "nonfinite" in want else want["nan"] + want["inf"]
            assert sum(not math.isfinite(value) for _, _, value, _ in points if value is not None) == nonfinite, key
            value, text = points[-1][2:]
            assert same_number(value, want["last"]) if text is None else text == str(want["last"]), key
            checked += 1
        rows = sum(want["count"] for key, want in truth["history"]["keys"].items() if key == "_step")
        assert checked > 0 or rows == 0, "a run with rows has a series of numbers"


@pytest.mark.parametrize("fixture", WANDB)
def test_wandb_system_metrics_are_those_of_its_reader(runs, fixture):
    truths = {truth["run"].get("id", truth["run"].get("run_id")): truth for truth in wandb_truths(fixture)}
    for run in (run for run in runs if run.fixture == f"wandb/{fixture}"):
        telemetry = series(run, "telemetry.parquet")
        truth = truths[run.run_id]["system"]
        assert telemetry.keys() == truth.keys()
        for key, want in truth.items():
            assert len(telemetry[key]) == want["count"], key
            assert same_number(telemetry[key][-1][2], want["last"]), key


def test_times_are_within_the_run(runs):
    """Timestamps arrive as times, in UTC: every point of a run that ended lies near it (a system sample may come a little late)."""
    checked = 0
    for run in runs:
        if not (run.record.get("started") and run.record.get("ended") and "metrics.parquet" in run.files):
            continue
        times = pandas.read_parquet(run.files["metrics.parquet"])["time"].dropna()
        assert str(times.dt.tz) == "UTC"
        slack = pandas.Timedelta(hours=1)
        assert times.min() >= pandas.Timestamp(run.record["started"]) - slack, run.run_id
        assert times.max() <= pandas.Timestamp(run.record["ended"]) + slack, run.run_id
        checked += len(times)
    assert checked > 1_000


@pytest.mark.parametrize("fixture", WANDB)
def test_console_is_what_was_printed(runs, fixture):
    truths = {truth["run"].get("id", truth["run"].get("run_id")): truth for truth in wandb_truths(fixture)}
    for run in (run for run in runs if run.fixture == f"wandb/{fixture}"):
        printed = truths[run.run_id]["console"]
        rows = by_pandas(run.files["console.parquet"]) if "console.parquet" in run.files else []
        found = {stream: [line for _, of, line in rows if of == stream] for stream in ("stdout", "stderr")}
        # Names and paths have markers in their places; what was there stands in the identity.
        for marker, text in run.replaced.items():
            found = {stream: [line.replace(marker, text) for line in lines] for stream, lines in found.items()}
        for line in (line for line in printed.splitlines() if line.strip()):
            assert any(line.rstrip() in text for lines in found.values() for text in lines), line
