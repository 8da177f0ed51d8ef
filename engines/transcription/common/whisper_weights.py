"""Whisper's sizes as data: repository and files of each, for both libraries that run it.

Sizes in bytes and revisions are those of the repositories' own listings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.common.weights import find_weights
from engines.contract import EnginePaths, HubFile, Licence, Readiness
from engines.contract.errors import EngineNotReady
from media.messages.message import Message

Size = Literal["auto", "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"]
FasterSize = Literal["auto", "tiny.en", "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"]

BEST_FIRST = ("large-v3-turbo", "large-v3", "medium", "small", "base", "tiny", "tiny.en")
"""What "auto" takes of the sizes that are here. Turbo comes before large-v3: about as accurate in a fraction of the time."""

TRANSLATES = frozenset({"large-v3", "medium", "small", "base", "tiny"})
"""Sizes that were trained to translate into English; turbo was not."""

MIT = Licence("MIT", "https://github.com/openai/whisper/blob/main/LICENSE")
APACHE = Licence("Apache-2.0", "https://huggingface.co/openai/whisper-large-v3")

_TOKENIZER, _VOCABULARY = ("tokenizer.json", 2_203_239), ("vocabulary.txt", 459_861)
_LARGE = (("preprocessor_config.json", 340), ("vocabulary.json", 1_068_114))


@dataclass(frozen=True)
class WhisperCheckpoint:
    """The repository of one size, its commit, and its files with their sizes in bytes."""

    repo: str
    revision: str
    files: tuple[tuple[str, int], ...]

    @property
    def hub_files(self) -> tuple[HubFile, ...]:
        return tuple(HubFile(self.repo, path, size, self.revision) for path, size in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path, _ in self.files)


FASTER: Mapping[str, WhisperCheckpoint] = {
    "tiny.en": WhisperCheckpoint(
        "Systran/faster-whisper-tiny.en",
        "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        (("config.json", 2_317), ("model.bin", 75_537_502), ("tokenizer.json", 2_128_466), ("vocabulary.txt", 422_309)),
    ),
    "tiny": WhisperCheckpoint(
        "Systran/faster-whisper-tiny",
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        (("config.json", 2_249), ("model.bin", 75_538_270), _TOKENIZER, _VOCABULARY),
    ),
    "base": WhisperCheckpoint(
        "Systran/faster-whisper-base",
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        (("config.json", 2_309), ("model.bin", 145_217_532), _TOKENIZER, _VOCABULARY),
    ),
    "small": WhisperCheckpoint(
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        (("config.json", 2_370), ("model.bin", 483_546_902), _TOKENIZER, _VOCABULARY),
    ),
    "medium": WhisperCheckpoint(
        "Systran/faster-whisper-medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        (("config.json", 2_257), ("model.bin", 1_527_906_378), _TOKENIZER, _VOCABULARY),
    ),
    "large-v3": WhisperCheckpoint(
        "Systran/faster-whisper-large-v3",
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        (("config.json", 2_394), ("model.bin", 3_087_284_237), ("tokenizer.json", 2_480_617), *_LARGE),
    ),
    # Systran has not converted turbo; this is the conversion that faster-whisper itself names.
    "large-v3-turbo": WhisperCheckpoint(
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        (("config.json", 2_263), ("model.bin", 1_617_884_929), ("tokenizer.json", 2_710_337), *_LARGE),
    ),
}
"""CTranslate2 conversions in half precision."""


def _openai(
    size: str, revision: str, weights: int, config: int, generation: int, tokenizer: int, features: int
) -> WhisperCheckpoint:
    files = (("config.json", config), ("generation_config.json", generation), ("model.safetensors", weights))
    small = (("preprocessor_config.json", features), ("tokenizer.json", tokenizer))
    return WhisperCheckpoint(f"openai/whisper-{size}", revision, (*files, *small))


OPENAI: Mapping[str, WhisperCheckpoint] = {
    "tiny": _openai("tiny", "169d4a4341b33bc18d8881c4b69c2e104e1cc0af", 151_061_672, 1_983, 3_747, 2_480_466, 184_990),
    "base": _openai("base", "e37978b90ca9030d5170a5c07aadb050351a65bb", 290_403_936, 1_983, 3_807, 2_480_466, 184_990),
    "small": _openai("small", "973afd24965f72e36ca33b3055d56a652f456b4d", 966_995_080, 1_967, 3_868, 2_480_466, 184_990),
    "medium": _openai("medium", "abdf7c39ab9d0397620ccaea8974cc764cd0953e", 3_055_544_304, 1_991, 3_755, 2_480_466, 184_990),
    "large-v3": _openai("large-v3", "06f233fe06e710322aca913c1bc4249a0d71fce1", 3_087_130_976, 1_272, 3_903, 2_480_617, 340),
    "large-v3-turbo": _openai(
        "large-v3-turbo", "41f01f3fe87f28c78e2fbf8b568835947dd65ed9", 1_617_824_864, 1_256, 3_772, 2_710_337, 340
    ),
}
"""OpenAI's own, as transformers reads them. Single precision up to medium, half precision above."""


