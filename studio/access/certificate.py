"""A self-signed certificate for HTTPS on a network without a certificate authority.

Browsers warn of it once; after that the connection is encrypted, and the microphone works. It is stored, so that the warning
comes once, and replaced when it expires or the machine has another address.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.access.keys import write_private
from studio.errors import StorageError

if TYPE_CHECKING:  # imported where it is used: most studios answer without HTTPS and start sooner without it
    from cryptography import x509

FOLDER = "certificate"
LIFE = datetime.timedelta(days=397)
"""The longest that browsers take."""
RENEW_BEFORE = datetime.timedelta(days=30)
ALWAYS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """Files in PEM form; the key is readable by its owner alone.

    Args:
        fingerprint: SHA-256 in hexadecimal, to compare with what the browser shows.
    """

    certificate: Path
    key: Path
    fingerprint: str


def certificate_for(data_folder: Path, names: Collection[str], now: datetime.datetime | None = None) -> Certificate:
    """Return the stored certificate if it covers `names` for another month, else a new one.

    Args:
        names: host names and IP addresses, with or without brackets; localhost is always included.

    Raises:
        StorageError: it cannot be stored.
    """
    from cryptography.hazmat.primitives import hashes

    now = now or datetime.datetime.now(datetime.UTC)
    folder = data_folder / FOLDER
    files = folder / "certificate.pem", folder / "key.pem"
    wanted = {name.strip("[]").lower() for name in (*ALWAYS, *names)}
    kept = _kept(*files)
    if kept is None or not wanted <= _covered(kept) or kept.not_valid_after_utc - RENEW_BEFORE < now:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept = _make(*files, sorted(wanted), now)
        except OSError as error:
            raise StorageError("storage.certificate-not-kept") from error
    return Certificate(*files, kept.fingerprint(hashes.SHA256()).hex())


def _kept(certificate: Path, key: Path) -> x509.Certificate | None:
    """The certificate on disk, when its key belongs to it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        secret = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    return found if secret.public_key() == found.public_key() else None


def _covered(certificate: x509.Certificate) -> set[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _make(certificate: Path, key: Path, names: list[str], now: datetime.datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Greenroom on this network")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks differ
        .not_valid_after(now - datetime.timedelta(days=1) + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(key, private)  # first: a crash in between leaves a pair that does not match, which is made anew
    write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
    return made


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
