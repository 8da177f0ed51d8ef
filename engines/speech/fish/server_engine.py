"""Client of the user's own Fish Speech server (1.5, S1, S2). Nothing is sent before an address is set.

The server and its weights are not part of the studio; S2 is under Fish Audio's research licence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Readiness,
    RunContext,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
)
from engines.contract.errors import EngineNotReady
from engines.speech.common.request_checks import refuse_missing_reference, refuse_preset, refuse_unspeakable
from engines.speech.fish.http_client import FishAddress
from engines.speech.fish.options import (
    APACHE,
    LANGUAGES,
    LONGEST_TEXT,
    RATE,
    SERVER_WEIGHTS,
    FishOptions,
    at_card_rate,
    fields_of,
)
from media.audio.audio import Audio, concatenate
from media.messages.message import Message


class FishServer(Engine):
    """Speech engine (see the module's docstring)."""

    card = Card(
        id="fish-server",
        title="Fish Speech server",
        capability=EngineKind.SPEECH,
        summary="Your own Fish Speech server, version 1.5, S1 or S2, asked over the network.",
        version="1",
        code_licence=APACHE,
        weights_licence=SERVER_WEIGHTS,
        tier=Tier.LIGHT,
        memory_gib=0.1,
        traits=SpeechTraits(sample_rate=RATE, clones=True, streams=True, needs_transcript=True),
        languages=LANGUAGES,
        longest_text=LONGEST_TEXT,
        stall_seconds=600.0,
    )
    Options = FishOptions
    options: FishOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._server = FishAddress(site.fish_url)
        self._kept: set[str] | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if not site.fish_url:
            return Readiness(False, Message.of("readiness.no-fish-address"), Message.of("step.set-fish-address"))
        return Readiness(True, Message.of("readiness.ready-if-server-answers"))

    def load(self) -> None:
        """Check that the server is available, and list its stored references.

        Raises:
            EngineNotReady: no address is set.
            EngineError: no server answers at that address.
        """
        if not self.site.fish_url:
            found = self.readiness(self.site)
            raise EngineNotReady("engine.missing-something", why=found.why, next_step=found.step)
        self._server.health()
        self._kept = self._server.reference_ids()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Synthesise one text in a saved voice.

        Raises:
            EngineError: unsupported text or voice, or the server failed.
        """
        fields = self._fields(request)
        return Speech(at_card_rate(concatenate(list(self._server.speak(fields, self.run.check, streaming=False)))))

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        """Yield the same sound in chunks, each resampled to the card's rate on its own; the usual 44.1 kHz needs no
        resampling.
        """
        for part in self._server.speak(self._fields(request), self.run.check, streaming=True):
            yield at_card_rate(part)

    def _fields(self, request: SpeechRequest) -> dict[str, object]:
        self.run.check()
        refuse_unspeakable(request, self.card)
        refuse_preset(request, self.card)
        refuse_missing_reference(request, self.card)
        assert request.voice.reference is not None
        wav, text = request.voice.reference.read_bytes(), request.voice.transcript
        fields = fields_of(request, self.options)
        if self._kept is None:
            return {**fields, "references": [{"audio": wav, "text": text}]}
        name = f"greenroom-{hashlib.sha256(wav + text.encode()).hexdigest()[:24]}"
        if name not in self._kept:
            self._server.add_reference(name, wav, text)
            self._kept.add(name)
        return {**fields, "reference_id": name, "references": []}
