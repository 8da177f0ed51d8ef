"""Change stamps of the studio's lists by topic: voices, outputs, jobs, engines, templates, uploads.

The files are the truth, and users copy voices into folders, so that changes are not reported but detected: each topic has a stamp
computed from the present content of its list. Equal stamps, also of two servers on one data folder, mean that a list is up to
date.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2s
from pathlib import Path

from studio.preprocessing import assets_of
from studio.services import Services

_JOBS_LOOKED_AT = 100
_ENGINES_SECONDS = 2.0
_QUIET_SECONDS = 10.0


class Topic(StrEnum):
    """Topics of lists."""

    VOICES = "voices"
    OUTPUTS = "outputs"
    JOBS = "jobs"
    ENGINES = "engines"
    TEMPLATES = "templates"
    ASSETS = "assets"
    PRONUNCIATIONS = "pronunciations"
    CONVERSATIONS = "conversations"
    PROJECTS = "projects"
    SETTINGS = "settings"


Stamps = dict[Topic, str]


class Changes:
    """Computes the stamps. A reading costs some calls of stat; the readiness of engines, which is more expensive, is checked
    every two seconds and whenever a job starts or ends. Any thread may call any method.
    """

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._assets = assets_of(studio.paths)
        self._engines = ("", -_ENGINES_SECONDS, "")
        """Stamp of the jobs it was made beside, when that was, and the stamp."""

    def stamps(self) -> Stamps:
        """Return the present stamp of every topic."""
        studio, jobs = self._studio, self._jobs()
        read: dict[Topic, Callable[[], object]] = {
            Topic.VOICES: lambda: [
                (one.name, one.id, one.version, one.damage, one.transcript_status, one.tags) for one in studio.voices.list()
            ],
            Topic.OUTPUTS: lambda: [(one.id, one.title, one.keep) for one in studio.library.list(limit=None)],
            Topic.TEMPLATES: lambda: [(one.id, one.title, one.problems) for one in studio.templates.all()],
            Topic.PRONUNCIATIONS: studio.pronunciations.stamp,
            Topic.CONVERSATIONS: lambda: _conversations(studio.paths.conversations),
            Topic.PROJECTS: lambda: _projects(studio.paths.projects),
            Topic.SETTINGS: lambda: (studio.settings.voiceover, studio.settings.comfyui, studio.settings.page),
            Topic.ASSETS: lambda: sorted((one.id, one.name) for one in self._assets.list()),
        }
        return {Topic.JOBS: jobs, Topic.ENGINES: self._ready(jobs), **{topic: _stamp(look()) for topic, look in read.items()}}

    def _jobs(self) -> str:
        """Return the jobs and their states; progress is not a change of a list."""
        return _stamp([(job.id, job.state.value) for job in self._studio.jobs.list(limit=_JOBS_LOOKED_AT)])

    def _ready(self, jobs: str) -> str:
        known, looked, stamp = self._engines
        if jobs != known or time.monotonic() - looked >= _ENGINES_SECONDS:
            answers = self._studio.language.status()
            ready = [(one.card.id, one.ready, one.readiness) for one in self._studio.engines.statuses()]
            stamp = _stamp([*ready, (answers.source, answers.url, answers.model, answers.ready)])
            self._engines = (jobs, time.monotonic(), stamp)
        return stamp


def _projects(folder: Path) -> list[tuple[str, float]]:
    """Return the modification time of each project, by its journal, which records every change at once."""
    found = []
    for path in sorted(folder.glob("[!.]*")) if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            journal = path / "changes.jsonl"
            found.append((path.name, (journal if journal.exists() else path).stat().st_mtime))
    return found


def _conversations(folder: Path) -> list[tuple[str, float]]:
    """Return the conversations with their modification times, except very recent ones: an ongoing one is no change of the
    list.
    """
    found, now = [], time.time()
    for journal in folder.glob("[0-9]*/journal.jsonl"):
        with contextlib.suppress(OSError):
            changed = journal.stat().st_mtime
            found.append((journal.parent.name, 0.0 if now - changed < _QUIET_SECONDS else changed))
    return sorted(found)


def _stamp(content: object) -> str:
    return blake2s(repr(content).encode("utf-8", "replace"), digest_size=8).hexdigest()
