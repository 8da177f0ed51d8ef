"""Filling an inventory from a server that answers."""

from __future__ import annotations

from types import MappingProxyType

from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.inventory import ServerInventory

NOT_MODELS = frozenset({"custom_nodes", "configs", "datasets"})
"""Folders of the server that hold no weights."""


def read_inventory(client: ComfyUIClient) -> ServerInventory:
    """Everything that templates are checked against, fetched now: version, node classes, model files, the upload limit.

    Raises:
        ComfyUIUnreachable, UnexpectedAnswer.
    """
    version = client.stats().version
    classes = client.node_classes()
    roots = client.model_roots()
    folders = [name for name in client.model_folders() if name not in NOT_MODELS]
    models = {name: client.model_files(name, roots.get(name, ())) for name in folders}
    return ServerInventory(version, MappingProxyType(dict(classes)), MappingProxyType(models), client.max_upload_bytes())
