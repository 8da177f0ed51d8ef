"""The pronunciation list: how words are said that an engine would read otherwise, everywhere or by one voice."""

from studio.pronunciations.model import Pronunciation, Scope
from studio.pronunciations.store import PronunciationList

__all__ = ("Pronunciation", "PronunciationList", "Scope")
