"""The network of F5-TTS with its vocoder, run on several texts at once. Imported in the worker only."""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.loading import fill, give_storage, read_tensors, refuse_mismatch, without_weights
from engines.contract.errors import EngineError
from engines.speech.f5.reference import Reference

UPSTREAM_CONFIG = "configs/F5TTS_v1_Base.yaml"
PREFIX = "ema_model."
NOT_WEIGHTS = frozenset({"initted", "step", "mel_spec.mel_stft.mel_scale.fb", "mel_spec.mel_stft.spectrogram.window"})


@dataclass(frozen=True)
class Row:
    """One text of a forward pass.

    Args:
        frames: number of new frames.
        seed: seed of this row alone.
    """

    reference: Reference
    text: str
    frames: int
    seed: int

    @property
    def total(self) -> int:
        return self.reference.frames + self.frames


class _Seeds:
    """One seed per row: the model seeds anew before each row's noise and calls int() on its argument."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._left = iter(seeds)

    def __int__(self) -> int:
        return next(self._left)


class F5Model:
    """CFM with its transformer, and the vocoder Vocos. `transformer` runs once per step."""

    def __init__(self, model: Any, vocoder: Any, device: str) -> None:
        self._model, self._vocoder, self._device = model, vocoder, device
        self.transformer: Any = model.transformer

    def speak(self, rows: Sequence[Row], steps: int, guidance: float, sway: float) -> list[np.ndarray]:
        """Return the new sound of each row, mono float32 at 24 kHz."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        conditions = [self._spectrogram(row.reference) for row in rows]
        lengths = torch.tensor([len(condition) for condition in conditions], device=self._device)
        totals = torch.tensor([len(condition) + row.frames for condition, row in zip(conditions, rows, strict=True)])
        texts = _tokens([row.reference.text + row.text for row in rows])
        totals = torch.maximum(totals, torch.tensor([len(text) + 1 for text in texts])).to(self._device)
        self._embed(texts, totals, guidance)
        self._mask(bool((totals != totals[0]).any()))
        try:
            spectrograms, _ = self._model.sample(
                cond=pad_sequence(conditions, batch_first=True), text=texts, duration=totals, lens=lengths, steps=steps,
                cfg_strength=guidance, sway_sampling_coef=sway, seed=_Seeds([row.seed for row in rows]),
            )  # fmt: skip
        finally:
            self.transformer.clear_cache()
        new = [made[first:last] for made, first, last in zip(spectrograms.float(), lengths, totals, strict=True)]
        return [self._vocoder.decode(made.T[None]).squeeze(0).cpu().numpy() for made in new]

    def _mask(self, needed: bool) -> None:
        """Set the attention mask; without one, attention uses the fast kernel, which never stores all pairs of frames."""
        for block in self.transformer.transformer_blocks:
            block.attn.processor.attn_mask_enabled = needed

    def _spectrogram(self, reference: Reference) -> Any:
        import torch

        sound = torch.from_numpy(reference.samples)[None].to(self._device)
        return self._model.mel_spec(sound)[0].T

    def _embed(self, texts: list[list[str]], totals: Any, guidance: float) -> None:
        """Put the text embeddings of each row into the transformer's cache, computed at the row's own length.

        Computed for the whole batch they would depend on the longest row, because a normalisation over all positions includes the
        padding. With masked attention as well, a row sounds as it would alone.
        """
        from f5_tts.model.utils import list_str_to_idx
        from torch.nn.utils.rnn import pad_sequence

        for drop in (False, True) if guidance >= 1e-5 else (False,):
            made = [
                self.transformer.text_embed(
                    list_str_to_idx([text], self._model.vocab_char_map).to(self._device), int(total), drop_text=drop
                )[0]
                for text, total in zip(texts, totals, strict=True)
            ]
            embedded = pad_sequence(made, batch_first=True)
            if drop:
                self.transformer.text_uncond = embedded
            else:
                self.transformer.text_cond = embedded
        if guidance < 1e-5:
            self.transformer.text_uncond = self.transformer.text_cond  # never read; the cache counts as empty without it


def load(checkpoint: Path, vocabulary: Path, architecture: Path, vocoder: Path, device: str) -> F5Model:
    """Return the model in evaluation mode on `device`, in half precision on a GPU.

    Args:
        architecture: a configuration in upstream's format; upstream's own is used if there is no such file.

    Raises:
        EngineError: a file is damaged or belongs to another model.
    """
    _leave_training_out()
    import torch
    import yaml
    from f5_tts.model.backbones.dit import DiT
    from f5_tts.model.cfm import CFM
    from f5_tts.model.utils import get_tokenizer

    config = architecture if architecture.is_file() else Path(str(files("f5_tts").joinpath(UPSTREAM_CONFIG)))
    described = yaml.safe_load(config.read_text("utf-8"))["model"]
    characters, count = get_tokenizer(str(vocabulary), "custom")
    mel = described["mel_spec"]
    arch = {**described["arch"], "attn_mask_enabled": True}  # rows of unequal length must not hear each other's padding
    with without_weights():
        model = CFM(
            transformer=DiT(**arch, text_num_embeds=count, mel_dim=mel["n_mel_channels"]),
            mel_spec_kwargs=mel,
            odeint_kwargs={"method": "euler"},
            vocab_char_map=characters,
        )
    model = give_storage(model.to(torch.float32 if device == "cpu" else torch.float16), device).eval()
    fill(model, read_tensors(checkpoint, device), "F5-TTS", rename=_name)
    return F5Model(model, _load_vocoder(vocoder, device), device)


def _name(found: str) -> str | None:
    name = found.removeprefix(PREFIX)
    return None if name in NOT_WEIGHTS else name


def _load_vocoder(folder: Path, device: str) -> Any:
    import torch
    from vocos import Vocos

    vocoder = Vocos.from_hparams(str(folder / "config.yaml"))
    try:
        state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    except Exception as error:
        raise EngineError("f5.vocoder-damaged") from error
    wanted = vocoder.state_dict()
    shaped = [name for name in wanted.keys() & state.keys() if wanted[name].shape != state[name].shape]
    refuse_mismatch("the vocoder of F5-TTS", wanted.keys() - state.keys(), state.keys() - wanted.keys(), shaped)
    vocoder.load_state_dict(state)
    return vocoder.eval().to(device)


def _tokens(texts: list[str]) -> list[list[str]]:
    from f5_tts.model.utils import convert_char_to_pinyin

    # A lone surrogate is no character; the word segmentation does not survive it.
    clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return convert_char_to_pinyin(clean)  # type: ignore[no-any-return]


def _leave_training_out() -> None:
    """Block the import of the trainer, which any part of f5_tts.model imports with wandb and datasets: 10 seconds and 400 MB."""
    name = "f5_tts.model.trainer"
    if name not in sys.modules:
        stand_in = types.ModuleType(name)
        stand_in.Trainer = None  # type: ignore[attr-defined]
        sys.modules[name] = stand_in
