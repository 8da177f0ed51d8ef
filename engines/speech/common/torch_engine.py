"""Common parts of speech engines on torch: device, seeds, cancellation inside a forward pass, conversion of the sound."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.common.torch_device import choose_device
from engines.common.weights import weights_readiness
from engines.contract import Device, Engine, EnginePaths, Licence, Readiness, Speech, SpeechRequest, SpeechTraits
from engines.contract.errors import EngineError
from media.audio.audio import Audio

if TYPE_CHECKING:
    import torch

ENVIRONMENT = "models"
HIGHEST_PEAK = 0.99
LARGEST_TORCH_SEED = 2**63 - 1

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
MIT = Licence("MIT", "https://opensource.org/license/mit")
CC_BY_NC = Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", commercial_use=False)


class TorchSpeechEngine(Engine):
    """Base class of engines whose weights are the card's hub files and whose library is torch.

    `load_model` loads the model to `self.device`; every call of the model is inside `self.watching`.
    """

    device: str = "cpu"

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return weights_readiness(cls.card, site)

    def load(self) -> None:
        """Load the model, on the GPU where there is one.

        Raises:
            EngineNotReady: weights are missing. EngineError: they are not this model's.
        """
        self.run.progress(0.0, f"Loading {self.card.title}")
        self.device = choose_device() if self.card.device is Device.CUDA else "cpu"
        self.run.progress(0.1, f"Loading {self.card.title} {'on the GPU' if self.device != 'cpu' else 'on the CPU'}")
        self.load_model()

    @abstractmethod
    def load_model(self) -> None:
        """Load to `self.device`; called once, by `load`."""

    @contextmanager
    def watching(self, module: torch.nn.Module, passes: int = 0) -> Iterator[None]:
        """Check for a cancel and report progress before each forward pass of `module`, without gradients.

        Args:
            passes: their expected number, 0 if unknown.
        """
        import torch

        done = 0

        def before(*_: Any) -> None:
            nonlocal done
            self.run.progress(min(1.0, done / passes) if passes else 0.0)
            done += 1

        hook = module.register_forward_pre_hook(before)
        try:
            with torch.inference_mode():
                yield
        finally:
            hook.remove()

    def speech(self, samples: np.ndarray) -> Speech:
        """Samples of the model as a result, at the card's rate."""
        return Speech(self.audio(samples))

    def audio(self, samples: np.ndarray) -> Audio:
        """Samples of the model as mono sound that does not clip.

        Raises:
            EngineError: the model returned nothing, or values that are not numbers; another seed may do better.
        """
        flat = np.asarray(samples, np.float32).reshape(-1)
        if not flat.size or not np.isfinite(flat).all():
            raise EngineError("speech.no-usable-sound", retryable=True, engine=self.card.title)
        peak = float(np.abs(flat).max())
        return Audio(flat * (HIGHEST_PEAK / peak) if peak > HIGHEST_PEAK else flat, self.card.traits_of(SpeechTraits).sample_rate)


def set_seed(seed: int) -> None:
    """Seed every generator of torch, so that the same request gives the same sound on the same device."""
    import torch

    torch.manual_seed(seed % LARGEST_TORCH_SEED)


def seed_of(request: SpeechRequest, number: int = 0) -> int:
    """Return the seed of the n-th part of a request."""
    return (request.seed + 1_000_003 * number) % LARGEST_TORCH_SEED
