"""Validation of a language server's address, and where it leads.

The user enters the address, and requests go nowhere else. Addresses at which no language server can be are refused anyway,
because a page or a tool that talks a user into pasting an address must not make the studio call it (SSRF): the metadata services
of clouds (link-local), multicast, unspecified addresses, and numbers in forms that parsers interpret differently.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from studio.access.local_listeners import is_local
from studio.language.errors import LanguageError

LONGEST = 300
_NETWORK_ENDINGS = (".local", ".lan", ".home", ".internal", ".home.arpa")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62}){0,20}\.?", re.IGNORECASE)
_NUMBER_LIKE = re.compile(r"(0x[0-9a-f]{1,64}|[0-9]{1,64})(\.(0x[0-9a-f]{1,64}|[0-9]{1,64})){0,8}\.?", re.IGNORECASE)
_ROUTES = ("/chat/completions", "/completions", "/models", "/embeddings")


class Place(StrEnum):
    """Where the data of a request go."""

    MACHINE = "this machine"
    NETWORK = "your network"
    ELSEWHERE = "another machine"


def checked_address(written: str) -> str:
    """Return the base of routes such as /chat/completions; "/v1" is added if there is no path.

    Raises:
        LanguageError: it is no address, or one that is refused.
    """
    text = written.strip()[: LONGEST + 1]
    if not text or len(text) > LONGEST or any(sign.isspace() for sign in text):
        raise LanguageError("llm.address-wrong")
    parts = _split(text if "://" in text else f"http://{text}")
    host = (parts.hostname or "").lower()
    _refuse_host(host)
    path = parts.path.rstrip("/")
    for route in _ROUTES:
        path = path.removesuffix(route)
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme.lower()}://{shown}{port}{path or '/v1'}"


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise LanguageError("llm.address-wrong") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise LanguageError("llm.address-wrong")
    if parts.username is not None or parts.password is not None:
        raise LanguageError("llm.address-with-password")
    return parts


def _refuse_host(host: str) -> None:
    number = _as_number(host)
    if number is None:
        if _NUMBER_LIKE.fullmatch(host) or not _NAME.fullmatch(host):
            raise LanguageError("llm.address-wrong")
    elif never_asked(number):
        raise LanguageError("llm.address-forbidden", host=host)


def never_asked(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether no language server can be at an address."""
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
        number = number.ipv4_mapped
    odd = number.is_link_local or number.is_unspecified or number.is_multicast
    return odd or str(number) in ("100.100.100.200", "fd00:ec2::254", "255.255.255.255")


def place_of(url: str) -> Place:
    """Return where an address leads, by its text only: no name is resolved."""
    host = (urlsplit(url).hostname or "").lower()
    number = _as_number(host)
    if is_local(url) or (number is not None and number.is_loopback):
        return Place.MACHINE
    if number is not None:
        return Place.NETWORK if number.is_private else Place.ELSEWHERE
    return Place.NETWORK if "." not in host.rstrip(".") or host.endswith(_NETWORK_ENDINGS) else Place.ELSEWHERE


def _as_number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None
