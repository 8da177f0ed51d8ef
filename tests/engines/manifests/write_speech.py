"""Writes the manifests of the speech engines and of voice likeness anew, in the model environment.

`python -m tests.engines.manifests.write_speech`: the libraries' own classes are built without memory in their published
sizes; names and kinds are then put as the published files have them, which were often written by an older version. What else is
known of each file, from other people's records of it, stands in tests.engines.manifests.published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.engines.manifests import configurations_speech as sizes
from tests.engines.manifests.manifest import KINDS, Tensor, write

KIND_OF = {f"torch.{name}": kind for kind, name in KINDS.items()}
OLD_WEIGHT_NORM = (
    ("parametrizations.weight.original0", "weight_g"),
    ("parametrizations.weight.original1", "weight_v"),
)
Rename = Callable[[str], str]
LIBRARY = "transformers' class in its published configuration"


def main() -> None:
    import torch

    with torch.device("meta"):
        _write_f5()
        _write_voxcpm2()
        _write_kokoro()
        _write_dia()
        _write_vibevoice()
        _write_speecht5()
        _write_mms()
        _write_wavlm()


def tensors_of(module: Any, rename: Rename = str, *, prefix: str = "", kind: str = "") -> list[Tensor]:
    """The state of a module; `kind` in place of the kinds that it has itself."""
    return [
        Tensor(prefix + rename(name), kind or KIND_OF[str(value.dtype)], tuple(value.shape))
        for name, value in module.state_dict().items()
    ]


def old_weight_norm(name: str) -> str:
    """As torch spelled the two parts of a normalised weight before 2.0."""
    for new, old in OLD_WEIGHT_NORM:
        name = name.replace(new, old)
    return name


def sharded(tensors: Iterable[Tensor], most: int) -> list[list[Tensor]]:
    """In order, as many in a file as it may hold, as huggingface_hub's split_torch_state_dict_into_shards does it."""
    files: list[list[Tensor]] = [[]]
    for one in tensors:
        if files[-1] and sum(other.size for other in files[-1]) + one.size > most:
            files.append([])
        files[-1].append(one)
    return files


def _write_f5() -> None:
    from engines.speech.f5.model import _leave_training_out

    _leave_training_out()
    from f5_tts.model.backbones.dit import DiT
    from vocos.heads import ISTFTHead
    from vocos.models import VocosBackbone

    names = tensors_of(DiT(**sizes.F5), prefix="ema_model.transformer.")
    moving_average = [Tensor("initted", "BOOL", ()), Tensor("step", "I64", ())]
    told = """F5TTS_v1_Base: DiT of f5-tts 1.1.22 (configs/F5TTS_v1_Base.yaml, a vocabulary of 2,545), as ema_pytorch saves it:
each name begins with ema_model., and the average's own two numbers are there."""
    write("f5-tts", told, [*moving_average, *names])
    parts = {"backbone": VocosBackbone(**sizes.VOCOS_BACKBONE), "head": ISTFTHead(**sizes.VOCOS_HEAD)}
    vocos = [one for part, module in parts.items() for one in tensors_of(module, prefix=f"{part}.")]
    prefix = "feature_extractor.mel_spec"
    mel = [Tensor(f"{prefix}.spectrogram.window", "F32", (1024,)), Tensor(f"{prefix}.mel_scale.fb", "F32", (513, 100))]
    write("f5-vocos", "vocos 0.1.0, in the sizes of its config.yaml (mel spectrogram at 24 kHz).", [*mel, *vocos])


def _write_voxcpm2() -> None:
    import voxcpm.model.voxcpm2 as library
    from voxcpm.modules.audiovae import AudioVAEV2

    library.resolve_runtime_device = lambda *_: "meta"
    library.pick_runtime_dtype = lambda _, kind: kind
    library.mask_multichar_chinese_tokens = lambda tokenizer: tokenizer
    vae = AudioVAEV2()
    model = library.VoxCPM2Model(library.VoxCPMConfig.model_validate(sizes.VOXCPM2), None, vae)
    own = [one for one in tensors_of(model, kind="BF16") if not one.name.startswith("audio_vae.")]
    write("voxcpm2", "VoxCPM2Model of voxcpm 2.0.3 in the sizes of its config.json; all of it in bfloat16.", own)
    told = "AudioVAEV2 of voxcpm 2.0.3 in its own sizes; weights are normalised in torch's old spelling."
    write("voxcpm2-vae", told, tensors_of(vae, old_weight_norm, prefix="state_dict/"))


