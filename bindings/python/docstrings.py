"""Writes the documentation of the extension: that of ``_core.pyi``, with the types of its signatures.

    python bindings/python/docstrings.py

The stub is its one home. What ``help()`` shows comes from the doc comments in ``src``, since the
docstrings of an extension cannot be set from Python; this writes them anew, and
``tests/test_docstrings.py`` compares.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
STUB = HERE / "python" / "expbundle" / "_core.pyi"
TYPES = STUB.with_name("_types.py")
COLUMNS = 96
"""Width of a docstring: a line of a doc comment has 100 columns."""
SLOTS = re.compile(r"__(?!arrow_c_stream__)\w+__")
"""Names whose documentation is Python's own."""


def documentation(stub: str) -> dict[str, str]:
    """The docstring of each class, method, property and function, by its dotted name."""
    tree = ast.parse(stub)
    aliases = _aliases(tree.body) | _aliases(ast.parse(TYPES.read_text()).body)
    documented = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            documented[node.name] = _of_function(node, aliases)
        elif isinstance(node, ast.ClassDef):
            of_class = ast.get_docstring(node) or ""
            for inner in node.body:
                if not isinstance(inner, ast.FunctionDef):
                    continue
                if inner.name == "__new__":
                    # An extension has no place for the documentation of a constructor but its class.
                    of_class = f"{of_class}\n\n{_of_function(inner, aliases)}"
                elif not SLOTS.fullmatch(inner.name):
                    documented[f"{node.name}.{inner.name}"] = _of_function(inner, aliases)
            documented[node.name] = of_class
    return documented


def _aliases(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and ast.unparse(node.annotation) == "TypeAlias":
            assert node.value
            found[node.target.id] = ast.unparse(node.value)
    return found


def _of_function(node: ast.FunctionDef, aliases: dict[str, str]) -> str:
    is_property = any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)
    returns = _typed(node.returns, aliases)
    if is_property:
        types = f"Type: {returns}"
    else:
        arguments = [one for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if one.arg not in {"self", "cls"}]
        if node.args.vararg:
            arguments.append(node.args.vararg)
        lines = [f"    {one.arg}: {_typed(one.annotation, aliases)}" for one in arguments]
        if returns != "None":
            lines.append(f"    return: {returns}")
        types = "\n".join(["Types:", "", *lines]) if lines else ""
    wrapped = "\n".join(textwrap.fill(line, COLUMNS, subsequent_indent="        ", break_long_words=False) for line in types.split("\n"))
    return f"{ast.get_docstring(node) or ''}\n\n{wrapped}".strip()


def _typed(annotation: ast.expr | None, aliases: dict[str, str]) -> str:
    """A type as it stands in the stub, the names of the stub's own resolved."""
    text = ast.unparse(annotation) if annotation else "None"
    for _ in aliases:
        text = re.sub(r"\b\w+", lambda name: aliases.get(name[0], name[0]), text)
    return text


def rewritten(source: str, documented: dict[str, str], used: set[str]) -> str:
    """A file of the extension with the doc comments of what Python sees."""
    lines: list[str] = []
    within = None
    for line in source.split("\n"):
        if found := re.match(r"impl (?:\w+ for )?(\w+)", line):
            within = found[1] if "#[pymethods]" in lines[-1:] else None
        name = None
        if found := re.match(r"pub (?:struct|fn) (\w+)", line):
            name, indent = found[1], ""
        elif (found := re.match(r"    (?:pub )?fn (\w+)", line)) and within:
            name, indent = f"{within}.{found[1]}", "    "
        elif (found := re.match(r"    (\w+): ", line)) and (struct := _struct_above(lines)):
            name, indent = f"{struct}.{found[1]}", "    "
        if name in documented and _is_seen(lines, name):
            used.add(name)
            lines = _with_comment(lines, documented[name], indent)
        lines.append(line)
    return "\n".join(lines)


def _is_seen(lines: list[str], name: str) -> bool:
    """Whether Python sees it: attributes above say so, but for methods of a block that does."""
    if "." in name:
        return True
    above = []
    for line in reversed(lines):
        if not line or line.startswith("}"):
            break
        above.append(line)
    return any(line.startswith(("#[pyclass", "#[pyfunction")) for line in above)


def _struct_above(lines: list[str]) -> str | None:
    """The class of whose fields this is one, if all of them are attributes."""
    for at in range(len(lines) - 1, -1, -1):
        if found := re.match(r"pub struct (\w+) \{", lines[at]):
            return found[1] if any("get_all" in line for line in lines[max(0, at - 3) : at]) else None
        if lines[at].startswith(("}", "impl", "fn ", "pub fn ", "enum", "use")):
            return None
    return None


def _with_comment(lines: list[str], text: str, indent: str) -> list[str]:
    """The lines with another comment above the attributes at their end."""
    at = len(lines)
    # Attributes, some of which take several lines, and the comment.
    while at > 0 and re.match(rf"{indent}(#\[|///)|{indent}    \S|{indent}\)*\]$", lines[at - 1]):
        at -= 1
    attributes = [line for line in lines[at:] if not line.lstrip().startswith("///")]
    comment = [f"{indent}/// {line}".rstrip() for line in text.split("\n")]
    return [*lines[:at], *comment, *attributes]


def main() -> None:
    documented, used = documentation(STUB.read_text()), set()
    for path in sorted((HERE / "src").glob("*.rs")):
        source = path.read_text()
        new = rewritten(source, documented, used)
        if new != source:
            path.write_text(new)
            print("written", path.relative_to(HERE))
    missing = sorted(documented.keys() - used)
    assert not missing, f"not found in src: {missing}"


if __name__ == "__main__":
    main()
