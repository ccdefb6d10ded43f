"""Makes the pages of the API from the types and documentation of the package, by pdoc.

    pip install pdoc
    python bindings/python/api_pages.py FOLDER

Neither the extension nor a training framework has to be there: the pages are made from
``_core.pyi``, where the documentation of the extension is, and the classes that the hooks derive
from are stand-ins. Whatever pdoc warns of is an error.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import types
import warnings
from pathlib import Path

import pdoc

HERE = Path(__file__).resolve().parent
HOOKS = ["hub", "keras", "lightning", "mlflow", "transformers", "wandb"]
FRAMEWORKS = {
    "keras": ["callbacks"],
    "keras.callbacks": ["Callback"],
    "lightning": [],
    "lightning.pytorch": [],
    "lightning.pytorch.callbacks": ["Callback"],
    "torch": [],
    "transformers": ["TrainerCallback"],
}
"""The modules that hooks import, and the names that they take from them."""


def version() -> str:
    """The version of the workspace, which is that of the package."""
    found = re.search(r'^version = "(.*)"$', (HERE / "../../Cargo.toml").read_text(), re.MULTILINE)
    assert found, "the workspace has a version"
    return found[1]


def without_extension(folder: Path) -> None:
    """A copy of the package in which the types of the extension stand for the extension."""
    package = folder / "expbundle"
    shutil.copytree(HERE / "python" / "expbundle", package, ignore=shutil.ignore_patterns("__pycache__", "_core.*"))
    stub = (HERE / "python" / "expbundle" / "_core.pyi").read_text()
    stub = stub.replace("VERSION: Final[str]", f'VERSION: Final[str] = "{version()}"')
    # A name may be used before its class in a stub, and not in a program.
    alias = re.compile(r"^_\w+: TypeAlias = .*\n", re.MULTILINE)
    late = "".join(alias.findall(stub))
    head, rest = alias.sub("", stub).split("import datetime", 1)
    (package / "_core.py").write_text(f"{head}from __future__ import annotations\n\nimport datetime{rest}\n{late}")
    # Everything says that it is of the package, as in the extension; and there the names in its
    # types are looked for.
    for path, text in {"_core.py": MOVED, "__init__.py": NAMES}.items():
        with (package / path).open("a") as file:
            file.write(text)


MOVED = """
for _one in list(globals().values()):
    if getattr(_one, "__module__", None) == __name__:
        _one.__module__ = "expbundle"
"""
NAMES = """
globals().update({name: one for name, one in vars(_core).items() if name not in globals()})
"""


def stand_ins() -> None:
    """Frameworks of which nothing is needed but the classes that hooks derive from."""
    for name, members in FRAMEWORKS.items():
        module = types.ModuleType(name)
        for member in members:
            setattr(module, member, sys.modules.get(f"{name}.{member}", type(member, (), {})))
        sys.modules[name] = module
    sys.modules["keras"].callbacks = sys.modules["keras.callbacks"]  # type: ignore[attr-defined]


def make(folder: Path) -> None:
    """Writes the pages.

    Raises:
        Warning: what pdoc could not read or resolve.
    """
    with tempfile.TemporaryDirectory() as scratch:
        without_extension(Path(scratch))
        stand_ins()
        sys.path.insert(0, scratch)
        pdoc.render.configure(docformat="restructuredtext", show_source=False, footer_text=f"expbundle {version()}")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pdoc.pdoc("expbundle", "expbundle.errors", *(f"expbundle.{hook}" for hook in HOOKS), output_directory=folder)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    folder = arguments.parse_args().folder
    make(folder)
    print(f"{folder / 'index.html'}: {len(list(folder.rglob('*.html')))} pages")


if __name__ == "__main__":
    main()
