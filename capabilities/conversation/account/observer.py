"""Observes a session and records it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from capabilities.conversation.account.accounts import ConversationAccounts, accounts_of
from capabilities.conversation.account.model import Partners, Stage, TurnSpeaker
from capabilities.conversation.account.recorder import ConversationRecorder
from capabilities.conversation.session.events import (
    CLOCK_RATE,
    SOUND_RATE,
    Ducked,
    HeardCorrected,
    NothingSaid,
    PartialWords,
    Paused,
    PersonSaid,
    ReplyBegun,
    ReplyCut,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    ReplyWords,
    Resumed,
    SessionEnded,
    SessionEvent,
    SessionProblem,
    SessionStarted,
    SoundChunk,
    SpeechStarted,
    ToolCall,
)
from capabilities.conversation.session.values import CutReason, ReplyWord, TurnTimes
from studio.errors import GreenroomError
from studio.licences import UNKNOWN, LicenceTerms, combined, terms_of_card
from studio.services import Services

log = logging.getLogger(__name__)

SAMPLE_BYTES = 2
_STAGES = {
    Stage.VAD: "pause", Stage.TURN: "turn_end", Stage.ASR: "words", Stage.FIRST_TOKEN: "first_token",
    Stage.FIRST_SOUND: "first_sound", Stage.HEARD: "first_heard",
}  # fmt: skip


@dataclass(frozen=True)
class VoiceRights:
    """What is known of the voice of a session: its engine, recorded consent, licences of both."""

    engine: str = ""
    consent: str = ""
    terms: LicenceTerms = UNKNOWN


RightsOf = Callable[[str], VoiceRights]
"""Of a voice by its name."""


@dataclass
class _Sounding:
    """A reply during playback: its sound, and the words that have not been played yet."""

    base: int = 0
    """The first sample of `pcm`."""
    pcm: bytearray = field(default_factory=bytearray)
    words: list[ReplyWord] = field(default_factory=list)
    heard: int = 0
    heard_at: float = 0.0
    """Up to which sample it was played, and when."""

    def take(self, chunk: SoundChunk) -> None:
        if chunk.first < self.base:
            self.base, self.pcm = chunk.first, bytearray()
        start = (chunk.first - self.base) * SAMPLE_BYTES
        self.pcm[start:] = chunk.pcm if start <= len(self.pcm) else bytes(start - len(self.pcm)) + chunk.pcm

    def played(self, sample: int) -> bytes:
        """The sound between what was played before and `sample`."""
        count = max(0, sample - self.base) * SAMPLE_BYTES
        done = bytes(self.pcm[:count])
        del self.pcm[:count]
        self.base = max(self.base, sample)
        return done

    def spoken(self, sample: int) -> list[ReplyWord]:
        """The words that are heard now that `sample` is."""
        done = [word for word in self.words if word.end <= sample]
        self.words = [word for word in self.words if word.end > sample]
        return done

    def time_of(self, sample: int) -> float:
        """When a sample was played, seconds on the session's clock."""
        return max(0.0, self.heard_at + (sample - self.heard) / SOUND_RATE)


