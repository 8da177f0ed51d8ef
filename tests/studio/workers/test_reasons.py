"""Exceptions as sentences that may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.contract.errors import EngineError, EngineOutOfMemory
from engines.worker.error_messages import LONGEST_REASON, as_greenroom_error, redact_error

HOME = str(Path("/", "home", "ann"))
SUPERUSER_HOME = str(Path("/", "root"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"cannot open {HOME}/models/a.bin", "cannot open a.bin"),
        ("cannot open '/srv/x/y/weights.safetensors': gone", "cannot open 'weights.safetensors': gone"),
        ("see https://example.org/a/b for help", "see https://example.org/a/b for help"),
        ("from https://ann:hunter2hunter2@example.org/x", "from https://***@example.org/x"),
        ("header Authorization: Bearer abcdefgh12345678", "header ***"),
        ("key hf_abcdefghijklmnop refused", "key *** refused"),
        ("expected a/b ratio of 3/4", "expected a/b ratio of 3/4"),
        ("two\nlines\tand\x00more", "two lines and more"),
        (f"in {HOME}", "in"),
        (f"in {SUPERUSER_HOME}: gone", "in : gone"),
    ],
)
def test_paths_and_secrets_are_cut(text: str, shown: str) -> None:
    assert redact_error(text) == shown


def test_long_texts_are_cut() -> None:
    assert len(redact_error("x" * 10_000)) == LONGEST_REASON


class OutOfMemoryError(RuntimeError):
    """As the tensor framework names its own."""


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (MemoryError(), "of memory"),
        (OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "graphics memory"),
        (RuntimeError("CUDA error: out of memory"), "graphics memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: out of memory"), "of memory"),
    ],
)
def test_running_out_of_memory_is_told_as_such(error: Exception, where: str) -> None:
    told = as_greenroom_error(error, "Wan")
    assert isinstance(told, EngineOutOfMemory)
    assert where in told.reason


def test_an_exception_without_words_is_named() -> None:
    assert as_greenroom_error(ValueError(), "Wan").reason == "Wan failed: ValueError."


def test_an_engines_own_error_is_left_alone() -> None:
    error = EngineError("speech.no-sound", engine="Wan")
    assert as_greenroom_error(error, "Wan") is error
