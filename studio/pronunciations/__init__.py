"""The pronunciation list: how words are said that an engine would read otherwise, everywhere or by one voice."""

from studio.pronunciations.model import Pronunciation, SayingScope
from studio.pronunciations.store import PronunciationList

__all__ = ("Pronunciation", "PronunciationList", "SayingScope")
