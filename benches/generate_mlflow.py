"""Writes an MLflow file store with one long run, as MLflow writes it: `generate_mlflow.py POINTS METRICS FOLDER`."""

import math
import pathlib
import random
import sys

EXPERIMENT = "258199994752260457"
RUN = "0123456789abcdef0123456789abcdef"
START_MS = 1_795_424_980_000

EXPERIMENT_META = """\
artifact_location: {location}
creation_time: {start}
experiment_id: '{experiment}'
last_update_time: {start}
lifecycle_stage: active
name: bench
"""
RUN_META = """\
artifact_uri: {location}/{run}/artifacts
end_time: {end}
entry_point_name: ''
experiment_id: '{experiment}'
lifecycle_stage: active
run_id: {run}
run_name: a-long-run
source_name: ''
source_type: 4
source_version: ''
start_time: {start}
status: 3
tags: []
user_id: ada
"""


def generate(points, metrics, folder):
    experiment = folder / "mlruns" / EXPERIMENT
    run = experiment / RUN
    for name in ("params", "tags", "metrics", "artifacts"):
        (run / name).mkdir(parents=True, exist_ok=True)
    steps = points // metrics
    numbers = {"location": experiment.resolve().as_uri(), "experiment": EXPERIMENT, "run": RUN, "start": START_MS, "end": START_MS + steps * 50}
    (experiment / "meta.yaml").write_text(EXPERIMENT_META.format(**numbers))
    (run / "meta.yaml").write_text(RUN_META.format(**numbers))
    (run / "tags" / "mlflow.runName").write_text("a-long-run")
    (run / "tags" / "mlflow.user").write_text("ada")
    (run / "params" / "lr").write_text("0.05")
    noise = random.Random(7)
    for metric in range(metrics):
        with (run / "metrics" / f"loss_{metric:02}").open("w") as file:
            for step in range(steps):
                loss = math.exp(-step / steps * 3) + noise.random() * 0.01
                file.write(f"{START_MS + step * 50} {loss!r} {step}\n")
    return run


if __name__ == "__main__":
    print(generate(int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])))
