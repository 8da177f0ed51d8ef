"""Wan 2.1 and 2.2 through diffusers: text to video, and image with text to video.

There is one engine per model, because files, licence and memory differ; all share this code. `models` has the data of each model,
`options` the options, `validation` the checks before loading, and `parts` the networks in memory.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any, ClassVar

from engines.common.peak_memory import begin_peak, peak_bytes, release_cached_memory
from engines.common.profile_key import memory_profile_of
from engines.common.weights import find_weights, missing_weights
from engines.contract import Card, Device, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Machine, Readiness, Tier
from engines.contract.card import ProblemSize
from engines.contract.engine import READY
from engines.contract.errors import EngineError
from engines.contract.video import ClipRules, VideoPreview, VideoRequest, VideoResult
from engines.video.wan import models
from engines.video.wan.by_machine.choosing import chosen
from engines.video.wan.by_machine.reckoning import seconds_of
from engines.video.wan.footprint import HOST_GIB, sized_by_options
from engines.video.wan.models import TEXT_GIB, WORKSPACE_GIB, WanModel
from engines.video.wan.options import (
    WanExpertOptions,
    WanOptions,
    WanSettings,
    negative_of,
    noted,
    settings_for,
)
from engines.video.wan.parts import LoadedParts
from engines.video.wan.problem_size import sized
from engines.video.wan.validation import check_clip, distilled_loras, loras_of, rules_of
from media.messages.message import Message

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
VERSION = "diffusers-0.42.1-2"
PREVIEW_SECONDS = 1.0
ENCODED, DENOISED = 0.02, 0.9
"""Where in a clip's progress its text is read and its denoising ends."""


def _card(engine_id: str, model: WanModel, summary: str, reload_seconds: float) -> Card:
    return Card(
        id=engine_id,
        title=model.title,
        capability=EngineKind.VIDEO,
        summary=summary,
        version=VERSION,
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.HEAVY,
        device=Device.CUDA,
        environment="models",
        memory_gib=model.whole_gib,
        plug_in_memory_gib=model.on_card_gib,
        plug_in_host_gib=HOST_GIB + TEXT_GIB,
        work_gib=model.work_gib - WORKSPACE_GIB,
        remedy=model.remedy,
        hub_files=model.hub_files,
        stall_seconds=900,
        reload_seconds=reload_seconds,
    )


