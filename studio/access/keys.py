"""The access token and the secret that signs browser sessions, created once and stored."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from studio.errors import StorageError
from studio.files import staging_path

FILE_NAME = "door.json"
TOKEN_BYTES = 24
"""192 bits: too many to guess, and few enough for a small QR code of the link."""


@dataclass(frozen=True)
class AuthKeys:
    """The keys of an installation. `repr` shows neither, so that no log contains them.

    Args:
        token: presented by people and programs.
        signing: never sent. Browser sessions are derived from both, so that they are as strong as this one even with a short
            token, and a new token ends every session.
    """

    token: str = field(repr=False)
    signing: str = field(repr=False)


def load_or_create_keys(data_folder: Path, given: str = "", *, renew: bool = False) -> AuthKeys:
    """Return the keys of this installation, created at the first call and readable by their owner only.

    Args:
        given: the token that the user has set (server.token), instead of the stored one.
        renew: create a new token; links, programs and browsers with the old one lose access.

    Raises:
        StorageError: the data folder cannot be written.
    """
    path = data_folder / FILE_NAME
    kept = _read(path)
    if kept is None or renew:
        signing = kept.signing if kept else secrets.token_hex(32)
        kept = AuthKeys(secrets.token_urlsafe(TOKEN_BYTES), signing)
        _write(path, kept)
    else:
        with contextlib.suppress(OSError):
            path.chmod(0o600)  # a copy or a restored backup may have lost it
    return AuthKeys(given or kept.token, kept.signing)


def kept_keys(data_folder: Path) -> AuthKeys | None:
    """Return the keys of this installation for a program of the same user; None before they are created."""
    return _read(data_folder / FILE_NAME)


def _read(path: Path) -> AuthKeys | None:
    """The kept keys; None when there are none, or what is there is no use."""
    try:
        fields = json.loads(path.read_text("utf-8"))
        token, signing = fields["token"], fields["signing"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usable = isinstance(token, str) and isinstance(signing, str) and len(token) >= 16 and len(signing) >= 32
    return AuthKeys(token, signing) if usable else None


def _write(path: Path, keys: AuthKeys) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps({"token": keys.token, "signing": keys.signing}).encode())
    except OSError as error:
        raise StorageError("storage.token-not-kept") from error


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on, and that is whole or not there."""
    staged = staging_path(path.parent, path.suffix)
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
