"""Engines that clone, as far as casting reads them: the studio has none of its own that is always there."""

from __future__ import annotations

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EnginePaths,
    Licence,
    PresetVoice,
    Readiness,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
)
from media.audio.audio import silence

MIT = Licence("MIT")


def card(id: str, title: str, **more: object) -> Card:
    return Card(
        id=id, title=title, capability=EngineKind.SPEECH, summary="For tests.", version="1",
        code_licence=MIT, weights_licence=MIT, tier=Tier.HEAVY, **more,  # type: ignore[arg-type]
    )  # fmt: skip


class Parrot(Engine):
    """Clones, is ready, needs the transcript, speaks English and German."""

    card = card(
        "parrot", "Parrot", traits=SpeechTraits(clones=True, needs_transcript=True), languages=("en", "de"), longest_text=300
    )

    def load(self) -> None:
        """Nothing to bring."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        """As long a silence as the text has characters, in hundredths of a second."""
        return Speech(silence(len(request.text) / 100, 16_000))


class Starling(Parrot):
    """Clones in English without a transcript, and is ready."""

    card = card("starling", "Starling", traits=SpeechTraits(clones=True), languages=("en",), longest_text=300)


class Lyrebird(Parrot):
    """Clones in every language and has a voice of its own, but its weights are missing."""

    card = card("lyrebird", "Lyrebird", traits=SpeechTraits(clones=True), longest_text=300)

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Never ready."""
        return Readiness(False, "Its weights are missing.", "Download them in the System tab (2 GiB).")

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        """One voice, in two languages' worth of names."""
        return (PresetVoice("slt", "Another slt", "en"),)
