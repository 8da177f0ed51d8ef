"""Which errors a call may end with, and a job of a kind may fail with: the table `error_codes.toml`, read once.

A name is a code of the catalogues, such as "voice.unknown", or a whole area of them, such as "voice.*". The table is read out of
the source by `python -m tests.tools.error_codes`, and a test holds it current.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from media.messages import catalogue

TABLE = Path(__file__).with_name("error_codes.toml")

OF_NO_CALL = frozenset(
    {"audiobook", "backup", "form", "openai", "page", "rehearsal", "request", "settings", "start", "system", "talk"}
)
"""Areas with errors of no call: of the page, the start, talks and rehearsals, of backups, of the routes in the form of
OpenAI's, of requests that are refused before the call is known, and causes that stand within other sentences ("system")."""

OF_OTHER_MESSAGES = frozenset(
    ("face-result", "graph", "manifest", "preparation", "readiness", "recording", "requirement", "shot", "step", "system", "take")
)
"""Areas of messages that stand only within others: what an engine or a template lacks, what a clip, a take or a result shows,
what the system refuses, and the next step."""


def of_every_call() -> tuple[str, ...]:
    """The codes with which any call may end: wrong arguments, a full disk, a studio that is closing, an unforeseen error."""
    return _names(_table()["every"])


def of_call(name: str) -> tuple[str, ...]:
    """The codes with which a call may end beside those: its own, and those of the job that it waits for; none if it is new."""
    told: Mapping[str, Any] = _table()["calls"].get(name, {})
    of_its_job = of_job(told["waits_for"]) if "waits_for" in told else ()
    return tuple(sorted({*_names(told), *of_its_job} - set(of_every_call())))


def of_job(kind: str) -> tuple[str, ...]:
    """The codes with which a job of this kind may fail."""
    return _names(_table()["jobs"][kind])


def _names(told: Mapping[str, Any]) -> tuple[str, ...]:
    listed = {area: ["*"] if whats == "*" else whats for area, whats in told.items() if area != "waits_for"}
    return tuple(f"{area}.{what}" for area, whats in listed.items() for what in whats)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))


def table_read_anew() -> None:
    """Read the table again, after it was written."""
    _table.cache_clear()


def covered(code: str, names: Iterable[str]) -> bool:
    """Whether one of the names is this code or its area."""
    area = f"{code.partition('.')[0]}.*"
    return any(name in (code, area) for name in names)


def areas() -> set[str]:
    """The areas of all catalogues."""
    return {code.partition(".")[0] for code in catalogue.codes()}
