"""`python -m tests.engines.video.wan.inside WEIGHTS FOLDER` prints what the tests look at, as JSON.

Compares this project's loading, decoding and LoRA with the library's own (or with the definition) on the same weights, and makes
clips with the models that have no worker of their own in the tests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.loading import read_tensors
from engines.contract import EnginePaths
from engines.contract.video import VideoRequest, VideoResult
from engines.video.wan import models
from engines.video.wan.engine import Wan, WanI2V14B, WanT2V13B, WanT2VA14B, WanTI2V5B
from engines.video.wan.lora import LoraRequest, inspect_lora
from engines.video.wan.lora_names import weights_of
from engines.video.wan.options import CACHE_THRESHOLDS
from engines.video.wan.validation import folder_of
from media.video.read import read_frames
from tests.engines.video.wan.files import ffn_lora, published_lora, start_picture, write_safetensors


class Silent:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def main(site: EnginePaths, folder: Path) -> dict[str, Any]:
    import torch

    torch.manual_seed(0)
    return {
        "transformer": same_transformer(site),
        "vae": {name: same_decoding(site, part) for name, part in (("2.1", models.VAE_21), ("2.2", models.VAE_22))},
        "lora": lora_against_merged(site, folder),
        "merged": merged_against_hooks(site, folder),
        "moved": device_of_a_moved_layer(),
        "twice": twice_in_tiles(site, folder),
        "in_need": decoded_where_memory_runs_out(site),
        "decoder": kinds_of_a_light_decoder(site),
        "memory": ways_to_need_less(site, folder),
        "clips": clips(site, folder),
        "cache": passes_with_cache(site, folder),
    }


def same_transformer(site: EnginePaths) -> float:
    """The largest difference between our transformer's output and that of diffusers' own loading."""
    import torch
    from diffusers import WanTransformer3DModel

    from engines.video.wan.loading import load_transformer

    folder = folder_of(site, models.T2V_13B.transformers[0])
    theirs = WanTransformer3DModel.from_pretrained(folder, torch_dtype=torch.bfloat16, local_files_only=True).eval()
    ours = load_transformer(folder, "cpu")
    assert {name: weight.dtype for name, weight in ours.named_parameters()} == {
        name: weight.dtype for name, weight in theirs.named_parameters()
    }
    return float((output(ours) - output(theirs)).abs().max())


def output(transformer: Any) -> Any:
    import torch

    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        return transformer(
            torch.randn(1, 16, 2, 8, 8, generator=generator).bfloat16(),
            torch.tensor([500.0]),
            torch.randn(1, 6, 32, generator=generator).bfloat16(),
            return_dict=False,
        )[0].float()


def same_decoding(site: EnginePaths, part: models.ModelPart) -> dict[str, Any]:
    """Pictures decoded step by step against the library's decoding of the whole, in levels of 255."""
    import torch

    from engines.video.wan.decode import decoded_frames
    from engines.video.wan.loading import load_vae

    vae = load_vae(folder_of(site, part), "cpu", "float32")
    latents = torch.randn(1, vae.config.z_dim, 3, 4, 6, generator=torch.Generator().manual_seed(2))
    mean, deviation = (torch.tensor(values).view(1, -1, 1, 1, 1) for values in (vae.config.latents_mean, vae.config.latents_std))
    with torch.inference_mode():
        whole = vae.decode(latents * deviation + mean, return_dict=False)[0]
    expected = ((whole[0].permute(1, 2, 3, 0) + 1) * 127.5).numpy()
    ours = np.stack(list(decoded_frames(vae, latents, tiled=False)))
    return {"shape": list(ours.shape), "off": float(np.abs(ours - expected).max()), "spread": float(expected.std())}


def lora_against_merged(site: EnginePaths, folder: Path) -> dict[str, float]:
    """A LoRA beside its layers against the same one merged into their weights; and the model after it was taken off."""
    from engines.video.wan.loading import load_transformer
    from engines.video.wan.lora_hooks import LoraHooks

    place = folder_of(site, models.T2V_13B.transformers[0])
    path = write_safetensors(folder / "some.safetensors", ffn_lora(32))
    config = json.loads((place / "config.json").read_text())
    file = inspect_lora(LoraRequest("some.safetensors", 0.5), path, [weights_of(config)])
    ours, merged = load_transformer(place, "cpu").float(), load_transformer(place, "cpu").float()
    plain = output_float(ours)
    hooks = LoraHooks([ours])
    hooks.put((file,))
    tensors = dict(read_tensors(path))
    for module, roles in file.modules.items():
        layer = merged.get_submodule(module)
        if "down" in roles:
            layer.weight.add_(0.5 * tensors[roles["up"]] @ tensors[roles["down"]])
        if "weight" in roles:
            layer.weight.add_(0.5 * tensors[roles["weight"]])
        if "bias" in roles:
            layer.bias.add_(0.5 * tensors[roles["bias"]])
    with_lora = output_float(ours)
    hooks.put(())
    return {
        "off": float((with_lora - output_float(merged)).abs().max()),
        "effect": float((with_lora - plain).abs().max()),
        "left": float((output_float(ours) - plain).abs().max()),
    }


