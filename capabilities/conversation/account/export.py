"""Export of a conversation: as a script, as subtitles, as stereo sound with its turns as chapters, as data, and all of these."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.model import ConversationAccount, ConversationTurn, TurnSpeaker, turn_fields
from capabilities.conversation.account.tracks import stereo_blocks
from media.audio.encode import AudioWriter, Chapter
from media.text.cues import Cue, TimedWord
from media.text.formats import to_srt
from media.text.layout import tidy
from studio.errors import InvalidInput, StorageError, storage_error_of
from studio.files import slug, staging_path, write_atomic

SOUND_RATE = 24_000
CUT_MARK = " —"
"""After words that were interrupted, as plays have it."""
_LONGEST_CHAPTER_TITLE = 80


class ExportFormat(StrEnum):
    """The formats; the value is the name for programs."""

    SCRIPT = "script"
    SRT = "srt"
    WAV = "wav"
    JSON = "json"
    ZIP = "zip"

    @property
    def ending(self) -> str:
        return ".txt" if self is ExportFormat.SCRIPT else f".{self.value}"


def export_format(given: str) -> ExportFormat:
    """
    Raises:
        InvalidInput: it is none of them.
    """
    try:
        return ExportFormat(given.strip().lower())
    except ValueError:
        known = ", ".join(ExportFormat)
        raise InvalidInput("conversation.format-unknown", format=given[:40], known=known) from None


def script_text(account: ConversationAccount) -> str:
    """Return what was heard as a script, which the Voiceover tab and a rehearsal can read."""
    lines = [f"# {account.title}", ""]
    for turn in account.turns:
        heard = " ".join(turn.heard.split())
        if heard:
            lines.append(f"{account.name_of(turn)}: {heard}{CUT_MARK if turn.cut else ''}")
    return "\n".join(lines) + "\n"


def srt_text(account: ConversationAccount) -> str:
    """Return what was heard as subtitles of the stereo sound; each turn begins with the speaker's name."""
    cues = [_cue(account, turn) for turn in account.turns if turn.heard and turn.ended > turn.began]
    return to_srt(tidy(cues, total_seconds=account.duration))


def _cue(account: ConversationAccount, turn: ConversationTurn) -> Cue:
    name = f"{account.name_of(turn)}:"
    start = turn.words[0].start if turn.words else turn.began
    words = (TimedWord(name, start, start), *turn.words) if turn.words else ()
    return Cue(start, max(start, turn.ended), f"{name} {turn.heard}{CUT_MARK if turn.cut else ''}", turn.id, words)


def json_fields(account: ConversationAccount) -> dict[str, Any]:
    """Return the whole record except the sound, as JSON values."""
    return {
        "id": account.id,
        "title": account.title,
        "began": account.began,
        "duration": round(account.duration, 3),
        "ended": account.ended,
        "partners": vars(account.partners),
        "latency": {stage.value: spread for stage, spread in account.latency().items()},
        "turns": [turn_fields(account, turn) for turn in account.turns],
        "notes": [vars(note) for note in account.notes],
    }


def json_text(account: ConversationAccount) -> str:
    return json.dumps(json_fields(account), ensure_ascii=False, indent=2) + "\n"


def chapters(account: ConversationAccount) -> list[Chapter]:
    """Return the turns as chapters; of two that overlap, the earlier one ends where the later one begins."""
    found: list[Chapter] = []
    turns = [turn for turn in account.turns if turn.heard]
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        end = min(turn.ended, account.duration, account.duration if following is None else following.began)
        if end - turn.began >= 0.01:
            title = f"{account.name_of(turn)}: {' '.join(turn.heard.split())}"
            found.append(Chapter(turn.began, end, title[:_LONGEST_CHAPTER_TITLE]))
    return found


def write_stereo(accounts: ConversationAccounts, account: ConversationAccount, path: Path) -> None:
    """Both sides as one WAV file, the person left and the studio right.

    Raises:
        MediaError: a full disk, or a conversation too long for a WAV file. InvalidInput: it has no sound.
    """
    if account.duration <= 0:
        raise InvalidInput("conversation.no-sound", title=account.title)
    blocks = stereo_blocks(accounts.folder(account.id), account.rates, account.duration, SOUND_RATE)
    with AudioWriter(path, "wav", SOUND_RATE, 2, {"title": account.title}, chapters(account)) as writer:
        for block in blocks:
            writer.write(block)


