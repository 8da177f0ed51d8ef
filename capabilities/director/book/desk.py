"""The present state of a project as an audiobook: the length of each paragraph, what is spoken, and what the rest will take."""

from __future__ import annotations

from collections.abc import Sequence

from capabilities.director.book.script import BookScript, as_spoken, book_script
from capabilities.director.document.model import Project
from capabilities.director.film.desk import FilmDesk, FilmState, LineState, ShotState
from capabilities.director.film.speech import LineSpeech, refuse_silence, verbatim_script
from capabilities.director.film.times import FREE, Price
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.pace import JOIN
from capabilities.voiceover.plan import PlannedSegment
from capabilities.voiceover.spec import CheckMode, VoiceoverSpec
from studio.services import Services

_JOIN_PER_LETTER = 0.004
_SAMPLE = 4_000


class BookDesk:
    """Reads projects as audiobooks. Has no state of a project; any thread may call any method.

    Args:
        film: stores the projects, and knows what speech takes.
    """

    def __init__(self, services: Services, film: FilmDesk) -> None:
        self._voiceover, self._services, self._film = services.capability(Voiceover), services, film
        self.projects, self.files = film.projects, film.files
        self.speech = LineSpeech(self._voiceover, services.segments, services.pronunciations, verbatim=True)

    def read(self, project: Project, *, checked: bool = False) -> BookScript:
        """Return all that is said, in order.

        Args:
            checked: let the takes be checked as the settings say.

        Raises:
            InvalidInput, NotFound, EngineNotReady: a line cannot be spoken; its row is named.
        """
        refuse_silence(project)
        spoken = as_spoken(project)
        lines = self.speech.plans(spoken, {shot.id: number for number, shot in enumerate(project.shots(), 1)})
        check, check_with = self._check(project) if checked else ("off", "")
        return book_script(spoken, lines, self._services.settings.voiceover, check, check_with)

    def state(self, project: Project) -> FilmState:
        """
        Raises:
            InvalidInput, NotFound, EngineNotReady: as `read`.
        """
        script = self.read(project)
        shots, total, sentences = [], FREE, 0
        for segments in script.shots.values():
            unsaid = self._unsaid(segments)
            total += self._film.price_of_speech(unsaid)
            sentences += len(unsaid)
        for shot in project.shots():
            shots.append(self._shot(shot.id, script.shots.get(shot.id, ())))
        letters = script.plan.characters
        pace = self._voiceover.paces.of(JOIN)
        total += Price(letters * (pace.work if pace else _JOIN_PER_LETTER), pace is not None)
        every = [one for segments in script.shots.values() for one in segments]
        seconds = sum(self._film.length_of(one) + one.pause_before for one in every) + script.plan.tail_pause
        return FilmState(tuple(shots), seconds, total, sentences)

    def _shot(self, name: str, segments: Sequence[PlannedSegment]) -> ShotState:
        seconds = sum(self._film.length_of(one) + (one.pause_before if at else 0.0) for at, one in enumerate(segments))
        unsaid = self._unsaid(segments)
        lines: dict[str, list[PlannedSegment]] = {}
        for one in segments:
            lines.setdefault(one.id.rpartition(".")[0], []).append(one)
        told = tuple(self._line(line, own) for line, own in lines.items())
        return ShotState(name, round(seconds, 2), not unsaid, (), self._film.price_of_speech(unsaid), told)

    def _line(self, name: str, segments: Sequence[PlannedSegment]) -> LineState:
        spoken = not self._unsaid(segments)
        keys = tuple(one.key for one in segments) if spoken else ()
        return LineState(name, round(sum(self._film.length_of(one) for one in segments), 2), spoken, keys)

    def _unsaid(self, segments: Sequence[PlannedSegment]) -> list[PlannedSegment]:
        return [one for one in segments if self.speech.spoken(one) is None]

    def _check(self, project: Project) -> tuple[CheckMode, str]:
        """How the takes of a book are checked: as those of a narration in its narrator's voice."""
        narrator = next(iter(project.cast.values()), None)
        text = " ".join(line.text for line in project.lines())[:_SAMPLE]
        if not text.strip():
            return "off", ""
        spec = VoiceoverSpec(script=text, voice=narrator.voice if narrator else "", language=project.language)
        found = self._voiceover.prepared(spec, verbatim_script(text)).spec
        return found.check or "off", found.check_with
