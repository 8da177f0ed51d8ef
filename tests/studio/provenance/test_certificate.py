"""The certificate: private, made once, replaceable, and its files stay known."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from studio.errors import InvalidInput, StorageError
from studio.provenance import certificate
from studio.provenance.certificate import FILE_NAME, CertificateStore, SigningIdentity
from studio.provenance.manifest import manifest_of
from studio.provenance.provenance import Provenance
from tests.studio.provenance.samples import PRIVATE, RECIPE, write_sample


def test_it_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    store = CertificateStore(tmp_path / "own")
    assert store.known() is None
    made = store.identity()
    assert store.identity() == made and CertificateStore(tmp_path / "own").identity() == made
    kept = tmp_path / "own" / FILE_NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.chmod(0o644)
    store.identity()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "PRIVATE" not in repr(made)


def test_reading_makes_no_certificate(tmp_path: Path) -> None:
    found = Provenance(tmp_path / "own")
    assert found.certificate().certificate == "" and not (tmp_path / "own").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "x"}', '{"certificates": "x", "key": "y", "roots": "z"}'])
def test_a_damaged_one_is_told_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(StorageError) as failed:
        CertificateStore(tmp_path).identity()
    assert failed.value.code == "provenance.certificate-unreadable"
    assert (tmp_path / FILE_NAME).read_text() == content


def test_after_it_was_replaced_the_files_of_the_former_are_still_known(
    provenance: Provenance, stranger: SigningIdentity, tmp_path: Path
) -> None:
    own = Provenance(tmp_path / "own")
    plain = write_sample(tmp_path, "png")
    own.sign(plain, tmp_path / "before.png", {}, "image")
    assert own.replace_certificate(stranger.certificates, stranger.key).certificates == stranger.certificates
    own.sign(plain, tmp_path / "after.png", {}, "image")
    assert own.check(tmp_path / "before.png").ours
    after = own.check(tmp_path / "after.png")
    assert after.holds
    with pytest.raises(InvalidInput) as failed:
        own.replace_certificate(stranger.certificates, provenance.identity().key)
    assert failed.value.code == "provenance.key-of-another"


def _pair(*, until: timedelta = timedelta(days=9), usage: bool = True, curve: ec.EllipticCurve | None = None) -> tuple[str, str]:
    now, key = datetime.now(UTC), ec.generate_private_key(curve or ec.SECP256R1())
    name = certificate._name("Somebody")
    builder = certificate._builder(name, name, key.public_key(), (now - timedelta(days=30), now + until))  # type: ignore[arg-type]
    builder = builder.add_extension(certificate._usage(), critical=True)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return certificate._pem(builder.sign(key, hashes.SHA256())), certificate._key_pem(key)


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        (_pair(until=timedelta(days=-1)), "provenance.certificate-expired"),
        (_pair(usage=False), "provenance.certificate-unfit"),
        (_pair(curve=ec.SECP521R1()), "provenance.key-unfit"),
        (("nothing", _pair()[1]), "provenance.no-certificate"),
        ((_pair()[0], "nothing"), "provenance.no-key"),
    ],
)
def test_one_that_cannot_sign_is_refused_before_anything_is_kept(tmp_path: Path, pair: tuple[str, str], code: str) -> None:
    with pytest.raises(InvalidInput) as failed:
        CertificateStore(tmp_path / "own").replace(*pair)
    assert failed.value.code == code and not (tmp_path / "own").exists()


def test_a_manifest_holds_nothing_that_a_person_wrote_or_named() -> None:
    definition, ingredients = manifest_of(RECIPE, "audio", (), "1", {"kokoro"})
    told = f"{definition} {ingredients}"
    assert not [word for word in PRIVATE if word in told]
    assert "c" * 64 not in told  # the script's hash: a short text could be found by trying
    assert "kokoro" in told and "d" * 64 in told
