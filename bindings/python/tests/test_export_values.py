"""Numbers that JSON has not, on their way through every exporter."""

from __future__ import annotations

import math
from typing import Any

import pytest
from expbundle.export import Options
from expbundle.export._told import Told
from expbundle.export._values import number, plain


class Scalar:
    """As NumPy and PyTorch have them: 32 bits, and not a float of Python."""

    shape = ()

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value


ODD = {"nan": math.nan, "up": math.inf, "down": -math.inf, "big": 2**70}


def test_odd_numbers_come_out_as_numbers() -> None:
    told = Told("tool", "run", "a run", layout="server", options=Options())
    told.params("parameter", {**ODD, "in": {"$float": 1}, "list": [math.nan]})
    told.results("summary", ODD)
    told.raw("other", "odd", ODD)
    values: dict[str, Any] = {"nan": math.nan, "scalar": Scalar(math.nan), "text": "NaN", "inf": Scalar(-math.inf)}
    told.points("point", values, step=0)
    record = told.finish("finished").record()
    params = record.params
    assert math.isnan(params["nan"]) and (params["up"], params["down"], params["big"]) == (math.inf, -math.inf, 2**70)
    assert params["in"] == {"$float": 1} and math.isnan(params["list"][0])
    assert record.section("summary.json")["declared"]["up"] == {"$float": "Infinity"}
    assert record.section("source.json")["raw"]["other"]["odd"]["nan"] == {"$float": "NaN"}
    series = record.series()
    assert series is not None
    for key in values:
        ((_, _, value, text),) = series.points(key)
        assert text is None and value is not None and not math.isfinite(value)


@pytest.mark.parametrize("text", ["nan", "inf", "Infinite", "7"])
def test_other_texts_stay_texts(text: str) -> None:
    assert number(text) == text and plain(text) == text
