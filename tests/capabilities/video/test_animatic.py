"""Clips through a whole studio: speech, captions, joins, music, edits, refusals."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from media.audio.decode import decode_audio, probe
from media.text.formats import parse_srt
from media.video.read import probe_video, read_frames
from media.video.write import count_pictures
from studio.errors import GreenroomError, MediaError
from studio.jobs.model import JobState
from studio.jobs.runtime_stats import RuntimeStats, Workload
from studio.library.model import NotEnoughSpace
from tests.capabilities.video.conftest import ClipMaker

TEXT = "The lighthouse stands above the sea. A small boat comes home at sunset. Night falls on the hills."


def test_a_text_becomes_a_spoken_captioned_clip(maker: ClipMaker) -> None:
    job = maker.make(prompt=TEXT)
    output = maker.studio.library.get(job.outputs[0].id)
    assert output.kind == "video" and output.engine == "animatic" and output.id.startswith("animatic_")
    recipe = output.recipe
    frames = sum(shot["frames"] for shot in recipe["shots"])
    info, sound = probe_video(output.path), probe(output.path)
    assert len(recipe["shots"]) == 3 and count_pictures(output.path) == frames
    assert abs(info.duration - sound.duration) < 0.06 and abs(output.duration - frames / 24) < 0.01
    times = [frame.time for frame in read_frames(output.path)]
    assert np.allclose(np.diff(times), 1 / 24, atol=0.002), "every picture comes in its time"
    cues = parse_srt(next(path for path in output.companions if path.suffix == ".srt").read_text("utf-8"))
    assert " ".join(" ".join(cue.text.split()) for cue in cues) == TEXT
    speech = decode_audio(output.path)
    for cue in cues:
        heard, before = speech.slice(cue.start, cue.end), speech.slice(cue.start - 0.3, cue.start - 0.1)
        assert np.abs(heard.samples).mean() > 20 * np.abs(before.samples).mean(), "speech is where its caption is"
    last = np.asarray(Image.open(next(path for path in output.companions if path.suffix == ".png")))
    end = list(read_frames(output.path))[-1].picture
    assert np.abs(last.astype(int) - end.astype(int)).mean() < 1


def test_the_same_clip_again_renders_nothing_and_one_changed_line_one_shot(maker: ClipMaker) -> None:
    shots = [
        {"prompt": line, "say": line}
        for line in ("The sea at dawn is grey.", "A village wakes up slowly.", "Bells ring far away.")
    ]
    assert maker.rendered(maker.make(shots=shots)) == [0, 1, 2]
    again = maker.make(shots=shots)
    assert maker.rendered(again) == []
    changed = [shots[0], {"prompt": "A village sleeps on.", "say": "A village sleeps on today."}, shots[2]]
    assert maker.rendered(maker.make(shots=changed)) == [1]


def test_crossfades_blend_and_cuts_do_not(maker: ClipMaker) -> None:
    shots = [{"prompt": "a city at night", "frames": 30}, {"prompt": "a desert at noon", "frames": 30}]
    for join in ("crossfade", "cut"):
        job = maker.make(shots=shots, join=join, captions="off")
        shown = [frame.picture.mean() for frame in read_frames(Path(job.outputs[0].path), Fraction(24), count=60)]
        assert count_pictures(Path(job.outputs[0].path)) == 60
        steps = np.abs(np.diff(shown))
        sharp = max(steps[26:45])
        assert sharp > 40 if join == "cut" else 2 < sharp < 25


def test_own_pictures_and_the_last_picture_of_a_clip(maker: ClipMaker) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), (200, 30, 30)).save(picture, "PNG")
    job = maker.make("image_to_video", image=maker.upload("red.png", picture.getvalue()), prompt="push in", seconds=0.5)
    first = next(read_frames(Path(job.outputs[0].path))).picture
    assert abs(int(first[50, 90, 0]) - 200) < 8 and first[50, 90, 1] < 45
    following = maker.make("image_to_video", image=job.outputs[0].id, prompt="", seconds=0.5)
    output = maker.studio.library.get(following.outputs[0].id)
    assert output.parents == (job.outputs[0].id,)
    assert next(read_frames(output.path)).picture[50, 90, 0] > 185


def test_music_is_led_under_speech(maker: ClipMaker) -> None:
    times = np.arange(3 * 44_100) / 44_100
    wav = io.BytesIO()
    soundfile.write(wav, (0.3 * np.sin(2 * np.pi * 5_500 * times)).astype(np.float32), 44_100, format="WAV")
    shots = [
        {"prompt": "hills", "seconds": 3},
        {"prompt": "sea", "say": "Nobody waits for him."},
        {"prompt": "hills", "seconds": 5},
    ]
    job = maker.make(shots=shots, music=maker.upload("tone.wav", wav.getvalue()), join="cut")
    output = maker.studio.library.get(job.outputs[0].id)
    sound = decode_audio(output.path).mono()
    cue = parse_srt(next(path for path in output.companions if path.suffix == ".srt").read_text("utf-8"))[0]

    def tone(start: float, end: float) -> float:
        part = sound.slice(start, end)
        spectrum = np.abs(np.fft.rfft(part.samples[:, 0] * np.hanning(part.frames))) / part.frames
        return float(spectrum[np.abs(np.fft.rfftfreq(part.frames, 1 / part.rate) - 5_500) < 40].max())

    assert tone(cue.start + 0.2, cue.end - 0.1) < 0.35 * tone(1.2, 2.2), "lower while he speaks"
    assert tone(cue.end + 1.2, cue.end + 2) > 0.8 * tone(1.2, 2.2), "back afterwards, and begun again when it ended"
    assert tone(sound.duration - 0.2, sound.duration) < 0.3 * tone(1.2, 2.2), "out at the end"


def said_inside(path: Path) -> list[str]:
    """The words of the subtitle track in a file."""
    with av.open(str(path)) as container:
        if not container.streams.subtitles:
            return []
        samples = [bytes(packet) for packet in container.demux(subtitles=0)]
    return [sample[2:].decode() for sample in samples if len(sample) > 2]


def test_soft_captions_leave_the_pictures_alone(maker: ClipMaker) -> None:
    shots = [{"prompt": "a quiet sea", "say": "Quiet."}]

    inside: dict[str, list[str]] = {}

    def first(captions: str) -> Any:
        job = maker.make(shots=shots, captions=captions, narration=False, seconds=1)
        kinds = [output.kind for output in job.outputs]
        inside[captions] = said_inside(Path(job.outputs[0].path))
        return list(read_frames(Path(job.outputs[0].path)))[12].picture.astype(int), kinds

    (burned, _), (soft, soft_kinds), (none, none_kinds) = (first(one) for one in ("burned", "soft", "off"))
    assert np.abs(soft - none).mean() == 0 and np.abs(burned - soft).mean() > 0.8
    assert "subtitles" in soft_kinds and "subtitles" not in none_kinds
    assert inside == {"burned": [], "soft": ["Quiet."], "off": []}, "a track that players can switch on"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"prompt": "word " * 5_000}, "5,000 words"),
        ({"prompt": ""}, "no prompt"),
        ({"prompt": "the sea", "size": "513x511"}, "513 × 511"),
        ({"prompt": "the sea", "size": "huge"}, '"huge" is no size'),
        ({"prompt": "the sea", "frames": 0}, "0 frames"),
        ({"prompt": "the sea", "frames": 10_000}, "10,000 frames"),
        ({"prompt": "the sea", "seed": -1}, '"seed" cannot be -1'),
        ({"prompt": "the sea", "fps": 23}, "23 pictures a second"),
        ({"prompt": "the sea", "options": {"mood": "jolly"}}, "mood"),
        ({"prompt": "the sea", "engine": "hibari"}, "makes no video"),
        ({"prompt": "the sea", "music": "/etc/hostname"}, "not an uploaded file"),
    ],
)
def test_bad_input_is_refused_in_words_before_any_load(maker: ClipMaker, spec: dict[str, Any], told: str) -> None:
    with pytest.raises(GreenroomError) as refused:
        maker.studio.jobs.submit("text_to_video", spec)
    assert told in str(refused.value)


def test_a_corrupt_picture_is_refused(maker: ClipMaker) -> None:
    for data, code in ((b"not a picture", "of-another-kind"), (b"\x89PNG\r\n\x1a\n" + bytes(200), "file-damaged")):
        with pytest.raises(MediaError) as refused:
            maker.studio.jobs.submit("image_to_video", {"image": maker.upload("bad.png", data), "prompt": "sea"})
        assert refused.value.code == f"picture.{code}"


def test_a_full_disk_is_told_before_the_pictures(maker: ClipMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(needed: int, what: str = "") -> None:
        raise NotEnoughSpace("library.disk-too-small", free="10 MiB", what=what, needed=f"{needed >> 20} MiB", spare="1 GiB")

    shots = [{"prompt": "a room without space", "frames": 24}]
    queued = len(maker.studio.jobs.list())
    with monkeypatch.context() as patched:
        patched.setattr(maker.studio.library, "ensure_space", full)
        with pytest.raises(NotEnoughSpace, match="this clip needs about"):
            maker.studio.jobs.submit("text_to_video", {"size": "192x108", "shots": shots})
    assert len(maker.studio.jobs.list()) == queued, "nothing was queued"


def test_times_are_learned_and_kept(maker: ClipMaker) -> None:
    form = maker.clips.engines.form(maker.studio.catalog.get("animatic"), {}, "208x600", 24)
    assert maker.clips.render_time(form, 24) is None
    maker.make(shots=[{"prompt": "hills", "frames": 24}], size="208x600")
    told = maker.clips.render_time(form, 240)
    assert told is not None and told.exact and told.seconds > 0
    again = RuntimeStats(maker.studio.paths.root / "video-runs.json")
    assert again.seconds(Workload("animatic", "", 208, 600, 24)) is not None, "kept over a restart"


def test_settings_of_a_clip_bring_it_back(maker: ClipMaker) -> None:
    first = maker.make(prompt="A boat on the lake.", seed=None, narration=False, frames=24)
    recipe = maker.studio.library.get(first.outputs[0].id).recipe
    again = maker.studio.jobs.wait(maker.studio.jobs.submit("text_to_video", recipe["spec"]).id, 60)
    assert again.state is JobState.DONE and maker.rendered(again) == [] and recipe["seed"] is not None
