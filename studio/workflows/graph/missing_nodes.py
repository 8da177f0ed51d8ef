"""Messages for nodes of a workflow that a server lacks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from studio.errors import InvalidInput

CORE = "comfy-core"
_PACK = re.compile(r"[A-Za-z0-9._/-]{1,100}")
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,2}")


def refuse_missing(nodes: Mapping[str, Mapping[str, Any]], classes: Collection[str]) -> None:
    """
    Args:
        nodes: names of a workflow's node classes with what the editor kept of each: `cnr_id` or `aux_id` name the pack that it
            is from, "comfy-core" for ComfyUI itself, and `ver` its version. A graph in API format keeps nothing.
        classes: what the server has.

    Raises:
        InvalidInput: some are missing there. All of them are named, and where the workflow says so, their packs.
    """
    missing = sorted(set(nodes) - set(classes))
    if not missing:
        return
    packs = {name: _pack(nodes[name]) for name in missing}
    core = [name for name in missing if packs[name] == CORE]
    versions = [tuple(map(int, str(nodes[name]["ver"]).split("."))) for name in core if _is_version(nodes[name].get("ver"))]
    raise InvalidInput(
        "workflow.nodes-missing",
        nodes=missing,
        packs=sorted({pack for pack in packs.values() if pack and pack != CORE}),
        core=core,
        version=".".join(map(str, max(versions))) if versions else None,
        unknown=sum(not pack for pack in packs.values()),
    )


def _pack(properties: Mapping[str, Any]) -> str:
    """The pack as the editor's registry names it, "" where it is not told, or in no usable words."""
    told = properties.get("cnr_id") or properties.get("aux_id")
    return told if isinstance(told, str) and _PACK.fullmatch(told) else ""


def _is_version(told: Any) -> bool:
    return isinstance(told, str) and _VERSION.fullmatch(told) is not None
