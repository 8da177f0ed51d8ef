"""Data of Wan's models: networks, files, sizes, default settings, memory. Imports nothing but the contract.

Upstream: github.com/Wan-Video/Wan2.1 and Wan2.2 (arXiv:2503.20314); code and weights Apache-2.0, as are the distilled ones of
FastVideo and lightx2v. Default settings are those of upstream's configurations. All models share the text encoder UMT5-XXL, so
its files are downloaded once, in bfloat16; the same holds for the two autoencoders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from engines.contract import HubFile
from engines.contract.video import ClipSize, StartImage

WAN_21_13B = "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"
WAN_21_14B = "Wan-AI/Wan2.1-T2V-14B-Diffusers"
WAN_21_I2V = "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers"
WAN_22_5B = "Wan-AI/Wan2.2-TI2V-5B-Diffusers"
WAN_22_T2V = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"
WAN_22_I2V = "Wan-AI/Wan2.2-I2V-A14B-Diffusers"
FAST_5B = "FastVideo/FastWan2.2-TI2V-5B-FullAttn-Diffusers"
DISTILL_21 = "lightx2v/Wan2.1-Distill-Loras"
DISTILL_22 = "lightx2v/Wan2.2-Distill-Loras"

COMMITS = {
    WAN_21_13B: "0fad780a534b6463e45facd96134c9f345acfa5b",
    WAN_21_14B: "38ec498cb3208fb688890f8cc7e94ede2cbd7f68",
    WAN_21_I2V: "b184e23a8a16b20f108f727c902e769e873ffc73",
    WAN_22_5B: "b8fff7315c768468a5333511427288870b2e9635",
    WAN_22_T2V: "5be7df9619b54f4e2667b2755bc6a756675b5cd7",
    WAN_22_I2V: "596658fd9ca6b7b71d5057529bbf319ecbc61d74",
    FAST_5B: "3e187042a324f6f5fb68fd22110a78725253de8f",
}
"""The state of each repository that is meant; of lightx2v's none is known."""

TEXT_GIB = 10.6
"""UMT5-XXL in bfloat16."""
WORKSPACE_GIB = 1.0
VAE_21_GIB, VAE_22_GIB = 0.5, 2.7
"""The autoencoders in float32."""


@dataclass(frozen=True)
class ModelPart:
    """One component of a pipeline: the repository, the folder in it, and the files there with their sizes in bytes."""

    repo: str
    folder: str
    files: tuple[tuple[str, int], ...]

    @property
    def hub_files(self) -> tuple[HubFile, ...]:
        commit = COMMITS.get(self.repo, "main")
        sizes = (size for _, size in self.files)
        return tuple(HubFile(self.repo, path, size, commit) for path, size in zip(self.paths, sizes, strict=True))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" if self.folder else name for name, _ in self.files)


@dataclass(frozen=True)
class DistilledLora:
    """A low-rank file that distils a model to a few steps; `target` as in lora.LoraRequest."""

    repo: str
    file: str
    target: Literal["high", "low", "both"]
    size: int

    @property
    def part(self) -> ModelPart:
        return ModelPart(self.repo, "", ((self.file, self.size),))


@dataclass(frozen=True)
class Distilled:
    """The weights of a model's draft preset: another transformer, or low-rank files.

    Args:
        sigmas: noise levels of the steps that the student was trained at, used unchanged; () spaces `steps` evenly and shifts
            them by `shift`.
        renoise: whether the clean estimate gets new noise between steps, as distribution-matching students were trained.
    """

    steps: int
    shift: float = 5.0
    sigmas: tuple[float, ...] = ()
    renoise: bool = False
    transformer: ModelPart | None = None
    loras: tuple[DistilledLora, ...] = ()

    @property
    def parts(self) -> tuple[ModelPart, ...]:
        return (*([self.transformer] if self.transformer else []), *(lora.part for lora in self.loras))


