"""Holds the voice encoder, which is written in numpy, against torch's layers and librosa's mel spectrogram. Imported in the
environment "models" only, by tests.engines.verification.embed_tiny."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import torch

from engines.verification.voice_encoder.engine import WEIGHTS, spoken
from engines.verification.voice_encoder.network import BANDS, FRAME, HOP, LAYERS, RATE, VoiceNetwork, mel_spectrogram, windows_of
from media.audio.decode import decode_audio


class TorchEncoder(torch.nn.Module):
    """The speaker encoder as it was published: recurrent layers, then one linear one, by the names of their tensors."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(BANDS, width, LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(width, width)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        _, (hidden, _) = self.lstm(windows)
        return torch.nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


def compare(assets: Path) -> dict[str, float]:
    with np.load(assets / WEIGHTS, allow_pickle=False) as file:
        weights = {name: file[name].astype(np.float32) for name in file.files}
    speech = spoken(decode_audio(assets / "voices" / "LJ001-0005.wav")).samples[:, 0]
    windows = windows_of(speech)
    network = TorchEncoder(weights["linear.bias"].size)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    with torch.inference_mode():
        expected = network(torch.from_numpy(windows)).numpy()
        later = network(torch.from_numpy(windows_of(speech[HOP * 40 :])[: len(windows)])).numpy()
    ours = VoiceNetwork(weights).embed(windows)
    theirs = librosa.feature.melspectrogram(y=speech, sr=RATE, n_fft=FRAME, hop_length=HOP, n_mels=BANDS).T
    mel = mel_spectrogram(speech)
    return {
        "windows": len(windows),
        "bands": float(np.abs(mel - theirs).max() / theirs.max()),
        "vectors": float(np.abs(ours - expected).max()),
        "cosine": float((ours * expected).sum(axis=1).min()),
        "control: gates swapped": float(np.abs(VoiceNetwork(_gates_swapped(weights)).embed(windows) - expected).max()),
        "control: a window later": float(np.abs(later - expected[: len(later)]).max()),
    }


def _gates_swapped(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The first layer's input and forget gates in each other's place."""
    swapped = dict(weights)
    for name in ("lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0"):
        first, second, *others = np.split(weights[name], 4)
        swapped[name] = np.concatenate([second, first, *others])
    return swapped
