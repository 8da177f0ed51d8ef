"""What a lease hands out: an object with the engine's own methods that runs them in the worker."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Any, get_origin, get_type_hints

from engines.contract import CALLABLE_METHODS, Card, Engine

Ask = Callable[[dict[str, Any]], Generator[Any, None, Any]]
"""Sends one `call` request: yields the items of a stream, returns the result."""


class EngineProxy:
    """Has exactly the methods of the capability that the engine has, as attributes of the instance, so that it passes for
    an instance of the capability's protocols. Generator methods give generators; closing one cancels the call.

    Every method raises WorkerDied (WorkerStalled) when the worker ends in the middle, Cancelled when the lease's holder
    has asked to stop, and whatever GreenroomError the engine raised.
    """

    def __init__(self, engine: type[Engine], ask: Ask) -> None:
        self.card: Card = engine.card
        for name in callable_methods(engine):
            setattr(self, name, (_streaming if is_stream(engine, name) else _answering)(ask, name))


def callable_methods(engine: type[Engine]) -> frozenset[str]:
    """The methods of its capability that the engine has."""
    return frozenset(name for name in CALLABLE_METHODS[engine.card.capability] if callable(getattr(engine, name, None)))


def is_stream(engine: type[Engine], method: str) -> bool:
    """Whether a method gives its result in parts: a generator, or one whose annotation says Iterator."""
    function = inspect.unwrap(getattr(engine, method))
    if inspect.isgeneratorfunction(function):
        return True
    try:
        told = get_origin(get_type_hints(function).get("return"))
    except (NameError, TypeError):
        return False
    return told in (Iterator, Generator, Iterable) and told is not AsyncIterator


def _answering(ask: Ask, method: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        request = ask({"method": method, "args": args, "kwargs": kwargs, "stream": False})
        try:
            next(request)
        except StopIteration as answered:
            return answered.value
        finally:
            request.close()

    return call


def _streaming(ask: Ask, method: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from ask({"method": method, "args": args, "kwargs": kwargs, "stream": True})

    return call
