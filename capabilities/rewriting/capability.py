"""Rewriting of a script for listeners, or its translation, sentence by sentence, as proposals that the user accepts or
rejects.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.outputs import as_job_output
from capabilities.rewriting.sentences import ScriptSentence, hard_by_ear, script_sentences, with_changes
from capabilities.rewriting.tasks import TITLES, SentenceAnswer, Task, doubt, question
from studio.errors import InvalidInput
from studio.jobs.capability import CPU_LANE, Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.language.asking import LanguageModel
from studio.language.errors import LanguageError, NoLanguageModelError
from studio.language.job_hooks import phases_of, stop_of
from studio.language.json_answers import model_check
from studio.library import Recipe
from studio.licences import UNKNOWN, terms_of_card
from studio.services import Services

LONGEST_SCRIPT = 200_000
_OF_THE_SENTENCE = frozenset({"llm.refused", "llm.no-json", "llm.wrong-shape", "llm.answered-nothing"})
"""Failures that say something of one sentence, and nothing of the next."""


class RewriteSpec(BaseModel):
    """A script to rewrite.

    Args:
        script: as for a voiceover.
        task: "ear" or "translate".
        language: target language of a translation.
        by: name of the model on submission, for the list of jobs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    script: str = Field(max_length=LONGEST_SCRIPT)
    task: Task = "ear"
    language: str = Field("", max_length=60)
    title: str = Field("", max_length=200)
    by: str = Field("", max_length=300)
    seed: int = Field(0, ge=0, le=2**31 - 1)


@dataclass(frozen=True)
class ProposedChange:
    """One sentence's proposal: the text at [start, end) of the script, its replacement, and a reason for doubt."""

    start: int
    end: int
    before: str
    after: str
    doubt: str = ""


class RewriteScript(Capability[RewriteSpec]):
    """The capability "rewrite_script". Its output is the whole new script, with the changes as JSON beside it."""

    kind: ClassVar[str] = "rewrite_script"
    Spec = RewriteSpec

    def __init__(self, services: Services) -> None:
        self._language, self._library, self._catalog = services.language, services.library, services.catalog

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Rewriting", "Voiceover", has_form=False)

    def prepare(self, spec: RewriteSpec) -> RewriteSpec:
        """
        Raises:
            NoLanguageModelError: there is none. InvalidInput: the script says nothing, has nothing to be rewritten, or it is not
            said into which language.
        """
        status = self._language.status()
        if status.source == "none":
            raise NoLanguageModelError("llm.none")
        if spec.task == "translate" and not spec.language.strip():
            raise InvalidInput("rewriting.no-language")
        if not self._todo(spec):
            raise InvalidInput("rewriting.nothing-hard")
        return spec.model_copy(update={"by": status.model or status.kind, "title": spec.title or self.title(spec)})

    def title(self, spec: RewriteSpec) -> str:
        into = f" into {spec.language.strip()}" if spec.task == "translate" else ""
        return spec.title or f"{TITLES[spec.task]}{into}: {' '.join(spec.script.split())[:60]}"

    def lane(self, spec: RewriteSpec) -> str:
        return CPU_LANE

    def run(self, spec: RewriteSpec, context: JobContext) -> list[JobOutput]:
        """Ask for each sentence; those that an interrupted attempt has are not asked for again. A server that goes away in the
        middle leaves what it has written, and the job says so.

        Raises:
            LanguageError, EngineError: not one sentence was answered. Cancelled.
        """
        done = [one for one in self._library.list(limit=None, kinds=("text",)) if one.job == context.job_id]
        if not done:
            todo, kept = self._todo(spec), context.scratch / "answers.jsonl"
            found = _read(kept)
            before = len(found)
            try:
                with self._language.model_in_use(stop_of(context), phases_of(context)) as llm:
                    self._ask_for_all(spec, todo, found, llm, kept, context)
            except LanguageError as error:
                if not found:
                    raise
                context.warn(f"{len(found)} of {len(todo)} sentences were answered. {error.reason} {error.hint}".strip())
            assert len(found) >= before
            done = [self._added(spec, todo, found, context)]
        return [as_job_output(one) for one in done]

    def _todo(self, spec: RewriteSpec) -> list[ScriptSentence]:
        sentences = script_sentences(spec.script)
        return sentences if spec.task == "translate" else [one for one in sentences if hard_by_ear(one.text)]

    def _ask_for_all(
        self,
        spec: RewriteSpec,
        todo: list[ScriptSentence],
        found: dict[int, str],
        llm: LanguageModel,
        kept: Path,
        context: JobContext,
    ) -> None:
        notes: set[str] = set()
        for number, sentence in enumerate(todo):
            context.progress(number / len(todo), f"Sentence {number + 1} of {len(todo)}")
            if number in found:
                continue
            asked = question(spec.task, sentence.text, spec.language.strip(), spec.seed + number)
            try:
                answer = self._language.ask_shaped(llm, asked, model_check(SentenceAnswer), stop_of(context))
            except LanguageError as error:
                if error.code not in _OF_THE_SENTENCE:
                    raise
                context.warn(f"Sentence {number + 1} stays as it is: {error.reason}")
                said = sentence.text
            else:
                said = " ".join(answer.value.say.split()) or sentence.text
                notes |= {answer.note} if answer.note and answer.tries == 1 else set()
            found[number] = said
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps([number, said], ensure_ascii=False) + "\n")
        for note in sorted(notes):
            context.event("note", text=note)
        context.progress(1.0, "Written")

    def _added(self, spec: RewriteSpec, todo: list[ScriptSentence], found: dict[int, str], context: JobContext) -> Any:
        changes = [
            ProposedChange(one.start, one.end, one.text, found[number], doubt(spec.task, one.text, found[number]))
            for number, one in enumerate(todo)
            if number in found and found[number] != one.text
        ]
        folder = context.scratch / "written"
        folder.mkdir(parents=True, exist_ok=True)
        text, listed = folder / "script.txt", folder / "script.json"
        text.write_text(with_changes(spec.script, [(one.start, one.end, one.after) for one in changes]), "utf-8")
        by = self._language.status().model or spec.by  # the first of a server is known by name only when it has answered
        told = {"task": spec.task, "by": by, "sentences": len(todo), "changes": [asdict(one) for one in changes]}
        listed.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        status = self._language.status()
        terms = terms_of_card(self._catalog.get(status.engine).card) if status.engine and status.source == "built-in" else UNKNOWN
        recipe = Recipe(
            kind=self.kind, job=context.job_id, engine=by, terms=terms, spec=spec.model_dump(mode="json"),
            facts=(f"{len(changes)} of {len(todo)} sentences changed", f"by {by}"),
        )  # fmt: skip
        return self._library.add(text, "text", spec.title, recipe, (listed,))


def _read(kept: Path) -> dict[int, str]:
    """What an interrupted attempt has; a last line that is not whole is left out."""
    found: dict[int, str] = {}
    for line in kept.read_text("utf-8").splitlines() if kept.is_file() else ():
        try:
            number, said = json.loads(line)
            found[int(number)] = str(said)
        except ValueError:
            break
    return found
