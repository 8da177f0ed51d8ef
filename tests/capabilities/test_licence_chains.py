"""What may not be used commercially stays so through everything that is made of it, and everything that shows it says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from api.operations.calling import Operations
from capabilities.registry import all_capabilities
from studio.files import write_json
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput, recipe_path
from studio.services import Services
from studio.settings import load_settings
from studio.voices.preview import VoicePreviews
from tabs.common.jobs.job_view import as_playable
from tabs.common.jobs.outputs_list import outputs_list
from tabs.lip_sync.result import face_result
from tabs.text_to_video.result import video_result
from tabs.voiceover.transcript_result import transcript_view
from tests.engines.faces.puppet.conftest import ASSETS

PORTRAIT = str(ASSETS / "portraits" / "astronaut.png")
ENGINES = ("tests.capabilities.licensed_engines:ResearchHibari", "tests.capabilities.licensed_engines:CloningHibari")
NC = "CC-BY-NC-4.0"
SENTENCE = "The ferry leaves the northern harbour at noon, and comes back before the evening."


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("licences") / "data"
    made = Services.open(load_settings(data={"folder": folder}, engines={"extra": ENGINES}), all_capabilities)
    yield made
    made.close()


@pytest.fixture(scope="module")
def operations(studio: Services) -> Operations:
    auditions = VoicePreviews(studio.catalog, studio.site, studio.voices, studio.pronunciations, studio.workers, studio.segments)
    return Operations(studio, auditions, studio.paths.root / "uploads")


def run(studio: Services, kind: str, **spec: Any) -> tuple[Job, LibraryOutput]:
    job = studio.jobs.wait(studio.jobs.submit(kind, spec).id, 180)
    assert job.state is JobState.DONE, job.error
    return job, studio.library.get(job.outputs[0].id)


def made(studio: Services, kind: str, **spec: Any) -> LibraryOutput:
    return run(studio, kind, **spec)[1]


def comment(output: LibraryOutput) -> str:
    with av.open(str(output.path)) as container:
        streams = " ".join(str(stream.metadata) for stream in container.streams)
        return f"{container.metadata.get('comment', '')} {streams}"


def recipe_of(operations: Operations, output: LibraryOutput) -> dict[str, Any]:
    found: dict[str, Any] = operations.call("recipe", {"output": output.id}).model_dump(exclude_unset=True)
    return found


def refuses_commercial_use(operations: Operations, output: LibraryOutput) -> bool:
    """Whether /outputs, /recipe, the file on disk, and the page's list and player all say so."""
    listed = next(one for one in operations.call("outputs", {"limit": 1000}) if one.id == output.id).model_dump()
    recipe, stored = recipe_of(operations, output), json.loads(recipe_path(output.path).read_bytes())
    told = {(one["commercial_use"], NC in one["licence"]) for one in (listed, recipe, stored)}
    shown = {f"no commercial use: {NC}" in html for html in (outputs_list([output]), " ".join(output.facts))}
    assert len(told) == len(shown) == 1, (told, shown)
    return told == {(False, True)} and shown == {True}


@pytest.fixture(scope="module")
def narration(studio: Services) -> LibraryOutput:
    return made(studio, "voiceover", script="Home, before seven.", voice="research/heart")


@pytest.fixture(scope="module")
def speaking(studio: Services, narration: LibraryOutput) -> LibraryOutput:
    return made(studio, "lip_sync", face=PORTRAIT, audio=narration.id, engine="puppet", fps=10)


def test_a_narration_says_so_in_its_file_too(operations: Operations, narration: LibraryOutput) -> None:
    assert refuses_commercial_use(operations, narration)
    assert '"commercial_use":false' in comment(narration) and NC in comment(narration)
    assert f"no commercial use: {NC}" in as_playable(narration).facts


def test_through_lip_sync_upscale_swap_and_portrait(
    studio: Services, operations: Operations, narration: LibraryOutput, speaking: LibraryOutput
) -> None:
    assert speaking.parents == (narration.id,)
    larger = made(studio, "upscale", video=speaking.id, engine="basic-upscale")
    swapped = made(studio, "character_swap", template="basic-face-swap", reference_image=PORTRAIT, driving_video=larger.id)
    followed = made(studio, "animate_portrait", portrait=PORTRAIT, driving_video=swapped.id, engine="puppet")
    for output, parent in ((speaking, narration), (larger, speaking), (swapped, larger), (followed, swapped)):
        assert output.parents == (parent.id,)
        assert refuses_commercial_use(operations, output), output.id
        assert f"no commercial use: {NC}" in comment(output)


def test_a_face_that_speaks_a_text_says_so_on_the_page(studio: Services, operations: Operations) -> None:
    job, spoken = run(studio, "lip_sync", face=PORTRAIT, text="Home.", voice="research/heart", engine="puppet", fps=10)
    assert refuses_commercial_use(operations, spoken)
    assert f"no commercial use: {NC}" in face_result(studio, job)


