"""The engine of a script: the chosen one, tried on the whole plan, or another one if the choice is "auto" and it can speak all
of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from capabilities.voiceover.cast import Cast, VoiceResolver
from capabilities.voiceover.plan import plan
from capabilities.voiceover.sayable.places import UnsayablePlace, may_be_unsayable, refuse_unsayable, unsayable_places
from capabilities.voiceover.script.parse import Script
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import EngineKind
from studio.errors import GreenroomError
from studio.voices.resolver import AUTO


@dataclass(frozen=True)
class Tried:
    """A cast that was tried on its script.

    `unsayable`: what the engine chosen first cannot say. `cast` speaks with another engine where one can say it all.
    """

    spec: VoiceoverSpec
    cast: Cast
    unsayable: tuple[UnsayablePlace, ...] = ()
    can: bool = True

    def refuse(self) -> None:
        """
        Raises:
            InvalidInput: the engine cannot speak parts of the script, and replacing them was not requested.
        """
        if not self.can:
            refuse_unsayable(self.unsayable, with_lines="\n" in self.spec.script.strip())


class EngineChoice:
    """Tries scripts on engines. Loads none."""

    def __init__(self, resolver: VoiceResolver, longest_chunk: int) -> None:
        self._resolver, self._longest = resolver, longest_chunk

    def tried(self, spec: VoiceoverSpec, script: Script) -> Tried:
        """Return the cast of a completed spec with a known language, tried on its script.

        Raises:
            GreenroomError: an invalid voice or setting.
        """
        cast = Cast(spec, self._resolver, script)
        as_written = spec.model_copy(update={"replace_unsayable": False})
        places = tuple(self._unsayable(as_written, script, cast))
        if not places or spec.replace_unsayable:
            return Tried(spec, cast, places)
        return self._by_another(spec, script, cast, places) or Tried(spec, cast, places, can=False)

    def _by_another(self, spec: VoiceoverSpec, script: Script, cast: Cast, places: tuple[UnsayablePlace, ...]) -> Tried | None:
        """Return another engine if none was chosen; it must allow the same use of the result."""
        if spec.voice or spec.engine != AUTO:
            return None
        for engine in self._resolver.catalog.of(EngineKind.SPEECH):
            if engine is cast.narrator.casting.engine_cls or not engine.card.commercial_use:
                continue
            with contextlib.suppress(GreenroomError):  # not ready, of another language, without a voice of its own
                other = spec.model_copy(update={"engine": engine.card.id})
                recast = Cast(other, self._resolver, script)
                if not self._unsayable(other, script, recast):
                    return Tried(other, recast, places)
        return None

    def _unsayable(self, spec: VoiceoverSpec, script: Script, cast: Cast) -> list[UnsayablePlace]:
        roles = [cast.narrator, *(cast.role(line) for line in script.lines)]
        if not may_be_unsayable(spec.script, roles, cast.site):
            return []
        return unsayable_places(plan(spec, script, cast, self._longest).segments, cast.site)
