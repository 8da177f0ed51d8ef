"""The cast of a script: a picker for each speaker, with distinct voices as proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import gradio as gr

from capabilities.voiceover.capability import Voiceover
from engines.contract import EngineKind
from engines.speech.defaults import casting_order
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.lists.live_lists import LiveDropdown
from tabs.common.lists.voice_choices import AUTO, AUTOMATIC_VOICE, Choices, live_update, renamed_or_same, voice_choices
from tabs.common.wiring import Updates, Values
from tabs.voiceover.cast_rows import MOST_ROWS, CastRows

PICKERS = 12
"""Speakers with a picker of Gradio's; those beyond have drawn rows."""
MOST_SPEAKERS = PICKERS + MOST_ROWS
"""Rows of the cast; who speaks beyond them is given a voice in the script, as in Anna (voice=hibari/heart)."""

JUST_TEXT = "/text"
"""Value of a row for a label that is no speaker; no voice has this name."""


class CastPickers:
    """The folding list of speakers with the voice of each.

    Args:
        secret: lets the browser keep the chosen voices between visits.
    """

    def __init__(self, studio: Services, narrations: Voiceover, secret: str) -> None:
        self._studio, self._narrations = studio, narrations
        self.speakers = gr.State([])
        """The labels of the script in the box, in the order of `pickers`, then of `more`."""
        self.wishes = gr.BrowserState({}, storage_key="greenroom.cast", secret=secret)
        """The chosen voices by the speaker's name, for all scripts."""
        with gr.Accordion("Cast", open=True, visible=False, elem_id="cast") as self.accordion:
            with gr.Row():
                self.pickers = [
                    LiveDropdown([("As above", "")], value="", label=f"Speaker {n}", visible=False, min_width=180)
                    for n in range(1, PICKERS + 1)
                ]
            self.more = CastRows(self.wishes)

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads."""
        return {self.speakers, self.more.chosen, *self.pickers}

    def spec(self, values: Values) -> dict[str, Any]:
        """Return the fields `speakers` and `just_text` of a voiceover job."""
        cast = self._chosen(values)
        return {
            "speakers": {name: voice for name, voice in cast.items() if voice != JUST_TEXT},
            "just_text": [name for name, voice in cast.items() if voice == JUST_TEXT],
        }

    def _chosen(self, values: Values) -> dict[str, str]:
        names = values[self.speakers] or []
        picked = {name: values[picker] or "" for name, picker in zip(names, self.pickers, strict=False)}
        beyond = values[self.more.chosen] or {}
        return picked | {name: self._present(beyond[name]) for name in names[PICKERS:] if name in beyond}

    def wished(self, values: Values) -> dict[str, str]:
        """Return `wishes` with the present values of the pickers."""
        known = values[self.wishes] if isinstance(values[self.wishes], dict) else {}
        return {**known, **self._chosen(values)}

    def restored(self, engine: str, cast: Mapping[str, str], names: Sequence[str]) -> Updates:
        """Return updates that restore the cast of a recipe.

        Args:
            engine: the engine that the recipe names.
            cast: its speakers, each with a voice.
            names: the speakers of the script that stands in the box now.
        """
        pickers = zip(names, self.pickers, strict=False)
        beyond = {name: self._present(cast.get(name, "")) for name in names[PICKERS:]}
        return {
            self.wishes: dict(cast),
            **{one: self._update(engine, cast[name]) for name, one in pickers if name in cast},
            **self.more.shown(beyond, self._choices(engine, "") if beyond else []),
        }

    def headed(self, count: int) -> Any:
        """Return an update of the accordion for a number of speakers; if there are too few pickers, its heading says how the
        other speakers get a voice.
        """
        more = f"Cast: {MOST_SPEAKERS} of {count}; the others get a voice in the script, as in “Anna (voice=kokoro/af_sarah): …”"
        return gr.update(visible=count > 0, label=more if count > MOST_SPEAKERS else "Cast")

    def hidden(self) -> Updates:
        """Return updates for an empty script: no speakers, and all pickers hidden."""
        hidden = gr.update(visible=False)
        return {self.speakers: [], self.accordion: hidden, **dict.fromkeys(self.pickers, hidden), **self.more.shown({}, [])}

    def for_script(
        self,
        names: Sequence[str],
        text: Sequence[str],
        engine_id: str,
        language: str,
        wishes: Mapping[str, str],
        *,
        narrated: bool,
    ) -> Updates:
        """Return updates for the pickers of a script's speakers, each with its chosen voice or a proposed one; the others are
        hidden.

        Args:
            names: labels that are speakers.
            text: labels that may be speakers and count as text unless they are chosen.
            narrated: the script also has a narrator, whose voice is not proposed for a speaker.
        """
        voices = self.proposed_voices(engine_id, language)
        proposed = cycle(voices[1:] if narrated and len(voices) > 1 else voices)
        chosen = [wishes[name] if name in wishes else next(proposed) for name in names]
        chosen += [wishes.get(name, JUST_TEXT) for name in text]
        rows = list(zip([*names, *text], chosen, strict=True))[:MOST_SPEAKERS]
        shown = [self._update(engine_id, voice, visible=True, label=name) for name, voice in rows[:PICKERS]]
        hidden = [gr.update(visible=False)] * (PICKERS - len(shown))
        beyond = {name: self._present(voice) for name, voice in rows[PICKERS:]}
        return {
            **dict(zip(self.pickers, [*shown, *hidden], strict=True)),
            **self.more.shown(beyond, self._choices(engine_id, "") if beyond else []),
        }

    def refreshed(self, values: Values, engine_id: str) -> Updates:
        """Return updates for the visible pickers, and the list of the drawn rows, after a change of voices or engines."""
        updates: Updates = {}
        if len(values[self.speakers] or []) > PICKERS:
            updates[self.more.voices] = self.more.listed(self._choices(engine_id, ""))
        for picker, _ in zip(self.pickers, values[self.speakers] or [], strict=False):
            named = values[picker] or ""
            chosen = named if named == JUST_TEXT else renamed_or_same(self._studio, named)
            updates[picker] = live_update(self._choices(engine_id, chosen), values[picker], chosen)
        return updates

    def _present(self, voice: str) -> str:
        """Return the present name of a voice."""
        return voice if voice == JUST_TEXT else renamed_or_same(self._studio, voice)

    def _update(self, engine: str, voice: str, **more: Any) -> Any:
        voice = self._present(voice)
        return gr.update(choices=self._choices(engine, voice), value=voice, **more)

    def _choices(self, engine: str, voice: str) -> Choices:
        known = voice_choices(self._studio, AUTOMATIC_VOICE, engine, "" if voice == JUST_TEXT else voice)
        return [("Just text: read aloud", JUST_TEXT), ("A speaker, as chosen above", ""), *known[1:]]

    def proposed_voices(self, engine_id: str, language: str) -> list[str]:
        """Return different voices for a script's speakers; the first is the narrator's. If no engine is chosen, voices of all
        ready engines follow those of the default engine."""
        try:
            casting = self._narrations.resolver.cast("", engine_id, language)
        except GreenroomError:
            return [""]
        engine, own = casting.engine_cls, casting.voice.preset
        ready = (
            [one.card.id for one in self._studio.engines.statuses(EngineKind.SPEECH) if one.ready] if engine_id == AUTO else []
        )
        others = [self._studio.catalog.get(one) for one in ready if one != engine.card.id]
        found = [
            (f"{one.card.id}/{voice.id}", voice)
            for one in (engine, *others)
            for voice in one.preset_voices(self._studio.site)
            if voice.language.split("-")[0] == language
        ]
        return ["", *casting_order(f"{engine.card.id}/{own}", found)]