class Wan(Engine):
    """Base class of the engines of all Wan models."""

    model: ClassVar[WanModel]
    Options = WanOptions
    imports = ("torch", "transformers", "diffusers")
    options: WanOptions

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Return ready if the model's own weights are installed; the note says if those of the draft preset are missing."""
        missing = [part for part in cls.model.base_parts if find_weights(site, part.repo, part.paths) is None]
        if missing:
            size = sum(file.size_bytes for file in dict.fromkeys(file for part in missing for file in part.hub_files))
            return missing_weights(size)
        drafts = cls.model.distilled.parts if cls.model.distilled else ()
        if any(find_weights(site, part.repo, part.paths) is None for part in drafts):
            return Readiness(True, Message.of("readiness.ready-but-draft"))
        return READY

    @classmethod
    def clip_rules(cls, options: WanOptions) -> ClipRules:
        return rules_of(cls.model)

    @classmethod
    def clip_cost(cls, options: WanOptions, width: int, height: int) -> tuple[str, int]:
        """Return the workload class and cost: guidance doubles every step; kernels, caching and offloading have their own
        classes.
        """
        settings = settings_for(cls.model, options, width, height)
        steps = settings.steps * (1 if settings.guidance == 1 else 2)
        kinds = (
            options.cache, options.attention, options.offload, options.storage, options.vae_precision, options.vae_tiling,
        )  # fmt: skip
        return ",".join(("distilled" if settings.sigmas else "plain", *kinds)), steps

    @classmethod
    def check(cls, request: VideoRequest, options: WanOptions, site: EnginePaths) -> None:
        """Refuse requests that cannot be rendered, before anything is loaded.

        Raises:
            InvalidInput, MediaError, EngineNotReady: with the reason and a remedy.
        """
        cls.check_request(request, options)
        cls.check_options(options, site)

    @classmethod
    def check_request(cls, request: VideoRequest, options: WanOptions) -> None:
        """Run the part of `check` that depends on one clip."""
        check_clip(cls.model, options, request)

    @classmethod
    def check_options(cls, options: WanOptions, site: EnginePaths) -> None:
        """Run the part of `check` that is the same for every clip: weights of the preset, and LoRA files."""
        distilled_loras(cls.model, options, site)
        loras_of(cls.model, options, site)

    @classmethod
    def card_for(cls, options: Any, extent: ProblemSize | None = None) -> Card:
        card = sized_by_options(cls.card, cls.model, options)
        return card if extent is None else sized(card, cls.model, extent)

    @classmethod
    def chosen_for(
        cls, site: EnginePaths, options: EngineOptions, machine: Machine, extent: ProblemSize | None = None
    ) -> EngineOptions:
        """Return the options with the best preset, offloading and storage for a machine."""
        assert isinstance(options, WanOptions)
        drafts = cls.model.distilled.parts if cls.model.distilled else ()
        here = all(find_weights(site, part.repo, part.paths) is not None for part in drafts)
        return chosen(cls.model, options, machine, lambda way: memory_profile_of(cls, way, extent), here)

    @classmethod
    def clip_seconds(cls, options: WanOptions, extent: ProblemSize, machine: Machine) -> float | None:
        """Return the estimated time of a clip on a machine without measurements; None if it cannot be estimated."""
        return seconds_of(cls.model, options, extent, machine)

    def load(self) -> None:
        """Load all networks.

        Raises:
            EngineNotReady: weights are missing.
            EngineError: the weights belong to another model, or offloading is impossible on this machine.
        """
        from engines.common.loading import shares_main_memory
        from engines.common.torch_device import choose_device, tune_convolutions

        self._device = choose_device()
        tune_convolutions(self._device)
        shared = shares_main_memory(self._device)
        if shared and self.options.offload in ("all", "blocks"):
            raise EngineError("wan.offloading-useless")
        beside = not shared and self.options.offload != "none"
        self._parts = LoadedParts(self.model, self.options, self.site, self._device, beside, self._say_loading)

    def _say_loading(self, fraction: float, what: str) -> None:
        self.run.progress(fraction, f"Loading {what} of {self.card.title}")

    def generate(self, request: VideoRequest) -> Iterator[VideoPreview | VideoResult]:
        """Render one clip.

        Raises:
            InvalidInput, MediaError, EngineError: the clip cannot be rendered; no file remains at `request.path`.
        """
        from engines.video.wan.denoise import BlockWatch, choose_attention, choose_cache

        self.run.check()
        self.check(request, self.options, self.site)
        self._parts.loras.put(loras_of(self.model, self.options, self.site))
        begin_peak(self._device)
        attention = choose_attention(self._parts.transformers, self.options.attention)
        choose_cache(self._parts.transformers, self.options.cache)
        settings = settings_for(self.model, self.options, request.width, request.height)
        self._now = (0.0, "Reading the prompt")
        blocks = [block for transformer in self._parts.transformers for block in transformer.blocks]
        with BlockWatch([*blocks, self._parts.vae.decoder], lambda: self.run.progress(*self._now)):
            latents = yield from self._denoise(request, settings)
            denoised = time.monotonic()
            self._write(request, latents)
        del latents
        release_cached_memory(self._device)
        yield VideoResult(
            request.path, request.frames, request.width, request.height,
            {
                **noted(settings, self.model), "negative": negative_of(request.negative, settings), "seed": request.seed,
                "attention": attention, "cache": self.options.cache,
                "vae_precision": self._parts.vae_precision,
                "vae_tiled": self._tiled, "offload": self.options.offload,
                "storage": self.options.storage,
                "loras": self._parts.applied_loras(), "device": self._device, "peak_bytes": peak_bytes(self._device),
                "seconds_a_step": round((denoised - self._began) / settings.steps, 3),
                "decode_seconds": round(time.monotonic() - denoised, 3),
            },
        )  # fmt: skip

    def _denoise(self, request: VideoRequest, settings: WanSettings) -> Generator[VideoPreview, None, Any]:
        """Yield previews and return the clean latents."""
        from engines.video.wan.decode import preview_jpeg
        from engines.video.wan.denoise import Step, denoised, scheduler_for

        pipeline = self._parts.pipeline(request, scheduler_for(settings))
        arguments = self._parts.arguments(request, settings)
        self._began = time.monotonic()
        shown = 0.0
        self._now = (ENCODED, f"Step 1 of {settings.steps}")
        for step in denoised(pipeline, arguments, self.run.check):
            if not isinstance(step, Step):
                return step
            note = f"Step {step.number} of {settings.steps}"
            share = ENCODED + (DENOISED - ENCODED) * step.number / settings.steps
            self._now = (share, f"Step {min(step.number + 1, settings.steps)} of {settings.steps}")
            self.run.progress(share, note)
            if time.monotonic() - shown >= PREVIEW_SECONDS or step.number == settings.steps:
                shown = time.monotonic()
                yield VideoPreview(preview_jpeg(step.latents), note)
        raise EngineError("engine.ended-early", retryable=True, engine=self.card.title)

    def _write(self, request: VideoRequest, latents: Any) -> None:
        from engines.video.wan.decode import decoded_frames, needs_tiles
        from media.video.write import VideoWriter

        self._tiled = needs_tiles(self.options, request.width, request.height, self._device)
        with VideoWriter(
            request.path, (request.width, request.height), Fraction(*request.fps), request.quality, keyframes=request.keyframes
        ) as writer:
            for number, picture in enumerate(decoded_frames(self._parts.vae, latents, tiled=self._tiled), 1):
                writer.write(picture)
                self._now = (DENOISED + (1 - DENOISED) * number / request.frames, "Decoding")
                self.run.progress(*self._now)


class WanT2V13B(Wan):
    """The default model, small enough for most GPUs."""

    model = models.T2V_13B
    card = _card("wan21-t2v-1-3b", model, "Short 480p clips from words; the smallest Wan.", 40)


class WanT2V14B(Wan):
    model = models.T2V_14B
    card = _card("wan21-t2v-14b", model, "Clips of up to 720p from words.", 150)


class WanI2V14B(Wan):
    model = models.I2V_14B
    card = _card("wan21-i2v-14b", model, "480p clips that begin with a given picture.", 170)


class WanTI2V5B(Wan):
    model = models.TI2V_5B
    card = _card("wan22-ti2v-5b", model, "704p clips at 24 frames a second, from words or a picture.", 70)


class WanT2VA14B(Wan):
    Options = WanExpertOptions
    model = models.T2V_A14B
    card = _card("wan22-t2v-a14b", model, "Clips of up to 720p from words, with two experts.", 280)


class WanI2VA14B(Wan):
    Options = WanExpertOptions
    model = models.I2V_A14B
    card = _card("wan22-i2v-a14b", model, "Clips of up to 720p that begin with a given picture, with two experts.", 280)