def merged_against_hooks(site: EnginePaths, folder: Path) -> dict[str, float]:
    """The published spelling of a distilled file, merged into the weights against the same beside its layers."""
    from engines.video.wan.loading import load_transformer
    from engines.video.wan.lora_hooks import LoraHooks, merge

    place = folder_of(site, models.T2V_13B.transformers[0])
    path = write_safetensors(folder / "published.safetensors", published_lora(32))
    file = inspect_lora(LoraRequest("published.safetensors"), path, [weights_of(json.loads((place / "config.json").read_text()))])
    beside, merged = load_transformer(place, "cpu").float(), load_transformer(place, "cpu").float()
    plain = output_float(beside)
    LoraHooks([beside]).put((file,))
    merge(merged, file, dict(read_tensors(path)))
    return {
        "off": float((output_float(beside) - output_float(merged)).abs().max()),
        "effect": float((output_float(merged) - plain).abs().max()),
    }


def device_of_a_moved_layer() -> str:
    """Where parts are moved in only while they work, a layer is elsewhere than when its LoRA was attached."""
    import torch

    from engines.video.wan.lora_hooks import _pair

    layer = torch.nn.Linear(4, 3)
    tensors = {"down": torch.ones(2, 4), "up": torch.ones(3, 2)}
    layer.register_forward_hook(_pair(layer, {"down": "down", "up": "up"}, tensors, 1.0))
    return str(layer.to("meta")(torch.ones(1, 4, device="meta")).device)


def twice_in_tiles(site: EnginePaths, folder: Path) -> dict[str, bool]:
    """The same clip of a picture twice in one worker, decoded in tiles: the second start picture must be encoded as the first."""
    instance = WanI2V14B(site, WanI2V14B.Options(steps=2, vae_tiling="on"), Silent())
    instance.load()
    instance._parts.vae.tile_sample_min_height = instance._parts.vae.tile_sample_min_width = 64
    instance._parts.vae.tile_sample_stride_height = instance._parts.vae.tile_sample_stride_width = 48
    made = []
    for number in range(2):
        path = folder / f"twice-{number}.mp4"
        picture = start_picture(folder / "start.png")
        list(instance.generate(VideoRequest("a cat", path, 128, 128, 5, (16, 1), seed=3, start_image=picture)))
        made.append(path.read_bytes())
    return {"same": made[0] == made[1], "tiles": instance._parts.vae.use_tiling, "reader": instance._parts.prompts.loaded}


def decoded_where_memory_runs_out(site: EnginePaths) -> dict[str, Any]:
    """Pictures of a decoding that runs out of memory at its second part and goes on in tiles, against one in tiles alone."""
    import torch

    from engines.video.wan.decode import decoded_frames
    from engines.video.wan.loading import load_vae

    vae = load_vae(folder_of(site, models.VAE_21), "cpu", "float32")
    latents = torch.randn(1, vae.config.z_dim, 3, 4, 6, generator=torch.Generator().manual_seed(2))
    tiled = np.stack(list(decoded_frames(vae, latents, tiled=True)))
    passes = 0

    def short(*_: Any) -> None:
        nonlocal passes
        passes += 1
        if passes == 2:
            raise torch.OutOfMemoryError("as a card says")

    hook = vae.decoder.register_forward_pre_hook(short)
    ours = np.stack(list(decoded_frames(vae, latents, tiled=False)))
    hook.remove()
    return {"frames": [len(ours), len(tiled)], "off": int(np.abs(ours[1:].astype(int) - tiled[1:].astype(int)).max())}


