"""Every engine is given weights that are not its own, and prints what it says, as JSON. Runs in the model environment.

`python -m tests.engines.speech.torch_engines.loading.wrong_weights CHECKPOINTS SCRATCH`: CHECKPOINTS are the good
ones of tests.engines.speech.torch_engines.checkpoints.build;
one process for all of them, because importing the libraries is most of the time.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from engines.contract import Engine, EngineOptions, EnginePaths
from engines.contract.errors import EngineError
from engines.speech.dia.engine import Dia
from engines.speech.f5.engine import CHECKPOINT, F5TTS
from engines.speech.kokoro_torch.engine import WEIGHTS, KokoroTorch
from engines.speech.mms.engine import Mms
from engines.speech.speecht5.engine import SpeechT5
from engines.speech.vibevoice.engine import VibeVoice
from engines.speech.voxcpm2.engine import VoxCPM2
from engines.transcription.whisper_transformers.engine import WhisperTransformers, WhisperTransformersOptions
from engines.verification.wavlm import engine as wavlm_speaker
from tests.engines.transcription import whisper_hf_checkpoint
from tests.engines.verification import embed_tiny

SHARD = "model-00001-of-00002.safetensors"
WHISPER = "openai--whisper-tiny"
PLACES: dict[type[Engine], str] = {
    F5TTS: f"SWivid--F5-TTS/{CHECKPOINT}",
    VoxCPM2: "openbmb--VoxCPM2/model.safetensors",
    KokoroTorch: f"hexgrad--Kokoro-82M/{WEIGHTS}",
    Mms: "facebook--mms-tts-eng/model.safetensors",
    SpeechT5: "microsoft--speecht5_tts/pytorch_model.bin",
    Dia: f"nari-labs--Dia-1.6B-0626/{SHARD}",
    VibeVoice: f"vibevoice--VibeVoice-1.5B-hf/{SHARD}",
    WhisperTransformers: f"{WHISPER}/model.safetensors",
    wavlm_speaker.WavlmSpeaker: f"{wavlm_speaker.REPO.replace('/', '--')}/pytorch_model.bin",
}
"""The file of each that is replaced."""


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def others(path: Path, good: Path) -> None:
    """Put another model's weights into its place: whole, and of the same kind of file."""
    if path.suffix == ".safetensors":
        shutil.copy(good / "descript--dac_44khz" / "model.safetensors", path)
    else:
        shutil.copy(good / "microsoft--speecht5_hifigan" / "pytorch_model.bin", path)


def cut_off(path: Path, good: Path) -> None:
    """Leave the first half of the file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HARMS: dict[str, Callable[[Path, Path], None]] = {"another model's": others, "cut off": cut_off}


def main(good: Path, scratch: Path) -> dict[str, dict[str, list[str]]]:
    """By engine and kind of harm: reason and hint of the refusal; what was raised instead stands after a "!"."""
    whisper_hf_checkpoint.main(good / WHISPER)
    embed_tiny.build(good / wavlm_speaker.REPO.replace("/", "--"))
    return {engine.card.id: {name: refusal(engine, harm, good, scratch) for name, harm in HARMS.items()} for engine in PLACES}


def refusal(engine: type[Engine], harm: Callable[[Path, Path], None], good: Path, scratch: Path) -> list[str]:
    place = Path(PLACES[engine])
    shutil.rmtree(scratch, ignore_errors=True)
    folders = {file.repo.replace("/", "--") for file in engine.card.hub_files}
    for folder in (good / name for name in folders if (good / name).is_dir()):
        shutil.copytree(folder, scratch / folder.name)
    harm(scratch / place, good)
    options: EngineOptions = WhisperTransformersOptions(size="tiny") if engine is WhisperTransformers else engine.Options()
    try:
        engine(EnginePaths(Path(), scratch / "cache", (scratch,), Path(sys.prefix).parent), options, _Run()).load()
    except EngineError as error:
        return [error.reason, error.hint]
    except Exception as error:
        return [f"!{type(error).__name__}: {error}", ""]
    return ["!it was loaded", ""]


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
