"""Model folders on their way to the Hugging Face Hub, and back.

Needs ``huggingface_hub``: ``pip install expbundle[hub]``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import _core
from ._paths import expanded
from .errors import ExpbundleError

if TYPE_CHECKING:
    import datetime

    from huggingface_hub import CommitInfo

__all__ = ["upload", "verify"]


def upload(
    folder: str | os.PathLike[str],
    repo_id: str,
    bundles: Sequence[str | os.PathLike[str] | _core.Bundle] = (),
    *,
    key: str | os.PathLike[str] | _core.Key | None = None,
    trust: str | os.PathLike[str] | None = None,
    private: bool | None = None,
    revision: str | None = None,
    token: str | None = None,
    commit_message: str = "Upload model with its experiment bundle",
    **attach: Any,
) -> CommitInfo:
    """Attaches ``bundles``, verifies the folder, uploads it, and verifies what the Hub then has.

    ``attach`` are further arguments of :func:`expbundle.attach`. Nothing is uploaded unless the
    folder verifies; with ``trust`` it has to be trusted. The second look downloads the commit that
    was made, so that what was verified is what others get.

    Raises :class:`expbundle.NotAsRequired` if one of the two does not hold, and
    :class:`expbundle.ExpbundleError` if the Hub cannot be reached: then call it again, and nothing is
    attached twice. What the Hub itself refuses is its client's own error.
    """
    from huggingface_hub import HfApi

    folder = expanded(folder)
    if bundles or key is not None:
        _core.attach(folder, list(bundles), key=key, trust=trust, **attach)
    _core.verify(folder, trust=trust).raise_for_state()
    api = HfApi(token=token)
    with _reaching(repo_id):
        api.create_repo(repo_id, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            commit_message=commit_message,
            revision=revision,
            ignore_patterns=[".git*/**", ".cache/**", "*.part"],
        )
    verify(repo_id, revision=commit.oid, trust=trust, token=token).raise_for_state()
    return commit


def verify(
    repo_id: str,
    *,
    revision: str | None = None,
    trust: str | os.PathLike[str] | None = None,
    require: Literal["intact", "signed", "trusted"] | None = None,
    at: str | datetime.datetime | None = None,
    token: str | None = None,
) -> _core.Report:
    """Downloads a model, or what of it is not in the local cache, and verifies it.

    Raises :class:`expbundle.ExpbundleError` if the Hub cannot be reached.
    """
    from huggingface_hub import snapshot_download

    with _reaching(repo_id):
        folder = snapshot_download(repo_id, revision=revision, token=token)
    return _core.verify(folder, trust=trust, require=require, at=at)


CLIENTS = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")
"""Packages that ask the Hub for ``huggingface_hub``, by its version."""


@contextlib.contextmanager
def _reaching(repo_id: str) -> Iterator[None]:
    """Says what to do where no answer came. What the Hub answered is told by its own client."""
    from huggingface_hub import constants, errors

    try:
        yield
    except Exception as error:
        is_without_answer = isinstance(error, (ConnectionError, TimeoutError, errors.LocalEntryNotFoundError)) or (
            type(error).__module__.partition(".")[0] in CLIENTS and getattr(error, "response", None) is None
        )
        if not is_without_answer:
            raise
        raise ExpbundleError(
            f"the Hugging Face Hub at {constants.ENDPOINT} cannot be reached: {error}",
            "cli.io",
            repo_id,
            "check the network, its proxy, and HF_ENDPOINT and HF_HUB_OFFLINE; then call it again",
        ) from error
