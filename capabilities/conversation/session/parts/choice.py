"""Chooses recogniser, language model and voice among those that are ready, and checks before loading whether they fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from capabilities.conversation.session.parts.language_model import ServiceLanguageModel
from capabilities.conversation.session.parts.recogniser import WorkerRecogniser
from capabilities.conversation.session.parts.roles import RecogniserPart, SessionParts, VoicePart
from capabilities.conversation.session.parts.voice import WorkerVoice
from capabilities.conversation.session.settings import SessionSettings
from capabilities.transcription.run import Transcriber, TranscriberChoice
from engines.contract import EngineKind
from media.audio.voice_activity import model_file
from studio.errors import EngineNotReady, GreenroomError, InvalidInput
from studio.services import Services
from studio.voices.resolver import AUTO, ResolvedVoice, resolve_voice
from studio.workers.engine_service import readiness_of

Told = Callable[[str, str], None]
"""Hears that a part ("ear", "mind", "voice") waits, and why."""

SEED = 7
"""One for a whole conversation, so that a voice with chance in it stays the same."""

_QUICK = {"beam_size": 1, "vad": False, "short": True}
"""Options of recognisers: without what costs time and gives nothing that a conversation needs."""


@dataclass(frozen=True)
class ChosenParts:
    """What will be leased. `ear` None: no recogniser; `voice` None: replies are text."""

    settings: SessionSettings
    ear: TranscriberChoice | None
    voice: ResolvedVoice | None

    def made(self, services: Services, told: Told) -> SessionParts:
        """The parts, nothing of them loaded yet. To be called on the event loop of the session."""
        settings = self.settings
        ear = None if self.ear is None else made_recogniser(services, settings, self.ear, lambda note: told("ear", note))
        voice = None if self.voice is None else made_voice(services, settings, self.voice, lambda note: told("voice", note))
        return SessionParts(ServiceLanguageModel(services.language, lambda note: told("mind", note)), ear, voice)


def made_recogniser(
    services: Services, settings: SessionSettings, choice: TranscriberChoice, waiting: Callable[[str], None]
) -> RecogniserPart:
    """The part that leases this engine."""
    return WorkerRecogniser(services.workers, choice.engine, choice.options, settings.language, waiting)


def made_voice(services: Services, settings: SessionSettings, voice: ResolvedVoice, waiting: Callable[[str], None]) -> VoicePart:
    """The part that leases this voice's engine."""
    engine = voice.engine_cls
    options = engine.settled(services.site, engine.Options())
    return WorkerVoice(services.workers, voice, options, settings.language, SEED, waiting)


def choose_parts(services: Services, settings: SessionSettings) -> ChosenParts:
    """Return the parts that these settings name, if they are ready.

    Raises:
        EngineNotReady, NotFound, InvalidInput: one is missing, unknown or not permitted; the hint is the next step.
    """
    status = services.language.status()
    if not status.ready:
        raise EngineNotReady("talk.no-mind") if status.source == "none" else _said(status.sentence, status.next_step)
    ear = choose_recogniser(services, settings) if settings.listen else None
    return ChosenParts(settings, ear, choose_voice(services, settings) if settings.speak else None)


def _said(reason: str, hint: str) -> GreenroomError:
    return EngineNotReady("talk.mind-not-ready", why=reason, next_step=hint)


def choose_recogniser(services: Services, settings: SessionSettings) -> TranscriberChoice:
    """Return the recogniser.

    Raises:
        EngineNotReady, NotFound, InvalidInput: none is ready, or not the named one.
    """
    if model_file() is None:
        raise EngineNotReady("talk.no-voice-detector")
    transcriber = Transcriber(services)
    try:
        choice = transcriber.choose(settings.ear, settings.language, {})
    except EngineNotReady:
        if settings.ear != AUTO:
            raise
        raise EngineNotReady("talk.no-ear", language=settings.language) from None
    known = {name: value for name, value in _QUICK.items() if hasattr(choice.options, name)}
    return replace(choice, options=choice.options.model_copy(update=known))


def choose_voice(services: Services, settings: SessionSettings) -> ResolvedVoice:
    """Return the voice.

    Raises:
        EngineNotReady, NotFound, InvalidInput: none is ready, not the named one, or a saved voice without recorded consent.
    """
    casting = resolve_voice(
        settings.voice,
        settings.engine,
        voices=services.voices,
        catalog=services.catalog,
        site=services.site,
        language=settings.language,
        default_engine=services.settings.engines.default_speech,
    )
    if casting.voice.reference is not None and not casting.voice_licence.strip():
        raise InvalidInput("talk.no-consent", voice=casting.voice_label)
    return casting


def ready_recognisers(services: Services) -> list[tuple[str, str]]:
    """Title and id of the engines that can listen now."""
    engines = services.catalog.of(EngineKind.TRANSCRIPTION)
    return [(one.card.title, one.card.id) for one in engines if readiness_of(one, services.site).ready]
