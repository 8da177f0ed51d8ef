"""ONNX graphs on the CPU by onnxruntime, with inner values of a graph as outputs. Imported in workers only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.contract.errors import EngineError

_MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME = 7, 12, 1
"""Field numbers in onnx.proto: ModelProto.graph, GraphProto.output, ValueInfoProto.name."""


def open_graph(path: Path, threads: int, *inner: str) -> Any:
    """Return an `onnxruntime.InferenceSession` of a file, with inner values of the graph as further outputs at the end.

    Concatenated protocol buffers are merged, and lists in them joined, so that a few bytes after the unchanged file add outputs.

    Args:
        threads: number of threads; they sleep while they wait, because a spinning thread takes a whole core.
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
    """Return all outputs of one call, and release the memory of the call.

    By default onnxruntime keeps the maximum of all calls while the session exists; with inputs of different lengths, and a model
    that waits while another one runs, that is the memory of both.
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
