"""Exporting runs of ZenML with the real client, from a store that ZenML itself made (requirements-export.txt)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import expbundle
import pytest

from conftest import FIXTURES

pytest.importorskip("zenml")

MADE_IN = "/home/ada/.config/family"
"""Where the store was when it was made."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the store of the fixtures, which knows its own place."""
    folder = tmp_path_factory.mktemp("zenml") / "config"
    shutil.copytree(FIXTURES / "zenml" / "family", folder)
    settings = folder / "config.yaml"
    settings.write_text(settings.read_text().replace(MADE_IN, str(folder)))
    database = sqlite3.connect(folder / "local_stores/default_zen_store/zenml.db")
    database.execute("UPDATE artifact_version SET uri = replace(uri, ?, ?)", (MADE_IN, str(folder)))
    database.commit()
    database.close()
    return folder


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def exported(store: Path, place: str, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: the client reads its settings once."""
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(store), "ZENML_ANALYTICS_OPT_IN": "false", "ZENML_LOGGING_VERBOSITY": "ERROR"}
    command = [sys.executable, "-m", "expbundle.export", "zenml", place, "-o", str(output), *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_pipeline_is_a_bundle_for_each_run(store: Path, tmp_path: Path) -> None:
    done = exported(store, "digits_train", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {run["run_id"]: run for run in json.loads((store / "expected.json").read_text())["runs"]}
    found = {path.stem: expbundle.open(path).record() for path in tmp_path.glob("*.expb")}
    assert found and set(found) <= set(expected)
    for key, record in found.items():
        # What the client itself said when the store was made.
        run = expected[key]
        assert (record.title, set(record.tags)) == (run["name"], set(run["tags"]))
        assert {name: record.params[name] for name in run["params"]} == run["params"]
    by_title = {record.title: record for record in found.values()}
    baseline = by_title["digits-baseline"]
    assert baseline.status == "finished" and set(baseline.tags) == {"baseline", "digits", "keep"}
    assert baseline.params["train/lr"] == 0.3 and baseline.params["train/schedule"] == {"name": "exp", "decay": 0.98}
    declared = baseline.section("summary.json")["declared"]
    assert declared["approved"] is True and declared["train/epochs_done"] == 12
    assert by_title["digits-too-strict"].status == "failed"
    source = by_title["digits-too-strict"].section("source.json")
    assert "evaluate" in source["raw"]["exception"]
    # The very bytes that the step put into the artifact store.
    weights = [one for one in baseline.outputs if one["role"] == "model"]
    assert weights
    stored, here = ({_digest(path) for path in folder.rglob("*.safetensors")} for folder in (store, tmp_path))
    assert here and here <= stored
    # Exporting again makes nothing anew.
    again = exported(store, "digits_train", tmp_path)
    assert again.returncode == 0 and f"{len(found)} here already" in again.stdout, again.stdout + again.stderr


def test_one_run_by_its_name_and_what_is_not_there(store: Path, tmp_path: Path) -> None:
    done = exported(store, "digits-slow", tmp_path, "--no-files")
    assert done.returncode == 0 and "1 run: 1 exported" in done.stdout, done.stdout + done.stderr
    missing = exported(store, "nothing-of-this-name", tmp_path)
    assert missing.returncode == 2 and "no pipeline and no run" in missing.stderr