def kinds_of_a_light_decoder(site: EnginePaths) -> dict[str, str]:
    from engines.video.wan.decode import decoded_frames
    from engines.video.wan.loading import load_vae

    vae = load_vae(folder_of(site, models.VAE_21), "cpu", "bfloat16")
    import torch

    assert len(list(decoded_frames(vae, torch.zeros(1, vae.config.z_dim, 2, 4, 6), tiled=False))) == 5
    return {"encoder": str(vae.encoder.conv_in.weight.dtype), "decoder": str(vae.decoder.conv_in.weight.dtype)}


def ways_to_need_less(site: EnginePaths, folder: Path) -> dict[str, Any]:
    """The same clip with transformers moved in block by block, and stored in float8; with the preset's and a person's LoRA.

    Offloading makes sense on a card with memory of its own; here the CPU stands for it."""
    import engines.common.loading as loading

    lora = write_safetensors(site.weights[0] / "loras" / "some.safetensors", ffn_lora(32))
    for one in models.T2V_A14B.distilled.loras:  # type: ignore[union-attr]
        target = site.weights[0] / one.repo.replace("/", "--") / one.file
        write_safetensors(target, published_lora(32 if one.target == "high" else 48))
    shares, loading.shares_main_memory = loading.shares_main_memory, lambda device: False
    made: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    try:
        for name, options in (
            ("plain", {}), ("blocks", {"offload": "blocks"}), ("float8", {"storage": "float8"}),
            ("both", {"offload": "blocks", "storage": "float8"}),
        ):  # fmt: skip
            chosen = WanT2VA14B.Options(steps=0, preset="draft", loras=f"{lora.stem}, 0.5, high", **options)
            instance = WanT2VA14B(site, chosen, Silent())
            instance.load()
            path = folder / f"less-{name}.mp4"
            list(instance.generate(VideoRequest("a cat", path, 128, 128, 5, (16, 1), seed=3)))
            made[name] = np.stack([frame.picture for frame in read_frames(path)]).astype(int)
            layer = instance._parts.transformers[0].blocks[0].attn1.to_q
            kinds[name] = str(layer.weight.dtype)
    finally:
        loading.shares_main_memory = shares
    off = {name: float(np.abs(clip - made["plain"]).mean()) for name, clip in made.items()}
    return {"off": off, "kinds": kinds, "spread": float(made["plain"].std())}


def output_float(transformer: Any) -> Any:
    import torch

    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        latents, text = (torch.randn(shape, generator=generator) for shape in ((1, 16, 2, 8, 8), (1, 6, 32)))
        return transformer(latents, torch.tensor([500.0]), text, return_dict=False)[0]


def clips(site: EnginePaths, folder: Path) -> dict[str, Any]:
    picture = start_picture(folder / "start.png")
    made: dict[str, Any] = {}
    for name, engine, options, image in (
        ("ti2v", WanTI2V5B, {"steps": 2, "vae_tiling": "off"}, None),
        ("ti2v-image", WanTI2V5B, {"steps": 2, "vae_tiling": "on"}, picture),
        ("ti2v-draft", WanTI2V5B, {"preset": "draft"}, None),
        ("t2v-a14b", WanT2VA14B, {"steps": 3, "cache": "strong"}, None),
    ):
        instance: Wan = engine(site, engine.Options(**options), Silent())
        instance.load()
        request = VideoRequest("a cat", folder / f"{name}.mp4", 128, 128, 5, engine.model.fps, seed=3, start_image=image)
        *_, result = instance.generate(request)
        assert isinstance(result, VideoResult)
        made[name] = result.facts
    return made


def passes_with_cache(site: EnginePaths, folder: Path) -> dict[str, int]:
    """How often the second block really computes in six steps. Random weights change too much from step to step for the usual
    thresholds, so here everything counts as hardly changed."""
    CACHE_THRESHOLDS["strong"] = 100.0
    instance = WanT2V13B(site, WanT2V13B.Options(), Silent())
    instance.load()
    counted: dict[str, int] = {}
    for wish in ("off", "strong"):
        instance.configure(WanT2V13B.Options(steps=6, cache=wish))
        seen: list[int] = []
        handle = instance._parts.transformers[0].blocks[1].attn1.register_forward_pre_hook(lambda *_, seen=seen: seen.append(1))
        list(instance.generate(VideoRequest("a cat", folder / "cached.mp4", 128, 128, 5, (16, 1), seed=3)))
        handle.remove()
        counted[wish] = len(seen)
    return counted


if __name__ == "__main__":
    weights, target = map(Path, sys.argv[1:3])
    sys.stdout.write(json.dumps(main(EnginePaths(Path("assets"), target, (weights,)), target)))
