"""The Python of the guides runs, each page from top to bottom in a folder of its own.

A page whose frameworks are not installed is skipped: requirements-training.txt has them.
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

GUIDES = ROOT / "docs" / "guide"


def program(page: Path) -> str:
    """The blocks of Python of a page, on the lines that they have there."""
    lines, inside = [], False
    for line in page.read_text().splitlines():
        starts, ends = line == "```python", inside and line == "```"
        lines.append(line if inside and not ends else "")
        inside = starts or (inside and not ends)
    return "\n".join(lines)


# Other guides show a line of Python for a service that is not here.
PAGES = {page.name: program(page) for page in sorted(GUIDES.glob("from-*.md"))}


def imported(text: str) -> set[str]:
    """The packages that a program imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_no_guide_is_missing() -> None:
    assert {"from-a-notebook.md", "from-lightning.md", "from-python.md", "from-trainer.md"} <= PAGES.keys()


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_guide_runs(page: str, tmp_path: Path) -> None:
    text = PAGES[page]
    absent = sorted(name for name in imported(text) if importlib.util.find_spec(name) is None)
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")
    script = tmp_path / page
    script.write_text(text)
    told = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
