"""ONNX graphs run by onnxruntime on the CPU, and values from inside a graph as outputs. Imported in workers only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.contract.errors import EngineError

_MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME = 7, 12, 1
"""Field numbers in onnx.proto: ModelProto.graph, GraphProto.output, ValueInfoProto.name."""


def open_graph(path: Path, threads: int, *inner: str) -> Any:
    """An `onnxruntime.InferenceSession` of a file, with values of the graph's inside as further outputs, the last ones.

    Protocol buffers that are laid end to end are merged, and lists in them joined, so a graph is given another output by
    a few bytes behind the file, which stays as its makers wrote it.

    Args:
        threads: how many compute; they sleep while they wait, because a spinning thread costs a whole core.
        inner: names of values inside the graph.

    Raises:
        EngineError: the file is no graph that can be run, or has no such value.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    outputs = b"".join(_field(_GRAPH_OUTPUT, _field(_VALUE_NAME, name.encode())) for name in inner)
    data = path.read_bytes() + (_field(_MODEL_GRAPH, outputs) if inner else b"")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each of its own failures, with no common base
        raise EngineError("engine.weights-damaged", file=path.name) from error


def run_and_give_back(session: Any, feed: dict[str, Any]) -> list[Any]:
    """All outputs of one call, after which the memory it computed in goes back to the machine.

    By itself onnxruntime keeps the most that any call needed for as long as the session lives; where inputs differ in length
    and a model waits while another one works, that is the memory of both.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return list(session.run(None, feed, options))


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    length, sizes = len(content), bytearray()
    while length > 0x7F:
        sizes.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((number << 3 | 2, *sizes, length)) + content
