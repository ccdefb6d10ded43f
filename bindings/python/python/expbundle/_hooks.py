"""What the hooks of training frameworks share: a run that never stops a training."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from . import _core
from ._types import Status

Hook = TypeVar("Hook", bound=Callable[..., Any])

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".keras", ".h5", ".gguf", ".onnx")


def harmless(hook: Hook) -> Hook:
    """A hook that warns instead of raising. What it could not record is a gap in the record."""

    @functools.wraps(hook)
    def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return hook(self, *arguments, **named)
        except Exception as error:
            self.recording.gap(hook.__name__, error)
            return None

    return wrapped  # type: ignore[return-value]


class Recording:
    """A run that a framework tells, until its bundle is written.

    ``path`` is where the bundle goes. If the weights are not on disk when the training ends, the
    bundle waits for them: until :meth:`finish`, at the latest until the interpreter ends.

    The key is opened at once: what is wrong with it raises before a training, and not after it.

    With ``journal``, all that is told is also in a file beside the bundle, ``experiment.expj``, until the
    bundle is saved: of a training that is killed nothing is lost.
    """

    def __init__(
        self,
        key: str | os.PathLike[str] | _core.Key | None = None,
        name: str | None = None,
        *,
        journal: bool = True,
    ) -> None:
        self.key = opened(key)
        self.name = name
        self.journaled = journal
        self.journal: Path | None = None
        self.run: _core.Run | None = None
        self.bundle: _core.Bundle | None = None
        self.path: Path | None = None
        self._weights: Callable[[], list[Path]] = list
        self._status: Status | None = None
        self._told: set[str] = set()

    def begin(self, title: str, tool: str, path: Path, params: Mapping[str, Any]) -> None:
        """Begins a run. One that is still open is finished first."""
        if self.run is not None and not self.run.finished:
            self.finish()
        self.path = path
        self.bundle = None
        self.run = self._begun(title, path)
        atexit.register(self.finish)
        self.run.tags(tool)
        try:
            self.run.params(params, replace_secrets=True)
        except Exception as error:  # noqa: BLE001 - the rest of the record does not depend on them
            self.gap("the parameters", error)

    def _begun(self, title: str, path: Path) -> _core.Run:
        """The run, with a journal if that is wanted and can be written."""
        self.journal = None
        if self.journaled:
            left = path.with_suffix(".expj")
            journal = free(left)
            if journal != left:
                self._tell(
                    f"`{left}` is the journal of a training that did not end as it should\n"
                    f"  make its bundle with: expbundle.Run.recover({str(left)!r}).finish().save(PATH)"
                )
            try:
                journal.parent.mkdir(parents=True, exist_ok=True)
                run = _core.Run(title, journal=journal)
                self.journal = journal
                return run
            except Exception as error:  # noqa: BLE001 - without a journal it is recorded all the same
                self._tell(f"no journal is kept, so a killed training is lost: {error}")
        return _core.Run(title)

    def log(self, values: Mapping[str, Any], step: int | None) -> None:
        """Numbers of a step; anything else is left out."""
        if self.run is not None and not self.run.finished:
            numbers = {key: value for key, value in values.items() if isinstance(value, (int, float)) or hasattr(value, "__float__")}
            self.run.log(numbers, step=step)

    def event(self, kind: str, text: str, **details: Any) -> None:
        """Something that happened."""
        if self.run is not None and not self.run.finished:
            self.run.event(kind, text, details=details)

    def gap(self, where: str, error: BaseException) -> None:
        """Something could not be recorded: told once, and kept in the record."""
        if where not in self._told:
            self._told.add(where)
            warnings.warn(f"expbundle could not record `{where}`: {error}", RuntimeWarning, stacklevel=3)
            try:
                self.event("gap", f"{where} was not recorded: {type(error).__name__}")
            except Exception:  # noqa: BLE001, S110 - there is nobody left to tell
                pass

    def ended(self, weights: Callable[[], list[Path]], status: Status | None = None) -> None:
        """The training is over; ``weights`` finds what it put out, now or later."""
        self._weights = weights
        self._status = status
        if weights():
            self.finish()

    def finish(self) -> _core.Bundle | None:
        """Writes the bundle, if that was not done yet."""
        atexit.unregister(self.finish)
        if self.run is None or self.run.finished or self.path is None:
            return self.bundle
        try:
            for path in self._weights():
                self._output(self.run, path)
            self.bundle = self._saved(self.run.finish(self._status), free(self.path))
        except Exception as error:  # noqa: BLE001 - a training that is done is not to fail here
            self.gap("finish", error)
            if self.journal is not None:
                self._tell(
                    f"what was recorded is in `{self.journal}`\n"
                    f"  make a bundle of it with: expbundle.Run.recover({str(self.journal)!r}).finish().save(PATH)"
                )
            return self.bundle
        self._remove_journal()
        return self.bundle

    def _remove_journal(self) -> None:
        """The bundle has all that the journal had."""
        if self.journal is not None:
            try:
                self.journal.unlink(missing_ok=True)
            except OSError as error:
                self._tell(f"`{self.journal}` is of no more use, and cannot be removed: {error}")
            self.journal = None

    def _output(self, run: _core.Run, path: Path) -> None:
        try:
            run.output("model", path)
        except Exception as error:  # noqa: BLE001 - the rest of the record does not depend on it
            self.gap(f"the output {path.name}", error)

    def _saved(self, bundle: _core.Bundle, path: Path) -> _core.Bundle:
        """Signs the bundle and saves it, and saves it all the same if it cannot be signed."""
        if path != self.path:
            self._tell(f"`{self.path}` is there already, so the bundle is saved as `{path}`")
        refused: Exception | None = None
        if self.key is not None:
            try:
                bundle = bundle.sign(self.key, name=self.name)
            except Exception as error:  # noqa: BLE001 - what was recorded is not lost with the signature
                refused = error
        path.parent.mkdir(parents=True, exist_ok=True)
        bundle.save(path)
        if refused is not None:
            self._tell(
                f"the bundle is saved, but not signed: {refused}\n"
                f"  sign it with: expbundle.open({str(path)!r}).sign(KEY).save()"
            )
        return bundle

    def _tell(self, text: str) -> None:
        warnings.warn(f"expbundle: {text}", RuntimeWarning, stacklevel=4)


def opened(key: str | os.PathLike[str] | _core.Key | None) -> _core.Key | None:
    """The key, read now if it is a path. Raises what :meth:`expbundle.Key.open` raises."""
    return key if key is None or isinstance(key, _core.Key) else _core.Key.open(key)


def free(path: Path) -> Path:
    """The path, or ``NAME-2.expb`` and so on beside it while something is there: nothing is overwritten."""
    places = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(place for place in itertools.chain([path], places) if not os.path.lexists(place))


def weights_in(folder: Path) -> list[Path]:
    """The files of weights in a folder, by their names."""
    if not folder.is_dir():
        return []
    others = {"optimizer", "scheduler", "rng_state", "scaler", "training_args"}
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in WEIGHTS and path.is_file() and path.stem.split("_")[0] not in others and path.stem not in others
    )
