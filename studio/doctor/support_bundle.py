"""Support bundles: diagnostics of this studio without anything that the user has written or recorded."""

from __future__ import annotations

import io
import json
import os
import platform
import re
import time
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from studio.doctor.log_viewer import tail
from studio.jobs.model import Job
from studio.logs import FILE_NAME, HIDDEN, scrub, shortened
from studio.maintenance.disk_usage import DiskUsage
from studio.services import Services
from studio.settings import HOME
from studio.version import studio_version

JOBS_TOLD = 100
EVENTS_TOLD = 100
_SECRET_KEY = re.compile(r"token|secret|password|api_?key|cookie", re.IGNORECASE)
# A quotation that is not closed ends with its line: it is not looked for again from every mark within.
_QUOTED = re.compile(r"“[^”\n]*+(?:”|$)|\"[^\"\n]*+\"|'[^'\n]{2,}+'", re.MULTILINE)
_LONGEST_TEXT = 16_000
_TOLD_OF_A_SPEC = ("fps", "quality", "seconds", "seed", "check_tries", "face_number", "face_index")
_README = """Greenroom support bundle, made {made}.

log.txt       the end of the studio's log; secrets, home folders and quoted words are taken out
settings.json every setting of this start; secrets are taken out
versions.json the versions of Greenroom, Python, system and packages
machine.json  memory, limits, verdicts and the graphics card as of now
history.json  memory of the last hour          events.json  what happened to it
engines.json  every engine and its state       disk.json    what lies where
jobs.json     the last {jobs} jobs: kind, state, cost, error; no text, title, file name or voice

Nothing that was written, recorded or made is in here. Read it before you pass it on.
"""


def support_bundle(studio: Services, disk: DiskUsage) -> bytes:
    """Return the bundle as a ZIP in memory, a few hundred kB."""
    keep = Redaction({str(studio.paths.root): "<data>", str(HOME): "<studio>"})
    parts: dict[str, Any] = {
        "settings.json": _settings(studio.settings.model_dump(mode="json")),
        "versions.json": versions(),
        "machine.json": {"memory": studio.memory.report(), "processors": os.cpu_count()},
        "history.json": studio.memory.history(),
        "events.json": [event.as_dict() for event in studio.memory.events.newest(EVENTS_TOLD)],
        "engines.json": [_engine(status.as_dict()) for status in studio.engines.statuses()],
        "disk.json": disk.report().as_dict(),
        "jobs.json": [_job(job, keep) for job in studio.jobs.list(limit=JOBS_TOLD)],
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README.format(made=time.strftime("%Y-%m-%d %H:%M"), jobs=JOBS_TOLD))
        archive.writestr("log.txt", keep.lines(tail(studio.paths.logs / FILE_NAME)))
        for name, value in parts.items():
            archive.writestr(name, json.dumps(keep.values(value), indent=1, ensure_ascii=False, default=str))
    return held.getvalue()


def bundle_name() -> str:
    return f"greenroom-support-{time.strftime('%Y-%m-%d_%H%M%S')}.zip"


def versions() -> dict[str, Any]:
    """Return the versions of Greenroom, Python, the system and every installed package."""
    packages = {str(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}
    release = {}
    for line in _text(Path("/etc/os-release")).splitlines():
        name, _, value = line.partition("=")
        if name in ("PRETTY_NAME", "VERSION_ID"):
            release[name.lower()] = value.strip('"')
    return {
        "greenroom": studio_version(), "python": platform.python_version(), "machine": platform.machine(),
        "kernel": platform.release(), **release,
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }  # fmt: skip


class Redaction:
    """Removes data that must not leave the machine.

    Args:
        folders: paths of this machine and their replacements.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = sorted(folders.items(), key=lambda item: len(item[0]), reverse=True)

    def paths(self, text: str) -> str:
        """Redact secrets, home folders and the studio's paths."""
        text = shortened(text, _LONGEST_TEXT)
        for path, word in self._folders:
            text = text.replace(path, word)
        return scrub(text)

    def values(self, value: Any) -> Any:
        """Redact paths in every text of JSON values."""
        if isinstance(value, str):
            return self.paths(value)
        if isinstance(value, Mapping):
            return {key: self.values(one) for key, one in value.items()}
        return [self.values(one) for one in value] if isinstance(value, list | tuple) else value

    def words(self, sentence: str) -> str:
        """Redact paths, and everything in quotation marks: names of voices and files, texts."""
        return _QUOTED.sub("[…]", self.paths(sentence))

    def lines(self, text: str) -> str:
        """Redact a log: indented lines are tracebacks and keep their quotation marks, which contain code."""
        return "\n".join(self.paths(line) if line.startswith(" ") else self.words(line) for line in text.splitlines())


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            shown[key] = _settings(value)
        else:
            shown[key] = HIDDEN if value and _SECRET_KEY.search(key) else value
    return shown


def _engine(status: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in status.items() if key != "options"}


def _job(job: Job, keep: Redaction) -> dict[str, Any]:
    told = {key: job.spec[key] for key in _TOLD_OF_A_SPEC if isinstance(job.spec.get(key), int | float | bool)}
    engine = job.spec.get("engine")
    error = job.error
    return {
        "id": job.id, "kind": job.kind, "lane": job.lane, "state": job.state.value, "progress": round(job.progress, 3),
        "created": job.created, "started": job.started, "ended": job.ended,
        "work_seconds": round(job.work_seconds, 2), "peak_gib": round(job.peak_gib, 3),
        "engine": engine if isinstance(engine, str) and re.fullmatch(r"[\w.-]{1,60}", engine) else "", "spec": told,
        "error": None
        if error is None
        else {"code": error.code, "reason": keep.words(error.reason), "hint": keep.words(error.hint)},
        "outputs": [output.kind for output in job.outputs],
    }  # fmt: skip


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
