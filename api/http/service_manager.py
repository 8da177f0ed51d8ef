"""Telling a service manager, such as systemd, that the studio is ready or ending.

The protocol is that of sd_notify(3): datagrams of `NAME=value` lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"


def tell_service_manager(state: str) -> None:
    """Send a state; without a service manager nothing happens, and one that cannot be reached is no reason to fail."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaking:
            speaking.connect("\0" + address[1:] if address.startswith("@") else address)
            speaking.send(f"{state}\nMAINPID={os.getpid()}".encode())
    except OSError as error:
        log.warning("The service manager was not told %s: %s", state, type(error).__name__)
