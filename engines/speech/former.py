"""Voices of removed speech engines and the most similar present ones, so that old jobs, recipes and scripts still work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

ESPEAK_WORDS_A_MINUTE = 165
"""eSpeak NG's own pace; where another engine's option is a factor, its own is this many words a minute."""


FLITES_OWN = frozenset({"pitch", "pitch_range"})


@dataclass(frozen=True)
class FormerEngine:
    """A removed engine.

    Args:
        title: its display name.
        voices: its presets, each with its substitutes as engine and preset, the most similar first. "" is the engine without a
            voice.
    """

    title: str
    voices: Mapping[str, tuple[tuple[str, str], ...]]


FORMER_ENGINES: dict[str, FormerEngine] = {
    "flite": FormerEngine(
        "Flite",
        {
            "": (("hibari", "heart"), ("espeak", "gmw/en-US")),
            "slt": (("hibari", "heart"), ("espeak", "gmw/en-US")),
            "rms": (("kokoro", "am_echo"), ("espeak", "gmw/en-US")),
            "kal16": (("kokoro", "am_onyx"), ("espeak", "gmw/en-US-nyc")),
            "kal": (("kokoro", "am_onyx"), ("espeak", "gmw/en-US-nyc")),
            "awb": (("kokoro", "bm_fable"), ("espeak", "gmw/en-GB-scotland")),
        },
    ),
}
"""By sex, accent and the median pitch of one sentence, so that two voices stay two: Flite's slt 178 Hz (Hibari's heart 197), rms
98 (am_echo 112), kal16 and kal 90 (am_onyx 92), awb 137 (bm_fable 133); eSpeak NG's 100 to 103."""


def former_voice(voice: str, engine: str) -> tuple[str, str] | None:
    """Engine and preset of a voice that is gone, by the words in which a voice and an engine are asked for; None for any other.

    A voice that a former engine never had comes back as it was written, and stands in no table.
    """
    prefix, slash, preset = voice.partition("/")
    if slash and prefix in FORMER_ENGINES:
        return prefix, preset
    if engine in FORMER_ENGINES and not slash and (not voice or voice in FORMER_ENGINES[engine].voices):
        return engine, voice
    return None


def nearest(engine_id: str, preset: str, ready_ids: Collection[str]) -> tuple[str, str] | None:
    """Return the present engine and preset for a former voice; None if the engine had no such voice or no substitute is ready."""
    choices = FORMER_ENGINES[engine_id].voices.get(preset, ())
    return next(((engine, voice) for engine, voice in choices if engine in ready_ids), None)


def present_options(options: Mapping[str, Any], engine_id: str) -> dict[str, Any]:
    """Return a former engine's options for a present one: its speed becomes a factor; pitch and pitch range are dropped, because
    no present engine has the same units.
    """
    kept = {name: value for name, value in options.items() if name not in FLITES_OWN}
    if engine_id == "espeak" and "speed" in kept:
        with suppress(TypeError, ValueError):
            kept["speed"] = round(float(kept["speed"]) * ESPEAK_WORDS_A_MINUTE)
    return kept
