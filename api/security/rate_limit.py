"""Rate limit for wrong tokens, against guessing."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 10
WINDOW_SECONDS = 60.0
REMEMBERED = 4096


class FailedAuthLimiter:
    """Counts wrong tokens by address; the addresses of one IPv6 network count as one, because a machine can use all of them.
    Thread-safe, with bounded memory.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, address: str) -> None:
        """Count a wrong token from `address`."""
        with self._lock:
            times = self._times.setdefault(_network(address), deque(maxlen=MOST))
            self._times.move_to_end(_network(address))
            times.append(self._clock())
            while len(self._times) > REMEMBERED:
                self._times.popitem(last=False)

    def wait_seconds(self, address: str) -> int:
        """Return the seconds that `address` must wait before its next attempt; 0 if it may try now."""
        with self._lock:
            times = self._times.get(_network(address))
            if times is None or len(times) < MOST:
                return 0
            return max(0, math.ceil(times[0] + WINDOW_SECONDS - self._clock()))


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return address
