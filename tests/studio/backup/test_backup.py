"""A backup holds everything and comes back whole, beside a running server, and never over somebody's work."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.conversation.account.accounts import accounts_of
from capabilities.conversation.account.model import Partners, TurnSpeaker
from capabilities.director.document.model import Project
from capabilities.director.film.capability import RenderFilm
from capabilities.registry import all_capabilities
from studio.backup import __main__ as command
from studio.backup import default_path, read_manifest, restore_backup, write_backup
from studio.errors import InvalidInput, NotFound, StorageError
from studio.jobs.database import MIGRATIONS
from studio.services import Services
from studio.settings import load_settings
from tests.repository.sources import ROOT

SCHEMA = len(MIGRATIONS)


def opened(folder: Path) -> Services:
    return Services.open(load_settings(data={"folder": str(folder)}, jobs={"keep_days": 36500}), all_capabilities)


def fill(studio: Services) -> None:
    """A project, a conversation with sound, a pronunciation, a token, and a job that names an upload."""
    studio.capability(RenderFilm).desk.projects.make(Project(title="The tide"))
    recorder = accounts_of(studio.paths).begin("A talk", Partners(voice="hibari/heart", mind="small", language="en"))
    recorder.turn_began("u1", TurnSpeaker.PERSON, 0.1)
    recorder.sound(TurnSpeaker.PERSON, b"\1\2" * 8_000, 0.0)
    recorder.text("u1", "Does the tide come twice?")
    recorder.turn_over("u1", 0.5)
    recorder.close(0.6)
    studio.pronunciations.set("Thames", "temz")
    (studio.paths.root / "door.json").write_text('{"token": "a token of this studio", "signing": "another"}')
    upload = studio.paths.root / "uploads" / "clip.wav"
    upload.parent.mkdir(exist_ok=True)
    upload.write_bytes(b"sound")
    with sqlite3.connect(studio.paths.jobs) as connection:
        connection.execute("UPDATE specs SET spec = json_set(spec, '$.clip', ?) WHERE spec LIKE '%Another one.%'", (str(upload),))
        connection.execute("UPDATE jobs SET outputs = replace(outputs, '/home/ada/greenroom/data', ?)", (str(studio.paths.root),))
    connection.close()


def told(studio: Services) -> dict[str, object]:
    """Everything that a person would miss, in words that can be compared."""
    return {
        "voices": [(one.name, one.transcript, one.consent, one.master.read_bytes()) for one in studio.voices.list()],
        "outputs": [(one.id, one.title, one.path.read_bytes(), one.recipe) for one in studio.library.list()],
        "jobs": sorted((one.id, one.title, one.state, [output.id for output in one.outputs]) for one in studio.jobs.list()),
        "projects": [(row.id, row.title) for row in studio.capability(RenderFilm).desk.projects.list()],
        "conversations": [(one.id, one.title, one.duration, one.turns) for one in accounts_of(studio.paths).all()],
        "pronunciations": [(one.word, one.saying) for one in studio.pronunciations.list()],
    }


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Services]:
    shutil.copytree(ROOT / "tests" / "data" / "former-data-folder", tmp_path / "data")
    studio = opened(tmp_path / "data")
    fill(studio)
    yield studio
    studio.close()


def test_everything_comes_back_on_a_fresh_folder(studio: Services, tmp_path: Path) -> None:
    """The server runs and takes jobs meanwhile; the list of jobs in the backup is whole all the same."""
    before, done = told(studio), threading.Event()

    def disturb() -> None:
        with sqlite3.connect(studio.paths.jobs, timeout=30) as connection:
            while not done.is_set():
                connection.execute("UPDATE jobs SET note = note || 'x', version = version")
                connection.commit()
        connection.close()

    (studio.paths.weights / "large").mkdir(parents=True)
    (studio.paths.weights / "large" / "model.bin").write_bytes(b"0" * 4096)
    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        written = write_backup(studio.paths.root, tmp_path / "kept.zip")
    finally:
        done.set()
        disturbing.join()
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600, "it holds the token"
    names = {one.path for one in written.manifest.files}
    assert not any(name.startswith(("weights/", "logs/", "environments/")) or name.endswith("-wal") for name in names)

    folder = tmp_path / "fresh"
    assert restore_backup(written.path, folder, SCHEMA).set_aside is None
    assert (folder / "door.json").read_text() == (studio.paths.root / "door.json").read_text()
    again = opened(folder)
    try:
        assert told(again) == before and all(before.values())
        for job in again.jobs.list():
            assert all(Path(output.path).is_file() and str(output.path).startswith(str(folder)) for output in job.outputs)
        moved = next(one for one in again.jobs.list() if one.title == "Another one.")
        assert moved.spec["clip"] == str(folder / "uploads" / "clip.wav") and Path(moved.spec["clip"]).is_file()
    finally:
        again.close()


def test_what_is_there_is_moved_aside_and_never_lost(studio: Services, tmp_path: Path) -> None:
    written = write_backup(studio.paths.root, tmp_path / "kept.zip", pieces=False, keys=False)
    with pytest.raises(StorageError, match="Another Greenroom"):
        restore_backup(written.path, studio.paths.root, SCHEMA, replace=True)
    folder = tmp_path / "other"
    (folder / "voices" / "mine").mkdir(parents=True)
    (folder / "voices" / "mine" / "voice.json").write_text("{}")
    (folder / "door.json").write_text("my token")
    (folder / "weights").mkdir()
    with pytest.raises(InvalidInput, match="work in this data folder already: voices"):
        restore_backup(written.path, folder, SCHEMA)
    aside = restore_backup(written.path, folder, SCHEMA, replace=True).set_aside
    assert aside is not None and (aside / "voices" / "mine" / "voice.json").read_text() == "{}"
    assert (folder / "door.json").read_text() == "my token", "a backup without keys leaves those of the folder"
    assert (folder / "weights").is_dir() and (folder / "voices" / "ada-as-saved-before").is_dir()
    assert not (folder / "segments").exists()


def altered(source: Path, target: Path, **changes: object) -> Path:
    """The same backup with other words in its manifest, or other bytes in its files."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "backup.json":
                data = json.dumps({**json.loads(data), **changes}).encode()
            elif name in changes:
                data = bytes(str(changes[name]), "ascii")
            new.writestr(name, data)
    return target


