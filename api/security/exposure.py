"""How the studio is exposed: listening addresses, host names, keys, certificate and link."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass
from typing import TextIO
from urllib.parse import quote

from studio.access import AuthKeys, Certificate, RunningAt, certificate_for, load_or_create_keys, own_names
from studio.access.addresses import bracketed
from studio.settings import Settings

LOOPBACK_NAME = "localhost"
LOOPBACK = "127.0.0.1"


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    if host.lower() == LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening_hosts(host: str) -> tuple[str, ...]:
    """Return the addresses to listen on. Loopback is added to a network address, so that local links keep working."""
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return (host,) if everywhere or is_loopback(host) else (host, LOOPBACK)


@dataclass(frozen=True)
class Exposure:
    """The exposure of one start.

    Args:
        names: further accepted host names.
        keys: for authentication; None if only this machine has access and no token is set.
        certificate: for HTTPS; None for plain HTTP.
        address: the address to type into a browser.
        local: the address for programs on this machine.
    """

    names: tuple[str, ...]
    keys: AuthKeys | None
    certificate: Certificate | None
    address: str
    local: RunningAt

    @property
    def link(self) -> str:
        """The address with the token, with which a browser signs in."""
        return f"{self.address}/?token={quote(self.keys.token, safe='')}" if self.keys else self.address


def plan_exposure(settings: Settings, *, new_token: bool = False) -> Exposure:
    """Return the exposure of this start. Token and certificate are created in the data folder if needed.

    Raises:
        StorageError: the data folder is not writable.
    """
    server = settings.server
    beyond = not is_loopback(server.host)
    names = (*own_names(server.host), *server.allowed_hosts) if beyond else server.allowed_hosts
    locked = beyond or server.token or new_token
    keys = load_or_create_keys(settings.data_folder, server.token, renew=new_token) if locked else None
    certificate = certificate_for(settings.data_folder, names) if server.https else None
    shown = names[0] if beyond and names else bracketed(server.host)
    scheme = "https" if server.https else "http"
    local = RunningAt(f"{scheme}://{_own_name(server.host)}:{server.port}", str(certificate.certificate) if certificate else "")
    return Exposure(names, keys, certificate, f"{scheme}://{shown}:{server.port}", local)


def _own_name(host: str) -> str:
    """Return a name of this machine on which the studio listens (`listening_hosts`)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return LOOPBACK
    if address.version == 6 and (address.is_loopback or address.is_unspecified):
        return "[::1]"
    return host if address.is_loopback else LOOPBACK


def announce(opening: Exposure, *, beyond: bool, out: TextIO | None = None) -> None:
    """Print the address of the studio, with a token also the link and, for other machines, its QR code."""
    out = out or sys.stdout
    print(f"Greenroom is open at {opening.address}", file=out)
    if opening.keys is not None:
        print(f"Open it with this link, which holds the token: {opening.link}", file=out)
        if beyond:
            _draw_code(opening.link, out)
    if opening.certificate is not None:
        print("The certificate is the studio's own, so a browser warns of it once. Its SHA-256 fingerprint:", file=out)
        print(f"  {opening.certificate.fingerprint}", file=out)
    out.flush()


def _draw_code(link: str, out: TextIO) -> None:
    import segno

    try:
        "█▀▄".encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return  # terminals without these characters cannot show a QR code
    segno.make(link, error="l", micro=False).terminal(out, border=2, compact=True)
