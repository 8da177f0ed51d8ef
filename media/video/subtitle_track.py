"""Subtitles inside an MP4 file, as a track that players switch on and off (3GPP timed text, "mov_text")."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer

from media.text.cues import Cue

_TICKS = Fraction(1, 1000)
_LONGEST = 60_000
"""Bytes of one sample, whose length has sixteen bits."""
_STYLE = (
    b"[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 384\r\nPlayResY: 288\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    b"StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\r\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n\r\n"
    b"[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)
"""The encoder's own format for how text looks: white at the bottom, as players show it anyway."""


class SubtitleTrack:
    """Cues in order, without overlaps, written together with the pictures. Made before the container's first packet."""

    def __init__(self, container: OutputContainer, cues: Sequence[Cue]) -> None:
        self._container, self._cues = container, list(cues)
        self._stream: Any = container.add_stream("mov_text")
        self._stream.codec_context.subtitle_header = _STYLE
        self._stream.time_base = _TICKS

    def up_to(self, seconds: float) -> None:
        """Write the cues that begin before a time."""
        while self._cues and self._cues[0].start < seconds:
            self._write(self._cues.pop(0))

    def finish(self) -> None:
        self.up_to(float("inf"))

    def _write(self, cue: Cue) -> None:
        text = cue.text.strip().encode("utf-8")[:_LONGEST].decode("utf-8", "ignore").encode("utf-8")
        start, end = (round(seconds / _TICKS) for seconds in (cue.start, cue.end))
        if not text or end <= start:
            return
        packet = av.Packet(struct.pack(">H", len(text)) + text)
        packet.stream, packet.time_base = self._stream, _TICKS
        packet.pts = packet.dts = start
        packet.duration, packet.is_keyframe = end - start, True
        self._container.mux(packet)
