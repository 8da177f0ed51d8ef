"""Removal of Markdown and HTML marks from text that is displayed only, because players would show them."""

from __future__ import annotations

import re

_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9:-]{0,20}(?:\s[^<>]{0,500})?/?>|<!--.{0,1000}?-->", re.DOTALL)
_EMPHASIS = re.compile(r"(?<!\w)(?:\*{1,3}|_{1,3}|~~)(?=\w)|(?<=[\w.,!?;:…”’])(?:\*{1,3}|(?<!_)_{1,3}|~~)(?!\w)")


def without_marks(text: str) -> str:
    """Return the words with their quotes, dashes and signs, without tags and emphasis marks."""
    return _EMPHASIS.sub("", _TAG.sub("", text))