def all_files(sizes: Mapping[str, WhisperCheckpoint]) -> tuple[HubFile, ...]:
    return tuple(file for weights in sizes.values() for file in weights.hub_files)


def sizes_here(site: EnginePaths, sizes: Mapping[str, WhisperCheckpoint]) -> list[str]:
    """Return the sizes that are completely installed, the best first."""
    return [size for size in BEST_FIRST if size in sizes and find_weights(site, sizes[size].repo, sizes[size].paths) is not None]


def chosen_size(site: EnginePaths, sizes: Mapping[str, WhisperCheckpoint], size: str, *, translate: bool = False) -> str:
    """Return a size by name; for "auto" the best installed one, or "auto" if none is.

    Args:
        translate: prefer a size that translates.
    """
    if size != "auto":
        return size
    here = sizes_here(site, sizes)
    able = [one for one in here if one in TRANSLATES] if translate else []
    return next(iter((*able, *here)), "auto")


def folder_of(site: EnginePaths, sizes: Mapping[str, WhisperCheckpoint], size: str) -> Path:
    """Return the folder of a size's weights.

    Raises:
        EngineNotReady: they are missing or incomplete.
    """
    chosen = chosen_size(site, sizes, size)
    folder = None if chosen == "auto" else find_weights(site, sizes[chosen].repo, sizes[chosen].paths)
    if folder is None:
        raise EngineNotReady("whisper.size-missing", size="" if chosen == "auto" else chosen, here=sizes_here(site, sizes))
    return folder


def readiness_of(site: EnginePaths, sizes: Mapping[str, WhisperCheckpoint]) -> Readiness:
    """Return ready if any size is installed; the sentence names the installed ones."""
    here = sizes_here(site, sizes)
    if here:
        return Readiness(True, Message.of("readiness.ready-in-sizes", sizes=here))
    return Readiness(
        False,
        Message.of("readiness.no-size-here"),
        Message.of("step.download-size", sizes=[f"{size} {_size(weights)}" for size, weights in sizes.items()]),
    )


def _size(weights: WhisperCheckpoint) -> str:
    total = sum(size for _, size in weights.files)
    return f"{total / 1e9:.1f} GB" if total >= 1e9 else f"{total / 1e6:.0f} MB"


LANGUAGES = (
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it", "id", "hi", "fi", "vi",
    "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur", "hr", "bg", "lt", "la", "mi", "ml", "cy", "sk",
    "te", "fa", "lv", "bn", "sr", "az", "sl", "kn", "et", "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw",
    "gl", "mr", "pa", "si", "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo",
    "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue",
)  # fmt: skip
"""Whisper's languages in the order of its own table."""
