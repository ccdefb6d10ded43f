"""Results of evaluation harnesses, as signed statements about a model's record.

>>> import expbundle.evaluations  # doctest: +SKIP
>>> results = expbundle.evaluations.lm_eval("results_2026-11-30T10-00-00.json")  # doctest: +SKIP
>>> bundle = results.sign(expbundle.open("run.expb"), key="~/.ssh/id_ed25519")  # doctest: +SKIP

A harness writes much more into its file than a statement holds. The statement names the file by its
SHA-256, so that whoever has it can check that it is the one.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _core
from ._paths import expanded
from .errors import ExpbundleError, UsageError

__all__ = ["Result", "Results", "hf_evaluate", "lm_eval"]

NO_METRICS = ("alias", "name", "sample_count", "sample_len", "samples", " ")
"""Members of a task's results that are not measurements."""


@dataclass(frozen=True)
class Result:
    """What was measured on one task: one statement."""

    values: dict[str, float]
    """The numbers by the names of their metrics."""
    task: str | None = None
    dataset: str | None = None
    split: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the file says of this task, for the notes: shots, samples, version, hash."""


@dataclass(frozen=True)
class Results:
    """The results of one file."""

    path: Path
    sha256: str
    """Digest of the file, in hex."""
    evaluator: str
    """The harness and its version."""
    results: list[Result]
    facts: dict[str, Any]
    """What the file says of all of them: model, date, commit."""
    left_out: list[str]
    """Measurements that are not numbers, by task and metric: no statement holds them."""

    def sign(
        self,
        bundle: _core.Bundle,
        key: str | os.PathLike[str] | _core.Key,
        *,
        name: str | None = None,
        at: str | datetime.datetime | None = None,
        record: str | None = None,
    ) -> _core.Bundle:
        """The bundle with a statement for each task, about the record whose id begins with ``record``.

        ``at`` is when it is signed, by default now. Raises :class:`expbundle.ExpbundleError` if the
        notes hold what looks like a secret.
        """
        for one in self.results:
            bundle = bundle.evaluate(
                one.values, key, task=one.task, dataset=one.dataset, split=one.split, evaluator=self.evaluator,
                notes=self.notes(one), name=name, at=at, record=record,
            )  # fmt: skip
        return bundle

    def notes(self, result: Result) -> str:
        """How it was measured, in Markdown."""
        facts = {**self.facts, **result.facts}
        lines = [f"- {name}: {_text(value)}" for name, value in facts.items() if value is not None]
        mine = [one.partition(": ")[2] for one in self.left_out if one.partition(": ")[0] == (result.task or "")]
        if mine:
            lines.append(f"- no numbers, so not here: {', '.join(mine)}")
        return "\n".join([f"From `{self.path.name}`, SHA-256 {self.sha256}.", "", *lines])


def lm_eval(path: str | os.PathLike[str]) -> Results:
    """Reads the results that EleutherAI's lm-evaluation-harness writes: ``results_….json``.

    Each task, and each group with numbers of its own, is a result. ``acc,none`` is called ``acc``;
    names of other filters stay: ``exact_match,strict-match``. Raises
    :class:`expbundle.ExpbundleError` if the file is something else.
    """
    path = expanded(path)
    content, sha256 = _read(path)
    tasks = content.get("results")
    if not isinstance(tasks, dict) or not {"versions", "configs"} & content.keys():
        raise _other(path, "lm-evaluation-harness", "pass its `results_….json`, not the samples")
    groups = content.get("groups") or {}
    left_out: list[str] = []
    results = []
    for task, measured in {**groups, **tasks}.items():
        values = _numbers(task, {name: value for name, value in measured.items() if name not in NO_METRICS}, left_out)
        values = {name.removesuffix(",none"): value for name, value in values.items()}
        if values:
            results.append(Result(values, task, **_of_task(content, task)))
    config = content.get("config") or {}
    facts = {
        "model": content.get("model_name") or config.get("model"),
        "model revision": (config.get("model_revision") or None),
        "model commit": (config.get("model_sha") or None),
        "date": _date(content.get("date")),
        "commit of the harness's folder": content.get("git_hash"),
        "limit of samples": config.get("limit"),
        "seed": config.get("random_seed"),
        "chat template, SHA-256": content.get("chat_template_sha"),
        "system instruction, SHA-256": content.get("system_instruction_sha"),
        "transformers": content.get("transformers_version"),
    }
    evaluator = f"lm-evaluation-harness {content.get('lm_eval_version') or ''}".strip()
    return _results(path, sha256, evaluator, results, facts, left_out)


def hf_evaluate(
    path: str | os.PathLike[str],
    *,
    task: str | None = None,
    dataset: str | None = None,
    split: str | None = None,
) -> Results:
    """Reads what ``evaluate.save`` of Hugging Face wrote: ``result-….json``.

    The file does not say which of its texts is the data set, so ``task``, ``dataset`` and ``split``
    are yours to say; its texts become facts. Raises :class:`expbundle.ExpbundleError` if the file
    is something else.
    """
    path = expanded(path)
    content, sha256 = _read(path)
    if "_evaluate_version" not in content:
        raise _other(path, "Hugging Face's evaluate", "pass a file that `evaluate.save` wrote")
    own = {name: value for name, value in content.items() if not name.startswith("_")}
    facts: dict[str, Any] = {name: value for name, value in own.items() if isinstance(value, (str, bool))}
    left_out: list[str] = []
    values = _numbers(task or "", {name: value for name, value in own.items() if name not in facts}, left_out)
    facts.update({"date": content.get("_timestamp"), "commit": content.get("_git_commit_hash"), "python": content.get("_python_version")})
    evaluator = f"evaluate {content['_evaluate_version']}"
    results = [Result(values, task, dataset, split)] if values else []
    return _results(path, sha256, evaluator, results, facts, left_out)


def _read(path: Path) -> tuple[dict[str, Any], str]:
    data = path.read_bytes()
    try:
        content = json.loads(data)
    except ValueError as error:
        raise ExpbundleError(f"the file is not JSON: {error}", "cli.usage", str(path), "was it cut off? evaluate again") from error
    if not isinstance(content, dict):
        raise _other(path, "an evaluation", "pass the file of the aggregated results")
    return content, hashlib.sha256(data).hexdigest()


def _other(path: Path, what: str, help: str) -> UsageError:
    return UsageError(f"the file has no results of {what}", place=str(path), help=help)


def _results(
    path: Path, sha256: str, evaluator: str, results: list[Result], facts: Mapping[str, Any], left_out: list[str]
) -> Results:
    if not results:
        raise UsageError("the file has no number that was measured", place=str(path), help="; ".join(left_out) or None)
    known = {name: value for name, value in facts.items() if value not in (None, "", "N/A")}
    return Results(path, sha256, evaluator, results, known, left_out)


def _numbers(task: str, values: Mapping[str, Any], left_out: list[str], prefix: str = "") -> dict[str, float]:
    """The numbers among values; nested names are joined by slashes. What else there is is named."""
    numbers: dict[str, float] = {}
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, Mapping):
            numbers.update(_numbers(task, value, left_out, f"{full}/"))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers[full] = float(value)
        else:
            left_out.append(f"{task}: {full}")
    return numbers


def _of_task(content: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What a results file says of a task in its other members."""
    config: Mapping[str, Any] = _member(content, "configs", task) or {}
    dataset = "/".join(str(config[name]) for name in ("dataset_path", "dataset_name") if config.get(name)) or None
    split = next((str(config[name]) for name in ("test_split", "validation_split") if config.get(name)), None)
    samples = _member(content, "n-samples", task)
    facts = {
        "version of the task": _member(content, "versions", task),
        "shots": _member(content, "n-shot", task),
        "samples": f"{samples['effective']} of {samples['original']}" if isinstance(samples, dict) else samples,
        "hash of the samples": _member(content, "task_hashes", task),
        "better": _better(_member(content, "higher_is_better", task)),
        "part of it": _parts(content, task),
    }
    return {"dataset": dataset, "split": split, "facts": {name: value for name, value in facts.items() if value is not None}}


def _member(content: Mapping[str, Any], of: str, task: str) -> Any:
    place = content.get(of)
    return place.get(task) if isinstance(place, dict) else None


def _better(directions: Any) -> str | None:
    if not isinstance(directions, dict):
        return None
    words = {True: "higher", False: "lower"}
    return ", ".join(f"{name} {words[is_higher]}" for name, is_higher in directions.items() if is_higher in words) or None


def _parts(content: Mapping[str, Any], task: str) -> Iterable[str] | None:
    parts = _member(content, "group_subtasks", task)
    return parts if isinstance(parts, list) and parts else None


def _date(seconds: Any) -> str | None:
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
