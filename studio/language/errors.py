"""What goes wrong with a language model."""

from __future__ import annotations

from studio.errors import GreenroomError


class LanguageError(GreenroomError):
    """A language model cannot be asked, or did not answer as it should; the hint is the next step."""


class NoLanguageModelError(LanguageError):
    """No server is set, and the built-in model is not set up."""


class FormatRefusedError(LanguageError):
    """The server does not take this kind of constraint; another kind may do."""
