"""Addresses and names under which other machines reach this one."""

from __future__ import annotations

import ipaddress
import re
import socket

import psutil

_ELSEWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Documentation addresses: looking up the route to one sends nothing."""

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def lan_address() -> str:
    """Return the address of this machine on its network, "" without one.

    The address of the default route is preferred; without one, any private address of an interface that is up.
    """
    candidates = [*filter(None, (_towards(*target) for target in _ELSEWHERE)), *sorted(_interface_addresses())]
    return next((address for address in candidates if _reachable(address)), "")


def own_names(address: str) -> tuple[str, ...]:
    """Return the Host names that a browser on the network may use for `address`, IPv6 in brackets.

    An address of all interfaces ("0.0.0.0", "::") stands for every present address of the machine.
    """
    parsed = _parsed(address)
    addresses = sorted(filter(_reachable, _interface_addresses())) if parsed and parsed.is_unspecified else [address]
    host = socket.gethostname().lower()
    short = host.partition(".")[0]
    names = [host, short, f"{short}.local"] if _HOST_NAME.fullmatch(host) else []
    return tuple(dict.fromkeys([*map(bracketed, addresses), *names]))


def bracketed(address: str) -> str:
    """Return an address in the form of a URL."""
    return f"[{address}]" if ":" in address else address


def _towards(target: str, family: socket.AddressFamily) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def _interface_addresses() -> set[str]:
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return {
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        if name in up
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    }


def _reachable(address: str) -> bool:
    """Not loopback, not a link's own address, which needs a zone that browsers do not take."""
    parsed = _parsed(address)
    return parsed is not None and not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