def test_a_clip_that_is_narrated(studio: Services, operations: Operations) -> None:
    shots = [{"prompt": "a boat", "say": "Home, at last.", "seconds": 1.0}]
    form = {"engine": "animatic", "size": "320x180", "fps": 24, "shots": shots}
    job, clip = run(studio, "text_to_video", **form, voice="research/heart")
    assert not clip.parents and refuses_commercial_use(operations, clip)
    assert f"no commercial use: {NC}" in comment(clip) and f"no commercial use: {NC}" in video_result(studio, job)
    silent = made(studio, "text_to_video", **form, voice="research/heart", narration=False)
    assert silent.commercial_use is True, "nothing of the engine is heard"
    last = next(path for path in clip.companions if path.suffix == ".png")
    upload = studio.paths.root / "uploads" / "as-the-browser-sends-it.png"
    upload.parent.mkdir(exist_ok=True)
    shutil.copyfile(last, upload)
    for picture in (last, upload):
        further = made(studio, "image_to_video", engine="animatic", size="320x180", fps=24, seconds=0.5, image=str(picture))
        assert further.parents == (clip.id,) and refuses_commercial_use(operations, further)
    scored = made(studio, "text_to_video", engine="animatic", size="320x180", fps=24, seconds=0.5, prompt="Sea.", narration=False,
                  music=clip.id)  # fmt: skip
    assert scored.parents == (clip.id,) and refuses_commercial_use(operations, scored)


def test_a_transcript_of_it(studio: Services, operations: Operations, speaking: LibraryOutput) -> None:
    job, written = run(studio, "transcription", audio=str(speaking.path), engine="pocketsphinx", language="en")
    assert written.parents == (speaking.id,) and refuses_commercial_use(operations, written)
    assert f"no commercial use: {NC}" in transcript_view(job, studio.library)


def test_lines_that_are_packed(studio: Services, operations: Operations) -> None:
    packed = made(studio, "voiceover_batch", lines=["Home.", "Away."], voice="research/heart")
    assert packed.kind == "archive" and refuses_commercial_use(operations, packed)
    again = studio.library.archive([packed.id], "Both", {"kind": "archive"})
    assert refuses_commercial_use(operations, again)


def test_a_voice_that_was_kept_from_it(studio: Services, operations: Operations, tmp_path: Path) -> None:
    job, spoken = run(studio, "voiceover", script=SENTENCE, voice="research/heart")
    (segment,) = operations.call("segments", {"job_id": job.id})
    kept = operations.call("keep_voice", {"job_id": job.id, "segment": segment.id, "name": "Kept"})
    assert kept.licences[0].licence == NC
    with_clip = operations.call("save_voice", {"name": "From the file", "audio": str(spoken.path), "transcript": SENTENCE})
    assert with_clip.licences
    imported = studio.voices.import_file(studio.voices.export("Kept", tmp_path))
    copied = studio.voices.copy("Kept", "Copied")
    for name in ("Kept", "From the file", imported.name, copied.name):
        output = made(studio, "voiceover", script="Home again.", voice=name, engine="cloning")
        assert refuses_commercial_use(operations, output), name
    master = made(studio, "transcription", audio=str(studio.voices.get("Kept").master), engine="pocketsphinx", language="en")
    assert refuses_commercial_use(operations, master)


def test_what_is_made_of_free_parts_may_be_used(studio: Services, operations: Operations) -> None:
    spoken = made(studio, "voiceover", script="Home, before eight.", voice="hibari/heart")
    speaking = made(studio, "lip_sync", face=PORTRAIT, audio=spoken.id, engine="puppet", fps=10)
    larger = made(studio, "upscale", video=speaking.id, engine="basic-upscale")
    for output in (spoken, speaking, larger):
        assert output.commercial_use is True and not refuses_commercial_use(operations, output)
        assert output.recipe["commercial_use"] is True and "no commercial use" not in comment(output)
    assert "Apache-2.0" in larger.licence


def test_recipes_from_before_parents_were_counted(studio: Services, operations: Operations, narration: LibraryOutput) -> None:
    """Such a recipe names the licence of its own engine alone; what it was made from is looked at, and its voice's engine."""

    def as_before(output: LibraryOutput, **changes: Any) -> LibraryOutput:
        stored = json.loads(recipe_path(output.path).read_bytes())
        del stored["licences"]
        write_json(recipe_path(output.path), {**stored, "licence": "Apache-2.0", "commercial_use": True, **changes})
        studio.library._index.forget()
        return studio.library.get(output.id)

    old = as_before(made(studio, "lip_sync", face=PORTRAIT, audio=narration.id, engine="puppet", fps=10))
    assert old.commercial_use is False and NC in old.licence and recipe_of(operations, old)["commercial_use"] is False
    assert refuses_commercial_use(operations, made(studio, "upscale", video=old.id, engine="basic-upscale"))
    shots = [{"prompt": "a boat", "say": "Home, at last.", "seconds": 1.0}]
    clip = as_before(
        made(studio, "text_to_video", engine="animatic", size="320x180", fps=24, shots=shots, voice="research/heart")
    )
    assert clip.commercial_use is False and NC in clip.licence
    free = as_before(made(studio, "text_to_video", engine="animatic", size="320x180", fps=24, shots=shots, voice="hibari/heart"))
    assert free.commercial_use is True


def test_it_stays_when_the_parent_is_deleted(studio: Services, operations: Operations) -> None:
    spoken = made(studio, "voiceover", script="Home, before nine.", voice="research/heart")
    speaking = made(studio, "lip_sync", face=PORTRAIT, audio=spoken.id, engine="puppet", fps=10)
    studio.library.delete(spoken.id)
    assert refuses_commercial_use(operations, studio.library.get(speaking.id))
