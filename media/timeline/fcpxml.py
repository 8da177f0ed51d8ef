"""Export of FCPXML 1.10, which Final Cut Pro from 10.6 on and DaVinci Resolve read.

Follows Apple's "FCPXML Reference" (developer.apple.com/documentation/professional-video-applications/fcpxml-reference). Times are
rational seconds; the offset of a connected clip is in the time of its parent's file. `tcStart` is 0, because some readers put an
hour of gap before a film that starts at one hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from media.timeline.edit import Edit, EditClip, EditSound

VERSION = "1.10"
_SOUND_RATE = "48k"
_NOT_IN_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def to_fcpxml(edit: Edit) -> str:
    """Return the edit as one project in one event: pictures on the storyline, each voice below it in its own lane and role."""
    root = Element("fcpxml", version=VERSION)
    resources = SubElement(root, "resources")
    SubElement(
        resources, "format", id="r1", name="Film", frameDuration=_time(1, edit.rate), width=str(edit.width),
        height=str(edit.height), colorSpace="1-1-1 (Rec. 709)",
    )  # fmt: skip
    pictures = {clip.file: f"v{number}" for number, clip in enumerate(edit.clips, 1)}
    for clip in edit.clips:
        length = clip.head + clip.frames + clip.tail
        _asset(resources, pictures[clip.file], clip.file, length, edit.rate, hasVideo="1", videoSources="1", format="r1")
    sounds = [f"a{number}" for number, _ in enumerate(edit.sounds, 1)]
    for id, sound in zip(sounds, edit.sounds, strict=True):
        _asset(resources, id, sound.file, edit.frames, edit.rate, hasAudio="1", audioSources="1", audioRate="48000")
    event = SubElement(SubElement(root, "library"), "event", name=edit.name)
    sequence = SubElement(
        SubElement(event, "project", name=edit.name), "sequence", format="r1", duration=_time(edit.frames, edit.rate),
        tcStart="0s", tcFormat="NDF", audioLayout="stereo", audioRate=_SOUND_RATE,
    )  # fmt: skip
    spine = SubElement(sequence, "spine")
    for clip in edit.clips:
        seen = SubElement(
            spine, "asset-clip", ref=pictures[clip.file], name=clip.name, offset=_time(clip.start, edit.rate),
            start=_time(clip.head, edit.rate), duration=_time(clip.frames, edit.rate), format="r1",
        )  # fmt: skip
        for lane, (id, sound) in enumerate(zip(sounds, edit.sounds, strict=True), 1):
            for span in _within(sound, clip):
                _connected(seen, id, sound, clip, span, lane, edit.rate)
        if clip.note:
            SubElement(seen, "marker", start=_time(clip.head, edit.rate), duration=_time(1, edit.rate), value=clip.note)
    ElementTree.indent(root)
    told = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{_NOT_IN_XML.sub("", told)}\n'


def _asset(resources: Element, id: str, file: str, frames: int, rate: int, **kinds: str) -> None:
    told = {"id": id, "name": PurePosixPath(file).stem, "start": "0s", "duration": _time(frames, rate), **kinds}
    asset = SubElement(resources, "asset", told)
    SubElement(asset, "media-rep", kind="original-media", src=quote(f"./{file}"))


def _connected(seen: Element, id: str, sound: EditSound, clip: EditClip, span: tuple[int, int], lane: int, rate: int) -> None:
    start, frames = span
    SubElement(
        seen, "asset-clip", ref=id, lane=str(-lane), name=sound.name, offset=_time(clip.head + start - clip.start, rate),
        start=_time(start, rate), duration=_time(frames, rate), audioRole=f"{sound.role}.{_role(sound.name)}",
    )  # fmt: skip


def _within(sound: EditSound, clip: EditClip) -> Iterable[tuple[int, int]]:
    return (span for span in sound.spans if clip.start <= span[0] < clip.start + clip.frames)


def _role(name: str) -> str:
    """A role's name may hold no dot, which stands between a role and its part."""
    return " ".join(name.replace(".", " ").split()) or "Voice"


def _time(frames: int, rate: int) -> str:
    """Rational seconds, as `19/5s`."""
    seconds = Fraction(frames, rate)
    return f"{seconds}s"
