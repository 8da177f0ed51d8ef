"""A tiny random checkpoint of Kokoro, in the files and names that its makers publish. Runs in the model environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engines.speech.kokoro_torch.voices import NAMES

SYMBOLS = (
    ';:,.!?—…"() “”\u0303ʣʥʦʨᵝ\uab67AIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ'
)
CONFIG: dict[str, Any] = {
    "vocab": {symbol: place + 1 for place, symbol in enumerate(dict.fromkeys(SYMBOLS))},
    "n_token": 178, "hidden_dim": 512, "style_dim": 128, "n_layer": 1, "max_dur": 8, "dropout": 0.0,
    "text_encoder_kernel_size": 5, "n_mels": 80,
    "plbert": {
        "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 512,
        "num_hidden_layers": 1, "embedding_size": 16,
    },
    "istftnet": {
        "upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6], "gen_istft_hop_size": 5, "gen_istft_n_fft": 20,
        "resblock_dilation_sizes": [[1, 3, 5]], "resblock_kernel_sizes": [3], "upsample_initial_channel": 512,
    },
}  # fmt: skip


def build(root: Path) -> None:
    import kokoro.model
    import torch

    folder = root / "hexgrad--Kokoro-82M"
    (folder / "voices").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    torch.manual_seed(0)
    with patch.object(kokoro.model.torch, "load", lambda *_, **__: {}):  # its constructor insists on a file of weights
        model = kokoro.model.KModel(repo_id="hexgrad/Kokoro-82M", config=CONFIG, model="none")
    parts = ("bert", "bert_encoder", "predictor", "text_encoder", "decoder")
    torch.save({part: getattr(model, part).state_dict() for part in parts}, folder / "kokoro-v1_0.pth")
    for number, name in enumerate(NAMES):
        torch.manual_seed(number)
        torch.save(torch.randn(1, 1, 256).expand(510, 1, 256).clone() * 0.1, folder / "voices" / f"{name}.pt")
