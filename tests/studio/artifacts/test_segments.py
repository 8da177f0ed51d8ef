from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.audio.audio import Audio
from media.errors import MediaError
from studio.artifacts.segments import SegmentStore
from studio.errors import StorageError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def sound(seed: int = 0, frames: int = 2400, channels: int = 1, loud: float = 1.7) -> Audio:
    return Audio(np.random.default_rng(seed).normal(0, loud, (frames, channels)).astype(np.float32), 24_000)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    return SegmentStore(tmp_path / "segments", 10**9)


def key(number: int) -> str:
    return SegmentStore.key({"number": number})


@pytest.mark.parametrize("channels", [1, 2])
def test_reading_gives_exactly_what_was_put_beyond_full_scale_too(store: SegmentStore, channels: int) -> None:
    audio, data = sound(channels=channels), {"words": [["hallo", 0.1, 0.4]], "seconds": 0.25}
    put = store.put(key(1), audio, data)
    again = SegmentStore(store.root, 10**9).get(key(1))
    assert put.audio == audio and again.audio == audio and np.abs(audio.samples).max() > 1
    assert again.audio.samples.tobytes() == audio.samples.tobytes()
    assert put.data == again.data == data
    assert again.path == store.path(key(1)) and again.path.is_file()


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_a_key_depends_on_values_and_not_on_the_order_of_names(parts: dict) -> None:
    reverse = dict(reversed(list(parts.items())))
    assert SegmentStore.key(parts) == SegmentStore.key(reverse)
    assert SegmentStore.key({**parts, "one more": 1}) != SegmentStore.key({**parts, "one more": 2})


def test_keys_tell_apart_what_only_looks_alike_and_refuse_what_has_no_exact_form() -> None:
    alike = [
        {"a": 1},
        {"a": "1"},
        {"a": [1]},
        {"a": 1, "b": None},
        {"b": 1},
        {"a": {"b": 1}},
        {"a": True},
        {"a": "é"},
        {"a": "e\u0301"},
    ]
    assert len({SegmentStore.key(parts) for parts in alike}) == len(alike)
    for wrong in (float("nan"), {1, 2}, Path("x"), b"x"):
        with pytest.raises((TypeError, ValueError)):
            SegmentStore.key({"a": wrong})


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda wav, note: wav.unlink(),
        lambda wav, note: note.unlink(),
        lambda wav, note: wav.write_bytes(b""),
        lambda wav, note: note.write_bytes(b"{"),
        lambda wav, note: note.write_text("[]"),
        lambda wav, note: wav.write_bytes(b"RIFF, or something like it" * 40),
        lambda wav, note: shorten(wav),
        lambda wav, note: flip(wav),
        lambda wav, note: note.write_text(note.read_text().replace('"rate": 24000', '"rate": 22050')),
    ],
)
def test_a_damaged_piece_counts_as_missing_and_is_removed(store: SegmentStore, damage) -> None:
    other = store.put(key(2), sound(2), {})
    store.put(key(1), sound(), {})
    note = store.path(key(1)).with_suffix(".json")
    damage(store.path(key(1)), note)
    assert store.get(key(1)) is None
    assert not store.path(key(1)).exists() and not note.exists()
    assert not store.has(key(1)) and store.has(key(2))
    assert store.get(key(2)).audio == other.audio
    store.put(key(1), sound(), {})
    assert store.get(key(1)).audio == sound()


def test_empty_sound_is_refused(store: SegmentStore) -> None:
    with pytest.raises(MediaError, match="without sound"):
        store.put(key(1), Audio(np.zeros((0, 1), np.float32), 24_000), {})
    assert store.get(key(1)) is None


def test_pruning_takes_the_longest_unused_first_and_stops_below_the_quota(store: SegmentStore) -> None:
    for number in range(10):
        store.put(key(number), sound(number), {})
        age(store, number, 1000 - number)
    store.get(key(0))
    size = store.usage_bytes() // 10
    store.quota_bytes = size * 5
    assert store.prune() == pytest.approx(size * 6, rel=0.02)
    assert [number for number in range(10) if store.has(key(number))] == [0, 7, 8, 9]
    assert store.prune() == 0


def test_what_an_unended_job_has_touched_is_never_pruned(store: SegmentStore) -> None:
    for number in range(6):
        store.put(key(number), sound(number), {})
        age(store, number, 1000 - 100 * number)
    import time

    limited = SegmentStore(store.root, 1, protected_since=lambda: time.time() - 650)
    limited.prune()
    assert [number for number in range(6) if limited.has(key(number))] == [4, 5]


def age(store: SegmentStore, number: int, seconds: float) -> None:
    for path in (store.path(key(number)), store.path(key(number)).with_suffix(".json")):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def test_what_a_kill_left_half_written_is_swept(store: SegmentStore) -> None:
    store.put(key(1), sound(), {})
    left = store.path(key(1)).parent / ".incoming-left.wav"
    left.write_bytes(b"half")
    os.utime(left, (1000, 1000))
    store.prune()
    assert not left.exists() and store.get(key(1)) is not None


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on file size makes the same write fail in a process of its own."""
    script = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path.cwd())!r})
import numpy as np
from pathlib import Path
from media.audio.audio import Audio
from studio.errors import StorageError
from studio.artifacts.segments import SegmentStore
store = SegmentStore(Path({str(tmp_path)!r}), 10**9)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.put("ab" * 32, Audio(np.ones((24_000, 1), np.float32), 24_000), {{}})
except StorageError as error:
    print("told:", error.reason)
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "told:" in out.stdout, out.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as refused:
        SegmentStore(tmp_path / "file" / "segments", 10)
    assert str(tmp_path) not in str(refused.value)


def test_readers_never_see_or_remove_half_a_piece(store: SegmentStore) -> None:
    audio, wrong, stop = sound(), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            found = store.get(key(1))
            if found is not None and found.audio != audio:
                wrong.append("other sound")

    readers = [threading.Thread(target=read) for _ in range(2)]
    [reader.start() for reader in readers]
    for _ in range(60):
        store.put(key(1), audio, {})
        if store.get(key(1)) is None:
            wrong.append("removed")
        store.remove(key(1))
    stop.set()
    [reader.join() for reader in readers]
    assert wrong == []
