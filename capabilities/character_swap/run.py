"""Runs a template's job on a ComfyUI server: frees memory, uploads files, runs the graph, and downloads the result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capabilities.character_swap.inputs import ResolvedInput, TemplateFiles, sent, sound_lengths
from capabilities.character_swap.prepared import PreparedTemplate, TemplatePreparer
from capabilities.character_swap.spec import CharacterSwapSpec
from capabilities.common.preview import PREVIEW
from capabilities.common.rendering import fresh
from media.audio.decode import probe
from media.errors import MediaError
from media.video.images import read_image
from media.video.read import probe_video
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.status import Finished, ResultFile
from studio.comfyui.errors import ComfyUIUnreachable, RunFailed, UnexpectedAnswer
from studio.comfyui.memory_request import MemoryGate, MemoryRequest
from studio.comfyui.prompt_handle import PromptHandleFile
from studio.comfyui.run import GraphRun, RunTimeouts
from studio.comfyui.service import ComfyUIService
from studio.files import write_atomic
from studio.jobs.capability import JobContext, JobState
from studio.library.model import KIND_OF_EXTENSION
from studio.workflows import WorkflowTemplate

HANDLE_FILE = "comfyui.json"
_READY, _SENT, _RUN, _FETCHED = 0.05, 0.08, 0.95, 0.99
POLL_SECONDS, _AGAIN_SECONDS = 2.0, 0.5


@dataclass(frozen=True)
class Fetched:
    """One downloaded result, and the template's output that it belongs to; `kind` is that of the library."""

    path: Path
    kind: str
    file: ResultFile


@dataclass(frozen=True)
class RunResult:
    """The results of a run, the main one first, and its notes for the recipe.

    Args:
        seconds: that the server worked on it, without its queue; 0 if the start was not observed.
    """

    results: list[Fetched]
    version: str | None
    graph: Mapping[str, Any]
    prompt_id: str
    seconds: float = 0.0


