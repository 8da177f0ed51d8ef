"""A speech engine with real speech (Hibari's) and planted faults, to show that each take is really listened to.

No chance is in its sound. The seed decides: an even one is read as written; an odd one swallows, repeats, or is spoken by
somebody else, as the option `fault` says. With `always` every seed is faulty.
"""

from __future__ import annotations

from dataclasses import replace

from engines.contract import EnginePaths, PresetVoice, Speech, SpeechRequest, SpeechTraits, option
from engines.speech.hibari.engine import HibariOptions
from tests.engines.hearts import Hearts
from tests.studio.verification.faults import STRANGER, drop_word, repeat_word


class SwallowingOptions(HibariOptions):
    fault: str = option("drop", "Fault", "What goes wrong.")
    always: bool = option(False, "Always", "Whether every seed goes wrong.")


class Swallowing(Hearts):
    card = replace(
        Hearts.card, id="swallowing", title="Swallowing", traits=replace(Hearts.card.traits_of(SpeechTraits), clones=True)
    )
    Options = SwallowingOptions

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return tuple(voice for voice in Hearts.preset_voices(site) if voice.id in ("heart", "deep"))

    def synthesize(self, request: SpeechRequest) -> Speech:
        options = self.options
        assert isinstance(options, SwallowingOptions)
        text, preset = request.text, request.voice.preset or "heart"
        if options.always or request.seed % 2:
            if options.fault == "stranger":
                preset = STRANGER
            text = {"drop": drop_word, "repeat": repeat_word}.get(options.fault, str)(text)
        return super().synthesize(
            replace(request, seed=0, text=text, voice=replace(request.voice, preset=preset, reference=None))
        )
