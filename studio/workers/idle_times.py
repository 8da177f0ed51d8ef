"""How long an unused engine stays in memory: by its tier, by its card, or as the user has set it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from engines.contract import Card, Tier
from studio.files import write_json
from studio.settings import WorkerSettings

log = logging.getLogger(__name__)

LONGEST_SECONDS = 7 * 86_400.0


class IdleTimeouts:
    """Seconds without use after which a worker is ended; 0 = never.

    The user's value for an engine takes precedence over its card, and the card over the setting of its tier. The values are
    stored in `path`; a missing or damaged file counts as empty. Any thread may call any method; one lock, held while the file is
    written.
    """

    def __init__(self, settings: WorkerSettings, path: Path | None = None) -> None:
        self._tiers = _by_tier(settings)
        self._path = path
        self._lock = threading.Lock()
        self._set = _read(path)

    def adopt(self, settings: WorkerSettings) -> None:
        """Go by these settings of the tiers from now on."""
        self._tiers = _by_tier(settings)

    def of(self, card: Card) -> float:
        chosen = self._set.get(card.id)
        return self.usual(card) if chosen is None else chosen

    def usual(self, card: Card) -> float:
        """Return the timeout without the user's value."""
        return self._tiers[card.tier] if card.idle_seconds is None else card.idle_seconds

    def chosen(self, engine_id: str) -> float | None:
        """Return the user's value, None if there is none."""
        return self._set.get(engine_id)

    def choose(self, engine_id: str, seconds: float | None) -> None:
        """Set the value for one engine; 0 keeps it loaded, None restores the usual one."""
        with self._lock:
            changed = {name: value for name, value in self._set.items() if name != engine_id}
            if seconds is not None:
                changed[engine_id] = max(0.0, min(float(seconds), LONGEST_SECONDS))
            self._set = changed
            if self._path is not None:
                try:
                    write_json(self._path, dict(sorted(changed.items())))
                except OSError as error:
                    log.warning("The idle times could not be kept: %s", error)


def _by_tier(settings: WorkerSettings) -> Mapping[Tier, float]:
    return {
        Tier.LIGHT: settings.idle_light_seconds,
        Tier.MEDIUM: settings.idle_medium_seconds,
        Tier.HEAVY: settings.idle_heavy_seconds,
    }


def _read(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    try:
        stored = json.loads(path.read_bytes())
        return {str(name): max(0.0, float(value)) for name, value in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
