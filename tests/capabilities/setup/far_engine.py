"""An engine that has neither its environment nor its weights: Hibari's network, run by the Python of the environment "tiny"."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from tests.journeys.fetched_engine import Fetched


class Far(Fetched):
    """Speaks only where the package greenroomalpha is installed, and nowhere else than there."""

    card = replace(Fetched.card, id="far", title="Far", environment="tiny")

    def load(self, *arguments: Any, **named: Any) -> None:
        """Raises ImportError outside of its environment."""
        import greenroomalpha  # type: ignore[import-not-found]

        assert greenroomalpha.__file__.startswith(sys.prefix)
        super().load(*arguments, **named)
