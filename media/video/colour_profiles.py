"""Conversion of pictures with a colour profile (Adobe RGB, Display P3, CMYK) to sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_TO_BE_CONVERTED = ("RGB", "RGBA", "L", "LA", "CMYK", "LAB")


def in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in sRGB, relative to its white, as browsers show it; unchanged without a profile, or with one that is
    damaged, is sRGB already, or is for another kind of picture."""
    given = image.info.get("icc_profile")
    if not given or image.mode not in _TO_BE_CONVERTED:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(given))
        if "srgb" in (ImageCms.getProfileDescription(profile) or "").lower():
            return image
        return _converted(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    plain = image.convert(image.mode.removesuffix("A")) if alpha is not None else image
    converted = ImageCms.profileToProfile(
        plain,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted
