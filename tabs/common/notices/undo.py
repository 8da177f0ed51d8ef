"""Taking back what a person deleted: the button of a note (tabs/common/notices/notices.py) arrives here."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.errors import InvalidInput
from studio.services import Services
from tabs.common.notices.notices import Undo, notice
from tabs.common.wiring import QUIET, clicked, with_error_toast

ACT = "undo"


def deleted_voice(name: str) -> None:
    """Say that a voice is deleted, with the way back."""
    notice(f"{name} is deleted.", Undo("voice", name))


def deleted_pronunciation(entry: str, word: str) -> None:
    notice(f"{word} is said as it is written again.", Undo("pronunciation", entry))


def deleted_output(output: str, title: str) -> None:
    notice(f"{title} is deleted.", Undo("output", output))


def removed_job(job: str, title: str) -> None:
    notice(f"{title} is off the list.", Undo("job", job))


def wire_undo(studio: Services, piece: gr.HTML) -> None:
    """Listen for the buttons of notes; the page's lists show the rest by themselves."""

    @with_error_toast
    def undone(event: gr.EventData) -> Any:
        data = clicked(event)
        if data.get("act") != ACT:
            return None
        of = data.get("of", "")
        if data.get("undo") == "voice":
            notice(f"{studio.voices.put_back(of).name} is there again.")
        elif data.get("undo") == "output":
            notice(f"{studio.library.put_back(of).title or of} is there again.")
        elif data.get("undo") == "pronunciation":
            notice(f"The pronunciation of {studio.pronunciations.put_back(of).word} is there again.")
        elif data.get("undo") == "job":
            notice(f"{studio.jobs.put_back(of).title} is in the list again.")
        else:
            raise InvalidInput("page.button-unknown")
        return None

    piece.click(undone, None, None, trigger_mode="multiple", **QUIET)  # news press it too, and none may swallow an undo
