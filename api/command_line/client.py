"""HTTP client of the command line."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.http.v1.events import EVENTS
from api.operations.operation import Operation
from studio.access import kept_keys, running_at
from studio.settings import Settings

ANSWER_SECONDS = 300.0
CONNECT_SECONDS = 5.0
Follow = Callable[[Mapping[str, Any]], None]


class NoStudio(Exception):
    """No studio answers. The text says at which address, and what to do."""


@dataclass
class Refused(Exception):
    """The studio refused a call. Holds the problem details of the answer."""

    problem: Mapping[str, Any]

    @property
    def status(self) -> int:
        return int(self.problem.get("status", 500))

    def __str__(self) -> str:
        return str(self.problem.get("detail", ""))


class StudioClient:
    """A connection to a running studio. Use it as a context manager, or close it."""

    def __init__(self, url: str, token: str = "", certificate: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._web = httpx.Client(
            base_url=f"{self.url}/api/v1", headers=headers, verify=_trust(certificate), trust_env=False,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )  # fmt: skip

    def __enter__(self) -> StudioClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._web.close()

    def call(self, operation: Operation, arguments: Mapping[str, Any], follow: Follow) -> Any:
        """Return the answer as JSON values. `follow` is called with the progress of a job that the call waits for.

        Raises:
            Refused, NoStudio.
        """
        if not operation.waits:
            return self._asked("POST", f"/{operation.name}", json=dict(arguments)).json()
        headers = {"Accept": EVENTS}
        job: Mapping[str, Any] = {}
        try:
            with self._web.stream("POST", f"/{operation.name}", json=dict(arguments), headers=headers) as answer:
                _check(answer)
                for name, value in _events(answer):
                    if name == "result":
                        return value
                    if name == "error":
                        raise Refused(value)
                    job = value
                    follow(job)
        except httpx.ConnectError:
            raise NoStudio(self._nobody()) from None
        except httpx.HTTPError:
            pass
        goes_on = f" Its job goes on: ./launch.sh call job job_id={job['id']}" if job else ""
        raise NoStudio(f"The connection to the studio was lost.{goes_on}")

    def upload(self, path: Path) -> str:
        """Upload a file and return the reference by which calls name it."""
        with path.open("rb") as file:
            return str(self._asked("POST", "/uploads", files={"files": (path.name, file)}).json()["files"][0]["file"])

    def fetch(self, url: str, folder: Path, name: str) -> Path:
        """Download a result under its own name, with a number added if that is taken."""
        folder.mkdir(parents=True, exist_ok=True)
        place = _free(folder / Path(name).name)
        staged = place.with_name(f".{place.name}.part")
        try:
            with self._web.stream("GET", url) as answer, staged.open("wb") as file:
                _check(answer)
                for block in answer.iter_bytes():
                    file.write(block)
            staged.replace(place)
        except httpx.HTTPError:
            raise NoStudio("The connection to the studio was lost while a result was fetched.") from None
        finally:
            staged.unlink(missing_ok=True)
        return place

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._web.request(method, path, **more)
        except httpx.ConnectError:
            raise NoStudio(self._nobody()) from None
        except httpx.HTTPError:
            raise NoStudio("The connection to the studio was lost.") from None
        _check(answer)
        return answer

    def _nobody(self) -> str:
        return f"No studio answers at {self.url}. Start it with ./launch.sh, or name its address with --url."


def found(settings: Settings, url: str = "", token: str = "") -> StudioClient:
    """Return the studio that is open on the data folder of `settings`, or the one at `url`.

    Raises:
        NoStudio: none is open there.
    """
    if not token:
        kept = kept_keys(settings.data_folder)
        token = settings.server.token or (kept.token if kept is not None else "")
    if url:
        return StudioClient(url, token)
    running = running_at(settings.data_folder)
    if running is None:
        raise NoStudio(f"No studio is open on {settings.data_folder}. Start it with ./launch.sh, or name its address with --url.")
    return StudioClient(running.url, token, running.certificate)


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    answer.read()
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if not isinstance(told, dict) or "detail" not in told:
        words = told.get("error") if isinstance(told, dict) else None
        told = {
            "status": answer.status_code,
            "detail": str(words or f"The studio answered with {answer.status_code}."),
            "code": "",
        }
    raise Refused(told)


def _events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _trust(certificate: str) -> ssl.SSLContext | bool:
    """Return a TLS context with the system's certificates, or with the studio's own certificate only and without a check of the
    host name."""
    if not certificate or not Path(certificate).is_file():
        return True
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


def _free(path: Path) -> Path:
    number, place = 2, path
    while place.exists():
        place = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return place
