"""The child process: it never asks the network, no file of a stranger ends anything but itself, and what it leaves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.errors import InvalidInput
from studio.provenance import process
from studio.provenance.certificate import SigningIdentity
from studio.provenance.child import settings
from studio.provenance.process import SigningFailed
from studio.provenance.provenance import Provenance
from studio.provenance.statement import Carried
from studio.provenance.words import report_of
from tests.studio.provenance.hostile import COUNT, Verdict, run_in_child
from tests.studio.provenance.samples import RECIPE, sign_elsewhere, write_sample


@pytest.fixture(scope="module")
def through_a_child(certified: Path) -> Provenance:
    return Provenance(certified, lambda: {"kokoro"})


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address of this machine, and the first lines of what was asked there."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(2000).decode("latin-1").partition("\r\n")[0])
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/statement.c2pa", asked
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("kind", "media"), [("png", "image/png"), ("wav", "audio/wav"), ("mp3", "audio/mpeg")])
def test_a_statement_that_lies_elsewhere_is_not_fetched(
    through_a_child: Provenance, stranger: SigningIdentity, tmp_path: Path, kind: str, media: str
) -> None:
    with listening() as (address, asked):
        named = sign_elsewhere(stranger, write_sample(tmp_path, kind), tmp_path / f"named.{kind}", media, address=address)
        found = through_a_child.check(named)
        assert found.carried is Carried.ELSEWHERE and found.holds is None
        assert "It was not fetched" in report_of(found).sentence
        made = tmp_path / "made.wav"
        through_a_child.sign(write_sample(tmp_path, "wav"), made, RECIPE, "audio")
        assert asked == []


@pytest.mark.parametrize("belt", ["verify", "core"])
def test_each_setting_that_keeps_off_the_network_does_so_alone(stranger: SigningIdentity, tmp_path: Path, belt: str) -> None:
    """c2pa takes a setting that it does not know in silence: without either of these it does ask."""
    from c2pa import C2paError, Context, Reader

    def read(path: Path, told: dict[str, object]) -> None:
        with Context.from_dict(told) as context, path.open("rb") as stream, pytest.raises(C2paError):
            Reader("image/png", stream, context=context)

    with listening() as (address, asked):
        named = sign_elsewhere(stranger, write_sample(tmp_path, "png"), tmp_path / "named.png", "image/png", address=address)
        read(named, {"version": 1})
        assert asked == ["GET /statement.c2pa HTTP/1.1"]
        read(named, {"version": 1, belt: settings("")[belt]})
        assert len(asked) == 1


def test_hostile_statements_end_nothing_and_are_never_taken_for_whole(certified: Path, tmp_path: Path) -> None:
    with listening() as (_, asked):
        told = run_in_child(certified, tmp_path)
    assert len(told) == COUNT
    assert told.count(Verdict.WRONG) == 0
    assert told.count(Verdict.TOLD) > COUNT / 2
    assert asked == []


def test_a_child_that_is_ended_is_an_error_with_words_and_leaves_nothing(
    through_a_child: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    target = tmp_path / "made.wav"
    with pytest.raises(SigningFailed) as failed:
        through_a_child.sign(write_sample(tmp_path, "wav"), target, RECIPE, "audio")
    assert failed.value.code == "provenance.child-ended" and not target.exists()
    with pytest.raises(SigningFailed):
        through_a_child.check(write_sample(tmp_path, "png"))


def test_a_child_that_takes_too_long_is_ended(
    through_a_child: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(slow))
    monkeypatch.setattr(process, "_BASE_SECONDS", 0.2)
    with pytest.raises(SigningFailed) as failed:
        through_a_child.check(write_sample(tmp_path, "png"))
    assert failed.value.code == "provenance.too-slow" and failed.value.retryable


def test_a_file_that_is_not_there_is_told(through_a_child: Provenance, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as failed:
        through_a_child.check(tmp_path / "none.wav")
    assert failed.value.code == "provenance.file-unreadable"


def test_what_is_no_media_at_all_says_nothing(through_a_child: Provenance, tmp_path: Path) -> None:
    for name, content in (("a.txt", b"Good morning."), ("b.bin", b""), ("c.pdf", b"%PDF-1.4 broken")):
        (tmp_path / name).write_bytes(content)
        found = through_a_child.check(tmp_path / name)
        assert found.holds is None and found.carried in (Carried.NONE, Carried.DAMAGED)
