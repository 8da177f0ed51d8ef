"""The card of the first run: what this machine can do now, and what one press adds. Closing it hides it for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from capabilities.setup.machine_can import MY_VOICE, CanDo, MachineCan, machine_can
from capabilities.setup.set_up_engine import SetUpEngine
from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.notices.notices import notice
from tabs.common.presses import on_news
from tabs.common.templating import render
from tabs.common.wiring import QUIET, clicked, with_error_toast

SETTING = "page.first_run"


@dataclass(frozen=True)
class _Offer:
    """A row with an improvement; `job` is the running job that installs it."""

    can: CanDo
    job: Job | None


class FirstRunCard:
    """The card, drawn when it becomes visible and when jobs, engines, voices or settings change; never a part of the page's
    initial HTML.
    """

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(
            elem_id="first-run",
            on_load="greenroom.hear(element, trigger, 'jobs', 'engines', 'voices', 'settings'); ",
            value="greenroom.firstRun(value)",
        )

    def wire(self) -> None:
        on_news(self.piece, self.drawn, None, [self.piece])
        self.piece.click(self._clicked, None, self.piece, **QUIET)

    @with_error_toast
    def drawn(self) -> str:
        """Return its HTML, "" if it was closed."""
        studio = self._studio
        if not studio.settings.page.first_run:
            return ""
        return card(machine_can(studio), studio.jobs.list(tuple(ACTIVE), (SetUpEngine.kind,)), self._has_own_voice())

    def _has_own_voice(self) -> bool:
        return any(not voice.built_in and not voice.damage for voice in self._studio.voices.list())

    @with_error_toast
    def _clicked(self, event: gr.EventData) -> str:
        act = clicked(event).get("act")
        if act == "close":
            self._studio.preferences.choose({SETTING: False})
            notice("The card will not come back by itself. System, under Settings, shows it again.")
        elif act != "news":
            raise InvalidInput("page.button-unknown")
        return self.drawn()


def card(can: MachineCan, jobs: Sequence[Job], has_own_voice: bool) -> str:
    """Return the HTML of the card.

    Args:
        jobs: running jobs that install engines.
        has_own_voice: whether the user has saved a voice.
    """
    running = {job.spec.get("engine"): job for job in jobs}
    offers = [_Offer(one, running.get(one.better)) for one in can.purposes if one.better]
    mine = next(one for one in can.purposes if one.purpose is MY_VOICE)
    bytes_of_all = sum(one.plan.download_bytes for one in can.purposes if one.plan is not None)
    return render(
        "common/readiness/first_run.html",
        can=can,
        now=[one for one in can.purposes if one.ready],
        offers=offers,
        mine=mine,
        has_own_voice=has_own_voice,
        left=max(0.0, can.free_bytes - bytes_of_all),
    )
