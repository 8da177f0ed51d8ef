"""Signed statements in files: reading those of any file, and writing them into files of the studio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media.refusals import refusal
from studio.errors import InvalidInput
from studio.provenance.formats import ANY, embeds, media_type, sidecar_path
from studio.provenance.statement import Carried, FileStatement
from studio.version import studio_version

if TYPE_CHECKING:
    from studio.provenance.certificate import SigningIdentity
    from studio.provenance.manifest import ParentFile

AT_ONCE = 2
"""Child processes at once: each may hold twice its file in memory."""


@dataclass(frozen=True)
class SignedFile:
    """
    Args:
        embedded: the statement is in the file; it is the file's sidecar otherwise.
        by_hash: how many ingredients could not be read, and stand in the statement by their hash alone.
    """

    embedded: bool
    by_hash: int


@dataclass(frozen=True)
class PublicCertificate:
    """A certificate without its key. `until` is the last day on which it can sign; all is empty where there is none."""

    name: str = ""
    fingerprint: str = ""
    until: str = ""
    certificate: str = ""
    roots: str = ""


class Provenance:
    """Signs and reads through child processes, so that neither a damaged nor a huge file can end the studio. Any thread may
    call any method.

    Args:
        folder: of the certificate, which is made when something is signed for the first time.
        engines: ids of the existing engines.
    """

    def __init__(self, folder: Path, engines: Callable[[], Collection[str]] = tuple) -> None:
        self._folder, self._engines = folder, engines
        self._at_once = threading.BoundedSemaphore(AT_ONCE)
        self._making = threading.Lock()

    # Reading

    def check(self, path: Path, sidecar: Path | None = None) -> FileStatement:
        """Read the statement about a file. Never uses the network, whatever the file refers to.

        Args:
            sidecar: a statement in a separate file; without one, the file beside it is used if the file itself has none.

        Raises:
            InvalidInput: no file, or one that cannot be opened.
            SigningFailed: the reader ended without a result.
        """
        from studio.provenance.process import run_read
        from studio.provenance.requests import ReadRequest

        known = self._known()
        try:
            asked = ReadRequest(path=str(path), media_type=media_type(path), roots=known.roots if known else "")
        except OSError as error:
            raise InvalidInput("provenance.file-unreadable", why=refusal(error)) from None
        beside = sidecar or sidecar_path(path)
        apart = asked.model_copy(update={"sidecar": str(beside)}) if beside.is_file() else None
        with self._at_once:
            first = apart if apart and (sidecar or asked.media_type == ANY) else asked
            found = run_read(first)
            if apart and first is asked and found.statement.carried is Carried.NONE:
                found = run_read(apart)
        return found.statement

    # Signing

    def sign(
        self, source: Path, target: Path, recipe: Mapping[str, Any], kind: str, parents: Sequence[ParentFile] = ()
    ) -> SignedFile:
        """Sign a finished file: at `target` a copy with the statement in it, or the statement alone where the file holds none.

        Everything else has to be in the file already: tags that are written afterwards break the signature.

        Args:
            recipe: of the file, as it is kept beside it. kind: of the output. parents: outputs that it was made from.

        Raises:
            SigningFailed, StorageError: it is not signed; nothing is at `target` then.
        """
        from studio.provenance.manifest import manifest_of
        from studio.provenance.process import SigningFailed, run_sign
        from studio.provenance.requests import SignRequest

        identity = self.identity()
        try:
            definition, ingredients = manifest_of(recipe, kind, parents, studio_version(), self._engines())
            kind_of_file, embedded = media_type(source), embeds(source)
        except OSError as error:
            raise SigningFailed("provenance.unreadable", why=refusal(error)) from None
        request = SignRequest(
            source=str(source), target=str(target), media_type=kind_of_file, embed=embedded, manifest=definition,
            ingredients=ingredients, certificates=identity.certificates, key=identity.key, algorithm=identity.algorithm,
            roots=identity.roots,
        )  # fmt: skip
        with self._at_once:
            answer = run_sign(request)
        return SignedFile(embedded, len(answer.by_hash))

    # The certificate

    def identity(self) -> SigningIdentity:
        """The certificate with which this studio signs, made now if there is none.

        Raises:
            StorageError: it cannot be read or written.
        """
        from studio.provenance.certificate import CertificateStore

        with self._making:
            return CertificateStore(self._folder).identity()

    def certificate(self) -> PublicCertificate:
        """What others may see of the certificate; none is made for it.

        Raises:
            StorageError: it cannot be read.
        """
        known = self._known()
        if known is None:
            return PublicCertificate()
        until = known.leaf.not_valid_after_utc.date().isoformat()
        return PublicCertificate(known.name, known.fingerprint, until, known.certificates, known.roots)

    def replace_certificate(self, certificates: str, key: str) -> SigningIdentity:
        """Sign with a person's own certificate from now on.

        Raises:
            InvalidInput: it cannot sign. StorageError: it cannot be written.
        """
        from studio.provenance.certificate import CertificateStore

        with self._making:
            return CertificateStore(self._folder).replace(certificates, key)

    def _known(self) -> SigningIdentity | None:
        from studio.provenance.certificate import CertificateStore

        with self._making:
            return CertificateStore(self._folder).known()
