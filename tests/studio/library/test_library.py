"""The library: whole or not there, listed from the files, deleted with all that belongs to them."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.audio.encode import write_audio
from media.audio.waveform import peaks
from studio.errors import GreenroomError, InvalidInput, MediaError, NotFound
from studio.library import KINDS, SERVED_EXTENSIONS, Library, LibraryOutput, NotEnoughSpace
from studio.library import write as shelving
from studio.library.model import COMPANION_EXTENSIONS, KIND_OF_EXTENSION
from studio.settings import LibrarySettings
from studio.version import studio_version
from tests.media.samples import sentence

NOON = 1_795_176_000.0
RECIPE = {
    "engine": "f5-tts",
    "engine_version": "1",
    "voice": "Änna O'Hara/2",
    "options": {"speed": 1.0},
    "seed": 7,
    "inputs": [{"role": "voice", "name": "Anna", "sha256": "0" * 64}],
    "licence": "CC-BY-NC-4.0",
    "commercial_use": False,
    "job": "j1",
    "spec": {"script": "Hello.", "voice": "Anna"},
    "facts": ["−16.0 LUFS"],
}


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(tmp_path: Path, clock: Clock) -> Library:
    return Library(tmp_path / "outputs", LibrarySettings(), clock)


@pytest.fixture
def staged(tmp_path: Path) -> Callable[..., Path]:
    """Makes finished files outside of the library: real sound, or some bytes for other endings."""
    folder = tmp_path / "scratch"
    folder.mkdir()

    def make(name: str = "take.wav", size: int = 100) -> Path:
        path = folder / name
        if path.suffix in (".wav", ".mp3"):
            write_audio(path, sentence().slice(0, 1), path.suffix[1:])
        else:
            path.write_bytes(b"x" * size)
        return path

    return make


def names(library: Library) -> list[str]:
    return sorted(path.name for path in library.folder.iterdir() if not path.name.startswith("."))


Make = Callable[..., Path]


# Adding


def test_an_output_lies_under_a_human_name_with_recipe_companions_and_outline(library: Library, staged: Make) -> None:
    words = staged("words.json")
    output = library.add(staged(), "audio", " Hello\nthere ", RECIPE, (staged("take.srt"), words))
    stamp = time.strftime("%Y-%m-%d_%H%M%S", time.localtime(NOON))
    stem = f"f5-tts_änna-o-hara-2_{stamp}"
    assert names(library) == sorted([f"{stem}{end}" for end in (".wav", ".srt", ".json", ".recipe.json", ".wav.peaks.json")])
    assert output.id == f"{stem}.wav" and output.title == "Hello there" and output.duration == pytest.approx(1, abs=0.01)
    assert [path.suffix for path in output.companions] == [".srt", ".json"]
    assert dict(output.recipe) == RECIPE | {"studio_version": studio_version()}
    assert (output.engine, output.voice, output.commercial_use, output.job) == ("f5-tts", "Änna O'Hara/2", False, "j1")
    assert len(output.peaks) == 800 and max(output.peaks) == pytest.approx(max(peaks(output.path, 800)), abs=0.001)
    assert not words.exists() and library.get(output.id) == output == library.list()[0]
    told = output.as_dict()
    assert json.loads(json.dumps(told)) == told


def test_two_in_one_second_get_names_of_their_own(library: Library, staged: Make) -> None:
    made = [library.add(staged(f"{number}.wav"), "audio", "x", RECIPE).path.stem for number in range(3)]
    assert made[1:] == [f"{made[0]}-2", f"{made[0]}-3"]


def test_two_kinds_of_file_never_share_a_recipe(library: Library, staged: Make) -> None:
    made = [library.add(staged(name), "audio", "x", RECIPE).path.stem for name in ("a.wav", "a.mp3")]
    assert len(set(made)) == 2


def test_many_threads_and_two_libraries_in_the_same_second(library: Library, staged: Make, clock: Clock) -> None:
    other = Library(library.folder, LibrarySettings(), clock)
    files = [(staged(f"{number}.png", number + 1), staged(f"{number}.txt", number + 1)) for number in range(24)]
    barrier = threading.Barrier(4)

    def add(part: int) -> list[LibraryOutput]:
        barrier.wait()
        shelf = library if part % 2 else other
        return [shelf.add(image, "image", str(image.stem), RECIPE, (text,)) for image, text in files[part::4]]

    with ThreadPoolExecutor(4) as pool:
        made = [output for outputs in pool.map(add, range(4)) for output in outputs]
    assert len({output.id for output in made}) == 24
    for output in library.list(limit=None):
        assert output.size == int(output.title) + 1, "an output has the file that was given for it"
        assert output.companions[0].stat().st_size == output.size


def test_a_name_of_ones_own_for_batches(library: Library, staged: Make) -> None:
    output = library.add(staged(), "audio", "x", RECIPE, name="001 ../Good morning, 世界!")
    assert output.id == "001-good-morning-世界.wav"


def test_a_recipe_without_engine_or_voice_still_gives_a_name(library: Library, staged: Make) -> None:
    assert library.add(staged("a.zip"), "archive", "x", {}).id.startswith("archive_20")


@given(engine=st.text(max_size=30), voice=st.text(max_size=90), title=st.text(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_give_a_file_inside_the_folder(library: Library, staged: Make, engine: str, voice: str, title: str) -> None:
    output = library.add(staged("a.png"), "image", title, {"engine": engine, "voice": voice})
    assert output.path.parent == library.folder and output.path.is_file()
    assert len(output.id.encode()) < 200 and not set(output.id) & set("/\\ \n\0'\"")
    assert library.get(output.id).title and output.title.isprintable()
    library.delete(output.id)
    assert names(library) == []


@pytest.mark.parametrize("ending", [".html", ".svg", ".js", ".exe", ".json", ".htm", "", ".xml", ".pdf"])
def test_nothing_that_a_browser_would_run_comes_in(library: Library, staged: Make, ending: str) -> None:
    for kind in KINDS:
        with pytest.raises(InvalidInput):
            library.add(staged(f"evil{ending}"), kind, "x", RECIPE)
    assert names(library) == [] and ending not in SERVED_EXTENSIONS


def test_wrong_deliveries_are_refused_and_leave_nothing(library: Library, staged: Make, tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(staged("real.png"))
    empty = staged("empty.png", 0)
    wrong: list[tuple[Path, str, tuple[Path, ...]]] = [
        (tmp_path / "missing.png", "image", ()),
        (link, "image", ()),
        (empty, "image", ()),
        (staged("b.png"), "audio", ()),
        (staged("c.png"), "image", (staged("c.html"),)),
        (staged("d.png"), "image", (staged("d.srt"), staged("e.srt"))),
        (staged("f.png"), "image", (staged("g.png"),)),
    ]
    for path, kind, companions in wrong:
        with pytest.raises(InvalidInput):
            library.add(path, kind, "x", RECIPE, companions)
    broken = staged("broken.flac")
    with pytest.raises(MediaError):
        library.add(broken, "audio", "x", RECIPE)
    assert names(library) == [] and broken.exists()


def test_the_recipe_is_there_before_the_file(library: Library, staged: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment at which the file is moved in, everything else already lies there and reads back."""
    seen: list[list[str]] = []

    def watched(source: Path, target: Path) -> None:
        seen.append(names(library))
        original(source, target)

    original = shelving.move_atomic
    monkeypatch.setattr(shelving, "move_atomic", watched)
    library.add(staged(), "audio", "x", RECIPE, (staged("take.vtt"),))
    assert [Path(name).suffixes for name in seen[-1]] == [[".recipe", ".json"], [".vtt"], [".wav", ".peaks", ".json"]]


