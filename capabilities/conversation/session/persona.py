"""The default instructions of the language model, and those about spoken answers that every model gets."""

from __future__ import annotations

DEFAULT = "You are a friendly, well-read companion. You answer plainly and to the point, and you say so when you do not know."

SPOKEN = (
    "This is a conversation by voice: what you write is spoken aloud. Answer in one to three short sentences unless more is "
    "asked for. No lists, no headings, no emoji, no code. What you hear was written down by a machine and may hold slips; ask "
    "when it makes no sense. You may be interrupted: of your own earlier words you see those that were heard."
)


def instructions(persona: str, language: str, *, spoken: bool, more: str = "") -> str:
    """The system message of a conversation."""
    parts = [persona.strip() or DEFAULT, SPOKEN if spoken else "", more.strip()]
    if not language.lower().startswith("en"):
        parts.append(f"Answer in the language with the tag {language}.")
    return "\n\n".join(filter(None, parts))
