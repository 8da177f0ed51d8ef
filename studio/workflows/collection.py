"""All templates: shipped ones and the user's own. An invalid one is listed with its errors and does not affect others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from media.messages.message import Message
from studio.errors import NotFound
from studio.workflows.reading import MANIFEST_SUFFIX, read_template
from studio.workflows.template import WorkflowTemplate

Stamp = tuple[tuple[int, int], tuple[int, int]]


class TemplateCollection:
    """The templates of some folders, in their order; the first folder has the shipped ones, the others the user's own.

    Files are read again after changes, so that a new template appears without a restart. Read-only; any thread may call any
    method.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(folders)
        self._read: dict[Path, tuple[Stamp, WorkflowTemplate]] = {}

    def all(self) -> list[WorkflowTemplate]:
        """Return every template, valid or not. Of two with the same id the later one is invalid, with the file of the first in
        its error.
        """
        listed: list[WorkflowTemplate] = []
        taken: dict[str, Path] = {}
        for place, folder in enumerate(self.folders):
            for path in sorted(folder.glob(f"*{MANIFEST_SUFFIX}")) if folder.is_dir() else ():
                template = self._current(path, own=place > 0)
                if template.id in taken:
                    problem = Message.of("manifest.id-taken", id=template.id)
                    template = _with_problem(template, f"{template.id}-{place + 1}", problem)
                    if template.id in taken:
                        continue
                taken[template.id] = path
                listed.append(template)
        return listed

    def get(self, template_id: str) -> WorkflowTemplate:
        """
        Raises:
            NotFound: no template has this id; near ones are named.
        """
        everything = {template.id: template for template in self.all()}
        if template_id in everything:
            return everything[template_id]
        near = get_close_matches(str(template_id), everything, n=3, cutoff=0.5)
        raise NotFound("template.unknown", template=str(template_id), near=near, known=list(everything))

    def _current(self, path: Path, *, own: bool) -> WorkflowTemplate:
        stamp = (_stamp(path), _stamp(path.with_name(path.name.removesuffix(MANIFEST_SUFFIX) + ".json")))
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, read_template(path, own=own))
            self._read[path] = known
        return known[1]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, -1)
    return status.st_mtime_ns, status.st_size


def _with_problem(template: WorkflowTemplate, new_id: str, problem: Message) -> WorkflowTemplate:
    return replace(template, id=new_id, problems=(problem, *template.problems))
