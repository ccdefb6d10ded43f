"""Opening and verifying what others wrote."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import expbundle
import pytest

from conftest import ROOT


def test_a_bundle_opens_from_a_path_bytes_or_a_file(bundle: expbundle.Bundle, tmp_path: Path) -> None:
    path = tmp_path / "run.expb"
    assert bundle.save(path) == str(path)
    assert path.read_bytes() == bundle.to_bytes()
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), bundle):
        assert expbundle.open(source) == bundle
        assert expbundle.verify(source).state == "intact"
    with path.open("rb") as file:
        assert expbundle.open(file) == bundle


def test_a_record_says_what_the_run_was_told(bundle: expbundle.Bundle) -> None:
    record = bundle.record()
    assert record == bundle.records[0]
    assert record.title == "digits, 3 layers"
    assert record.kind == "run"
    assert record.status == "finished"
    assert record.started is None
    assert record.params == {"rate": 0.1, "layers": [64, 32]}
    assert record.metrics == {"accuracy": 0.8, "loss": 0.2}
    assert [output["role"] for output in record.outputs] == ["model"]
    assert "context.json" in record.sections
    assert record.section("context.json") == {"title": "digits, 3 layers"}
    assert isinstance(record.section("metrics.parquet"), bytes)
    assert record.to_dict()["id"] == record.id


def test_a_report_is_neither_true_nor_false(bundle: expbundle.Bundle) -> None:
    report = bundle.verify()
    with pytest.raises(TypeError, match="report.holds"):
        bool(report)
    assert report.holds
    report.raise_for_state()
    report = bundle.verify(require="signed")
    assert not report.holds
    with pytest.raises(expbundle.NotAsRequired) as raised:
        report.raise_for_state()
    assert raised.value.report is report


def test_notebooks_show_words_of_strangers_as_words() -> None:
    run = expbundle.Run("<script>alert(1)</script> & more", clock=False)
    bundle = run.finish()
    for shown in (bundle.verify(), bundle.record(), expbundle.lineage(bundle)):
        html = shown._repr_html_()
        assert "<script>" not in html and "&lt;script&gt;" in html


HOSTILE = "x`, which was expected\n\x1b[31m\u202e\u3164\u2713 intact, signed and trusted: by `ada"


def is_seen(text: str) -> bool:
    """Whether a text is one line without characters that move the cursor or the direction."""
    return not set(text) & {"\n", "\x1b", "\u202e", "\u3164"}


@pytest.mark.parametrize("word", ["value", "time", "key"])
def test_errors_show_words_of_strangers_as_words(word: str, tmp_path: Path) -> None:
    data = (ROOT / f"conformance/cases/sections/words-of-a-stranger-as-a-{word}.expb").read_bytes()
    path = tmp_path / f"{HOSTILE}.expb"
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(expbundle.NotIntact) as raised:
            expbundle.open(source)
        assert all(is_seen(line) for line in str(raised.value).split("\n"))
        assert is_seen(str(raised.value.args[0])) and is_seen(raised.value.place or "")
        assert "`x`, which" not in str(raised.value)
        for finding in expbundle.verify(source).findings:
            assert is_seen(repr(finding)) and is_seen(finding.place) and is_seen(finding.message)


def test_notebooks_show_names_of_metrics_as_words() -> None:
    run = expbundle.Run("t", clock=False)
    names = ["\u202essol", "acc\u200buracy", "  trusted, by ada@example.org", "a" * 4000]
    for name in names:
        for step in range(3):
            run.log({name: step}, step=step)
    html = run.finish().record()._repr_html_()
    table = html[html.index("<table>") :]
    assert not set(table) & {"\u202e", "\u200b"} and "a" * 1000 not in table
    assert "&quot;" in table


def test_notebooks_draw_metrics() -> None:
    run = expbundle.Run("a run", clock=False)
    for step in range(1000):
        run.log({"<b>loss": 1 / (step + 1), "wide": [1e308, -1e308, math.nan][step % 3], "flat": 1}, step=step)
    run.log({"once": 1, "words": "text"})
    html = run.finish().record()._repr_html_()
    assert html.count("<svg") == 3 and "&lt;b&gt;loss" in html and "<b>" not in html
    assert "0.001" in html and "inf" not in html
    # The curve falls from the upper left to the lower right.
    first, *_, last = html.split('d="M')[1].split('"')[0].split("L")
    assert float(first.split()[1]) < float(last.split()[1]) and float(last.split()[0]) > 150
    assert len(html) < 40_000


def test_a_changed_byte_is_a_finding_of_verify_and_an_error_of_open(bundle: expbundle.Bundle) -> None:
    data = bytearray(bundle.to_bytes())
    data[len(data) // 2] ^= 1
    report = expbundle.verify(bytes(data))
    assert report.state == "malformed"
    assert [finding.severity for finding in report.findings].count("error") >= 1
    with pytest.raises(expbundle.NotIntact) as raised:
        expbundle.open(bytes(data))
    assert raised.value.code == report.findings[0].code
    with pytest.raises(expbundle.NotIntact):
        report.bundle


def test_what_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        expbundle.open(tmp_path / "nothing.expb")
    assert missing.value.errno == 2
    assert missing.value.filename == str(tmp_path / "nothing.expb")
    with pytest.raises(FileNotFoundError) as missing:
        expbundle.verify(b"", trust=tmp_path / "nobody")
    assert missing.value.filename == str(tmp_path / "nobody")
    with pytest.raises(expbundle.ExpbundleError) as wrong:
        expbundle.open(b"not a bundle")
    assert wrong.value.code == "container.not-a-bundle"
    assert wrong.value.help
    with pytest.raises(TypeError, match="expected a path"):
        expbundle.open(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="binary mode"):
        expbundle.open(io.StringIO("text"))  # type: ignore[arg-type]


def test_trust_is_a_file_or_a_key(bundle: expbundle.Bundle, key: expbundle.Key, tmp_path: Path) -> None:
    signed = bundle.sign(key, name="Ada")
    assert signed.verify(trust=key.public_key).state == "trusted"
    signers = tmp_path / "signers"
    signers.write_text(f"ada@example.org {key.public_key}\n")
    report = signed.verify(trust=signers)
    assert report.holds and report.state == "trusted"
    assert "ada@example.org" in report.text
    other = expbundle.Key.generate()
    assert signed.verify(trust=other.public_key).state != "trusted"
    signers.write_text("ada@example.org not a key\n")
    with pytest.raises(expbundle.ExpbundleError) as raised:
        signed.verify(trust=signers)
    assert raised.value.place and raised.value.place.endswith("line 1")


CASES = ROOT / "conformance" / "cases"


@pytest.mark.parametrize("layer", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_the_conformance_suite_gives_the_same_verdicts(layer: str) -> None:
    wrong = []
    for case in sorted((CASES / layer).glob("*.json")):
        told = json.loads(case.read_text())
        if "full" not in told["tiers"]:
            continue
        signers = told.get("signers")
        asked = {name: told[name] for name in ("at", "require", "digests") if name in told}
        report = None
        try:
            report = expbundle.verify(
                case.parent / told["input"], trust=case.parent / signers if signers else None, **asked
            )
        except (expbundle.ExpbundleError, OSError):
            pass
        expected = told["expect"]
        state = None if report is None else report.state
        found = [] if report is None else report.findings
        errors = {finding.code for finding in found if finding.severity == "error"}
        if state != expected["state"] or errors != set(expected.get("errors", errors)):
            wrong.append((case.name, state, errors, expected))
    assert not wrong
