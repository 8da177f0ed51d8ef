"""What every handler of the page shares: how it is called, what it shows when something is wrong, and addresses of media."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec
from urllib.parse import quote, urlencode

import gradio as gr

from studio.errors import GreenroomError, InvalidInput, storage_error_of
from studio.services import Services
from tabs.common.templating import render

log = logging.getLogger(__name__)
P = ParamSpec("P")

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Page handlers run outside Gradio's queue (behind nothing), draw no overlay, and are no part of the public API.
"private" hides, it does not guard: every handler checks what it is given."""

UNEXPECTED = "Something went wrong inside the studio. The log in the data folder holds the details; trying again is safe."


Values = Mapping[Any, Any]
"""What Gradio gives a handler whose inputs are a set: the value of each component, by the component."""

Updates = dict[Any, Any]
"""What a handler may return: new values or updates by the component; the other outputs stay as they are."""


def problem(error: GreenroomError | str | None) -> str:
    """HTML of an error that stays until the next try, read out by screen readers; "" clears it."""
    if error is None:
        return ""
    if isinstance(error, str):
        return render("common/problem.html", reason=None, sentence=error)
    return render("common/problem.html", reason=error.reason, hint=error.hint)


def with_error_toast(handler: Callable[P, Any]) -> Callable[P, Any]:
    """Errors of a handler become a message in the page's corner: the sentence for a known one, a plain one otherwise."""

    @functools.wraps(handler)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return handler(*args, **kwargs)
        except GreenroomError as error:
            raise gr.Error(str(error), duration=12, print_exception=False) from None
        except gr.Error:
            raise
        except Exception as error:
            log.exception("A page handler failed.")
            if (storage := storage_error_of(error)) is not None:
                raise gr.Error(str(storage), duration=12, print_exception=False) from None
            raise gr.Error(UNEXPECTED, print_exception=False) from None

    return guarded


def clear_when_changed(components: Iterable[Any], trouble: gr.HTML) -> None:
    """What was wrong is being mended: the error goes with the next change of any of these, in the browser alone."""
    gr.on([one.change for one in components], None, None, trouble, js="() => ''", **QUIET)


def settings_elsewhere(studio: Services, kind: str) -> InvalidInput:
    """For "Use the settings" of a result whose settings this tab's form does not have."""
    capability = studio.capabilities.get(kind)
    described = None if capability is None else capability.describe()
    if described is not None and described.tab and described.has_form:
        return InvalidInput("form.of-another-tab", tab=described.tab)
    return InvalidInput("form.no-settings")


def clicked(event: gr.EventData) -> dict[str, str]:
    """The data of a drawn button: its `act` and whatever was given to it, all as text."""
    data = getattr(event, "_data", None)
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def whole_number(text: str, what: str) -> int:
    """What a person wrote into a box that may be empty. No gr.Number: a folded one that is empty shows 0, and sends it.

    Raises:
        InvalidInput: it is none, with `what` as its name.
    """
    if not text.strip().isdecimal():
        raise InvalidInput("form.no-whole-number", field=what, given=text.strip())
    return int(text)


def output_url(output: str, part: str = "", *, download: bool = False) -> str:
    """Address of an output or of a file beside it (srt, vtt), relative to the page."""
    path = f"media/outputs/{quote(output, safe='')}" + (f"/{quote(part, safe='')}" if part else "")
    return f"{path}?download=true" if download else path


def segment_url(key: str) -> str:
    return f"media/segments/{quote(key, safe='')}"


def voice_url(voice: str) -> str:
    """Address of a voice's sample: a saved voice's clip, or a preset speaking a line."""
    return f"media/voice-samples?voice={quote(voice, safe='')}"


def pronunciation_url(word: str, saying: str, voice: str, language: str) -> str:
    """Address of a word said as an entry of the pronunciation list has it."""
    return f"media/pronunciations?{urlencode({'word': word, 'saying': saying, 'voice': voice, 'language': language})}"


def voice_export_url(voice: str) -> str:
    return f"media/voices/{quote(voice, safe='')}/export"


def template_url(template: str) -> str:
    """Address of a template's graph, as a download that ComfyUI opens."""
    return f"media/templates/{quote(template, safe='')}"


def portrait_url(name: str) -> str:
    """Address of a sample portrait, by its file's name."""
    return f"media/portraits/{quote(name, safe='')}"


def asset_url(asset: str) -> str:
    """Address of an upload that is kept for swaps."""
    return f"media/assets/{quote(asset, safe='')}"
