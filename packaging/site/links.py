"""A hook of MkDocs: links that lead out of docs/ become the name of the file, since the site has nothing else."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,300})\]\(([^)\s#]{1,300})\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page without links that lead out of the folder of documents."""
    folder = posixpath.dirname(page.file.src_uri)

    def kept(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        return f"{link[1]} (`{target.removeprefix('../')}`)" if target.startswith("..") else link[0]

    return _LINK.sub(kept, markdown)
