"""Whether an address belongs to this machine, and the process that listens there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import psutil

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_local(url: str) -> bool:
    """Return whether an address is this machine's: loopback, its name, or one of its network addresses."""
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK or host == socket.gethostname().lower():
        return True
    return any(one.address.split("%")[0] == host for listed in psutil.net_if_addrs().values() for one in listed)


def listening_process(url: str) -> int | None:
    """Return the process of this user that listens at a local address; None if there is none or it cannot be determined."""
    parts = urlsplit(url)
    if not is_local(url):
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return int(one.pid)
    except (psutil.Error, OSError):
        pass
    return None
