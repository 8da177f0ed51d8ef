"""Files that were fetched or checked do not stay in the page cache: on shared memory they would fill a GPU's pool."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.contract import EnginePaths
from studio.weights import WeightStore
from studio.weights.checksum import sum_of
from tests.studio.weights.conftest import BIG
from tests.studio.weights.hub import Hub


def cached_share(path: Path) -> float:
    """The part of a file that lies in the page cache (mincore(2))."""
    size = path.stat().st_size
    pages = -(-size // mmap.PAGESIZE)
    library = ctypes.CDLL(None, use_errno=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as mapped:
        there = (ctypes.c_ubyte * pages)()
        start = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        assert library.mincore(ctypes.c_void_p(start), ctypes.c_size_t(size), there) == 0
        return sum(page & 1 for page in there) / pages


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder on a disk whose pages can be dropped: memory disks keep theirs."""
    probe = tmp_path / "probe"
    probe.write_bytes(bytes(1 << 20))
    with probe.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if cached_share(probe) > 0.5:
        pytest.skip("This disk keeps its files in memory.")
    return tmp_path


def test_a_file_that_was_checked_is_not_kept_in_memory(disk: Path) -> None:
    path = disk / "weights"
    path.write_bytes(os.urandom(4 << 20))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    assert cached_share(path) > 0.9
    sum_of(path, "0" * 64, path.stat().st_size)
    assert cached_share(path) < 0.1


def test_a_file_that_was_fetched_is_not_kept_in_memory(
    disk: Path, hub: Hub, make_weights: Callable[..., WeightStore], site: EnginePaths
) -> None:
    make_weights().download("tiny", lambda fraction, note: None, lambda: False)
    (path,) = (one for root in site.weights for one in root.rglob("*.safetensors") if one.stat().st_size == len(BIG))
    assert cached_share(path) < 0.1
