"""Options, licences and request limits of both Fish Speech engines."""

from __future__ import annotations

from typing import Literal

from engines.contract import EngineOptions, Licence, SpeechRequest, option
from media.audio.audio import Audio

RATE = 44_100
LONGEST_TEXT = 1_000
LONGEST_REFERENCE = 30.0

APACHE = Licence("Apache-2.0", "https://github.com/fishaudio/fish-speech/blob/v1.5.1/LICENSE")
S1_WEIGHTS = Licence("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/", commercial_use=False)
SERVER_WEIGHTS = Licence("as the server's model: S1 CC-BY-NC-SA-4.0, S2 Fish Audio Research", "", commercial_use=False)

LANGUAGES = ("en", "zh", "ja", "de", "fr", "es", "ko", "ar", "ru", "nl", "it", "pl", "pt")


class FishOptions(EngineOptions):
    """Options of Fish Speech."""

    temperature: float = option(0.8, "Temperature", "Higher is livelier and less steady.", common=True, ge=0.1, le=1.0)
    top_p: float = option(0.8, "Top-p", "Share of the likeliest sounds to choose from.", ge=0.1, le=1.0)
    repetition_penalty: float = option(1.1, "Repetition penalty", "Higher holds back loops.", ge=0.9, le=2.0)
    max_new_tokens: int = option(
        1024, "Longest answer", "Steps of sound at most, about 21 a second.", unit="steps", ge=16, le=4096
    )  # fmt: skip


class FishPackageOptions(FishOptions):
    """Further options if the model runs in this studio's worker."""

    compiled: Literal["auto", "off"] = option(
        "auto", "Compile",
        "Auto compiles the model on a GPU where the machine can: the first sentence takes minutes, all others a tenth.",
        reload=True,
    )  # fmt: skip


def fields_of(request: SpeechRequest, options: FishOptions) -> dict[str, object]:
    """Return the fields of a request to Fish, except its references and the format of the response."""
    return {
        "text": request.text,
        "seed": request.seed,
        "max_new_tokens": options.max_new_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "repetition_penalty": options.repetition_penalty,
        "chunk_length": 200,
        "normalize": True,
    }


def at_card_rate(audio: Audio) -> Audio:
    """Return mono sound at the sample rate of the cards, whatever the checkpoint's rate is."""
    from media.audio.resample import resample

    return resample(audio.mono(), RATE)
