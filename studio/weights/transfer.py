"""One file over HTTP, going on where an earlier try stopped.

huggingface_hub 2.4 gives every download a fresh temporary file and removes it when it fails, so an interrupted one begins
again; a model of twenty gigabytes on a slow line never arrives that way. The hub is asked about the file by the library,
and the bytes are read here with Range.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from studio.weights.checksum import Checksum, drop_pages
from studio.weights.model import WeightsError

TRIES = 5
TIMEOUT = httpx.Timeout(30.0, connect=15.0)


def download_resumable(
    url: str, part: Path, size: int, token: str, checksum: Checksum, told: Callable[[int], None], tries: int = TRIES
) -> None:
    """Fill `part` up to `size` bytes and `checksum` with all of them.

    A connection that breaks is opened again where it broke; `tries` breaks in a row without a byte in between end it.

    Raises:
        WeightsError: the hub cannot be reached or refuses. OSError: the disk cannot be written.
    """
    failures = 0
    done = _begin(part, size, checksum)
    told(done)
    while done < size:
        before = done
        try:
            done = _read(url, part, done, size, token, checksum, told)
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status in (401, 403):
                raise WeightsError("weights.hub-refused") from None
            if status < 500 and status != 429:
                raise WeightsError("weights.hub-error", retryable=True, status=status) from None
        except httpx.HTTPError:
            done = _begin(part, size, checksum)
        failures = 0 if done > before else failures + 1
        if failures >= tries:
            raise WeightsError("weights.connection-broken", retryable=True)
        if failures:
            time.sleep(0.2 * 2**failures)


def _begin(part: Path, size: int, checksum: Checksum) -> int:
    """Take what an earlier try left; more than the whole cannot be right and goes."""
    checksum.restart()
    if not part.is_file():
        return 0
    if part.stat().st_size > size:
        part.unlink()
        return 0
    return checksum.add_file(part)


def _read(url: str, part: Path, done: int, size: int, token: str, checksum: Checksum, told: Callable[[int], None]) -> int:
    headers = {"accept-encoding": "identity"} | ({"range": f"bytes={done}-"} if done else {})
    if token and _same_place(url):
        headers["authorization"] = f"Bearer {token}"
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as answer:
        answer.raise_for_status()
        if done and answer.status_code != 206:  # it sends the whole again
            done = 0
            checksum.restart()
        with part.open("r+b" if done else "wb") as file:
            file.seek(done)
            for data in answer.iter_raw():
                file.write(data)
                checksum.add(data)
                done += len(data)
                told(min(done, size))
            if part.is_file():
                os.fsync(file.fileno())
                drop_pages(file.fileno())
    if done > size:
        part.unlink()
        raise WeightsError("weights.too-much-sent", retryable=True)
    return done


def _same_place(url: str) -> bool:
    """Whether the file comes from the hub itself; a store elsewhere gets no token, its address is signed."""
    from huggingface_hub import constants

    return urlsplit(url).netloc == urlsplit(constants.ENDPOINT).netloc
