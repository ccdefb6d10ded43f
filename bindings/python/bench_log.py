"""What it costs to log ten numbers at a step from Python, beside other trackers that write to disk.

    python -m venv V && V/bin/pip install WHEEL mlflow wandb tensorboardX trackio
    V/bin/python bindings/python/bench_log.py [--turns 7] [--steps 2000]

Each turn logs the same numbers with each tool that is installed, one after the other, in a process of
its own, and counts the time of the calls alone. Printed are medians, and each tool as a multiple of
ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

NUMBERS = {f"metric{index}": index / 7 for index in range(10)}


def expbundle(steps: int) -> Iterator[Callable[[int], None]]:
    import expbundle

    run = expbundle.Run("bench")
    yield lambda step: run.log(NUMBERS, step=step)
    run.finish().save("run.expb")


def expbundle_journal(steps: int) -> Iterator[Callable[[int], None]]:
    import expbundle

    run = expbundle.Run("bench", journal="run.expj")
    yield lambda step: run.log(NUMBERS, step=step)
    run.finish().save("run.expb")


def mlflow(steps: int) -> Iterator[Callable[[int], None]]:
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    with mlflow.start_run():
        yield lambda step: mlflow.log_metrics(NUMBERS, step=step)


def wandb(steps: int) -> Iterator[Callable[[int], None]]:
    import wandb

    run = wandb.init(mode="offline", settings=wandb.Settings(silent=True))
    yield lambda step: run.log(NUMBERS, step=step)
    run.finish()


def tensorboardX(steps: int) -> Iterator[Callable[[int], None]]:
    import tensorboardX

    with tensorboardX.SummaryWriter("tb") as writer:

        def log(step: int) -> None:
            for key, value in NUMBERS.items():
                writer.add_scalar(key, value, step)

        yield log


def trackio(steps: int) -> Iterator[Callable[[int], None]]:
    import trackio

    trackio.init(project="bench")
    yield lambda step: trackio.log(NUMBERS, step=step)
    trackio.finish()


TOOLS = [expbundle, expbundle_journal, mlflow, wandb, tensorboardX, trackio]


def measure(tool: str, steps: int) -> float:
    """Microseconds a step."""
    making = {made.__name__: made for made in TOOLS}[tool](steps)
    log = next(making)
    for step in range(20):
        log(step)
    begun = time.perf_counter()
    for step in range(20, steps + 20):
        log(step)
    took = time.perf_counter() - begun
    for _ in making:
        pass
    return took / steps * 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--turns", type=int, default=7)
    arguments.add_argument("--steps", type=int, default=2000)
    arguments.add_argument("--one")
    asked = arguments.parse_args()
    if asked.one:
        print("\n" + json.dumps(measure(asked.one, asked.steps)))
        return
    tools = [tool.__name__ for tool in TOOLS if importlib.util.find_spec(tool.__name__.removesuffix("_journal"))]
    times: dict[str, list[float]] = {tool: [] for tool in tools}
    for _ in range(asked.turns):
        for tool in tools:
            # A tool that is quick gets more steps, so that its time is more than noise.
            steps = asked.steps * (50 if tool.startswith("expbundle") else 1)
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, os.path.abspath(__file__), "--one", tool, "--steps", str(steps)]
                environment = {**os.environ, "TRACKIO_DIR": folder, "HF_HUB_OFFLINE": "1"}
                told = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
            times[tool].append(float(told.stdout.splitlines()[-1]))
    ours = statistics.median(times["expbundle"])
    for tool in tools:
        median = statistics.median(times[tool])
        print(f"{tool:18} {median:10.2f} µs a step of ten numbers  {median / ours:8.0f} ×")


if __name__ == "__main__":
    main()