class AccountKeeper:
    """A `SessionObserver` that records its session, from start to end.

    A session without any words leaves no record. If the disk cannot be written, the session continues without one, and `troubled`
    is called once.
    """

    def __init__(
        self,
        accounts: ConversationAccounts,
        rights: RightsOf = lambda voice: VoiceRights(),
        *,
        via: str = "page",
        troubled: Callable[[GreenroomError], None] | None = None,
    ) -> None:
        self._accounts, self._rights, self._via, self._troubled = accounts, rights, via, troubled
        self._recorder: ConversationRecorder | None = None
        self._turns: dict[str, float] = {}
        """The turns that were begun, with when the sound of each ended."""
        self._sounding: dict[str, _Sounding] = {}
        """The reply that is heard, and the last one that was interrupted, which may go on."""

    @property
    def id(self) -> str:
        """Of the conversation; "" while there is none."""
        return self._recorder.id if self._recorder else ""

    def person_sound(self, at: int, pcm: bytes) -> None:
        if self._recorder:
            self._recorder.sound(TurnSpeaker.PERSON, pcm, at / CLOCK_RATE)

    def event(self, event: SessionEvent) -> None:
        if isinstance(event, SessionStarted):
            self._begin(event)
        elif self._recorder is not None:
            self._keep(self._recorder, event)

    def _begin(self, started: SessionStarted) -> None:
        rights = self._rights(started.voice)
        partners = Partners(
            voice=started.voice, voice_engine=rights.engine, mind=started.mind, ear=started.ear,
            persona=started.settings.persona, language=started.settings.language, via=self._via,
        )  # fmt: skip
        try:
            self._recorder = self._accounts.begin(
                "", partners, person_rate=CLOCK_RATE, studio_rate=SOUND_RATE, consent=rights.consent, terms=rights.terms,
                troubled=self._troubled,
            )  # fmt: skip
        except GreenroomError as error:
            log.warning("A conversation is not kept: %s", error.code)
            if self._troubled is not None:
                self._troubled(error)

    def _keep(self, recorder: ConversationRecorder, event: SessionEvent) -> None:
        match event:
            case SpeechStarted() | PartialWords() | PersonSaid() | NothingSaid():
                self._person(recorder, event)
            case SoundChunk(reply=reply) if reply in self._sounding:
                self._sounding[reply].take(event)
            case ReplyHeard(reply=reply, sample=sample) if reply in self._sounding:
                self._heard(recorder, reply, sample, event.seconds)
            case Ducked() | Paused() | Resumed() | ToolCall() | SessionProblem():
                self._note(recorder, event)
            case SessionEnded(why=why):
                self._end(recorder, event.seconds, why)
            case _:
                self._reply(recorder, event)

    def _person(self, recorder: ConversationRecorder, event: SpeechStarted | PartialWords | PersonSaid | NothingSaid) -> None:
        turn = event.turn
        match event:
            case SpeechStarted(start=start):
                self._begin_turn(recorder, turn, start / CLOCK_RATE)
            case PartialWords(text=text):
                recorder.text(turn, text)
            case PersonSaid(text=text, start=start, end=end):
                self._begin_turn(recorder, turn, start / CLOCK_RATE)
                self._turns[turn] = end / CLOCK_RATE
                recorder.text(turn, text)
                recorder.turn_over(turn, end / CLOCK_RATE)
            case NothingSaid():
                self._turns.pop(turn, None)
                recorder.withdrawn(turn)

    def _begin_turn(self, recorder: ConversationRecorder, turn: str, at: float) -> None:
        if turn not in self._turns:
            self._turns[turn] = at
            recorder.turn_began(turn, TurnSpeaker.PERSON, at)

    def _reply(self, recorder: ConversationRecorder, event: SessionEvent) -> None:
        match event:
            case ReplyBegun(reply=reply, to=to):
                self._turns[reply] = event.seconds
                self._sounding[reply] = _Sounding()
                recorder.turn_began(reply, TurnSpeaker.STUDIO, event.seconds, self._turns.get(to))
            case ReplyText(reply=reply, text=text):
                recorder.text(reply, text, more=True)
            case ReplyWords(reply=reply, words=words) if reply in self._sounding:
                self._sounding[reply].words += words
            case ReplyEnded(reply=reply, text=text, times=times):
                self._over(recorder, reply, event.seconds, times)
                recorder.text(reply, text)
                recorder.turn_over(reply, event.seconds)
                self._sounding.pop(reply, None)
            case ReplyCut(reply=reply, reason=reason, sample=sample, heard=heard, unheard=unheard, times=times):
                self._over(recorder, reply, event.seconds, times)
                recorder.heard_text(reply, heard, unheard)
                at = self._sounding[reply].time_of(sample) if sample and reply in self._sounding else event.seconds
                recorder.turn_over(reply, min(at, event.seconds), cut=True)
                self._silent(reply, reason)
            case HeardCorrected(reply=reply, heard=heard):
                recorder.heard_text(reply, heard)
            case _:
                pass

    def _heard(self, recorder: ConversationRecorder, reply: str, sample: int, at: float) -> None:
        sounding = self._sounding[reply]
        sounding.heard, sounding.heard_at = sample, at
        first = sounding.base
        if pcm := sounding.played(sample):
            recorder.sound(TurnSpeaker.STUDIO, pcm, sounding.time_of(first))
        words = sounding.spoken(sample)
        recorder.heard(reply, [(one.text, sounding.time_of(one.start), sounding.time_of(one.end)) for one in words])

    def _silent(self, cut: str, reason: CutReason) -> None:
        """Forget the sound that nobody will hear any more: an hour of it is hundreds of megabytes."""
        if reason is CutReason.INTERRUPTED:
            self._sounding = {reply: sounding for reply, sounding in self._sounding.items() if reply == cut}
        else:
            self._sounding.pop(cut, None)

    def _over(self, recorder: ConversationRecorder, reply: str, at: float, times: TurnTimes) -> None:
        self._turns[reply] = at
        for stage, name in _STAGES.items():
            if (reached := getattr(times, name)) >= 0:
                recorder.stage(reply, stage, reached / CLOCK_RATE)

    def _note(self, recorder: ConversationRecorder, event: Ducked | Paused | Resumed | ToolCall | SessionProblem) -> None:
        at = event.seconds
        match event:
            case Ducked(reply=reply):
                recorder.note(at, "ducked", turn=reply)
            case Paused(reply=reply):
                recorder.note(at, "paused", turn=reply)
            case Resumed(reply=reply, aside=aside):
                recorder.note(at, "resumed", aside.value, reply)
            case ToolCall(reply=reply, name=name, arguments=arguments):
                recorder.note(at, "tool", f"{name} {arguments}", reply)
            case SessionProblem(code=code, reason=reason):
                recorder.note(at, "problem", f"{code}: {reason}")

    def _end(self, recorder: ConversationRecorder, at: float, why: str) -> None:
        self._recorder = None
        threading.Thread(target=self._finish, args=(recorder, at, why or "ended"), name="conversation ends").start()

    def _finish(self, recorder: ConversationRecorder, at: float, why: str) -> None:
        """In a thread of its own, because the disk may be slow and the session's loop has others to serve."""
        recorder.close(at, why)
        if not self._turns:
            with contextlib.suppress(GreenroomError, OSError):
                self._accounts.discard(recorder.id)


def keeper_for(
    services: Services, *, via: str = "page", troubled: Callable[[GreenroomError], None] | None = None
) -> AccountKeeper:
    """Return the recorder of a session of this studio."""

    def rights(voice: str) -> VoiceRights:
        cards = {engine.card.id: engine.card for engine in services.catalog.all()}
        card = cards.get(voice.partition("/")[0]) if "/" in voice else None
        if card is not None:
            return VoiceRights(card.id, "", terms_of_card(card))
        saved = next((one for one in services.voices.list() if one.name == voice), None)
        return VoiceRights() if saved is None else VoiceRights("", saved.consent, combined([saved.terms]))

    return AccountKeeper(accounts_of(services.paths), rights, via=via, troubled=troubled)
