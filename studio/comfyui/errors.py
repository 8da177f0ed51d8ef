"""What can go wrong between the studio and a ComfyUI server, each with a message for the user."""

from __future__ import annotations

from typing import Any

from media.messages.message import Message
from studio.errors import EngineNotReady, GreenroomError

SAY_WHERE = Message.of("comfyui.say-where")


class ComfyUIMissing(EngineNotReady):
    """No server is set, or the installation that is set cannot be started."""


class ComfyUIUnreachable(GreenroomError):
    """The server does not answer at its address, or not in time."""

    retryable_by_default = True


class ConnectionRefused(ComfyUIUnreachable):
    """Nothing listens at the address, so the request was certainly not received."""


class UnexpectedAnswer(GreenroomError):
    """The server answered with a status, or in a form, that is not its protocol's.

    Attributes:
        status: the HTTP status, 0 where the answer's form is what is wrong.
        body: the beginning of the response.
    """

    def __init__(
        self, code: str, hint: str = "", /, *, status: int = 0, body: str = "", retryable: bool = False, **parameters: Any
    ) -> None:
        super().__init__(code, hint, retryable=retryable, status=status, **parameters)
        self.status, self.body = status, body


class GraphRefused(GreenroomError):
    """The server does not take the graph; the reason names every node and input that it objects to."""


class RunFailed(GreenroomError):
    """The graph was taken and failed while it ran."""


class JobLost(GreenroomError):
    """The server has lost a job that it had accepted: it was restarted or killed. The job is not submitted again."""

    retryable_by_default = True


class UploadTooLarge(GreenroomError):
    """A file is larger than the server accepts; raised before anything is sent where the limit is known."""
