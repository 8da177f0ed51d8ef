"""Conversations are kept while they go on, also by a process that is killed, and given out as they were heard."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.export import (
    ExportFormat,
    export,
    export_format,
    script_text,
    srt_text,
)
from capabilities.conversation.account.journal import JOURNAL
from capabilities.conversation.account.model import Ending, Partners, Stage, TurnSpeaker
from capabilities.conversation.account.observer import AccountKeeper, VoiceRights
from capabilities.conversation.account.tracks import Track, read_track
from capabilities.conversation.session import events
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import CutReason, ReplyWord, TurnTimes
from media.audio.decode import decode_audio
from media.audio.encode import read_chapters
from media.text.formats import parse_srt
from studio.errors import InvalidInput, NotFound
from studio.files import TRASH_PREFIX
from studio.licences import UNKNOWN
from tests.repository.sources import ROOT
from tests.servers import wait_until

ANSWER = "I think so. The tide comes in twice a day, and it goes out twice."
HEARD = [("I", 2.0, 2.1), ("think", 2.1, 2.4), ("so.", 2.4, 2.8), ("The", 2.9, 3.0), ("tide", 3.0, 3.4)]


def tone(rate: int, seconds: float, height: int = 8_000) -> bytes:
    return (np.sin(np.arange(round(rate * seconds)) * 0.1) * height).astype("<i2").tobytes()


def talk(accounts: ConversationAccounts, *, end: bool = True) -> str:
    """A question and an answer that was interrupted at 3.4 seconds."""
    recorder = accounts.begin("The tide", Partners(voice="hibari/heart", mind="small", language="en"), consent="Ada, in May")
    recorder.turn_began("u1", TurnSpeaker.PERSON, 0.5)
    recorder.sound(TurnSpeaker.PERSON, tone(16_000, 1.6), 0.0)
    recorder.text("u1", "does the tide")
    recorder.text("u1", "Does the tide come twice?")
    recorder.turn_over("u1", 1.5)
    recorder.turn_began("a1", TurnSpeaker.STUDIO, 2.0, speech_end=1.5)
    for stage, at in ((Stage.VAD, 1.7), (Stage.ASR, 1.75), (Stage.TURN, 1.8), (Stage.FIRST_SOUND, 1.95), (Stage.HEARD, 2.0)):
        recorder.stage("a1", stage, at)
    recorder.text("a1", ANSWER[:11])
    recorder.text("a1", ANSWER[11:], more=True)
    recorder.sound(TurnSpeaker.STUDIO, tone(24_000, 2.5), 2.0)
    recorder.heard("a1", HEARD[:3])
    recorder.heard("a1", HEARD[3:])
    recorder.studio_cut(3.4)
    recorder.turn_over("a1", 3.4, cut=True)
    recorder.turn_began("u2", TurnSpeaker.PERSON, 3.2)
    recorder.text("u2", "Stop.")
    recorder.turn_over("u2", 3.9)
    if end:
        recorder.close(4.0)
    recorder.flush() if not end else None
    return recorder.id


@pytest.fixture
def accounts(tmp_path: Path) -> ConversationAccounts:
    return ConversationAccounts(tmp_path / "conversations")


def test_what_was_heard_is_told_from_what_was_not(accounts: ConversationAccounts) -> None:
    account = accounts.get(talk(accounts))
    question, answer, stop = account.turns
    assert (question.text, question.speaker, question.ending) == ("Does the tide come twice?", TurnSpeaker.PERSON, Ending.WHOLE)
    assert (answer.heard, answer.unheard) == ("I think so. The tide", "comes in twice a day, and it goes out twice.")
    assert answer.cut and answer.ended == 3.4 and stop.heard == "Stop."
    assert list(answer.waterfall.items()) == [
        (Stage.VAD, 0.2), (Stage.TURN, 0.3), (Stage.ASR, 0.25), (Stage.FIRST_SOUND, 0.45), (Stage.HEARD, 0.5),
    ]  # fmt: skip
    assert account.latency()[Stage.HEARD] == {"p50": 0.5, "p95": 0.5, "max": 0.5, "count": 1}
    assert (account.duration, account.ended, account.consent) == (4.0, "ended", "Ada, in May")
    (listed,) = accounts.all()
    assert (listed.title, listed.turns, listed.cuts, listed.live, listed.unfinished) == ("The tide", 3, 1, False, False)
    assert listed == accounts.all()[0]  # now from the summary that was kept


def test_the_sound_of_both_sides_lies_on_one_clock(accounts: ConversationAccounts) -> None:
    conversation = talk(accounts)
    account = accounts.get(conversation)
    assert not accounts.sound(account, TurnSpeaker.STUDIO, 0.0, 1.99).samples.any()
    assert np.abs(accounts.sound(account, TurnSpeaker.STUDIO, 2.0, 3.4).samples).max() > 0.2
    assert not accounts.sound(account, TurnSpeaker.STUDIO, 3.41, 4.0).samples.any(), "what was cut off was not heard"
    stereo = decode_audio(export(accounts, conversation, ExportFormat.WAV, accounts.folder(conversation)))
    assert (stereo.channels, stereo.rate, stereo.duration) == (2, 24_000, 4.0)
    left, right = stereo.samples.T
    assert np.abs(left[: 24_000 // 2]).max() > 0.2 and not np.abs(right[:47_000]).max() > 0.01
    assert np.abs(right[50_000:80_000]).max() > 0.2 and not np.abs(left[50_000:]).max() > 0.01


def test_pieces_that_come_unevenly_are_one_sound_and_a_gap_is_silence(tmp_path: Path) -> None:
    track = Track(tmp_path / "t.pcm", 16_000)
    piece = tone(16_000, 0.02)
    for number in range(10):
        track.add(piece, number * 0.02 + (0.1 if number % 3 else 0))
    assert track.seconds == pytest.approx(0.2)
    track.add(piece, 1.0)
    track.add(piece + b"\x01", 1.03)
    track.close()
    read = read_track(tmp_path / "t.pcm", 16_000)
    assert read.duration == pytest.approx(1.04)
    assert not read.slice(0.2, 1.0).samples.any() and read.slice(1.0, 1.04).samples.any()


def test_what_the_listener_reports_late_and_takes_back(accounts: ConversationAccounts) -> None:
    """A word that was still heard after the cut, and a client that says that less was heard."""
    recorder = accounts.begin()
    recorder.turn_began("a", TurnSpeaker.STUDIO, 0.0)
    recorder.text("a", "One two three four.")
    recorder.heard("a", [("One", 0.0, 0.5), ("two", 0.5, 1.0)])
    recorder.turn_over("a", 1.2, cut=True)
    recorder.heard("a", [("three", 1.0, 1.5)])
    recorder.turn_began("b", TurnSpeaker.STUDIO, 2.0)
    recorder.text("b", "Five six.")
    recorder.heard("b", [("Five", 2.0, 2.5), ("six.", 2.5, 3.0)])
    recorder.turn_over("b", 3.0)
    recorder.truncated("b", 2.6)
    recorder.turn_began("c", TurnSpeaker.STUDIO, 4.0)
    recorder.withdrawn("c")
    recorder.close(5.0)
    first, second = accounts.get(recorder.id).turns
    assert (first.heard, first.unheard) == ("One two three", "four.")
    assert (second.heard, second.unheard, second.ending) == ("Five", "six.", Ending.CUT)


def test_as_script_and_subtitles(accounts: ConversationAccounts) -> None:
    account = accounts.get(talk(accounts))
    assert script_text(account).splitlines() == [
        "# The tide",
        "",
        "You: Does the tide come twice?",
        "Greenroom: I think so. The tide —",
        "You: Stop.",
    ]
    cues = parse_srt(srt_text(account))
    assert "".join(cue.text for cue in cues).replace("\n", " ").startswith("You: Does the tide come twice?Greenroom: I think so.")
    assert all(one.end <= other.start for one, other in itertools.pairwise(cues)) and cues[-1].end <= 4.0


def test_as_files_with_readable_names(accounts: ConversationAccounts, tmp_path: Path) -> None:
    conversation = talk(accounts)
    path = export(accounts, conversation, export_format("ZIP"), tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["the-tide.json", "the-tide.srt", "the-tide.txt", "the-tide.wav"]
        told = json.loads(archive.read("the-tide.json"))
        archive.extract("the-tide.wav", tmp_path)
    assert told["turns"][1]["unheard"].startswith("comes in") and told["latency"]["heard"]["p50"] == 0.5
    assert [one.title[:10] for one in read_chapters(tmp_path / "the-tide.wav")] == ["You: Does ", "Greenroom:", "You: Stop."]
    with pytest.raises(InvalidInput, match="docx"):
        export_format("docx")
    with pytest.raises(NotFound):
        export(accounts, "2026-01-01-000000-abcdef", ExportFormat.SRT, tmp_path)


def test_deleted_and_put_back(accounts: ConversationAccounts) -> None:
    conversation = talk(accounts)
    assert accounts.delete(conversation).title == "The tide"
    assert accounts.all() == []
    with pytest.raises(NotFound):
        accounts.get(conversation)
    assert accounts.put_back(conversation).duration == 4.0
    with pytest.raises(NotFound):
        accounts.put_back(conversation)
    with pytest.raises(NotFound):
        accounts.put_back(f"../{TRASH_PREFIX}x")
    accounts.rename(conversation, " High \n water ")
    assert accounts.all()[0].title == "High water"


@pytest.mark.parametrize("name", ["", ".", "..", "../voices", "x" * 5000, "a\0b", "2026-01-01-000000-abcdef", "ﬁ" * 10])
def test_only_conversations_are_found(accounts: ConversationAccounts, name: str) -> None:
    talk(accounts)
    for ask in (accounts.get, accounts.delete, accounts.put_back):
        with pytest.raises(NotFound):
            ask(name)


def test_one_that_goes_on_is_live_and_stays(accounts: ConversationAccounts) -> None:
    recorder = accounts.begin("Now")
    recorder.turn_began("u", TurnSpeaker.PERSON, 0.1)
    recorder.flush()
    (listed,) = accounts.all()
    assert listed.live and not listed.unfinished and accounts.get(recorder.id).turns[0].ending is Ending.OPEN
    with pytest.raises(InvalidInput):
        accounts.delete(recorder.id)
    recorder.close(1.0)
    recorder.close(1.0)
    accounts.discard(recorder.id)
    assert accounts.all() == []


def test_a_torn_or_foreign_line_costs_no_other(accounts: ConversationAccounts) -> None:
    conversation = talk(accounts)
    journal = accounts.folder(conversation) / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:20] + b"\n"
    journal.write_bytes(b"".join([*lines, b'{"entry": "of a later version", "x": 1}\n', b"\xff\xfe\n", b'{"entry": "note", "at']))
    account = accounts.get(conversation)
    assert account.damaged_lines == 4 and account.turns[1].heard == "I think so. The tide"
    accounts.rename(conversation, "After it")
    assert accounts.get(conversation).title == "After it"
    journal.write_bytes(b"nothing of the kind")
    assert accounts.all() == []


def test_a_full_disk_ends_no_conversation(accounts: ConversationAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    recorder = accounts.begin(troubled=lambda error: told.append(error.code))
    write, full = os.write, [True]

    def half(handle: int, data: bytes) -> int:
        if not full[0]:
            return write(handle, data)
        if len(data) > 10:
            return write(handle, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("capabilities.conversation.account.journal.os.write", half)
    recorder.turn_began("lost", TurnSpeaker.PERSON, 0.0)
    recorder.turn_began("lost too", TurnSpeaker.PERSON, 0.0)
    recorder.flush()
    full[0] = False
    recorder.turn_began("kept", TurnSpeaker.PERSON, 0.5)
    recorder.close(1.0)
    assert told == ["storage.full"] and recorder.trouble is not None
    account = accounts.get(recorder.id)
    assert [turn.id for turn in account.turns] == ["kept"] and account.ended


KILLED = """
import sys, time
from pathlib import Path
from tests.capabilities.conversation.test_account import ConversationAccounts, TurnSpeaker, talk, tone
accounts = ConversationAccounts(Path(sys.argv[1]))
recorder = accounts.begin("Cut off")
recorder.turn_began("u", TurnSpeaker.PERSON, 0.2)
recorder.text("u", "Tell me a story.")
recorder.turn_over("u", 1.0)
recorder.turn_began("a", TurnSpeaker.STUDIO, 1.5, speech_end=1.0)
recorder.text("a", "Once upon a time there was a ferry.")
for number in range(100000):
    at = 1.5 + number * 0.02
    recorder.sound(TurnSpeaker.STUDIO, tone(24_000, 0.02), at)
    recorder.sound(TurnSpeaker.PERSON, tone(16_000, 0.02, 100), at)
    if number < 3:
        recorder.heard("a", [(("Once", "upon", "a")[number], at, at + 0.02)])
    if number == 40:
        recorder.flush()
        print(recorder.id, flush=True)
    time.sleep(0.005)
