"""The faces of a picture or a video, from the analysis engine, for forms in which one of them is chosen."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from capabilities.common.render_engines import RenderEngineSelector
from engines.contract.faces import SeenFace
from studio.services import Services

_KEPT = 16


class FaceFinder:
    """Finds faces, and caches those of the latest files, so that a second click is answered at once.

    Any thread may call any method.
    """

    def __init__(self, services: Services) -> None:
        self._workers, self._engines = services.workers, RenderEngineSelector(services.catalog, services.site)
        self._found: OrderedDict[tuple[str, int, int], list[SeenFace]] = OrderedDict()
        self._lock = Lock()

    def seen(self, file: Path) -> list[SeenFace]:
        """Return all faces of a picture, or of the first picture of a video that shows one, the largest first; [] for none.

        Raises:
            EngineNotReady, MemoryRefused, WorkerDied, MediaError, OSError.
        """
        state = file.stat()
        key = (str(file), state.st_mtime_ns, state.st_size)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        engine = self._engines.analysis()
        with self._workers.lease(engine, engine.Options()) as analyser:
            faces: list[SeenFace] = analyser.faces(file)
        with self._lock:
            self._found[key] = faces
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return faces
