"""The extension module. Import these names from :mod:`expbundle`.

Every path may begin with ``~``, the home folder, as for :meth:`pathlib.Path.expanduser`.
"""

import datetime
import decimal
import os
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal, TypeAlias, final

from ._types import Status

__all__ = [
    "Bundle",
    "Change",
    "Conversion",
    "Diff",
    "Finding",
    "Key",
    "Lineage",
    "Record",
    "Report",
    "Run",
    "Series",
    "Source",
    "VERSION",
    "Why",
    "_in_python",
    "attach",
    "detach",
    "diff",
    "lineage",
    "merge",
    "open",
    "release",
    "source",
    "trackers",
    "verify",
    "why",
]

VERSION: Final[str]

_Path: TypeAlias = str | os.PathLike[str]
_Moment: TypeAlias = str | datetime.datetime | float
_Source: TypeAlias = _Path | bytes | BinaryIO | Bundle
_Key: TypeAlias = _Path | Key
_Scalar: TypeAlias = Any
_Table: TypeAlias = Any
_Amount: TypeAlias = str | decimal.Decimal | int
_Relative: TypeAlias = Record | _Source

@final
class Key:
    """A private key that signs, Ed25519."""

    @staticmethod
    def open(path: _Path, passphrase: str | None = None) -> Key:
        """Reads the file of a private key, OpenSSH or PKCS#8.

        Of a public key (``.pub``) it takes the private half that the ssh-agent at
        ``SSH_AUTH_SOCK`` holds. A leading ``~`` is the home folder.

        Raises ``FileNotFoundError``, and :class:`expbundle.ExpbundleError` if the file is not a key that
        signs, or needs a passphrase.
        """
    @staticmethod
    def generate() -> Key:
        """Makes a new key, which is nowhere but in memory: see :meth:`save`."""
    def save(self, path: _Path, *, passphrase: str | None = None) -> str:
        """Writes the private key in OpenSSH's form, and the public one beside it (``.pub``), and returns
        the path.

        Nobody else may read the private key; with a ``passphrase`` it is encrypted. Keys are never
        overwritten: that raises :class:`expbundle.ExpbundleError`.
        """
    @property
    def public_key(self) -> str:
        """The public key as OpenSSH writes it: for ``trust=``, or for a line of a signers file."""
    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as OpenSSH shows it."""

@final
class Finding:
    """Something found: an error, a warning or an information."""

    @property
    def code(self) -> str:
        """A stable code of ``spec/codes.toml``."""
    @property
    def severity(self) -> str:
        """``error``, ``warning`` or ``info``."""
    @property
    def place(self) -> str:
        """Where: a file, a member, a byte. Empty if it is about all of it."""
    @property
    def message(self) -> str:
        """What was seen, in one line."""
    @property
    def help(self) -> str:
        """What to do, in a line."""

@final
class Report:
    """What was found of a bundle or model folder, and how much of it holds.

    It is neither true nor false: ask for :attr:`holds` or :attr:`state`, or call
    :meth:`raise_for_state`.
    """

    @property
    def state(self) -> Literal["refused", "malformed", "intact", "signed", "trusted"]:
        """How much holds. Each state includes the ones before it, from ``intact`` on."""
    @property
    def required(self) -> str:
        """The state that was asked for."""
    @property
    def holds(self) -> bool:
        """Whether the state that was asked for holds."""
    @property
    def findings(self) -> list[Finding]:
        """Everything found, in the order of the checks."""
    @property
    def line(self) -> str:
        """The headline."""
    @property
    def text(self) -> str:
        """The report in words, as ``expbundle verify`` prints it."""
    @property
    def bundle(self) -> Bundle:
        """The bundle, handing out the records that count. Raises :class:`expbundle.NotIntact` if it is
        not intact.

        With ``trust`` a record counts if a trusted key signed it: anybody can add another one to a
        bundle, one that derives from yours among them. ``record()`` is the last of those that count, and
        ``record(ID)`` of one that was set apart raises :class:`expbundle.ExpbundleError`. Whatever
        :func:`expbundle.open` gives is not judged, and hands out all. ``save`` writes all of them.
        """
    @property
    def records(self) -> list[Record]:
        """The records that count, in the order of their ids; without ``trust`` all of them."""
    def to_dict(self) -> dict[str, Any]:
        """The report as ``schemas/report.schema.json`` has it."""
    def raise_for_state(self) -> None:
        """Raises :class:`expbundle.NotAsRequired` unless the state that was asked for holds."""
    def _repr_html_(self) -> str:
        """How a notebook shows it."""
    def __bool__(self) -> bool:
        """Raises ``TypeError``: a report is neither true nor false."""

@final
class Series:
    """The points of a record, in columns: ``key``, ``step``, ``time``, ``value``, ``text``.

    Times are in UTC, to the microsecond; the section itself has the rest.
    Anything that takes Arrow's C stream interface takes it without a copy: ``pyarrow.table(series)``,
    ``polars.DataFrame(series)``, ``duckdb.from_arrow(series)``. For pandas it is
    ``pandas.DataFrame.from_arrow(series)``, or before version 3 ``pyarrow.table(series).to_pandas()``.
    """

    def __len__(self) -> int: ...
    @property
    def keys(self) -> list[str]:
        """The names of the metrics, sorted."""
    def points(self, key: str) -> list[tuple[int | None, float | None, float | None, str | None]]:
        """The points of a metric: step, seconds since 1970, value, text.

        Raises ``KeyError``, which names the metrics that are most like it, if there are none.
        """
    def summary(self) -> dict[str, dict[str, float | None]]:
        """For each metric ``count``, ``first``, ``last``, ``min`` and ``max``."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream of Arrow's C interface."""

