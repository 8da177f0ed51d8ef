"""A speech engine with real speech (Flite's) and planted faults, to show that each take is really listened to.

The seed decides: an even one is read as written; an odd one swallows, repeats, or is spoken by somebody else, as the option
`fault` says. With `always` every seed is faulty.
"""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, PresetVoice, Speech, SpeechRequest, SpeechTraits, option
from engines.speech.flite.engine import Flite, FliteOptions
from tests.studio.verification.faults import STRANGER, drop_word, repeat_word


class SwallowingOptions(FliteOptions):
    fault: str = option("drop", "Fault", "What goes wrong.")
    always: bool = option(False, "Always", "Whether every seed goes wrong.")


class Swallowing(Flite):
    card = replace(
        Flite.card, id="swallowing", title="Swallowing", traits=replace(Flite.card.traits_of(SpeechTraits), clones=True)
    )
    Options = SwallowingOptions

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(voice for voice in Flite.preset_voices(site) if voice.id in ("slt", "rms"))

    def synthesize(self, request: SpeechRequest) -> Speech:
        options = self.options
        assert isinstance(options, SwallowingOptions)
        text, preset = request.text, request.voice.preset or "slt"
        if options.always or request.seed % 2:
            if options.fault == "stranger":
                preset = STRANGER
            text = {"drop": drop_word, "repeat": repeat_word}.get(options.fault, str)(text)
        return super().synthesize(replace(request, text=text, voice=replace(request.voice, preset=preset, reference=None)))
