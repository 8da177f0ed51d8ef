"""The narration of a clip's shots: prepared, spoken, and laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from capabilities.video.engines import ClipSettings
from capabilities.video.shots import Shot, lay_out_shots
from capabilities.video.sound import ShotSpeech, cues_of
from capabilities.video.spec import ShotSpec, VideoSpec
from capabilities.voiceover.capability import PreparedNarration, Voiceover
from capabilities.voiceover.join import lay_out
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import terms_of
from capabilities.voiceover.run import NarrationRunner
from capabilities.voiceover.spec import VoiceoverSpec
from media.text.cues import Cue
from media.text.layout import tidy
from studio.jobs.capability import JobContext
from studio.licences import LicenceTerms


@dataclass(frozen=True)
class NarratedShots:
    """The shots of a job with their positions, their speech and the subtitles."""

    shots: list[Shot]
    spoken: list[ShotSpeech]
    cues: list[Cue]
    terms: LicenceTerms
    """Of the engines and voices that speak."""

    @property
    def frames(self) -> int:
        return self.shots[-1].start + self.shots[-1].frames


class ShotNarrator:
    """Narrates shots. Has no state of a clip."""

    def __init__(self, voiceover: Voiceover, runner: NarrationRunner) -> None:
        self._voiceover, self._runner = voiceover, runner

    def prepared(self, spec: VideoSpec, shots: Sequence[ShotSpec]) -> PreparedNarration | None:
        """Return the prepared narration of shots; None if they have no text.

        Raises:
            GreenroomError: as a voiceover's `prepare`.
        """
        if not (said := _script_of(shots)):
            return None
        fields = {"voice": spec.voice, "speakers": spec.speakers, "language": spec.language}
        return self._voiceover.prepared(VoiceoverSpec(script=said, check="off", **fields))

    def narrate(self, spec: VideoSpec, form: ClipSettings, context: JobContext) -> NarratedShots:
        """Speak every shot and lay out all of them."""
        spoken, plans = [ShotSpeech(None)] * len(spec.shots), list[Plan]()
        narration = self.prepared(spec, spec.shots) if spec.narration else None
        if narration is not None:
            spoken, plans = self._speak(spec, narration, context)
        shots = lay_out_shots(spec.shots, [one.seconds for one in spoken], form.fps, spec.join == "crossfade", None)
        terms = terms_of(segment for plan in plans for segment in plan.segments)
        return NarratedShots(shots, spoken, self._cues(spec, shots, spoken, form.fps), terms)

    def _speak(self, spec: VideoSpec, narration: PreparedNarration, context: JobContext) -> tuple[list[ShotSpeech], list[Plan]]:
        plans = [narration.plan_of(shot.say) if shot.say.strip() else None for shot in spec.shots]
        whole = Plan(tuple(segment for plan in plans if plan for segment in plan.segments), (), 0.0,
                     replaced_voices=narration.spec.replaced_voices)  # fmt: skip
        progress = NarrationProgress(context, whole, self._voiceover.paces)
        all_rendered = self._runner.speak(whole, context, progress)
        spoken = [ShotSpeech(lay_out(plan, all_rendered) if plan and plan.segments else None) for plan in plans]
        return spoken, [plan for plan in plans if plan]

    @staticmethod
    def _cues(spec: VideoSpec, shots: Sequence[Shot], spoken: Sequence[ShotSpeech], fps: Fraction) -> list[Cue]:
        """Return subtitles of the speech, or without speech of the shots' texts."""
        cues = cues_of(shots, spoken)
        for shot, speech in zip(shots, spoken, strict=True):
            if speech.timeline is None and shot.spec.say.strip():
                start, end = float((shot.start + shot.head) / fps) + 0.2, float((shot.start + shot.frames) / fps) - 0.2
                cues.append(Cue(start, max(start + 0.5, end), shot.spec.say))
        seconds = float((shots[-1].start + shots[-1].frames) / fps)
        return tidy(sorted(cues, key=lambda cue: cue.start), longest_line=60, total_seconds=seconds)


def _script_of(shots: Sequence[ShotSpec]) -> str:
    return "\n\n".join(shot.say for shot in shots if shot.say.strip())
