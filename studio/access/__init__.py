"""Access from other machines: a token, a certificate, and the machine's names."""

from __future__ import annotations

from studio.access.addresses import lan_address, own_names
from studio.access.certificate import Certificate, certificate_for
from studio.access.keys import AuthKeys, kept_keys, load_or_create_keys
from studio.access.running import RunningAt, forget_running, note_running, running_at

__all__ = [
    "AuthKeys", "Certificate", "RunningAt", "certificate_for", "forget_running", "kept_keys", "lan_address",
    "load_or_create_keys", "note_running", "own_names", "running_at",
]  # fmt: skip
