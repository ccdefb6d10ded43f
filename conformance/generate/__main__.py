"""Writes `conformance/cases`: `python3 -m generate [FOLDER]` in `conformance/`, with blake3 and cryptography installed.

`python3 -m generate --large FOLDER` writes those that are too large to commit, or that no repository can hold.
"""

import argparse
import pathlib

from . import (
    container, container_directories, container_names, container_order, directory, directory_links, directory_releases,
    directory_trees, fooled, json_layer, large, lineage, lineage_evidence, lineage_licences, lineage_links, lineage_strangers, lineage_times, order, record, record_trees, second_reading, sections, statement, statement_evidence, statement_keys,
    statement_order, statement_payload, statement_release, statement_signers, statement_taking_back, statement_trust, version, withholding, writer,
)
from .cases import CASES, Suite

LAYERS = (
    container, container_directories, container_names, container_order, json_layer, record, record_trees, sections, statement, statement_payload, statement_keys, statement_evidence,
    statement_order, statement_trust, statement_signers, statement_taking_back, statement_release, lineage, lineage_links, lineage_evidence, lineage_times, lineage_licences, lineage_strangers, withholding, directory, directory_trees, directory_links, directory_releases, second_reading, fooled, version, order, writer,
)
parser = argparse.ArgumentParser(prog="python3 -m generate", description="Write the cases.")
parser.add_argument("--large", action="store_true", help="those that are not committed")
parser.add_argument("folder", nargs="?", type=pathlib.Path, default=CASES, help="which is emptied before [default: cases]")
arguments = parser.parse_args()
if arguments.large and arguments.folder.exists():
    parser.error(f"{arguments.folder} is there already")
suite = Suite()
for layer in [large] if arguments.large else LAYERS:
    layer.add(suite)
suite.write(arguments.folder)
valid = sum(case[6]["state"] not in ("malformed", "refused", None) for case in suite.cases)
print(f"{len(suite.cases)} cases, {valid} of them valid")