def test_a_crash_before_the_file_leaves_nothing_to_see(library: Library, staged: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """As if the process had ended here."""

    def die(source: Path, target: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(shelving, "move_atomic", die)
        with pytest.raises(Killed):
            library.add(staged(), "audio", "x", RECIPE)
    assert library.list() == []
    assert library.add(staged(), "audio", "x", RECIPE).path.exists()


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, NotEnoughSpace), (errno.EIO, GreenroomError)])
def test_a_disk_that_does_not_take_it_is_told_in_words(
    library: Library, staged: Make, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[GreenroomError]
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(code, os.strerror(code), "/srv/secret")

    with monkeypatch.context() as patch:
        patch.setattr(shelving, "move_atomic", full)
        with pytest.raises(GreenroomError) as refused:
            library.add(staged(), "audio", "x", RECIPE)
    assert type(refused.value) is kind and refused.value.retryable and "secret" not in str(refused.value)
    assert names(library) == []


def test_another_file_system_is_crossed_by_a_copy(library: Library, staged: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    take = staged()
    content = take.read_bytes()
    rename = Path.rename

    def cross(self: Path, target: Path) -> Path:
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cross)
    output = library.add(take, "audio", "x", RECIPE)
    assert output.path.read_bytes() == content and not take.exists()
    assert not list(library.folder.glob(".incoming*"))


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system here")
def test_a_real_second_file_system(library: Library) -> None:
    take = Path("/dev/shm") / f"greenroom-{os.getpid()}.png"
    take.write_bytes(b"x" * 100_000)
    assert library.add(take, "image", "x", RECIPE).size == 100_000 and not take.exists()


# Listing


def test_lists_are_newest_first_and_can_be_narrowed(library: Library, staged: Make, clock: Clock) -> None:
    for number, (name, kind) in enumerate([("a.png", "image"), ("b.srt", "subtitles"), ("c.png", "image"), ("d.zip", "archive")]):
        clock.now += 60
        library.add(staged(name), kind, f"Title {number}", {"engine": "hibari", "voice": "Ænne" if number else "heart"})
    assert [output.title for output in library.list()] == ["Title 3", "Title 2", "Title 1", "Title 0"]
    assert [output.title for output in library.list(limit=2)] == ["Title 3", "Title 2"]
    assert [output.title for output in library.list(kinds=["image"])] == ["Title 2", "Title 0"]
    assert [output.title for output in library.list(text="ÆNNE title")] == ["Title 3", "Title 2", "Title 1"]
    assert library.list(text="nobody") == [] and library.list(limit=0) == []


def test_the_files_are_the_truth(library: Library, staged: Make, clock: Clock) -> None:
    made = library.add(staged(), "audio", "x", RECIPE, (staged("take.srt"),))
    made.path.unlink()
    assert [output.id for output in library.list()] == [made.companions[0].name], "what is left of it is shown as what it is"
    with pytest.raises(NotFound):
        library.get(made.id)
    (library.folder / "Grandma 1987.mp3").write_bytes(staged("x.mp3").read_bytes())
    (library.folder / "page.html").write_text("<script>")
    (library.folder / "inside").mkdir()
    (library.folder / "link.wav").symlink_to("/etc/passwd")
    found = library.get("Grandma 1987.mp3")
    assert (found.kind, found.title, found.found, dict(found.recipe)) == ("audio", "Grandma 1987", True, {})
    assert {output.id for output in library.list()} == {found.id, made.companions[0].name}


def test_changes_within_one_tick_of_the_file_systems_clock_are_seen(library: Library) -> None:
    """The folder's time stamp may not move between two changes; the listing must not trust a young one."""
    for number in range(50):
        (library.folder / f"{number}.png").write_bytes(b"x")
        stamp = library.folder.stat()
        os.utime(library.folder, ns=(stamp.st_atime_ns, int(time.time()) * 10**9))
        assert len(library.list(limit=None)) == number + 1


def test_an_unchanged_old_folder_is_not_read_again(library: Library, staged: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add(staged("a.png"), "image", "x", RECIPE)
    os.utime(library.folder, (time.time() - 60, time.time() - 60))
    library.list()
    scans: list[object] = []
    original = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scans.append(path) or original(path))
    for _ in range(5):
        assert len(library.list()) == 1
    assert scans == []
    (library.folder / "b.png").write_bytes(b"x")
    assert len(library.list()) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"output": 5}',
        b"[" * 100_000,
        b"\xff",
        json.dumps({"output": {"file": "../../etc/passwd", "kind": "image", "created": 1}}).encode(),
        json.dumps({"output": {"file": "OTHER.png", "kind": "image", "created": 1}}).encode(),
        json.dumps({"output": {"file": "ID", "kind": "html", "created": 1}}).encode(),
        json.dumps({"output": {"file": "ID", "kind": "image", "created": 1, "companions": ["../../../etc/passwd"]}}).encode(),
        json.dumps({"output": {"file": "ID", "kind": "image", "created": 1, "companions": ["other.png"]}}).encode(),
    ],
    ids=range(11),
)
def test_a_damaged_recipe_costs_only_the_recipe(library: Library, staged: Make, content: bytes) -> None:
    other = library.add(staged("other.png"), "image", "other", RECIPE, name="other")
    made = library.add(staged("a.png"), "image", "x", RECIPE)
    path = made.path.with_name(f"{made.path.stem}.recipe.json")
    path.write_bytes(content.replace(b"ID", made.id.encode()))
    damaged = library.get(made.id)
    assert damaged.found and damaged.damage and {output.id for output in library.list()} == {made.id, other.id}
    with pytest.raises(InvalidInput):
        library.rename(made.id, "y")
    library.delete(made.id)
    assert library.list() == [other] and not path.exists() and other.path.exists()


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_id_leads_out_of_the_folder(library: Library, tmp_path: Path, words: str) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    for asked in (words, f"../{words}", "../secret.wav", str(secret), f"{library.folder}/../secret.wav", "..", ".", ""):
        for method in (library.get, library.delete, library.protect, library.peaks):
            with pytest.raises(NotFound) as refused:
                method(asked)
            assert refused.value.reason.isprintable()
    assert secret.exists()


