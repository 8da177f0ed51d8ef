"""The adapter for speech models that are native in transformers: local folders only, and nothing missing in them.

transformers fills what a checkpoint lacks with random numbers and says so in a log; here that is an error. It maps its
files by itself, so their page cache is dropped afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.errors import EngineError
from engines.loading import DOWNLOAD_AGAIN, drop_folder_cache, refuse_mismatch
from engines.speech.torch_speech import TorchSpeech


class TransformersSpeech(TorchSpeech):
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
            model, report = sort.from_pretrained(
                str(folder), local_files_only=True, output_loading_info=True, dtype=dtype or torch.float32
            )
        except Exception as error:  # each version of transformers has its own for a file that is not what it should be
            raise EngineError(f"This checkpoint is not one of {self.card.title}, or is damaged.", DOWNLOAD_AGAIN) from error
        shapes = [str(entry[0] if isinstance(entry, tuple) else entry) for entry in report.get("mismatched_keys", ())]
        refuse_mismatch(self.card.title, set(report["missing_keys"]), set(), shapes)
        drop_folder_cache(folder)
        return model.eval().to(self.device)

    def part(self, sort: Any, folder: Path, **wishes: Any) -> Any:
        """A tokenizer or feature extractor from a folder.

        Raises:
            EngineError: it is not there or damaged.
        """
        try:
            return sort.from_pretrained(str(folder), local_files_only=True, **wishes)
        except Exception as error:
            raise EngineError(f"The tokenizer of {self.card.title} is missing or damaged.", DOWNLOAD_AGAIN) from error


def quiet_transformers() -> Any:
    """The library, told to keep its advice to itself."""
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers
