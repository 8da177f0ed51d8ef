"""A studio's signature, a stranger's, and one signed file of every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.provenance import child, process
from studio.provenance.certificate import CertificateStore, SigningIdentity
from studio.provenance.formats import sidecar_path
from studio.provenance.provenance import Provenance
from studio.provenance.requests import ReadAnswer
from tests.studio.provenance.samples import EMBEDDED, RECIPE, SIDECARS, write_sample


@dataclass(frozen=True)
class Signed:
    """`plain` is the file before it was signed; `sidecar` is None where the statement is inside."""

    plain: Path
    file: Path
    sidecar: Path | None


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a studio's certificate."""
    folder = tmp_path_factory.mktemp("own") / "provenance"
    CertificateStore(folder).identity()
    return folder


@pytest.fixture(scope="module")
def provenance(certified: Path) -> Iterator[Provenance]:
    """It signs and reads in this process, so that a file costs milliseconds; test_process.py holds the child."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "run_sign", child.sign)
        patch.setattr(process, "run_read", lambda request: ReadAnswer(statement=child.read(request)))
        yield Provenance(certified, lambda: {"kokoro"})


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    return CertificateStore(tmp_path_factory.mktemp("stranger")).identity()


@pytest.fixture(scope="module")
def signed(provenance: Provenance, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Signed]:
    folder = tmp_path_factory.mktemp("signed")
    made = {}
    for kind in (*EMBEDDED, *SIDECARS):
        plain = write_sample(folder, kind)
        target = folder / f"signed.{kind}" if kind in EMBEDDED else sidecar_path(plain)
        assert provenance.sign(plain, target, RECIPE, "audio").embedded is (kind in EMBEDDED)
        made[kind] = Signed(plain, target, None) if kind in EMBEDDED else Signed(plain, plain, target)
    return made
