"""Still pictures: reading them upright and opaque, and telling them from videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from media.errors import MediaError
from media.video.read import LARGEST_SIDE, Picture

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
_MOST_PIXELS = 100_000_000
_USE = "Use a PNG, JPEG or WebP picture."


def is_image(path: Path) -> bool:
    """Whether a file is a still picture by its content, whatever its name."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            return not getattr(image, "is_animated", False)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return False


def read_image(path: Path | str) -> Picture:
    """A still picture as RGB: turned as its EXIF data says, transparency laid on white, 16-bit depths brought to 8.

    Raises:
        MediaError: in words, for a file that is missing, damaged, no picture or too large.
    """
    path = Path(path)
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(image, path)
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("I;16", "I", "F"):
                values = np.asarray(upright, np.float32)
                upright = Image.fromarray((values / max(1.0, values.max() / 255)).astype(np.uint8))
            if "A" in upright.getbands() or "transparency" in upright.info:
                ground = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(ground, upright.convert("RGBA"))
            return np.ascontiguousarray(np.asarray(upright.convert("RGB")))
    except FileNotFoundError:
        raise MediaError(f"{path.name} does not exist.", "Check its name.") from None
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        raise MediaError(f"{path.name} is damaged or not a picture.", _USE) from None


def write_picture(path: Path | str, picture: Picture, longest_side: int = 0) -> None:
    """A picture as PNG or JPEG, as the name ends; made smaller where it is longer than `longest_side` (0 keeps it)."""
    image = Image.fromarray(picture)
    if longest_side:
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    image.save(path)


def _check_size(image: Image.Image, path: Path) -> None:
    width, height = image.size
    if max(width, height) > LARGEST_SIDE or width * height > _MOST_PIXELS:
        raise MediaError(
            f"{path.name} is {width} × {height} pixels; {LARGEST_SIDE} on the longer side is the most.", "Make it smaller."
        )
