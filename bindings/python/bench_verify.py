"""What it costs to verify through Python, beside the program: the same file, the same answer.

    python -m venv V && V/bin/pip install WHEEL
    V/bin/python bindings/python/bench_verify.py [--turns 9] [--weights-mib 2048] [--points 8000000]

Asked are a bundle of many points, and a model folder with weights to which a bundle is attached. The
program counts from its start to its end; Python counts the call, and once the interpreter with it.
Turns alternate, and medians are printed.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import expbundle
from expbundle._program import find

MIB = 1 << 20
FACTORS = {"a": 1.1, "b": 2.3, "c": 3.7, "d": 5.9}


def bundle_at(path: Path, points: int) -> None:
    """Saves a signed bundle with this many points."""
    run = expbundle.Run("bench", clock=False)
    for step in range(points // 4):
        # Values without a pattern, which take the most room.
        run.log({name: math.sin(step * factor) for name, factor in FACTORS.items()}, step=step)
    run.finish().sign(expbundle.Key.generate()).save(path)


def folder_at(path: Path, bundle: Path, mib: int) -> None:
    """Makes a model folder with this many MiB of weights, attaches the bundle, and releases it."""
    path.mkdir()
    (path / "config.json").write_text("{}")
    with (path / "model.safetensors").open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))
    expbundle.attach(path, bundle, key=expbundle.Key.generate())


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def compare(what: str, path: Path, turns: int) -> None:
    program = find()

    def by_program() -> None:
        told = subprocess.run([program, "verify", "--json", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        assert told.returncode == 0, told.returncode

    def by_interpreter() -> None:
        script = "import sys, expbundle; sys.exit(not expbundle.verify(sys.argv[1]).holds)"
        subprocess.run([sys.executable, "-c", script, path], check=True)

    def by_call() -> None:
        assert expbundle.verify(path).holds

    ways = {"program": by_program, "call": by_call, "interpreter and call": by_interpreter}
    for act in ways.values():
        act()
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(turns):
        for way, act in ways.items():
            times[way].append(seconds(act))
    base = statistics.median(times["program"])
    for way, taken in times.items():
        median = statistics.median(taken)
        print(f"{what:8} {way:22} {median * 1000:9.1f} ms  {median / base:6.3f} × the program", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--turns", type=int, default=9)
    arguments.add_argument("--weights-mib", type=int, default=2048)
    arguments.add_argument("--points", type=int, default=8_000_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bundle, folder = Path(scratch, "run.expb"), Path(scratch, "model")
        bundle_at(bundle, asked.points)
        print(f"bundle of {bundle.stat().st_size / MIB:.0f} MiB, folder with {asked.weights_mib} MiB of weights", flush=True)
        compare("bundle", bundle, asked.turns)
        folder_at(folder, bundle, asked.weights_mib)
        compare("folder", folder, asked.turns)


if __name__ == "__main__":
    main()
