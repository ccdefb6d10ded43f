"""Ten million points through Python: logged with flat memory, and read as columns without a copy.

    python -m venv V && V/bin/pip install WHEEL pyarrow
    V/bin/python bindings/python/bench_points.py [--points 10000000]

Logging is measured in a process of its own, whose resident memory is printed at every tenth. Reading
says how long ``pyarrow.table(series)`` takes, and compares the addresses of the buffers that the
stream hands over with those that the table has: the same address is the same memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import expbundle

KEYS = 10
MIB = 1 << 20


def resident() -> float:
    """Resident memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB


def log(points: int, path: Path) -> None:
    """Logs this many points, ten at a step, and saves the bundle."""
    run = expbundle.Run("bench", clock=False)
    names = [f"metric{index}" for index in range(KEYS)]
    steps = points // KEYS
    print(f"logging: {resident():7.1f} MiB at the start")
    begun = time.perf_counter()
    for step in range(steps):
        run.log({name: step * 0.37 for name in names}, step=step)
        if (step + 1) % (steps // 10) == 0:
            print(f"logging: {resident():7.1f} MiB after {(step + 1) * KEYS:,} points, {time.perf_counter() - begun:.1f} s")
    begun = time.perf_counter()
    bundle = run.finish()
    print(f"finish:  {time.perf_counter() - begun:.1f} s, {resident():.1f} MiB")
    begun = time.perf_counter()
    bundle.save(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"save:    {time.perf_counter() - begun:.1f} s, {path.stat().st_size / MIB:.1f} MiB on disk; peak of all {peak:.1f} MiB")


def addresses(batches: list[Any]) -> list[list[int]]:
    """Where the buffers of each column lie, by batch."""
    return [
        [buffer.address for column in batch.columns for buffer in column.buffers() if buffer is not None and buffer.size]
        for batch in batches
    ]


def read(path: Path) -> None:
    """Reads the points as a table of PyArrow."""
    import pyarrow

    series = expbundle.open(path).record().series()
    assert series is not None
    before, begun = resident(), time.perf_counter()
    table = pyarrow.table(series)
    took = time.perf_counter() - begun
    print(f"reading: {table.num_rows:,} points in {took:.2f} s, {table.nbytes / MIB:.0f} MiB of columns")
    print(f"reading: resident memory grew by {resident() - before:.0f} MiB")
    # A copy would be memory that PyArrow allocated itself.
    own = pyarrow.total_allocated_bytes()
    assert own == 0, f"PyArrow copied {own} bytes"
    batches = list(pyarrow.RecordBatchReader.from_stream(series))
    places = addresses(batches)
    assert places == addresses(pyarrow.Table.from_batches(batches).to_batches())
    assert pyarrow.total_allocated_bytes() == 0
    print(f"reading: PyArrow allocated nothing; {sum(map(len, places))} buffers are where the stream has them")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--points", type=int, default=10_000_000)
    arguments.add_argument("--only", choices=["log", "read"])
    arguments.add_argument("--path", type=Path)
    asked = arguments.parse_args()
    if asked.only:
        log(asked.points, asked.path) if asked.only == "log" else read(asked.path)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for part in ("log", "read"):
            command = [sys.executable, __file__, "--only", part, "--points", str(asked.points)]
            subprocess.run([*command, "--path", str(Path(scratch, "run.expb"))], check=True)


if __name__ == "__main__":
    main()
