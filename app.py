"""The program: reads the settings, opens the studio, builds the page and serves both on one address."""

from __future__ import annotations

import argparse
import copy
import gc
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from api.gradio.skip_stubs import skip_stub_files
from api.http.server import CannotStart, end_on_signals, listening_socket, run_server
from api.security.exposure import Exposure, is_loopback, listening_hosts, plan_exposure
from studio.access import forget_running, lan_address, note_running
from studio.errors import GreenroomError
from studio.logs import ScrubbingFormatter
from studio.settings import Settings, load_settings

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from api.operations.calling import Operations
    from studio.services import Services
    from studio.voices.preview import VoicePreviews

log = logging.getLogger("greenroom")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the studio until it is stopped. Returns 0 after a clean end, and 2 when it cannot start, with the reason on
    stderr."""
    environment = dict(os.environ)
    end_on_signals()
    show_warnings()
    gc.disable()  # the start creates many objects that stay; enabled again when the server is open
    try:
        start = read_command_line(arguments)
        with ExitStack() as listening:
            hosts = listening_hosts(start.settings.server.host)
            listeners = [listening.enter_context(listening_socket(host, start.settings.server.port)) for host in hosts]
            quieten(start.settings.data_folder)
            again = serve(start, listeners)
    except GreenroomError as error:
        print(f"Greenroom: {error}", file=sys.stderr)
        return 2
    except ImportError as error:
        print(f"Greenroom: A package is missing ({error.name}). Start it with ./launch.sh, which installs it.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    if again:
        start_again(environment)
    return 0


def start_again(environment: dict[str, str]) -> NoReturn:
    """Become a new run of this program, as it was started: with its arguments, but for --new-token, and its environment."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    arguments = [one for one in sys.orig_argv[1:] if one != "--new-token"]
    os.execve(sys.executable, [sys.executable, *arguments], environment)


class OneLine(ScrubbingFormatter):
    """Formats a record without its traceback, which is in the log file."""

    def format(self, record: logging.LogRecord) -> str:
        brief = copy.copy(record)
        brief.exc_info = brief.exc_text = brief.stack_info = None
        return super().format(brief)


def show_warnings() -> None:
    """Print warnings and errors on stderr, one line each. The whole log is in the data folder."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)


class StartOptions(NamedTuple):
    """The options of this start."""

    settings: Settings
    new_token: bool = False
    fetch_models: bool = False


def read_command_line(arguments: Sequence[str] | None) -> StartOptions:
    """Return the settings of this start: the command line overrides the environment, which overrides settings.yaml.

    Raises:
        SettingsError, CannotStart.
    """
    parser = argparse.ArgumentParser(prog="./launch.sh", description="Greenroom, a local voice and video studio.")
    parser.add_argument("--host", help="the address to answer at; beyond loopback the token is asked for")
    parser.add_argument("--port", type=int, help="the port to answer at")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where jobs, voices and outputs are kept")
    parser.add_argument("--lan", action="store_true", help="let other machines of this network in, with a token")
    parser.add_argument("--https", action="store_true", default=None, help="with a certificate of the studio's own")
    parser.add_argument("--new-token", action="store_true", help="make a new token; the old one opens nothing any more")
    parser.add_argument("--root-path", metavar="PATH", help="where a reverse proxy shows the studio, such as /greenroom")
    parser.add_argument("--offline", action="store_true", help="download nothing, whatever is asked for on the page")
    parser.add_argument("--fetch-models", action="store_true", help="fetch Kokoro and Whisper base in the background, if missing")
    given = parser.parse_args(arguments)
    overrides: dict[str, Any] = {"weights": {"offline": True}} if given.offline else {}
    server = {key: getattr(given, key) for key in ("host", "port", "https", "root_path") if getattr(given, key) is not None}
    if given.lan and given.host is None:
        server["host"] = _address_on_the_network()
    if server:
        overrides["server"] = server
    if given.data is not None:
        overrides["data"] = {"folder": given.data.expanduser().absolute()}
    settings = load_settings(**overrides)
    if given.new_token and settings.server.token:
        raise CannotStart("start.token-in-settings")
    return StartOptions(settings, given.new_token, given.fetch_models)


def _address_on_the_network() -> str:
    found = lan_address()
    if not found:
        raise CannotStart("start.no-network")
    return found


def quieten(data_folder: Path) -> None:
    """Disable Gradio's analytics and the model hub, put uploads into the data folder, and skip Gradio's stub files. Must run
    before Gradio is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(uploads_folder(data_folder))
    skip_stub_files()


def uploads_folder(data_folder: Path) -> Path:
    return data_folder / "uploads"


