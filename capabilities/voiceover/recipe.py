"""The recipe of a narration, complete for the file beside it and short for the tags inside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.spec import VoiceoverSpec
from media.audio.normalisation import NormalisedStream
from studio.library import Recipe, RecipeInput
from studio.licences import LicenceTerms, combined, terms_of_cards


@dataclass(frozen=True)
class RecipeOrigin:
    """The job of an output: its kind and id, and the number of the line in a batch."""

    kind: str
    job: str
    line: int | None = None


def terms_of(segments: Iterable[PlannedSegment]) -> LicenceTerms:
    """Return the licences of every engine and every voice of the segments."""
    castings = [segment.role.casting for segment in segments]
    engines = terms_of_cards({casting.engine_cls.card.id: casting.engine_cls.card for casting in castings}.values())
    return combined((engines, *(casting.voice_terms for casting in castings)))


def recipe_of(
    origin: RecipeOrigin,
    spec: VoiceoverSpec,
    planned: Plan,
    all_rendered: dict[str, RenderedSegment],
    levelled: NormalisedStream,
    takes: dict[str, list[dict[str, Any]]],
) -> Recipe:
    """Return how the programme was made: the spec, engines with versions and licences, and each segment's take."""
    roles = {segment.role.voice_name: segment.role for segment in planned.segments}
    cards = {role.engine_id: role.casting.engine_cls.card for role in roles.values()}
    used = {segment.key: all_rendered[segment.key] for segment in planned.segments}
    unspoken = sum(bool(all_rendered[segment.key].failure) for segment in planned.segments)
    doubtful = sum(bool(one.problems) or _flagged(takes.get(key, []), one.key) for key, one in used.items()) - unspoken
    voices = (RecipeInput("voice", name, version=roles[name].casting.voice_version) for name in sorted(roles))
    return Recipe(
        kind=origin.kind,
        job=origin.job,
        engine=spec.engine,
        engine_version=cards[spec.engine].version if spec.engine in cards else "",
        voice=spec.voice.split("/", 1)[-1],
        options=spec.options,
        seed=spec.seed,
        inputs=(RecipeInput("script", spec.title, _hash(spec.script)), *voices),
        parents=(spec.parent,) if spec.parent else (),
        terms=terms_of(planned.segments),
        duration=levelled.duration,
        facts=tuple(_facts(planned, levelled, doubtful, unspoken)),
        spec=spec.model_dump(mode="json"),
        details={
            "engines": {card.id: card.version for card in cards.values()},
            "voices": sorted(roles),
            "consents": {name: role.casting.voice_licence for name, role in sorted(roles.items()) if role.casting.voice_licence},
            "loudness": _loudness(levelled),
            **({"reading": planned.coverage.as_data()} if planned.coverage else {}),
            "timings": {"engine_seconds": round(sum(rendered.engine_seconds for rendered in used.values()), 3)},
            "segments": [_segment(segment, all_rendered[segment.key], takes.get(segment.key)) for segment in planned.segments],
            "line": origin.line,
        },
    )


def _loudness(levelled: NormalisedStream) -> dict[str, Any]:
    return {
        "integrated_lufs": _rounded(levelled.loudness.integrated_lufs),
        "true_peak_dbtp": _rounded(levelled.loudness.true_peak_dbtp),
        "gain_db": round(levelled.gain_db, 2),
    }


def _segment(segment: PlannedSegment, rendered: RenderedSegment, takes: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {
        "id": segment.id,
        "key": rendered.key,
        "seed": rendered.seed,
        "attempts": rendered.attempts,
        "problems": [str(problem) for problem in rendered.problems],
        **({"takes": takes} if takes else {}),
    }


def _flagged(takes: list[dict[str, Any]], key: str) -> bool:
    """Return whether the review of the used take reports a problem."""
    return any(take["problems"] for take in takes if take["key"] == key)


def _facts(planned: Plan, levelled: NormalisedStream, doubtful: int, unspoken: int) -> list[str]:
    speakers = {segment.speaker.casefold() for segment in planned.segments} - {""}  # the narrator is none, as in the estimate
    facts = [f"{len(planned.segments)} sentences" if len(planned.segments) > 1 else "1 sentence"]
    if speakers:
        facts.append(f"{len(speakers)} speakers" if len(speakers) > 1 else "1 speaker")
    if planned.chapters:
        facts.append(f"{len(planned.chapters)} chapters" if len(planned.chapters) > 1 else "1 chapter")
    if (loudness := _rounded(levelled.loudness.integrated_lufs)) is not None:
        facts.append(f"{loudness:.1f} LUFS".replace("-", "−"))
    if planned.coverage:
        facts.append(f"{planned.coverage.share:.0%} of the text accounted for")
    facts += [f"{voice} in the place of {former}" for former, voice in planned.replaced_voices.items()]
    if doubtful:
        facts.append(f"{doubtful} doubtful")
    if unspoken:
        facts.append(f"{unspoken} to be mended")
    return facts


def tags_of(spec: VoiceoverSpec, planned: Plan, terms: LicenceTerms) -> dict[str, str]:
    """Return the metadata for the file itself: title, speakers, and the recipe without its script and segments."""
    voices = sorted({segment.role.voice_name for segment in planned.segments})
    cards = {segment.role.engine_id: segment.role.casting.engine_cls.card for segment in planned.segments}
    short = {
        "made_with": "Greenroom",
        "kind": "voiceover",
        "engines": {card.id: card.version for card in cards.values()},
        "voices": voices,
        "speakers": spec.speakers,
        "options": spec.options,
        "language": spec.language,
        "seed": spec.seed,
        "loudness_lufs": spec.loudness,
        "script_sha256": _hash(spec.script),
        "licence": terms.licence,
        "commercial_use": terms.commercial_use,
    }
    comment = json.dumps(short, ensure_ascii=False, separators=(",", ":"))
    return {"title": spec.title, "artist": ", ".join(voices)[:200], "genre": "Speech", "comment": comment}


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _rounded(level: float) -> float | None:
    """Silence has no level that JSON could hold."""
    return round(level, 2) if level > -1e9 else None
