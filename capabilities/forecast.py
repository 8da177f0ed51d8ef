"""What a job would amount to, before it is handed in: its length, how long it should take here, and whether it fits now.

Times come from this machine's own runs and are None while nothing like it has run; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from capabilities.character_swap.builtin import BUILTIN
from capabilities.character_swap.capability import CharacterSwap
from capabilities.common.runtimes import RenderEstimate
from capabilities.lip_sync.capability import LipSync
from capabilities.portrait.capability import AnimatePortrait
from capabilities.video.capability import TextToVideo
from capabilities.video.checks import longest_part
from capabilities.video.spec import VideoSpec
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import Engine, EngineOptions
from engines.contract.problem_size import ProblemSize
from engines.contract.profile_key import memory_profile_of
from studio.errors import InvalidInput
from studio.jobs.runtime_stats import RuntimeEstimate
from studio.memory.model import Admit, Refuse
from studio.units import GIB
from studio.validation import validated
from studio.workers.model import WorkerState

if TYPE_CHECKING:
    from studio.services import Services


@dataclass(frozen=True)
class JobEstimate:
    """
    Args:
        engine: id of the engine that would work. seconds: of the result, 0 while not known. frames: 0 for sound.
        time: how long it should take; None = not measured yet on this machine.
        fits: whether the engine can be had in memory now. memory: that in a sentence.
    """

    engine: str
    seconds: float
    frames: int
    time: RuntimeEstimate | None
    fits: bool = True
    memory: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 2), "time": None if self.time is None else asdict(self.time)}


def estimate_job(studio: Services, kind: str, spec: Mapping[str, Any]) -> JobEstimate:
    """What a job of this kind with these fields would amount to. Nothing is queued.

    Raises:
        InvalidInput: a kind that nothing can be foretold of, or a field that is wrong.
        NotFound, EngineNotReady, MediaError: as handing it in would.
    """
    production = studio.productions.get(kind)
    if isinstance(production, Voiceover):
        found = _of_script(production, validated(VoiceoverSpec, spec))
    elif isinstance(production, TextToVideo):
        return _of_clip(studio, production, validated(production.Spec, spec))
    elif isinstance(production, LipSync | AnimatePortrait | CharacterSwap):
        foretelling: Any = production  # each takes the spec of its own kind
        found = _of_face(foretelling.forecast(validated(production.Spec, spec)))
    else:
        able = "voiceover, lip_sync, animate_portrait, character_swap, text_to_video, image_to_video"
        raise InvalidInput(f'Nothing can be foretold of a job of the kind "{kind}".', f"Kinds that can: {able}.")
    if isinstance(production, CharacterSwap) and found.engine != BUILTIN:
        return replace(found, memory=_at_comfyui(studio.templates.get(found.engine).usable().memory_gib))
    fits, memory = memory_fit(studio, studio.catalog.get(found.engine))
    return replace(found, fits=fits, memory=memory)


def _at_comfyui(memory_gib: float) -> str:
    """What is weighed by the server's own word, when the job's turn has come and others have made way."""
    needs = f"Needs about {memory_gib:g} GiB" if memory_gib else "What it needs is not known: it takes what is free"
    return f"{needs} on the ComfyUI server, weighed when its turn comes."


def memory_fit(
    studio: Services, engine: type[Engine], options: EngineOptions | None = None, extent: ProblemSize | None = None
) -> tuple[bool, str]:
    """Whether the engine can be had in memory now for work of this size, and that in a sentence with its numbers."""
    card, variant = memory_profile_of(engine, options or engine.Options(), extent)
    in_memory = studio.workers.residency(card.id) is not WorkerState.COLD
    if in_memory and not card.work_gib:
        return True, f"{card.title} is in memory."
    need = studio.memory.need(card, variant)
    decision = studio.memory.decide(need)
    if in_memory and not isinstance(decision, Refuse):
        return True, f"{card.title} is in memory."
    if isinstance(decision, Admit):
        unsure = "" if need.measured else ", not measured at this size yet" if card.savings else ", not measured yet"
        return True, decision.note or f"Fits: needs about {need.bytes / GIB:.1f} GiB{unsure}."
    return False, f"{decision.reason} {decision.hint}".strip()


def _of_script(production: Voiceover, spec: VoiceoverSpec) -> JobEstimate:
    found = production.estimate(spec.script, spec.voice, spec.engine, spec.speakers)
    if found.problem or not found.engine:
        raise InvalidInput(found.problem or "The script is empty.", "Write what is to be spoken.")
    known = found.seconds_to_render
    time = None if known is None else RuntimeEstimate(known, exact=False, low=found.low, high=found.high, runs=found.runs)
    return JobEstimate(found.engine, found.seconds_of_speech, 0, time)


def _of_face(found: RenderEstimate) -> JobEstimate:
    return JobEstimate(found.engine, found.seconds, found.frames, found.time)


def _of_clip(studio: Services, production: TextToVideo, spec: VideoSpec) -> JobEstimate:
    prepared = production.prepare(spec)
    engine = production.engines.choose(prepared.engine, prepared.options, with_image=any(shot.image for shot in prepared.shots))
    form = production.engines.form(engine, prepared.options, prepared.size, prepared.fps)
    frames = sum(shot.frames or round((shot.seconds or 0) * form.fps) for shot in prepared.shots)
    time = production.estimate(form, frames) if frames else None
    fits, memory = memory_fit(studio, engine, form.options, form.extent(longest_part(prepared.shots, form)))
    return JobEstimate(engine.card.id, float(frames / form.fps), frames, time, fits, memory)
