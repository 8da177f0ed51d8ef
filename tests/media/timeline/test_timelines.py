"""Timelines for editing programs: read back by the library, by its adapter, and by the rules of the format."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from media.errors import MediaError
from media.timeline.edit import Edit, EditClip, EditSound
from media.timeline.fcpxml import to_fcpxml
from media.timeline.otio import read_otio, to_edl, to_otio

FILM = Edit(
    "Lamps & <lights>", 25, 1280, 720,
    (
        EditClip("s1", "1 Hello & goodbye", "media/001-s1.mp4", 0, 50, 10, 10, "Eva: hello", 0.45),
        EditClip("s2", "2 Ünder the sea", "media/002-s2.mp4", 50, 75, 10, 10),
        EditClip("s3", "3 End\x07", "media/003-s3.mp4", 125, 20, 10, 10),
    ),
    (EditSound("Eva", "sound/01-eva.wav", ((0, 50), (125, 20))), EditSound("Dr. Tom", "sound/02-tom.wav", ((50, 75),))),
    "lamps", 7,
)  # fmt: skip


def test_what_was_written_is_read_back_whole() -> None:
    read = read_otio(to_otio(FILM), 25)
    assert [(one.id, one.first, one.frames, one.head, one.whole) for one in read.clips] == [
        ("s1", 10, 50, 10, 50), ("s2", 10, 75, 10, 75), ("s3", 10, 20, 10, 20),
    ]  # fmt: skip
    assert (read.clips[0].lead, read.clips[0].file) == (0.45, "001-s1.mp4")
    assert (read.gaps, read.others, read.above, read.project) == (0, 0, 0, "lamps")
    found = otio.adapters.read_from_string(to_otio(FILM), "otio_json")
    assert [track.kind for track in found.tracks] == ["Video", "Audio", "Audio"]
    assert {track.duration().value for track in found.tracks} == {145.0, 125.0}
    assert [item.range_in_parent().start_time.value for item in found.tracks[1].find_clips()] == [0, 125]


def test_another_rate_and_what_is_no_clip_are_told() -> None:
    timeline = otio.adapters.read_from_string(to_otio(FILM), "otio_json")
    pictures = timeline.tracks[0]
    pictures[1].source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(20, 50), otio.opentime.RationalTime(100, 50))
    pictures[1].effects.append(otio.schema.LinearTimeWarp("slow", time_scalar=0.5))
    gap = otio.opentime.TimeRange(duration=otio.opentime.RationalTime(24, 24))
    pictures.insert(1, otio.schema.Gap(source_range=gap))
    pictures.append(otio.schema.Stack("nested"))
    over = otio.schema.Track("Titles", kind=otio.schema.TrackKind.Video)
    over.append(otio.schema.Clip("title", source_range=gap))
    timeline.tracks.append(over)
    read = read_otio(otio.adapters.write_to_string(timeline, "otio_json"), 25)
    assert (read.clips[1].first, read.clips[1].frames, read.clips[1].speed) == (10, 50, 0.5)
    assert (read.gaps, read.others, read.above) == (25, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "{}", '{"OTIO_SCHEMA": "Clip.1"}', '{"OTIO_SCHEMA": "Timeline.1", "tracks": null}',
        '{"OTIO_SCHEMA": "Timeline.1", "name": ' + "[" * 300_000 + "]" * 300_000 + "}",
        to_otio(FILM)[:900], to_otio(FILM).replace('"value": 50.0', '"value": 1e400'),
        to_otio(FILM).replace('"value": 50.0', '"value": 1e12'), to_otio(FILM).replace('"rate": 25.0', '"rate": 0.0'),
        to_otio(FILM).replace('"rate": 25.0', '"rate": -25.0'), to_otio(FILM).replace('"kind": "Video"', '"kind": "Audio"'),
    ],
)  # fmt: skip
def test_what_is_no_timeline_is_refused_in_words(text: str) -> None:
    with pytest.raises(MediaError) as told:
        read_otio(text, 25)
    assert told.value.code in ("timeline.unreadable", "timeline.no-pictures")


def test_an_edit_decision_list_holds_every_cut_at_its_rate() -> None:
    read = otio.adapters.read_from_string(to_edl(FILM), "cmx_3600", rate=25)
    assert [(clip.source_range.start_time.value, clip.duration().value) for clip in read.find_clips()] == [
        (10, 50), (10, 75), (10, 20),
    ]  # fmt: skip
    assert "* FROM CLIP: media/002-s2.mp4" in to_edl(FILM)


def test_fcpxml_lies_on_whole_pictures_and_every_sound_under_its_clip() -> None:
    root = ElementTree.fromstring(to_fcpxml(FILM))
    assert root.attrib == {"version": "1.10"}
    assets = {one.attrib["id"]: one.find("media-rep") for one in root.iter("asset")}
    seen = root.findall(".//spine/asset-clip")
    at = Fraction(0)
    for clip, made in zip(FILM.clips, seen, strict=True):
        times = {name: Fraction(made.attrib[name].removesuffix("s")) for name in ("offset", "start", "duration")}
        assert times == {"offset": at, "start": Fraction(clip.head, 25), "duration": Fraction(clip.frames, 25)}
        source = assets[made.attrib["ref"]]
        assert source is not None
        assert source.attrib["src"] == f"./{clip.file}"
        for sound in made.findall("asset-clip"):
            begins = {name: Fraction(sound.attrib[name].removesuffix("s")) for name in ("offset", "start", "duration")}
            assert begins["offset"] - times["start"] + at == begins["start"], "sound and picture are of the same moment"
            assert begins["duration"] == times["duration"]
        at += times["duration"]
    roles = [sound.attrib["audioRole"] for made in seen for sound in made.findall("asset-clip")]
    assert roles == ["dialogue.Eva", "dialogue.Dr Tom", "dialogue.Eva"]
    assert [mark.attrib["value"] for mark in root.iter("marker")] == ["Eva: hello"]
