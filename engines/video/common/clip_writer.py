"""Writer of a request's clip, which encodes in parallel with rendering and leaves a complete file or none; and previews."""

from __future__ import annotations

import io
import queue
import threading
from fractions import Fraction
from types import TracebackType

import numpy as np
from PIL import Image

from engines.contract.video import VideoPreview, VideoRequest
from media.video.read import Picture
from media.video.write import VideoWriter

_AHEAD = 6
PREVIEW_WIDTH = 384


class ClipFile:
    """Context manager of one clip's file; a second thread encodes each frame while the next one is rendered.

    A normal exit completes the file; an exception removes it. `write` raises errors of the encoder. A written frame must not be
    changed afterwards: draw the next one into a `sheet`.

    Args:
        x264: further settings, as in media.video_writer.
    """

    def __init__(self, request: VideoRequest, threads: int = 1, x264: str = "") -> None:
        self._request, self._threads, self._x264 = request, threads, x264
        self._used: queue.SimpleQueue[Picture] = queue.SimpleQueue()
        self._pictures: queue.Queue[Picture | None] = queue.Queue(_AHEAD)
        self._trouble: BaseException | None = None
        self._abandoned = False
        self._encoder = threading.Thread(target=self._encode, name="clip encoder", daemon=True)
        self._encoder.start()

    def __enter__(self) -> ClipFile:
        return self

    def sheet(self) -> Picture:
        """Return a buffer for the next frame, with undefined content: an encoded frame's, or a new one.

        A new allocation for every frame would take as much time as drawing it.
        """
        try:
            return self._used.get_nowait()
        except queue.Empty:
            return np.empty((self._request.height, self._request.width, 3), np.uint8)

    def write(self, picture: Picture) -> None:
        """Append a frame."""
        while True:
            if self._trouble is not None:
                raise self._trouble
            try:
                return self._pictures.put(picture, timeout=0.5)
            except queue.Full:
                continue

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._abandoned = kind is not None
        while self._encoder.is_alive():
            try:
                self._pictures.put(None, timeout=0.2)
                break
            except queue.Full:
                continue
        self._encoder.join()
        if kind is None and self._trouble is not None:
            raise self._trouble

    def _encode(self) -> None:
        request = self._request
        rate = Fraction(*request.fps)
        size = (request.width, request.height)
        try:
            with VideoWriter(request.path, size, rate, request.quality, self._threads, request.keyframes, self._x264) as writer:
                while (picture := self._pictures.get()) is not None and not self._abandoned:
                    writer.write(picture)
                    self._used.put(picture)
                if self._abandoned:
                    raise _AbandonedError
        except _AbandonedError:
            return
        except BaseException as problem:
            self._trouble = problem


class _AbandonedError(Exception):
    """Cancellation of a clip; makes the writer remove its file."""


def preview_of(picture: Picture, note: str = "") -> VideoPreview:
    """Return a small JPEG of a frame."""
    image = Image.fromarray(picture).reduce(max(1, max(picture.shape[:2]) // PREVIEW_WIDTH // 2))
    image.thumbnail((PREVIEW_WIDTH, PREVIEW_WIDTH))
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=80)
    return VideoPreview(kept.getvalue(), note)