@final
class Record:
    """A record of a bundle: what went in, what was done, what came out."""

    @property
    def id(self) -> str:
        """Its id: the digest of its ``record.json``."""
    @property
    def kind(self) -> str:
        """``run`` or ``origin``."""
    @property
    def title(self) -> str | None:
        """One line that says what was done; ``None`` if it is withheld."""
    @property
    def notes(self) -> str | None:
        """Notes in Markdown."""
    @property
    def tags(self) -> list[str]:
        """Words to find it by."""
    @property
    def started(self) -> datetime.datetime | None:
        """When it started, in UTC."""
    @property
    def ended(self) -> datetime.datetime | None:
        """When it ended, in UTC."""
    @property
    def status(self) -> Status | None:
        """How it ended: ``finished``, ``failed``, ``killed``, …"""
    @property
    def source(self) -> dict[str, str] | None:
        """The ``tool`` that tracked it, and that tool's id of the ``run``."""
    @property
    def inputs(self) -> list[dict[str, Any]]:
        """What went in: ``role``, ``size`` and digests of each, and ``name``, ``path`` and ``uris`` where
        ``artifacts.json`` has them."""
    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What came out, in the same form."""
    @property
    def parents(self) -> list[dict[str, Any]]:
        """The records that it says it follows from."""
    @property
    def params(self) -> dict[str, Any]:
        """The parameters by their names, as Python has them: integers of any length, ``nan``, ``inf``."""
    @property
    def metrics(self) -> dict[str, float | None]:
        """The last number of each metric; ``None`` if it has none."""
    @property
    def sections(self) -> list[str]:
        """The names of its sections."""
    @property
    def withheld(self) -> list[str]:
        """Those that this copy leaves out."""
    def section(self, name: str) -> Any:
        """A section by its name: a dict if it is JSON, else its bytes."""
    def series(self, name: str = "metrics") -> Series | None:
        """The points of ``metrics`` or ``telemetry``; ``None`` if the record has none.

        Those of one metric are ``record.series().points("loss")``. Raises ``KeyError`` for any other
        name.
        """
    def artifact(self, name: str) -> bytes:
        """The bytes of an embedded file, by its path or the beginning of its digest."""
    def to_dict(self) -> dict[str, Any]:
        """All of it that is JSON, as ``schemas/show.schema.json`` has it."""
    @property
    def text(self) -> str:
        """The record in words, as ``expbundle show`` prints it."""
    def _repr_html_(self) -> str:
        """How a notebook shows it: the text, and a curve for each of the first metrics."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Bundle:
    """A bundle that is intact: every name, digest and signature in it was recomputed.

    It never changes: what says something about a record returns a new bundle.

    >>> import expbundle
    >>> key = expbundle.Key.generate()
    >>> bundle = expbundle.Run("a run", clock=False).finish()
    >>> bundle.sign(key).note("looks good", key).verify().state
    'signed'
    """

    def __len__(self) -> int: ...
    def __eq__(self, value: object, /) -> bool: ...
    @property
    def records(self) -> list[Record]:
        """The records, in the order of their ids."""
    def record(self, id: str | None = None) -> Record:
        """The record whose id begins so, or the only one that no other record derives from."""
    @property
    def statements(self) -> list[dict[str, Any]]:
        """What was said about the records, as ``expbundle log --json`` has it."""
    def verify(
        self,
        *,
        trust: _Path | None = None,
        require: Literal["intact", "signed", "trusted"] | None = None,
        at: _Moment | None = None,
        no_objections: bool = False,
    ) -> Report:
        """Judges it, without a file. The arguments are those of :func:`expbundle.verify`."""
    def save(self, path: _Path | None = None, *, overwrite: bool = False) -> str:
        """Saves it, and returns the path.

        Without a path it goes back into the file it was read from, joined with what somebody else
        added there meanwhile. Raises if something would be lost, unless ``overwrite`` is set.
        """
    def to_bytes(self) -> bytes:
        """The bytes of its file. The same bundle always gives the same bytes."""
    def withhold(self, sections: Sequence[str], *, trust: _Path | None = None) -> Bundle:
        """A copy without these sections. Ids and signatures stay as they are.

        Sections whose content can be guessed from their digests are a ``UserWarning``. Raises
        :class:`expbundle.NotIntact` if a seal lists what is left out: one by a key of ``trust``, or
        without it by an author. Seals of other keys are a ``UserWarning`` each.
        """
    def sign(
        self,
        key: _Key,
        *,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Vouches for a record: the one whose id begins with ``record``, or the only one meant.

        What this key signed already, and what still stands, is not added again, here and in the
        calls below; a note that is told twice is one note.
        """
    def note(
        self,
        text: str,
        key: _Key,
        *,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Adds a comment."""
    def review(
        self,
        verdict: Literal["approved", "rejected", "needs-changes"],
        key: _Key,
        *,
        role: str | None = None,
        scope: str | None = None,
        reason: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Approves a record, rejects it, or asks for changes."""
    def revoke(
        self,
        key: _Key,
        *,
        statement: str | None = None,
        revoked_key: str | None = None,
        since: _Moment | None = None,
        reason: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Takes back a record, a statement by its id, or all that a public key signed since then."""
    def supersede(
        self,
        successor: Record,
        key: _Key,
        *,
        reason: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Says that another record takes the place of one."""
    def link(
        self,
        key: _Key,
        *,
        parent: Record | None = None,
        relation: str | None = None,
        input: _Path | None = None,
        same_signer: str | None = None,
        reason: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Says that a record follows from ``parent``, or that ``same_signer`` is a key of yours too."""
    def evaluate(
        self,
        results: Mapping[str, float],
        key: _Key,
        *,
        task: str | None = None,
        dataset: str | None = None,
        split: str | None = None,
        evaluator: str | None = None,
        notes: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Adds results that were measured after the run."""
    def deploy(
        self,
        environment: str,
        key: _Key,
        *,
        retired: bool = False,
        artifact: _Path | None = None,
        reason: str | None = None,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Says that a model went into use, or out of it."""
    def seal(
        self,
        key: _Key,
        *,
        name: str | None = None,
        at: _Moment | None = None,
        record: str | Sequence[str] | None = None,
    ) -> Bundle:
        """Lists every object that the bundle has now, so that anybody sees when one is missing."""

@final
class Run:
    """A run in the making; :meth:`finish` makes the bundle.

    What it is told is kept in memory, but for points, which go to a temporary file once there are
    many. Files are hashed when they are told, and not copied. With a ``journal`` a run whose process
    is killed is not lost. What a call refuses it does not keep, and the run goes on: what looks like a
    secret among them, which raises :class:`expbundle.ExpbundleError`.

    >>> import expbundle
    >>> run = expbundle.Run("fit", clock=False)
    >>> run.log({"loss": 0.5, "train": {"accuracy": 0.9}}, step=1)
    >>> run.finish().record().metrics
    {'loss': 0.5, 'train/accuracy': 0.9}

    As a context manager it finishes at the end of the block. An exception goes on, and the run has
    the status ``failed``, or ``killed`` after Ctrl-C; the bundle is :attr:`bundle`, and is saved if
    ``save`` says where. One that is never finished is a ``ResourceWarning``.

    >>> with expbundle.Run("fit", clock=False) as run:
    ...     run.log({"loss": 0.5}, step=1)
    >>> run.bundle.record().status
    'finished'
    """

    def __new__(
        cls,
        title: str,
        *,
        started: _Moment | None = None,
        tool: str | None = None,
        run: str | None = None,
        clock: bool = True,
        journal: _Path | None = None,
        save: _Path | None = None,
        overwrite: bool = False,
    ) -> Run:
        """Begins a run. The title is one line that says what is done; it may not be empty.

        ``tool`` and ``run`` name the tracker that has it and that tracker's id. With ``clock=False``
        nothing gets the present time, so that the same content gives the same bytes.

        ``journal`` is a file, which must not be there yet, that keeps what each call told when the
        call returns: :meth:`recover` reads it if the process is killed. It stays until you delete
        it. A power cut may lose the last half minute. A call that cannot write to
        it raises :class:`expbundle.ExpbundleError`; the run has what it told all the same.

        ``save`` is where a ``with`` block saves the bundle when it ends, however it ends. Unless
        ``overwrite`` is set nothing may be there: that raises :class:`expbundle.UsageError` now. For
        both files a folder that is not there raises ``FileNotFoundError`` now.
        """
    @staticmethod
    def recover(journal: _Path, *, resume: bool = False, clock: bool = True) -> Run:
        """The run of a journal, to be finished as any other.

        The file is only read. Unless the run was told how and when it ended, its status is
        ``unknown``, and it ended with its last point or event. With ``resume`` it goes on, in the
        same file and by the present time, unless ``clock`` is false.

        What cannot be read is a ``UserWarning`` and in :attr:`findings`; the bundle names it too.
        Raises ``FileNotFoundError``, :class:`expbundle.ExpbundleError` if the file is not a journal,
        and :class:`expbundle.UsageError` if it is to be resumed and is still being written.
        """
    def log(
        self, values: Mapping[str, _Scalar], *, step: int | None = None, time: _Moment | None = None
    ) -> None:
        """Values of metrics at a step. Names in nested dicts are joined by ``/``.

        A value is a number, or what ``float`` takes, such as an array of one value. A metric may be
        texts instead: these are kept and have no curve. One that looks like a number is a
        ``UserWarning``, told once for each metric. Raises :class:`expbundle.UsageError` for a text
        where the metric has numbers, or the other way round.

        ``time`` is RFC 3339 text, an aware ``datetime``, or seconds since 1970 as ``time.time()`` gives
        them; without it the present time, unless the run was made with ``clock=False``.
        """
    def observe(
        self, values: Mapping[str, _Scalar], *, step: int | None = None, time: _Moment | None = None
    ) -> None:
        """Values of system metrics: the load of a processor, the memory of a card."""
    def log_table(
        self, table: _Table, *, step: str | None = None, time: str | None = None, system: bool = False
    ) -> None:
        """The points of a table: ``run.log_table(frame, step="step")``.

        Anything with Arrow's C stream interface is taken: tables of pyarrow, polars, duckdb, pandas from
        2.2 on, and :class:`expbundle.Series`. It has a column for each metric, or a row for each point
        with the columns ``key``, ``step``, ``time``, ``value`` and ``text``, as ``extract`` writes them.
        ``step`` and ``time`` name columns; without them these are told by their names. A million rows
        take well under a second.

        What could not be read of it is a ``UserWarning``. Raises ``TypeError`` for anything else, and
        :class:`expbundle.ExpbundleError` if a column is not there, or no row gives a point.
        """
    def params(self, values: Mapping[str, Any], *, replace_secrets: bool = False) -> None:
        """Parameters, nested as they come. The last value of a name counts.

        Arrays and scalars with ``tolist`` or ``item``, of NumPy or PyTorch, are lists and numbers.
        Integers of any length, ``nan`` and ``inf`` are kept exactly; what JSON has no form for else
        is its ``str``, and ``TypeError`` if that is only an address in memory. Raises
        :class:`expbundle.UsageError` for a value of more than 1,048,576 items.

        What looks like a secret, by its name or form, raises :class:`expbundle.ExpbundleError`, and none
        of the values is kept: see :meth:`allow_secrets` for false alarms. With ``replace_secrets`` a
        marker stands for it instead, an event of kind ``redaction`` counts the markers, and a
        ``UserWarning`` names the places.
        """
    def tags(self, *tags: str | Sequence[str]) -> None:
        """Words to find it by, one by one or in lists."""
    def note(self, text: str) -> None:
        """Notes in Markdown; what is told later is a paragraph of its own."""
    def labels(self, values: Mapping[str, str]) -> None:
        """Words with values to find it by: ``run.labels({"area": "search"})``. The last value of a name
        counts."""
    def group(self, name: str, *, kind: str = "group", id: str | None = None) -> None:
        """What it belongs to, the outermost first: ``run.group("ranking", kind="project")``.

        ``kind`` is ``project``, ``experiment``, ``sweep``, ``group`` or a word of your tracker; ``id`` is
        what the tracker calls it.
        """
    def link(self, url: str, title: str | None = None) -> None:
        """An issue, a paper, a page."""
    def code(
        self,
        *,
        commit: str | None = None,
        repository: str | None = None,
        branch: str | None = None,
        entry_point: str | None = None,
        arguments: Sequence[str] | None = None,
    ) -> None:
        """The code that ran. ``entry_point`` is the program, relative to the repository or folder.

        What is not given stays as it was told before, here and in the two calls below.
        """
    def environment(
        self,
        *,
        os: str | None = None,
        python: str | None = None,
        packages: Mapping[str, str | None] | None = None,
        container_image: str | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        """The software around it: ``packages`` by name, and other ``versions`` that matter, like ``cuda``."""
    def hardware(
        self,
        *,
        cpu: str | None = None,
        cpu_cores: int | None = None,
        cpu_threads: int | None = None,
        memory_bytes: int | None = None,
        accelerators: Mapping[str, int] | None = None,
    ) -> None:
        """The machine, without its name. ``accelerators`` are models and how many: ``{"NVIDIA H200": 8}``."""
    def input(
        self,
        role: str,
        path: _Path | None = None,
        *,
        name: str | None = None,
        size: int | None = None,
        sha256: str | None = None,
        blake3: str | None = None,
        uri: str | None = None,
    ) -> None:
        """A file or folder that went in, by its role: ``model``, ``checkpoint``, ``adapter``, ``tokenizer``,
        ``dataset``, ``config``, ``code``, ``patch``, ``media``, ``file``, or a URI of your own.

        It is hashed now. The same bytes in the same role are recorded once, under the name of the
        first file; other names are ``aliases`` in ``artifacts.json``. Raises ``FileNotFoundError``, and
        :class:`expbundle.UsageError` for a role that the format does not have and that is not a URI.

        A file that is not here has no ``path``, but a ``size`` in bytes, and one digest or both in hex:
        ``run.input("model", name="base.safetensors", size=3, sha256="ba78…", uri="s3://…")``. They are
        taken on trust, and link the run to others as those of a file that is here. Leave out of ``uri``
        what signs a request.
        """
    def output(
        self,
        role: str,
        path: _Path | None = None,
        *,
        name: str | None = None,
        size: int | None = None,
        sha256: str | None = None,
        blake3: str | None = None,
        uri: str | None = None,
    ) -> None:
        """A file or folder that came out, in the same way."""
    def artifact(self, name: str, content: bytes | _Path) -> None:
        """A small file whose bytes travel inside the bundle, such as a plot: bytes, or where they are.

        ``name`` is its path among the files of the run, like ``plots/loss.png``; :meth:`Record.artifact`
        gives the bytes by it. All such files of a run come to at most 16 MiB. Raises
        :class:`expbundle.UsageError` if there is no room, the name has other bytes already, or the file
        names people, machines or absolute paths or is packed, so that nobody can tell; larger files
        are for :meth:`output`.
        """
    def derive_from(self, parent: _Relative, relation: str) -> None:
        """A record that this one follows from: ``fine-tuned-from``, ``quantized-from``, …

        ``parent`` may be a bundle, or where one is, if it has one record that no other derives from.
        """
    def event(
        self,
        kind: str,
        text: str | None = None,
        *,
        severity: Literal["info", "warning", "error"] = "info",
        time: _Moment | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Something that happened around the run: a checkpoint, a restart, a full disk."""
    def cost(
        self,
        resource: str,
        amount: float,
        unit: str,
        *,
        basis: Literal["measured", "estimated", "billed"] = "measured",
        model: str | None = None,
        method: str | None = None,
    ) -> None:
        """What the run used: ``run.cost("gpu", 3.5, "h", model="H200")``.

        The amount is finite and not negative, else :class:`expbundle.UsageError` is raised.
        """
    def charge(
        self,
        amount: _Amount,
        currency: str,
        *,
        basis: Literal["measured", "estimated", "billed"] = "estimated",
        rate: _Amount | None = None,
        rate_unit: str | None = None,
        rate_source: str | None = None,
        rate_date: str | None = None,
    ) -> None:
        """What was charged for it: ``run.charge("12.40", "EUR", basis="billed")``.

        The amount is decimal text or a ``Decimal``, and not a float: 12.4 as a float is not exactly
        12.40. The currency is its ISO 4217 code. Raises :class:`expbundle.UsageError` for anything else,
        and ``TypeError`` for a float.
        """
    def evaluation(
        self,
        metric: str,
        value: float,
        *,
        task: str | None = None,
        dataset: str | None = None,
        split: str | None = None,
        evaluator: str | None = None,
    ) -> None:
        """A result of an evaluation that was part of the run."""
    def section(self, name: str, content: Mapping[str, Any] | bytes) -> None:
        """A section of the format by its full name, like ``recipe.json``, as a dict; or a file of your own
        as bytes.

        ``context.json``, ``recipe.json``, ``artifacts.json``, ``identity.json`` and ``summary.json`` are
        added to what the run was told, which need not be repeated: items of lists come behind those that
        are there, notes are paragraphs, and of anything else the last value counts. Raises
        :class:`expbundle.ExpbundleError`, which names the member, if it does not match its schema.
        """
    def allow_secrets(self, *names: str | Sequence[str]) -> None:
        """Keeps what looks like a secret of these kinds, or at these places, one by one or in lists: for
        false alarms."""
    def end(self, status: Status | None = None, *, ended: _Moment | None = None) -> None:
        """How and when it ended, if not well and now."""
    def finish(
        self, status: Status | None = None, *, ended: _Moment | None = None, blind: bool = False
    ) -> Bundle:
        """Makes the bundle, unsigned and checked. The run takes nothing more.

        With ``blind`` every section gets a random salt, so that what is withheld later cannot be
        guessed from its digest.

        Raises :class:`expbundle.ExpbundleError` if something looks like a secret, the run ended before it
        started, or the disk is full. Then the run is open as before: mend it, and finish it again.
        """
    @property
    def bundle(self) -> Bundle | None:
        """The bundle, once the run is finished."""
    def __enter__(self) -> Run: ...
    def __exit__(
        self,
        class_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    @property
    def finished(self) -> bool:
        """Whether the bundle was made already."""
    @property
    def findings(self) -> list[Finding]:
        """What is damaged or missing in the journal that the run was recovered from."""

@final
class Source:
    """What a tracker left at a path."""

    def runs(self) -> list[dict[str, Any]]:
        """The runs, each with ``key``, ``name`` and what else ``expbundle convert --list --json`` has.

        Runs that cannot be read are a ``UserWarning``.
        """
    def convert(
        self,
        run: str | None = None,
        *,
        files: Iterable[_Path] | None = None,
        inputs: Mapping[str, _Path | Sequence[_Path]] | None = None,
        outputs: Mapping[str, _Path | Sequence[_Path]] | None = None,
        embed: bool | Sequence[str] | None = None,
        allow_secrets: Sequence[str] = ...,
        blind: bool = False,
    ) -> Conversion:
        """Converts a run: by its key, the beginning of one, or its name; without one, the only run.

        ``files`` are folders with the bytes of artifacts that the tracker lists only by name and
        MD5. ``embed`` is ``False`` for no files, or patterns of those to embed.
        """
    def convert_all(
        self,
        folder: _Path,
        *,
        runs: Sequence[str] | None = None,
        experiment: str | None = None,
        files: Iterable[_Path] | None = None,
        embed: bool | Sequence[str] | None = None,
        allow_secrets: Sequence[str] = ...,
        blind: bool = False,
        jobs: int | None = None,
        skip_existing: bool = False,
    ) -> dict[str, Any]:
        """Converts many runs into a folder, a bundle each: ``failed`` lists those that could not be.

        ``jobs`` is how many at once, one for each core if not given. With ``skip_existing`` runs that
        have ended and have their bundle in the folder are not read again.
        """

@final
class Conversion:
    """A run that was converted."""

    @property
    def bundle(self) -> Bundle:
        """The bundle, unsigned."""
    @property
    def key(self) -> str:
        """What names the run within the source."""
    @property
    def title(self) -> str:
        """The title of the run."""
    @property
    def findings(self) -> list[Finding]:
        """What is damaged, missing, lost or secret."""
    @property
    def account(self) -> dict[str, Any]:
        """Every item of the source, counted as mapped, kept raw, or dropped with a reason."""
    @property
    def text(self) -> str:
        """The account in words, as ``expbundle convert`` prints it."""

@final
class Change:
    """What is to be done to a model folder, or was done."""

    @property
    def folder(self) -> str:
        """The folder."""
    @property
    def files(self) -> list[str]:
        """The files that change, by their paths in the folder."""
    @property
    def diff(self) -> str:
        """The change as a unified diff, for reading."""
    @property
    def notes(self) -> list[str]:
        """What a person should know, a sentence each."""
    @property
    def text(self) -> str:
        """The change in words, as the program prints it."""
    @property
    def applied(self) -> bool:
        """Whether it was made."""

@final
class Lineage:
    """The family tree of a model."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``schemas/lineage.schema.json`` has it."""
    @property
    def text(self) -> str:
        """The tree in words, as ``expbundle lineage`` prints it."""
    @property
    def svg(self) -> str:
        """A picture."""
    @property
    def mermaid(self) -> str:
        """A flowchart for Markdown."""
    def _repr_html_(self) -> str:
        """How a notebook shows it."""

@final
class Why:
    """Where a file comes from."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``schemas/why.schema.json`` has it."""
    @property
    def text(self) -> str:
        """The answer in words, as ``expbundle why`` prints it."""
    def _repr_html_(self) -> str:
        """How a notebook shows it."""

@final
class Diff:
    """What two records say differently."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``schemas/diff.schema.json`` has it."""
    @property
    def text(self) -> str:
        """The differences in words, as ``expbundle diff`` prints them."""
    def _repr_html_(self) -> str:
        """How a notebook shows it."""

def _in_python(text: str) -> str:
    """A text of the libraries in the words of Python: for tests."""

def open(source: _Source) -> Bundle:
    """Opens a bundle and checks it.

    Raises :class:`expbundle.NotIntact` if it is not intact. Nobody's signature is asked for: anybody
    may have made it, or added to it. Use :func:`verify` for a report, and what it hands out.
    """

def verify(
    source: _Source,
    *,
    trust: _Path | None = None,
    require: Literal["intact", "signed", "trusted"] | None = None,
    at: _Moment | None = None,
    digests: Literal["blake3", "all"] = "blake3",
    limits: int = 1,
    no_objections: bool = False,
) -> Report:
    """Checks a bundle, or a model folder with one. What is wrong is in the report, and raises nothing.

    ``trust`` is a signers file, a ``.pub`` or ``.keys`` file, or a public key itself; then
    ``trusted`` is required unless ``require`` says otherwise. ``at`` is when keys are judged.
    ``no_objections`` requires, too, that nobody whose word counts has rejected, revoked, superseded or
    sent back a record, an ancestor, or a release of some of these files, also after ``at``, and that
    all parents are here and signed: what was said of one that is missing cannot be known.

    ``digests="all"`` recomputes SHA-256 as well as BLAKE3, which takes longer. ``limits``, from 1 to 64,
    lets in objects and numbers of objects that are so many times as large as usual.

    What is signed by nobody you trust is set apart, and the report may hold all the same: take what you
    use from :attr:`Report.bundle` or :attr:`Report.records`, and not from :func:`expbundle.open`.
    """

def trackers() -> list[str]:
    """The names of the trackers that are read."""

def source(
    path: _Path,
    tool: str | None = None,
    *,
    run_column: str | None = None,
    step_column: str | None = None,
    time_column: str | None = None,
    param_column: str | Sequence[str] | None = None,
) -> Source:
    """Opens what a tracker left at a path; without ``tool`` it is found out which one.

    The columns are those of a table of runs (``csv``, ``jsonl``, ``parquet``), where their names do not
    tell: ``param_column`` has those that are parameters, and not metrics or tags.
    """

def attach(
    folder: _Path,
    bundles: _Source | Sequence[_Source],
    *,
    key: _Key | None = None,
    name: str | None = None,
    title: str | None = None,
    base_models: Sequence[str] = ...,
    benchmarks: Sequence[str] = ...,
    keep_card: bool = False,
    replace: bool = False,
    unrelated: bool = False,
    trust: _Path | None = None,
    at: _Moment | None = None,
    dry_run: bool = False,
) -> Change:
    """Adds bundles to a model folder and updates its card; with a key, releases the folder too.

    Nobody is asked: ``dry_run`` shows the change without making it. A folder that the key released
    already as it is gets no other release.

    Raises :class:`expbundle.ExpbundleError` if the records made models and no file of the folder, as
    those of another run did; with ``unrelated`` they are attached all the same.
    """

def detach(folder: _Path, *, dry_run: bool = False) -> Change:
    """Takes the bundle out of a model folder, and what :func:`attach` wrote on its card."""

def release(
    folder: _Path,
    key: _Key,
    *,
    name: str | None = None,
    title: str | None = None,
    reason: str | None = None,
    trust: _Path | None = None,
    at: _Moment | None = None,
    dry_run: bool = False,
) -> Change:
    """Lists the files of a model folder and signs the list.

    If the last release by the key is of just these files, with this title and reason, and still
    counts, nothing is added: then ``files`` of the change is empty.
    """

def merge(
    bundles: _Source | Sequence[_Source],
    *,
    closure: str | None = None,
    thin: bool = False,
    trust: _Path | None = None,
) -> Bundle:
    """Merges bundles into one. ``closure`` keeps only one record and its ancestors.

    Files that were passed over, withheld sections that another copy brings back, and seals that no
    longer hold are a ``UserWarning`` each.
    """

def lineage(
    source: _Source,
    *,
    with_: _Source | Sequence[_Source] | None = None,
    trust: _Path | None = None,
    at: _Moment | None = None,
    record: str | None = None,
    down: bool = False,
) -> Lineage:
    """The ancestors of a model, or with ``down`` its descendants."""

def why(
    file: _Path,
    *,
    with_: _Source | Sequence[_Source] | None = None,
    trust: _Path | None = None,
    at: _Moment | None = None,
) -> Why:
    """Where a file comes from."""

def diff(before: _Relative, after: _Relative) -> Diff:
    """What two records say differently.

    Either may be a bundle, or where one is, if it has one record that no other derives from.
    """
