"""Decoded pictures as displayed: rotated or mirrored as the file says, with square pixels, in standard colours."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from media.video.tone_mapping import is_beyond, tone_mapped

_NEARLY_SQUARE = 0.01
"""Pixels whose sides differ by less are taken as square: encoders write such ratios when they round a size."""
_WIDEST_PIXEL = 8

Matrix = tuple[int, int, int, int]
"""Signs a, b, c, d of a display matrix: the pixel at (x, y) is shown at (a x + c y, b x + d y)."""

_AS_STORED: Matrix = (1, 0, 0, 1)


Size = tuple[int, int]
"""Width and height."""


def shown_size(frame: VideoFrame, aspect: Fraction | None) -> Size:
    """Return width and height of a picture as displayed.

    Args:
        aspect: width divided by height of a stored pixel; None if unknown.
    """
    return _as_shown((frame.width, frame.height), aspect, _matrix(frame))


def upright(frame: VideoFrame, aspect: Fraction | None, stored: Size = (0, 0)) -> NDArray[np.uint8]:
    """Return a picture as displayed, as RGB [height, width, 3].

    Args:
        stored: size of the stream's first picture. A picture of another size (in recordings of calls and windows) is fitted into
            it, with black borders; (0, 0) keeps the size of each.
    """
    if is_beyond(frame):
        picture = tone_mapped(frame)
    else:
        matrix = Colorspace.ITU709 if frame.colorspace == 1 or (frame.colorspace == 2 and frame.height >= 720) else None
        plain = frame.reformat(format="rgb24", src_colorspace=matrix) if matrix else frame.reformat(format="rgb24")
        picture = np.asarray(plain.to_ndarray(), np.uint8)
    size = _square(frame.width, frame.height, aspect)
    if size != (frame.width, frame.height):
        import cv2  # imported here, so that a start does not load it

        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    matrix_of_frame = _matrix(frame)
    picture = picture if matrix_of_frame == _AS_STORED else _placed(picture, matrix_of_frame)
    if stored in ((0, 0), (frame.width, frame.height)):
        return picture
    return _fitted(picture, _as_shown(stored, aspect, matrix_of_frame))


def _as_shown(stored: Size, aspect: Fraction | None, matrix: Matrix) -> Size:
    width, height = _square(*stored, aspect)
    return (height, width) if _lies(matrix) else (width, height)


def _fitted(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Return a picture in the middle of a black one of this size, as large as possible without cropping or distortion."""
    import cv2  # imported here, so that a start does not load it

    height, width = picture.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    small = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[0] - small[0]) // 2, (size[1] - small[1]) // 2
    ground = np.zeros((size[1], size[0], 3), np.uint8)
    ground[top : top + small[1], left : left + small[0]] = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return ground


def _square(width: int, height: int, aspect: Fraction | None) -> Size:
    """Return the size with square pixels that loses none: the shorter side of a pixel is stretched to the longer one."""
    if not aspect or abs(float(aspect) - 1) < _NEARLY_SQUARE or not 1 / _WIDEST_PIXEL <= aspect <= _WIDEST_PIXEL:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def _matrix(frame: VideoFrame) -> Matrix:
    """Return the nearest of the eight orientations of a picture."""
    beside: Any = frame.side_data
    found = next((one for one in beside if one.type is Type.DISPLAYMATRIX), None)
    if found is None:
        return _AS_STORED
    values = np.frombuffer(found, np.int32)
    a, b, c, d = (int(values[index]) for index in (0, 1, 3, 4))
    if not a * d - b * c:
        return _AS_STORED
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (1 if a > 0 else -1), 0, 0, (1 if d > 0 else -1)
    return 0, (1 if b > 0 else -1), (1 if c > 0 else -1), 0


def _lies(matrix: Matrix) -> bool:
    return matrix[0] == 0


def _placed(picture: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    a, b, c, d = matrix
    if _lies(matrix):
        picture, a, d = picture.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
