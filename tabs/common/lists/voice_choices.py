"""The choices of voices for every list of the page: saved voices, then those of engines, with readable names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from engines.contract import EngineKind, SpeechTraits
from studio.errors import GreenroomError
from studio.services import Services
from studio.voices.presets.former import present_voice

AUTO = "auto"
AUTOMATIC_VOICE = "Automatic: the clearest"
NOT_READY = "not ready"
GONE = "deleted"
DRAWN = 100
"""Number of entries that a list shows at once; the others are found by typing."""

Choices = list[tuple[str, str]]
"""Labels and values of a list."""


def voice_choices(studio: Services, automatic: str, engine_id: str = AUTO, chosen: str = "") -> Choices:
    """Return every voice of the chosen engine (of all engines for "auto"), those that can speak now first.

    Args:
        automatic: the label for no particular voice.
        chosen: the voice in the form; it stays in the list, marked, if it no longer exists, so that no other voice replaces it.
    """
    statuses = studio.engines.statuses(EngineKind.SPEECH)
    clones = [one for one in statuses if one.card.traits_of(SpeechTraits).clones and engine_id in (AUTO, one.card.id)]
    can_clone = any(one.ready for one in clones)
    saved = [voice.name for voice in studio.voices.list() if not voice.damage] if clones else []
    listed = [(f"{name} · saved" if can_clone else f"{name} · saved, its engine is {NOT_READY}", name) for name in saved]
    waiting: Choices = []
    for one in statuses:
        if engine_id in (AUTO, one.card.id):
            said = "" if one.ready else f", {NOT_READY}"
            presets = [(f"{voice.title} · {one.card.title}{said}", f"{one.card.id}/{voice.id}") for voice in one.preset_voices()]
            (listed if one.ready else waiting).extend(presets)
    choices = [(automatic, ""), *listed, *waiting]
    if not chosen or chosen in {value for _, value in choices}:
        return choices
    known = {} if engine_id == AUTO else {value: words for words, value in voice_choices(studio, automatic)}
    return [*choices, (known.get(chosen, f"{chosen} · {GONE}"), chosen)]


def with_chosen(studio: Services, outputs: Choices, chosen: str | None) -> Choices:
    """Return choices of outputs with the one in the form added: an older one by its title, a missing one marked."""
    if not chosen or chosen in {value for _, value in outputs}:
        return outputs
    try:
        return [*outputs, (studio.library.get(chosen).title or chosen, chosen)]
    except GreenroomError:
        return [*outputs, (f"{chosen} · {GONE}", chosen)]


def live_update(choices: Choices, held: str | None, chosen: str) -> Any:
    """Return an update with the present list of voices. The value is included only if it was renamed or deleted, so that a
    choice made meanwhile is kept."""
    marked = any(value == chosen and words.endswith(GONE) for words, value in choices)
    return gr.update(choices=choices, value=chosen) if chosen != (held or "") or marked else gr.update(choices=choices)


def count_told(choices: Sequence[tuple[str, str]]) -> str | None:
    """Return the note under a list with more entries than it shows, or None."""
    if len(choices) <= DRAWN:
        return None
    return f"{len(choices) - 1} voices, of which the list shows {DRAWN}: type a part of a name to find the others."


def renamed_or_same(studio: Services, voice: str) -> str:
    """Return the present name of the voice in a form: another page may have renamed it, or its engine may be gone."""
    if not voice or "/" in voice:
        return present_voice(voice, studio.catalog, studio.site)
    try:
        return studio.voices.get(voice).name
    except GreenroomError:
        return studio.voices.renamed(voice) or voice


def cannot_be_heard(studio: Services, voice: str) -> str:
    """Return why a voice has no sample yet, or "" if it has one."""
    if "/" not in voice:
        try:
            studio.voices.resolve(voice)
        except GreenroomError as error:
            return str(error)
        return ""
    try:
        status = studio.engines.status(voice.partition("/")[0])
    except GreenroomError as error:
        return str(error)
    return "" if status.ready else f"It can be heard when {status.card.title} is ready."
