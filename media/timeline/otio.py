"""OpenTimelineIO and CMX 3600 edit decision lists, by the library (opentimelineio 0.18, its adapter cmx_3600).

The library is loaded at first use: it takes 15 MB and a sixth of a second.
"""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from media.errors import MediaError
from media.timeline.edit import Edit, EditClip, EditSound
from media.timeline.read_back import ReadClip, ReadEdit

OWN = "greenroom"
"""The name of what the studio notes in a timeline; other programs keep it."""
LARGEST = 32 * 1024**2
DEEPEST = 100
"""Brackets within brackets. The library's reader goes one call deeper with each and would end the process."""
_MOST_FRAMES = 10**8


def to_otio(edit: Edit) -> str:
    """Return the edit as OpenTimelineIO: one picture track, and one sound track for each voice."""
    import opentimelineio as otio

    return str(otio.adapters.write_to_string(_timeline(edit), "otio_json"))


def to_edl(edit: Edit) -> str:
    """Return the picture track as a CMX 3600 list, which has one track with cuts only, at the edit's own rate.

    The record time starts at 0. File names are in comments, because a reel name has eight characters.
    """
    import opentimelineio as otio

    whole = _timeline(Edit(edit.name, edit.rate, edit.width, edit.height, edit.clips))
    return str(otio.adapters.write_to_string(whole, "cmx_3600", rate=edit.rate))


def read_otio(text: str, rate: int) -> ReadEdit:
    """Return the content of an OpenTimelineIO file, in frames at `rate`. Only its first picture track is read.

    Raises:
        MediaError: it is no OpenTimelineIO file, or has no picture track.
    """
    if len(text) > LARGEST:
        raise MediaError("timeline.too-large", most=LARGEST // 1024**2)
    if _depth(text) > DEEPEST:
        raise MediaError("timeline.unreadable")
    import opentimelineio as otio

    try:
        found = otio.adapters.read_from_string(text, "otio_json")
        if not isinstance(found, otio.schema.Timeline):
            raise MediaError("timeline.unreadable")
        return _read(found, rate)
    except (otio.exceptions.OTIOError, ValueError, OverflowError, ArithmeticError, TypeError) as error:
        raise MediaError("timeline.unreadable") from error


def _depth(text: str) -> int:
    """How deep brackets stand within brackets, outside of strings."""
    depth = deepest = 0
    in_string = escaped = False
    for sign in text:
        if in_string:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == '"':
                in_string = False
        elif sign == '"':
            in_string = True
        elif sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _timeline(edit: Edit) -> Any:
    import opentimelineio as otio

    timeline = otio.schema.Timeline(edit.name)
    timeline.global_start_time = otio.opentime.RationalTime(0, edit.rate)
    timeline.metadata[OWN] = {"project": edit.project, "version": edit.version, "size": [edit.width, edit.height]}
    pictures = otio.schema.Track("Pictures", kind=otio.schema.TrackKind.Video)
    pictures.extend([_clip(clip, edit.rate) for clip in edit.clips])
    timeline.tracks.append(pictures)
    for sound in edit.sounds:
        timeline.tracks.append(_sound_track(sound, edit))
    return timeline


def _clip(clip: EditClip, rate: int) -> Any:
    import opentimelineio as otio

    reference = otio.schema.ExternalReference(quote(clip.file), _range(0, clip.head + clip.frames + clip.tail, rate))
    reference.name = PurePosixPath(clip.file).stem
    made = otio.schema.Clip(clip.name, reference, _range(clip.head, clip.frames, rate))
    made.metadata[OWN] = {"shot": clip.id, "head": clip.head, "frames": clip.frames, "lead": clip.lead}
    if clip.note:
        made.markers.append(otio.schema.Marker(clip.note, _range(clip.head, 1, rate)))
    return made


def _sound_track(sound: EditSound, edit: Edit) -> Any:
    import opentimelineio as otio

    track = otio.schema.Track(sound.name, kind=otio.schema.TrackKind.Audio)
    at = 0
    for start, frames in sound.spans:
        if start > at:
            track.append(otio.schema.Gap(source_range=_range(0, start - at, edit.rate)))
        reference = otio.schema.ExternalReference(quote(sound.file), _range(0, edit.frames, edit.rate))
        track.append(otio.schema.Clip(sound.name, reference, _range(start, frames, edit.rate)))
        at = start + frames
    return track


def _range(start: int, frames: int, rate: int) -> Any:
    import opentimelineio as otio

    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate))


def _read(timeline: Any, rate: int) -> ReadEdit:
    import opentimelineio as otio

    tracks = [track for track in timeline.tracks if isinstance(track, otio.schema.Track)]
    pictures = [track for track in tracks if track.kind == otio.schema.TrackKind.Video]
    if not pictures:
        raise MediaError("timeline.no-pictures")
    clips: list[ReadClip] = []
    gaps = others = 0
    for item in pictures[0]:
        if isinstance(item, otio.schema.Clip):
            clips.append(_read_clip(item, rate))
        elif isinstance(item, otio.schema.Gap):
            gaps += _frames(item.duration(), rate)
        elif not isinstance(item, otio.schema.Transition):
            others += 1
    own = timeline.metadata.get(OWN)
    project = str(own.get("project", "")) if hasattr(own, "get") else ""
    return ReadEdit(tuple(clips), gaps, others, sum(len(track) for track in pictures[1:]), project)


def _read_clip(clip: Any, rate: int) -> ReadClip:
    import opentimelineio as otio

    used, reference = clip.trimmed_range(), clip.media_reference
    begin = reference.available_range.start_time if reference is not None and reference.available_range else None
    first = used.start_time - begin if begin is not None else used.start_time
    own = clip.metadata.get(OWN)
    note = own if hasattr(own, "get") else {}
    head, frames, lead = note.get("head"), note.get("frames"), note.get("lead")
    file = unquote(PurePosixPath(urlsplit(str(getattr(reference, "target_url", "") or "")).path).name)
    speed = math.prod(one.time_scalar for one in clip.effects if isinstance(one, otio.schema.LinearTimeWarp))
    length = _frames(used.duration, rate)
    if length < 1:
        raise MediaError("timeline.unreadable")
    return ReadClip(
        id=str(note.get("shot", "")), name=clip.name[:200], file=file, first=_frames(first, rate), frames=length,
        speed=float(speed), head=head if isinstance(head, int) else None, whole=frames if isinstance(frames, int) else None,
        lead=float(lead) if isinstance(lead, float | int) and 0 <= lead <= 1_000 else None,
    )  # fmt: skip


def _frames(time: Any, rate: int) -> int:
    frames = round(time.rescaled_to(rate).value)
    if abs(frames) > _MOST_FRAMES:
        raise MediaError("timeline.unreadable")
    return frames
