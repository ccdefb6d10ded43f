"""Results of evaluation harnesses as statements, from files that the harnesses' own code wrote."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import expbundle
import expbundle.evaluations
import pytest

FILES = Path(__file__).resolve().parent / "evaluations"
LM_EVAL = FILES / "lm_eval.json"
HF_EVALUATE = FILES / "hf_evaluate.json"


def signed(results: expbundle.evaluations.Results, bundle: expbundle.Bundle, key: expbundle.Key) -> list[dict[str, Any]]:
    """What the statements say that signing adds."""
    after = results.sign(bundle.sign(key), key, name="Ada", at="2026-11-30T12:00:00Z")
    assert after.verify(trust=key.public_key).state == "trusted"
    said = []
    with zipfile.ZipFile(io.BytesIO(after.to_bytes())) as archive:
        for name in archive.namelist():
            if name.startswith("statements/"):
                envelope = json.loads(archive.read(name))["dsseEnvelope"]
                predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
                said += [predicate] if "evaluations" in json.dumps(predicate) else []
    return said


def body(predicate: dict[str, Any]) -> dict[str, Any]:
    """The part of a predicate with the evaluations."""
    return predicate if "evaluations" in predicate else next(part for part in predicate.values() if isinstance(part, dict) and "evaluations" in part)


def test_lm_eval_makes_a_statement_for_each_task(bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    results = expbundle.evaluations.lm_eval(LM_EVAL)
    content = json.loads(LM_EVAL.read_text())
    assert {one.task for one in results.results} == {"numbers", "numbers_small", "numbers_large"}
    small = next(one for one in results.results if one.task == "numbers_small")
    assert small.values["acc"] == content["results"]["numbers_small"]["acc,none"]
    assert small.values["acc_stderr"] == content["results"]["numbers_small"]["acc_stderr,none"]
    assert (small.dataset, small.split) == ("json", "test")
    assert results.evaluator == f"lm-evaluation-harness {content['lm_eval_version']}"
    notes = results.notes(small)
    for part in ("samples: 30 of 40", "version of the task: 2.0", "better: acc higher", content["task_hashes"]["numbers_small"]):
        assert part in notes, notes
    assert hashlib.sha256(LM_EVAL.read_bytes()).hexdigest() in notes
    said = [one["evaluations"] for one in map(body, signed(results, bundle, key))]
    assert len(said) == 3
    (of_small,) = [one for one in said if one[0]["task"] == "numbers_small"]
    assert {one["metric"]: one["value"] for one in of_small} == small.values


def test_hf_evaluate_takes_numbers_and_names_the_rest(bundle: expbundle.Bundle, key: expbundle.Key) -> None:
    results = expbundle.evaluations.hf_evaluate(HF_EVALUATE, task="image-classification", dataset="digits", split="test")
    (one,) = results.results
    assert one.values == {"accuracy": 0.93, "f1/macro": 0.91, "f1/micro": 0.93}
    notes = results.notes(one)
    assert "model: digits-small" in notes and "no numbers, so not here: confusion" in notes and "/usr/bin" not in notes
    (said,) = map(body, signed(results, bundle, key))
    assert said["notes"] == notes and {one["dataset"] for one in said["evaluations"]} == {"digits"}


def test_other_files_are_refused_with_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    for text, read, said in [
        ('{"results": {}', expbundle.evaluations.lm_eval, "was it cut off"),
        ("[]", expbundle.evaluations.lm_eval, "aggregated results"),
        ('{"doc_id": 1}', expbundle.evaluations.lm_eval, "not the samples"),
        ('{"results": {"a": {"acc,none": "N/A"}}, "versions": {}}', expbundle.evaluations.lm_eval, "a: acc,none"),
        ('{"accuracy": 1}', expbundle.evaluations.hf_evaluate, "evaluate.save"),
    ]:
        path.write_text(text)
        with pytest.raises(expbundle.ExpbundleError) as error:
            read(path)
        assert said in str(error.value) and (str(path) in str(error.value))
    with pytest.raises(FileNotFoundError):
        expbundle.evaluations.lm_eval(tmp_path / "none.json")


def test_a_secret_in_a_results_file_is_not_signed(bundle: expbundle.Bundle, key: expbundle.Key, tmp_path: Path) -> None:
    content = json.loads(LM_EVAL.read_text())
    content["model_name"] = "hf_" + "abcdEFGHijklMNOPqrstUVWXyz01234567"
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content))
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        expbundle.evaluations.lm_eval(path).sign(bundle, key)
