"""What calls about the pronunciation list answer."""

from __future__ import annotations

from pydantic import Field

from api.operations.operation import Answer


class PronunciationAnswer(Answer):
    """An entry of the pronunciation list."""

    id: str
    word: str
    saying: str = Field(description="What is said for it: a respelling, or IPA between slashes.")
    ipa: str = Field("", description="The same where it is IPA, in one form; empty for a respelling.")
    scope: str = Field(description='"everywhere", "voice" or "project".')
    of: str = Field("", description="The voice or project it is for.")
    language: str = Field("", description="Of the texts it is for; empty for all.")


class ImportedAnswer(Answer):
    """How many entries a file held."""

    imported: int
