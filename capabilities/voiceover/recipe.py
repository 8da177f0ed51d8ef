"""How a narration was made, in full beside the file and in short inside it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from capabilities.voiceover.plan import Plan
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.spec import VoiceoverSpec
from media.audio.normalisation import NormalisedStream


def recipe_of(
    spec: VoiceoverSpec,
    planned: Plan,
    pieces: dict[str, RenderedSegment],
    levelled: NormalisedStream,
    takes: dict[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """Everything that made the programme: the spec to bring back, engines with versions and licences, each piece's take."""
    roles = {segment.role.voice_name: segment.role for segment in planned.segments}
    cards = {role.engine_id: role.casting.engine_cls.card for role in roles.values()}
    narrator = spec.voice.split("/", 1)[-1]
    used = {segment.key: pieces[segment.key] for segment in planned.segments}
    doubtful = sum(bool(piece.problems) or _flagged(takes.get(key, []), piece.key) for key, piece in used.items())
    return {
        "engine": spec.engine,
        "engine_version": cards[spec.engine].version if spec.engine in cards else "",
        "engines": {card.id: card.version for card in cards.values()},
        "voice": narrator,
        "voices": sorted(roles),
        "options": dict(spec.options),
        "seed": spec.seed,
        "inputs": [
            {"role": "script", "name": spec.title, "sha256": _hash(spec.script)},
            *({"role": "voice", "name": name, "version": roles[name].casting.voice_version} for name in sorted(roles)),
        ],
        "parents": [spec.parent] if spec.parent else [],
        "licence": "; ".join(dict.fromkeys(card.weights_licence.name for card in cards.values())),
        "commercial_use": all(card.commercial_use for card in cards.values()),
        "consents": {name: role.casting.voice_licence for name, role in sorted(roles.items()) if role.casting.voice_licence},
        "duration": round(levelled.duration, 3),
        "loudness": {
            "integrated_lufs": _rounded(levelled.loudness.integrated_lufs),
            "true_peak_dbtp": _rounded(levelled.loudness.true_peak_dbtp),
            "gain_db": round(levelled.gain_db, 2),
        },
        "timings": {"engine_seconds": round(sum(piece.engine_seconds for piece in used.values()), 3)},
        "facts": _facts(planned, levelled, doubtful),
        "segments": [
            {
                "id": segment.id,
                "key": pieces[segment.key].key,
                "seed": pieces[segment.key].seed,
                "attempts": pieces[segment.key].attempts,
                "problems": list(pieces[segment.key].problems),
                **({"takes": takes[segment.key]} if takes.get(segment.key) else {}),
            }
            for segment in planned.segments
        ],
        "spec": spec.model_dump(mode="json"),
    }


def _flagged(takes: list[dict[str, Any]], key: str) -> bool:
    """Whether the take that is used was found wanting by who listened."""
    return any(take["problems"] for take in takes if take["key"] == key)


def _facts(planned: Plan, levelled: NormalisedStream, doubtful: int) -> list[str]:
    speakers = {segment.speaker for segment in planned.segments}
    facts = [f"{len(planned.segments)} sentences" if len(planned.segments) > 1 else "1 sentence"]
    if len(speakers) > 1:
        facts.append(f"{len(speakers)} speakers")
    if planned.chapters:
        facts.append(f"{len(planned.chapters)} chapters" if len(planned.chapters) > 1 else "1 chapter")
    if (loudness := _rounded(levelled.loudness.integrated_lufs)) is not None:
        facts.append(f"{loudness:.1f} LUFS".replace("-", "−"))
    if doubtful:
        facts.append(f"{doubtful} doubtful")
    return facts


def tags_of(spec: VoiceoverSpec, planned: Plan) -> dict[str, str]:
    """What goes into the file itself: the title, who speaks, and the recipe without its script and pieces."""
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
        "licence": "; ".join(dict.fromkeys(card.weights_licence.name for card in cards.values())),
    }
    comment = json.dumps(short, ensure_ascii=False, separators=(",", ":"))
    return {"title": spec.title, "artist": ", ".join(voices)[:200], "genre": "Speech", "comment": comment}


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _rounded(level: float) -> float | None:
    """Silence has no level that JSON could hold."""
    return round(level, 2) if level > -1e9 else None
