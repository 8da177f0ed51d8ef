"""A film with complete sound, and its timelines and subtitles as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from capabilities.director.document.model import Project
from capabilities.director.film.plan import FilmPlan
from capabilities.director.timeline.film_edit import Lines, edit_of
from media.text.formats import to_srt, to_vtt
from media.text.substation import to_ass
from media.timeline.edit import Edit
from media.timeline.fcpxml import to_fcpxml
from media.timeline.otio import to_edl, to_otio

TIMELINES: Mapping[str, Callable[[Edit], str]] = {"otio": to_otio, "edl": to_edl, "fcpxml": to_fcpxml}
SUBTITLES = ("srt", "vtt", "ass")


@dataclass(frozen=True)
class SpokenFilm:
    """A film with complete sound."""

    project: Project
    folder: Path
    plan: FilmPlan
    lines: Lines

    @property
    def edit(self) -> Edit:
        return edit_of(self.project, self.plan, self.lines)

    def subtitles(self, format: str) -> str:
        cues = self.plan.cues
        if format == "ass":
            return to_ass(cues, *self.plan.size)
        return to_srt(cues) if format == "srt" else to_vtt(cues)
