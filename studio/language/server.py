"""Identification of a server at an address and of its models, and discovery of servers on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from engines.contract import ChatPiece, ChatRequest
from studio.language.chat import Constraint, chat
from studio.language.connection import ServerAddress, asked
from studio.language.errors import LanguageError

FIND_SECONDS = 1.5
_MOST_MODELS = 500
_NO_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "clip")
_OURS = "greenroom"


class ServerKind(StrEnum):
    """Programs that serve language models, by their display names."""

    OLLAMA = "Ollama"
    LLAMA_CPP = "llama.cpp"
    LM_STUDIO = "LM Studio"
    VLLM = "vLLM"
    OTHER = "OpenAI-compatible server"


WELL_KNOWN = {
    11434: ServerKind.OLLAMA, 8080: ServerKind.LLAMA_CPP, 1234: ServerKind.LM_STUDIO, 8000: ServerKind.VLLM,
    8081: ServerKind.LLAMA_CPP, 1337: ServerKind.OTHER, 5001: ServerKind.OTHER, 5000: ServerKind.OTHER,
}  # fmt: skip
"""Ports at which such servers listen when nobody says otherwise (1337 Jan, 5001 KoboldCpp, 5000 text-generation-webui)."""

_OWNERS = {
    "library": ServerKind.OLLAMA, "llamacpp": ServerKind.LLAMA_CPP, "organization_owner": ServerKind.LM_STUDIO,
    "vllm": ServerKind.VLLM,
}  # fmt: skip


@dataclass(frozen=True)
class FoundServer:
    """A server that answered: its address, and its models, chat models first."""

    url: str
    kind: ServerKind
    models: tuple[str, ...]


def looked_at(server: ServerAddress, seconds: float = 10.0) -> FoundServer:
    """Return kind and models of a server.

    Raises:
        LanguageError: no server answers, or it is no language server.
    """
    told = asked(server, f"{server.url}/models", seconds=seconds)
    rows = told.get("data") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise LanguageError("llm.no-chat-server")
    found = [row for row in rows[:_MOST_MODELS] if isinstance(row, dict) and isinstance(row.get("id"), str)]
    owners = {str(row.get("owned_by", "")).lower() for row in found}
    if _OURS in owners:
        raise LanguageError("llm.no-chat-server")
    kind = next((_OWNERS[owner] for owner in owners if owner in _OWNERS), ServerKind.OTHER)
    names = [str(row["id"])[:300] for row in found]
    names.sort(key=lambda name: any(word in name.lower() for word in _NO_CHAT))
    return FoundServer(server.url, kind, tuple(dict.fromkeys(names)))


def find_on_this_machine(ports: tuple[int, ...] = tuple(WELL_KNOWN), without: int = 0) -> list[FoundServer]:
    """Return the servers on well-known ports of the loopback address, requested in parallel; `without` is the studio's own
    port.
    """

    def look(port: int) -> FoundServer | None:
        try:
            return looked_at(ServerAddress(f"http://127.0.0.1:{port}/v1"), FIND_SECONDS)
        except LanguageError:
            return None

    wanted = [port for port in ports if port != without]
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        return [found for found in pool.map(look, wanted) if found is not None]


class ServerModel:
    """A model of a server; see asking.LanguageModel."""

    def __init__(self, server: ServerAddress, model: str, strictest: Constraint) -> None:
        self.server, self.name, self.strictest = server, model, strictest

    def chat(self, request: ChatRequest, constraint: Constraint, check: Callable[[], None]) -> Iterator[ChatPiece]:
        return chat(self.server, self.name, request, constraint, check)
