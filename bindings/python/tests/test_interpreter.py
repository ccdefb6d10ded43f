"""The interpreter around it: threads, forks, interrupts, columns, types, the program."""

from __future__ import annotations

import doctest
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import expbundle
import pytest

from conftest import ROOT

PACKAGE = Path(expbundle.__file__).parent


def test_points_are_columns_that_others_take() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    run = expbundle.Run("a run", clock=False)
    for step in range(300_000):
        run.log({"loss": step / 2}, step=step, time=None)
    series = run.finish().record().series()
    assert series is not None and len(series) == 300_000
    table = pyarrow.table(series)
    assert table.column_names == ["key", "step", "time", "value", "text"]
    assert table.num_rows == 300_000
    assert table["value"][-1].as_py() == 299_999 / 2
    assert table["key"].combine_chunks().unique().to_pylist() == ["loss"]
    # A stream may be taken any number of times.
    assert pyarrow.table(series).equals(table)


def test_threads_log_to_one_run() -> None:
    run = expbundle.Run("a run", clock=False)

    def work(worker: int) -> None:
        for step in range(500):
            run.log({f"worker{worker}": step}, step=step)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    series = run.finish().record().series()
    assert series is not None and len(series) == 4000


def test_other_threads_go_on_while_a_bundle_is_verified(bundle: expbundle.Bundle) -> None:
    with ThreadPoolExecutor(4) as pool:
        states = [report.state for report in pool.map(lambda _: bundle.verify(), range(16))]
    assert states == ["intact"] * 16


def test_nothing_runs_at_import_and_nothing_heavy_is_imported() -> None:
    script = (
        "import sys, threading, time\n"
        "import expbundle\n"
        "print(threading.active_count(), *(name for name in ('torch', 'numpy', 'asyncio', 'urllib.request') if name in sys.modules))\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_can_verify_and_cannot_tell_the_run_of_its_parent(bundle: expbundle.Bundle) -> None:
    bundle.verify()
    run = expbundle.Run("a run", clock=False)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert bundle.verify().state == "intact"
            try:
                run.log({"loss": 1.0})
            except expbundle.UsageError:
                code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    run.log({"loss": 1.0})
    assert run.finish().record().metrics == {"loss": 1.0}


def test_an_interrupt_ends_long_work(tmp_path: Path) -> None:
    big = tmp_path / "model"
    big.mkdir()
    with (big / "model.safetensors").open("wb") as file:
        file.truncate(6 << 30)
    bundle = expbundle.Run("a run", clock=False).finish()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(5):
            expbundle.attach(big, bundle, key=expbundle.Key.generate(), dry_run=True)
    assert time.monotonic() - begun < 60
    assert sorted(path.name for path in big.iterdir()) == ["model.safetensors"]


def test_the_program_came_with_the_package() -> None:
    told = subprocess.run([sys.executable, "-m", "expbundle", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["expbundle", expbundle.__version__]
    failed = subprocess.run([sys.executable, "-m", "expbundle", "verify", "/nowhere"], capture_output=True, check=False)
    assert failed.returncode == 2


def test_the_examples_run() -> None:
    failures = 0
    for page in (PACKAGE / "_core.pyi", PACKAGE / "__init__.py", ROOT / "bindings" / "python" / "README.md"):
        parser = doctest.DocTestParser()
        for number, piece in enumerate(page.read_text().split('"""')):
            test = parser.get_doctest(piece, {}, f"{page.name}, part {number}", str(page), 0)
            failures += doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed
    assert failures == 0


@pytest.mark.parametrize("checker", [["mypy", "--strict", "--ignore-missing-imports"], ["mypy.stubtest", "expbundle._core"]])
def test_the_types_are_true(checker: list[str], tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    module, *arguments = checker
    if module == "mypy":
        arguments += ["-p", "expbundle"]
    # Away from the sources: what is checked is what was installed.
    told = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert told.returncode == 0, told.stdout + told.stderr
