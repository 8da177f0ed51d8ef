"""Adapter for speech models of transformers: local folders only, and complete checkpoints only.

transformers initialises missing weights at random and logs it; here that is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from engines.common.compiling import obstacle_to_compiling
from engines.common.loading import drop_folder_cache, lazy_tensors, refuse_mismatch, shares_main_memory
from engines.contract import EngineOptions, option
from engines.contract.errors import EngineError
from engines.speech.common.torch_engine import TorchSpeechEngine
from media.errors import GreenroomError

log = logging.getLogger(__name__)

GENERATION = "generation_config.json"


class CompilingOptions(EngineOptions):
    """Options of an autoregressive model, which spends most of its time on launches of small kernels."""

    compiled: Literal["auto", "off"] = option(
        "auto", "Compile",
        "Auto compiles the model on a GPU where the machine can: the first sentence takes minutes, all others are quicker.",
    )  # fmt: skip


class TransformersSpeech(TorchSpeechEngine):
    """Base class of engines that are thin wrappers of a transformers model."""

    imports = ("torch", "transformers")
    _compiles: bool | None = None

    def generated(self, generate: Callable[[dict[str, Any]], Any], positions: int, compiled: str = "auto") -> Any:
        """Return what `generate` makes, with a compiled model where that is possible here.

        With a cache of one fixed size the library compiles the model's step on a GPU (generation/utils.py,
        _valid_auto_compile_criteria). What that lacks shows at the first call: it is said, and the model runs plain from then on.

        Args:
            generate: takes further arguments of the model's `generate`, and may be called twice.
            positions: of the cache, as many as any call needs.
        """
        import torch

        if self._compiles is None:
            self._compiles = not obstacle_to_compiling(self.device)
            if self._compiles and compiled == "auto":
                self.run.progress(0.0, f"Compiling {self.card.title} for this GPU, which takes minutes the first time")
        if not self._compiles or compiled != "auto":
            return generate({})
        try:
            return generate({"cache_implementation": "static", "max_cache_len": positions})
        except (GreenroomError, torch.OutOfMemoryError):
            raise
        except Exception:  # each part of torch.compile has its own errors
            log.exception("%s could not be compiled; it runs plain, which is slower.", self.card.title)
            self.run.progress(0.0, f"Compiling failed; {self.card.title} runs plain, which is slower (the doctor says why)")
            self._compiles = False
            return generate({})

    def each_step(self, steps: int) -> Any:
        """Return a stopping criterion for `generate` that never stops; it checks for cancellation and reports progress once per
        token.

        A hook in the model would be compiled with it, again for each number of steps.
        """
        import torch
        import transformers

        done = 0

        def criterion(tokens: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
            nonlocal done
            self.run.progress(min(1.0, done / steps))
            done += 1
            return torch.zeros(tokens.shape[0], dtype=torch.bool, device=tokens.device)

        return transformers.StoppingCriteriaList([criterion])

    def pretrained(self, sort: Any, folder: Path, dtype: Any = None) -> Any:
        """Return a model of transformers from a folder, in evaluation mode on `self.device`.

        Args:
            sort: the model's class.
            dtype: of its weights; None for float32.

        Raises:
            EngineError: the folder has another model, or a damaged one.
        """
        import torch

        try:
            model, report = self._read(sort, folder, dtype or torch.float32)
        except EngineError:
            raise
        except Exception as error:  # each version of transformers has its own for a file that is not what it should be
            raise EngineError("engine.checkpoint-wrong", engine=self.card.title) from error
        shapes = [str(entry[0] if isinstance(entry, tuple) else entry) for entry in report.get("mismatched_keys", ())]
        refuse_mismatch(self.card.title, set(report["missing_keys"]), set(), shapes)
        drop_folder_cache(folder)
        return model.eval().to(self.device)

    def _read(self, sort: Any, folder: Path, dtype: Any) -> tuple[Any, Any]:
        """The model and the library's report on its loading.

        The library maps its files, which on memory that a GPU shares is a second copy; there it is given tensors that are
        read one by one, straight to their place.
        """
        files = sorted(folder.glob("*.safetensors"))
        if not files or not shares_main_memory(self.device):
            return sort.from_pretrained(  # type: ignore[no-any-return]
                str(folder), local_files_only=True, output_loading_info=True, dtype=dtype
            )
        config = sort.config_class.from_pretrained(str(folder), local_files_only=True)
        place = {} if self.device == "cpu" else {"device_map": {"": self.device}}
        with lazy_tensors(files) as tensors:
            model, report = sort.from_pretrained(
                None, config=config, state_dict=tensors, output_loading_info=True, dtype=dtype, **place
            )
        if (folder / GENERATION).is_file():
            model.generation_config = quiet_transformers().GenerationConfig.from_pretrained(str(folder), local_files_only=True)
        return model, report

    def part(self, sort: Any, folder: Path, **wishes: Any) -> Any:
        """Return a tokenizer or feature extractor from a folder.

        Raises:
            EngineError: it is missing or damaged.
        """
        try:
            return sort.from_pretrained(str(folder), local_files_only=True, **wishes)
        except Exception as error:
            raise EngineError("engine.tokenizer-damaged", engine=self.card.title) from error


def copied(inputs: Any) -> dict[str, Any]:
    """Inputs of `generate` for one call: some models write into them."""
    return {name: value.clone() if hasattr(value, "clone") else value for name, value in inputs.items()}


def quiet_transformers() -> Any:
    """Return the library with its hints switched off."""
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers
