"""Files that come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.operations.uploads import uploaded_file
from studio.errors import InvalidInput


def test_an_upload_is_taken(tmp_path: Path) -> None:
    clip = tmp_path / "hash" / "clip.wav"
    clip.parent.mkdir()
    clip.write_bytes(b"x")
    assert uploaded_file({"path": str(clip), "meta": {"_type": "gradio.FileData"}}, "audio", (tmp_path,)) == clip.resolve()


@pytest.mark.parametrize("given", [None, {}, {"path": None}, {"path": ""}, 7, {"url": "http://example.com/a.wav"}])
def test_no_file_is_said(tmp_path: Path, given: object) -> None:
    with pytest.raises(InvalidInput, match="audio is missing"):
        uploaded_file(given, "audio", (tmp_path,))


def test_a_path_of_the_machine_is_no_upload(tmp_path: Path) -> None:
    """A raw call can name any path; only what was uploaded is read."""
    inside, outside = tmp_path / "uploads", tmp_path / "secret.wav"
    inside.mkdir()
    outside.write_bytes(b"x")
    (inside / "link.wav").symlink_to(outside)
    for path in (outside, inside / ".." / "secret.wav", inside / "link.wav", inside / "missing.wav", inside, Path("/etc/passwd")):
        with pytest.raises(InvalidInput) as refused:
            uploaded_file({"path": str(path)}, "audio", (inside,))
        assert str(tmp_path) not in str(refused.value)
