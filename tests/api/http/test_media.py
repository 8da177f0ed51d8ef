"""Files that go out."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.http.media import media_response
from api.media_types import PLAYABLE
from studio.errors import NotFound
from studio.library.model import SERVED_EXTENSIONS


@pytest.mark.parametrize(
    ("name", "kind"), [("a.wav", "audio/wav"), ("Ä b.MP3", "audio/mpeg"), ("c.vtt", "text/vtt; charset=utf-8")]
)
def test_sounds_and_subtitles_are_shown_in_place(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    answer = media_response(tmp_path / name)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith("inline")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "code.js", "no-extension"])
def test_what_could_run_in_a_page_is_a_download(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<script>alert(1)</script>")
    answer = media_response(tmp_path / name)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_download_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "hibari_anna.wav"
    path.write_bytes(b"x")
    assert media_response(path, download=True).headers["content-disposition"] == 'attachment; filename="hibari_anna.wav"'


def test_nothing_that_browsers_run_is_playable() -> None:
    assert not {".html", ".htm", ".svg", ".xml", ".js", ".mjs", ".xhtml", ".pdf"} & PLAYABLE.keys()


def test_every_output_that_may_be_served_has_a_type() -> None:
    assert PLAYABLE.keys() >= SERVED_EXTENSIONS


def test_a_file_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        media_response(tmp_path / "gone.wav")
