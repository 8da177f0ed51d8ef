"""Speaks through the engine on a tiny checkpoint, and prints what came out as JSON. Runs in Fish Speech's environment.

python -m tests.engines.speech.fish.speak_tiny WEIGHTS_ROOT ASSETS
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from engines.contract.errors import EngineError
from engines.speech.fish.engine import REPO, FishSpeech
from engines.speech.fish.options import FishPackageOptions
from tests.engines.speech.fish.tiny_fish import build


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def _no_network(*_: Any, **__: Any) -> None:
    raise AssertionError("the engine opened a connection")


def main(root: Path, assets: Path) -> dict[str, Any]:
    build(root / repo_folder_name(REPO))
    socket.socket.connect = _no_network  # type: ignore[method-assign,assignment]
    engine = FishSpeech(EnginePaths(assets, root / "cache", (root,)), FishPackageOptions(max_new_tokens=24), _Run())
    engine.load()
    reference, words = assets / "voices" / "LJ001-0008.wav", "has never been surpassed."
    request = SpeechRequest("Hello (excited) world.", SpeakingVoice(reference=reference, transcript=words), seed=5)
    one, other = engine.synthesize(request).audio, engine.synthesize(request).audio
    streamed = list(engine.stream(request))
    remembered = len(engine._engine.ref_by_hash)
    corrected = replace(request, voice=replace(request.voice, transcript="has never been improved upon."))
    engine.synthesize(corrected)
    ((_, said),) = engine._engine.ref_by_hash.values()
    (root / repo_folder_name(REPO) / "model.pth").write_bytes(b"no weights")
    broken = FishSpeech(engine.site, engine.options, _Run())
    try:
        broken.load()
        refusal = ""
    except EngineError as error:
        refusal = str(error)
    return {
        "frames": one.frames, "rate": one.rate, "peak": float(abs(one.samples).max()), "same": bool(one == other),
        "streamed": sum(part.frames for part in streamed), "refusal": refusal,
        "remembered": remembered, "said": said,
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
