"""UNet, autoencoder and speech encoder, strictly loaded; one pass of the UNet draws a face, without diffusion steps.

Upstream: musetalk/models/unet.py, musetalk/models/vae.py, musetalk/utils/audio_processor.py (MIT License).
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.common.loading import drop_folder_cache, drop_page_cache, fill, refuse_mismatch
from engines.contract.errors import EngineError

TITLE = "MuseTalk"
SIDE = 256
"""Pixels of the square that is drawn."""
SOUND_RATE = 16_000
SEGMENT_SECONDS = 30
STATES_A_SECOND = 50
LATENTS = 4
"""Channels of the codec; the UNet is given twice as many: the masked face and the whole one."""


@dataclass(frozen=True)
class Folders:
    """Folders of the published files.

    Args:
        unet: holds `musetalk.json` and `unet.pth`.
    """

    unet: Path
    codec: Path
    whisper: Path


class MuseTalkNetworks:
    """The networks for faces of SIDE pixels. Not thread-safe; without gradients."""

    def __init__(self, unet: Any, codec: Any, encoder: Any, listener: Any, device: str) -> None:
        self.device = device
        self._unet, self._codec, self._encoder, self._listener = unet, codec, encoder, listener
        self._time = torch.zeros(1, dtype=torch.long, device=device)
        self._scale: float = codec.config.scaling_factor

    @classmethod
    def load(
        cls, folders: Folders, device: str, *, half: bool = False, told: Callable[[str], None] | None = None
    ) -> MuseTalkNetworks:
        """Load the weights.

        Args:
            half: everything in float16; only on a GPU.
            told: called with the name of the next network; may raise to cancel.

        Raises:
            EngineError: a file is damaged or not MuseTalk's; the message names the first mismatches.
        """
        told = told or (lambda note: None)
        dtype = torch.float16 if half and device != "cpu" else torch.float32
        told("speech encoder")
        encoder, listener = _encoder(folders.whisper, device, dtype)
        told("picture codec")
        codec = _codec(folders.codec, device, dtype)
        told("UNet")
        unet = _unet(folders.unet, device, dtype)
        wide = encoder.config.d_model
        if (unet.config.in_channels, unet.config.out_channels, unet.config.cross_attention_dim) != (2 * LATENTS, LATENTS, wide):
            raise EngineError("musetalk.settings-of-other-model", channels=2 * LATENTS, latents=LATENTS, width=wide)  # fmt: skip
        return cls(unet, codec, encoder, listener, device)

    @torch.inference_mode()
    def latents(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the UNet's input for RGB faces [n, SIDE, SIDE, 3]: latents of the face without its lower half, then of the whole
        face.
        """
        # laid out plane by plane, or convolutions take another path, which rounds otherwise than upstream's
        whole = torch.from_numpy(np.ascontiguousarray(faces)).to(self.device).permute(0, 3, 1, 2).contiguous().float() / 255
        masked = whole.clone()
        masked[:, :, whole.shape[2] // 2 :] = 0
        encoded = [self._encoded(one * 2 - 1) for one in (masked, whole)]
        return torch.cat(encoded, dim=1).float().cpu().numpy()

    @torch.inference_mode()
    def faces(self, latents: NDArray[np.float32], tokens: Tensor) -> NDArray[np.uint8]:
        """Return RGB faces [n, SIDE, SIDE, 3] that match the audio tokens [n, t, width].

        Raises:
            EngineError: the result contains values that are not finite.
        """
        given = torch.from_numpy(latents).to(self.device, self._unet.dtype)
        told = (tokens.float() + positions(tokens.shape[1], tokens.shape[2], tokens.device)).to(self._unet.dtype)
        drawn = self._unet(given, self._time, encoder_hidden_states=told).sample
        # 1 / scale first: dividing rounds a few values of the picture otherwise than upstream does
        picture = self._codec.decode(((1 / self._scale) * drawn).to(self._codec.dtype)).sample.float()
        if not bool(torch.isfinite(picture).all()):
            raise EngineError("face.not-numbers", engine="MuseTalk")
        picture = (picture / 2 + 0.5).clamp(0, 1)
        return (picture * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

    @torch.inference_mode()
    def heard(self, sound: NDArray[np.float32]) -> Tensor:
        """Return states of the speech encoder, [steps, layers + 1, width], 50 a second, of at most 30 s of 16 kHz mono sound."""
        spectrogram = self._listener(sound, sampling_rate=SOUND_RATE, return_tensors="pt").input_features
        states = self._encoder(spectrogram.to(self.device, self._encoder.dtype), output_hidden_states=True).hidden_states
        steps = math.floor(len(sound) / SOUND_RATE * STATES_A_SECOND)
        return torch.stack(states, dim=2)[0, :steps]

    def _encoded(self, picture: Tensor) -> Tensor:
        """Return the mode of the autoencoder's distribution: upstream samples it, so that its runs differ."""
        return self._scale * self._codec.encode(picture.to(self._codec.dtype)).latent_dist.mode()


def positions(length: int, width: int, device: Any = "cpu") -> Tensor:
    """Return sinusoidal positions [length, width] to add to the tokens: sines in even columns, cosines in odd ones."""
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    angles = torch.arange(length, dtype=torch.float32)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1).to(device)


def _unet(folder: Path, device: str, dtype: torch.dtype) -> Any:
    from diffusers import UNet2DConditionModel

    path = folder / "unet.pth"
    try:
        settings = json.loads((folder / "musetalk.json").read_text("utf-8"))
        with torch.device("meta"):
            unet = UNet2DConditionModel.from_config(settings)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise EngineError("musetalk.settings-damaged") from error
    unet = unet.to(dtype).to_empty(device=device).eval().requires_grad_(False)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise EngineError("engine.weights-damaged", file=path.name) from error
    if not isinstance(state, dict):
        raise EngineError("engine.weights-of-other-kind", file=path.name)
    fill(unet, ((name, value) for name, value in state.items() if isinstance(value, Tensor)), TITLE)
    drop_page_cache(path)
    return unet


def _codec(folder: Path, device: str, dtype: torch.dtype) -> Any:
    from diffusers import AutoencoderKL

    return _from_library(AutoencoderKL, folder, f"{TITLE}'s picture codec", "torch_dtype", dtype).to(device)


def _encoder(folder: Path, device: str, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers import WhisperFeatureExtractor, WhisperModel

    whole = _from_library(WhisperModel, folder, f"{TITLE}'s speech encoder", "dtype", dtype)
    listener = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
    return whole.encoder.to(device), listener


def _from_library(kind: Any, folder: Path, title: str, precision: str, dtype: torch.dtype) -> Any:
    """Return a model loaded by its library, refused if tensors are missing or do not match."""
    wishes = {"local_files_only": True, "use_safetensors": True, "output_loading_info": True, precision: dtype}
    try:
        model, found = kind.from_pretrained(folder, **wishes)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise EngineError("engine.weights-of-another", engine=title) from error
    misshapen = [str(one[0]) for one in found.get("mismatched_keys", ())]
    refuse_mismatch(title, list(found["missing_keys"]), [], misshapen)
    drop_folder_cache(folder)
    return model.eval().requires_grad_(False)
