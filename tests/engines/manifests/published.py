"""The files that cards name and manifests tell of: which manifest is whose, and what else is known of the file.

A manifest is derived from the makers' or the library's code. What holds it against the published file are facts that come from
elsewhere: the file's length in bytes as the hub lists it (kept in the card), and for some the number of tensors that others
who opened the file wrote down. A safetensors file is a header with every name, kind and shape, and the numbers: its length
agrees to the byte only if all names together are as long, and all shapes as large, as the manifest has them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One file.

    Args:
        engine: the card's id. path: of the file in its repository.
        count: how many tensors others found in it; 0 where nobody told.
        exact: whether the card's length is the file's own; else it is a round figure.
        metadata: whether the header says that torch wrote it, as transformers and diffusers have it said.
        more: whether the file holds things beyond the manifest, which the engine leaves alone.
    """

    manifest: str
    engine: str
    repo: str
    path: str
    count: int = 0
    exact: bool = True
    metadata: bool = False
    more: bool = False


_LIVEPORTRAIT = "KwaiVGI/LivePortrait"
_F5, _VOXCPM, _DIA = "SWivid/F5-TTS", "openbmb/VoxCPM2", "nari-labs/Dia-1.6B-0626"
_FISH = "fishaudio/openaudio-s1-mini"
_SHARD = "model-0000{}-of-00002.safetensors"


def _portrait(part: str, folder: str = "base_models", more: bool = False) -> Published:
    path = f"liveportrait/{folder}/{part}.pth"
    return Published(f"liveportrait-{part.replace('_', '-')}", "liveportrait", _LIVEPORTRAIT, path, more=more)


def _esrgan(manifest: str, repo: str, path: str) -> Published:
    return Published(f"real-esrgan-{manifest}", "real-esrgan", repo, path)


PUBLISHED = (
    Published("f5-tts", "f5-tts", _F5, "F5TTS_v1_Base/model_1250000.safetensors"),
    Published("f5-vocos", "f5-tts", "charactr/vocos-mel-24khz", "pytorch_model.bin"),
    Published("voxcpm2", "voxcpm2", _VOXCPM, "model.safetensors", count=577),
    Published("voxcpm2-vae", "voxcpm2", _VOXCPM, "audiovae.pth", count=312),
    Published("kokoro-torch", "kokoro-torch", "hexgrad/Kokoro-82M", "kokoro-v1_0.pth", count=548),
    Published("dia-1-of-2", "dia", _DIA, _SHARD.format(1), metadata=True),
    Published("dia-2-of-2", "dia", _DIA, _SHARD.format(2), metadata=True),
    Published("dia-dac", "dia", "descript/dac_44khz", "model.safetensors", metadata=True),
    Published("speecht5", "speecht5", "microsoft/speecht5_tts", "pytorch_model.bin"),
    Published("speecht5-hifigan", "speecht5", "microsoft/speecht5_hifigan", "pytorch_model.bin", exact=False),
    Published("mms-tts-eng", "mms-tts", "facebook/mms-tts-eng", "model.safetensors", count=762, exact=False),
    Published("wavlm-speaker", "wavlm-speaker", "microsoft/wavlm-base-plus-sv", "pytorch_model.bin", exact=False),
    Published("fish-model", "fish-speech", _FISH, "model.pth", exact=False),
    Published("fish-codec", "fish-speech", _FISH, "codec.pth", exact=False),
    _portrait("appearance_feature_extractor"),
    _portrait("motion_extractor"),
    _portrait("warping_module"),
    _portrait("spade_generator"),
    _portrait("stitching_retargeting_module", "retargeting_models", more=True),
    Published("musetalk-unet", "musetalk", "TMElyralab/MuseTalk", "musetalkV15/unet.pth"),
    Published("musetalk-vae", "musetalk", "stabilityai/sd-vae-ft-mse", "diffusion_pytorch_model.safetensors", metadata=True),
    Published("whisper-tiny", "musetalk", "openai/whisper-tiny", "model.safetensors", metadata=True),
    Published(
        "wan-image-encoder",
        "wan21-i2v-14b",
        "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
        "image_encoder/model.safetensors",
        metadata=True,
    ),
    _esrgan("x4plus", "nateraw/real-esrgan", "RealESRGAN_x4plus.pth"),
    _esrgan("x2plus", "nateraw/real-esrgan", "RealESRGAN_x2plus.pth"),
    _esrgan("x4plus-anime-6b", "com-adm/RealESRGAN_x4plus_anime_6B", "RealESRGAN_x4plus_anime_6B.pth"),
    _esrgan("general-x4v3", "datasets/Kizi-Art/Upscale", "realesr-general-x4v3.pth"),
)
"""VibeVoice's two files are not here: that they hold 1,204 tensors together is known, in which file each is, is not."""

VIBEVOICE_COUNT = 1204
