"""Callbacks that do nothing: defaults of callback parameters."""

from __future__ import annotations


def no_op(*_: object) -> None:
    """Receive anything and do nothing."""


def never_cancelled() -> bool:
    """Answer a poll for cancellation: no."""
    return False


def always_true() -> bool:
    """Answer a poll for permission: yes."""
    return True
