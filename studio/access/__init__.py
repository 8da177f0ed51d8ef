"""What the studio needs to be open to other machines: a token, a certificate, and the names it is reached by."""

from __future__ import annotations

from studio.access.addresses import lan_address, own_names
from studio.access.certificate import Certificate, certificate_for
from studio.access.keys import DoorKeys, keep_keys

__all__ = ["Certificate", "DoorKeys", "certificate_for", "keep_keys", "lan_address", "own_names"]
