"""The Director tab: a topic, a board that the user edits and approves, and the film that is made of it.

The board is one drawn piece. Its script calls the studio's public API directly (static/scripts/director/director.js in
tabs/common), so that no redraw of the page can lose an edit; this module provides its frame and the choices of voices and faces.
"""

from __future__ import annotations

from capabilities.director.film.capability import RenderFilm
from studio.changes.stamps import Topic
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveList
from tabs.common.lists.voice_choices import NOT_READY, voice_choices
from tabs.common.templating import render


class DirectorTab:
    """Draws the tab."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._samples = studio.capability(RenderFilm).desk.files.samples()
        self.choices = html_piece(self._choices(), elem_id="director-choices", on_draw="greenroom.director.offered(element)")
        self.board = html_piece(
            render("director/board.html"),
            elem_id="director-board",
            on_draw="greenroom.director.start(element.querySelector('#director'))",
        )

    @property
    def live(self) -> LiveList:
        """The list of voices, which other tabs change."""
        return LiveList((Topic.VOICES, Topic.ENGINES), (), (self.choices,), lambda values: {self.choices: self._choices()})

    def _choices(self) -> str:
        ready = [one for one in voice_choices(self._studio, "Usual") if one[1] and not one[0].endswith(NOT_READY)]
        status = self._studio.language.status()
        model = status.model if status.ready else ""
        return render("director/choices.html", model=model, voices=ready, portraits=self._samples)
