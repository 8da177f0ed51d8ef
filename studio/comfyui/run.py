"""Runs one graph on a ComfyUI server: submitted once, observed by polling, until it has ended or is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from studio.comfyui.client.client import ComfyUIClient, titles_of
from studio.comfyui.client.events import EventListener, RunProgress
from studio.comfyui.client.status import ENDED, Failed, Finished, Interrupted, JobStatus, Queued, Running, Unknown
from studio.comfyui.errors import ComfyUIUnreachable, ConnectionRefused, JobLost, RunFailed, UnexpectedAnswer
from studio.comfyui.prompt_handle import PromptHandle, PromptHandleFile, ServerIdentity
from studio.errors import Cancelled, GreenroomError

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
HURRY_SECONDS, HURRIED_POLLS = 0.15, 5
BEHIND_A_PROXY = (502, 503, 504)
SUBMISSIONS = 3


class RunObserver(Protocol):
    """Observes a run. `check` raises Cancelled when the job is to stop; the other methods may, too."""

    def check(self) -> None: ...
    def queued(self, ahead: int) -> None: ...
    def running(self, fraction: float, note: str) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...
    def silent(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class RunTimeouts:
    """How long a run waits; seconds.

    Args:
        silence: without an answer before it gives up.
        running: from the moment the server begins with the job, since others may be before it.
        ending: for a cancelled job to come to its end there.
    """

    poll: float = POLL_SECONDS
    silence: float = 180.0
    running: float = 12 * 3600.0
    ending: float = 900.0


class GraphRun:
    """Runs one graph to its end on one server. For one thread.

    Args:
        tickets: the record of the run; an existing one is resumed.
        own: the server is a process of the studio's, so it cannot have outlived an earlier studio.
        dead: returns a sentence if the server's process is known to have ended, "" while it runs or that is unknown.
        doomed: returns a sentence if the job has to be stopped for a reason of the studio's own.
        leaving: returns whether the studio is closing; a cancel then leaves the job on the server, and the next start resumes it.
    """

    def __init__(
        self,
        client: ComfyUIClient,
        tickets: PromptHandleFile,
        audience: RunObserver,
        *,
        own: bool = False,
        patience: RunTimeouts | None = None,
        dead: Callable[[], str] = lambda: "",
        doomed: Callable[[], str] = lambda: "",
        leaving: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client, self._tickets, self._audience, self._own = client, tickets, audience, own
        self._patience, self._dead, self._doomed, self._leaving = patience or RunTimeouts(), dead, doomed, leaving
        self._look = threading.Event()
        self._heard, self._hurried = RunProgress({}), 0

    def finish(self, graph: Mapping[str, Any], workflow: Mapping[str, Any] | None = None) -> Finished:
        """Run a graph, or resume the run of the handle; returns its files on the server.

        Raises:
            GraphRefused, RunFailed, JobLost, ComfyUIUnreachable, UnexpectedAnswer, Cancelled.
        """
        found = self.resumed()
        if found is not None:
            return found
        ticket = self._tickets.write(PromptHandle.minted(dict(graph), ServerIdentity.of(self._client), self._own))
        return self._watched(ticket, workflow, send=True)

    def resumed(self) -> Finished | None:
        """Go on with the run of an earlier attempt; None when there is none, and the graph may be sent.

        Raises:
            JobLost: it was submitted and the server has lost it. Others as `finish`.
        """
        ticket = self._taken_up()
        return None if ticket is None else self._watched(ticket)

    # Submitting

    def _taken_up(self) -> PromptHandle | None:
        """The run of an earlier attempt, if the server still has it or it may never have got there; None to begin anew.

        Raises:
            JobLost: it was submitted and the server has lost it.
        """
        try:
            ticket = self._tickets.read()
        except ValueError:
            raise JobLost("comfyui.run-note-unreadable") from None
        if ticket is None:
            return None
        status = self._asked(ticket, titles_of(ticket.graph))
        if not isinstance(status, Unknown):
            return ticket
        if ticket.own and self._own and ticket.mark.still_holds(self._client) is False:
            log.info("The studio's own ComfyUI ended with the studio; its job begins anew")
            self._tickets.forget()
            return None
        if ticket.phase == "asked" and ticket.mark.still_holds(self._client) is True:
            self._tickets.forget()  # the same server never saw it: the studio ended before the request was out
            return None
        raise self._lost()

    def _send(self, ticket: PromptHandle, workflow: Mapping[str, Any] | None) -> PromptHandle:
        """Submit until it is known to be taken; a lost reply is looked up before anything is sent again."""
        refused_since: float | None = None
        tries = 0
        while True:
            self._audience.check()
            try:
                self._client.submit(ticket.graph, ticket.prompt_id, ticket.client_id, workflow)
                break
            except ConnectionRefused as error:
                refused_since = refused_since or time.monotonic()
                if self._dead() or time.monotonic() - refused_since > self._patience.silence:
                    self._tickets.forget()
                    raise error
                self._audience.silent(time.monotonic() - refused_since)
                self._pause()
            except (ComfyUIUnreachable, UnexpectedAnswer) as error:
                if isinstance(error, UnexpectedAnswer) and error.status not in BEHIND_A_PROXY:
                    self._tickets.forget()
                    raise
                tries += 1
                if self._arrived(ticket, last=tries >= SUBMISSIONS):
                    break
            except GreenroomError:
                self._tickets.forget()
                raise
        return self._tickets.write(ticket.model_copy(update={"phase": "taken"}))

    def _arrived(self, ticket: PromptHandle, last: bool) -> bool:
        """Whether a submission whose reply was lost is there. Looked at twice: the server may still be reading it.

        Raises:
            JobLost: the server was restarted meanwhile, or took none of several submissions.
        """
        for again in (True, False):
            if not isinstance(self._asked(ticket, {}), Unknown):
                return True
            if again:
                self._pause()
        if last or ticket.mark.still_holds(self._client) is False:
            raise self._lost()
        return False

    # Watching

    def _watched(self, ticket: PromptHandle, workflow: Mapping[str, Any] | None = None, send: bool = False) -> Finished:
        titles = titles_of(ticket.graph)
        listener = EventListener(
            self._client.url, ticket.client_id, ticket.prompt_id, titles, self._on_course, self._on_preview, self._look.set
        )
        listener.open()
        try:
            if send:
                ticket = self._send(ticket, workflow)
            return self._outcome(self._polled(ticket, titles))
        except Cancelled:
            if not self._leaving():
                self._end_there(ticket)
            raise
        finally:
            listener.close()

    def _polled(self, ticket: PromptHandle, titles: Mapping[str, str]) -> JobStatus:
        """Poll to the job's end on the server."""
        began: float | None = None
        while True:
            status = self._asked(ticket, titles)
            if isinstance(status, ENDED):
                return status
            if why := self._doomed():
                self._end_there(ticket)
                raise RunFailed("comfyui.ended-for-memory", why=why, retryable=True)
            if isinstance(status, Unknown):
                self._pause()
                status = self._asked(ticket, titles)
                if isinstance(status, Unknown):
                    raise self._lost()
                continue
            if isinstance(status, Queued):
                self._audience.queued(status.ahead)
            elif isinstance(status, Running):
                began = began or time.monotonic()
                self._audience.running(self._heard.fraction, self._heard.note)
                if time.monotonic() - began > self._patience.running:
                    self._end_there(ticket)
                    raise RunFailed("comfyui.run-too-long", hours=self._patience.running / 3600)
            self._pause()

    def _asked(self, ticket: PromptHandle, titles: Mapping[str, str]) -> JobStatus:
        """The job's status; a server that does not answer is waited for.

        Raises:
            JobLost: its process is known to have ended. ComfyUIUnreachable: it was silent for too long.
        """
        silent_since: float | None = None
        while True:
            try:
                return self._client.status(ticket.prompt_id, titles)
            except (ComfyUIUnreachable, UnexpectedAnswer) as error:
                if isinstance(error, UnexpectedAnswer) and error.status and error.status < 500:
                    raise
                if (why := self._dead()) and isinstance(error, ComfyUIUnreachable):
                    raise JobLost("comfyui.run-lost-with-server", why=why) from None
                silent_since = silent_since or time.monotonic()
                silence = time.monotonic() - silent_since
                if silence > self._patience.silence:
                    raise ComfyUIUnreachable("comfyui.silent") from None
                self._audience.silent(silence)
                self._pause()

    def _end_there(self, ticket: PromptHandle) -> None:
        """Cancel on the server and wait until it has really stopped: only between steps does it notice."""
        give_up = time.monotonic() + self._patience.ending
        while time.monotonic() < give_up and not self._dead() and not self._leaving():
            try:
                self._client.cancel(ticket.prompt_id)
                if isinstance(self._client.status(ticket.prompt_id), (*ENDED, Unknown)):
                    return
            except GreenroomError as error:
                log.info("A cancel could not be told to ComfyUI: %s", error.reason)
                if isinstance(error, ConnectionRefused):
                    return
            time.sleep(min(self._patience.poll, 0.5))

    def _outcome(self, status: JobStatus) -> Finished:
        if isinstance(status, Failed):
            raise RunFailed.saying(status.message, retryable=status.out_of_memory)
        if isinstance(status, Interrupted):
            raise RunFailed("comfyui.stopped-there", retryable=True)
        assert isinstance(status, Finished)
        return status

    def _lost(self) -> JobLost:
        return JobLost("comfyui.run-forgotten", why=self._dead())

    def _pause(self) -> None:
        """Until the next poll is due: soon, for a while, after an event said that the job has ended, since the server writes its
        history a moment later than it tells."""
        seconds = self._patience.poll
        if self._hurried:
            self._hurried, seconds = self._hurried - 1, min(seconds, HURRY_SECONDS)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._audience.check()
            if self._look.wait(min(left, 0.1)):
                self._look.clear()
                self._hurried = HURRIED_POLLS
                return

    # From the listener's thread

    def _on_course(self, course: RunProgress) -> None:
        self._heard = course
        try:
            self._audience.running(course.fraction, course.note)
        except Cancelled:
            self._look.set()

    def _on_preview(self, jpeg: bytes) -> None:
        try:
            self._audience.preview(jpeg)
        except Cancelled:
            self._look.set()
