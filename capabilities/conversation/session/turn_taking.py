"""Turn taking: classifies the person's sound, window by window, as turns, interruptions, or asides without effect.

Synchronous, on the session's event loop. Recognition takes time, so it is requested through the host, which answers with `words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.barge_in.backchannels import backchannel, own_words, says_stop
from capabilities.conversation.session.barge_in.judge import DUCK_WINDOWS, ENDED_WINDOWS, InterruptionJudge, Verdict
from capabilities.conversation.session.barge_in.voicing import features_of
from capabilities.conversation.session.events import NothingSaid, PartialWords, SessionEvent, SpeechStarted, SpeechStopped
from capabilities.conversation.session.listening.ghosts import ghost, without_asides
from capabilities.conversation.session.listening.person_turn import LONGEST, PersonTurn
from capabilities.conversation.session.listening.speech_detector import JudgedWindow, SpeechDetector
from capabilities.conversation.session.listening.turn_end import pause_after
from capabilities.conversation.session.parts.roles import Understood
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import AsideKind

START_WINDOWS = 3
"""Windows with speech in a row after which a turn begins where nothing is being heard: 96 ms."""

SURE_SECONDS = 1.2
"""Whoever has spoken so long without a pause over a reply wants it to end, whatever the words are."""

REJUDGE_WINDOWS = 16
"""After so much more of a sound that was noise or echo it is judged once more: somebody may speak over it."""


class FloorHost(Protocol):
    """What the session does for it."""

    settings: SessionSettings

    @property
    def now(self) -> int: ...

    def emit(self, event: SessionEvent) -> None: ...

    def new_id(self, kind: str) -> str: ...

    def sounding(self) -> bool:
        """Whether a reply is being heard, ducked or not, or stopped for the moment."""

    def held(self) -> bool:
        """Whether a reply is stopped until it is known whether it was an interruption."""

    def played_between(self, first: int, last: int) -> NDArray[np.float32]:
        """What the loudspeaker gave between two samples of the session's clock, mono at 16 kHz, as far as is known."""

    def spoken_lately(self) -> list[str]:
        """The studio's last words."""

    def duck(self, start: int) -> None: ...

    def stop_for_now(self) -> None: ...

    def go_on(self, aside: AsideKind) -> None: ...

    def interrupted(self) -> None: ...

    def ask_ear(self, turn: PersonTurn, *, final: bool) -> None:
        """Answers with `words`; a question that is not final is dropped where the ear is busy or slow."""

    def foresee(self, turn: PersonTurn, text: str) -> None:
        """The turn is likely to be over with these words; called as long as that is so."""

    def turn_over(self, turn: PersonTurn, text: str, *, answer: bool) -> None: ...


@dataclass
class _Aside:
    """A sound that began while a reply was heard."""

    judge: InterruptionJudge
    turn: PersonTurn
    ducked: bool
    asked: bool = False
    windows_after: int = 0


