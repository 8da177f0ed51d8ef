"""Surround sound mixed down to stereo by ITU-R BS.775-3.

Front channels keep their side, the centre goes to both at -3 dB, surrounds to their side at -3 dB, and the low-frequency effects
are left out, as the recommendation says. Layouts beyond its 3/2 (7.1, height channels) follow the same rule by the position of
each loudspeaker.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from media.audio.audio import Samples
from media.audio.mixing.limiter import Limiter

_HALF_POWER = 0.5**0.5
_NEAR, _ACROSS = 0.924, 0.383
"""Shares of a loudspeaker between the centre and one side: the law of constant power, half way."""

_LEFT, _RIGHT, _BOTH, _NONE = (1.0, 0.0), (0.0, 1.0), (_HALF_POWER, _HALF_POWER), (0.0, 0.0)
_LEFT_SURROUND, _RIGHT_SURROUND, _REAR_CENTRE = (_HALF_POWER, 0.0), (0.0, _HALF_POWER), (0.5, 0.5)
_SHARES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("FL", "WL", "DL"), _LEFT),
    **dict.fromkeys(("FR", "WR", "DR"), _RIGHT),
    **dict.fromkeys(("FC", "BFC"), _BOTH),
    **dict.fromkeys(("LFE", "LFE2"), _NONE),
    "FLC": (_NEAR, _ACROSS),
    "FRC": (_ACROSS, _NEAR),
    **dict.fromkeys(("SL", "BL", "SDL", "TFL", "TBL", "TSL", "BFL", "SSL", "TTL"), _LEFT_SURROUND),
    **dict.fromkeys(("SR", "BR", "SDR", "TFR", "TBR", "TSR", "BFR", "SSR", "TTR"), _RIGHT_SURROUND),
    **dict.fromkeys(("BC", "TC", "TFC", "TBC"), _REAR_CENTRE),
}
"""What of a loudspeaker goes to the left and to the right, by libavutil's names of positions."""

_USUAL = {
    3: ("FL", "FR", "FC"), 4: ("FL", "FR", "BL", "BR"), 5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"), 7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}  # fmt: skip
"""The positions of the channels of a file that does not declare them (the order of WAVE_FORMAT_EXTENSIBLE)."""

_CEILING = 0.985


class Downmix:
    """Mixes a stream of blocks [frames, channels] down to one or two channels; sound with one or two is unchanged.

    Where the sum of channels exceeds full scale a limiter holds it below; it is neither clipped nor attenuated as a whole.

    Args:
        positions: libavutil's name of each channel's loudspeaker.
        rate: of the stream, in hertz.
    """

    def __init__(self, positions: Sequence[str], rate: int) -> None:
        self._matrix = _matrix(positions)
        self._limiter = None if self._matrix is None else Limiter(rate, 2, 1.0, _CEILING)

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """Take a block and return what is ready; `last` returns the rest."""
        if self._matrix is None or self._limiter is None:
            return samples
        return self._limiter.process(np.ascontiguousarray(samples @ self._matrix), last)


def as_stereo(samples: Samples) -> Samples:
    """Return samples [frames, channels] with unknown positions as one or two channels."""
    matrix = _matrix(("",) * samples.shape[1])
    return samples if matrix is None else np.ascontiguousarray(samples @ matrix)


def _matrix(positions: Sequence[str]) -> Samples | None:
    """Return [channels, 2]; None if nothing is to be mixed."""
    if len(positions) == 1 or (len(positions) == 2 and not {"FC", "LFE"} & set(positions)):
        return None
    if not all(position in _SHARES for position in positions):
        usual = _USUAL.get(len(positions))
        # more channels than any usual layout has, at unknown positions: all are mixed to both sides
        positions = usual or ("FC",) * len(positions)
    return np.array([_SHARES[position] for position in positions], np.float32)
