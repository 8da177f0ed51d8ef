"""Tool calls of the language model: their description in its instructions, and recognising a call in an answer.

Every model that can write JSON can call: its instructions say to write only `{"call": NAME, "arguments": {…}}`. Chat templates
with tool calls are not needed; small models and many servers do not have them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from capabilities.conversation.session.settings import SessionTool

LONGEST = 20_000
_FENCES = ("```json", "```")


@dataclass(frozen=True)
class AskedTool:
    """A function that is asked for; `arguments` is JSON."""

    name: str
    arguments: str


def tools_told(tools: Sequence[SessionTool]) -> str:
    """What the mind is told of the functions that there are; "" where there is none."""
    if not tools:
        return ""
    lines = [
        json.dumps({"call": one.name, "for": one.description, "arguments": one.parameters}, ensure_ascii=False) for one in tools
    ]
    head = (
        "You can call these functions. Where one is needed, write nothing but one JSON object, "
        '{"call": "the name", "arguments": {…}}, and you will be told what it returned. Otherwise answer in words, never in JSON.'
    )
    return "\n".join((head, *lines))


class CallFilter:
    """Keeps a call out of what is spoken; one for each reply. Where there are no tools it passes everything."""

    def __init__(self, tools: Sequence[SessionTool]) -> None:
        self._names = {one.name for one in tools}
        self._kept = ""
        self._open = bool(tools)
        self.asked: AskedTool | None = None

    def feed(self, text: str) -> str:
        """What of the next piece is no call, as far as that is known."""
        if not self._open:
            return text
        self._kept += text
        begun = self._kept.lstrip()
        if not begun or begun[0] == "{" or any(fence.startswith(begun[: len(fence)]) for fence in _FENCES):
            return "" if len(begun) < LONGEST else self._let_go()
        return self._let_go()

    def finish(self) -> str:
        """The rest, where it is no call; after this `asked` tells of one."""
        if not self._open:
            return ""
        self.asked = self._read(self._kept)
        return "" if self.asked is not None else self._let_go()

    def restart(self) -> None:
        """The answer begins anew."""
        self._kept, self._open = "", bool(self._names)

    def _let_go(self) -> str:
        self._open, text, self._kept = False, self._kept, ""
        return text

    def _read(self, text: str) -> AskedTool | None:
        body = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
        try:
            found, _ = json.JSONDecoder().raw_decode(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        name, arguments = found.get("call") or found.get("name"), found.get("arguments", {})
        if name not in self._names or not isinstance(arguments, dict):
            return None
        return AskedTool(str(name), json.dumps(arguments, ensure_ascii=False))
