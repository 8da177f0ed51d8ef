"""Indices of the 468 mesh points. "Right" and "left" are the person's own; the right side is on the left in a picture.

Numbers as in MediaPipe's canonical face model (Apache License 2.0).
"""

from __future__ import annotations

INNER_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
"""From the right corner of the mouth to the left one."""
INNER_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
MOUTH_CORNERS = (78, 308)

RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
"""From the outer to the inner corner of the eye."""
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER_LID = (263, 249, 390, 373, 374, 380, 381, 382, 362)
OUTER_EYE_CORNERS = (33, 263)
EYE_CORNERS = (33, 133, 362, 263)

RIGHT_BROW = (70, 63, 105, 66, 107)
LEFT_BROW = (300, 293, 334, 296, 336)

FOREHEAD, NOSE_BASE, CHIN = 10, 2, 152
RIGHT_CHEEK_EDGE, LEFT_CHEEK_EDGE = 234, 454
CHEEKS = (205, 425, 50, 280)

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

RIGID = (33, 133, 263, 362, 168, 6, 197, 195, 5, 4, 1, 10, 151, 9, 8, 127, 356, 234, 454)
"""Points that keep their places in the head whatever the face does."""
