"""What the hooks of all frameworks share, told as a framework tells it."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import expbundle
import pytest

from expbundle._hooks import Recording, opened


def keygen(path: Path, passphrase: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a key in it."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    keygen(home / ".ssh" / "id_ed25519", "")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


def recorded(recording: Recording, path: Path, weights: list[Path]) -> expbundle.Bundle | None:
    recording.begin("a training", "framework", path, {"rate": 0.1})
    recording.log({"loss": 0.5}, 1)
    recording.ended(lambda: weights)
    return recording.finish()


def test_a_tilde_is_the_home_folder_wherever_a_path_is_taken(home: Path, weights: Path) -> None:
    (home / weights.name).write_bytes(weights.read_bytes())
    key = expbundle.Key.open("~/.ssh/id_ed25519")
    run = expbundle.Run("a run", clock=False, journal="~/run.expj")
    run.output("model", f"~/{weights.name}")
    path = run.finish().sign("~/.ssh/id_ed25519").save("~/run.expb")
    assert path == str(home / "run.expb") and (home / "run.expj").exists()
    (home / "signers").write_text(f"me@example.org {key.public_key}\n")
    assert expbundle.open("~/run.expb").verify(trust="~/signers").state == "trusted"
    assert expbundle.verify("~/run.expb", trust=key.public_key).state == "trusted"
    assert '"a run"' in expbundle.why(f"~/{weights.name}", with_="~/run.expb").text
    folder = home / "model"
    folder.mkdir()
    (home / weights.name).rename(folder / weights.name)
    expbundle.attach("~/model", "~/run.expb", key="~/.ssh/id_ed25519")
    assert expbundle.verify("~/model", trust="~/signers").state == "trusted"
    assert not Path("~").exists()


def test_a_key_is_opened_before_the_training(home: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recording("~/.ssh/id_rsa")
    keygen(home / ".ssh" / "locked", "secret")
    with pytest.raises(expbundle.ExpbundleError, match="passphrase") as raised:
        Recording("~/.ssh/locked")
    assert raised.value.help and "expbundle.Key.open(PATH, passphrase=…)" in raised.value.help
    assert opened(expbundle.Key.open("~/.ssh/locked", passphrase="secret")) is not None
    assert Recording("~/.ssh/id_ed25519").key is not None


def test_a_recording_is_signed_with_the_key_of_its_path(home: Path, tmp_path: Path, weights: Path) -> None:
    bundle = recorded(Recording("~/.ssh/id_ed25519", "Ada"), tmp_path / "out" / "run.expb", [weights])
    assert bundle is not None
    assert bundle.verify(trust=f"{home}/.ssh/id_ed25519.pub").state == "trusted"


def test_what_cannot_be_signed_is_saved_and_said(tmp_path: Path, key: expbundle.Key, weights: Path) -> None:
    recording = Recording(key)
    # As a key that an ssh-agent holds may be gone by then.
    recording.key = tmp_path / "gone"  # type: ignore[assignment]
    path = tmp_path / "run.expb"
    with pytest.warns(RuntimeWarning, match="not signed") as warned:
        bundle = recorded(recording, path, [weights])
    assert bundle is not None and bundle.statements == [] and expbundle.open(path) == bundle
    (text,) = [str(one.message) for one in warned]
    assert f"expbundle.open({str(path)!r}).sign(KEY).save()" in text
    expbundle.open(path).sign(key).save()
    assert expbundle.verify(path, trust=key.public_key).state == "trusted"


def test_nothing_is_overwritten_and_no_training_is_lost(tmp_path: Path, weights: Path) -> None:
    path = tmp_path / "run.expb"
    for number in (None, 2, 3):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert recorded(Recording(), path, [weights]) is not None
        saved = path if number is None else tmp_path / f"run-{number}.expb"
        assert expbundle.open(saved).record().title == "a training"
        assert [str(saved) in str(one.message) for one in caught] == [True] * (number is not None)


def test_an_output_that_is_gone_is_a_gap_and_not_the_end(tmp_path: Path, weights: Path) -> None:
    with pytest.warns(RuntimeWarning, match="gone.safetensors"):
        bundle = recorded(Recording(), tmp_path / "run.expb", [tmp_path / "gone.safetensors", weights])
    assert bundle is not None
    record = bundle.record()
    assert [output["role"] for output in record.outputs] == ["model"]
    assert [event["kind"] for event in record.section("events.json")["events"]] == ["gap"]


def test_a_killed_training_is_in_its_journal_and_a_finished_one_has_none(tmp_path: Path, weights: Path) -> None:
    path = tmp_path / "out" / "run.expb"
    killed = Recording()
    killed.begin("a training", "framework", path, {"rate": 0.1})
    killed.log({"loss": 0.5}, 1)
    journal = path.with_suffix(".expj")
    # As if nothing were run after this: the next training finds the journal and says what to do.
    recovered = expbundle.Run.recover(journal).finish().record()
    assert recovered.params == {"rate": 0.1} and recovered.metrics == {"loss": 0.5}
    with pytest.warns(RuntimeWarning, match="did not end as it should") as warned:
        assert recorded(Recording(), path, [weights]) is not None
    assert f"expbundle.Run.recover({str(journal)!r}).finish().save(PATH)" in str(warned[0].message)
    assert sorted(one.name for one in path.parent.iterdir()) == ["run.expb", "run.expj"]
    with pytest.warns(RuntimeWarning, match="is there already"):
        killed.finish()
    assert sorted(one.name for one in path.parent.iterdir()) == ["run-2.expb", "run.expb"]


def test_a_secret_among_the_parameters_costs_its_value_and_nothing_else(tmp_path: Path, weights: Path) -> None:
    token = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678"
    recording = Recording()
    with pytest.warns(UserWarning, match="hub_token"):
        recording.begin("a training", "framework", tmp_path / "run.expb", {"rate": 0.1, "hub_token": token})
    recording.log({"loss": 0.5}, 1)
    recording.ended(lambda: [weights])
    assert recording.bundle is not None and token.encode() not in recording.bundle.to_bytes()
    record = recording.bundle.record()
    assert record.params["rate"] == 0.1 and record.params["hub_token"] != token and record.metrics == {"loss": 0.5}
    (event,) = record.section("events.json")["events"]
    assert event["kind"] == "redaction" and event["details"] == {"values": 1}


def test_a_folder_without_room_for_a_journal_costs_only_the_journal(tmp_path: Path, weights: Path) -> None:
    def refused(*_: object, **named: object) -> expbundle.Run:
        raise OSError("no room")

    recording = Recording()
    with pytest.MonkeyPatch.context() as patch, pytest.warns(RuntimeWarning, match="no journal is kept"):
        made = expbundle._core.Run
        patch.setattr("expbundle._hooks._core.Run", lambda *a, **k: refused() if "journal" in k else made(*a, **k))
        bundle = recorded(recording, tmp_path / "run.expb", [weights])
    assert bundle is not None


def test_a_secret_in_a_note_is_refused_at_once() -> None:
    run = expbundle.Run("a run", clock=False)
    with pytest.raises(expbundle.ExpbundleError, match="secret"):
        run.note("log in with hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678")
    run.note("fine")
    assert run.finish().record().notes == "fine"
