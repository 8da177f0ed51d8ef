"""Engines of the bench engine_swap: they import what real engines import, and hold a block of memory in place of weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.contract import Card, Engine, EngineKind, Licence, SpeechRequest, Tier

WEIGHTS_BYTES = 256 << 20
FREE = Licence("Apache-2.0")
CARD = Card(
    id="bench-a", title="Bench A", capability=EngineKind.SPEECH, summary="Imports what a real engine imports.", version="1",
    code_licence=FREE, weights_licence=FREE, tier=Tier.HEAVY, environment="models",
)  # fmt: skip


class ImportingA(Engine):
    card = CARD
    imports = ("torch", "transformers")

    def load(self) -> None:
        for module in self.imports:
            __import__(module)
        self.weights = np.ones(WEIGHTS_BYTES, np.uint8)

    def synthesize(self, request: SpeechRequest) -> float:
        return float(self.weights[0])


class ImportingB(ImportingA):
    card = replace(CARD, id="bench-b", title="Bench B")
    imports = ("torch", "diffusers")


class StudioA(ImportingA):
    card = replace(CARD, id="studio-a", environment="studio")
    imports = ("scipy.signal", "faster_whisper")


class StudioB(ImportingB):
    card = replace(CARD, id="studio-b", environment="studio")
    imports = ("scipy.ndimage", "scipy.stats", "faster_whisper", "cv2")
