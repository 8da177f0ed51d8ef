"""The "Set up" button of an engine that is not ready, for forms, errors and voices."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.setup.set_up_engine import SetUpEngine, setup_plan
from media.messages.message import Message
from studio.errors import EngineNotReady, GreenroomError
from studio.jobs.model import ACTIVE
from studio.services import Services
from tabs.common.notices.notices import notice
from tabs.common.templating import render
from tabs.common.wiring import QUIET, clicked, problem, with_error_toast

ACT = "set-up"


def setup_offer(studio: Services, engine_id: str, voice: str = "") -> str:
    """Return the HTML of the button with download size, time and space, or of the progress; "" if the engine is ready or cannot
    be set up by the studio. `voice`: the saved voice in which its first sample is to speak."""
    title = studio.catalog.get(engine_id).card.title
    running = [job for job in studio.jobs.list(tuple(ACTIVE), (SetUpEngine.kind,)) if job.spec.get("engine") == engine_id]
    job = running[0] if running else None
    plan = None if running else setup_plan(studio, engine_id)
    if job is None and plan is None:
        return ""
    return render("common/readiness/setup_offer.html", engine=engine_id, title=title, job=job, plan=plan, voice=voice)


def problem_with_offer(studio: Services, error: GreenroomError) -> str:
    """Return the HTML of an error, with the button if an engine is not ready."""
    said = [error.message, *(value for value in error.parameters.values() if isinstance(value, Message))]
    meant = next((one for one in said if one.code.endswith("not-ready") or isinstance(error, EngineNotReady)), None)
    title = meant.parameters.get("engine") if meant is not None else None
    engine = next((one.card.id for one in studio.catalog.all() if one.card.title == title), "")
    return problem(error) + (setup_offer(studio, engine) if engine else "")


def wire_setup(studio: Services, piece: gr.HTML) -> None:
    """Handle the buttons everywhere on the page."""

    @with_error_toast
    def begun(event: gr.EventData) -> Any:
        data = clicked(event)
        if data.get("act") == ACT:
            job = studio.jobs.submit(SetUpEngine.kind, {"engine": data.get("of", ""), "voice": data.get("voice", "")})
            notice(f"“{job.title}” has begun. The System tab shows how far it is, under Jobs.")
        return None

    piece.click(begun, None, None, **QUIET)
