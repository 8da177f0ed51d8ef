"""Every public call. A new group of calls is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from api.operations import engines, jobs, library, narrations, pronunciations, support, templates, voices, work
from api.operations.conversations import calls as conversations
from api.operations.documents import calls as documents
from api.operations.language import calls as language
from api.operations.operation import Operation
from api.operations.projects import calls as projects
from api.operations.provenance import calls as provenance
from api.operations.settings import calls as settings

GROUPS = tuple(
    module.GROUP
    for module in (
        work,
        projects,
        jobs,
        voices,
        narrations,
        documents,
        conversations,
        pronunciations,
        library,
        provenance,
        language,
        engines,
        templates,
        settings,
        support,
    )
)
OPERATIONS: Mapping[str, Operation] = {name: one for group in GROUPS for name, one in group.operations.items()}

if len(OPERATIONS) != sum(len(group.operations) for group in GROUPS):
    raise RuntimeError("Two operations have one name.")
