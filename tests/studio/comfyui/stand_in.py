"""A server with ComfyUI's protocol, in a process of its own: real graphs on real files, with the failures that were recorded of
real servers on request. `python -m tests.studio.comfyui.stand_in --port N --base-directory DIR`; POST /_stand_in sets its faults.

What is kept as a real one keeps it: queue and history in memory only, files on disk, one socket for a client id (whose end
silences a later one of the same id), cached nodes with their old results, answers that are not JSON, interrupts between steps.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.studio.comfyui.stand_in_nodes import check, definitions, listed_models
from tests.studio.comfyui.stand_in_work import StandIn


def routes(stand_in: StandIn) -> list[BaseRoute]:
    faults = stand_in.faults

    async def prompt(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        stand_in.told["posts"] += 1
        if faults["lose_request"]:
            seconds, faults["lose_request"] = faults["lose_request"], 0.0
            await asyncio.sleep(seconds)
            return PlainTextResponse("too late", 503)
        graph, prompt_id = body.get("prompt", {}), str(body.get("prompt_id", uuid.uuid4()))
        error, errors, outputs = check(graph, definitions(stand_in.base, faults["drifted"]), stand_in.base, faults["newer"])
        if error is not None:
            return JSONResponse({"error": error, "node_errors": errors}, 400)
        with stand_in.lock:
            number, stand_in.number = stand_in.number, stand_in.number + 1
            extra = {"client_id": body.get("client_id"), **body.get("extra_data", {})}
            stand_in.pending.append([number, prompt_id, graph, extra, outputs])
        stand_in.wake.set()
        if faults["lose_reply"]:
            seconds, faults["lose_reply"] = faults["lose_reply"], 0.0
            await asyncio.sleep(seconds)
        return JSONResponse({"prompt_id": prompt_id, "number": number, "node_errors": errors})

    async def history(request: Request) -> Response:
        with stand_in.lock:
            known = {} if faults["forget"] else dict(stand_in.history)
        if "id" in request.path_params:
            return JSONResponse({key: value for key, value in known.items() if key == request.path_params["id"]})
        most = int(request.query_params.get("max_items", 10_000))
        return JSONResponse(dict(list(known.items())[-most:]))

    async def queue(request: Request) -> Response:
        # Read before the lock is taken: another request may want it while this one waits for its body.
        body = json.loads(await request.body()) if request.method == "POST" else {}
        with stand_in.lock:
            if request.method == "POST":
                stand_in.pending[:] = [item for item in stand_in.pending if item[1] not in body.get("delete", ())]
                return Response()
            running = [stand_in.running] if stand_in.running and not faults["forget"] else []
            pending = [] if faults["forget"] else list(reversed(stand_in.pending))  # a heap's order is not the queue's
        return JSONResponse({"queue_running": running, "queue_pending": pending})

    async def interrupt(request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        stand_in.told["interrupts"].append(body.get("prompt_id"))
        with stand_in.lock:
            if stand_in.running and (faults["old_interrupt"] or body.get("prompt_id") in (None, stand_in.running[1])):
                stand_in.interrupt = True
                stand_in.told["caught"].append(stand_in.running[1])
        return Response()

    async def free(request: Request) -> Response:
        if not await request.body():
            return PlainTextResponse("500 Internal Server Error", 500)
        stand_in.told["freed"] += 1
        faults["graphics"] = 0
        return Response()

    async def job(request: Request) -> Response:
        if not faults["jobs_api"]:
            return PlainTextResponse("404: Not Found", 404)
        job_id = request.path_params.get("id")
        if job_id is None:
            return JSONResponse({"jobs": [], "pagination": {}})
        with stand_in.lock:
            if stand_in.running and stand_in.running[1] == job_id:
                return JSONResponse({"id": job_id, "status": "in_progress"})
            if any(item[1] == job_id for item in stand_in.pending):
                return JSONResponse({"id": job_id, "status": "pending"})
            entry = None if faults["forget"] else stand_in.history.get(job_id)
        if entry is None:
            return JSONResponse({"error": "Job not found"}, 404)
        last, data = entry["status"]["messages"][-1]
        error = data if last == "execution_error" else None
        state = {"execution_success": "completed", "execution_interrupted": "cancelled"}.get(last, "failed")
        return JSONResponse({"id": job_id, "status": state, "outputs": entry["outputs"], "execution_error": error})

    async def upload(request: Request) -> Response:
        if int(request.headers.get("content-length", 0)) > stand_in.max_upload:
            return PlainTextResponse("Maximum request body size exceeded", 413)
        form = await request.form()
        file, below = form["image"], str(form.get("subfolder", ""))
        folder = (stand_in.base / "input" / below).resolve()
        if not folder.is_relative_to((stand_in.base / "input").resolve()):
            return Response(status_code=400)
        folder.mkdir(parents=True, exist_ok=True)
        data, name = await file.read(), str(file.filename)  # type: ignore[union-attr]
        target, number = folder / name, 1
        while str(form.get("overwrite")) != "true" and target.exists() and target.read_bytes() != data:
            target, number = folder / f"{Path(name).stem} ({number}){Path(name).suffix}", number + 1
        target.write_bytes(data)
        stand_in.told["uploads"] += 1
        return JSONResponse({"name": target.name, "subfolder": below, "type": "input"})

    async def view(request: Request) -> Response:
        query = request.query_params
        root = stand_in.base / query.get("type", "output")
        path = (root / query.get("subfolder", "") / query["filename"]).resolve()
        if not path.is_relative_to(root.resolve()):
            return Response(status_code=403)
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    async def stats(request: Request) -> Response:
        system = {"os": "posix", "comfyui_version": "0.3.64", "argv": stand_in.arguments, "python_version": "3"}
        held, kind = faults["graphics"], "cuda" if faults["graphics"] else "cpu"
        device = {
            "name": kind, "type": kind, "vram_total": 2**36, "vram_free": faults["graphics_free"], "torch_vram_total": held,
            "torch_vram_free": 0,
        }  # fmt: skip
        return JSONResponse({"system": system, "devices": [device]})

    async def models(request: Request) -> Response:
        folder = request.path_params.get("folder")
        known = [path.name for path in (stand_in.base / "models").iterdir()]
        if folder is None:
            return JSONResponse(sorted(known))
        return JSONResponse(listed_models(stand_in.base, folder)) if folder in known else Response(status_code=404)

    async def experiment(request: Request) -> Response:
        root, folder = stand_in.base / "models", request.path_params.get("folder")
        if folder is None:
            return JSONResponse([{"name": path.name, "folders": [str(path)]} for path in sorted(root.iterdir())])
        told = [
            {"name": name, "pathIndex": 0, "size": (root / folder / name).stat().st_size}
            for name in listed_models(stand_in.base, folder)
        ]
        return JSONResponse(told)

    async def stand_in_route(request: Request) -> Response:
        if request.method == "POST":
            faults.update(json.loads(await request.body()))
        log = stand_in.base / "runs.log"
        return JSONResponse(stand_in.told | {"runs": log.read_text().split() if log.exists() else []})

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        client = websocket.query_params.get("clientId") or uuid.uuid4().hex
        stand_in.sockets[client] = websocket
        try:
            await websocket.send_json(
                {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": client}}
            )
            first = True
            while True:
                told = json.loads(await websocket.receive_text())
                if first and told.get("type") == "feature_flags":
                    await websocket.send_json({"type": "feature_flags", "data": {"max_upload_size": stand_in.max_upload}})
                await websocket.send_json({"type": "crystools.monitor", "data": {"cpu": 1}})
                first = False
        except (WebSocketDisconnect, RuntimeError, ValueError):
            pass
        finally:
            stand_in.sockets.pop(client, None)  # of whichever socket has the id by now

    def slowly(answer: Any) -> Any:
        async def handler(request: Request) -> Response:
            if request.headers.get("origin"):
                return Response(status_code=403)
            if faults["stall"] and request.url.path != "/_stand_in":
                time.sleep(faults["stall"])  # the whole loop stands still, as while a real one loads weights
            return await answer(request)

        return handler

    async def info(request: Request) -> Response:
        return JSONResponse(definitions(stand_in.base, faults["drifted"]))

    async def features(request: Request) -> Response:
        return JSONResponse({"supports_preview_metadata": True, "max_upload_size": stand_in.max_upload})

    table: list[tuple[str, Any, list[str]]] = [
        ("/prompt", prompt, ["POST"]), ("/history", history, ["GET"]), ("/history/{id}", history, ["GET"]),
        ("/queue", queue, ["GET", "POST"]), ("/interrupt", interrupt, ["POST"]), ("/free", free, ["POST"]),
        ("/api/jobs", job, ["GET"]), ("/api/jobs/{id}", job, ["GET"]), ("/upload/image", upload, ["POST"]),
        ("/view", view, ["GET"]),
        ("/system_stats", stats, ["GET"]), ("/object_info", info, ["GET"]), ("/features", features, ["GET"]),
        ("/models", models, ["GET"]), ("/models/{folder}", models, ["GET"]), ("/experiment/models", experiment, ["GET"]),
        ("/experiment/models/{folder}", experiment, ["GET"]), ("/_stand_in", stand_in_route, ["GET", "POST"]),
    ]  # fmt: skip
    return [Route(path, slowly(answer), methods=methods) for path, answer, methods in table] + [WebSocketRoute("/ws", socket)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--base-directory", type=Path, default=Path("base"))
    parser.add_argument("--max-upload-size", type=float, default=100)
    options, rest = parser.parse_known_args()
    serve(options.port, options.base_directory, options.max_upload_size, rest)


def serve(port: int, base: Path, max_upload_mb: float, arguments: Sequence[str] = ()) -> None:
    """Be the server until the process is ended."""
    stand_in = StandIn(base, round(max_upload_mb * 1024**2), list(arguments))

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> Any:
        stand_in.loop = asyncio.get_running_loop()
        threading.Thread(target=stand_in.work, daemon=True).start()
        yield

    app = Starlette(routes=routes(stand_in), lifespan=life)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
