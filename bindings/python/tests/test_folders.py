"""Model folders, and runs of trackers."""

from __future__ import annotations

from pathlib import Path

import expbundle
import pytest

from conftest import FIXTURES


def test_a_folder_is_attached_released_verified_and_detached(
    bundle: expbundle.Bundle, key: expbundle.Key, weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes())
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Digits\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    signed = bundle.sign(key)
    planned = expbundle.attach(folder, signed, key=key, dry_run=True)
    assert not planned.applied and "experiment.expb" in planned.files
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert expbundle.attach(folder, signed, key=key, title="digits 1.0").applied
    report = expbundle.verify(folder, trust=key.public_key)
    assert report.state == "trusted", report.text
    assert "digits" in expbundle.why(folder / weights.name).text
    (folder / weights.name).write_bytes(b"something else")
    assert expbundle.verify(folder, trust=key.public_key).state != "trusted"
    (folder / weights.name).write_bytes(weights.read_bytes())
    (folder / "config.json").write_text("{}")
    assert not expbundle.verify(folder, trust=key.public_key).holds
    expbundle.release(folder, key, title="digits 1.1", reason="with a configuration")
    assert expbundle.verify(folder, trust=key.public_key).holds
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        expbundle.release(folder, key, title="password=Tr0ub4dor&3x")
    expbundle.detach(folder)
    assert not (folder / "experiment.expb").exists()


def test_runs_of_trackers_are_listed_and_converted(tmp_path: Path) -> None:
    assert {"mlflow", "wandb", "huggingface", "clearml"} <= set(expbundle.trackers())
    source = expbundle.source(FIXTURES / "wandb" / "finetune")
    (run,) = source.runs()
    converted = source.convert()
    assert converted.key == run["key"]
    assert converted.account and converted.text and converted.title
    assert converted.bundle.verify().state == "intact"
    assert converted.bundle.record().metrics
    again = expbundle.source(FIXTURES / "wandb" / "finetune", "wandb").convert(run["key"], embed=False)
    assert again.bundle.record().title == converted.title
    store = expbundle.source(FIXTURES / "mlflow" / "sqlite")
    done = store.convert_all(tmp_path / "bundles")
    assert not done["failed"]
    assert len(list((tmp_path / "bundles").glob("*.expb"))) >= len(store.runs())
    with pytest.raises(expbundle.ExpbundleError, match="there is no run"):
        store.convert("there is no such run")
    with pytest.raises(expbundle.ExpbundleError):
        expbundle.source(tmp_path)
    with pytest.raises(FileNotFoundError):
        expbundle.source(tmp_path / "nothing")


def test_runs_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    experiment = tmp_path / "mlruns" / "0"
    (experiment / "bad").mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '0'\nname: Default\nlifecycle_stage: active\n")
    (experiment / "bad" / "meta.yaml").write_text("{")
    source = expbundle.source(tmp_path / "mlruns")
    with pytest.warns(UserWarning, match="bad"):
        source.runs()
