"""The plugin of the Python package in real MLflow: runs become bundles by the tracking URI alone."""

import os
import subprocess
import sys

import pytest

expbundle = pytest.importorskip("expbundle")

TRAINING = """
import mlflow, sys, warnings
warnings.simplefilter("always")
mlflow.set_experiment("digits")
with mlflow.start_run(run_name="small") as run:
    mlflow.log_param("rate", 0.1)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_dict({"a": 1}, "notes/a.json")
try:
    with mlflow.start_run(run_name="broken"):
        raise RuntimeError("the training failed")
except RuntimeError:
    pass
mlflow.start_run(run_name="open")
print("RUN", run.info.run_id)
if "resume" in sys.argv:
    mlflow.end_run()
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("loss", 0.1, step=3)
"""


def train(folder, uri, *arguments):
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run([sys.executable, "-c", TRAINING, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("RUN")), done.stderr


@pytest.mark.parametrize("kind", ["sqlite", "file"])
def test_a_run_is_a_bundle_when_it_ends(kind, tmp_path):
    store = f"sqlite:///{tmp_path}/mlflow.db" if kind == "sqlite" else f"file://{tmp_path}/mlruns"
    run, said = train(tmp_path, f"expbundle+{store}")
    assert "expbundle made no bundle" not in said
    folder = tmp_path / ("mlflow.db.bundles" if kind == "sqlite" else "mlruns.bundles")
    bundles = [expbundle.open(path) for path in folder.iterdir()]
    # The third one ends with the interpreter.
    assert sorted((one.record().title, one.record().status) for one in bundles) == [("broken", "failed"), ("open", "finished"), ("small", "finished")]
    record = expbundle.open(folder / f"{run}.expb").record()
    assert record.source == {"tool": "mlflow", "run": run}
    assert record.params == {"rate": "0.1"} and record.metrics["loss"] == pytest.approx(1 / 3)
    labels = record.section("context.json")["labels"]
    assert labels["expbundle.bundles"] == folder.name
    # The store is MLflow's own: nothing of the plugin is needed to read it, and the bundle is the same.
    assert expbundle.source(tmp_path / ("mlflow.db" if kind == "sqlite" else "mlruns"), "mlflow").convert(run).bundle == expbundle.open(folder / f"{run}.expb")


def test_without_the_prefix_the_plugin_sleeps(tmp_path):
    run, _ = train(tmp_path, f"file://{tmp_path}/mlruns")
    assert not (tmp_path / "mlruns.bundles").exists()
    record = expbundle.source(tmp_path / "mlruns", "mlflow").convert(run).bundle.record()
    assert "expbundle.bundles" not in record.section("context.json").get("labels", {})


def test_a_run_that_goes_on_has_a_new_bundle(tmp_path):
    run, _ = train(tmp_path, f"expbundle+file://{tmp_path}/mlruns", "resume")
    record = expbundle.open(tmp_path / "mlruns.bundles" / f"{run}.expb").record()
    assert record.metrics["loss"] == 0.1


def test_what_goes_wrong_stops_no_training_and_is_told_once(tmp_path):
    (tmp_path / "mlruns.bundles").write_text("a file where the folder should be")
    run, said = train(tmp_path, f"expbundle+file://{tmp_path}/mlruns")
    assert said.count("expbundle made no bundle of this run") == 1
    assert expbundle.source(tmp_path / "mlruns", "mlflow").convert(run).bundle.record().status == "finished"
