"""Finds the program, and refuses to begin when it or one of the other tools is missing: a check that was skipped proves nothing."""

import importlib.util
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = [
    "blake3", "cyclonedx", "duckdb", "huggingface_hub", "in_toto_attestation", "jsonschema", "model_signing", "pandas", "polars", "pyarrow",
    "securesystemslib", "yaml",
]

os.environ.setdefault("EXPBUNDLE", str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "expbundle"))


def pytest_configure():
    missing = [tool for tool in TOOLS if importlib.util.find_spec(tool) is None]
    if missing:
        pytest.exit(f"not installed: {', '.join(missing)}; run `pip install -r peers/requirements.txt`", returncode=2)
    if not os.access(os.environ["EXPBUNDLE"], os.X_OK):
        pytest.exit(f"no program at {os.environ['EXPBUNDLE']}; run `cargo build --release`, or name one by EXPBUNDLE", returncode=2)


@pytest.fixture(scope="session")
def expbundle():
    """Runs the program; its stdout."""

    def run(*arguments, status=0):
        command = [os.environ["EXPBUNDLE"], *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == status, f"{command}: exit status {done.returncode}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def bundles(expbundle, tmp_path_factory):
    """Every fixture, converted once: a list of bundles by the fixture's name, such as `mlflow/sqlite`."""
    made = {}
    for source in sorted(path for path in (ROOT / "fixtures" / "mlflow").iterdir() if (path / "expected.json").exists()):
        out = tmp_path_factory.mktemp("mlflow") / source.name
        expbundle("convert", "mlflow", mlflow_source(source), "--all", "-o", out)
        made[f"mlflow/{source.name}"] = sorted(out.rglob("*.expb"))
    for fixture in sorted((ROOT / "fixtures" / "wandb").iterdir()):
        for number, folder in enumerate(sorted([*fixture.glob("offline-run-*"), *fixture.glob("run-*")])):
            if folder.is_dir():
                out = tmp_path_factory.mktemp("wandb") / f"{number}.expb"
                expbundle("convert", "wandb", folder, "-o", out)
                made.setdefault(f"wandb/{fixture.name}", []).append(out)
    return made


def mlflow_source(fixture):
    """What to give to `convert mlflow`: the store itself."""
    return next(place for place in (fixture / name for name in ("mlflow.db", "mlruns", "experiment")) if place.exists())


@pytest.fixture(scope="session")
def judge():
    """The program that judges bundles from its input, as `cargo test` builds it."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = pathlib.Path(os.environ.get("JUDGE", target / "debug" / "examples" / "judge"))
    assert os.access(program, os.X_OK), f"no program at {program}; run `cargo build --package expbundle-directory --example judge`, or name one by JUDGE"
    return program


@pytest.fixture(scope="session")
def ed25519():
    """The program that verifies signatures from its input, as `cargo test` builds it."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "debug" / "examples" / "ed25519"
    assert os.access(program, os.X_OK), f"no program at {program}; run `cargo build --package expbundle-statement --example ed25519`"
    return program


def pytest_addoption(parser):
    parser.addoption("--suites", help="folder of public suites of other projects (test_suites.py)")
