"""What the studio needs to be open to other machines: a token, a certificate, and the names it is reached by."""

from __future__ import annotations

from studio.access.addresses import lan_address, own_names
from studio.access.certificate import Certificate, certificate_for
from studio.access.keys import AuthKeys, load_or_create_keys

__all__ = ["Certificate", "AuthKeys", "certificate_for", "load_or_create_keys", "lan_address", "own_names"]
