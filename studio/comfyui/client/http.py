"""HTTP requests to a ComfyUI server: answers are checked, failures become errors with a message."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from studio.comfyui.errors import ComfyUIUnreachable, ConnectionRefused, UnexpectedAnswer, UploadTooLarge

CONNECT_SECONDS = 5.0
READ_SECONDS = 90.0
"""A server that loads a model answers nothing for a while."""
SHOWN = 300
LARGEST_ANSWER = 256 * 1024**2
BLOCK = 1 << 20


class HttpTransport:
    """The HTTP connection to one server. Any thread may call any method; pooled connections are open until `close`.

    No Origin header is sent (a foreign one is answered with 403) and no proxy of the environment is used: the address is the
    configured one. Redirects are not followed, so nothing is sent to another server.
    """

    def __init__(self, url: str, read_seconds: float = READ_SECONDS) -> None:
        self.url = url.rstrip("/")
        timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
        limits = httpx.Limits(max_keepalive_connections=4, keepalive_expiry=2.0)
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False, follow_redirects=False, limits=limits)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON of a route.

        Raises:
            ComfyUIUnreachable, UnexpectedAnswer.
        """
        return as_json(self.ask("GET", path, params=query))

    def find(self, path: str, **query: str | int) -> Any | None:
        """Return the JSON as `get`; None for a 404."""
        answer = self.ask("GET", path, params=query, allowed=(404, 405))
        return None if answer.status_code in (404, 405) else as_json(answer)

    def post(self, path: str, body: Mapping[str, Any], allowed: tuple[int, ...] = ()) -> httpx.Response:
        """Send JSON; the answer may have no body."""
        return self.ask("POST", path, json=dict(body), allowed=allowed)

    def ask(self, method: str, path: str, *, allowed: tuple[int, ...] = (), **sent: Any) -> httpx.Response:
        """Return the response if its status is a success or one of `allowed`.

        Raises:
            ConnectionRefused: the server received nothing.
            ComfyUIUnreachable: it may have received the request.
            UnexpectedAnswer: another status.
        """
        with self._told():
            answer = self._http.request(method, path, **sent)
        if not answer.is_success and answer.status_code not in allowed:
            raise _refusal(answer.status_code, answer.text, path)
        return answer

    def upload(self, path: str, fields: Mapping[str, str], name: str, source: Path) -> Any:
        """Send a file as a form's `image`, streamed from the disk.

        Raises:
            UploadTooLarge: the server says so. Others as `ask`.
        """
        with source.open("rb") as file, self._told():
            answer = self._http.post(path, data=dict(fields), files={"image": (name, file, "application/octet-stream")})
        if answer.status_code == 413:
            raise UploadTooLarge("comfyui.upload-refused", file=source.name)
        if not answer.is_success:
            raise _refusal(answer.status_code, answer.text, path)
        return as_json(answer)

    def download(self, path: str, query: Mapping[str, str], target: Path, check: Callable[[], None]) -> int:
        """Stream an answer into a file; bytes written. `check` is called at every block and may raise.

        Raises:
            UnexpectedAnswer: the file is not there, with status 404. Others as `ask`.
        """
        written = 0
        with self._told(), self._http.stream("GET", path, params=dict(query)) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer.status_code, answer.text, path)
            with target.open("wb") as file:
                for block in answer.iter_bytes(BLOCK):
                    check()
                    file.write(block)
                    written += len(block)
        return written

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectError:
            raise ConnectionRefused("comfyui.refused-connection", url=self.url) from None
        except httpx.ConnectTimeout:
            raise ConnectionRefused("comfyui.unreachable", url=self.url) from None
        except (httpx.TimeoutException, httpx.TransportError):
            raise ComfyUIUnreachable("comfyui.connection-broken") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise ComfyUIUnreachable("comfyui.not-asked") from None


def as_json(answer: httpx.Response) -> Any:
    """
    Raises:
        UnexpectedAnswer: it is no JSON, whatever its status and content type say.
    """
    if len(answer.content) > LARGEST_ANSWER:
        raise UnexpectedAnswer("comfyui.answer-too-long")
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer("comfyui.not-a-server", body=answer.text[:SHOWN]) from None


def _refusal(status: int, text: str, path: str) -> UnexpectedAnswer:
    said = " ".join(text.split())[:SHOWN]
    words = said if not said.startswith(("<", "{")) and status != 500 else ""
    route = path.split("?")[0]
    if status == 403:
        return UnexpectedAnswer("comfyui.forbidden", status=status)
    return UnexpectedAnswer("comfyui.answered", status=status, body=text[:4000], retryable=status >= 500, route=route, said=words)
