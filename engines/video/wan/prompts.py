"""Prompts for Wan's transformers: encoded by UMT5 once and cached; the encoder is unloaded. Used in the worker only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

LONGEST_TOKENS = 512
REMEMBERED_PROMPTS = 64
"""Each takes 4 MB."""


class PromptEncoder:
    """UMT5-XXL, which runs for a second per prompt and takes as much memory as a small model.

    Args:
        tokenizer, encoder: their folders.
        device: device of the encoder.
        keep: whether it stays loaded between prompts, in memory that no other part of the model uses.
    """

    def __init__(self, tokenizer: Path, encoder: Path, device: str, *, keep: bool) -> None:
        self._folders = (tokenizer, encoder)
        self._device, self._keep = device, keep
        self._loaded: tuple[Any, Any] | None = None
        self._remembered: dict[str, Any] = {}

    def load(self) -> None:
        """Load the encoder.

        Raises:
            EngineError: weights or tokenizer are damaged.
        """
        from engines.video.wan.loading import load_text_encoder, load_tokenizer

        if self._loaded is None:
            tokenizer, encoder = self._folders
            self._loaded = load_tokenizer(tokenizer), load_text_encoder(encoder, self._device)

    @property
    def loaded(self) -> bool:
        return self._loaded is not None

    def encoded(self, texts: Sequence[str]) -> list[Any]:
        """Return each text as [1, 512, width] in the encoder's type, on its device; cached, because shots often share texts."""
        if any(text not in self._remembered for text in texts):
            self.load()
            for text in texts:
                if text not in self._remembered:
                    self._remembered[text] = self._read(text)
            if not self._keep:
                self.drop()
        found = [self._remembered[text] for text in texts]
        while len(self._remembered) > REMEMBERED_PROMPTS:
            del self._remembered[next(iter(self._remembered))]
        return found

    def drop(self) -> None:
        """Unload the encoder and keep the cache."""
        from engines.common.peak_memory import release_cached_memory

        self._loaded = None
        release_cached_memory(self._device)

    def _read(self, text: str) -> Any:
        import torch
        from diffusers import WanPipeline

        assert self._loaded is not None
        tokenizer, encoder = self._loaded
        reader = WanPipeline(tokenizer=tokenizer, text_encoder=encoder, vae=None, scheduler=None)
        with torch.inference_mode():
            prompt, _ = reader.encode_prompt(
                prompt=text, do_classifier_free_guidance=False, device=torch.device(self._device),
                max_sequence_length=LONGEST_TOKENS,
            )  # fmt: skip
        return prompt
