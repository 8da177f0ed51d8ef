"""Choice of a video engine, its options and the size of a clip, with its time and memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engines.catalog import Catalog
from engines.contract import Device, Engine, EngineKind, EngineOptions, EnginePaths, Machine
from engines.contract.card import ProblemSize
from engines.contract.errors import EngineNotReady
from engines.contract.video import ClipRules, VideoEngine
from media.messages.message import Message
from studio.errors import InvalidInput
from studio.jobs.runtime_stats import RuntimeEstimate
from studio.validation import validated
from studio.workers.engine_service import readiness_of

AUTO = "auto"
BUILT_IN = "animatic"


@dataclass(frozen=True)
class ClipSettings:
    """Engine, options, size and frame rate of a clip. `chosen` is a sentence on the meaning of "auto" on this machine."""

    engine: type[Engine]
    options: EngineOptions
    rules: ClipRules
    width: int
    height: int
    fps: Fraction
    chosen: str = ""

    @property
    def title(self) -> str:
        return self.engine.card.title

    def extent(self, frames: int) -> ProblemSize:
        """Return the problem size of one clip with a number of frames."""
        return ProblemSize(self.width, self.height, frames)

    @property
    def cost(self) -> tuple[str, int]:
        """The options that influence the time per frame, as words, and the number of steps."""
        able: Any = self.engine
        variant, steps = able.clip_cost(self.options, self.width, self.height)
        return str(variant), int(steps)


class VideoEngineSelector:
    """Selects engines of the catalog. Has no state of a job."""

    def __init__(self, catalog: Catalog, site: EnginePaths, machine: Callable[[], Machine]) -> None:
        """Create the selector.

        Args:
            machine: returns this machine's memory, for options at "auto".
        """
        self._catalog, self._site, self._machine = catalog, site, machine

    def choose(self, engine_id: str, given: dict[str, Any], *, with_image: bool) -> type[Engine]:
        """Return the requested engine; for "auto" the first ready one on a GPU that fits to the picture or its absence, else the
        animatic.

        Raises:
            NotFound, InvalidInput, EngineNotReady.
        """
        if engine_id in ("", AUTO):
            return self._best(with_image)
        engine = self._catalog.get(engine_id)
        if engine.card.capability is not EngineKind.VIDEO:
            raise InvalidInput("clip.engine-unfit", engine=engine.card.title, able=self.ids())
        wants = self.rules(engine, validated(engine.Options, given, "option")).start_image
        if with_image and wants == "none":
            raise InvalidInput("clip.engine-starts-without-picture", engine=engine.card.title)
        if not with_image and wants == "required":
            raise InvalidInput("clip.engine-needs-picture", engine=engine.card.title)
        readiness = readiness_of(engine, self._site)
        if not readiness.ready:
            raise EngineNotReady("engine.not-ready", engine=engine.card.title, why=readiness.why, next_step=readiness.step)
        return engine

    def _best(self, with_image: bool) -> type[Engine]:
        fitting = [engine for engine in self._catalog.of(EngineKind.VIDEO) if self._fits(engine, with_image)]
        ready = [engine for engine in fitting if readiness_of(engine, self._site).ready]
        ready.sort(key=lambda engine: engine.card.device is not Device.CUDA)
        if not ready:
            raise EngineNotReady("clip.none-ready")
        return ready[0]

    def _fits(self, engine: type[Engine], with_image: bool) -> bool:
        wants = self.rules(engine, engine.Options()).start_image
        return wants != "none" if with_image else wants != "required"

    def ids(self) -> list[str]:
        return [engine.card.id for engine in self._catalog.of(EngineKind.VIDEO)]

    @staticmethod
    def rules(engine: type[Engine], options: EngineOptions) -> ClipRules:
        able: Any = engine
        assert issubclass(able, VideoEngine)
        rules: ClipRules = able.clip_rules(options)
        return rules

    def form(self, engine: type[Engine], given: dict[str, Any], size: str, fps: float) -> ClipSettings:
        """Return validated engine, options, size and rate.

        Raises:
            InvalidInput: a value is not possible; the error names it.
        """
        asked = validated(engine.Options, given, "option")
        options = engine.settled(self._site, asked)
        rules = self.rules(engine, options)
        width, height = size_of(rules, size)
        rules.check(engine.card.title, width, height, rules.fewest_frames)
        machine = self._machine()
        options = engine.chosen_for(self._site, options, machine, ProblemSize(width, height, rules.most_frames))
        chosen = _chosen_in_words(asked, options)
        if engine.card.device is Device.CUDA and not machine.gpu:
            chosen = f"There is no graphics card here: a clip takes hours to days. An animatic needs none. {chosen}".strip()
        return ClipSettings(engine, options, rules, width, height, rate_of(rules, fps), chosen)

    def reckoned(self, form: ClipSettings, frames: int) -> RuntimeEstimate | None:
        """Return the estimated time for a number of frames without measurements; None if there is no estimate."""
        reckon = getattr(form.engine, "clip_seconds", None)
        if reckon is None or not frames:
            return None
        whole, rest = divmod(frames, form.rules.most_frames)
        parts = [form.rules.most_frames] * whole + ([form.rules.frames_for(rest)] if rest else [])
        seconds = [reckon(form.options, form.extent(part), self._machine()) for part in parts]
        return None if None in seconds else RuntimeEstimate(float(sum(seconds)), exact=False, reckoned=True)

    def lane_device(self, engine_id: str) -> Device:
        return self._catalog.get(engine_id).card.device


def _chosen_in_words(asked: EngineOptions, options: EngineOptions) -> str:
    fields = type(options).model_fields
    left = [name for name in fields if getattr(asked, name) == AUTO and getattr(options, name) not in (AUTO, "none")]
    told = [f"{fields[name].title} {getattr(options, name)}" for name in left]
    return Message.of("shot.chosen-for-machine", choices=told).reason() if told else ""


def size_of(rules: ClipRules, size: str) -> tuple[int, int]:
    """Return width and height of a size by its id or as "1280x720".

    Raises:
        InvalidInput: it is neither.
    """
    if not size.strip():
        return rules.sizes[0].width, rules.sizes[0].height
    for known in rules.sizes:
        if size.strip().lower() == known.id:
            return known.width, known.height
    found = re.fullmatch(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", size.lower())
    if not found:
        known_ids = ", ".join(one.id for one in rules.sizes)
        raise InvalidInput("clip.size-unknown", size=size[:40], known=known_ids)
    return int(found[1]), int(found[2])


def rate_of(rules: ClipRules, fps: float) -> Fraction:
    """Return frames per second: the engine's default for 0, else the closest one that it supports.

    Raises:
        InvalidInput: the engine does not support it.
    """
    known = [Fraction(*one) for one in rules.fps]
    if not fps:
        return known[0]
    for one in known:
        if abs(float(one) - fps) < 0.01:
            return one
    raise InvalidInput("clip.fps-unknown", fps=fps, known=(f"{float(one):g}" for one in known))