def export(accounts: ConversationAccounts, conversation: str, form: ExportFormat, cache: Path) -> Path:
    """Export a conversation to a file with a readable name in `cache`, unless it exists there already.

    Raises:
        NotFound: no such conversation. InvalidInput: it has no sound. MediaError, StorageError: the file cannot be written.
    """
    account = accounts.get(conversation)
    folder = cache / "conversations" / account.id / f"{slug(account.title)[:20]}-{len(account.turns)}-{account.duration:.0f}"
    path = folder / f"{slug(account.title, 'conversation')}{form.ending}"
    try:
        if path.is_file() and account.ended:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        match form:
            case ExportFormat.WAV:
                write_stereo(accounts, account, path)
            case ExportFormat.ZIP:
                _write_zip(accounts, account, path, cache)
            case _:
                text: dict[ExportFormat, Callable[[ConversationAccount], str]] = {
                    ExportFormat.SCRIPT: script_text, ExportFormat.SRT: srt_text, ExportFormat.JSON: json_text,
                }  # fmt: skip
                write_atomic(path, text[form](account).encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error_of(error) or StorageError("conversation.not-given") from None
    return path


def _write_zip(accounts: ConversationAccounts, account: ConversationAccount, path: Path, cache: Path) -> None:
    """All forms in one file; sound, which is large, as it is."""
    staged = staging_path(path.parent, ".zip")
    try:
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive:
            for form in ExportFormat:
                if form is ExportFormat.ZIP or (form is ExportFormat.WAV and account.duration <= 0):
                    continue
                made = export(accounts, account.id, form, cache)
                archive.write(made, made.name, zipfile.ZIP_STORED if form is ExportFormat.WAV else zipfile.ZIP_DEFLATED)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def turn_or_refused(account: ConversationAccount, turn: str) -> ConversationTurn:
    """
    Raises:
        InvalidInput: the conversation has no such turn.
    """
    found = account.turn(turn)
    if found is None:
        raise InvalidInput("conversation.no-turn", title=account.title, turn=turn[:80])
    return found


def turn_file(accounts: ConversationAccounts, conversation: str, turn: str, cache: Path) -> Path:
    """The sound of one turn as a file, made in `cache` where it is not there already.

    Raises:
        NotFound, InvalidInput: no such conversation or turn, or nothing of it was heard. StorageError: as `export`.
    """
    account = accounts.get(conversation)
    found = turn_or_refused(account, turn)
    path = cache / "conversations" / account.id / f"turn-{slug(found.id)}-{found.ended:.2f}.wav"
    try:
        if not path.is_file() or not account.ended:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_turn(accounts, account, found, path)
    except OSError as error:
        raise storage_error_of(error) or StorageError("conversation.not-given") from None
    return path


def write_turn(accounts: ConversationAccounts, account: ConversationAccount, turn: ConversationTurn, path: Path) -> None:
    """The sound of one turn as it was spoken or heard.

    Raises:
        InvalidInput: nothing of it was heard. MediaError: the disk does not take it.
    """
    start, end = turn_bounds(account, turn)
    sound = accounts.sound(account, turn.speaker, start, end)
    if not sound.frames or not sound.samples.any():
        raise InvalidInput("conversation.turn-silent")
    tags = {"title": f"{account.title}, {account.name_of(turn)}"}
    with AudioWriter(path, "wav", sound.rate, 1, tags) as writer:
        writer.write(sound)


PERSON_MARGIN = 0.3
"""Seconds before and after a person's turn: their first sound comes before it is noticed."""


def turn_bounds(account: ConversationAccount, turn: ConversationTurn) -> tuple[float, float]:
    """From when to when the sound of a turn goes, in the conversation; not into the person's neighbouring turns."""
    if turn.speaker is TurnSpeaker.STUDIO:
        return turn.began, turn.ended
    others = [one for one in account.turns if one.speaker is turn.speaker and one.id != turn.id]
    before = max((one.ended for one in others if one.ended <= turn.began), default=0.0)
    after = min((one.began for one in others if one.began >= turn.ended), default=account.duration)
    return max(before, turn.began - PERSON_MARGIN, 0.0), min(after, turn.ended + PERSON_MARGIN)
