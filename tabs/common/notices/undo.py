"""Undo of deletions: handles the button of a notice (tabs/common/notices/notices.py)."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.conversation.past import PastTalks
from studio.errors import InvalidInput
from studio.services import Services
from tabs.common.notices.notices import Undo, notice
from tabs.common.wiring import QUIET, clicked, with_error_toast

ACT = "undo"


def deleted_voice(name: str) -> None:
    """Show that a voice was deleted, with an undo button."""
    notice(f"{name} is deleted.", Undo("voice", name))


def deleted_pronunciation(entry: str, word: str) -> None:
    notice(f"{word} is said as it is written again.", Undo("pronunciation", entry))


def deleted_conversation(talk: str, title: str) -> None:
    notice(f"{title} is deleted.", Undo("conversation", talk))


def deleted_output(output: str, title: str) -> None:
    notice(f"{title} is deleted.", Undo("output", output))


def removed_job(job: str, title: str) -> None:
    notice(f"{title} is off the list.", Undo("job", job))


def wire_undo(studio: Services, piece: gr.HTML) -> None:
    """Handle the undo buttons of notices; the page's lists are updated by themselves."""

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
        elif data.get("undo") == "conversation":
            notice(f"{PastTalks(studio).put_back(of)} is there again.")
        elif data.get("undo") == "job":
            notice(f"{studio.jobs.put_back(of).title} is in the list again.")
        else:
            raise InvalidInput("page.button-unknown")
        return None

    piece.click(undone, None, None, **QUIET)
