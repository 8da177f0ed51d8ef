"""Proposals for a script, sentence by sentence: each shown with its changes, accepted or rejected, and applied to the script."""

from __future__ import annotations

import difflib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.rewriting.capability import RewriteScript
from capabilities.rewriting.sentences import with_changes
from capabilities.rewriting.tasks import TITLES
from studio.errors import InvalidInput
from studio.jobs.model import Job, JobState
from tabs.common.jobs.job_view import JobView
from tabs.common.templating import render
from tabs.common.texts.new_texts import NewText, NewTexts
from tabs.common.wiring import QUIET, Updates, clicked, output_url, with_error_toast

_MOST_REMEMBERED = 200


@dataclass(frozen=True)
class ChangeRow:
    """One proposal as it is shown: words that are kept, deleted ("del") or inserted ("ins")."""

    index: int
    number: int
    parts: tuple[tuple[str, str], ...]
    doubt: str
    left: bool


class Proposals:
    """Draws a finished rewriting and handles its buttons.

    Rejected proposals are remembered per job until the studio stops; doubtful ones are rejected at first.
    """

    def __init__(self, texts: NewTexts) -> None:
        self._texts = texts
        self._lock = threading.Lock()
        self._left: OrderedDict[str, set[int]] = OrderedDict()

    def draw(self, job: Job) -> str:
        """Return the HTML of the proposals; "" without any, or if their files are gone."""
        found = _changes(job)
        if found is None:
            return ""
        changes, sentences, by = found
        left = self._left_of(job.id, changes)
        rows = [
            ChangeRow(number, number + 1, word_changes(one["before"], one["after"]), one["doubt"], number in left)
            for number, one in enumerate(changes)
        ]
        facts = [f"{len(changes)} of {sentences} sentences changed", f"by {by}"]
        title = TITLES.get(str(job.spec.get("task")), TITLES["ear"])
        return render(
            "voiceover/rewriting.html", job=job.id, title=title, rows=rows, taken=len(changes) - len(left), facts=facts,
            url=output_url(job.outputs[0].id, download=True),
        )  # fmt: skip

    def wire(self, view: JobView) -> None:
        self._view = view
        view.detail.click(self._clicked, view.looked_at, [self._texts.piece, *view.shown], **QUIET)

    @with_error_toast
    def _clicked(self, current: str, seen: Any, page: int | None, event: gr.EventData) -> Updates:
        data = clicked(event)
        act = data.get("act")
        if act not in ("put", "take-all", "leave-all", "take-one", "leave-one"):
            return gr.skip()
        job = self._view.job(data.get("job", ""))
        found = None if job is None else _changes(job)
        if job is None or found is None:
            raise InvalidInput("rewriting.change-gone")
        changes = found[0]
        if act == "put":
            return {self._texts.piece: self._texts.give(self._words(job, changes))}
        self._choose(job.id, changes, act, data.get("change", ""))
        return self._view.turn(job.id, None, page)

    def _words(self, job: Job, changes: list[dict[str, Any]]) -> NewText:
        left = self._left_of(job.id, changes)
        taken = [(one["start"], one["end"], one["after"]) for number, one in enumerate(changes) if number not in left]
        script = str(job.spec["script"])
        return NewText("script", with_changes(script, taken), f"“{job.title}”", instead_of=script)

    def _left_of(self, job: str, changes: list[dict[str, Any]]) -> set[int]:
        with self._lock:
            if job not in self._left:
                self._left[job] = {number for number, one in enumerate(changes) if one["doubt"]}
                while len(self._left) > _MOST_REMEMBERED:
                    self._left.popitem(last=False)
            return set(self._left[job])

    def _choose(self, job: str, changes: list[dict[str, Any]], act: str, change: str) -> None:
        left = self._left_of(job, changes)
        meant = {int(change)} if change.isdecimal() else set()
        every = set(range(len(changes)))
        chosen = {"take-all": set(), "leave-all": every, "take-one": left - meant, "leave-one": left | meant}[act]
        with self._lock:
            self._left[job] = chosen & every


def word_changes(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Return the words that are kept, deleted and inserted, in runs."""
    old, new = before.split(), after.split()
    parts: list[tuple[str, str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(("", " ".join(old[a:b])))
            continue
        parts += [(kind, " ".join(words)) for kind, words in (("del", old[a:b]), ("ins", new[c:d])) if words]
    return tuple(parts)


def _changes(job: Job) -> tuple[list[dict[str, Any]], int, str] | None:
    if job.kind != RewriteScript.kind or job.state is not JobState.DONE or not job.outputs:
        return None
    try:
        told = json.loads(Path(job.outputs[0].path).with_suffix(".json").read_bytes())
        return list(told["changes"]), int(told["sentences"]), str(told["by"])
    except (OSError, ValueError, KeyError):
        return None
