"""What the system says when it refuses a file, as words for a person that no language of the system changes."""

from __future__ import annotations

import errno
import os

from media.messages.message import Message

_CODES = {
    errno.ENOSPC: "system.disk-full",
    errno.EDQUOT: "system.disk-full",
    errno.EROFS: "system.read-only",
    errno.EACCES: "system.forbidden",
    errno.EPERM: "system.forbidden",
    errno.EIO: "system.disk-failing",
}
_SYSTEMS_OWN = range(1, 200)
"""Numbers beyond are a library's own, such as FFmpeg's."""


def refusal(error: BaseException) -> Message | str:
    """Return why the system refused, for a field such as `{cause}`; "" if it gave no reason.

    A full disk is told as such everywhere; what has no words of the studio's is told in those of the system.
    """
    number = getattr(error, "errno", None) or 0
    if number in _CODES:
        return Message.of(_CODES[number])
    return os.strerror(number) if number in _SYSTEMS_OWN else ""
