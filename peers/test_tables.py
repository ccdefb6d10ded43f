"""`create --metrics` takes the tables that pandas, Polars and pyarrow write, and a run is the same run whichever of them wrote it."""

import warnings

import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

ROWS = 5000


@pytest.fixture(scope="module")
def frame():
    values = numpy.random.default_rng(7).random(ROWS)
    table = pandas.DataFrame({
        "step": numpy.arange(ROWS),
        "time": pandas.date_range("2026-11-28T03:00:00", periods=ROWS, freq="s", tz="Europe/Berlin"),
        "loss": values,
        "large": numpy.arange(ROWS, dtype="uint64") + 2**63,
        "host": "gpu",
    })
    table.loc[3, "loss"] = numpy.nan
    return table


@pytest.fixture(scope="module")
def points(expbundle, tmp_path_factory):
    """The points that a table comes to, as CSV."""
    folder = tmp_path_factory.mktemp("tables")

    def run(path):
        expbundle("create", "--title", "t", "--metrics", path, "-o", folder / "t.expb", "--force")
        return expbundle("extract", folder / "t.expb", "--csv")

    return run


def test_wide_tables_say_the_same_whoever_wrote_them(frame, points, tmp_path):
    as_polars, as_arrow = polars.from_pandas(frame), pyarrow.Table.from_pandas(frame)
    for codec in ("snappy", "lz4", "zstd", None):
        frame.to_parquet(tmp_path / f"pandas-{codec}.parquet", compression=codec)
    frame.to_csv(tmp_path / "pandas.csv", index=False)
    frame.to_csv(tmp_path / "pandas-with-index.csv")
    as_polars.write_parquet(tmp_path / "polars.parquet", compression="snappy")
    as_polars.write_csv(tmp_path / "polars.csv")
    as_polars.write_ndjson(tmp_path / "polars.jsonl")
    encodings = {"host": "DELTA_BYTE_ARRAY", "loss": "BYTE_STREAM_SPLIT", "step": "DELTA_BINARY_PACKED"}
    pyarrow.parquet.write_table(as_arrow, tmp_path / "v2.parquet", data_page_version="2.0", use_dictionary=False, column_encoding=encodings)
    pyarrow.parquet.write_table(as_arrow, tmp_path / "int96.parquet", use_deprecated_int96_timestamps=True)
    pyarrow.parquet.write_table(as_arrow, tmp_path / "groups.parquet", row_group_size=7)
    paths = sorted(tmp_path.iterdir())
    said = {path.name: points(path) for path in paths}
    lines = said["pandas.csv"].splitlines()
    # One point for each number: the empty cell is none, and the host is not a number.
    assert len(lines) == 1 + 2 * ROWS - 1
    assert "large,0,2026-11-28T02:00:00Z,9223372036854775808," in lines
    assert "large,1,2026-11-28T02:00:01Z,9223372036854775808,9223372036854775809" in lines
    assert [name for name, csv in said.items() if csv.splitlines() != lines] == []


def test_long_tables_say_the_same_as_the_wide_one(frame, points, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        long = frame[["step", "time", "loss"]].melt(id_vars=["step", "time"], var_name="key")
    long.to_parquet(tmp_path / "long.parquet")
    long.to_csv(tmp_path / "long.csv", index=False)
    frame[["step", "time", "loss"]].to_parquet(tmp_path / "wide.parquet")
    assert points(tmp_path / "long.parquet") == points(tmp_path / "long.csv") == points(tmp_path / "wide.parquet")


def test_a_codec_that_is_not_read_is_refused(frame, expbundle, tmp_path):
    polars.from_pandas(frame).write_parquet(tmp_path / "polars.parquet", compression="gzip")
    expbundle("create", "--title", "t", "--metrics", tmp_path / "polars.parquet", "-o", tmp_path / "t.expb", status=2)
