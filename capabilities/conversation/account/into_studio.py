"""Using a turn of a conversation elsewhere: its sound as a result, its words as a narration, its voice as a saved voice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.export import turn_or_refused, write_turn
from capabilities.conversation.account.model import ConversationAccount, ConversationTurn, TurnSpeaker
from capabilities.voiceover.spec import VoiceoverSpec
from media.messages.message import Message
from studio.errors import InvalidInput
from studio.library import LibraryOutput, Recipe
from studio.library.model import AUDIO
from studio.licences import UNKNOWN, LicenceTerms
from studio.services import Services
from studio.voices.model import Voice, VoiceTooLong, Window

KIND = "conversation_turn"
"""Of the recipe."""
TAG = "conversation"
_LONGEST_TITLE_WORDS = 60


class TurnTaker:
    """Makes results, narrations and voices from turns."""

    def __init__(self, studio: Services, accounts: ConversationAccounts) -> None:
        self._studio, self._accounts = studio, accounts

    def keep_sound(self, conversation: str, turn: str) -> LibraryOutput:
        """Add the sound of a turn to the library, where lip-sync and every other tab can use it.

        Raises:
            NotFound, InvalidInput: no such conversation or turn, or nothing of it was heard.
            MediaError, StorageError: the file cannot be written.
        """
        account, found = self._turn(conversation, turn)
        with self._staged(account, found) as path:
            return self._studio.library.add(path, AUDIO, _title(account, found), _recipe(account, found))

    def to_speak(self, conversation: str, turn: str, voice: str = "", *, whole: bool = False) -> VoiceoverSpec:
        """A narration of what was heard of a turn; of a reply in the voice that it had, where no other is asked for.

        Args:
            whole: of a reply that was cut, all that it was to say.

        Raises:
            NotFound, InvalidInput: no such conversation or turn, or it has no words.
        """
        account, found = self._turn(conversation, turn)
        text = found.text if whole else found.heard
        if not text.strip():
            raise InvalidInput("conversation.turn-wordless")
        own = account.partners.voice if found.speaker is TurnSpeaker.STUDIO and self._is_there(account.partners.voice) else ""
        return VoiceoverSpec(script=text.strip(), voice=voice or own, title=_title(account, found))

    def keep_voice(self, conversation: str, turn: str, name: str, consent: str = "") -> Voice:
        """Save a voice from the sound of a turn, with what was heard as the transcript. Of a turn that is too long for a voice
        its best part is taken, without a transcript.

        Args:
            consent: who agreed, how and when. It may be left out for a reply in a voice that has consent recorded, or in an
                engine's own.

        Raises:
            NotFound, InvalidInput: as `keep_sound`; also without consent, or for a name that is taken.
            VoiceRefused: the sound is no good as a voice.
        """
        account, found = self._turn(conversation, turn)
        agreed = consent.strip() or _known_consent(account, found)
        if not agreed:
            raise InvalidInput("conversation.consent-missing")
        with self._staged(account, found) as path:

            def saved(transcript: str, window: Window | None) -> Voice:
                return self._studio.voices.add(
                    name, path, transcript, (TAG,), agreed, f"From “{account.title}”.", window, account.partners.language,
                    _terms(account, found),
                )  # fmt: skip

            try:
                return saved(found.heard, None)
            except VoiceTooLong as refused:
                if refused.window is None:
                    raise
                return saved("", refused.window)

    def _turn(self, conversation: str, turn: str) -> tuple[ConversationAccount, ConversationTurn]:
        account = self._accounts.get(conversation)
        return account, turn_or_refused(account, turn)

    def _is_there(self, voice: str) -> bool:
        if "/" in voice:
            engine, _, _ = voice.partition("/")
            return any(one.card.id == engine for one in self._studio.catalog.all())
        return any(one.name == voice and not one.damage for one in self._studio.voices.list())

    @contextmanager
    def _staged(self, account: ConversationAccount, turn: ConversationTurn) -> Iterator[Path]:
        folder = self._studio.paths.cache / "conversations" / f"turn-{uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            path = folder / "turn.wav"
            write_turn(self._accounts, account, turn, path)
            yield path
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _known_consent(account: ConversationAccount, turn: ConversationTurn) -> str:
    if turn.speaker is TurnSpeaker.PERSON:
        return ""
    if "/" in account.partners.voice:
        return Message.of("conversation.voice-of-an-engine", voice=account.partners.voice).reason()
    return account.consent


def _terms(account: ConversationAccount, turn: ConversationTurn) -> LicenceTerms:
    return account.terms if turn.speaker is TurnSpeaker.STUDIO else UNKNOWN


def _title(account: ConversationAccount, turn: ConversationTurn) -> str:
    words = " ".join(turn.heard.split()) or account.title
    return f"{account.name_of(turn)}: {words}"[:_LONGEST_TITLE_WORDS].strip()


def _recipe(account: ConversationAccount, turn: ConversationTurn) -> Recipe:
    """How the sound came about; an engine spoke it only where it is the studio's."""
    spoken = turn.speaker is TurnSpeaker.STUDIO
    return Recipe(
        kind=KIND,
        job="",
        engine=account.partners.voice_engine if spoken else "",
        voice=account.partners.voice if spoken else "",
        terms=_terms(account, turn),
        facts=(f"from “{account.title}”", *(("interrupted",) if turn.cut else ())),
        details={
            "conversation": account.id,
            "turn": turn.id,
            "speaker": turn.speaker.value,
            "text": turn.heard,
            **({"mind": account.partners.mind} if spoken and account.partners.mind else {}),
        },
    )
