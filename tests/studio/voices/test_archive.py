"""A voice as one file: goes out whole, comes in checked."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.errors import GreenroomError, InvalidInput
from studio.voices import Voices, VoiceTooShort
from tests.studio.voices.clips import CLIP, SAID, SHORT_CLIP, open_voices


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return open_voices(tmp_path)


@pytest.fixture
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    theirs = open_voices(folder)
    theirs.add("Ænne / 安".replace("/", "&"), CLIP, SAID, ("warm",), "by letter", "notes", language="en-GB")
    return theirs.export("Ænne & 安", folder)


def archive(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "made.greenroom-voice"
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def record(**changes: object) -> bytes:
    return json.dumps({"name": "Made", **changes}).encode()


def test_a_voice_comes_back_as_it_went(voices: Voices, packed: Path) -> None:
    assert packed.name == "ænne-安.greenroom-voice"
    with zipfile.ZipFile(packed) as file:
        assert sorted(file.namelist()) == ["master.wav", "voice.json"]
    voice = voices.import_file(packed)
    assert (voice.name, voice.transcript, voice.transcript_status, voice.tags) == ("Ænne & 安", SAID, "given", ("warm",))
    assert (voice.consent, voice.notes, voice.language) == ("by letter", "notes", "en-GB")
    assert voice == voices.get("Ænne & 安")
    before, after = soundfile.read(CLIP, dtype="int16")[0], soundfile.read(voice.master, dtype="int16")[0]
    assert (before == after).all()


def test_the_same_sound_keeps_its_fingerprint_on_another_machine(voices: Voices, packed: Path) -> None:
    mine = voices.add("Anna", CLIP, SAID)
    assert voices.import_file(packed).fingerprint == mine.fingerprint


def test_a_taken_name_gets_a_number(voices: Voices, packed: Path) -> None:
    assert [voices.import_file(packed).name for _ in range(3)] == ["Ænne & 安", "Ænne & 安 (2)", "Ænne & 安 (3)"]


def test_a_name_of_full_length_still_gets_its_number(voices: Voices, tmp_path: Path) -> None:
    name = "n" * 80
    voices.add(name, CLIP)
    assert voices.import_file(voices.export(name, tmp_path)).name == "n" * 76 + " (2)"


def test_a_replaced_sound_goes_out_under_the_usual_name(voices: Voices, tmp_path: Path) -> None:
    voices.add("Anna", CLIP, SAID)
    voices.update("Anna", clip=CLIP, window=(0, 5))
    voice = voices.import_file(voices.export("Anna"))
    assert voice.duration == pytest.approx(5) and voice.master.name == "master.wav"


def test_samples_can_be_exported_too(voices: Voices) -> None:
    assert voices.import_file(voices.export("Linda (sample)")).name == "Linda (sample) (2)"


WAV = CLIP.read_bytes()


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"voice.json": record()},
        {"master.wav": WAV},
        {"voice.json": record(), "../master.wav": WAV},
        {"voice.json": record(), "/master.wav": WAV},
        {"voice.json": record(), "master.wav": WAV, "../../evil.sh": b"x"},
        {"folder/voice.json": record(), "folder/master.wav": WAV},
        {"voice.json": b"{", "master.wav": WAV},
        {"voice.json": b"\xff\xfe", "master.wav": WAV},
        {"voice.json": b"[" * 100_000, "master.wav": WAV},
        {"voice.json": record(name="a/b"), "master.wav": WAV},
        {"voice.json": record(name=7), "master.wav": WAV},
        {"voice.json": record(schema_version=2), "master.wav": WAV},
        {"voice.json": record(notes="x" * 300_000), "master.wav": WAV},
        {"voice.json": record(), "master.wav": b""},
        {"voice.json": record(), "master.wav": b"no sound at all"},
        {"voice.json": record(), "master.wav": WAV[:30]},
    ],
    ids=range(17),
)
def test_what_is_no_voice_is_refused_in_words_and_writes_nothing(
    voices: Voices, tmp_path: Path, members: dict[str, bytes]
) -> None:
    before = sorted(path for path in tmp_path.rglob("*"))
    path = archive(tmp_path, members)
    with pytest.raises(GreenroomError) as refused:
        voices.import_file(path)
    assert refused.value.reason and str(tmp_path) not in str(refused.value)
    assert sorted(one for one in tmp_path.rglob("*") if one != path) == before


def test_a_bomb_is_stopped_while_it_unpacks(voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.voices.archive.LARGEST_MASTER", 2_000_000)
    path = archive(tmp_path, {"voice.json": record(), "master.wav": WAV[:44] + bytes(50_000_000)})
    assert path.stat().st_size < 100_000
    with pytest.raises(InvalidInput, match="larger than any real"):
        voices.import_file(path)
    assert list((tmp_path / "voices").glob(".incoming*")) == []


def test_a_sound_that_unfolds_to_hours_is_refused_by_its_head(voices: Voices, tmp_path: Path) -> None:
    sound = tmp_path / "hours.flac"
    with soundfile.SoundFile(sound, "w", 48_000, 8, format="FLAC") as file:
        for _ in range(20):
            file.write(np.zeros((48_000 * 10, 8), np.int16))
    path = archive(tmp_path, {"voice.json": record(), "master.wav": sound.read_bytes()})
    assert path.stat().st_size < 1_000_000
    with pytest.raises(GreenroomError, match="cannot be read"):
        voices.import_file(path)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_list_of_a_million_entries_is_not_even_read(
    voices: Voices, tmp_path: Path, zip64: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = archive(tmp_path, {"voice.json": record(), "master.wav": WAV}).read_bytes()
    end = whole.rindex(b"PK\5\6")
    entry = whole[whole.index(b"PK\1\2") : end]
    many = entry * (1 if zip64 else 1000)
    closing = bytearray(whole[end:])
    if zip64:
        closing = bytearray(b"PK\6\7" + bytes(16)) + closing
    else:
        closing[12:16] = struct.pack("<L", len(many))
    path = tmp_path / "many.greenroom-voice"
    path.write_bytes(whole[: whole.index(b"PK\1\2")] + many + closing)
    monkeypatch.setattr("zipfile.ZipFile.__init__", lambda *given: pytest.fail("it was read"))
    with pytest.raises(InvalidInput, match="nothing else"):
        voices.import_file(path)


def test_packings_that_no_voice_has_are_refused(voices: Voices, tmp_path: Path) -> None:
    path = tmp_path / "lzma.greenroom-voice"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("voice.json", record())
        file.writestr("master.wav", WAV)
    with pytest.raises(InvalidInput, match="packed in a way"):
        voices.import_file(path)


def test_two_entries_of_one_name_are_refused(voices: Voices, tmp_path: Path) -> None:
    path = archive(tmp_path, {"voice.json": record(), "master.wav": WAV})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning):
        file.writestr("master.wav", WAV)
    with pytest.raises(InvalidInput, match="nothing else"):
        voices.import_file(path)


def test_a_sound_that_add_would_refuse_is_refused_here_too(voices: Voices, tmp_path: Path) -> None:
    path = archive(tmp_path, {"voice.json": record(), "master.wav": SHORT_CLIP.read_bytes()})
    with pytest.raises(VoiceTooShort):
        voices.import_file(path)


def test_a_record_that_lies_about_its_sound_is_corrected(voices: Voices, tmp_path: Path) -> None:
    path = archive(
        tmp_path, {"voice.json": record(rate=8_000, duration=1, sound="0" * 64, master="master-9.wav"), "master.wav": WAV}
    )
    voice = voices.import_file(path)
    assert (voice.rate, voice.damage) == (22_050, "") and voice.duration > 9 and voice.sound != "0" * 64


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1), value=st.integers(0, 255), cut=st.booleans())
def test_a_file_damaged_anywhere_is_a_voice_or_refused(voices: Voices, packed: Path, at: float, value: int, cut: bool) -> None:
    data = bytearray(packed.read_bytes())
    place = min(len(data) - 1, int(at * len(data)))
    if cut:
        del data[place:]
    else:
        data[place] = value
    broken = packed.with_name("broken.greenroom-voice")
    broken.write_bytes(data)
    try:
        voice = voices.import_file(broken)
    except GreenroomError as error:
        assert error.reason
    else:
        voices.delete(voice.name)
    assert [voice.damage for voice in voices.list()] == [""]
