"""Status of the language service as values."""

from __future__ import annotations

import threading
from dataclasses import dataclass

SERVER, BUILT_IN, NONE = "server", "built-in", "none"
"""What answers."""


@dataclass(frozen=True)
class TokenCounts:
    """Requests and tokens since the start. `speed`: tokens a second of the last answers, 0 before the first."""

    questions: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    speed: float = 0.0

    def with_answer(self, prompt: int, answer: int, seconds: float) -> TokenCounts:
        now = answer / seconds if seconds > 0 and answer > 1 else self.speed
        speed = now if not self.speed else 0.6 * self.speed + 0.4 * now
        return TokenCounts(self.questions + 1, self.prompt_tokens + prompt, self.answer_tokens + answer, speed)


class TokenBook:
    """Token counts by the name of the model. Any thread may call any method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, TokenCounts] = {}

    def add(self, name: str, prompt: int, answer: int, seconds: float) -> None:
        with self._lock:
            self._counts[name] = self._counts.get(name, TokenCounts()).with_answer(prompt, answer, seconds)

    def of(self, name: str) -> TokenCounts:
        with self._lock:
            return self._counts.get(name, TokenCounts())


@dataclass(frozen=True)
class LanguageStatus:
    """The model in use.

    Args:
        source: "server", "built-in" or "none".
        place: where requests go, "" for nowhere.
        ready: whether it answers, as far as is known without a request.
        sentence, next_step: the same in words.
        has_key: whether a key is set; its value is never shown.
        constraint: the strictest one that the server is known to support, "" before a test.
        set_up: id of the engine that the "Set up" button installs, "" for no button.
    """

    source: str
    url: str
    kind: str
    model: str
    place: str
    ready: bool
    sentence: str
    next_step: str
    has_key: bool
    constraint: str
    held_gib: float
    counts: TokenCounts
    set_up: str
    engine: str = ""


@dataclass(frozen=True)
class ServerTest:
    """The result of a test.

    Args:
        speed: tokens a second.
        first_seconds: time to the first word.
        constraint: the strictest one that works.
        answer: the shortened answer.
    """

    url: str
    kind: str
    model: str
    place: str
    models: tuple[str, ...]
    seconds: float
    first_seconds: float
    speed: float
    constraint: str
    answer: str