@dataclass(frozen=True)
class WanModel:
    """One model.

    Args:
        boundary: with two experts, the noise level (0 to 1) below which the low-noise expert runs; 0 with one.
        expands_timesteps: every token of the clip has its own noise level, so that a start image stays clean (TI2V).
        steps: of the presets best, balanced and, without a distilled one, draft.
        guidance, guidance_low: classifier-free guidance scale of the high-noise (or only) and the low-noise expert.
        shift, shift_small: shift of the noise levels; `shift_small` up to 832 × 480.
        transformer_gib: one expert in bfloat16.
        work_gib: activations at the largest size and length.
        width, layers: of the transformer, for the time estimate.
    """

    title: str
    transformers: tuple[ModelPart, ...]
    vae: ModelPart
    sizes: tuple[ClipSize, ...]
    start_image: StartImage
    steps: tuple[int, int, int]
    guidance: float
    shift: float
    transformer_gib: float
    work_gib: float
    guidance_low: float = 0.0
    shift_small: float = 0.0
    boundary: float = 0.0
    expands_timesteps: bool = False
    image_encoder: tuple[ModelPart, ...] = ()
    distilled: Distilled | None = None
    fps: tuple[int, int] = (16, 1)
    most_frames: int = 81
    side_multiple: int = 16
    vae_gib: float = VAE_21_GIB
    image_encoder_gib: float = 0.0
    width: int = 5120
    layers: int = 40
    remedy: str = ""

    @property
    def two_experts(self) -> bool:
        return len(self.transformers) == 2

    @property
    def base_parts(self) -> tuple[ModelPart, ...]:
        """The networks that every preset but a distilled draft needs."""
        return (TOKENIZER, TEXT_ENCODER, self.vae, *self.image_encoder, *self.transformers)

    @property
    def hub_files(self) -> tuple[HubFile, ...]:
        more = self.distilled.parts if self.distilled else ()
        return tuple(dict.fromkeys(chain.from_iterable(part.hub_files for part in (*self.base_parts, *more))))

    @property
    def largest_area(self) -> int:
        return max(size.width * size.height for size in self.sizes)

    def work_gib_at(self, width: int, height: int, frames: int) -> float:
        """Return the estimated GiB of activations at a size.

        One part are workspaces of libraries. Of the rest one half is proportional to the frame's size, which is decoded a few
        frames at a time, the other to the clip's, which is denoised as a whole.
        """
        picture = width * height / self.largest_area
        return WORKSPACE_GIB + (self.work_gib - WORKSPACE_GIB) * picture * (1 + frames / self.most_frames) / 2

    @property
    def on_card_gib(self) -> float:
        """The GiB of all networks but the text encoder, with activations."""
        return self.transformer_gib * len(self.transformers) + self.vae_gib + self.image_encoder_gib + self.work_gib

    @property
    def whole_gib(self) -> float:
        return self.on_card_gib + TEXT_GIB


