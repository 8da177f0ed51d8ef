"""The pronunciation list: pronunciations of words that an engine would read differently, for all voices or one."""

from studio.pronunciations.model import Pronunciation, SayingScope
from studio.pronunciations.store import PronunciationList

__all__ = ("Pronunciation", "PronunciationList", "SayingScope")