class TurnTaking:
    """For one session."""

    def __init__(self, host: FloorHost, detector: SpeechDetector) -> None:
        self._host, self.detector = host, detector
        self.turn: PersonTurn | None = None
        self._aside: _Aside | None = None

    # Windows

    def take(self, window: JudgedWindow) -> None:
        """The next window of the person's sound."""
        if not self._host.settings.turns.automatic:
            self._by_hand(window)
        elif self.turn is not None:
            self._within(self.turn, window)
        elif self._host.sounding():
            self._over_reply(window)
        elif window.loud >= START_WINDOWS:
            self._begin(window, self._aside, taken=False)
        elif self._aside is not None and window.quiet >= ENDED_WINDOWS and not self._aside.asked:
            self._aside = None

    def commit(self) -> bool:
        """End the turn that is going on, whatever silence follows; whether there is one."""
        turn = self.turn
        if turn is None or turn.committed:
            return False
        turn.committed = True
        self._host.ask_ear(turn, final=True)
        return True

    def clear(self) -> None:
        """Forget what is going on."""
        self.turn = self._aside = None

    def _by_hand(self, window: JudgedWindow) -> None:
        if self.turn is None:
            self.turn = PersonTurn(self._host.new_id("turn"))
        if not self.turn.committed:
            self.turn.take(window)

    def _begin(self, window: JudgedWindow, aside: _Aside | None, *, taken: bool) -> None:
        """A turn of the person begins; what sounded over a reply before is part of it."""
        self._aside = None
        turn = (
            aside.turn if aside is not None else PersonTurn(self._host.new_id("turn"), self.detector.prefix_of(START_WINDOWS - 1))
        )
        if not taken:
            turn.take(window)
        turn.over_reply = aside is not None
        self.turn = turn
        self._host.emit(SpeechStarted(self._host.now, self.turn.id, self.turn.start))

    def _within(self, turn: PersonTurn, window: JudgedWindow) -> None:
        if turn.committed:
            return
        if turn.take(window):
            if turn.paused:
                turn.pause_at = self._host.now
                self._host.emit(SpeechStopped(self._host.now, turn.id, turn.speech_end))
                self._host.ask_ear(turn, final=True)
            else:
                self._host.emit(SpeechStarted(self._host.now, turn.id, window.at))
        if self._host.held() and turn.stretch_seconds >= SURE_SECONDS:
            self._host.interrupted()
        if turn.seconds >= LONGEST:
            self.commit()
        elif turn.wants_partial():
            self._host.ask_ear(turn, final=False)
        self.look()

    def look(self) -> None:
        """End the turn where it has been silent for long enough; called with every window and whenever words come."""
        turn, turns = self.turn, self._host.settings.turns
        if turn is None or turn.text is None or not (turn.paused or turn.committed):
            return
        wait = pause_after(turn.text, self._host.settings.language, turns.silence) if turns.semantic else turns.silence
        if turn.committed or turn.silence >= wait:
            self._end(turn, turn.text)
        elif (wait < turns.silence or not turns.semantic) and self._answers(turn, turn.text):
            self._host.foresee(turn, turn.text)

    # Words

    def words(self, turn: PersonTurn, pauses: int, found: Understood, final: bool) -> None:
        """What the ear has understood of a turn when it had paused so often."""
        if self._aside is not None and turn is self._aside.turn:
            self._aside_words(self._aside, found)
            return
        if turn is not self.turn:
            return
        text = without_asides(found.text)
        if text:
            settled, whole = turn.agreement.heard(text)
            self._host.emit(PartialWords(self._host.now, turn.id, settled, whole))
        if not turn.committed and (not final or pauses != turn.pauses):
            return
        if self._nobody(turn, found):
            self._nothing(turn)
            return
        if self._host.held() and not turn.committed and not self._interrupts(turn, text):
            return
        turn.text, turn.language, turn.words_at = text, found.language, self._host.now
        self.look()

    def unheard(self, turn: PersonTurn) -> None:
        """The ear has failed: the turn is over, and nothing is known of it."""
        if turn is self.turn:
            self._nothing(turn)

    def _nobody(self, turn: PersonTurn, found: Understood) -> bool:
        return found.doubtful or ghost(found.text, turn.speech_seconds, features_of(turn.speech).voiced)

    def _nothing(self, turn: PersonTurn) -> None:
        self.turn = None
        self._host.emit(NothingSaid(self._host.now, turn.id, "No words were heard."))
        if self._host.held():
            self._host.go_on(AsideKind.NOISE)

    def _interrupts(self, turn: PersonTurn, text: str) -> bool:
        """Whether what stopped the reply was meant to; the reply is cut, or goes on."""
        if own_words(text, self._host.spoken_lately()):
            return self._was_aside(turn, AsideKind.ECHO, "That was the studio's own voice.")
        if backchannel(text):
            return self._was_aside(turn, AsideKind.BACKCHANNEL, "That was no interruption.")
        self._host.interrupted()
        return True

    def _was_aside(self, turn: PersonTurn, kind: AsideKind, why: str) -> bool:
        self.turn = None
        self._host.emit(NothingSaid(self._host.now, turn.id, why))
        self._host.go_on(kind)
        return False

    def _end(self, turn: PersonTurn, text: str) -> None:
        self.turn = None
        if self._host.held():
            self._host.interrupted()
        self._host.turn_over(turn, text, answer=self._answers(turn, text))

    def _answers(self, turn: PersonTurn, text: str) -> bool:
        """Whether a turn with these words is answered."""
        return self._host.settings.turns.respond and not (turn.over_reply and says_stop(text))

    # Sounds over a reply

    def _over_reply(self, window: JudgedWindow) -> None:
        if not self._host.settings.turns.interrupt:
            return
        aside = self._aside
        if aside is None:
            if window.loud < DUCK_WINDOWS:
                return
            aside = self._aside = self._new_aside(window)
            self._host.duck(aside.judge.start)
        aside.turn.take(window)
        self._judge(aside, window)

    def _new_aside(self, window: JudgedWindow, *, ducked: bool = True) -> _Aside:
        before = self.detector.prefix_of(DUCK_WINDOWS - 1)
        early = before[len(before) - (DUCK_WINDOWS - 1) :] if ducked else []
        start = early[0].at if early else window.at
        judge = InterruptionJudge(start, check_echo=self._host.settings.echo == "cancelling")
        for one in early:
            judge.take(one)
        return _Aside(judge, PersonTurn(self._host.new_id("turn"), before), ducked)

    def _judge(self, aside: _Aside, window: JudgedWindow) -> None:
        judge, before = aside.judge, aside.judge.verdict
        played = self._host.played_between(*judge.played_span) if judge.wants_played() else None
        verdict = judge.take(window, played)
        if verdict is Verdict.SPEECH:
            self._host.stop_for_now()
            self._begin(window, aside, taken=True)
            return
        if verdict is not before and verdict is not Verdict.OPEN and aside.ducked:
            kinds = {Verdict.HUM: AsideKind.BACKCHANNEL, Verdict.NOISE: AsideKind.NOISE, Verdict.ECHO: AsideKind.ECHO}
            self._host.go_on(kinds[verdict])
        if verdict is Verdict.OPEN:
            return
        aside.windows_after += 1
        if window.quiet >= ENDED_WINDOWS:
            self._aside_ended(aside, verdict)
        elif verdict is not Verdict.HUM and aside.windows_after >= REJUDGE_WINDOWS:
            self._aside = self._new_aside(window, ducked=False)

    def _aside_ended(self, aside: _Aside, verdict: Verdict) -> None:
        """A short word may still want silence: its text tells."""
        if verdict is not Verdict.HUM:
            self._aside = None
        elif not aside.asked:
            aside.asked = True
            self._host.ask_ear(aside.turn, final=True)

    def _aside_words(self, aside: _Aside, found: Understood) -> None:
        self._aside = None
        turn, text = aside.turn, without_asides(found.text)
        if not self._host.sounding() or self._nobody(turn, found) or backchannel(text):
            return
        if own_words(text, self._host.spoken_lately()):
            return
        self._host.emit(SpeechStarted(self._host.now, turn.id, turn.start))
        self._host.emit(SpeechStopped(self._host.now, turn.id, turn.speech_end))
        self._host.stop_for_now()
        self._host.interrupted()
        turn.pause_at = turn.words_at = self._host.now
        turn.language = found.language
        self._host.turn_over(turn, text, answer=self._host.settings.turns.respond and not says_stop(text))