"""


def test_a_killed_studio_loses_nothing_that_was_heard(tmp_path: Path) -> None:
    """SIGKILL in the middle of a reply: words, cut point and sound are back; nothing of it is live."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "c")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        conversation = process.stdout.readline().strip()
        accounts = ConversationAccounts(tmp_path / "c")
        assert accounts.all()[0].live
        process.kill()
        process.wait()
    (listed,) = accounts.all()
    assert listed.unfinished and not listed.live and listed.cuts == 1
    account = accounts.get(conversation)
    question, answer = account.turns
    assert question.ending is Ending.WHOLE and question.heard == "Tell me a story."
    assert answer.ending is Ending.CUT and (answer.heard, answer.unheard) == ("Once upon a", "time there was a ferry.")
    assert account.duration >= 1.5 + 0.8
    assert accounts.sound(account, TurnSpeaker.STUDIO, 1.5, 2.3).samples[-100:].any()
    stereo = decode_audio(export(accounts, conversation, ExportFormat.WAV, tmp_path))
    assert stereo.duration == pytest.approx(account.duration, abs=0.001)
    accounts.delete(conversation)
    assert accounts.all() == []


def second(at: float) -> int:
    return round(at * events.CLOCK_RATE)


def test_a_session_is_listened_to(accounts: ConversationAccounts) -> None:
    """The events of a spoken turn, an answer that is ducked, heard for 1.5 of 3 seconds, cut, and corrected by a late report."""
    keeper = AccountKeeper(accounts, lambda voice: VoiceRights("hibari", "", UNKNOWN))
    times = TurnTimes(second(1.0), second(1.2), second(1.3), second(1.4), second(1.5), second(1.6), second(1.7), second(2.0))
    reply = tone(events.SOUND_RATE, 3.0)
    tell = keeper.event
    tell(events.SessionStarted(0, "Whisper", "Qwen", "hibari/heart", SessionSettings(persona="Be brief.")))
    for at in range(0, second(4.0), 320):
        keeper.person_sound(at, tone(16_000, 0.02, 500))
    tell(events.SpeechStarted(second(0.4), "turn-1", second(0.2)))
    tell(events.PartialWords(second(0.9), "turn-1", "When", "When is"))
    tell(events.PersonSaid(second(1.4), "turn-1", "When is high water?", second(0.2), second(1.0)))
    tell(events.ReplyBegun(second(1.4), "reply-2", "turn-1"))
    for piece in ("High water **is** at", " noon and at midnight."):
        tell(events.ReplyText(second(1.5), "reply-2", piece))
    tell(events.SoundChunk(second(1.7), "reply-2", 1, 0, reply))
    spoken = ["High", "water", "is", "at", "noon", "and"]
    words = tuple(ReplyWord(text, at * 12_000, at * 12_000 + 11_000) for at, text in enumerate(spoken))
    tell(events.ReplyWords(second(1.7), "reply-2", words))
    for heard in range(1, 16):
        tell(events.ReplyHeard(second(2.0 + heard / 10), "reply-2", heard * 2_400, ""))
    tell(events.Ducked(second(3.0), "reply-2", second(2.9)))
    tell(events.SpeechStarted(second(3.0), "turn-3", second(2.9)))
    tell(
        events.ReplyCut(second(3.5), "reply-2", CutReason.INTERRUPTED, 36_000, "High water is", "at noon and at midnight.", times)
    )
    tell(events.HeardCorrected(second(3.6), "reply-2", 40_000, "High water is at"))
    tell(events.NothingSaid(second(3.9), "turn-3", "Nobody spoke."))
    conversation = keeper.id
    tell(events.SessionEnded(second(4.0)))
    wait_until(lambda: not accounts.all()[0].live, 30)
    account = accounts.get(conversation)
    question, answer = account.turns
    assert (question.heard, question.began, question.ended) == ("When is high water?", 0.2, 1.0)
    assert (answer.heard, answer.unheard, answer.began, answer.ended) == ("High water is at", "noon and at midnight.", 2.0, 3.5)
    assert answer.waterfall[Stage.HEARD] == 1.0 and answer.cut and [note.what for note in answer.notes] == ["ducked"]
    assert [(word.text, round(word.start, 2)) for word in answer.words] == [("High", 2.0), ("water", 2.5), ("is", 3.0)]
    assert accounts.sound(account, TurnSpeaker.STUDIO, 2.0, 3.5).samples.any()
    assert not accounts.sound(account, TurnSpeaker.STUDIO, 3.5, 5.0).samples.any()
    assert (account.partners.mind, account.partners.voice_engine) == ("Qwen", "hibari") and account.duration == 4.0


def test_a_session_in_which_nothing_was_said_leaves_nothing(accounts: ConversationAccounts) -> None:
    keeper = AccountKeeper(accounts)
    keeper.event(events.SessionStarted(0, "", "", "", SessionSettings()))
    keeper.event(events.SpeechStarted(10, "turn-1", 0))
    keeper.event(events.NothingSaid(20, "turn-1", ""))
    keeper.event(events.SessionEnded(30))
    wait_until(lambda: not accounts.all(), 30)
