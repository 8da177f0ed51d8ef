"""The spec of a batch of lines."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from capabilities.common.seed import LARGEST_SEED
from capabilities.voiceover.spec import LONGEST_SCRIPT, CheckMode, LoudnessTarget, Pause, VoiceoverSpec, known_format
from studio.files import slug

MOST_LINES = 1_000


LONGEST_LINE = 20_000


class VoiceoverBatchSpec(BaseModel):
    """Lines to speak, each into its own file.

    Args:
        lines: one text, in the script language, for each file; a text with line ends is split at them. Empty ones make no file
            but count, so that a file has the number of its row.
        everything else: as in VoiceoverSpec, for all lines.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    lines: tuple[Annotated[str, Field(max_length=LONGEST_LINE)], ...] = Field(min_length=1, max_length=MOST_LINES)
    voice: str = Field("", max_length=200)
    engine: str = Field("auto", max_length=100)
    options: dict[str, Any] = {}
    format: str = "wav"
    language: str = Field("auto", max_length=35)
    speakers: dict[str, str] = {}
    just_text: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    replace_unsayable: bool = False
    loudness: LoudnessTarget | None = None
    sentence_pause: Pause | None = None
    clause_pause: Pause | None = None
    comma_pause: Pause | None = None
    speaker_pause: Pause | None = None
    subtitle_line: int | None = Field(None, ge=0, le=120)
    subtitle_lines: int | None = Field(None, ge=1, le=4)
    subtitle_speed: float | None = Field(None, ge=0, le=100)
    title: str = Field("", max_length=200)
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED)
    check: CheckMode | None = None
    check_with: str = Field("auto", max_length=100)

    @field_validator("lines", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        given = value.splitlines() if isinstance(value, str) else value
        if not isinstance(given, list | tuple):
            return given
        lines = [line.strip() if isinstance(line, str) else line for line in given]
        while lines and lines[-1] == "":
            lines.pop()
        return () if all(line == "" for line in lines) else tuple(lines)

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        return known_format(value)

    def of_line(self, index: int) -> VoiceoverSpec:
        """Return the narration of one line."""
        shared = self.model_dump(exclude={"lines", "title"})
        return VoiceoverSpec(script=self.lines[index], title=file_name(index, self.lines[index]), **shared)

    def of_all(self) -> VoiceoverSpec | None:
        """Return one narration of all lines; None if it would exceed the length of a script."""
        script = "\n\n".join(line for line in self.lines if line)
        if len(script) > LONGEST_SCRIPT:
            return None
        return VoiceoverSpec(script=script, **self.model_dump(exclude={"lines", "title"}))


NAME_BYTES = 48


def file_name(index: int, text: str) -> str:
    """Return a name such as `001_the-tide-goes-out`: the line's number and its first words."""
    return f"{index + 1:03}_{slug(' '.join(text.split()[:8]), 'line', NAME_BYTES)}"
