"""The language service: choice and test of the model in use, and all requests to it.

The server that the user has chosen answers; without one the built-in model, if installed; otherwise requests fail with
NoLanguageModelError. Nothing is sent at the start, and nothing to any other address than the chosen one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from engines.contract import ChatRequest, EnginePaths
from media.messages.message import Message
from studio.callbacks import never_cancelled, no_op
from studio.errors import Cancelled, GreenroomError
from studio.language.address import Place, checked_address, place_of
from studio.language.asking import ChatAnswer, LanguageModel, ask_json, ask_text, checking
from studio.language.built_in import BuiltInModel, LanguageCatalog, built_in_engine
from studio.language.chat import Constraint
from studio.language.connection import ServerAddress
from studio.language.errors import LanguageError, NoLanguageModelError
from studio.language.json_answers import Check, schema_check
from studio.language.residency import LanguageServerResidency
from studio.language.server import FoundServer, ServerKind, ServerModel, find_on_this_machine, looked_at
from studio.language.status import BUILT_IN, NONE, SERVER, LanguageStatus, ServerTest, TokenBook, TokenCounts
from studio.language.trial import TRIAL_QUESTION, strictest_kept
from studio.preferences.local_settings import LocalSettings, fixed_by_variables
from studio.settings import LanguageSettings
from studio.workers.pool import WorkerPool

T = TypeVar("T")
GROUP = "language"


class LanguageService:
    """The only instance of the studio. Any thread may call any method; its lock is not held during requests."""

    def __init__(
        self,
        settings: LanguageSettings,
        local: LocalSettings,
        catalog: LanguageCatalog,
        site: EnginePaths,
        workers: WorkerPool,
        residency: LanguageServerResidency,
        own_port: int = 0,
    ) -> None:
        """Create the service.

        Raises:
            SettingsError: settings.local.yaml is invalid.
        """
        self._settings, self._local, self._catalog, self._site = settings, local, catalog, site
        self._workers, self.residency, self._own_port = workers, residency, own_port
        self._lock = threading.Lock()
        self._chosen = local.over(GROUP, settings)
        self._kind = ServerKind.OTHER
        self._problem: GreenroomError | None = None
        self._tried = False
        self._first_model = ""
        self._strictest: dict[tuple[str, str], Constraint] = {}
        self._counts = TokenBook()
        self._told_residency()

    def status(self) -> LanguageStatus:
        """Return the status, without requests, because pages call it often."""
        with self._lock:
            chosen, kind, problem, tried = self._chosen, self._kind, self._problem, self._tried
        engine, ready = built_in_engine(self._catalog, self._site)
        to_set_up = engine.card.id if engine is not None and not ready else ""
        if chosen.url:
            place = place_of(chosen.url)
            model = chosen.model or self._first_model
            server = "" if kind is ServerKind.OTHER else kind.value
            here = place is Place.MACHINE
            sentence = Message.of("llm.model-of-server", model=model, server=server, here=here, place=place).reason()
            step = "" if tried else Message.of("llm.press-test").reason()
            if problem is not None:
                sentence, step = problem.reason, problem.hint
            constraint = self._strictest.get((chosen.url, chosen.model))
            return LanguageStatus(
                SERVER, chosen.url, kind.value, model, place.value, problem is None, sentence, step, bool(chosen.api_key),
                constraint.value if constraint else "", self.residency.held_gib, self._counts.of(model), to_set_up,
            )  # fmt: skip
        if engine is not None and ready:
            title = engine.card.title
            return LanguageStatus(
                BUILT_IN, "", "built-in", title, Place.MACHINE.value, True, Message.of("llm.built-in", model=title).reason(), "",
                False, Constraint.SCHEMA.value, 0.0, self._counts.of(title), "", engine.card.id,
            )  # fmt: skip
        none = NoLanguageModelError("llm.none")
        return LanguageStatus(
            NONE, "", "", "", "", False, none.reason, none.hint, False, "", 0.0, TokenCounts(), to_set_up,
            engine.card.id if engine is not None else "",
        )  # fmt: skip

    def choose(self, url: str, model: str = "", api_key: str | None = None) -> LanguageStatus:
        """Use a server from now on, or none with an empty address. Sends nothing to it.

        Args:
            api_key: None keeps the one of this server, "" removes it.

        Raises:
            LanguageError: it is no address.
            SettingsError: a value is invalid.
            StorageError, OSError: the disk failed.
        """
        fixed = fixed_by_variables(GROUP) & {"url", "model", "api_key"}
        if fixed:
            raise LanguageError("llm.fixed-by-variable", settings=sorted(f"language.{one}" for one in fixed))
        address = checked_address(url) if url.strip() else ""
        with self._lock:
            same = address == self._chosen.url
            key = (self._chosen.api_key if same else "") if api_key is None else api_key.strip()
            values = {"url": address, "model": model.strip() if address else "", "api_key": key if address else ""}
        self.adopt(self._local.choose(GROUP, self._settings, values))
        return self.status()

    def adopt(self, settings: LanguageSettings) -> None:
        """Ask by these settings from now on."""
        if settings == self._chosen:
            return
        with self._lock:
            self._kind = self._kind if settings.url == self._chosen.url else ServerKind.OTHER
            self._chosen, self._problem, self._tried, self._first_model = settings, None, False, ""
        self._told_residency()

    def find(self) -> list[FoundServer]:
        """Return the servers on well-known ports of this machine; takes about two seconds, and runs on request only."""
        return find_on_this_machine(without=self._own_port)

    def _address(self, url: str, key: str) -> ServerAddress:
        return ServerAddress(url, key, self._chosen.answer_seconds)

    def _told_residency(self) -> None:
        with self._lock:
            chosen, kind = self._chosen, self._kind
        server = self._address(chosen.url, chosen.api_key) if chosen.url else None
        self.residency.choose(server, kind, chosen.model)

    # Asking

    @contextmanager
    def model_in_use(
        self,
        cancelled: Callable[[], bool] = never_cancelled,
        on_state: Callable[[str, str], None] = no_op,
        on_progress: Callable[[float, str], None] = no_op,
    ) -> Iterator[LanguageModel]:
        """Yield the chosen server's model, or the leased built-in one, for the context.

        Raises:
            NoLanguageModelError: there is none. LanguageError: no request is possible. Errors of `WorkerPool.lease`.
        """
        with self._lock:
            chosen = self._chosen
        if chosen.url:
            with self.residency.use():
                yield self._server_model(chosen)
            return
        engine, ready = built_in_engine(self._catalog, self._site)
        if engine is None or not ready:
            raise NoLanguageModelError("llm.none")
        with self._workers.lease(
            engine, engine.Options(), cancelled=cancelled, on_state=on_state, on_progress=on_progress
        ) as leased:
            yield BuiltInModel(leased, engine.card.title)

    def _server_model(self, chosen: LanguageSettings) -> ServerModel:
        server = self._address(chosen.url, chosen.api_key)
        model = chosen.model
        if not model:
            found = self._look(server)
            if not found.models:
                raise LanguageError("llm.no-model-there")
            model = self._first_model = found.models[0]
        return ServerModel(server, model, self._strictest.get((chosen.url, model), Constraint.SCHEMA))

    def _look(self, server: ServerAddress) -> FoundServer:
        try:
            found = looked_at(server)
        except LanguageError as error:
            self._note(server.url, error)
            raise
        with self._lock:
            if server.url == self._chosen.url:
                self._kind = found.kind
        self._told_residency()
        return found

    def ask(
        self,
        llm: LanguageModel,
        request: ChatRequest,
        cancelled: Callable[[], bool] = never_cancelled,
        heard: Callable[[str], None] = no_op,
    ) -> ChatAnswer[str]:
        """Return a plain answer of a model; `heard` gets each piece, and "" when it starts again. Raises LanguageError,
        EngineError, Cancelled.
        """
        with self._counted(llm) as count:
            return count(ask_text(llm, request, checking(cancelled), heard))

    def ask_shaped(
        self, llm: LanguageModel, request: ChatRequest, shape: Check[T], cancelled: Callable[[], bool] = never_cancelled
    ) -> ChatAnswer[T]:
        """Return an answer of the shape that `request.schema` describes and `shape` validates. Raises the errors of `ask`."""
        with self._counted(llm) as count:
            return count(ask_json(llm, request, shape, checking(cancelled)))

    def ask_schema(
        self, llm: LanguageModel, request: ChatRequest, cancelled: Callable[[], bool] = never_cancelled
    ) -> ChatAnswer[Any]:
        """Return an answer that is valid under `request.schema`. Raises the errors of `ask`, and LanguageError if it is not a
        schema.
        """
        try:
            shape = schema_check(request.schema or {})
        except ValueError as error:
            raise LanguageError("llm.no-schema", problem=str(error)) from None
        return self.ask_shaped(llm, request, shape, cancelled)

    @contextmanager
    def _counted(self, llm: LanguageModel) -> Iterator[Callable[[ChatAnswer[T]], ChatAnswer[T]]]:
        begun = time.monotonic()

        def count(answer: ChatAnswer[T]) -> ChatAnswer[T]:
            self._counts.add(llm.name, answer.prompt_tokens, answer.answer_tokens, time.monotonic() - begun)
            return answer

        url = llm.server.url if isinstance(llm, ServerModel) else ""
        try:
            yield count
        except Cancelled:
            raise
        except GreenroomError as error:
            if error.code in _ANSWERED:
                self._note(url, None)
            else:
                self._note(url, error)
            raise
        self._note(url, None)
        if isinstance(llm, ServerModel):
            self._strictest[(url, llm.name)] = llm.strictest

    def _note(self, url: str, error: GreenroomError | None) -> None:
        """Record the state of the chosen server after a request."""
        with self._lock:
            if url and url == self._chosen.url:
                self._problem, self._tried = error, True

    # Trying

    def test(self, cancelled: Callable[[], bool] = never_cancelled) -> ServerTest:
        """Send one question to the model in use, and find out which constraint it supports.

        Raises:
            NoLanguageModelError, LanguageError, EngineError, Cancelled.
        """
        with self._lock:
            chosen = self._chosen
        found = self._look(self._address(chosen.url, chosen.api_key)) if chosen.url else None
        if found is not None and chosen.model and chosen.model not in found.models:
            error = LanguageError("llm.model-unknown")
            self._note(chosen.url, error)
            raise error
        with self.model_in_use(cancelled) as llm:
            answer, seconds, first = self._timed(llm, cancelled)
            constraint = llm.strictest = strictest_kept(llm, checking(cancelled))
        url = found.url if found is not None else ""
        with self._lock:
            for name in (llm.name, chosen.model) if url else ():
                self._strictest[(url, name)] = constraint
        return ServerTest(
            url, found.kind.value if found is not None else "built-in", llm.name,
            (place_of(url) if url else Place.MACHINE).value, found.models if found is not None else (),
            seconds, first, answer.answer_tokens / max(seconds - first, 0.001), constraint.value, answer.value[:300],
        )  # fmt: skip

    def _timed(self, llm: LanguageModel, cancelled: Callable[[], bool]) -> tuple[ChatAnswer[str], float, float]:
        """Return the answer to the test question, its duration, and the time to its first word."""
        begun = time.monotonic()
        pieces: list[float] = []

        def heard(piece: str) -> None:
            if piece:
                pieces.append(time.monotonic() - begun)

        answer = self.ask(llm, TRIAL_QUESTION, cancelled, heard)
        seconds = time.monotonic() - begun
        return answer, seconds, pieces[0] if pieces else seconds


_ANSWERED = frozenset(
    {"llm.refused", "llm.no-json", "llm.wrong-shape", "llm.answered-nothing", "llm.text-too-long", "llm.no-schema"}
)
"""What a server that works may end a question with."""
