"""Helpers for all handlers of the page: event settings, errors, and addresses of media."""

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
"""Page handlers run outside Gradio's queue, show no overlay, and are not part of the public API. "private" hides an endpoint
but does not protect it: every handler validates its input."""

UNEXPECTED = "Something went wrong inside the studio. The log in the data folder holds the details; trying again is safe."


Values = Mapping[Any, Any]
"""The argument of a handler whose inputs are a set: the values by component."""

Updates = dict[Any, Any]
"""What a handler may return: values or updates by component; other outputs do not change."""


def problem(error: GreenroomError | str | None) -> str:
    """Return the HTML of an error, which screen readers announce; "" clears it."""
    if error is None:
        return ""
    if isinstance(error, str):
        return render("common/problem.html", reason=None, sentence=error)
    return render("common/problem.html", reason=error.reason, hint=error.hint)


def with_error_toast(handler: Callable[P, Any]) -> Callable[P, Any]:
    """Show the errors of a handler as a message in the corner of the page; unexpected ones get a general sentence."""

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
    """Clear the error, in the browser only, when one of these components changes.

    Call it before other listeners of these components are attached: the browser calls one after the other has been answered, and
    would clear an error that arrived meanwhile.
    """
    gr.on([one.change for one in components], None, None, trouble, js="() => ''", **QUIET)


def settings_elsewhere(studio: Services, kind: str) -> InvalidInput:
    """Return the error for "Use the settings" on a tab without a form for that kind of result."""
    capability = studio.capabilities.get(kind)
    described = None if capability is None else capability.describe()
    if described is not None and described.tab and described.has_form:
        return InvalidInput("form.of-another-tab", tab=described.tab)
    return InvalidInput("form.no-settings")


def clicked(event: gr.EventData) -> dict[str, str]:
    """Return the data of a drawn button: its `act` and further attributes, all as text."""
    data = getattr(event, "_data", None)
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def whole_number(text: str, what: str) -> int:
    """Return the number in a text box that may be empty. gr.Number is not used, because an empty one in a closed accordion
    shows and sends 0.

    Raises:
        InvalidInput: it is no whole number; `what` names it in the error.
    """
    if not text.strip().isdecimal():
        raise InvalidInput("form.no-whole-number", field=what, given=text.strip())
    return int(text)


def output_url(output: str, part: str = "", *, download: bool = False) -> str:
    """Return the address of an output or of its companion file (srt, vtt), relative to the page."""
    path = f"media/outputs/{quote(output, safe='')}" + (f"/{quote(part, safe='')}" if part else "")
    return f"{path}?download=true" if download else path


def signed_url(output: str) -> str:
    """Return the address of the signed copy of an output, relative to the page."""
    return f"media/signed/{quote(output, safe='')}"


def segment_url(key: str) -> str:
    return f"media/segments/{quote(key, safe='')}"


def voice_url(voice: str) -> str:
    """Return the address of a voice's sample: the clip of a saved voice, or a sentence spoken by a preset."""
    return f"media/voice-samples?voice={quote(voice, safe='')}"


def pronunciation_url(word: str, saying: str, voice: str, language: str) -> str:
    """Return the address of a word spoken as an entry of the pronunciation list says."""
    return f"media/pronunciations?{urlencode({'word': word, 'saying': saying, 'voice': voice, 'language': language})}"


def voice_export_url(voice: str) -> str:
    return f"media/voices/{quote(voice, safe='')}/export"


def template_url(template: str) -> str:
    """Return the address of a template's graph, a download for ComfyUI."""
    return f"media/templates/{quote(template, safe='')}"


def portrait_url(name: str) -> str:
    """Return the address of a sample portrait."""
    return f"media/portraits/{quote(name, safe='')}"


def asset_url(asset: str) -> str:
    """Return the address of a kept upload."""
    return f"media/assets/{quote(asset, safe='')}"
