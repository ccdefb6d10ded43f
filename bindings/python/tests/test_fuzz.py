"""The boundary, with whatever Hypothesis makes up: a clear exception, and never a crash.

A panic of the library is a ``PanicException``, which is not an ``Exception``: it fails a test here, as
does an exception of a class that does not say whose mistake it was. ``EXPBUNDLE_FUZZ=20000 pytest
test_fuzz.py`` tries so many examples for each test; without it some dozens are tried, always the same.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import expbundle
import pytest

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LONG = int(os.environ.get("EXPBUNDLE_FUZZ", "0"))
tried = settings(
    max_examples=LONG or 25,
    derandomize=not LONG,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

CLEAR = (expbundle.ExpbundleError, TypeError, ValueError, OverflowError, OSError)
"""What a caller can expect: their classes say whose mistake it was."""


@contextlib.contextmanager
def clearly() -> Iterator[None]:
    """Lets pass what a caller can expect, if it says something."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Broken:
        pass
    except CLEAR as error:
        assert str(error).strip(), repr(error)


class Broken(Exception):
    """What the objects below raise: it comes back as it is."""


class BrokenPath:
    def __fspath__(self) -> str:
        raise Broken


class BrokenFile:
    def read(self) -> bytes:
        raise Broken


class WrongFile:
    def read(self) -> int:
        return 5


class BrokenNumber:
    def __float__(self) -> float:
        raise Broken

    def item(self) -> object:
        raise Broken

    def __str__(self) -> str:
        raise Broken


class Itself:
    def item(self) -> Itself:
        return Itself()


def closed_file() -> io.BytesIO:
    file = io.BytesIO(b"PK")
    file.close()
    return file


ODD: list[Any] = [
    None,
    "",
    "\0",
    "a\0b",
    "\ud800",
    "../" * 40,
    "x" * 10_000,
    "hf:",
    "hf:a/b@",
    "CON",
    "$float",
    "\u202e\u200b",
    b"",
    b"PK\x03\x04",
    bytearray(b"abc"),
    memoryview(b"abc"),
    0,
    -1,
    2**63,
    -(2**63) - 1,
    2**200,
    math.nan,
    math.inf,
    -0.0,
    5e-324,
    1j,
    Path("nothing", "here"),
    Path(os.fsdecode(b"caf\xe9")),
    datetime.datetime(1, 1, 1),  # noqa: DTZ001 - a naive one is what is tried
    datetime.datetime.max.replace(tzinfo=datetime.timezone.utc),
    datetime.date(2026, 1, 1),
    Ellipsis,
    int,
    object(),
    BrokenPath(),
    BrokenFile(),
    WrongFile(),
    BrokenNumber(),
    Itself(),
    closed_file(),
    io.StringIO("text"),
    range(3),
]

SIMPLE = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=20),
    st.text(st.characters(), max_size=5),
    st.binary(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers(), st.none()), inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=6,
)


@functools.cache
def made() -> tuple[expbundle.Key, expbundle.Bundle]:
    """A key, and a signed bundle with a bit of everything."""
    key = expbundle.Key.generate()
    run = expbundle.Run("a run", clock=False)
    run.params({"rate": 0.1, "layers": [1, {"x": None}]})
    run.log({"loss": 1.0, "note": "text"}, step=1)
    run.event("checkpoint", "step 1")
    return key, run.finish().sign(key)


def methods(thing: object) -> dict[str, Callable[..., Any]]:
    """What can be called on something, but for what Python itself gave it."""
    names = [name for name in dir(thing) if not name.startswith("__")]
    return {name: getattr(thing, name) for name in names if callable(getattr(thing, name))}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is written goes to a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        yield


FUNCTIONS = [expbundle.verify, expbundle.open, expbundle.source, expbundle.merge, expbundle.lineage, expbundle.why]
FUNCTIONS += [expbundle.diff, expbundle.attach, expbundle.detach, expbundle.release]
KEYWORDS = ["trust", "at", "require", "digests", "limits", "with_", "record", "down", "key", "name", "dry_run", "tool", "closure"]


@tried
@given(st.sampled_from(FUNCTIONS), st.lists(ANYTHING, min_size=1, max_size=2), st.dictionaries(st.sampled_from(KEYWORDS), ANYTHING, max_size=2))
def test_functions_take_anything(function: Callable[..., Any], positional: list[Any], named: dict[str, Any]) -> None:
    with clearly():
        function(*positional, **named)


@tried
@given(st.data())
def test_objects_take_anything(data: st.DataObject) -> None:
    key, bundle = made()
    record = bundle.record()
    things: list[object] = [key, bundle, record, record.series(), bundle.verify(), expbundle.Run("a run", clock=False)]
    thing = data.draw(st.sampled_from(things))
    name, method = data.draw(st.sampled_from(sorted(methods(thing).items())))
    arguments = data.draw(st.lists(st.one_of(ANYTHING, st.just(key), st.just(record), st.just(bundle)), max_size=3), label=name)
    with clearly():
        method(*arguments)


