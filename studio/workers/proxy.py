"""The object that a lease returns: it has the engine's methods and runs them in the worker."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, get_args, get_origin, get_type_hints

from engines.contract import CALLABLE_METHODS, Card, Engine
from engines.contract.errors import EngineError
from engines.worker.codec import fits

Ask = Callable[[dict[str, Any]], Generator[Any, None, Any]]
"""Sends one `call` request: yields the items of a stream, returns the result."""


class EngineProxy:
    """Has the capability methods of the engine as attributes of the instance, so that it satisfies the capability's protocols.
    Generator methods return generators; closing one cancels the call.

    Every method raises WorkerDied (WorkerStalled) if the worker ends during the call, Cancelled if the lease's owner has asked to
    stop, and any GreenroomError of the engine.
    """

    def __init__(self, engine: type[Engine], ask: Ask) -> None:
        self.card: Card = engine.card
        for name in callable_methods(engine):
            setattr(self, name, (_streaming if is_stream(engine, name) else _answering)(ask, engine, name))


def callable_methods(engine: type[Engine]) -> frozenset[str]:
    """Return the methods of its capability that the engine has."""
    return frozenset(name for name in CALLABLE_METHODS[engine.card.capability] if callable(getattr(engine, name, None)))


def is_stream(engine: type[Engine], method: str) -> bool:
    """Return whether a method returns its result in parts: a generator, or one annotated as Iterator."""
    function = inspect.unwrap(getattr(engine, method))
    return inspect.isgeneratorfunction(function) or get_origin(_promised(engine, method)) in (Iterator, Generator, Iterable)


def _promised(engine: type[Engine], method: str) -> Any:
    """Return the method's return annotation; Any if it has none."""
    try:
        return get_type_hints(inspect.unwrap(getattr(engine, method))).get("return", Any)
    except (NameError, TypeError):
        return Any


def _answering(ask: Ask, engine: type[Engine], method: str) -> Callable[..., Any]:
    promised = _promised(engine, method)

    def call(*args: Any, **kwargs: Any) -> Any:
        request = ask({"method": method, "args": args, "kwargs": kwargs, "stream": False})
        try:
            next(request)
        except StopIteration as answered:
            return _checked(answered.value, promised, engine)
        finally:
            request.close()

    return call


def _streaming(ask: Ask, engine: type[Engine], method: str) -> Callable[..., Any]:
    promised = (get_args(_promised(engine, method)) or (Any,))[0]

    def call(*args: Any, **kwargs: Any) -> Iterator[Any]:
        request = ask({"method": method, "args": args, "kwargs": kwargs, "stream": True})
        with closing(request):
            for item in request:
                yield _checked(item, promised, engine)

    return call


def _checked(value: Any, promised: Any, engine: type[Engine]) -> Any:
    if not fits(value, promised):
        name = getattr(promised, "__name__", str(promised))
        raise EngineError("worker.answer-of-other-kind", engine=engine.card.title, given=type(value).__name__, wanted=name)
    return value
