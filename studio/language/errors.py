"""Errors of language models."""

from __future__ import annotations

from studio.errors import GreenroomError


class LanguageError(GreenroomError):
    """A language model cannot be reached, or its answer is invalid; the hint is the next step."""


class NoLanguageModelError(LanguageError):
    """No server is configured, and the built-in model is not installed."""


class FormatRefusedError(LanguageError):
    """The server does not support this kind of constraint; another kind may work."""
