"""The weights of all engines: their state, and downloading, deleting and moving them. Nothing else in the studio downloads
weights."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines.common.weights import PART_SUFFIX, files_of, find_file, repo_folder_name
from engines.contract import Card, Engine, EnginePaths, HubFile
from media.errors import restored
from media.refusals import refusal
from studio.environments.variables import worker_environment
from studio.errors import GreenroomError, NotFound, StorageError
from studio.settings import HOME, WeightSettings
from studio.subprocesses import run_streaming
from studio.weights.fetch_protocol import MARK, FetchRequest
from studio.weights.model import EngineWeights, FileStatus, WeightsError
from studio.weights.move import move_folder
from studio.weights.pinned import PinnedModel, pinned_models
from studio.weights.record import read_record

Say = Callable[[float, str], None]
Cancelling = Callable[[], bool]

RESERVE_BYTES = 1_000_000_000
"""Left free on the disk of the weights, so that a download never stops the studio's own work."""

_HUB_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_YES = frozenset({"1", "true", "yes", "on"})


class WeightStore:
    """Reads the disk at every call and holds no state; any thread may call any method. Writing acquires a lock between
    processes for each repository.

    Args:
        site: its `weights` are the roots; downloads go to the first, unless another one has a part of them already.
        engines: all engines of the catalog.
        reserve_bytes: disk space that must stay free.
    """

    def __init__(
        self,
        site: EnginePaths,
        engines: Callable[[], list[type[Engine]]],
        settings: WeightSettings,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self._site, self._engines, self._settings, self._reserve = site, engines, settings, reserve_bytes

    @property
    def roots(self) -> tuple[Path, ...]:
        return self._site.weights

    @property
    def offline(self) -> bool:
        """Whether downloads are switched off: by the setting, or as the studio was started (HF_HUB_OFFLINE)."""
        wish = self._settings.offline
        return _started_offline() if wish == "auto" else wish

    def statuses(self) -> list[EngineWeights]:
        """Return the weights of every engine that has any on a hub."""
        return [self._status(engine.card) for engine in self._engines() if engine.card.hub_files]

    def status(self, engine_id: str, repo: str = "") -> EngineWeights:
        """Return the weights of an engine, of all its repositories or of one.

        Raises:
            NotFound: no such engine, it needs no weights, or none of that repository.
        """
        status = self._status(self._card(engine_id))
        if repo and repo not in status.repos:
            raise NotFound("weights.none-in-repository", engine=status.card.title, repo=repo, repos=status.repos)
        return status.of_repo(repo) if repo else status

    def download(self, engine_id: str, progress: Say, cancelled: Cancelling, repo: str = "") -> EngineWeights:
        """Download what is missing (of one repository, or of all), continuing earlier downloads, and verify what is here
        against the hub.

        Raises:
            NotFound, WeightsError, StorageError: what is wrong and the next step. Cancelled.
        """
        files = tuple(file.file for file in self.status(engine_id, repo).files)
        self.refuse_offline()
        folders = tuple(str(self._target(file)) for file in files)
        self._fetch(FetchRequest(files, folders, self._reserve, self._token(), str(self._site.assets)), progress, cancelled)
        return self.status(engine_id, repo)

    def first_models(self) -> tuple[PinnedModel, ...]:
        """Return the default models that are not (completely) installed, in order."""
        return tuple(
            model
            for model in pinned_models(self._site.assets).values()
            if model.first_start and not all(self._file(file).path for file in hub_files(model))
        )

    def download_model(self, model: PinnedModel, progress: Say, cancelled: Cancelling) -> None:
        """Fetch a model of the table, as `download` does for an engine."""
        self.refuse_offline()
        files = hub_files(model)
        folders = tuple(str(self._target(file)) for file in files)
        self._fetch(FetchRequest(files, folders, self._reserve, self._token(), str(self._site.assets)), progress, cancelled)

    def refuse_offline(self) -> None:
        """Raises WeightsError when downloads are switched off."""
        if self.offline:
            raise WeightsError("weights.offline-so-no-download")

    def delete(self, engine_id: str, repo: str = "") -> int:
        """Delete the engine's files (of one repository, or all), but those that another engine needs too. Gives the bytes that
        came free.

        Raises:
            NotFound; WeightsError: they lie in a cache of other programs.
        """
        status = self._own(engine_id, repo)
        shared = {
            (file.repo, file.path) for other in self._engines() if other.card.id != engine_id for file in other.card.hub_files
        }
        freed = 0
        for file in (one.file for one in status.files):
            if (file.repo, file.path) not in shared:
                freed += sum(_delete(self._folder(root, file), file.path) for root in self.roots)
        return freed

    def move(self, engine_id: str, root: Path, progress: Say, cancelled: Cancelling) -> EngineWeights:
        """Bring the engine's repositories to another root: copied whole first, then removed where they were.

        Raises:
            NotFound, WeightsError: not a root of the settings, nothing to move. StorageError: no room. Cancelled.
        """
        status = self._own(engine_id)
        if root not in self.roots:
            raise WeightsError("weights.folder-unknown")
        folders = [
            (old / repo_folder_name(repo), root / repo_folder_name(repo))
            for repo in status.repos
            for old in self.roots
            if old != root and (old / repo_folder_name(repo)).is_dir()
        ]
        if not folders:
            raise WeightsError("weights.nothing-to-move")
        for number, (source, target) in enumerate(folders):

            def share(done: float, note: str, before: int = number) -> None:
                progress((before + done) / len(folders), note)

            move_folder(source, target, share, cancelled)
        return self._status(status.card)

    def _card(self, engine_id: str) -> Card:
        with_weights = {engine.card.id: engine.card for engine in self._engines() if engine.card.hub_files}
        if engine_id not in with_weights:
            raise NotFound("weights.engine-without", engine=engine_id, known=with_weights)
        return with_weights[engine_id]

    def _status(self, card: Card) -> EngineWeights:
        files = tuple(self._file(file) for file in files_of(card, self._site))
        own = any((root / repo_folder_name(file.repo)).is_dir() for root in self.roots for file in card.hub_files)
        return EngineWeights(card, files, own)

    def _file(self, file: HubFile) -> FileStatus:
        """A file whose length is not the one that was checked counts as a part."""
        path = find_file(self._site, file)
        if path is None:
            return FileStatus(file, None, self._part_bytes(file))
        length = path.stat().st_size
        folder = path.parents[len(Path(file.path).parts) - 1]
        noted = read_record(folder).get(file.path, {}).get("size", length)
        return FileStatus(file, path if length == noted else None, length)

    def _part_bytes(self, file: HubFile) -> int:
        for root in self.roots:
            part = self._folder(root, file) / f"{file.path}{PART_SUFFIX}"
            if part.is_file():
                return part.stat().st_size
        return 0

    def _own(self, engine_id: str, repo: str = "") -> EngineWeights:
        status = self.status(engine_id, repo)
        if not status.own and status.here_bytes:
            raise WeightsError("weights.cache-of-another", engine=status.card.title)
        return status

    def _target(self, file: HubFile) -> Path:
        """The folder of the repository: where a part of it lies already, else under the first root."""
        if not self.roots:
            raise WeightsError("weights.no-folder")
        there = [self._folder(root, file) for root in self.roots if self._folder(root, file).is_dir()]
        return there[0] if there else self._folder(self.roots[0], file)

    @staticmethod
    def _folder(root: Path, file: HubFile) -> Path:
        return root / repo_folder_name(file.repo)

    def _token(self) -> str:
        """The hub's token, from HF_TOKEN or the file that the settings name; "" for none."""
        if token := os.environ.get("HF_TOKEN", "").strip():
            return token
        named = self._settings.token_file
        if named is None:
            return ""
        path = named.expanduser()
        if path.resolve().is_relative_to(HOME):
            raise WeightsError("weights.token-in-studio")
        try:
            return path.read_text("utf-8").strip()
        except (OSError, ValueError):
            raise WeightsError("weights.token-unreadable") from None

    def _fetch(self, order: FetchRequest, progress: Say, cancelled: Cancelling) -> None:
        for folder in order.folders:
            try:
                Path(folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError("weights.folder-not-made", cause=refusal(error)) from None
        hearing = _Hearing(progress)
        status = run_streaming(
            [sys.executable, "-m", "studio.weights.fetch"],
            environment=fetch_environment(), cwd=HOME, given=order.encode(), on_line=hearing.line, cancelled=cancelled,
        )  # fmt: skip
        if hearing.error is not None:
            raise hearing.error
        if status != 0:
            raise WeightsError("weights.download-ended", retryable=True)


def hub_files(model: PinnedModel) -> tuple[HubFile, ...]:
    """Return a model of the table as the files of engines' cards."""
    return tuple(HubFile(model.repo, file.path, file.size, model.revision) for file in model.files)


class _Hearing:
    """The answers of the fetching process as progress and errors."""

    def __init__(self, progress: Say) -> None:
        self._progress = progress
        self._start: tuple[float, int] | None = None
        self._fraction = 0.0
        self.error: GreenroomError | None = None

    def line(self, line: str) -> None:
        if not line.startswith(MARK):
            return
        told: dict[str, Any] = json.loads(line.removeprefix(MARK))
        if "error" in told:
            kind = StorageError if told["storage"] else WeightsError
            self.error = restored(told["error"], kind)
        elif "note" in told:
            self._progress(self._fraction, told["note"])
        else:
            self._fraction = max(self._fraction, told["done"] / max(1, told["total"]))  # another source begins anew
            self._progress(self._fraction, self._note(told))

    def _note(self, told: dict[str, Any]) -> str:
        now = time.monotonic()
        self._start = self._start or (now, told["done"])
        elapsed, fresh = now - self._start[0], told["done"] - self._start[1]
        pace = f", {fresh / elapsed / 1e6:.1f} MB/s" if elapsed > 1 else ""
        return f"{_bytes(told['done'])} of {_bytes(told['total'])}{pace}, {told['file']}"


def fetch_environment() -> dict[str, str]:
    """Return a worker's variables with access to the hub, and without the token that other programs have stored."""
    kept = {name: value for name, value in worker_environment().items() if name not in _HUB_VARIABLES}
    return kept | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}


def _started_offline() -> bool:
    """What the studio was started with: it sets HF_HUB_OFFLINE for itself later, to keep the page from calling out."""
    try:
        variables = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    given = dict(variable.decode("utf-8", "replace").partition("=")[::2] for variable in variables)
    return given.get("HF_HUB_OFFLINE", "").strip().lower() in _YES


def _delete(folder: Path, path: str) -> int:
    freed = 0
    for victim in (folder / path, folder / f"{path}{PART_SUFFIX}"):
        if victim.is_file():
            freed += victim.stat().st_size
            victim.unlink()
    place = (folder / path).parent
    while place != folder.parent and place.is_dir() and not any(e.name != ".greenroom.json" for e in place.iterdir()):
        (place / ".greenroom.json").unlink(missing_ok=True)
        place.rmdir()
        place = place.parent
    return freed


def _bytes(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
