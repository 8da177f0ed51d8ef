"""Denoising by diffusers' own pipelines as a generator of steps, which checks for cancellation in between.

The call of a pipeline returns only at the end, so it runs in its own thread, and its callback hands over the steps. The same
request gives the same latents: noise comes from one seeded generator, and torch's global generator, which the threads share, is
seeded too. Imported in the worker only.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engines.contract.errors import EngineError
from engines.video.wan.options import CACHE_THRESHOLDS, WanSettings
from media.errors import Cancelled

if TYPE_CHECKING:
    import torch

_KERNELS = {"native": "native", "cudnn": "_native_cudnn", "flash": "flash", "sage": "sage"}


@dataclass(frozen=True)
class Step:
    """One finished step: its number from 1, and latents that show the current state of the clip."""

    number: int
    latents: torch.Tensor


def scheduler_for(settings: WanSettings) -> Any:
    """Return UniPC on flow matching as upstream samples, or a scheduler with the noise levels of a distilled draft."""
    from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

    if not settings.sigmas:
        return UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=settings.shift
        )

    class GivenLevels(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
        """Uses the noise levels of its constructor; pipelines only pass a number of steps."""

        def set_timesteps(self, num_inference_steps: int | None = None, device: Any = None, **_: Any) -> None:
            super().set_timesteps(sigmas=list(settings.sigmas), device=device)

    return GivenLevels(shift=1.0, stochastic_sampling=settings.renoise)


def denoised(pipeline: Any, arguments: dict[str, Any], check: Callable[[], None]) -> Iterator[Step | torch.Tensor]:
    """Yield each step of the pipeline's call, and the clean latents last.

    Args:
        check: raises Cancelled if the user cancelled; called after each step.
    """
    told: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    stopping = threading.Event()

    def after_step(pipe: Any, number: int, _: Any, values: dict[str, Any]) -> dict[str, Any]:
        if stopping.is_set():
            raise Cancelled
        check()
        told.put(("step", Step(number + 1, _clean_guess(pipe.scheduler, values["latents"]))))
        return values

    def work() -> None:
        try:
            result = pipeline(**arguments, output_type="latent", return_dict=False, callback_on_step_end=after_step)
            told.put(("end", result[0]))
        except BaseException as error:
            told.put(("error", error))

    worker = threading.Thread(target=work, name="denoising", daemon=True)
    worker.start()
    try:
        while True:
            kind, value = told.get()
            if kind == "error":
                raise value
            yield value
            if kind == "end":
                return
    finally:
        stopping.set()
        worker.join()


def _clean_guess(scheduler: Any, latents: torch.Tensor) -> torch.Tensor:
    """Return the model's estimate of the clean clip if the scheduler keeps it; otherwise the noisy latents."""
    guesses = getattr(scheduler, "model_outputs", None)
    guess = guesses[-1] if guesses else None
    return latents if guess is None else guess


def choose_attention(transformers: list[Any], wish: str) -> str:
    """Set the attention kernel and return its name.

    Raises:
        EngineError: the chosen kernel does not work on this machine.
    """
    name = "native" if wish == "auto" else wish
    try:
        for transformer in transformers:
            transformer.set_attention_backend(_KERNELS[name])
    except (ImportError, RuntimeError, ValueError) as error:
        raise EngineError("wan.kernel-unusable", kernel=name) from error
    return name


def choose_cache(transformers: list[Any], wish: str) -> None:
    """Switch first-block caching on or off in all transformers."""
    from diffusers import FirstBlockCacheConfig

    for transformer in transformers:
        if transformer.is_cache_enabled:
            transformer.disable_cache()
        if wish != "off":
            transformer.enable_cache(FirstBlockCacheConfig(threshold=CACHE_THRESHOLDS[wish]))


class BlockWatch:
    """Checks for cancellation and reports progress before every block of every transformer and every pass of the decoder."""

    def __init__(self, modules: list[Any], before: Callable[[], None]) -> None:
        self._handles = [module.register_forward_pre_hook(lambda *_: before()) for module in modules]

    def __enter__(self) -> BlockWatch:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
