"""Calls operations: validates arguments, limits concurrent calls, and converts every error into a GreenroomError."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.operations.context import OperationContext
from api.operations.files import FileInputs, Links
from api.operations.operation import Operation
from api.operations.registry import OPERATIONS
from api.problems import unexpected
from studio.callbacks import no_op
from studio.errors import GreenroomError, NotFound, storage_error_of
from studio.jobs.model import Job
from studio.services import Services
from studio.validation import validated
from studio.voices.preview import VoicePreviews

log = logging.getLogger(__name__)


class Operations:
    """All public calls of one open studio. Thread-safe.

    Args:
        uploads: the folder of uploaded files.
    """

    def __init__(self, studio: Services, previews: VoicePreviews, uploads: Path) -> None:
        self._closing = threading.Event()
        files = FileInputs(uploads, studio.library, studio.paths.outputs)
        self.context = OperationContext(studio, previews, files, self._closing)
        self._turns = {
            one.queue: threading.Semaphore(one.queue.at_once) for one in OPERATIONS.values() if one.queue and not one.waits
        }

    @property
    def files(self) -> FileInputs:
        return self.context.files

    @property
    def closing(self) -> threading.Event:
        return self._closing

    def close(self) -> None:
        """End the wait of every call for its job, so that the server can stop. The jobs are not affected."""
        self._closing.set()

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        links: Links | None = None,
        follow: Callable[[Job], object] = no_op,
        gone: threading.Event | None = None,
    ) -> Any:
        """Call the operation of this name and return its answer, of the type `output`.

        Args:
            arguments: by name. None stands for the default if there is one.
            links, follow, gone: as in `OperationContext`.

        Raises:
            GreenroomError: for every failure. Unexpected exceptions are logged, and reported without their text, which may
                contain paths.
        """
        operation = named(name)
        context = replace(self.context, links=links, follow=follow, gone=gone or threading.Event())
        try:
            call = validated(operation.input, _given(operation, arguments), "argument", {"files": self.files})
            with self._turn(operation):
                return operation.run(context, call)
        except GreenroomError as error:
            if not operation.declares(error.code):
                log.warning("The operation %s ended with %s, which it does not declare.", name, error.code)
            raise
        except Exception as error:
            log.exception("The operation %s failed.", name)
            raise storage_error_of(error) or unexpected() from None

    def _turn(self, operation: Operation) -> AbstractContextManager[Any]:
        return self._turns.get(operation.queue, nullcontext()) if operation.queue else nullcontext()


def named(name: str) -> Operation:
    """
    Raises:
        NotFound: there is no such operation.
    """
    found = OPERATIONS.get(name)
    if found is None:
        raise NotFound("call.operation-unknown", call=name[:60])
    return found


def _given(operation: Operation, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(arguments, Mapping):
        return arguments  # `validated` refuses it with an error
    optional = {name for name, one in operation.input.model_fields.items() if not one.is_required()}
    return {name: value for name, value in arguments.items() if value is not None or name not in optional}