class JobRunObserver:
    """Shows a run on a job's card: its place in the server's queue, its nodes, its preview.

    While it is in the server's queue or the server sends nothing, the job counts as waiting.
    """

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """The seconds since the server began to work on it."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def check(self) -> None:
        self._context.check()

    def queued(self, ahead: int) -> None:
        others = "1 job is" if ahead == 1 else f"{ahead} jobs are"
        self._waits(f"In ComfyUI's queue; {others} before it there" if ahead else "Next in ComfyUI's queue")

    def running(self, fraction: float, note: str) -> None:
        self._began = self._began or time.monotonic()
        self._context.phase(JobState.RUNNING)
        self._context.progress(_SENT + (_RUN - _SENT) * fraction, note or "ComfyUI works on it")

    def preview(self, jpeg: bytes) -> None:
        staged = self._context.scratch / f".{PREVIEW}"
        staged.write_bytes(jpeg)
        staged.replace(self._context.scratch / PREVIEW)

    def silent(self, seconds: float) -> None:
        self._waits(f"ComfyUI has not answered for {seconds:.0f} s")

    def _waits(self, why: str) -> None:
        self._context.phase(JobState.WAITING, why)


class TemplateRun:
    """Runs one attempt at one job. Has no state of a job.

    Args:
        memory, evict: the gate for jobs of a local server, and the function that unloads an idle engine for them.
        files: of the jobs.
    """

    def __init__(
        self,
        comfyui: ComfyUIService,
        memory: MemoryGate,
        evict: Callable[[str], object],
        files: TemplateFiles,
        preparer: TemplatePreparer,
    ) -> None:
        self._comfyui, self._memory, self._evict = comfyui, memory, evict
        self._files, self._preparer = files, preparer

    def take(
        self, spec: CharacterSwapSpec, prepared: PreparedTemplate, context: JobContext
    ) -> tuple[RunResult, list[ResolvedInput]]:
        """Run the template, or resume the run of an attempt that ended with the studio.

        Raises:
            GreenroomError: any failure of the server, the files or the graph.
            Cancelled: the user cancelled.
        """
        template = prepared.template
        given = self._files.ready(spec, template, prepared.values, context, (0.0, _READY))
        handle_file = PromptHandleFile(context.scratch / HANDLE_FILE)
        if handle_file.path.exists() and not self._comfyui.own:  # a server of the studio's own has ended with it
            with self._comfyui.residency.use():
                client = self._client(context)
                done = self._run(client, handle_file, JobRunObserver(context)).resumed()
                if done is not None:
                    return self._fetched(client, template, handle_file, done, context), given
        if not prepared.manifest.memory_gib:
            prepared = self._preparer.on_server(prepared)  # which tells the sizes of its files
        want = MemoryRequest(template.id, template.title, prepared.manifest.tier, prepared.memory_gib)
        room = self._comfyui.residency.room(self._memory, self._evict, want, lambda why: context.phase(JobState.WAITING, why))
        with room, self._comfyui.residency.use():
            context.phase(JobState.RUNNING)
            client, graph = self._readied(prepared, given, context)
            observer = JobRunObserver(context)
            done = self._run(client, handle_file, observer).finish(graph)
            seconds = observer.seconds
            return replace(self._fetched(client, template, handle_file, done, context), seconds=seconds), given

    def _client(self, context: JobContext) -> ComfyUIClient:
        """Return a client of a server that answers; waits for a server that is restarting."""
        began = time.monotonic()
        while True:
            try:
                client = self._comfyui.client(lambda note: context.phase(JobState.LOADING, note), context.check)
                context.phase(JobState.RUNNING)
                return client
            except ComfyUIUnreachable:
                waited = time.monotonic() - began
                if waited > self._comfyui.settings.silence_seconds:
                    raise
                context.phase(JobState.WAITING, f"ComfyUI has not answered for {waited:.0f} s")
                time.sleep(_AGAIN_SECONDS)

    def _readied(
        self, prepared: PreparedTemplate, given: list[ResolvedInput], context: JobContext
    ) -> tuple[ComfyUIClient, dict[str, Any]]:
        """Upload files and build the graph; repeated if the server disappears meanwhile, because nothing runs yet."""
        began = time.monotonic()
        while True:
            client = self._client(context)
            try:
                return client, self._graph(prepared, given, client, context)
            except ComfyUIUnreachable:
                if time.monotonic() - began > self._comfyui.settings.silence_seconds:
                    raise

    def _graph(
        self, prepared: PreparedTemplate, given: list[ResolvedInput], client: ComfyUIClient, context: JobContext
    ) -> dict[str, Any]:
        prepared = prepared.on(self._comfyui.inventory(newest=True))
        prepared.refuse_missing()
        seconds = sound_lengths(given, prepared.template)
        graph = prepared.graph(sent(given, client, context, _READY), f"studio/{context.job_id}/out", seconds)
        write_atomic(context.scratch / "graph.json", json.dumps(graph).encode())
        return graph

    def _run(self, client: ComfyUIClient, handle_file: PromptHandleFile, observer: JobRunObserver) -> GraphRun:
        settings, comfyui = self._comfyui.settings, self._comfyui
        return GraphRun(
            client,
            handle_file,
            observer,
            own=comfyui.own,
            patience=RunTimeouts(POLL_SECONDS, settings.silence_seconds, settings.run_hours * 3600),
            dead=comfyui.dead,
            doomed=comfyui.residency.doomed,
            leaving=lambda: comfyui.leaving,
        )

    def _fetched(
        self,
        client: ComfyUIClient,
        template: WorkflowTemplate,
        handle_file: PromptHandleFile,
        done: Finished,
        context: JobContext,
    ) -> RunResult:
        handle = handle_file.read()
        assert handle is not None
        context.progress(_RUN, "Fetching the result")
        results = [_fetch(client, file, kind, number, context) for number, (file, kind) in enumerate(_wanted(template, done))]
        known = self._comfyui.known_inventory()
        return RunResult(results, known.version if known else client.stats().version, handle.graph, handle.prompt_id)


def graph_hash(template: WorkflowTemplate) -> str:
    """Return the SHA-256 of a template's graph, independent of its file's layout."""
    return hashlib.sha256(json.dumps(template.graph, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _wanted(template: WorkflowTemplate, done: Finished) -> list[tuple[ResultFile, str]]:
    """Return the files of the template's outputs, in the manifest's order, with the kind by their extensions.

    Raises:
        RunFailed: none of them exists.
    """
    found: list[tuple[ResultFile, str]] = []
    for output in template.usable().outputs:
        of_node = [(file, KIND_OF_EXTENSION.get(file.suffix, "")) for file in done.files if file.node == output.node]
        found += [(file, kind) for file, kind in of_node if kind == output.kind] or of_node[:1]
    if not found:
        raise RunFailed("comfyui.told-no-result", retryable=True)
    return found


def _fetch(client: ComfyUIClient, file: ResultFile, kind: str, number: int, context: JobContext) -> Fetched:
    if not kind:
        raise RunFailed("comfyui.result-not-shown", kind=file.suffix.lstrip(".").upper() or "nameless")
    target = fresh(context.scratch / "result") / f"result-{number}{file.suffix}"
    try:
        client.download(file, target, context.check)
    except UnexpectedAnswer as error:
        if error.status != 404:
            raise
        raise RunFailed("comfyui.result-gone", retryable=True) from None
    try:
        if kind == "video":
            probe_video(target)
        elif kind == "image":
            read_image(target)
        else:
            probe(target)
    except MediaError as error:
        raise RunFailed("comfyui.result-unreadable", problem=error.message, retryable=True) from None
    context.progress(_FETCHED, "Fetching the result")
    return Fetched(target, kind, file)