def _write_kokoro() -> None:
    from unittest.mock import patch

    import kokoro.model

    with patch.object(kokoro.model.torch, "load", lambda *_, **__: {}):
        model = kokoro.model.KModel(repo_id="hexgrad/Kokoro-82M", config=sizes.KOKORO | {"vocab": {}}, model="none")
    parts = ("bert", "bert_encoder", "predictor", "decoder", "text_encoder")
    told = """KModel of kokoro 0.9.4 in the sizes of its config.json. Each part was saved from training on several GPUs: its
names begin with module., which kokoro/model.py takes off, and weights are normalised in torch's old spelling. The adaptive
norms have no weights of their own there (kokoro/istftnet.py says why the library gives them some, which change nothing)."""
    found = [one for part in parts for one in tensors_of(getattr(model, part), old_weight_norm, prefix=f"{part}/module.")]
    write("kokoro-torch", told, [one for one in found if not one.name.endswith((".norm.weight", ".norm.bias"))])


def _write_dia() -> None:
    import transformers as library

    model = library.DiaForConditionalGeneration(library.DiaConfig())
    told = f"DiaForConditionalGeneration, {LIBRARY}; split at 5 GB in the order of the model."
    for number, tensors in enumerate(sharded(tensors_of(model), 5_000_000_000), start=1):
        write(f"dia-{number}-of-2", told, tensors)
    told = f"DacModel (44.1 kHz), {LIBRARY}; its weights are stored without normalisation."
    write("dia-dac", told, tensors_of(library.DacModel(library.DacConfig(**sizes.DAC))))


def _write_vibevoice() -> None:
    import transformers as library

    model = library.VibeVoiceForConditionalGeneration(library.VibeVoiceConfig(**sizes.VIBEVOICE))
    told = f"""VibeVoiceForConditionalGeneration, {LIBRARY}, in bfloat16; the vocabulary stands once, as the language
model's. In which of the two files each is, is not known."""
    write("vibevoice", told, [one for one in tensors_of(model, kind="BF16") if one.name != "lm_head.weight"])


def _write_speecht5() -> None:
    import transformers as library

    model = library.SpeechT5ForTextToSpeech(library.SpeechT5Config(**sizes.SPEECHT5))
    width = sizes.SPEECHT5_WIDTH
    positions = [
        Tensor("speecht5.encoder.prenet.encode_positions.pe", "F32", (1, sizes.SPEECHT5["max_text_positions"], width)),
        Tensor("speecht5.decoder.prenet.encode_positions.pe", "F32", (1, sizes.SPEECHT5["max_speech_positions"], width)),
    ]
    told = f"""SpeechT5ForTextToSpeech, {LIBRARY}, as transformers 4.27 saved it: the tables of positions are part of the state
(that version's modeling_speecht5.py registers them so)."""
    write("speecht5", told, [*tensors_of(model), *positions])
    vocoder = library.SpeechT5HifiGan(library.SpeechT5HifiGanConfig())
    write("speecht5-hifigan", f"SpeechT5HifiGan, {LIBRARY}; stored without normalisation.", tensors_of(vocoder))


def _write_mms() -> None:
    import transformers as library

    model = library.VitsModel(library.VitsConfig(vocab_size=sizes.MMS_VOCABULARY))
    told = f"""VitsModel, {LIBRARY}, of English (a vocabulary of 38), as transformers 4.33 saved it: weights are
normalised in torch's old spelling. The other languages differ in the vocabulary only."""
    write("mms-tts-eng", told, tensors_of(model, old_weight_norm))


def _write_wavlm() -> None:
    import transformers as library

    model = library.WavLMForXVector(library.WavLMConfig(**sizes.WAVLM))
    told = f"""WavLMForXVector, {LIBRARY}, as transformers 4.15 saved it: the weight of the positions' convolution is
normalised in torch's old spelling."""
    write("wavlm-speaker", told, tensors_of(model, old_weight_norm))


if __name__ == "__main__":
    main()
