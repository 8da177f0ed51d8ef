"""Support for engines that were written for version 0.9, until 1.0: their names, `Card` keywords and methods.

Each use raises a DeprecationWarning that names the replacement. Nothing in the studio uses a former name: the type checker
does not see them, and the tests turn these warnings into errors for our own packages.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import replace
from typing import Any

from engines.contract.card import Card, EngineKind, Traits
from engines.contract.speech import SpeechTraits
from engines.contract.transcription import TranscriptionTraits
from engines.contract.video import VideoTraits

FORMER_CLASSES = {
    "Capability": "EngineKind",
    "Extent": "ProblemSize",
    "FollowingEngine": "AlignmentEngine",
    "Run": "RunContext",
    "Saving": "Reduction",
    "Site": "EnginePaths",
}
FORMER_METHODS = {"follow": "align"}

_FORMER_FIELDS = {"way_out": "remedy"}
_TRAITS_OF_KIND: dict[EngineKind, type[Traits]] = {
    EngineKind.SPEECH: SpeechTraits,
    EngineKind.TRANSCRIPTION: TranscriptionTraits,
    EngineKind.VIDEO: VideoTraits,
}
_MOVED_FIELDS: dict[str, type[Traits]] = {
    **dict.fromkeys(("sample_rate", "clones", "streams", "needs_transcript", "longest_clip", "takes_style"), SpeechTraits),
    "longest_sound": TranscriptionTraits,
    "burns_captions": VideoTraits,
}
"""Fields that `Card` had for every engine, and the traits that hold them now."""


def accept_former_fields(card: type[Card]) -> None:
    """Make the class accept its former keywords, and its instances their former attributes."""
    build = card.__init__

    @functools.wraps(build)
    def build_with_former(self: Card, *values: Any, **named: Any) -> None:
        former = {name: named.pop(name) for name in (*_FORMER_FIELDS, *_MOVED_FIELDS) if name in named}
        for name in former:
            _warn_of_field(name)
        named.update({_FORMER_FIELDS[name]: value for name, value in former.items() if name in _FORMER_FIELDS})
        build(self, *values, **named)
        traits = self.traits_of(_TRAITS_OF_KIND.get(self.capability, Traits))
        moved = {name: value for name, value in former.items() if _MOVED_FIELDS.get(name) is type(traits)}
        if moved:
            object.__setattr__(self, "traits", replace(traits, **moved))

    def read_former(self: Card, name: str) -> Any:
        if name not in _FORMER_FIELDS and name not in _MOVED_FIELDS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        _warn_of_field(name)
        if name in _FORMER_FIELDS:
            return getattr(self, _FORMER_FIELDS[name])
        return getattr(self.traits_of(_MOVED_FIELDS[name]), name)

    setattr(card, "__init__", build_with_former)  # noqa: B010 - a type checker refuses to assign a method
    setattr(card, "__getattr__", read_former)  # noqa: B010


def adopt_former_methods(engine: type) -> None:
    """Give a class that defines a former method and not its replacement the replacement."""
    for former, present in FORMER_METHODS.items():
        if former in vars(engine) and present not in vars(engine):
            place = f"{engine.__module__}.{engine.__name__}"
            warnings.warn(f"{place}: the method {former} is called {present} now.", DeprecationWarning, stacklevel=4)
            setattr(engine, present, vars(engine)[former])


def _warn_of_field(name: str) -> None:
    moved = _MOVED_FIELDS.get(name)
    place = f"in Card.traits, as {moved.__name__}.{name}" if moved else f"Card.{_FORMER_FIELDS[name]}"
    warnings.warn(f"Card.{name} is {place} now.", DeprecationWarning, stacklevel=3)
