"""The callback, with the real Keras."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import expbundle
import pytest

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras: Any = pytest.importorskip("keras")


def test_a_fit_is_recorded_and_waits_for_its_model(tmp_path: Path, key: expbundle.Key) -> None:
    import numpy

    from expbundle.keras import ExpbundleCallback

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    callback = ExpbundleCallback(
        tmp_path / "run.expb", title="a line", outputs=[tmp_path / "model.keras"], key=key
    )
    x = numpy.ones((16, 4), dtype="float32")
    model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[callback])
    assert callback.bundle is None
    model.save(tmp_path / "model.keras")
    bundle = callback.finish()
    assert bundle is not None and bundle == expbundle.open(tmp_path / "run.expb")
    record = bundle.record()
    series = record.series()
    assert series is not None and [step for step, _, _, _ in series.points("loss")] == [0, 1, 2]
    assert record.params["optimizer"]["name"] == "sgd"
    assert "a line" in expbundle.why(tmp_path / "model.keras", with_=[bundle]).text


def test_without_a_path_the_bundle_is_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy

    from expbundle.keras import ExpbundleCallback

    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    x = numpy.ones((16, 4), dtype="float32")
    model.fit(x, x[:, :1], verbose=0, callbacks=[ExpbundleCallback()])
    assert expbundle.open("experiment.expb").record().params["optimizer"]["learning_rate"] > 0
