"""The default recogniser of a language."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engines.contract.errors import EngineNotReady


@dataclass(frozen=True)
class TranscriberDefault:
    """An engine's id and a sentence with the reason."""

    engine_id: str
    why: str


ORDER: tuple[tuple[str, str], ...] = (
    ("whisper-gpu", "Whisper on the graphics card is the quickest and hears every language."),
    ("faster-whisper", "Whisper is the most accurate recogniser that is ready."),
    ("whisper-gpu-on-cpu", "Whisper is the most accurate recogniser that is ready."),
    ("pocketsphinx", "Only Basic English is ready; download a Whisper size for exact text."),
)
"""The best first; "-on-cpu" means the same engine where there is no graphics card for it."""

ENGLISH_ONLY = frozenset({"pocketsphinx"})


def choose_transcriber(language: str, ready: Collection[str], *, torch_gpu: bool, ctranslate2_gpu: bool) -> TranscriberDefault:
    """Return the best ready recogniser for a BCP-47 tag, or for "auto".

    Args:
        torch_gpu, ctranslate2_gpu: whether each library can use a GPU of this machine.

    Raises:
        EngineNotReady: no ready one supports the language; the hint is the next step.
    """
    english = language == "auto" or language.replace("_", "-").split("-")[0].lower() == "en"
    for name, why in ORDER:
        engine_id = name.removesuffix("-on-cpu")
        if engine_id not in ready or (engine_id in ENGLISH_ONLY and not english):
            continue
        if name == "whisper-gpu" and (not torch_gpu or (ctranslate2_gpu and "faster-whisper" in ready)):
            continue  # where CTranslate2 reaches the card too, it is the quicker one
        return TranscriberDefault(engine_id, why)
    raise EngineNotReady("whisper.no-recogniser", language="" if english else language)