def serve(start: StartOptions, listeners: list[socket.socket]) -> bool:
    """Open the studio, serve on `listeners` until it is stopped, and close the studio. Returns whether it is to start again."""
    from capabilities.registry import all_capabilities
    from capabilities.setup.first_models import fetch_after_first_start
    from studio.services import Services

    studio = Services.open(start.settings, all_capabilities)
    try:
        opening = plan_exposure(start.settings, new_token=start.new_token)
        app, operations = build(studio, opening)
        server = start.settings.server
        if start.fetch_models and (fetching := fetch_after_first_start(studio)):
            print(f"In the background: {fetching}. The System tab shows it and can stop it.", flush=True)
        note_running(start.settings.data_folder, opening.local)
        beyond, proxies = not is_loopback(server.host), server.trusted_proxies
        run_server(app, listeners, opening, operations.close, studio.restart, beyond=beyond, proxies=proxies)
    except (GreenroomError, ImportError):
        raise
    except Exception:
        log.exception("The studio ended unexpectedly.")
        raise CannotStart("start.mistake") from None
    finally:
        forget_running(start.settings.data_folder)
        studio.close()
    return studio.restart.asked


def build(studio: Services, opening: Exposure) -> tuple[FastAPI, Operations]:
    """Build the FastAPI application: page, endpoints and routes behind the security middleware."""
    from fastapi import FastAPI

    from api.gradio.endpoints import register
    from api.http.v1.routes import HttpApi
    from api.mcp.server import McpServer
    from api.operations.calling import Operations
    from studio.voices.preview import VoicePreviews
    from tabs.page import build_page

    server = studio.settings.server
    auditions = VoicePreviews(studio.catalog, studio.site, studio.voices, studio.pronunciations, studio.workers, studio.segments)
    operations = Operations(studio, auditions, uploads_folder(studio.settings.data_folder))
    page = build_page(studio, lambda: register(operations))
    tools = McpServer(operations, server.root_path, server.max_upload_mb)
    app = FastAPI(title="Greenroom", docs_url=None, redoc_url=None, openapi_url=None, lifespan=tools.running)
    add_middleware(app, page, studio, opening)
    add_files_and_texts(app, studio, auditions)
    tools.add_routes(app)
    HttpApi(operations, server.root_path).add_routes(app)
    mount_page(app, page, studio)
    return app, operations


def add_middleware(app: FastAPI, page: gr.Blocks, studio: Services, opening: Exposure) -> None:
    """Install what each request passes: the guards first, the notices of the page last."""
    from api.gradio.client_patch import PlainDictResponses
    from api.gradio.raw_calls import RawCalls
    from api.gradio.sessions import HeldSessions
    from api.http.compression import Compression, PageCache
    from api.security.incoming import IncomingFiles
    from api.security.middleware import install_guards
    from tabs.common import theme as look
    from tabs.common.notices.answers import AnswerTimes
    from tabs.common.notices.notices import Notices

    server = studio.settings.server
    app.add_middleware(Notices)
    app.add_middleware(AnswerTimes)
    app.add_middleware(PlainDictResponses)
    app.add_middleware(RawCalls)
    app.add_middleware(HeldSessions, page=page)
    app.add_middleware(PageCache, head=look.head())
    app.add_middleware(Compression)
    install_guards(
        app,
        port=server.port,
        allowed_hosts=opening.names,
        max_upload_mb=server.max_upload_mb,
        files=IncomingFiles(uploads_folder(studio.settings.data_folder), studio.paths.outputs),
        shown=(studio.site.assets / "portraits",),
        keys=opening.keys,
        https=server.https,
        root_path=server.root_path,
        realtime_origins=server.realtime_origins,
    )


def add_files_and_texts(app: FastAPI, studio: Services, auditions: VoicePreviews) -> None:
    """Declare the routes beside the operations: health, media, the OpenAI-compatible ones, fonts and scripts of the page."""
    from fastapi.staticfiles import StaticFiles

    from api.http.routes import add_routes
    from api.openai.routes import add_openai_routes
    from tabs.common import theme as look
    from tabs.common.scripts import script_route

    add_routes(app, studio, auditions)
    add_openai_routes(app, studio, uploads_folder(studio.settings.data_folder))
    app.mount(f"/{look.FONT_ROUTE}", StaticFiles(directory=look.FONTS))
    app.router.routes.append(script_route())


def mount_page(app: FastAPI, page: gr.Blocks, studio: Services) -> None:
    """Mount the page at "/" behind the Gradio border. Routes that `app` already has take precedence."""
    import gradio as gr

    from api.gradio.border import stand_before
    from api.gradio.sessions import bound_memory
    from tabs.common import theme as look

    server = studio.settings.server
    gr.set_static_paths([studio.paths.outputs])  # results are served in place and not copied into the uploads
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=server.host,
        server_port=server.port,
        root_path=server.root_path or None,
        # never the data folder, which contains the database
        allowed_paths=[str(studio.paths.outputs), str(studio.site.assets / "portraits")],
        max_file_size=f"{server.max_upload_mb}mb",
        show_error=False,
        run_history=False,
        mcp_server=False,  # ours is api/mcp/server.py
        footer_links=[],  # Gradio's API page would be empty: browsers get no endpoints
        theme=look.theme(),
        css=look.css(),
    )
    bound_memory(app, page)
    stand_before(app, page)


def leave_at_once(code: int) -> NoReturn:
    """End the process without the interpreter's shutdown, which takes seconds with the objects of a page. The studio is closed
    before, so nothing is lost."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave_at_once(main())
