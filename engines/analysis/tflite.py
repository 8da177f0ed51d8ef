"""A TensorFlow Lite model on ai-edge-litert: one batch in, all outputs out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class TfliteModel:
    """A model on the CPU. Not thread-safe."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self._outputs: list[int] = [one["index"] for one in self._interpreter.get_output_details()]

    def __call__(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_tensor(index)) for index in self._outputs]
