"""Files that come into a call, in every form in which one can be named."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from api.operations.files import FileInputs, Links
from studio.errors import InvalidInput
from studio.library import Library
from studio.settings import LibrarySettings


@pytest.fixture
def files(tmp_path: Path) -> FileInputs:
    for folder in ("uploads", "outputs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "outputs" / "said.wav").write_bytes(b"made here")
    return FileInputs(tmp_path / "uploads", Library(tmp_path / "outputs", LibrarySettings()), tmp_path / "outputs")


def test_an_upload_is_taken_by_path_and_by_reference(files: FileInputs) -> None:
    clip = files.place("A clip of mine.WAV")
    clip.write_bytes(b"x")
    assert clip.name == "a-clip-of-mine.wav"
    for given in (str(clip), clip, {"path": str(clip), "meta": {"_type": "gradio.FileData"}}, files.reference(clip)):
        assert files.path(given, "audio") == clip.resolve()
    assert files.in_spec({"audio": files.reference(clip), "options": {"more": [files.reference(clip), 1]}}) == {
        "audio": str(clip.resolve()),
        "options": {"more": [str(clip.resolve()), 1]},
    }


def test_an_output_is_taken_by_id_address_and_path(files: FileInputs, tmp_path: Path) -> None:
    output = tmp_path / "outputs" / "said.wav"
    assert Links("http://me:1").output("said.wav", output) == "http://me:1/media/outputs/said.wav"
    assert Links().output("said.wav", output.with_suffix(".srt")) == "/media/outputs/said.wav/srt"
    for given in ("said.wav", str(output), "http://me:1/media/outputs/said.wav", "/media/outputs/said.wav"):
        assert files.path(given, "audio") == output.resolve()


def test_a_data_address_is_kept(files: FileInputs) -> None:
    address = f"data:audio/wav;base64,{base64.b64encode(b'sound').decode()}"
    assert files.path(address, "audio").read_bytes() == b"sound"
    for wrong in ("data:audio/wav;base64,%%%", "data:audio/wav,x", "data:"):
        with pytest.raises(InvalidInput, match="base64"):
            files.path(wrong, "audio")


@pytest.mark.parametrize("given", [None, {}, {"path": None}, {"path": ""}, 7, {"url": "http://example.com/a.wav"}, [], True])
def test_no_file_is_said(files: FileInputs, given: object) -> None:
    with pytest.raises(InvalidInput, match="audio is missing"):
        files.path(given, "audio")


@pytest.mark.parametrize("given", ["http://169.254.169.254/x", "https://example.com/media/outputs/a/b", "http://x/"])
def test_nothing_is_fetched(files: FileInputs, given: str) -> None:
    with pytest.raises(InvalidInput, match="fetches nothing"):
        files.path(given, "audio")


def test_a_path_of_the_machine_is_no_upload(files: FileInputs, tmp_path: Path) -> None:
    """A call can name any path; only what was uploaded or made here is read."""
    inside, outside = tmp_path / "uploads", tmp_path / "secret.wav"
    outside.write_bytes(b"x")
    (inside / "link.wav").symlink_to(outside)
    (inside / "kept").mkdir()
    named = (outside, inside / ".." / "secret.wav", inside / "link.wav", inside / "missing.wav", inside, Path("/etc/passwd"))
    references = ("upload:../secret.wav", "upload:link.wav", "upload:/etc/passwd", "upload:", "upload:kept", "upload:a\0b")
    for path in (*map(str, named), *references, "nothing.wav", "x" * 5000, "~/a.wav", "file:///etc/passwd"):
        with pytest.raises(InvalidInput) as refused:
            files.path(path, "audio")
        assert str(tmp_path) not in str(refused.value) and "uploaded" in str(refused.value), path


def test_names_of_what_is_sent_in_are_made_safe(files: FileInputs) -> None:
    for name in ("../../etc/passwd", "..\\..\\x.wav", "/abs/path.wav", ".hidden", "a" * 400 + ".wav", "", "ü b.PNG"):
        place = files.place(name)
        assert place.parent.parent == files.uploads and len(place.name) < 120 and not place.name.startswith(".")
