"""The certificate with which this studio signs: made at first use, stored in the data folder, replaceable by the user's own.

It is a leaf signed by a root of its own, as the C2PA profile requires: digitalSignature as a critical key usage, emailProtection
as the extended one, an authority key identifier, no CA itself. It names neither the person nor the machine, and no authority has
issued it: other programs say "signed, issuer not trusted", which is correct. This studio recognises its own files by its roots,
including former ones.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from studio.access.keys import write_private
from studio.errors import InvalidInput, StorageError

COMMON_NAME = "Greenroom on this computer"
FILE_NAME = "signing.json"
_VALID_DAYS = 10 * 365
_EARLIER = timedelta(days=1)
"""A certificate is valid from a day before it is made: clocks differ, and one that is set back must not fail exports."""

_Signing = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SigningIdentity:
    """The key and certificates for signing.

    Args:
        certificates: the chain as PEM, leaf first. key: the leaf's private key as PEM (PKCS#8). algorithm: of the signature, by
            its C2PA name.
        roots: certificates as PEM whose leaves count as this studio's: its own and former ones.
    """

    certificates: str
    key: str = field(repr=False)
    algorithm: str
    roots: str

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.certificates.encode())[0]

    @property
    def name(self) -> str:
        """The common name of the certificate, "" without one."""
        found = self.leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, by which others can know it again."""
        return self.leaf.fingerprint(hashes.SHA256()).hex()


class CertificateStore:
    """The file with certificate, key and roots, mode 0600. It is written as a whole, so that no crash leaves a key without its
    certificate.

    Args:
        folder: made with the first certificate.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE_NAME

    def known(self) -> SigningIdentity | None:
        """The certificate if there is one; none is made.

        Raises:
            StorageError: there is one that cannot be read.
        """
        try:
            fields = json.loads(self._path.read_text("ascii"))
            certificates, key, roots = (str(fields[name]) for name in ("certificates", "key", "roots"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise StorageError("provenance.certificate-unreadable") from None
        with contextlib.suppress(OSError):
            self._path.chmod(0o600)  # a copy or a restored backup may have lost it
        return _identity(certificates, key, roots)

    def identity(self) -> SigningIdentity:
        """The certificate, made now if there is none.

        Raises:
            StorageError: it cannot be read or written.
        """
        return self.known() or self._keep(*_made(datetime.now(UTC)))

    def replace(self, certificates: str, key: str) -> SigningIdentity:
        """Sign with a person's own certificate from now on. Files that were signed before stay known as this studio's.

        Args:
            certificates: the chain as PEM, leaf first. key: its key as PEM, without a passphrase.

        Raises:
            InvalidInput: it cannot sign: it does not belong to the key, is not valid now, or is not made for this.
            StorageError: it cannot be written.
        """
        chain, signing = _chain(certificates), _key(key)
        if chain[0].public_key() != signing.public_key():
            raise InvalidInput("provenance.key-of-another")
        _refuse_unfit(chain[0], datetime.now(UTC))
        _algorithm(signing)
        former = self.known()
        roots = _pem(chain[-1]) + (former.roots if former else "")
        return self._keep("".join(map(_pem, chain)), _key_pem(signing), roots)

    def _keep(self, certificates: str, key: str, roots: str) -> SigningIdentity:
        fields = {"certificates": certificates, "key": key, "roots": roots}
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path, json.dumps(fields, indent=2).encode("ascii"))
        except OSError:
            raise StorageError("provenance.certificate-unwritable") from None
        return _identity(certificates, key, roots)


def _identity(certificates: str, key: str, roots: str) -> SigningIdentity:
    try:
        _chain(certificates)
        algorithm = _algorithm(_key(key))
    except InvalidInput:
        raise StorageError("provenance.certificate-unreadable") from None
    return SigningIdentity(certificates, key, algorithm, roots)


def _made(now: datetime) -> tuple[str, str, str]:
    """A new root and a leaf that it signed; the root's key is thrown away, so it can vouch for nothing else."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name(f"{COMMON_NAME}, root")
    period = (now - _EARLIER, now + timedelta(days=_VALID_DAYS))
    root = (
        _builder(root_name, root_name, root_key.public_key(), period)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name(COMMON_NAME), root_name, key.public_key(), period)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return _pem(leaf), _key_pem(key), _pem(root)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Greenroom")]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, period: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    start, end = period
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)


def _usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _chain(certificates: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(certificates.encode("ascii", "replace"))
    except ValueError:
        raise InvalidInput("provenance.no-certificate") from None


def _key(key: str) -> _Signing:
    try:
        found = load_pem_private_key(key.encode("ascii", "replace"), None)
    except (ValueError, TypeError):
        raise InvalidInput("provenance.no-key") from None
    if not isinstance(found, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise InvalidInput("provenance.key-unfit")
    return found


def _algorithm(key: _Signing) -> str:
    """The C2PA name. ES512 is left out: readers do not trust it whatever its root."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ("secp256r1", "secp384r1"):
        return "es256" if key.curve.name == "secp256r1" else "es384"
    raise InvalidInput("provenance.key-unfit")


def _refuse_unfit(leaf: x509.Certificate, now: datetime) -> None:
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise InvalidInput("provenance.certificate-expired", until=leaf.not_valid_after_utc.date().isoformat())
    try:
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signs = leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
        leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        raise InvalidInput("provenance.certificate-unfit") from None
    if ExtendedKeyUsageOID.EMAIL_PROTECTION not in uses or not signs:
        raise InvalidInput("provenance.certificate-unfit")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: _Signing) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
