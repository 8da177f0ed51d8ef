"""Loads the published checkpoints of the speech engines, in full size and without contents, by the engines' own `load_model`.

`python -m tests.engines.manifests.load_speech SCRATCH` prints what each engine said, as JSON, in the model environment, as
tests.engines.manifests.load does it for Wan and Whisper. What would lie on a GPU lies on the device "meta" here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engines.common.weights import repo_folder_name
from engines.contract import Engine, EnginePaths
from engines.contract.errors import EngineError
from engines.speech.dia.engine import Dia
from engines.speech.f5.engine import F5TTS
from engines.speech.kokoro_torch.engine import KokoroTorch
from engines.speech.mms.engine import Mms
from engines.speech.speecht5.engine import SpeechT5
from engines.speech.vibevoice.engine import VibeVoice
from engines.speech.voxcpm2.engine import VoxCPM2
from engines.verification.wavlm import engine as wavlm
from tests.engines.manifests import configurations_speech as sizes
from tests.engines.manifests.hollow import without_contents, write_safetensors, write_torch
from tests.engines.manifests.load import META, WRONG
from tests.engines.manifests.manifest import Manifest, read

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Checkpoint:
    """What an engine finds on disk.

    Args:
        weights: manifest by "repository/path". others: what lies beside, by folder, written by a function.
    """

    engine: type[Engine]
    weights: Mapping[str, str]
    others: Mapping[str, Write] = field(default_factory=dict)


def main(scratch: Path) -> dict[str, dict[str, str]]:
    import transformers

    transformers.logging.set_verbosity_error()
    told: dict[str, dict[str, str]] = {}
    for number, checkpoint in enumerate(CHECKPOINTS):
        for place, name in checkpoint.weights.items():
            told[name] = {
                "published": "" if name in told else said(checkpoint, scratch / f"{number}", "", None),
                "one name wrong": said(checkpoint, scratch / f"{number}-{name}", place, wrong(read(name))),
            }
    return told


def wrong(manifest: Manifest) -> Manifest:
    """The same checkpoint with another name for one of its tensors."""
    name = manifest.tensors[len(manifest.tensors) // 2].name
    outer, slash, _ = name.rpartition("/")
    return manifest.renamed(name, f"{outer}{slash}{WRONG[1]}")


def said(checkpoint: Checkpoint, root: Path, place: str, other: Manifest | None) -> str:
    """What the engine says to the checkpoint, "" when it loads; `other` lies at `place`, where there is one."""
    for path, name in checkpoint.weights.items():
        _write(root, path, other if other is not None and path == place else read(name))
    for repo, write in checkpoint.others.items():
        folder = root / repo_folder_name(repo)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
    engine = checkpoint.engine(EnginePaths(root, root, (root,), root), checkpoint.engine.Options(), _Run())
    try:
        with without_contents():
            load(engine)
    except EngineError as error:
        return f"{error.reason} {error.hint}"
    return ""


def load(engine: Any) -> None:
    """As the worker does it; an engine of the GPU is given the device "meta" in its place."""
    engine.device = META
    if isinstance(engine, VoxCPM2):
        import voxcpm.model.voxcpm2 as library

        with patch.object(library, "resolve_runtime_device", lambda *_: META):
            engine.load_model()
    elif isinstance(engine, wavlm.WavlmSpeaker):
        engine.load()
    else:
        engine.load_model()


def _write(root: Path, place: str, manifest: Manifest) -> None:
    org, repo, path = place.removeprefix("datasets/").split("/", 2)
    target = root / repo_folder_name(f"{org}/{repo}") / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".safetensors":
        write_safetensors(target, manifest, {"format": "pt"})
    else:
        write_torch(target, manifest)


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def _json(**files: Any) -> Write:
    def write(folder: Path) -> None:
        for stem, content in files.items():
            (folder / f"{stem}.json").write_text(json.dumps(content), "utf-8")

    return write


def _f5_vocabulary(folder: Path) -> None:
    (folder / "F5TTS_v1_Base" / "vocab.txt").write_text("".join(f"{chr(0x4E00 + n)}\n" for n in range(2545)), "utf-8")


def _vocos(folder: Path) -> None:
    import yaml

    parts = {
        "feature_extractor": ("vocos.feature_extractors.MelSpectrogramFeatures", sizes.VOCOS_FEATURES),
        "backbone": ("vocos.models.VocosBackbone", sizes.VOCOS_BACKBONE),
        "head": ("vocos.heads.ISTFTHead", sizes.VOCOS_HEAD),
    }
    told = {part: {"class_path": name, "init_args": init} for part, (name, init) in parts.items()}
    (folder / "config.yaml").write_text(yaml.safe_dump(told), "utf-8")


def _voxcpm(folder: Path) -> None:
    from tests.engines.speech.torch_engines.checkpoints.build_voxcpm2 import write_tokenizer

    (folder / "config.json").write_text(json.dumps(sizes.VOXCPM2), "utf-8")
    write_tokenizer(folder)


def _kokoro(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(sizes.KOKORO | {"vocab": {"a": 1}}), "utf-8")


def _vibevoice(folder: Path) -> None:
    from tests.engines.speech.torch_engines.checkpoints.build_native import TEMPLATE, write_byte_tokenizer

    write_byte_tokenizer(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    (folder / "config.json").write_text(json.dumps(sizes.VIBEVOICE | {"model_type": "vibevoice"}), "utf-8")


def _speecht5(folder: Path) -> None:
    from tests.engines.speech.torch_engines.checkpoints.build_native import write_spelling

    write_spelling(folder)
    (folder / "config.json").write_text(json.dumps(sizes.SPEECHT5 | {"model_type": "speecht5"}), "utf-8")


def _speakers(folder: Path) -> None:
    from tests.engines.speech.torch_engines.checkpoints.build_native import write_speakers

    write_speakers(folder, 512)


def _mms(folder: Path) -> None:
    letters = [chr(ord("a") + number) for number in range(26)] + list("_ '-0123456789")[: sizes.MMS_VOCABULARY - 26]
    _json(
        config={"model_type": "vits", "vocab_size": sizes.MMS_VOCABULARY},
        vocab={letter: place for place, letter in enumerate(letters)},
        tokenizer_config={"tokenizer_class": "VitsTokenizer", "pad_token": "_", "unk_token": "_", "phonemize": False},
    )(folder)


_F5, _VOCOS = "SWivid/F5-TTS", "charactr/vocos-mel-24khz"
_DIA, _SHARD = "nari-labs/Dia-1.6B-0626", "model-0000{}-of-00002.safetensors"
_WAVLM = _json(
    config=sizes.WAVLM | {"model_type": "wavlm"},
    preprocessor_config={"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16_000},
)
CHECKPOINTS = (
    Checkpoint(
        F5TTS,
        {f"{_F5}/F5TTS_v1_Base/model_1250000.safetensors": "f5-tts", f"{_VOCOS}/pytorch_model.bin": "f5-vocos"},
        {_F5: _f5_vocabulary, _VOCOS: _vocos},
    ),
    Checkpoint(
        VoxCPM2,
        {"openbmb/VoxCPM2/model.safetensors": "voxcpm2", "openbmb/VoxCPM2/audiovae.pth": "voxcpm2-vae"},
        {"openbmb/VoxCPM2": _voxcpm},
    ),
    Checkpoint(KokoroTorch, {"hexgrad/Kokoro-82M/kokoro-v1_0.pth": "kokoro-torch"}, {"hexgrad/Kokoro-82M": _kokoro}),
    Checkpoint(
        Dia,
        {
            f"{_DIA}/{_SHARD.format(1)}": "dia-1-of-2",
            f"{_DIA}/{_SHARD.format(2)}": "dia-2-of-2",
            "descript/dac_44khz/model.safetensors": "dia-dac",
        },
        {_DIA: _json(config={"model_type": "dia"}), "descript/dac_44khz": _json(config=sizes.DAC | {"model_type": "dac"})},
    ),
    Checkpoint(
        VibeVoice, {"vibevoice/VibeVoice-1.5B-hf/model.safetensors": "vibevoice"}, {"vibevoice/VibeVoice-1.5B-hf": _vibevoice}
    ),
    Checkpoint(
        SpeechT5,
        {
            "microsoft/speecht5_tts/pytorch_model.bin": "speecht5",
            "microsoft/speecht5_hifigan/pytorch_model.bin": "speecht5-hifigan",
        },
        {
            "microsoft/speecht5_tts": _speecht5,
            "microsoft/speecht5_hifigan": _json(config={"model_type": "hifigan"}),
            "datasets/Matthijs/cmu-arctic-xvectors": _speakers,
        },
    ),
    Checkpoint(Mms, {"facebook/mms-tts-eng/model.safetensors": "mms-tts-eng"}, {"facebook/mms-tts-eng": _mms}),
    Checkpoint(wavlm.WavlmSpeaker, {f"{wavlm.REPO}/pytorch_model.bin": "wavlm-speaker"}, {wavlm.REPO: _WAVLM}),
)

if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
