"""Records a conversation while it goes on. A thread writes, so the caller never waits for the disk."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from capabilities.conversation.account.entries import (
    LONGEST_TEXT,
    Began,
    Ended,
    Entry,
    Noted,
    StageReached,
    TextHeard,
    TurnBegan,
    TurnOver,
    TurnText,
    TurnTruncated,
    TurnWithdrawn,
    WordsHeard,
)
from capabilities.conversation.account.journal import JOURNAL, ConversationJournal
from capabilities.conversation.account.model import Ending, Partners, Stage, TurnSpeaker
from capabilities.conversation.account.tracks import Track, track_path
from studio.errors import GreenroomError, storage_error_of
from studio.licences import UNKNOWN, LicenceTerms

log = logging.getLogger(__name__)

CLOSE_SECONDS = 10.0
MOST_WAITING = 20_000
"""Pieces that may wait for a disk that does not keep up; beyond them sound is lost, words are not."""
SYNC_SECONDS = 2.0

_Write = Callable[[], None]


class ConversationRecorder:
    """One conversation that is written into `folder`, which is made for it. Any thread may call; calls return at once.

    All times are seconds since the conversation began, on the caller's clock.

    Args:
        person_rate, studio_rate: of the sound of both sides, which is mono with 16-bit little-endian samples.
        consent: recorded for the studio's voice. terms: licences of it and of the engine.
        troubled: called once, from the writing thread, if the disk cannot be written. The conversation continues, and what can be
            written later is written.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        title: str,
        partners: Partners,
        *,
        person_rate: int = 16_000,
        studio_rate: int = 24_000,
        consent: str = "",
        terms: LicenceTerms = UNKNOWN,
        troubled: Callable[[GreenroomError], None] | None = None,
    ) -> None:
        folder.mkdir(parents=True)
        self.folder, self.id = folder, folder.name
        self._journal = ConversationJournal(folder / JOURNAL)
        self._tracks = {
            TurnSpeaker.PERSON: Track(track_path(folder, TurnSpeaker.PERSON), person_rate),
            TurnSpeaker.STUDIO: Track(track_path(folder, TurnSpeaker.STUDIO), studio_rate),
        }
        self._troubled = troubled
        self._trouble: GreenroomError | None = None
        self._closed = False
        self._unsynced = 0.0
        fields = {"title": title, "person_rate": person_rate, "studio_rate": studio_rate, "partners": asdict(partners)}
        voice = {"consent": consent, "licences": terms.as_json()}
        self._journal.add([Began.model_validate({"began": time.time(), **fields, **voice})])
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name=f"conversation {self.id}", daemon=True)
        self._writer.start()

    @property
    def trouble(self) -> GreenroomError | None:
        """Why something of it could not be kept; None while all is."""
        return self._trouble

    # Turns

    def turn_began(self, turn: str, speaker: TurnSpeaker, at: float, speech_end: float | None = None) -> None:
        """A turn begins; for a reply, `speech_end` is when the person whom it answers had stopped speaking."""
        self._note(TurnBegan(turn=turn, speaker=speaker, at=at, speech_end=speech_end))

    def text(self, turn: str, text: str, *, more: bool = False) -> None:
        """Set what was recognised of the person so far, or the text of the studio's reply; `more` appends."""
        self._note(TurnText(turn=turn, text=text[:LONGEST_TEXT], more=more))

    def heard(self, turn: str, words: Sequence[tuple[str, float, float]]) -> None:
        """Words of a reply, with the start and the end of their sound as it was played."""
        if words:
            self._note(WordsHeard(turn=turn, words=list(words)))

    def heard_text(self, turn: str, heard: str, unheard: str | None = None) -> None:
        """Set the heard and the unheard text of a reply, as the client reports it; None: the rest of the text."""
        rest = None if unheard is None else unheard[:LONGEST_TEXT]
        self._note(TextHeard(turn=turn, heard=heard[:LONGEST_TEXT], unheard=rest))

    def stage(self, turn: str, stage: Stage, at: float) -> None:
        """A stage on the way to the first sound of a reply was reached."""
        self._note(StageReached(turn=turn, stage=stage, at=at))

    def truncated(self, turn: str, at: float) -> None:
        """What lies after `at` of a reply was not heard after all, by the listener's word."""
        self._note(TurnTruncated(turn=turn, at=at))
        self._put(lambda: self._tracks[TurnSpeaker.STUDIO].cut(at))

    def turn_over(self, turn: str, at: float, *, cut: bool = False) -> None:
        """A turn has ended; `cut`: it was interrupted. What a power cut may take ends here."""
        self._note(TurnOver(turn=turn, at=at, ending=Ending.CUT if cut else Ending.WHOLE))
        self._put(self._sync)

    def withdrawn(self, turn: str) -> None:
        """Remove the turn."""
        self._note(TurnWithdrawn(turn=turn))

    def note(self, at: float, what: str, text: str = "", turn: str = "") -> None:
        """Record another event, such as "ducked" or the name of a tool."""
        self._note(Noted(at=at, what=what, text=text[:LONGEST_TEXT], turn=turn))

    # Sound

    def sound(self, speaker: TurnSpeaker, pcm: bytes, at: float) -> None:
        """Sound of one side that begins at `at`: of the person as it was spoken, of the studio as it was heard."""
        if self._waiting.qsize() < MOST_WAITING:
            self._put(lambda: self._tracks[speaker].add(pcm, at))

    def studio_cut(self, at: float) -> None:
        """The studio's sound stopped at `at`; what was noted of it beyond was not heard."""
        self._put(lambda: self._tracks[TurnSpeaker.STUDIO].cut(at))

    # The end

    def flush(self) -> None:
        """Wait until everything so far is in the system's hands."""
        done = threading.Event()
        self._waiting.put(done.set)
        done.wait(CLOSE_SECONDS)

    def close(self, at: float, why: str = "ended") -> None:
        """End the record. Further calls do nothing."""
        if self._closed:
            return
        self._note(Ended(at=at, why=why))
        self._closed = True
        self._waiting.put(None)
        self._writer.join(CLOSE_SECONDS)

    def _note(self, entry: Entry) -> None:
        self._put(lambda: self._journal.add([entry]))

    def _put(self, write: _Write) -> None:
        if not self._closed:
            self._waiting.put(write)

    def _write(self) -> None:
        while (write := self._waiting.get()) is not None:
            try:
                write()
                if time.monotonic() - self._unsynced > SYNC_SECONDS:
                    self._sync()
            except OSError as error:
                self._failed(error)
        for closing in (self._sync, self._journal.close, *(one.close for one in self._tracks.values())):
            try:
                closing()
            except OSError as error:
                self._failed(error)

    def _sync(self) -> None:
        self._unsynced = time.monotonic()
        self._journal.sync()
        for track in self._tracks.values():
            track.sync()

    def _failed(self, error: OSError) -> None:
        if self._trouble is not None:
            return
        self._trouble = storage_error_of(error) or GreenroomError("conversation.not-kept")
        log.warning("A conversation is not kept whole: %s", self._trouble.code)
        if self._troubled is not None:
            self._troubled(self._trouble)
