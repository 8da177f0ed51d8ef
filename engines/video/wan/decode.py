"""Decoding of Wan's latents: cheap previews while denoising, and the frames of the finished clip in order."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.common.loading import shares_main_memory
from engines.common.peak_memory import free_gib, release_cached_memory
from engines.video.wan.options import SMALL_AREA, WanOptions
from media.video.read import Picture

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

PREVIEW_SIDE = 384
WHOLE_GIB, WHOLE_AREA = 10.0, 1280 * 720
"""What decoding whole pictures of 720p takes in float32, a few at a time; an estimate."""
SPARE_SHARED_GIB, SPARE_GIB = 20.0, 1.0
"""Left to others on top of it: of memory that a whole machine lives in, and of a card's own."""

# Red, green and blue of each latent channel, and a bias: the linear fits to the two autoencoders that ComfyUI publishes
# (comfy/latent_formats.py, Wan21 and Wan22). Figures only.
_FACTORS_21 = (
    -0.1299, -0.1692, 0.2932, 0.0671, 0.0406, 0.0442, 0.3568, 0.2548, 0.1747, 0.0372, 0.2344, 0.1420, 0.0313, 0.0189, -0.0328,
    0.0296, -0.0956, -0.0665, -0.3477, -0.4059, -0.2925, 0.0166, 0.1902, 0.1975, -0.0412, 0.0267, -0.1364, -0.1293, 0.0740,
    0.1636, 0.0680, 0.3019, 0.1128, 0.0032, 0.0581, 0.0639, -0.1251, 0.0927, 0.1699, 0.0060, -0.0633, 0.0005, 0.3477, 0.2275,
    0.2950, 0.1984, 0.0913, 0.1861,
)  # fmt: skip
_BIAS_21 = (-0.1835, -0.0868, -0.3360)
_FACTORS_22 = (
    0.0119, 0.0103, 0.0046, -0.1062, -0.0504, 0.0165, 0.0140, 0.0409, 0.0491, -0.0813, -0.0677, 0.0607, 0.0656, 0.0851, 0.0808,
    0.0264, 0.0463, 0.0912, 0.0295, 0.0326, 0.0590, -0.0244, -0.0270, 0.0025, 0.0443, -0.0102, 0.0288, -0.0465, -0.0090, -0.0205,
    0.0359, 0.0236, 0.0082, -0.0776, 0.0854, 0.1048, 0.0564, 0.0264, 0.0561, 0.0006, 0.0594, 0.0418, -0.0319, -0.0542, -0.0637,
    -0.0268, 0.0024, 0.0260, 0.0539, 0.0265, 0.0358, -0.0359, -0.0312, -0.0287, -0.0285, -0.1032, -0.1237, 0.1041, 0.0537,
    0.0622, -0.0086, -0.0374, -0.0051, 0.0390, 0.0670, 0.2863, 0.0069, 0.0144, 0.0082, 0.0006, -0.0167, 0.0079, 0.0313, -0.0574,
    -0.0232, -0.1454, -0.0902, -0.0481, 0.0714, 0.0827, 0.0447, -0.0304, -0.0574, -0.0196, 0.0401, 0.0384, 0.0204, -0.0758,
    -0.0297, -0.0014, 0.0568, 0.1307, 0.1372, -0.0055, -0.0310, -0.0380, 0.0239, -0.0305, 0.0325, -0.0663, -0.0673, -0.0140,
    -0.0416, -0.0047, -0.0023, 0.0166, 0.0112, -0.0093, -0.0211, 0.0011, 0.0331, 0.1833, 0.1466, 0.2250, -0.0368, 0.0370, 0.0295,
    -0.3441, -0.3543, -0.2008, -0.0479, -0.0489, -0.0420, -0.0660, -0.0153, 0.0800, -0.0101, 0.0068, 0.0156, -0.0690, -0.0452,
    -0.0927, -0.0145, 0.0041, 0.0015, 0.0421, 0.0451, 0.0373, 0.0504, -0.0483, -0.0356, -0.0837, 0.0168, 0.0055,
)  # fmt: skip
_BIAS_22 = (0.0317, -0.0878, -0.1388)
_BY_CHANNELS = {16: (_FACTORS_21, _BIAS_21), 48: (_FACTORS_22, _BIAS_22)}


