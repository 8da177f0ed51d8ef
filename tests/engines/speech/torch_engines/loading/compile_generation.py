"""Dia and VibeVoice with a compiled model, and where compiling fails; prints what came of it, as JSON.

`python -m tests.engines.speech.torch_engines.loading.compile_generation CHECKPOINTS`, in the model environment. transformers
compiles on a GPU only; here it is told to do so on the processor, with a backend that runs the captured graph as it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engines.contract import EnginePaths, SpeechRequest
from engines.speech.common import transformers_engine
from engines.speech.dia.engine import Dia
from engines.speech.vibevoice.engine import VibeVoice
from tests.engines.speech.torch_engines.loading.compile_fails import Told

REQUESTS = (SpeechRequest("Hello there.", seed=3), SpeechRequest("And a longer one, hello.", seed=4))

STEPS = 8
"""Of the model for a text, and one more for each letter: enough for two calls of different length."""


def main(checkpoints: Path) -> dict[str, Any]:
    return {engine.card.id: _tried(engine, EnginePaths(checkpoints, checkpoints, (checkpoints,))) for engine in (Dia, VibeVoice)}


def _tried(engine: Any, site: EnginePaths) -> dict[str, Any]:
    import torch._dynamo
    from transformers.generation import CompileConfig

    told: dict[str, Any] = {}
    plain = _spoken(engine, site, Told())
    with patch.object(transformers_engine, "obstacle_to_compiling", lambda device: ""):
        for name, backend in (("compiled", _counting), ("broken", _failing)):
            torch._dynamo.reset()
            _counting.graphs = 0  # type: ignore[attr-defined]
            config = CompileConfig(backend=backend, mode=None, fullgraph=True)
            config._compile_all_devices = True
            run = Told()
            made = _spoken(engine, site, run, config)
            told[name] = {
                "same": [one == other for one, other in zip(plain, made, strict=True)],
                "graphs": _counting.graphs,  # type: ignore[attr-defined]
                "notes": [note for note in run.notes if "ompil" in note],
            }
    return told


def _spoken(engine: Any, site: EnginePaths, run: Told, config: Any = None) -> list[Any]:
    able = engine(site, engine.Options(), run)
    able.load()
    able._most_tokens = lambda request: STEPS + len(request.text)
    if config is not None:
        able._model.generation_config.compile_config = config
    return [able.synthesize(request).audio for request in REQUESTS]


def _counting(graph: Any, inputs: Any) -> Any:
    _counting.graphs += 1  # type: ignore[attr-defined]
    return graph.forward


def _failing(graph: Any, inputs: Any) -> Any:
    raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.")


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
