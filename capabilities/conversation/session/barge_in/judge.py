"""Classifies a sound of the person that begins during a reply, within 300 ms of its onset.

The reply is ducked at once. Speech stops it; a cough, "mhm" or the studio's own echo do not. A stop can be undone later by the
recognised words: see `backchannels`. One judge for each such sound.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.barge_in.echo import LONGEST_DELAY, echo_share
from capabilities.conversation.session.barge_in.voicing import SoundFeatures, features_of
from capabilities.conversation.session.listening.speech_detector import JudgedWindow
from media.audio.voice_activity import RATE, WINDOW

DUCK_WINDOWS = 2
"""Windows with speech in a row after which the reply is ducked: 64 ms."""

DECIDE_WINDOWS = 8
"""Windows after the onset when it is decided: 256 ms, so that all of it stays within 300."""

HUM_WINDOWS = 22
"""What sounds like "mhm" and goes on for 0.7 s is speech."""

ENDED_WINDOWS = 4
"""Windows without speech after which a short sound is over."""

ENDING_WINDOWS = 2
"""A sound that pauses so long just when it would be decided is waited for: it may be over."""

ECHO = 0.6
"""Share of the sound from which it is the studio's own."""

AHEAD = int(0.05 * RATE)
"""A report of what was played takes a moment: the loudspeaker may be so much further than is known."""

_VOICED, _BRIGHT, _MOVING = 0.3, 0.06, 0.12


class Verdict(StrEnum):
    """The class of the sound."""

    OPEN = "open"
    SPEECH = "speech"
    HUM = "hum"
    """"Mhm" or a short word: it ended, or does not sound like more; its words may tell."""
    NOISE = "noise"
    ECHO = "echo"


class InterruptionJudge:
    """Takes windows from the onset on.

    Args:
        start: sample of the session's clock where the sound begins.
        check_echo: whether a loudspeaker may be heard.
    """

    def __init__(self, start: int, *, check_echo: bool) -> None:
        self.start = start
        self.verdict = Verdict.OPEN
        self._check_echo = check_echo
        self._windows: list[JudgedWindow] = []
        self.echo = 0.0
        self.features = SoundFeatures(0.0, 0.0, 0.0, 0.0)

    @property
    def sound(self) -> NDArray[np.float32]:
        """All of it so far."""
        return np.concatenate([one.samples for one in self._windows]) if self._windows else np.zeros(0, np.float32)

    @property
    def speech_windows(self) -> int:
        return sum(one.speech for one in self._windows)

    def wants_played(self) -> bool:
        """Whether the next `take` decides, and has to know what was played."""
        count = len(self._windows) + 1
        return self._check_echo and count >= DECIDE_WINDOWS and self.verdict is Verdict.OPEN

    @property
    def played_span(self) -> tuple[int, int]:
        """What was played from here to there, on the session's clock, is what the sound is held against."""
        first = self._windows[0].at if self._windows else self.start
        return first - int(LONGEST_DELAY * RATE), first + (len(self._windows) + 1) * WINDOW + AHEAD

    def take(self, window: JudgedWindow, played: NDArray[np.float32] | None = None) -> Verdict:
        """Add the next window; `played` if `wants_played` is true. A verdict is final, except that a hum may become speech."""
        self._windows.append(window)
        count = len(self._windows)
        if self.verdict is Verdict.HUM:
            if self.speech_windows >= HUM_WINDOWS and window.speech:
                self.verdict = Verdict.SPEECH
            return self.verdict
        if self.verdict is not Verdict.OPEN:
            return self.verdict
        ended = window.quiet >= ENDED_WINDOWS
        if ended or (count >= DECIDE_WINDOWS and window.quiet < ENDING_WINDOWS):
            self.verdict = self._decided(played, ended=ended)
        return self.verdict

    def _decided(self, played: NDArray[np.float32] | None, *, ended: bool) -> Verdict:
        sound = self.sound
        if played is not None:
            self.echo = echo_share(sound, played)
            if self.echo >= ECHO:
                return Verdict.ECHO
        self.features = found = features_of(sound)
        if found.voiced < _VOICED:
            return Verdict.NOISE
        if ended or (found.bright < _BRIGHT and found.vowels < _MOVING):
            return Verdict.HUM
        return Verdict.SPEECH
