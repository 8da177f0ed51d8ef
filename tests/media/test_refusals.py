"""A refusal of the system is told in the studio's words, everywhere."""

from __future__ import annotations

import ast
import errno
import os

import pytest

from media.errors import MediaError, restored
from media.refusals import refusal
from tests.repository.sources import studio_sources


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "denied"),
    ],
)
def test_a_refused_file_says_why(number: int, words: str) -> None:
    error = MediaError("media.not-written", file="a.wav", cause=refusal(OSError(number, os.strerror(number), "/a/folder")))
    assert words in error.reason and words in restored(error.as_dict(), MediaError).reason
    assert os.strerror(number) not in error.reason


def test_what_the_studio_has_no_words_for_is_told_in_the_systems() -> None:
    assert refusal(OSError(errno.ENAMETOOLONG, "")) == os.strerror(errno.ENAMETOOLONG)
    assert refusal(OSError()) == "" and refusal(OSError(-1094995529, "a number of FFmpeg's")) == ""


def test_nobody_else_tells_the_systems_own_words() -> None:
    """Where they came from another place a full disk would be "No space left on device" there."""
    telling = [
        one.name
        for one in studio_sources()
        if any(isinstance(node, ast.Attribute) and node.attr == "strerror" for node in ast.walk(one.tree))
    ]
    assert telling == ["media/refusals.py"]
