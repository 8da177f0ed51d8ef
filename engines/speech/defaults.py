"""The default voice of a language, by measurements or by an order; the order of engines that clone, and of further voices."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engines.common.devices import has_nvidia_gpu
from engines.contract import PresetVoice
from engines.contract.errors import EngineError

TABLE = Path(__file__).with_name("measured.toml")
ORDER = Path(__file__).with_name("order.toml")

NEAR = 0.2
"""Naturalness that two voices may differ by and still count as alike; then the quicker one speaks."""

ACCENT_WORTH = 1.0
"""Naturalness that a voice of the wished accent may lack against the best of the language."""

MOST_ERRORS = 10.0
"""A voice with more words misheard, in per cent, is not chosen where another one is there."""

OTHER_LANGUAGES = "espeak"
"""The engine for every language without a voice in the table; it picks its voice for the tag itself."""

SAME_PERSON = (frozenset({"hibari/heart", "kokoro/af_heart"}),)
"""Voices of different engines that are one person's: two speakers of a script are not told apart by them."""


@dataclass(frozen=True)
class MeasuredVoice:
    """One row of the table; measured.toml has the units."""

    name: str
    language: str
    naturalness: float
    errors: float
    cost: float

    @property
    def engine_id(self) -> str:
        return self.name.partition("/")[0]

    @property
    def preset(self) -> str:
        return self.name.partition("/")[2]


@cache
def measured_voices() -> tuple[MeasuredVoice, ...]:
    """Return the table in its order."""
    rows = tomllib.loads(TABLE.read_text("utf-8"))["voices"]
    return tuple(MeasuredVoice(name, **row) for name, row in rows.items())


def best_measured(language: str, ready_ids: Collection[str]) -> MeasuredVoice | None:
    """Return the voice of the table that reads a BCP-47 tag best among those of ready engines; None if none speaks the
    language.

    The most natural voice of the requested accent, or of the language if that accent's are much worse; of voices that are about
    as natural the one of the faster engine.
    """
    tag = language.replace("_", "-").lower()
    able = [one for one in measured_voices() if one.engine_id in ready_ids and _primary(one.language) == _primary(tag)]
    able = [one for one in able if one.errors <= MOST_ERRORS] or able
    if not able:
        return None
    floor = max(one.naturalness for one in able) - ACCENT_WORTH
    pool = [one for one in able if one.language.lower() == tag and one.naturalness >= floor] or able
    best = max(one.naturalness for one in pool)
    alike = [one for one in pool if one.naturalness >= best - NEAR]
    return min(alike, key=lambda one: (round(math.log10(max(one.cost, 1e-4))), -one.naturalness))


@dataclass(frozen=True)
class Narrator:
    """One row of order.toml: a voice for languages without a measured one."""

    voice: str
    languages: tuple[str, ...]
    graphics_card: bool = False


@cache
def narrators() -> tuple[Narrator, ...]:
    """The rows, the best first."""
    rows = tomllib.loads(ORDER.read_text("utf-8"))["narrators"]
    return tuple(Narrator(**{**row, "languages": tuple(row["languages"])}) for row in rows)


@cache
def cloning_order() -> tuple[str, ...]:
    """Return the ids of the engines that clone, the one that "Automatic" prefers first."""
    return tuple(tomllib.loads(ORDER.read_text("utf-8"))["cloning"]["order"])


def by_cloning_order(engine_id: str) -> int:
    """Return an engine's place in that order, for sorting; engines that are not in it come last."""
    order = cloning_order()
    return order.index(engine_id) if engine_id in order else len(order)


def default_speech(language: str, ready_ids: Collection[str], *, graphics_card: bool | None = None) -> tuple[str, str]:
    """Return the engine for a BCP-47 tag, and its preset voice; with "" the engine chooses its voice for the tag.

    Args:
        graphics_card: whether there is one; None looks.

    Raises:
        EngineError: no ready engine speaks the language.
    """
    found = best_measured(language, ready_ids)
    if found is not None:
        return found.engine_id, found.preset
    on_card = has_nvidia_gpu() if graphics_card is None else graphics_card
    for one in narrators():
        engine_id, _, preset = one.voice.partition("/")
        if engine_id in ready_ids and _primary(language) in one.languages and (on_card or not one.graphics_card):
            return engine_id, preset
    if OTHER_LANGUAGES in ready_ids and _primary(language) in _espeak_languages():
        return OTHER_LANGUAGES, ""
    raise EngineError("speech.no-engine-speaks", language=language)


def casting_order(narrator: str, voices: Sequence[tuple[str, PresetVoice]]) -> list[str]:
    """Return the order in which further speakers get their voices: never the narrator's own, women and men in turn, beginning
    with the sex that the narrator does not have.

    Args:
        narrator: the voice of the first speaker, as "engine/preset".
        voices: the available ones with their names, the best first; an engine's before the next engine's.
    """
    taken = next((group for group in SAME_PERSON if narrator in group), frozenset({narrator}))
    free = [(name, voice) for name, voice in voices if name not in taken and "shaw" not in voice.language.lower()]
    order: list[str] = []
    for engine_id in dict.fromkeys(name.partition("/")[0] for name, _ in free):
        own = [(name, voice.gender) for name, voice in free if name.partition("/")[0] == engine_id]
        order += _in_turn(own, last=next((voice.gender for name, voice in voices if name == narrator), ""))
    return order


def _in_turn(voices: Sequence[tuple[str, str]], last: str) -> Iterable[str]:
    """Names of voices with their genders, in turn."""
    waiting = list(voices)
    while waiting:
        name, last = waiting.pop(next((at for at, (_, gender) in enumerate(waiting) if gender != last), 0))
        yield name


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()


def _espeak_languages() -> Collection[str]:
    from engines.speech.espeak.engine import LANGUAGES

    return LANGUAGES
