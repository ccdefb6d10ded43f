"""The callback, with the real trainer on a tiny model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import expbundle
import pytest

torch: Any = pytest.importorskip("torch")
transformers: Any = pytest.importorskip("transformers")


class Data(torch.utils.data.Dataset):  # type: ignore[misc]
    def __len__(self) -> int:
        return 32

    def __getitem__(self, index: int) -> dict[str, Any]:
        tokens = torch.arange(8) % 16
        return {"input_ids": tokens, "labels": tokens}


def trainer(folder: Path, callback: Any, **arguments: Any) -> Any:
    config = transformers.GPT2Config(vocab_size=16, n_positions=8, n_embd=8, n_layer=1, n_head=1)
    args = transformers.TrainingArguments(
        str(folder), max_steps=4, logging_steps=1, per_device_train_batch_size=8, report_to=[], use_cpu=True, **arguments
    )
    model = transformers.GPT2LMHeadModel(config)
    return transformers.Trainer(model, args, train_dataset=Data(), callbacks=[callback])


def test_a_training_becomes_a_signed_bundle_beside_its_checkpoint(tmp_path: Path, key: expbundle.Key) -> None:
    from expbundle.transformers import ExpbundleCallback

    callback = ExpbundleCallback("tiny", key=key, name="Ada")
    trainer(tmp_path / "out", callback, save_steps=4).train()
    bundle = expbundle.open(tmp_path / "out" / "experiment.expb")
    record = bundle.record()
    assert record.title == "tiny" and record.status == "finished"
    assert record.params["training"]["max_steps"] == 4
    assert record.params["model"]["n_embd"] == 8
    series = record.series()
    assert series is not None
    assert [step for step, _, _, _ in series.points("loss")] == [1, 2, 3, 4]
    assert record.section("events.json")["events"][0]["kind"] == "checkpoint"
    why = expbundle.why(tmp_path / "out" / "checkpoint-4" / "model.safetensors", with_=[bundle], trust=key.public_key)
    assert '"tiny"' in why.text
    assert bundle.verify(trust=key.public_key).state == "trusted"


def test_weights_that_are_saved_later_are_waited_for(tmp_path: Path, key: expbundle.Key) -> None:
    from expbundle.transformers import ExpbundleCallback

    callback = ExpbundleCallback(key=key)
    training = trainer(tmp_path / "out", callback, save_strategy="no")
    training.train()
    assert callback.bundle is None
    training.save_model()
    bundle = callback.finish()
    assert bundle is not None and [output["role"] for output in bundle.record().outputs] == ["model"]


def test_a_model_is_attached_before_it_is_pushed(tmp_path: Path, key: expbundle.Key) -> None:
    from expbundle.transformers import ExpbundleCallback

    callback = ExpbundleCallback(key=key)
    training = trainer(tmp_path / "out", callback, save_strategy="no")
    training.train()
    training.callback_handler.on_push_begin(training.args, training.state, training.control)
    training.save_model()
    folder = tmp_path / "out"
    report = expbundle.verify(folder, trust=key.public_key)
    assert report.state == "trusted", report.text


def test_what_goes_wrong_stops_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from expbundle.transformers import ExpbundleCallback

    callback = ExpbundleCallback()
    monkeypatch.setattr(callback.recording, "log", lambda *_: 1 / 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer(tmp_path / "out", callback, save_steps=4).train()
    assert [one for one in caught if "expbundle could not record `on_log`" in str(one.message)]
    assert callback.bundle is not None
    assert "gap" in [event["kind"] for event in callback.bundle.record().section("events.json")["events"]]


def test_a_key_that_is_not_there_is_told_before_the_training(tmp_path: Path) -> None:
    from expbundle.transformers import ExpbundleCallback

    with pytest.raises(FileNotFoundError):
        ExpbundleCallback(key=tmp_path / "there is no key")
