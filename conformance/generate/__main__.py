"""Writes `conformance/cases`: `python3 -m generate [FOLDER]` in `conformance/`, with blake3 and cryptography installed."""

import pathlib
import sys

from . import container, directory, json_layer, lineage, record, sections, statement, version, withholding, writer
from .cases import CASES, Suite

suite = Suite()
for layer in (container, json_layer, record, sections, statement, lineage, withholding, directory, version, writer):
    layer.add(suite)
suite.write(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else CASES)
valid = sum(not case[6]["errors"] and case[6]["exit"] != 2 for case in suite.cases)
print(f"{len(suite.cases)} cases, {valid} of them valid")
