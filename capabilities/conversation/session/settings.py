"""The settings of a conversation: chosen at its beginning, and changeable while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

EchoGuard = Literal["cancelling", "headphones", "half duplex"]
"""What keeps the studio from hearing itself: the browser takes it out, nothing has to, or it does not listen while it speaks."""


@dataclass(frozen=True)
class TurnDetection:
    """When a turn of the person begins and ends.

    Args:
        automatic: by what is heard; else by `commit`.
        threshold: likelihood from which sound is speech, 0 to 1.
        silence: seconds of silence after which a turn is over even where it sounds unfinished; finished ones end sooner.
        prefix: seconds of sound from before the person's first speech that the ear is given with it.
        semantic: whether the words decide how long is waited; else every pause of `silence` seconds ends a turn.
        respond: whether a turn is answered by itself. interrupt: whether speech stops a reply.
    """

    automatic: bool = True
    threshold: float = 0.5
    silence: float = 1.2
    prefix: float = 0.3
    semantic: bool = True
    respond: bool = True
    interrupt: bool = True


@dataclass(frozen=True)
class SessionTool:
    """A function that the mind may ask for; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class SessionSettings:
    """How a session works.

    Args:
        persona: what the mind is told to be.
        language: BCP-47 tag of both sides.
        ear: id of a transcription engine, or "auto".
        voice: as the studio names voices, "" for the default of the language. engine: of the voice, an id or "auto".
        listen: whether sound of the person is wanted at all; without it they write.
        speak: whether replies are spoken; else they are text alone, and count as heard at once.
        echo: what keeps the studio from hearing itself.
        acknowledged: whether the listener reports what it played with `played`; else sound is sent as it is made, and counts as
            heard as time passes, until `truncate` tells better.
        longest: tokens of a reply at most.
    """

    persona: str = ""
    language: str = "en"
    ear: str = "auto"
    voice: str = ""
    engine: str = "auto"
    speak: bool = True
    listen: bool = True
    echo: EchoGuard = "cancelling"
    acknowledged: bool = True
    temperature: float = 0.7
    longest: int = 400
    turns: TurnDetection = TurnDetection()
    tools: tuple[SessionTool, ...] = ()
