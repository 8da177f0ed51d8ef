"""The form of the Text-to-Video tab: text or shots, engine, picture and sound, and the conversion of their values into a job's
spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from capabilities.video.capability import TextToVideo
from capabilities.video.engines import ClipSettings
from capabilities.video.shots import USUAL_SECONDS, split_lines, split_script
from capabilities.video.spec import ShotSpec
from capabilities.voiceover.script.language_detection import detect
from engines.contract import EngineKind, VideoTraits
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from tabs.common.kept_form import named_options
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import AUTO, NOT_READY, Choices, count_told, live_update, renamed_or_same, voice_choices
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options, restored_values
from tabs.common.texts.new_texts import build_earlier
from tabs.common.wiring import Updates, Values, whole_number
from tabs.text_to_video.shots_history import ShotsHistory

TEXT, SHOTS = "A text", "A shot list"
COLUMNS = ["Picture", "Says", "Seconds", "Camera"]
EXAMPLE = """A lighthouse stands above the sea at sunset. The keeper climbs the stairs, as he has for thirty years.

A small boat comes home across the bay. In the village, one window after another is lit.

Night falls, and the stars come out over the hills. Somewhere a door closes, and it begins to snow."""
_CAPTIONS = [("Burned into the picture", "burned"), ("As a track that can be switched", "soft"), ("None", "off")]
_JOINS = [("Crossfades", "crossfade"), ("Cuts", "cut")]


class TextToVideoForm:
    """Draws the components; `inputs`, `spec` and `restored` belong together."""

    def __init__(self, studio: Services, clips: TextToVideo) -> None:
        self._studio, self._clips = studio, clips
        self.source = gr.Radio([TEXT, SHOTS], value=TEXT, show_label=False, elem_id="video-source", container=False)
        with gr.Column(elem_classes="flush") as self.text_group:
            self.prompt = gr.Textbox(
                label="What is to be seen", lines=8, max_lines=20, elem_id="video-prompt",
                placeholder="A lighthouse stands above the sea at sunset. A small boat comes home.",
                info="The animatic shows and speaks each sentence. Other engines take each line for a shot.",
            )  # fmt: skip
            build_earlier("video-prompt")
            with gr.Row():
                self.example = gr.Button("Try the example", size="sm", elem_id="video-example")
                self.to_shots = gr.Button("Make a shot list of it", size="sm", elem_id="video-to-shots")
        with gr.Column(elem_classes="flush", visible=False) as self.shots_group:
            self.shots = gr.Dataframe(
                headers=COLUMNS, datatype=["str", "str", "number", "str"], type="array", row_count=1,
                column_count=4, label="Shots", wrap=True, interactive=True, elem_id="video-shots",
                column_widths=["37%", "34%", "14%", "15%"],
            )  # fmt: skip
            with gr.Row():
                self.add_shot = gr.Button("Add a shot", size="sm", elem_id="video-add-shot", min_width=90)
                self.history = ShotsHistory()
                self.save_csv = gr.DownloadButton("Shot list as CSV", size="sm", elem_id="video-csv", min_width=120)
                self.save_json = gr.DownloadButton("as JSON", size="sm", elem_id="video-json", min_width=80)
        self._build_engine()
        self._build_more()

    def _build_engine(self) -> None:
        with gr.Row():
            self.engine = LiveDropdown(self.engine_choices(), value=AUTO, label="Engine", elem_id="video-engine", min_width=200)
            self.size = LiveDropdown(
                self.size_choices(AUTO), value="", label="Size", elem_id="video-size", allow_custom_value=True, min_width=200
            )
        able = [engine for engine in self._studio.catalog.of(EngineKind.VIDEO) if engine.Options.model_fields]
        chosen = self.automatic()
        self.options: list[OptionControls] = [build_controls(engine, visible=engine.card.id == chosen) for engine in able]

    def _build_more(self) -> None:
        shown: dict[str, Any] = {"min_width": 160, "interactive": True}
        with gr.Accordion("Pictures of your own", open=False, elem_id="video-start") as self.start:
            self.image = gr.Image(
                label="Picture", type="filepath", image_mode=None, sources=["upload", "clipboard"], elem_id="video-image",
                height=240,
            )  # fmt: skip
            self.pictures = gr.File(
                label="Or pictures for all shots, in their order", file_count="multiple", file_types=["image"],
                allow_reordering=True, elem_id="video-pictures", height=140,
            )  # fmt: skip
        with gr.Accordion("Voice, captions and music", open=False, elem_id="video-sound"):
            with gr.Row():
                self.narration = gr.Checkbox(True, label="Speak what the shots say", elem_id="video-narration", min_width=160)
                voices = self.voice_choices()
                self.voice = LiveDropdown(
                    voices, value="", label="Voice", elem_id="video-voice", info=count_told(voices), **shown
                )  # fmt: skip
            with gr.Row():
                self.captions = gr.Dropdown(_CAPTIONS, value="burned", label="Captions", elem_id="video-captions", **shown)
                self.join = gr.Dropdown(_JOINS, value="crossfade", label="Between shots", **shown)
            self.music = gr.Audio(sources=["upload"], type="filepath", label="Music, led under the speech", elem_id="video-music")
        with gr.Accordion("More", open=False, elem_id="video-more"), gr.Row():
            self.seed = gr.Textbox(
                label="Seed", info="Empty draws one; a shot list keeps it.", max_length=10, elem_id="video-seed", **shown
            )
            self.seconds = gr.Number(0, label="Seconds a shot", info="0: as long as the speech.", minimum=0, maximum=600, **shown)
            self.negative = gr.Textbox(label="Not to be seen", info="For engines that take it.", max_lines=2, **shown)

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads and `restored` sets."""
        return {
            self.source, self.prompt, self.shots, self.engine, self.size, self.image, self.narration, self.voice, self.captions,
            self.join, self.music, self.seed, self.seconds, self.negative, self.pictures, *all_components(self.options),
        }  # fmt: skip

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps, by fixed names; texts.js keeps the text."""
        names = ("source", "shots", "engine", "size", "image", "pictures", "narration", "voice", "captions", "join", "music",
                 "seed", "seconds", "negative")  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, **named_options(self.options)}

    def spec(self, values: Values) -> tuple[str, dict[str, Any]]:
        """Return the kind of job and its fields.

        Raises:
            InvalidInput: the shot list is empty, or contains an invalid number.
        """
        engine, image, seed = values[self.engine], values[self.image], values[self.seed] or ""
        chosen = self.automatic(with_image=self.has_image(values)) if engine == AUTO else engine
        spec: dict[str, Any] = {
            "engine": engine, "options": chosen_options(self.options, chosen, values), "size": values[self.size] or "",
            "voice": values[self.voice] or "", "captions": values[self.captions], "join": values[self.join],
            "music": values[self.music] or "", "negative": values[self.negative] or "",
        }  # fmt: skip
        if not values[self.narration]:
            spec["narration"] = False
        if seed.strip():
            spec["seed"] = whole_number(seed, "seed")
        if values[self.seconds]:
            spec["seconds"] = float(values[self.seconds])
        if values[self.source] == SHOTS or values[self.pictures]:
            spec["shots"] = self.listed(values)
            if not spec["shots"]:
                raise InvalidInput("clip.shot-list-empty")
        else:
            spec["prompt"] = values[self.prompt] or ""
        if not image:
            return "text_to_video", spec
        return "image_to_video", {**spec, "image": image}

    def has_image(self, values: Values) -> bool:
        """Return whether a picture is given for the clip or for a shot."""
        return bool(values[self.image] or values[self.pictures])

    def restored(self, spec: Mapping[str, Any]) -> Updates:
        """Return updates for `inputs` that restore a recipe's spec; uploaded files are not kept."""
        engine = spec.get("engine", AUTO)
        rows = shots_as_rows([ShotSpec.model_validate(shot) for shot in spec.get("shots", [])])
        listed = not spec.get("prompt")
        return {
            self.source: SHOTS if listed else TEXT,
            **({self.shots: rows} if listed else {}),
            self.engine: engine,
            self.size: gr.update(choices=self.size_choices(engine, spec.get("size", "")), value=spec.get("size", "")),
            self.narration: spec.get("narration") is not False,
            self.voice: self.voice_update(spec.get("voice", "")),
            self.captions: spec.get("captions", "burned"),
            self.join: spec.get("join", "crossfade"),
            self.seed: "" if spec.get("seed") is None else str(spec["seed"]),
            self.seconds: spec.get("seconds") or 0,
            self.negative: spec.get("negative", ""),
            **restored_values(self.options, engine, spec.get("options", {})),
        }

    def automatic(self, *, with_image: bool = False) -> str:
        """Return the engine that "auto" selects now, or ""."""
        try:
            return self._clips.engines.choose(AUTO, {}, with_image=with_image).card.id
        except GreenroomError:
            return ""

    def clip_settings(self, values: Values, *, with_image: bool = False) -> ClipSettings:
        """Return engine, options and size from the values of `engine`, `size` and the options' controls.

        Raises:
            GreenroomError: a value is invalid.
        """
        engine = values[self.engine]
        engine_id = self.automatic(with_image=with_image) if engine == AUTO else engine
        given = chosen_options(self.options, engine_id, values)
        return self._clips.engines.form(self._studio.catalog.get(engine_id), given, values[self.size] or "", 0)

    def engine_choices(self) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.VIDEO)
        return [
            ("Automatic", AUTO),
            *((row.card.title if row.ready else f"{row.card.title} · {NOT_READY}", row.card.id) for row in rows),
        ]

    def size_choices(self, engine: str, further: str = "") -> list[tuple[str, str]]:
        engine_id = self.automatic() if engine == AUTO else engine
        found = self._studio.catalog.get(engine_id or "animatic")
        rules = self._clips.engines.rules(found, found.Options())
        sizes = [(f"{size.title} ({size.width} × {size.height})", f"{size.width}x{size.height}") for size in rules.sizes]
        known = {value for _, value in sizes}
        return [("As the engine likes best", ""), *sizes, *([(further, further)] if further and further not in known else [])]

    def voice_choices(self, chosen: str = "") -> Choices:
        return voice_choices(self._studio, "Automatic: the clearest for the text", chosen=chosen)

    def voice_update(self, voice: str) -> Any:
        """Return an update with the present list of voices, with `voice` chosen."""
        voice = renamed_or_same(self._studio, voice)
        return gr.update(choices=self.voice_choices(voice), value=voice)

    def _voice_now(self, held: str | None) -> Any:
        voice = renamed_or_same(self._studio, held or "")
        return live_update(self.voice_choices(voice), held, voice)

    @property
    def live(self) -> LiveList:
        """The lists of this form."""

        def refreshed(values: Values) -> Updates:
            voice = self._voice_now(values[self.voice])
            return {self.voice: voice, self.engine: gr.update(choices=self.engine_choices())}

        return LiveList((Topic.VOICES, Topic.ENGINES), (self.voice,), (self.voice, self.engine), refreshed)

    def listed(self, values: Values) -> list[dict[str, Any]]:
        """Return the shots of the text or the table in the format of a spec, with their pictures."""
        if values[self.source] == SHOTS:
            return with_pictures(rows_as_shots(values[self.shots]), values[self.pictures])
        prompt = values[self.prompt] or ""
        found = self.shots_of(prompt, values[self.engine]) if prompt.strip() else []
        return with_pictures([shot.model_dump(exclude_defaults=True) for shot in found], values[self.pictures])

    def shots_of(self, prompt: str, engine: str) -> list[ShotSpec]:
        """Return a text as shots, in the way of the chosen engine."""
        engine_id = self.automatic() if engine == AUTO else engine
        burns = self._studio.catalog.get(engine_id).card.traits_of(VideoTraits).burns_captions
        return split_script(prompt, detect(prompt)) if burns else split_lines(prompt)


