"""Mappings with a limit on the number of entries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")


class Bounded(OrderedDict[str, V]):
    """A mapping that drops its oldest entries beyond `limit`. Entries in use are not dropped and do not count.

    Args:
        in_use: called at most once for each entry when one is added.
        dropped: called with each key that was dropped because of the limit, afterwards.
    """

    def __init__(
        self,
        limit: int,
        in_use: Callable[[str], bool] = lambda key: False,
        dropped: Callable[[str], object] = lambda key: None,
    ) -> None:
        super().__init__()
        self._limit, self._in_use, self._dropped = limit, in_use, dropped

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        self.trim(keep=key)

    def trim(self, keep: str = "") -> None:
        """Drop entries beyond the limit; `keep` names an entry that stays."""
        if len(self) <= self._limit:
            return
        idle = [key for key in self if not self._in_use(key)]
        for key in idle[: max(0, len(idle) - self._limit)]:
            if key != keep:
                del self[key]
                self._dropped(key)


class BoundedDefault(Bounded[V]):
    """Creates missing entries, like `collections.defaultdict`."""

    def __init__(self, limit: int, make: Callable[[], V]) -> None:
        super().__init__(limit)
        self._make = make

    def __missing__(self, key: str) -> V:
        made = self[key] = self._make()
        return made


class EmptySet(set[str]):
    """A set that ignores every addition."""

    def add(self, element: str) -> None:
        pass

    def update(self, *others: object) -> None:
        pass