def test_what_is_no_whole_backup_is_refused_in_words(studio: Services, tmp_path: Path) -> None:
    good, folder = write_backup(studio.paths.root, tmp_path / "kept.zip").path, tmp_path / "fresh"
    data, manifest = good.read_bytes(), read_manifest(good)
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    (tmp_path / "words.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("holiday.txt", "photos")
    outside = [{"path": "../outside", "size": 1, "sha256": "0" * 64}]
    refusals = {
        tmp_path / "cut.zip": "damaged or cut off",
        tmp_path / "words.zip": "damaged or cut off",
        tmp_path / "other.zip": "no backup of Greenroom",
        altered(good, tmp_path / "outside.zip", files=outside): "no backup of Greenroom",
        altered(good, tmp_path / "bytes.zip", **{"voices/ada-as-saved-before/voice.json": "{}"}): "damaged or cut off",
        altered(good, tmp_path / "later.zip", format=2, studio="9.0"): r"later version of Greenroom \(9.0\)",
        altered(good, tmp_path / "voices.zip", formats={"voices": 7}, studio="9.0"): "holds voices of format 7",
        altered(good, tmp_path / "jobs.zip", jobs_schema=SCHEMA + 1): "holds jobs of format",
    }
    for path, words in refusals.items():
        with pytest.raises((InvalidInput, StorageError), match=words):
            restore_backup(path, folder, SCHEMA)
        assert {one.name for one in folder.glob("*")} <= {"studio.lock"}, path.name
    with pytest.raises(NotFound, match=r"no backup nowhere\.zip"):
        restore_backup(tmp_path / "nowhere.zip", folder, SCHEMA)
    with pytest.raises(InvalidInput, match=r"kept\.zip already"):
        write_backup(studio.paths.root, good)
    assert good.read_bytes() == data and manifest.jobs_schema == SCHEMA


def test_a_full_disk_and_a_damaged_list_of_jobs_leave_no_half_backup(
    studio: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere"
    free = type("Free", (), {"free": 0})
    with monkeypatch.context() as patch:
        patch.setattr("studio.backup.write.shutil.disk_usage", lambda _: free)
        with pytest.raises(StorageError, match="MiB of disk, and 0 MiB are free"):
            write_backup(studio.paths.root, place / "kept.zip")
    studio.close()
    damaged = bytearray(studio.paths.jobs.read_bytes())
    damaged[100:4000] = b"\7" * 3900
    studio.paths.jobs.write_bytes(damaged)
    with pytest.raises(StorageError, match=r"jobs.db is damaged"):
        write_backup(studio.paths.root, place / "kept.zip")
    assert list(place.iterdir()) == []


def test_the_commands_say_what_they_did(studio: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = studio.paths.root
    assert command.main(["backup", "--data", str(root)]) == 0
    (path,) = (root / "backups").iterdir()
    assert str(path) in capsys.readouterr().out and default_path(root) != path
    assert command.main(["restore", str(path), "--data", str(tmp_path / "fresh")]) == 0
    assert "Weights and environments are no part" in capsys.readouterr().out
    assert command.main(["restore", str(path), "--data", str(tmp_path / "fresh")]) == 2
    assert capsys.readouterr().err.startswith("Greenroom: There is work in this data folder already")
