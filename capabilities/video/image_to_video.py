"""Image to video: a clip that begins with a picture, or shows it."""

from __future__ import annotations

from typing import ClassVar

from capabilities.video.capability import TextToVideo
from capabilities.video.shots import check_length
from capabilities.video.spec import ImageVideoSpec, ShotSpec, VideoSpec
from capabilities.voiceover.capability import PreparedNarration
from studio.errors import InvalidInput
from studio.jobs.capability import CapabilityDescription


class ImageToVideo(TextToVideo):
    """The capability "image_to_video": one shot with a picture, or a list of shots of which the first has it."""

    kind: ClassVar[str] = "image_to_video"
    Spec = ImageVideoSpec

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Image to video", "Text-to-Video")

    def _prepared(self, spec: VideoSpec) -> tuple[VideoSpec, PreparedNarration | None]:
        assert isinstance(spec, ImageVideoSpec)
        if not spec.shots:
            if not spec.image:
                raise InvalidInput("clip.picture-missing")
            if spec.prompt.strip():
                check_length(spec.prompt)
            shot = ShotSpec(prompt=spec.prompt, camera=spec.prompt[:100], image=spec.image)
            spec = spec.model_copy(update={"shots": [shot]})
        elif spec.image and not spec.shots[0].image:
            first = spec.shots[0].model_copy(update={"image": spec.image})
            spec = spec.model_copy(update={"shots": [first, *spec.shots[1:]]})
        return super()._prepared(spec)