def preview_jpeg(latents: torch.Tensor) -> bytes:
    """Return a small JPEG of the clip's middle. `latents`: [1, channels, time, height, width] as the pipeline has them."""
    from PIL import Image

    middle = latents[0, :, latents.shape[2] // 2].float().cpu().numpy()
    factors, bias = _BY_CHANNELS[middle.shape[0]]
    colours = np.tensordot(middle, np.reshape(factors, (-1, 3)), axes=(0, 0)) + np.asarray(bias)
    small = Image.fromarray((np.clip(colours + 0.5, 0, 1) * 255).astype(np.uint8))
    scale = PREVIEW_SIDE / max(small.size)
    file = BytesIO()
    small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC).save(
        file, "JPEG", quality=80
    )
    return file.getvalue()


def decoded_frames(vae: Any, latents: torch.Tensor, *, tiled: bool) -> Iterator[Picture]:
    """Yield the clip's frames in order.

    Without tiles one latent frame is decoded at a time, so that memory holds one time step (4 frames) and not the clip. With
    tiles the library blends whole clips, so the clip is decoded at once, on the autoencoder's device.
    """
    import torch

    given = 0
    with torch.inference_mode():
        _wake(vae)
        moved = latents.to(vae.device, vae.post_quant_conv.weight.dtype)
        shape = (1, -1, 1, 1, 1)
        mean = torch.tensor(vae.config.latents_mean).view(shape).to(moved)
        deviation = torch.tensor(vae.config.latents_std).view(shape).to(moved)
        moved = moved * deviation + mean
        if not tiled:
            try:
                for picture in _by_time(vae, moved):
                    yield picture
                    given += 1
                return
            except torch.OutOfMemoryError:  # another took what was free: what was denoised for minutes is not lost over it
                log.warning("Decoding ran out of memory after %d pictures and goes on in tiles.", given)
            release_cached_memory(str(vae.device))
        vae.enable_tiling()
        try:
            whole = vae.decode(moved, return_dict=False)[0]
        finally:
            vae.disable_tiling()  # encoding looks at the same switch
        yield from islice(_pictures(whole), given, None)


def needs_tiles(options: WanOptions, width: int, height: int, device: str) -> bool:
    """Return whether a clip is decoded in tiles: as the options say; by default above 832 x 480 if too little memory is free."""
    if options.vae_tiling != "auto":
        return options.vae_tiling == "on"
    area, spare = width * height, SPARE_SHARED_GIB if shares_main_memory(device) else SPARE_GIB
    return area > SMALL_AREA and free_gib(device) < WHOLE_GIB * area / WHOLE_AREA + spare


def _by_time(vae: Any, latents: torch.Tensor) -> Iterator[Picture]:
    """Yield frames as AutoencoderKLWan._decode does, but as they are decoded; the causal convolutions cache the previous
    frames.
    """
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    vae.clear_cache()
    try:
        ready = vae.post_quant_conv(latents)
        for number in range(ready.shape[2]):
            vae._conv_idx = [0]
            part = vae.decoder(
                ready[:, :, number : number + 1], feat_cache=vae._feat_map, feat_idx=vae._conv_idx, first_chunk=number == 0
            )
            if vae.config.patch_size is not None:
                part = unpatchify(part, patch_size=vae.config.patch_size)
            yield from _pictures(part)
    finally:
        vae.clear_cache()


def _pictures(part: torch.Tensor) -> Iterator[Picture]:
    for picture in part[0].unbind(1):
        values = ((picture.float().clamp(-1, 1) + 1) * 127.5).round().byte()
        yield values.permute(1, 2, 0).contiguous().cpu().numpy()


def _wake(vae: Any) -> None:
    """Move the autoencoder in: an offloading hook does not notice a call of the decoder alone."""
    hook = getattr(vae, "_hf_hook", None)
    if hook is not None and hasattr(hook, "pre_forward"):
        hook.pre_forward(vae)
