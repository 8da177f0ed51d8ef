"""Every format signed and read, by this studio and by a reader that shares no code with it; and what is told of changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import encypher_c2pa
import mutagen
import numpy as np
import pytest

from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from studio.provenance.certificate import SigningIdentity
from studio.provenance.formats import media_type
from studio.provenance.manifest import ParentFile
from studio.provenance.provenance import Provenance
from studio.provenance.statement import Carried, Mark
from studio.provenance.words import report_of
from tests.studio.provenance.conftest import Signed
from tests.studio.provenance.samples import EMBEDDED, PRIVATE, SIDECARS, sign_elsewhere, write_sample

OTHER_READER = tuple(kind for kind in EMBEDDED if kind != "zip")
"""What the independent reader knows."""
SOUNDS = ("wav", "mp3", "m4a", "m4b", "flac", "mp4")


def read_elsewhere(path: Path, roots: str) -> Mapping[str, Any]:
    content, kind = path.read_bytes(), media_type(path)
    return encypher_c2pa.verify(
        content, mime_type=kind, telemetry=False, online=False, no_default_trust=True, trust_pem=roots
    )  # fmt: skip


@pytest.mark.parametrize("kind", (*EMBEDDED, *SIDECARS))
def test_a_signed_file_tells_who_signed_it_and_that_it_holds(
    provenance: Provenance, signed: Mapping[str, Signed], kind: str
) -> None:
    found = provenance.check(signed[kind].file)
    assert (found.holds, found.ours, found.failures) == (True, True, ())
    assert found.carried is (Carried.EMBEDDED if kind in EMBEDDED else Carried.BESIDE)
    assert [one.source for one in found.actions] == ["trainedAlgorithmicMedia"]
    assert found.recipe["engines"] == [{"id": "kokoro", "version": "2"}]
    assert [(one.title, one.sha256, one.mark) for one in found.ingredients] == [("portrait", "d" * 64, Mark.NONE)]
    written = (signed[kind].sidecar or signed[kind].file).read_bytes()
    assert not [word for word in PRIVATE if word.encode() in written]


@pytest.mark.parametrize("kind", OTHER_READER)
def test_another_reader_says_the_same(provenance: Provenance, signed: Mapping[str, Signed], kind: str, tmp_path: Path) -> None:
    roots = provenance.identity().roots
    told = read_elsewhere(signed[kind].file, roots)
    assert (told["validation_state"], told["integrity"], told["hard_binding"]) == ("Trusted", "valid", "match")
    changed = with_a_byte_changed(signed[kind], tmp_path / f"changed.{kind}")
    assert read_elsewhere(changed, roots)["validation_state"] == "Invalid"


@pytest.mark.parametrize("kind", SOUNDS)
def test_what_is_heard_is_the_same_as_before(signed: Mapping[str, Signed], kind: str) -> None:
    before, after = decode_audio(signed[kind].plain), decode_audio(signed[kind].file)
    assert np.array_equal(before.samples, after.samples)


def with_a_byte_changed(signed: Signed, target: Path) -> Path:
    """A copy with one byte of the content changed, where the plain file has it too."""
    plain, whole = signed.plain.read_bytes(), bytearray(signed.file.read_bytes())
    tail = plain[len(plain) // 2 : len(plain) // 2 + 24]
    whole[bytes(whole).index(tail) + 12] ^= 1
    target.write_bytes(whole)
    return target


@pytest.mark.parametrize("kind", (*EMBEDDED, "opus", "srt"))
def test_a_changed_byte_is_told(provenance: Provenance, signed: Mapping[str, Signed], kind: str, tmp_path: Path) -> None:
    changed = with_a_byte_changed(signed[kind], tmp_path / f"changed.{kind}")
    found = provenance.check(changed, signed[kind].sidecar)
    assert (found.holds, found.ours) == (False, True), found
    assert "was changed after it was signed" in " ".join(report_of(found).broken)
    assert "does not hold any more" in report_of(found).sentence


@pytest.mark.parametrize("kind", ("wav", "mp3", "m4a", "flac"))
def test_tags_written_afterwards_are_told(
    provenance: Provenance, signed: Mapping[str, Signed], kind: str, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(signed[kind].file, tmp_path / f"tagged.{kind}"))
    tags = mutagen.File(copy, easy=kind != "wav")
    if kind == "wav":
        tags.add_tags()
        tags.tags.add(mutagen.id3.TIT2(encoding=3, text="Another"))
    else:
        tags["title"] = "Another"
    tags.save()
    assert provenance.check(copy).holds is False


@pytest.mark.parametrize("kind", ("wav", "mp3", "mp4", "png", "jpg"))
def test_a_file_that_was_cut_never_holds(provenance: Provenance, signed: Mapping[str, Signed], kind: str, tmp_path: Path) -> None:
    content = signed[kind].file.read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(content[: int(len(content) * 0.9)])
    found = provenance.check(cut)
    assert not found.holds and found.carried in (Carried.EMBEDDED, Carried.DAMAGED, Carried.NONE)


def test_a_file_that_was_encoded_anew_says_nothing(provenance: Provenance, signed: Mapping[str, Signed], tmp_path: Path) -> None:
    again = tmp_path / "again.wav"
    write_audio(again, decode_audio(signed["mp3"].file), "wav")
    found = provenance.check(again)
    assert (found.carried, found.holds) == (Carried.NONE, None)
    words = report_of(found)
    assert "Nothing signed" in words.sentence and "says nothing about where it comes from" in words.unknown[0]


def test_a_foreign_signer_is_named_and_not_known(provenance: Provenance, stranger: SigningIdentity, tmp_path: Path) -> None:
    theirs = sign_elsewhere(stranger, write_sample(tmp_path, "png"), tmp_path / "theirs.png", "image/png")
    found = provenance.check(theirs)
    assert (found.holds, found.ours, found.made_with) == (True, False, "Stranger 3")
    words = report_of(found)
    assert "whom this studio does not know" in words.sentence
    assert any("Who the signer really is" in one for one in words.unknown)
    assert words.actions == ("Made by a microphone or camera.",)


def test_no_words_judge_a_file(provenance: Provenance, signed: Mapping[str, Signed]) -> None:
    for kind in ("wav", "png", "opus"):
        told = report_of(provenance.check(signed[kind].file))
        text = " ".join((told.sentence, *told.actions, *told.ingredients, *told.unknown)).lower().split()
        assert not {"real", "fake", "genuine", "authentic", "true"} & set(text)


def test_a_chain_keeps_the_statements_of_everything_that_went_in(
    provenance: Provenance, signed: Mapping[str, Signed], tmp_path: Path
) -> None:
    """voice → lip-sync → larger → film."""
    recipes = {"lip_sync": "sadtalker", "upscale": "esrgan", "render_film": ""}
    parent, plain = ParentFile(signed["wav"].file, "audio"), signed["mp4"].plain
    for step, engine in recipes.items():
        made = tmp_path / f"{step}.mp4"
        provenance.sign(plain, made, {"kind": step, "engine": engine, "inputs": []}, "video", [parent])
        found = provenance.check(made)
        assert found.holds and found.ours
        assert [(one.mark, one.sha256) for one in found.ingredients] == [
            (Mark.HOLDS, sha256(parent.path.read_bytes()).hexdigest())
        ]
        parent = ParentFile(made, "video")
    assert found.statements == 4
    assert [one.action for one in found.actions] == ["c2pa.created", "c2pa.placed"]
    assert found.actions[0].source == "compositeWithTrainedAlgorithmicMedia"


def test_an_ingredient_that_was_changed_is_told(provenance: Provenance, signed: Mapping[str, Signed], tmp_path: Path) -> None:
    changed = with_a_byte_changed(signed["wav"], tmp_path / "changed.wav")
    made = tmp_path / "made.mp4"
    provenance.sign(signed["mp4"].plain, made, {"kind": "lip_sync"}, "video", [ParentFile(changed, "audio")])
    found = provenance.check(made)
    assert found.holds and [one.mark for one in found.ingredients] == [Mark.BROKEN]
    assert "did not hold when it went in" in report_of(found).ingredients[0]


def test_a_broken_or_unreadable_ingredient_stands_by_its_hash(
    provenance: Provenance, signed: Mapping[str, Signed], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(signed["png"].file.read_bytes()[:600])
    made = tmp_path / "made.wav"
    provenance.sign(signed["wav"].plain, made, {"kind": "voiceover"}, "audio", [ParentFile(broken, "image")])
    found = provenance.check(made)
    assert found.holds
    assert [(one.sha256, one.mark) for one in found.ingredients] == [(sha256(broken.read_bytes()).hexdigest(), Mark.NONE)]
