"""llama.cpp in this process, through xllamacpp (MIT): one model, one answer at a time, not reachable by other programs.

xllamacpp's server requires an address. It gets a socket in a private folder instead of a port, and a random key; the socket's
name is removed as soon as the model is loaded, so that no other program can connect.

Threads sleep while they wait instead of spinning, and there is one fewer than cores: on a busy machine two spinning threads
generated a fiftieth of the words of one sleeping thread.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engines.contract import ChatPiece, ChatRequest
from engines.contract.errors import EngineError

BATCH = 64
"""Tokens of a chat that are read at once; between two batches it can be stopped, and says how far it is."""

POLL_SECONDS = 0.1
MOST_THREADS = 16

_ENDS = {"stop": "stop", "length": "length"}


class LlamaServer:
    """A loaded model, for use by one thread at a time."""

    def __init__(self, model: Path, context: int, title: str) -> None:
        """Load the weights.

        Args:
            context: tokens of chat and answer together.
            title: of the engine, for its errors.

        Raises:
            EngineError: the file is not a model that this build of llama.cpp supports.
        """
        import xllamacpp

        self._title = title
        with tempfile.TemporaryDirectory(prefix="greenroom-") as private:
            parameters = _parameters(model, context, f"{private}/model.sock")
            try:
                self._server = xllamacpp.Server(parameters)
            except (RuntimeError, ValueError) as error:
                raise EngineError("language.weights-wrong", engine=title) from error

    def answer(self, request: ChatRequest, check: Callable[[], None], read: Callable[[float], None]) -> Iterator[ChatPiece]:
        """Yield the answer in pieces.

        Args:
            check: raises if the caller has cancelled; called ten times a second.
            read: called with the processed fraction of the chat, 0 to 1.

        Raises:
            EngineError: as `LanguageEngine.chat`.
        """
        pieces: queue.SimpleQueue[dict[str, Any] | Exception | None] = queue.SimpleQueue()
        left = threading.Event()

        def take(piece: dict[str, Any]) -> bool:
            pieces.put(piece)
            return left.is_set()

        def run() -> None:
            try:
                self._server.handle_chat_completions(_body(request), take)
                pieces.put(None)
            except Exception as error:
                pieces.put(error)

        thread = threading.Thread(target=run, name="llama", daemon=True)
        thread.start()
        try:
            yield from self._pieces(pieces, check, read)
        finally:
            left.set()
            thread.join()

    def _pieces(
        self, arriving: queue.SimpleQueue[Any], check: Callable[[], None], read: Callable[[float], None]
    ) -> Iterator[ChatPiece]:
        ended = ""
        while True:
            check()
            try:
                piece = arriving.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                raise EngineError("language.answer-cut-off", engine=self._title, retryable=True)
            if isinstance(piece, Exception) or "error" in piece:
                raise self._refusal(piece)
            if "prompt_progress" in piece:
                told = piece["prompt_progress"]
                read(told.get("processed", 0) / max(1, told.get("total", 0)))
            for choice in piece.get("choices", ()):
                text = choice.get("delta", {}).get("content") or ""
                ended = _ENDS.get(choice.get("finish_reason") or "", ended)
                if text:
                    yield ChatPiece(text)
            if "usage" in piece:
                used = piece["usage"]
                yield ChatPiece("", "length" if ended == "length" else "stop", used["prompt_tokens"], used["completion_tokens"])
                return

    def _refusal(self, told: Exception | dict[str, Any]) -> EngineError:
        if isinstance(told, Exception):
            return EngineError("language.schema-unusable", engine=self._title)
        error = told["error"]
        if error.get("type") == "exceed_context_size_error":
            return EngineError(
                "language.chat-too-long", engine=self._title, tokens=error.get("n_prompt_tokens", 0), most=error.get("n_ctx", 0)
            )
        return EngineError("language.engine-failed", engine=self._title, problem=str(error.get("type", "")))


def _parameters(model: Path, context: int, socket: str) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = context, 1, 0
    parameters.n_batch = parameters.n_ubatch = BATCH
    threads = max(1, min(MOST_THREADS, len(os.sched_getaffinity(0)) - 1))
    for cores in (parameters.cpuparams, parameters.cpuparams_batch):
        cores.n_threads, cores.poll = threads, 0
    parameters.hostnames, parameters.api_keys, parameters.n_threads_http = [socket], [secrets.token_urlsafe(32)], 1
    parameters.endpoint_slots = parameters.endpoint_props = parameters.ui = False
    parameters.cache_ram_mib, parameters.fit_params, parameters.warmup = 0, False, False
    parameters.offline = True
    parameters.verbosity = 1  # errors alone: the log never holds what was said
    return parameters


def _body(request: ChatRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": [{"role": one.role, "content": one.content} for one in request.messages],
        "max_tokens": request.longest,
        "temperature": request.temperature,
        "seed": request.seed % 2**32,
        "repeat_penalty": 1.1,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }
    if request.schema is not None:
        schema = json.loads(json.dumps(request.schema))
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    return body
