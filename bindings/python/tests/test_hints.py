"""What Python raises names the way in Python, and no option of the program."""

from __future__ import annotations

import re
from pathlib import Path

import expbundle
import pytest
from expbundle import _core

from conftest import FIXTURES, ROOT

TOLD = ("expbundle-convert", "expbundle-directory", "expbundle-run", "expbundle-statement", "expbundle-words")
"""The libraries whose texts Python raises or warns of."""

LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def literals() -> list[str]:
    """The texts of these libraries that name an option."""
    found = set()
    for crate in TOLD:
        for file in (ROOT / "crates" / crate / "src").rglob("*.rs"):
            text = re.sub(r"(?m)^\s*//.*$", "", file.read_text())
            for literal in LITERAL.findall(text):
                plain = re.sub(r"\\\n\s*", "", literal[1:-1]).replace('\\"', '"')
                if re.search(r"`(--|-o\b|expbundle [a-z]+ .*--)", plain):
                    found.add(plain)
    return sorted(found)


def test_no_text_that_python_raises_names_an_option() -> None:
    texts = literals()
    assert len(texts) > 30
    left = {}
    for text in texts:
        codes = _core._in_python(text).split("`")[1::2]
        options = [code for code in codes if re.match("--?[a-z]", code) or (code.startswith("expbundle ") and " --" in code)]
        if options:
            left[text] = options
    assert left == {}


def test_hints_are_the_calls_to_make(tmp_path: Path, bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    def help_of(call: object) -> str:
        with pytest.raises(expbundle.ExpbundleError) as raised:
            call()  # type: ignore[operator]
        return raised.value.help or ""

    source = expbundle.source(FIXTURES / "mlflow" / "sqlite")
    assert "`source.runs()`" in help_of(lambda: source.convert())
    assert "`source.runs()`" in help_of(lambda: source.convert("no such run"))
    bundle.save(tmp_path / "run.expb")
    other = expbundle.Run("other", clock=False).finish()
    assert "overwrite=True" in help_of(lambda: other.save(tmp_path / "run.expb"))
    both = expbundle.merge([bundle, other])
    assert "`bundle.record(ID)`" in help_of(lambda: both.record())
    assert '`record="all"`' in help_of(lambda: both.sign(key))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert "`unrelated=True`" in help_of(lambda: expbundle.attach(folder, bundle, key=key))