def _shards(folder: str, stem: str, count: int, total: int) -> tuple[tuple[str, int], ...]:
    names: Iterable[str] = (f"{stem}-{number:05d}-of-{count:05d}.safetensors" for number in range(1, count + 1))
    return (("config.json", 500), (f"{stem}.safetensors.index.json", 100_000), *((name, total // count) for name in names))


def _transformer(repo: str, folder: str, count: int, total: int) -> ModelPart:
    return ModelPart(repo, folder, _shards(folder, "diffusion_pytorch_model", count, total))


def _vae(repo: str, size: int) -> ModelPart:
    return ModelPart(repo, "vae", (("config.json", 1_000), ("diffusion_pytorch_model.safetensors", size)))


TOKENIZER = ModelPart(
    WAN_22_5B,
    "tokenizer",
    (("special_tokens_map.json", 7_080), ("tokenizer.json", 16_800_000), ("tokenizer_config.json", 61_800)),
)
TEXT_ENCODER = ModelPart(WAN_22_5B, "text_encoder", _shards("text_encoder", "model", 3, 11_360_000_000))
VAE_21, VAE_22 = _vae(WAN_21_13B, 507_591_892), _vae(WAN_22_5B, 2_820_000_000)
IMAGE_ENCODER = (
    ModelPart(WAN_21_I2V, "image_encoder", (("config.json", 500), ("model.safetensors", 1_264_217_760))),
    ModelPart(WAN_21_I2V, "image_processor", (("preprocessor_config.json", 478),)),
)

SMALL = (ClipSize("480p", "480p wide", 832, 480), ClipSize("480p-tall", "480p tall", 480, 832))
LARGE = (ClipSize("720p", "720p wide", 1280, 720), ClipSize("720p-tall", "720p tall", 720, 1280))
SIZES_5B = (ClipSize("704p", "704p wide", 1280, 704), ClipSize("704p-tall", "704p tall", 704, 1280))

SMALLER = "Use Wan 2.1 T2V 1.3B, which takes about 8 GiB of a graphics card, or make an animatic, which needs none."

T2V_13B = WanModel(
    "Wan 2.1 T2V 1.3B", (_transformer(WAN_21_13B, "transformer", 2, 5_676_000_000),), VAE_21, SMALL, "none",
    steps=(50, 30, 15), guidance=6.0, shift=8.0, transformer_gib=2.7, work_gib=5.0, width=1536, layers=30,
    remedy="Make an animatic instead, which needs no graphics card.",
)  # fmt: skip

T2V_14B = WanModel(
    "Wan 2.1 T2V 14B", (_transformer(WAN_21_14B, "transformer", 12, 57_200_000_000),), VAE_21, (*SMALL, *LARGE), "none",
    steps=(50, 30, 15), guidance=5.0, shift=5.0, shift_small=3.0, transformer_gib=26.7, work_gib=7.0, remedy=SMALLER,
    distilled=Distilled(
        4, loras=(DistilledLora(DISTILL_21, "wan2.1_t2v_14b_lora_rank64_lightx2v_4step.safetensors", "both", 631_000_000),)
    ),
)  # fmt: skip

I2V_14B = WanModel(
    "Wan 2.1 I2V 14B", (_transformer(WAN_21_I2V, "transformer", 14, 65_600_000_000),), VAE_21, SMALL, "required",
    steps=(40, 25, 15), guidance=5.0, shift=3.0, transformer_gib=30.6, work_gib=6.0, image_encoder=IMAGE_ENCODER,
    image_encoder_gib=1.2, remedy=SMALLER,
    distilled=Distilled(
        4, loras=(DistilledLora(DISTILL_21, "wan2.1_i2v_lora_rank64_lightx2v_4step.safetensors", "both", 739_000_000),)
    ),
)  # fmt: skip

TI2V_5B = WanModel(
    "Wan 2.2 TI2V 5B", (_transformer(WAN_22_5B, "transformer", 5, 20_000_000_000),), VAE_22, SIZES_5B, "optional",
    steps=(50, 30, 15), guidance=5.0, shift=5.0, transformer_gib=9.4, work_gib=5.5, vae_gib=VAE_22_GIB, fps=(24, 1),
    most_frames=121, side_multiple=32, expands_timesteps=True, width=3072, layers=30, remedy=SMALLER,
    distilled=Distilled(
        3, sigmas=(1.0, 0.757, 0.522), renoise=True,
        transformer=ModelPart(
            FAST_5B, "transformer", (("config.json", 500), ("diffusion_pytorch_model.safetensors", 10_000_000_000))
        ),
    ),
)  # fmt: skip


def _experts(repo: str, total: int) -> tuple[ModelPart, ModelPart]:
    return _transformer(repo, "transformer", 12, total), _transformer(repo, "transformer_2", 12, total)


def _distilled_pair(high: str, high_size: int, low: str, low_size: int) -> Distilled:
    return Distilled(
        4, loras=(DistilledLora(DISTILL_22, high, "high", high_size), DistilledLora(DISTILL_22, low, "low", low_size))
    )


T2V_A14B = WanModel(
    "Wan 2.2 T2V A14B", _experts(WAN_22_T2V, 57_200_000_000), VAE_21, (*SMALL, *LARGE), "none",
    steps=(40, 25, 15), guidance=4.0, guidance_low=3.0, shift=12.0, boundary=0.875, transformer_gib=26.7, work_gib=7.0,
    remedy=SMALLER,
    distilled=_distilled_pair(
        "wan2.2_t2v_A14b_high_noise_lora_rank64_lightx2v_4step_1217.safetensors", 614_000_000,
        "wan2.2_t2v_A14b_low_noise_lora_rank64_lightx2v_4step_1217.safetensors", 614_000_000,
    ),
)  # fmt: skip

I2V_A14B = WanModel(
    "Wan 2.2 I2V A14B", _experts(WAN_22_I2V, 57_200_000_000), VAE_21, (*SMALL, *LARGE), "required",
    steps=(40, 25, 15), guidance=3.5, guidance_low=3.5, shift=5.0, boundary=0.9, transformer_gib=26.7, work_gib=7.0,
    remedy=SMALLER,
    distilled=_distilled_pair(
        "wan2.2_i2v_A14b_high_noise_lora_rank64_lightx2v_4step_1022.safetensors", 634_645_944,
        "wan2.2_i2v_A14b_low_noise_lora_rank64_lightx2v_4step_1022.safetensors", 739_472_104,
    ),
)  # fmt: skip