@tried
@given(st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4), st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4), ANYTHING)
def test_what_a_run_took_makes_a_bundle_that_verifies(metrics: dict[str, Any], params: dict[str, Any], note: Any) -> None:
    run = expbundle.Run("a run", clock=False)
    calls: list[tuple[Callable[..., Any], Any]] = [(run.log, metrics), (run.params, params), (run.note, note), (run.tags, note)]
    for tell, told in calls:
        with clearly():
            tell(told)
    with clearly():
        assert run.finish().verify().holds
    for method in methods(run).values():
        with pytest.raises((expbundle.UsageError, TypeError)):
            method()


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# What looks like a path, an address or a host is set apart: a marker stands in its place.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\@.:~%"), max_size=12)


@tried
@given(st.dictionaries(NAMES.filter(bool), st.floats(), min_size=1, max_size=5), st.integers(-(2**63), 2**63 - 1))
def test_points_come_back_as_they_were(values: dict[str, float], step: int) -> None:
    run = expbundle.Run("a run", clock=False)
    try:
        run.log(values, step=step)
        series = run.finish().record().series()
    except expbundle.ExpbundleError as error:
        # A name that the format has no place for, or that looks like a secret.
        assert error.help or error.place, str(error)
        return
    assert series is not None and series.keys == sorted(values, key=str.encode)
    for name, value in values.items():
        ((at, _, number, _),) = series.points(name)
        assert at == step
        assert number == value or (number is not None and math.isnan(number) and math.isnan(value))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES.filter(lambda word: not word.startswith("$")), inner, max_size=3)),
    max_leaves=6,
)


@tried
@given(st.dictionaries(NAMES.filter(lambda word: bool(word) and not word.startswith("$")), JSON, max_size=4))
def test_parameters_come_back_as_they_were(params: dict[str, Any]) -> None:
    run = expbundle.Run("a run", clock=False)
    try:
        run.params(params)
        record = run.finish().record()
    except expbundle.ExpbundleError as error:
        assert error.help or error.place, str(error)
        return
    assert record.params == params


@tried
@given(st.data())
def test_bytes_that_were_changed_never_hold(data: st.DataObject) -> None:
    whole = made()[1].to_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    change: Callable[[], bytes] = data.draw(
        st.sampled_from(
            [
                lambda: whole[:place],
                lambda: whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :],
                lambda: whole[:place] + data.draw(st.binary(min_size=1, max_size=40)) + whole[place:],
                lambda: whole[:place] + whole[place + data.draw(st.integers(1, 200)) :],
                lambda: whole + data.draw(st.binary(min_size=1, max_size=40)),
                lambda: data.draw(st.binary(max_size=200)),
            ]
        )
    )
    changed = change()
    if changed == whole:
        return
    report = expbundle.verify(changed)
    assert not report.holds and report.findings
    assert str(report) and report._repr_html_() and report.to_dict()["state"] == report.state
    with pytest.raises(expbundle.ExpbundleError):
        expbundle.open(io.BytesIO(changed))
    with pytest.raises(expbundle.ExpbundleError):
        _ = report.bundle


@tried
@given(WORDS)
def test_words_of_strangers_are_never_html(words: str) -> None:
    try:
        # A title of several lines is refused at once.
        run = expbundle.Run(f"<script>{words}", clock=False)
        run.note(f"</pre>&{words}")
        bundle = run.finish()
    except expbundle.ExpbundleError:
        return
    for shown in (bundle.record(), bundle.verify(), expbundle.lineage(bundle)):
        page = shown._repr_html_()
        assert "<script" not in page and page.count("</pre>") <= 1


def test_files_that_are_closed_say_so(tmp_path: Path) -> None:
    path = tmp_path / "run.expb"
    made()[1].save(path)
    with path.open("rb") as file:
        assert expbundle.verify(file).holds
    for call in (expbundle.verify, expbundle.open, expbundle.merge):
        with pytest.raises(ValueError, match="closed"):
            call(file)
    with path.open() as text, pytest.raises((TypeError, ValueError)):
        expbundle.verify(text)  # type: ignore[arg-type]


def test_what_outlives_its_makers_still_works() -> None:
    bundle = made()[1]
    record, series, report = bundle.record(), bundle.record().series(), bundle.verify()
    identity = record.id
    del bundle
    assert series is not None and len(series) == 2
    assert record.section("recipe.json")["parameters"]["rate"] == 0.1
    assert report.bundle.record(identity) == record