def rows_as_shots(table: Sequence[Sequence[Any]] | None) -> list[dict[str, Any]]:
    """Return the shots of a table; rows without picture and words are skipped.

    Raises:
        InvalidInput: the seconds of a row are no number.
    """
    shots: list[dict[str, Any]] = []
    for number, row in enumerate(table or [], 1):
        picture, says, seconds, camera = (*row, *[""] * (4 - len(row)))[:4]
        picture, says = str(picture or "").strip(), str(says or "").strip()
        if not picture and not says:
            continue
        shot: dict[str, Any] = {"prompt": picture or says, "say": says, "camera": str(camera or "").strip()}
        if seconds not in (None, "", 0):
            try:
                shot["seconds"] = float(seconds)
            except (TypeError, ValueError):
                raise InvalidInput("clip.no-seconds", row=number, given=str(seconds)[:20]) from None
        shots.append(shot)
    return shots


def with_pictures(shots: Sequence[dict[str, Any]], pictures: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the shots with a picture each, in order; further pictures become additional shots."""
    given = list(pictures or ())
    shown = [{**shot, "image": picture} for shot, picture in zip(shots, given, strict=False)]
    return [*shown, *shots[len(given) :], *({"image": picture} for picture in given[len(shots) :])]


def shots_as_rows(shots: Sequence[ShotSpec]) -> list[list[Any]]:
    """Return shots as rows of the table, with an empty row at the end."""
    return [[shot.prompt, shot.say, shot.seconds, shot.camera] for shot in shots] or [["", "", None, ""]]


def seconds_of(shots: Sequence[ShotSpec]) -> float:
    """Estimate the length of shots, at thirteen spoken letters a second."""
    return sum(max(shot.seconds or 0, len(shot.say) / 13 + 1.05 if shot.say else shot.seconds or USUAL_SECONDS) for shot in shots)