def test_a_jobs_path_is_taken_for_its_id(library: Library, staged: Make) -> None:
    made = library.add(staged("a.png"), "image", "x", RECIPE)
    assert library.get(str(made.path)) == made


@pytest.mark.slow
def test_five_thousand_outputs_list_quickly(tmp_path: Path) -> None:
    """The promise: a page of the list in well under a second cold, and in a few milliseconds after that."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    for number in range(5_000):
        head = {
            "file": f"o{number}.wav",
            "kind": "audio",
            "title": f"T{number}",
            "created": number,
            "companions": [f"o{number}.srt"],
        }
        (folder / f"o{number}.wav").write_bytes(b"x")
        (folder / f"o{number}.srt").write_bytes(b"x")
        fields = {"output": head, "engine": "hibari", "spec": {"script": "words " * 500}}
        (folder / f"o{number}.recipe.json").write_text(json.dumps(fields))
    os.utime(folder, (time.time() - 60, time.time() - 60))
    library = Library(folder, LibrarySettings())
    began = time.thread_time()
    assert library.list(limit=20)[0].title == "T4999"
    cold = time.thread_time() - began
    began = time.thread_time()
    for _ in range(20):
        library.list(limit=20)
    warm = (time.thread_time() - began) / 20
    library.add(tmp_path_file(tmp_path), "image", "new", {})
    began = time.thread_time()
    assert len(library.list(limit=None)) == 5_001
    changed = time.thread_time() - began
    told = f"cold {cold:.3f} s, unchanged {warm:.4f} s, after a change {changed:.3f} s"
    assert warm < cold / 10 and changed < cold / 2, told


def tmp_path_file(folder: Path) -> Path:
    (folder / "new.png").write_bytes(b"x")
    return folder / "new.png"


# Changing


def test_a_rename_changes_the_title_and_nothing_else(library: Library, staged: Make) -> None:
    made = library.add(staged(), "audio", "x", RECIPE, (staged("take.srt"),))
    renamed = library.rename(made.id, "  A better\x00 name ")
    assert renamed.title == "A better name" and renamed.id == made.id and dict(renamed.recipe) == dict(made.recipe)
    assert (renamed.created, renamed.companions, renamed.duration) == (made.created, made.companions, made.duration)
    with pytest.raises(InvalidInput):
        library.rename(made.id, " \n ")


def test_a_found_file_can_be_titled_and_kept(library: Library, staged: Make) -> None:
    (library.folder / "song.wav").write_bytes(staged().read_bytes())
    (library.folder / "song.mp3").write_bytes(staged("x.mp3").read_bytes())
    titled = library.rename("song.wav", "My song")
    assert titled.title == "My song" and titled.found and library.protect("song.wav").keep
    with pytest.raises(InvalidInput, match="but for its ending"):
        library.rename("song.mp3", "Other")
    library.delete("song.mp3")
    assert library.get("song.wav").title == "My song"


def test_delete_removes_file_recipe_companions_and_outline(library: Library, staged: Make) -> None:
    first = library.add(staged(), "audio", "x", RECIPE, (staged("take.srt"), staged("words.json")))
    second = library.add(staged(), "audio", "y", RECIPE)
    assert library.delete(first.id) == first
    with pytest.raises(NotFound):
        library.delete(first.id)
    assert library.put_back(first.id) == first
    assert library.delete(first.id, for_good=True) == first
    assert names(library) == sorted([second.id, f"{second.path.stem}.recipe.json", f"{second.id}.peaks.json"])
    assert not list(library.folder.glob(".trash*"))
    with pytest.raises(NotFound):
        library.put_back(first.id)


def test_a_found_file_gets_its_outline_when_asked(library: Library, staged: Make) -> None:
    (library.folder / "song.wav").write_bytes(staged().read_bytes())
    assert library.get("song.wav").peaks == ()
    outline = library.peaks("song.wav", 100)
    assert len(outline) == 100 and library.get("song.wav").peaks == outline == library.peaks("song.wav", 100)
    library.delete("song.wav")
    assert names(library) == []


# Archives


def test_a_batch_becomes_one_zip_with_names_by_line(library: Library, staged: Make) -> None:
    made = [library.add(staged(f"{n}.wav"), "audio", f"{n}", RECIPE, (staged(f"{n}.srt"), staged(f"{n}.json"))) for n in range(3)]
    archive = library.archive(
        [output.id for output in made], "All lines", {"kind": "batch"}, names=["001 Hi.", "../../x", "001 hi"]
    )
    assert archive.kind == "archive" and archive.parents == tuple(output.id for output in made)
    with zipfile.ZipFile(archive.path) as file:
        assert file.testzip() is None
        listed = file.namelist()
        assert file.read("001 Hi.wav") == made[0].path.read_bytes()
    assert listed[:2] == ["001 Hi.wav", "001 Hi.srt"] and [Path(name).suffix for name in listed[2:4]] == [".wav", ".srt"]
    assert listed[4:] == ["001 hi-2.wav", "001 hi-2.srt"] and all("/" not in name and ".." not in name for name in listed)
    assert not list(library.folder.glob(".incoming*"))


def test_an_archive_of_nothing_or_of_the_unknown_is_refused(library: Library, staged: Make) -> None:
    with pytest.raises(InvalidInput):
        library.archive([], "x", {})
    with pytest.raises(NotFound):
        library.archive(["gone.wav"], "x", {})
    one = library.add(staged("a.png"), "image", "x", RECIPE)
    with pytest.raises(InvalidInput):
        library.archive([one.id], "x", {}, names=["a", "b"])


# The disk


@pytest.fixture
def small(tmp_path: Path, clock: Clock) -> Library:
    return Library(tmp_path / "outputs", LibrarySettings(quota_gib=3_500 / 2**30), clock)


def fill(library: Library, clock: Clock, staged: Make, count: int = 5) -> Iterator[LibraryOutput]:
    for number in range(count):
        clock.now += 60
        yield library.add(staged(f"{number}.png", 800), "image", f"T{number}", {})


def test_usage_counts_all_that_belongs_to_an_output(library: Library, staged: Make) -> None:
    made = library.add(staged("a.png", 800), "image", "x", RECIPE, (staged("a.srt", 50),))
    library.add(staged("b.zip", 300), "archive", "y", {})
    usage = library.usage()
    recipe = made.path.with_name(f"{made.path.stem}.recipe.json").stat().st_size
    assert usage.by_kind["image"] == 850 + recipe == made.total_size and usage.counts == {"image": 1, "archive": 1}
    assert usage.total == sum(path.stat().st_size for path in library.folder.iterdir())
    assert usage.free > 0 and usage.quota == 50 * 2**30


def test_the_quota_removes_the_oldest_unprotected_and_tells(small: Library, staged: Make, clock: Clock, caplog: Any) -> None:
    made = list(fill(small, clock, staged))
    small.protect(made[0].id)
    with caplog.at_level("INFO"):
        removed = small.enforce_quota(in_use=(made[1].id,))
    left = [output.title for output in small.list()]
    assert [removal.id for removal in removed] == [made[2].id, made[3].id] or [r.id for r in removed] == [made[2].id]
    assert small.usage().total <= small.usage().quota
    assert "T0" in left and "T1" in left and "T4" in left
    assert "quota" in removed[0].reason and all(removal.id in caplog.text for removal in removed)
    assert small.recent_removals() == list(reversed(removed))
    assert small.enforce_quota() == ()


def test_the_newest_stays_even_when_it_alone_is_too_large(tmp_path: Path, staged: Make, clock: Clock) -> None:
    tiny = Library(tmp_path / "outputs", LibrarySettings(quota_gib=10 / 2**30), clock)
    made = list(fill(tiny, clock, staged, 3))
    assert {removal.id for removal in tiny.enforce_quota()} == {made[0].id, made[1].id}
    assert [output.id for output in tiny.list()] == [made[2].id]


def test_within_the_quota_nothing_goes_and_retention_is_off_by_default(library: Library, staged: Make, clock: Clock) -> None:
    made = list(fill(library, clock, staged))
    clock.now += 10 * 365 * 86_400
    assert library.enforce_quota() == () and len(library.list()) == len(made)


def test_retention_removes_what_is_older(tmp_path: Path, staged: Make, clock: Clock) -> None:
    library = Library(tmp_path / "outputs", LibrarySettings(retention_days=7), clock)
    kept, old = list(fill(library, clock, staged, 2))
    library.protect(kept.id)
    clock.now += 6.9 * 86_400
    assert library.enforce_quota() == ()
    clock.now += 0.2 * 86_400
    new = next(fill(library, clock, staged, 1))
    removed = library.enforce_quota()
    assert [removal.id for removal in removed] == [old.id] and "7 days old" in removed[0].reason
    assert {output.id for output in library.list()} == {kept.id, new.id}


def test_the_list_of_removals_outlives_damage(small: Library, staged: Make, clock: Clock) -> None:
    list(fill(small, clock, staged))
    removed = small.enforce_quota()
    (small.folder / ".removals.jsonl").open("ab").write(b'{"half": \xff\n')
    assert small.recent_removals() == list(reversed(removed))
    assert small.recent_removals(limit=1) == [removed[-1]]


def test_room_is_asked_for_before_the_work(library: Library) -> None:
    library.ensure_space(1)
    with pytest.raises(NotEnoughSpace) as refused:
        library.ensure_space(2**60, "the narration")
    assert "GiB free" in refused.value.reason and "the narration needs about 1073741824.0 GiB" in refused.value.reason
    assert refused.value.retryable and refused.value.hint


def test_what_a_crash_left_is_swept_but_not_what_is_being_made(library: Library, clock: Clock) -> None:
    old, new = library.folder / ".incoming-old.wav", library.folder / ".incoming-new.wav"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    (library.folder / ".trash-1").mkdir()
    (library.folder / ".trash-1" / "x.wav").write_bytes(b"x")
    Library(library.folder, LibrarySettings(), clock)
    assert not old.exists() and new.exists() and not (library.folder / ".trash-1").exists()


def test_every_ending_is_of_a_known_kind_and_none_is_active() -> None:
    assert set(KIND_OF_EXTENSION.values()) == set(KINDS)
    active = {".html", ".htm", ".svg", ".xml", ".xhtml", ".js", ".pdf", ".swf", ".mht"}
    assert not active & (SERVED_EXTENSIONS | COMPANION_EXTENSIONS)
