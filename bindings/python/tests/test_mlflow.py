"""Converting a run, with the real MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import expbundle
import pytest

mlflow: Any = pytest.importorskip("mlflow")


@pytest.mark.parametrize("store", ["sqlite", "file"])
def test_a_run_is_a_bundle_when_it_ends(
    store: str, tmp_path: Path, key: expbundle.Key, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import expbundle.mlflow

    monkeypatch.chdir(tmp_path)
    # MLflow 3 refuses its file store unless asked for it.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db" if store == "sqlite" else f"file://{tmp_path}/runs")
    mlflow.set_experiment("digits")
    with mlflow.start_run(run_name="small") as run:
        mlflow.log_param("rate", 0.1)
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
    bundle = expbundle.mlflow.convert(run, "run.expb", key=key, outputs={"model": weights}, log_artifact=True)
    assert bundle == expbundle.open("run.expb")
    record = bundle.record()
    assert record.title == "small" and record.status == "finished"
    assert record.metrics["loss"] == pytest.approx(1 / 3)
    assert [artifact.path for artifact in mlflow.MlflowClient().list_artifacts(run.info.run_id)] == ["run.expb"]
    mlflow.start_run(run_name="second")
    assert expbundle.mlflow.convert().record().title == "second"
    assert mlflow.active_run() is None
    mlflow.set_tracking_uri("http://127.0.0.1:1")
    with pytest.raises(expbundle.UsageError, match="server"):
        expbundle.mlflow.convert(run.info.run_id)
