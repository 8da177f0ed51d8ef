"""The networks of one Wan model in memory, and diffusers' pipelines over them. Used in the worker only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.contract import EnginePaths
from engines.contract.video import VideoRequest
from engines.video.wan.lora import LoraFile
from engines.video.wan.models import TEXT_ENCODER, TOKENIZER, WanModel
from engines.video.wan.options import WanOptions, WanSettings, negative_of
from engines.video.wan.prompts import PromptEncoder
from engines.video.wan.validation import distilled_loras, folder_of, transformer_parts


class LoadedParts:
    """Text encoder, autoencoder, transformers and, for some models, an image encoder.

    Args:
        device: device of the denoising. With the option `offload` at "all" the networks stay in main memory in between.
        beside: whether the text encoder stays in main memory, next to a GPU with memory of its own.
        report: called with the loaded fraction and the name of the next network.

    Attributes:
        vae, transformers: diffusers' objects; one transformer, or one expert each for high and low noise.
        vae_precision: "float32" or "bfloat16".
        loras: applies low-rank files to the transformers.
        prompts: the encoder of prompts.

    Raises:
        EngineNotReady: weights are missing.
        EngineError: weights are damaged, or belong to another model.
    """

    def __init__(
        self,
        model: WanModel,
        options: WanOptions,
        site: EnginePaths,
        device: str,
        beside: bool,
        report: Callable[[float, str], None],
    ) -> None:
        from engines.video.wan import loading
        from engines.video.wan.lora_hooks import LoraHooks, reported

        self._model, self._device, self._offload = model, device, options.offload
        place = "cpu" if options.offload == "all" else device
        waiting = "cpu" if options.offload in ("all", "blocks") else device
        parts = transformer_parts(model, options)
        total = len(parts) + 3
        report(0, "the text encoder")
        self.prompts = PromptEncoder(
            folder_of(site, TOKENIZER), folder_of(site, TEXT_ENCODER), "cpu" if beside else device, keep=beside
        )
        self.prompts.load()
        report(1 / total, "the autoencoder")
        self.vae_precision = "float32" if options.vae_precision == "auto" else options.vae_precision
        self.vae = loading.load_vae(folder_of(site, model.vae), place, self.vae_precision)
        self._image_parts = _image_parts(model, site, place)
        self.transformers: list[Any] = []
        files = distilled_loras(model, options, site)
        self._merged = [reported(file) for file in files]
        for number, part in enumerate(parts):
            report((2 + number) / total, "the transformer" if len(parts) == 1 else f"expert {number + 1} of 2")
            transformer = loading.load_transformer(folder_of(site, part), waiting)
            self._merge(transformer, number, files)
            if options.storage == "float8":
                _store_in_float8(transformer)
            self.transformers.append(transformer)
        if options.offload == "blocks":
            for transformer in self.transformers:
                _move_by_blocks(transformer, device)
        self.loras = LoraHooks(self.transformers)

    def _merge(self, expert: Any, number: int, files: tuple[LoraFile, ...]) -> None:
        """Merge the preset's own low-rank files into the weights of an expert."""
        from engines.common.loading import read_tensors
        from engines.video.wan.lora_hooks import merge, targets

        for file in files:
            if number in targets(range(len(self._model.transformers)), file):
                merge(expert, file, dict(read_tensors(file.path)))

    def applied_loras(self) -> list[dict[str, Any]]:
        """Return the applied low-rank files in the form of a recipe, the preset's own first."""
        return [*self._merged, *self.loras.report()]

    def pipeline(self, request: VideoRequest, scheduler: Any) -> Any:
        """Return diffusers' pipeline over these networks for one clip. Construction is cheap: nothing is copied."""
        from diffusers import WanImageToVideoPipeline, WanPipeline

        experts: list[Any] = [*self.transformers, None]
        parts = {
            "tokenizer": None, "text_encoder": None, "vae": self.vae, "scheduler": scheduler, "transformer": experts[0],
            "transformer_2": experts[1], "boundary_ratio": self._model.boundary or None,
            "expand_timesteps": self._model.expands_timesteps,
        }  # fmt: skip
        if request.start_image is None:
            pipeline = WanPipeline(**parts)
        else:
            pipeline = WanImageToVideoPipeline(**parts, **(self._image_parts or {"image_encoder": None, "image_processor": None}))
        pipeline.set_progress_bar_config(disable=True)
        if self._offload == "all":
            pipeline.enable_model_cpu_offload(device=self._device)
        return pipeline

    def arguments(self, request: VideoRequest, settings: WanSettings) -> dict[str, Any]:
        """Return the arguments of the pipeline: encoded prompts, sizes, and a generator with the request's seed."""
        import torch

        torch.manual_seed(request.seed)
        prompt, negative = self.prompts.encoded([request.prompt, negative_of(request.negative, settings)])
        arguments: dict[str, Any] = {
            "prompt_embeds": prompt.to(self._device), "negative_prompt_embeds": negative.to(self._device),
            "width": request.width, "height": request.height, "num_frames": request.frames,
            "num_inference_steps": settings.steps, "guidance_scale": settings.guidance,
            "generator": torch.Generator(self._device).manual_seed(request.seed),
        }  # fmt: skip
        if self._model.two_experts:
            arguments["guidance_scale_2"] = settings.guidance_low
        if request.start_image is not None:
            arguments["image"] = _start_image(request)
        return arguments


def _image_parts(model: WanModel, site: EnginePaths, place: str) -> dict[str, Any]:
    """Return the encoder of a start image and its processor, if the model has them."""
    from engines.video.wan import loading

    if not model.image_encoder:
        return {}
    encoder, processor = (folder_of(site, part) for part in model.image_encoder)
    return {
        "image_encoder": loading.load_image_encoder(encoder, place),
        "image_processor": loading.load_image_processor(processor),
    }


def _store_in_float8(transformer: Any) -> None:
    """Store the large layers in float8 and cast each to bfloat16 while it computes."""
    import torch

    transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16)


def _move_by_blocks(transformer: Any, device: str) -> None:
    """Keep one block on the device at a time; the next is copied in parallel if the device supports it."""
    import torch

    transformer.enable_group_offload(
        onload_device=torch.device(device), offload_device=torch.device("cpu"), offload_type="block_level",
        num_blocks_per_group=1, use_stream=device.startswith("cuda"),
    )  # fmt: skip


def _start_image(request: VideoRequest) -> Any:
    """Return the start image, cropped and scaled to the clip's size."""
    from PIL import Image, ImageOps

    from media.video.images import read_image

    assert request.start_image is not None
    return ImageOps.fit(
        Image.fromarray(read_image(request.start_image)), (request.width, request.height), Image.Resampling.LANCZOS
    )
