"""What ``help()`` shows is the documentation of the stub, which is its one home."""

from __future__ import annotations

import importlib.util
import inspect
import pydoc

import expbundle
from expbundle import _core

from conftest import ROOT


def test_help_shows_what_the_stub_says() -> None:
    script = ROOT / "bindings" / "python" / "docstrings.py"
    spec = importlib.util.spec_from_file_location("docstrings", script)
    assert spec and spec.loader
    docstrings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(docstrings)
    documented = docstrings.documentation(docstrings.STUB.read_text())
    assert {"Run", "Run.finish", "verify"} <= documented.keys()
    for name, wanted in documented.items():
        shown: object = _core
        for part in name.split("."):
            shown = getattr(shown, part)
        shown = inspect.getdoc(shown)
        assert shown == inspect.cleandoc(wanted), f"{name}: run `python bindings/python/docstrings.py`, and build again"


def test_help_names_types_and_errors() -> None:
    text = pydoc.plain(pydoc.render_doc(expbundle.verify))
    assert "trust: str | os.PathLike[str] | None" in text and "return: Report" in text
    text = pydoc.plain(pydoc.render_doc(expbundle.Run))
    assert "``FileNotFoundError``" in text and "``dataset``" in text
    assert "started: str | datetime.datetime | float | None" in text
