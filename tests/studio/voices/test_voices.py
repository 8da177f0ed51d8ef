"""Voices on disk: saved from any format, found by exact name, changed, copied, damaged, removed."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.audio.audio import Audio
from media.audio.encode import AUDIO_FORMATS
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import empty_trash
from studio.voices import Voice, Voices, VoiceTooShort
from tests.media.samples import lag, sentence
from tests.studio.voices.clips import CLIP, SAID, SAMPLES, SHORT_CLIP, clip_of, noisy, open_voices, webm_of

OTHER_CLIP = SAMPLES / "LJ001-0003.wav"


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return open_voices(tmp_path)


def folder_names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "voices").iterdir() if not path.name.startswith("."))


# Saving


def test_a_wav_becomes_a_master_of_exactly_its_samples(voices: Voices, tmp_path: Path) -> None:
    voice = voices.add("Anna", CLIP, SAID, ("warm", "reading"), "Anna herself, by letter, 2026-11-20", "Study room")
    assert voice.master == tmp_path / "voices" / "anna" / "master.wav"
    before, rate = soundfile.read(CLIP, dtype="int16")
    after, master_rate = soundfile.read(voice.master, dtype="int16")
    assert rate == master_rate and np.array_equal(before, after)
    assert soundfile.info(voice.master).subtype == "PCM_16"
    assert (voice.transcript, voice.transcript_status, voice.tags) == (SAID, "given", ("warm", "reading"))
    assert (voice.consent, voice.notes, voice.version) == ("Anna herself, by letter, 2026-11-20", "Study room", 1)
    assert voices.get("Anna") == voice


@pytest.mark.parametrize("format", list(AUDIO_FORMATS))
def test_every_format_goes_in_once_and_comes_out_as_pcm_at_its_own_rate_and_channels(
    voices: Voices, tmp_path: Path, format: str
) -> None:
    both = Audio(np.column_stack([sentence().samples[:, 0], sentence().samples[:, 0] * 0.5]), sentence().rate)
    voice = voices.add("Anna", clip_of(both, tmp_path, f"clip{AUDIO_FORMATS[format].extension}", format))
    header = soundfile.info(voice.master)
    assert header.format == "WAV" and header.subtype.startswith("PCM_")
    assert (header.channels, header.samplerate) == (2, AUDIO_FORMATS[format].rate_for(22_050))
    assert voice.duration == pytest.approx(both.duration, abs=0.06)


def test_a_browsers_webm_goes_in(voices: Voices, tmp_path: Path) -> None:
    voice = voices.add("Anna", webm_of(sentence(), tmp_path / "recorded.webm"))
    assert voice.rate == 48_000 and voice.duration == pytest.approx(sentence().duration, abs=0.06)


def test_finer_sound_than_16_bits_is_kept_and_no_level_is_touched(voices: Voices, tmp_path: Path) -> None:
    fine = (sentence().samples * 0.123).astype(np.float32)
    soundfile.write(tmp_path / "fine.wav", fine, 22_050, subtype="FLOAT")
    voice = voices.add("Anna", tmp_path / "fine.wav")
    kept, _ = soundfile.read(voice.master, dtype="float32", always_2d=True)
    assert soundfile.info(voice.master).subtype == "PCM_24"
    assert np.abs(kept - fine).max() <= 2**-23


def test_a_window_takes_only_that_part(voices: Voices) -> None:
    voice = voices.add("Anna", CLIP, window=(2.0, 6.5))
    kept, rate = soundfile.read(voice.master, dtype="float32", always_2d=True)
    part = sentence().slice(2.0, 6.5)
    assert lag(part, Audio(kept, rate)) == 0 and np.array_equal(kept, part.samples)


def test_findings_that_do_not_refuse_are_kept_with_the_voice(voices: Voices, tmp_path: Path) -> None:
    clip = clip_of(Audio(noisy(12), 22_050), tmp_path)
    voice = voices.add("Anna", clip, transcript=SAID * 4)
    assert [finding.code for finding in open_voices(tmp_path).get("Anna").findings] == ["noise", "transcript"]
    assert [finding.code for finding in voices.update(voice.name, transcript=SAID).findings] == ["noise"]


def test_a_refused_clip_leaves_nothing(voices: Voices, tmp_path: Path) -> None:
    with pytest.raises(VoiceTooShort):
        voices.add("Anna", SHORT_CLIP)
    assert list((tmp_path / "voices").glob("[!.]*")) == []
    assert list((tmp_path / "voices").glob(".incoming*")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transcript", "x" * 20_001),
        ("tags", ("t" * 41,)),
        ("consent", "c" * 4_001),
        ("notes", "n" * 10_001),
        ("language", "../x"),
    ],
)
def test_texts_that_are_none_are_refused_naming_the_field(voices: Voices, field: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=field):
        voices.add("Anna", CLIP, **{field: value})  # type: ignore[arg-type]


def test_names_are_taken_exactly_once(voices: Voices) -> None:
    voices.add("Anna", CLIP)
    with pytest.raises(InvalidInput, match="already"):
        voices.add(" Anna ", CLIP)
    with pytest.raises(InvalidInput, match="already"):
        voices.add("Linda (sample)", CLIP)
    assert voices.add("anna", CLIP).id == "anna-2"
    assert [voice.name for voice in voices.list()] == ["Anna", "anna", "Linda (sample)"]


def test_many_at_once_get_a_folder_each_and_one_name_only_one(voices: Voices, tmp_path: Path) -> None:
    def save(number: int) -> str:
        try:
            return voices.add(f"Voice {number // 2}", CLIP, window=(0, 4)).id
        except InvalidInput:
            return ""

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(save, range(8)))
    assert sorted(filter(None, made)) == ["voice-0", "voice-1", "voice-2", "voice-3"]
    assert folder_names(tmp_path) == ["voice-0", "voice-1", "voice-2", "voice-3"]
    assert not any(voice.damage for voice in voices.list())


# Finding


def test_an_unknown_name_names_near_ones_and_is_never_another_voice(voices: Voices) -> None:
    voices.add("Anna", CLIP)
    with pytest.raises(NotFound, match="“anna”") as unknown:
        voices.get("anna")
    assert unknown.value.hint == "Did you mean “Anna”?"
    with pytest.raises(NotFound) as strange:
        voices.resolve("Zacharias")
    assert "“Anna”" in strange.value.hint and "“Linda (sample)”" in strange.value.hint


def test_a_composed_and_a_decomposed_name_are_the_same_name(voices: Voices) -> None:
    saved = voices.add("Zo\u0065\u0308", CLIP)
    assert saved.name == "Zoë" and voices.get("Zoë") == saved == voices.get("Zoe\u0308")


# Changing


def test_a_changed_transcript_raises_the_version_and_the_rest_does_not(voices: Voices) -> None:
    first = voices.add("Anna", CLIP)
    made = voices.update("Anna", transcript=SAID, transcript_status="made")
    assert (made.transcript_status, made.version) == ("made", 2) and made.fingerprint != first.fingerprint
    edited = voices.update("Anna", transcript=SAID + ".")
    assert (edited.transcript_status, edited.version) == ("edited", 3)
    noted = voices.update("Anna", notes="n", tags=["a", "a", " "], consent="c", language="en-GB")
    assert (noted.version, noted.fingerprint) == (3, edited.fingerprint)
    assert (noted.notes, noted.tags, noted.consent, noted.language) == ("n", ("a",), "c", "en-GB")
    back = voices.update("Anna", transcript="")
    assert back.transcript_status == "none" and back.fingerprint == first.fingerprint
    assert voices.update("Anna", transcript_status="failed").transcript_status == "failed"


def test_a_new_sound_raises_the_version_and_leaves_the_old_file_to_running_jobs(voices: Voices, tmp_path: Path) -> None:
    first = voices.add("Anna", CLIP, SAID)
    second = voices.update("Anna", clip=OTHER_CLIP)
    assert second.version == 2 and second.fingerprint != first.fingerprint
    assert first.master.exists() and second.master.exists() and first.master != second.master
    assert voices.update("Anna", clip=OTHER_CLIP).version == 2, "the same sound again is no new version"
    reopened = open_voices(tmp_path)
    assert reopened.get("Anna").master.exists() and not first.master.exists()


def test_a_rename_keeps_id_version_and_fingerprint(voices: Voices) -> None:
    first = voices.add("Anna", CLIP, SAID)
    renamed = voices.rename("Anna", "Ænne")
    assert (renamed.id, renamed.version, renamed.fingerprint) == (first.id, first.version, first.fingerprint)
    assert voices.get("Ænne") == renamed
    with pytest.raises(NotFound):
        voices.get("Anna")
    with pytest.raises(InvalidInput, match="already"):
        voices.rename("Ænne", "Linda (sample)")
    assert voices.rename("Ænne", "Ænne") == renamed


def test_a_deleted_voice_can_be_taken_back_until_its_trash_is_emptied(voices: Voices, tmp_path: Path) -> None:
    anna = voices.add("Anna", CLIP)
    assert voices.delete("Anna").name == "Anna"
    with pytest.raises(NotFound):
        voices.delete("Anna")
    assert voices.put_back("Anna") == anna == voices.get("Anna")
    voices.delete("Anna")
    voices.add("Anna", CLIP)
    with pytest.raises(InvalidInput):
        voices.put_back("Anna")
    voices.delete("Anna")
    empty_trash(tmp_path / "voices")
    assert [path for path in (tmp_path / "voices").rglob("*") if path.is_file()] == []
    with pytest.raises(NotFound):
        voices.put_back("Anna")


# Samples


def test_the_sample_is_there_is_good_and_says_what_it_is(voices: Voices) -> None:
    sample = voices.get("Linda (sample)")
    assert sample.built_in and 3 <= sample.duration <= 30 and "Public domain" in sample.consent
    assert voices.judge(sample.master).findings == ()
    assert sample.transcript.endswith("the art of printing.")


def test_a_sample_cannot_be_changed_but_copied(voices: Voices) -> None:
    for attempt in (
        lambda: voices.delete("Linda (sample)"),
        lambda: voices.rename("Linda (sample)", "Linda"),
        lambda: voices.update("Linda (sample)", notes="mine"),
    ):
        with pytest.raises(InvalidInput, match="ships with the studio") as refused:
            attempt()
        assert "Copy it" in refused.value.hint
    copy = voices.copy("Linda (sample)", "Linda")
    sample = voices.get("Linda (sample)")
    assert (copy.built_in, copy.fingerprint, copy.transcript) == (False, sample.fingerprint, sample.transcript)
    voices.delete("Linda")
    assert sample.master.exists()


# Damage


def damage(kind: str, folder: Path) -> None:
    record = folder / "voice.json"
    fields = json.loads(record.read_text())
    if kind == "no record":
        record.unlink()
    elif kind == "half a record":
        record.write_text(record.read_text()[:60])
    elif kind == "a huge record":
        record.write_text('{"name": "' + "x" * 300_000 + '"}')
    elif kind == "a record that points elsewhere":
        record.write_text(json.dumps({**fields, "master": "../../../secret.wav"}))
    elif kind == "a record of another shape":
        record.write_text("[1, 2]")
    elif kind == "a name that is none":
        record.write_text(json.dumps({**fields, "name": "a/b"}))
    elif kind == "no sound":
        (folder / "master.wav").unlink()
    elif kind == "half a sound":
        (folder / "master.wav").write_bytes(CLIP.read_bytes()[:20_000])
    elif kind == "another sound":
        shutil.copy(OTHER_CLIP, folder / "master.wav")
    elif kind == "an empty folder":
        shutil.rmtree(folder)
        folder.mkdir()


DAMAGES = (
    "no record", "half a record", "a huge record", "a record that points elsewhere", "a record of another shape",
    "a name that is none", "no sound", "half a sound", "another sound", "an empty folder",
)  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_voice_is_shown_hides_nobody_and_can_be_deleted(voices: Voices, tmp_path: Path, kind: str) -> None:
    voices.add("Anna", CLIP)
    voices.add("Bert", CLIP)
    damage(kind, tmp_path / "voices" / "anna")
    listed = {voice.id: voice for voice in voices.list()}
    assert set(listed) == {"anna", "bert", "linda-sample"}
    assert listed["anna"].damage and not listed["bert"].damage
    assert str(tmp_path) not in listed["anna"].damage
    with pytest.raises(InvalidInput, match="damaged"):
        voices.resolve(listed["anna"].name)
    with pytest.raises(InvalidInput):
        voices.update(listed["anna"].name, notes="n")
    voices.delete(listed["anna"].name)
    assert folder_names(tmp_path) == ["bert"]


def test_what_is_copied_in_by_hand_is_a_voice_and_a_second_of_one_name_is_told(voices: Voices, tmp_path: Path) -> None:
    voices.add("Anna", CLIP)
    shutil.copytree(tmp_path / "voices" / "anna", tmp_path / "voices" / "copied")
    names = [voice.name for voice in voices.list()]
    assert names == ["Anna", "Anna [copied]", "Linda (sample)"]
    voices.delete("Anna [copied]")
    assert folder_names(tmp_path) == ["anna"]


def test_strange_things_in_the_folder_are_no_voices(voices: Voices, tmp_path: Path) -> None:
    root = tmp_path / "voices"
    (root / "notes.txt").write_text("hello")
    (root / ".trash-1").mkdir()
    (root / "link").symlink_to(tmp_path)
    assert [voice.name for voice in voices.list()] == ["Linda (sample)"]
    open_voices(tmp_path)
    assert not (root / ".trash-1").exists() and tmp_path.exists() and (root / "notes.txt").exists()


def test_a_voice_for_the_api_is_plain_json_without_paths(voices: Voices, tmp_path: Path) -> None:
    told = voices.add("Anna", CLIP, SAID).as_dict()
    assert json.loads(json.dumps(told)) == told and str(tmp_path) not in json.dumps(told)
    assert isinstance(voices.get("Anna"), Voice)


def test_every_refusal_is_an_error_of_the_studio(voices: Voices, tmp_path: Path) -> None:
    with pytest.raises(GreenroomError) as refused:
        voices.add("a/b", CLIP)
    assert refused.value.as_dict()["reason"]
