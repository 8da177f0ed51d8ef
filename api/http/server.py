"""The web server: the socket it listens on, the signals that end it, and its run."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from api.http.service_manager import READY, STOPPING, tell_service_manager
from api.security.exposure import Exposure, announce
from studio.errors import GreenroomError
from studio.presence.restart import Restart

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI


class CannotStart(GreenroomError):
    """The server cannot start; the message says what has to change."""


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the process as SystemExit, until the server handles them itself."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(ending, _leave)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Taken before the slow part of the start, so that a taken port is reported at once.

    Raises:
        CannotStart: naming the port and another one to try.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except PermissionError:
        listener.close()
        raise CannotStart("start.port-forbidden", port=port) from None
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise CannotStart("start.no-such-address", host=host) from None
        raise CannotStart("start.port-taken", port=port, next=port + 1) from None
    return listener


def run_server(
    app: FastAPI,
    listeners: list[socket.socket],
    opening: Exposure,
    before_shutdown: Callable[[], None],
    restart: Restart,
    *,
    beyond: bool,
    proxies: Sequence[str] = (),
) -> None:
    """Serve `app` until a signal ends it, then shut down within about a second.

    Args:
        before_shutdown: called first, to release the calls that wait for a job.
        restart: is told how to end this server. beyond: whether other machines can reach it, for what is printed.
        proxies: addresses whose forwarding headers are believed.
    """
    import uvicorn

    class StudioServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            gc.freeze()  # these objects stay, so later collections need not visit them
            gc.enable()
            if signal.getsignal(signal.SIGHUP) is _leave:  # uvicorn handles the other two; this handler would break its loop
                signal.signal(signal.SIGHUP, self.handle_exit)
            if self.started:
                announce(opening, beyond=beyond)
                tell_service_manager(READY)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if not restart.asked:  # after that word a service manager ends what goes on
                tell_service_manager(STOPPING)
            before_shutdown()
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # open pages are disconnected, which is no error
            await super().shutdown(sockets)

    server = StudioServer(_server_settings(app, opening, proxies))
    restart.allow(lambda: setattr(server, "should_exit", True))
    server.run(listeners)


def _server_settings(app: FastAPI, opening: Exposure, proxies: Sequence[str]) -> uvicorn.Config:
    import uvicorn

    from api.security.connections import BoundedHttp

    secure = opening.certificate
    return uvicorn.Config(
        app,
        log_config=None,
        http=BoundedHttp,
        proxy_headers=bool(proxies),  # uvicorn's default would trust every program of this machine
        forwarded_allow_ips=list(proxies),
        access_log=False,  # the access log would contain links with the token
        timeout_graceful_shutdown=1,
        ws_max_size=1 << 20,
        ssl_certfile=secure.certificate if secure else None,
        ssl_keyfile=secure.key if secure else None,
    )
