"""The adapter for speech models that are native in transformers: local folders only, and nothing missing in them.

transformers fills what a checkpoint lacks with random numbers and logs it; here that is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.common.loading import drop_folder_cache, lazy_tensors, refuse_mismatch, shares_main_memory
from engines.contract.errors import EngineError
from engines.speech.common.torch_engine import TorchSpeechEngine

GENERATION = "generation_config.json"


class TransformersSpeech(TorchSpeechEngine):
    """Base of the engines that are a few lines around a model of transformers."""

    imports = ("torch", "transformers")

    def pretrained(self, sort: Any, folder: Path, dtype: Any = None) -> Any:
        """A model of transformers from a folder, in evaluation mode on `self.device`.

        Args:
            sort: the model's class. dtype: of its weights; None is float32.

        Raises:
            EngineError: the folder holds another model, or one that is damaged.
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
        """A tokenizer or feature extractor from a folder.

        Raises:
            EngineError: it is not there or damaged.
        """
        try:
            return sort.from_pretrained(str(folder), local_files_only=True, **wishes)
        except Exception as error:
            raise EngineError("engine.tokenizer-damaged", engine=self.card.title) from error


def quiet_transformers() -> Any:
    """The library, with its hints switched off."""
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers
