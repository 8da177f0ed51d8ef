"""Jobs of templates: character swaps and others, by a ComfyUI server or the built-in swap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from capabilities.character_swap.builtin import BUILTIN, BuiltinSwap, builtin_inputs
from capabilities.character_swap.estimate import estimate_swap, work_of
from capabilities.character_swap.inputs import ResolvedInput, TemplateFiles
from capabilities.character_swap.prepared import PreparedTemplate, TemplatePreparer
from capabilities.character_swap.run import Fetched, RunResult, TemplateRun, graph_hash
from capabilities.character_swap.spec import CharacterSwapSpec
from capabilities.common.inputs import input_resolver
from capabilities.common.memory_fit import memory_fit
from capabilities.common.outputs import as_job_output
from capabilities.common.rendering import poster
from media.audio.decode import probe
from media.video.read import probe_video
from studio.comfyui.errors import ComfyUIMissing
from studio.jobs.capability import GPU_LANE, Capability, CapabilityDescription, JobContext, JobEstimate
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeStats
from studio.library import LibraryOutput, Recipe
from studio.licences import LicenceTerms, LicensedPart, combined
from studio.services import Services
from studio.workflows import WorkflowTemplate
from studio.workflows.manifest import InputKind, Manifest

_RESULT_BYTES = 512 * 1024**2
_DRIVEN = ("driving_video", "video", "reference_image")
"""Inputs in the order in which one is chosen to be shown beside the result."""


class CharacterSwap(Capability[CharacterSwapSpec]):
    """The capability "character_swap". Has no state of a job: the job's folder records what was sent to a server, so that a
    resumed job finds its run and nothing runs twice.
    """

    kind: ClassVar[str] = "character_swap"
    Spec = CharacterSwapSpec

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library, self._templates, self._comfyui = services.library, services.templates, services.comfyui
        self._preparer = TemplatePreparer(services.comfyui)
        self._files = TemplateFiles(input_resolver(services))
        self._run = TemplateRun(services.comfyui, services.memory, services.workers.evict, self._files, self._preparer)
        self.runtime_stats: RuntimeStats = RuntimeStats(services.paths.root / "character-swap-runs.json")
        self._builtin = BuiltinSwap(services, self.runtime_stats)

    def prepare(self, spec: CharacterSwapSpec) -> CharacterSwapSpec:
        """Validate template, files, values and server, resolve every value, and draw the seed.

        The inventory of the studio's own server is known only after its start; until then the check takes place when the job
        runs.

        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady, ComfyUIUnreachable: with all problems at once.
        """
        if spec.template == BUILTIN:
            options = self._builtin.prepare(spec)
            return spec.model_copy(update={"options": options, "title": spec.title or self._builtin.title(spec)})
        template = self._templates.get(spec.template)
        manifest = template.usable()
        self._files.check(spec, manifest)
        prepared = self._preparer.prepare(template, spec.options)
        self._files.check_sound(spec, template, prepared.values)
        readiness = self._comfyui.readiness()
        if not readiness.ready:
            raise ComfyUIMissing(
                "template.cannot-run-without-server",
                template=template.title, why=readiness.why, next_step=readiness.step,
            )  # fmt: skip
        if not self._comfyui.own or self._comfyui.known_inventory() is not None:
            self._preparer.on_server(prepared).refuse_missing()
        name = self._files.name(spec)
        title = spec.title or (f"{name} ({template.title})" if name else template.title)
        return spec.model_copy(update={"options": prepared.values, "title": title[:200]})

    def estimate(self, spec: CharacterSwapSpec) -> JobEstimate:
        """Return the frames of the result and the estimated time.

        Raises:
            GreenroomError: as `prepare`.
        """
        settled = self.prepare(spec)
        template = None if settled.template == BUILTIN else self._templates.get(settled.template)
        inputs = builtin_inputs() if template is None else template.usable().inputs
        key = next((place.key for place in inputs if place.kind is InputKind.VIDEO and place.key in settled.files), "")
        if not key:
            return self._with_memory(JobEstimate(settled.template, 0.0, 0, None), template)
        clip = self._files.find(settled, key)
        found = estimate_swap(self.runtime_stats, template, key, clip, settled.options, (settled.trim_start, settled.trim_end))
        made = JobEstimate(settled.template, found.cost.seconds, found.cost.frames, found.time)
        return self._with_memory(made, template)

    def _with_memory(self, made: JobEstimate, template: WorkflowTemplate | None) -> JobEstimate:
        """Add memory: a template's is compared with the server's own figures when its turn comes."""
        if template is None:
            fits, memory = memory_fit(self._services, BuiltinSwap.engine)
            return replace(made, fits=fits, memory=memory)
        gib = template.usable().memory_gib
        needs = f"Needs about {gib:g} GiB" if gib else "What it needs is not known: it takes what is free"
        return replace(made, memory=f"{needs} on the ComfyUI server, weighed when its turn comes.")

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Character swap", "Character Swap")

    def title(self, spec: CharacterSwapSpec) -> str:
        return spec.title or "A character swap"

    def lane(self, spec: CharacterSwapSpec) -> str:
        return self._builtin.lane if spec.template == BUILTIN else GPU_LANE

    def run(self, spec: CharacterSwapSpec, context: JobContext) -> list[JobOutput]:
        """Render the result and add it to the library.

        Raises:
            GreenroomError: see TemplateRun.take and BuiltinSwap.run.
        """
        if spec.template == BUILTIN:
            return self._builtin.run(spec, context, spec.title)
        done = [output for output in self._library.list(limit=None) if output.job == context.job_id]
        if done:
            return [as_job_output(output) for output in reversed(done)]
        template = self._templates.get(spec.template)
        prepared = self._preparer.prepare(template, spec.options)
        self._library.ensure_space(_RESULT_BYTES, "the result")
        ran, given = self._run.take(spec, prepared, context)
        self._learn(template, prepared.values, ran, given)
        recipe = _recipe(spec, prepared, ran, given, context.job_id)
        outputs = [self._shelved(spec, result, recipe, given, context) for result in reversed(ran.results)]
        return [as_job_output(output) for output in reversed(outputs)]

    def _learn(self, template: WorkflowTemplate, values: Mapping[str, Any], ran: RunResult, given: list[ResolvedInput]) -> None:
        clip = next((one.ready for one in given if template.input(one.key).kind is InputKind.VIDEO), None)
        if clip is None:
            return
        info = probe_video(clip)
        self.runtime_stats.learn(work_of(template.id, values, info.width, info.height, info.frames), ran.seconds)

    def _shelved(
        self, spec: CharacterSwapSpec, result: Fetched, recipe: Recipe, given: list[ResolvedInput], context: JobContext
    ) -> LibraryOutput:
        beside = []
        shown = next((one for key in _DRIVEN for one in given if one.key == key), None)
        if result.kind == "video" and shown is not None:
            beside.append(poster(shown.ready, context.scratch))
        duration = None if result.kind == "image" else probe(result.path).duration
        return self._library.add(result.path, result.kind, spec.title, replace(recipe, duration=duration), beside)


def _terms(manifest: Manifest, given: list[ResolvedInput]) -> LicenceTerms:
    """Return the licences of the template, its models, and the outputs that are its inputs."""
    models = [LicensedPart(model.name, model.licence.name, model.licence.commercial_use) for model in manifest.models]
    own = LicensedPart(manifest.id, manifest.licence.name, manifest.licence.commercial_use)
    return combined((LicenceTerms((*models, own)), *(one.output.terms for one in given if one.output is not None)))


def _recipe(
    spec: CharacterSwapSpec,
    prepared: PreparedTemplate,
    ran: RunResult,
    given: list[ResolvedInput],
    job_id: str,
) -> Recipe:
    template, manifest, values = prepared.template, prepared.manifest, prepared.values
    seeds = [values[each.key] for each in manifest.parameters if each.kind == "seed"]
    version = f"ComfyUI {ran.version}" if ran.version else "ComfyUI"
    parents = (spec.parent, *(one.output.id for one in given if one.output is not None))
    return Recipe(
        kind=CharacterSwap.kind,
        job=job_id,
        engine=template.id,
        engine_version=graph_hash(template)[:16],
        options=values,
        seed=seeds[0] if seeds else None,
        inputs=tuple(one.as_input() for one in given),
        parents=tuple(filter(None, parents)),
        terms=_terms(manifest, given),
        facts=(template.title, version, *(f"seed {seed}" for seed in seeds)),
        spec=spec.model_dump(mode="json"),
        details={
            "template": template.id,
            "graph_sha256": graph_hash(template),
            "comfyui": ran.version,
            "prompt_id": ran.prompt_id,
            "graph": ran.graph,
        },
    )
