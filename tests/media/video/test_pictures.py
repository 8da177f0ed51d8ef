"""Pictures as phones, browsers and photo programs make them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from media.errors import MediaError
from media.video.images import is_image, read_image
from media.video.read import probe_video, read_frames
from tests.media.video.odd_files import film

SKIN, WALL = (214, 147, 127), (150, 150, 150)


def picture() -> Image.Image:
    values = np.full((96, 128, 3), WALL, np.uint8)
    values[:, :64] = SKIN
    return Image.fromarray(values)


def near(seen: np.ndarray, wanted: tuple[int, int, int], within: int = 4) -> bool:
    return bool((np.abs(seen.astype(int) - wanted) <= within).all())


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def write_heic(path: Path, values: np.ndarray) -> Path:
    """A HEIC file as a phone's (ISO 23008-12): one HEVC picture, its size and its decoder's configuration as properties."""
    one = {"x265-params": "bframes=0"}  # of a single picture among B-frames x265 leaves the decoding time to chance
    coded = film(path.with_suffix(".mp4"), [values], codec="libx265", options=one).read_bytes()
    at = coded.index(b"hvcC") - 4
    settings = coded[at : at + struct.unpack(">I", coded[at : at + 4])[0]]
    start = coded.index(b"mdat") + 4
    sample = coded[start : start - 8 + struct.unpack(">I", coded[start - 8 : start - 4])[0]]
    tall, wide = values.shape[:2]
    properties = box(b"ipco", settings, full_box(b"ispe", struct.pack(">II", wide, tall)))
    associated = full_box(b"ipma", struct.pack(">IHBBB", 1, 1, 2, 0x81, 2))
    head = box(b"ftyp", b"heic", struct.pack(">I", 0), b"mif1heic")

    def meta(offset: int) -> bytes:
        return full_box(
            b"meta",
            full_box(b"hdlr", struct.pack(">I4s", 0, b"pict"), bytes(13)),
            full_box(b"pitm", struct.pack(">H", 1)),
            full_box(b"iloc", struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(sample))),
            full_box(b"iinf", struct.pack(">H", 1), full_box(b"infe", struct.pack(">HH4sB", 1, 0, b"hvc1", 0), version=2)),
            box(b"iprp", properties, associated),
        )

    data = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(data) + box(b"mdat", sample))
    return path


def test_a_phone_s_heic_and_a_browser_s_avif_are_pictures(tmp_path: Path) -> None:
    values = np.asarray(picture())
    picture().save(tmp_path / "a.avif", quality=95)
    for path in (write_heic(tmp_path / "a.heic", values), tmp_path / "a.avif"):
        assert is_image(path), path.name
        seen = read_image(path)
        assert seen.shape == values.shape
        assert near(seen[48, 32], SKIN, 8) and near(seen[48, 100], WALL, 8), (path.name, seen[48, 32])


def adobe_rgb() -> bytes:
    """A colour profile as Adobe RGB (1998) is: its own wide primaries and a gamma of 2.2 (ICC.1, matrix and curves)."""

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(one * 65536)) for one in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.19921875 * 256)) + bytes(2)
    name = b"Wide colours"
    words = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(1 + 12 + 67)
    words += bytes(-len(words) % 4)
    tags = {
        b"desc": words, b"cprt": b"text" + bytes(4) + b"None" + bytes(4), b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947), b"gXYZ": xyz(0.20528, 0.62567, 0.06087), b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for kind, content in tags.items():
        table += struct.pack(">4sII", kind, at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def test_a_profile_of_wide_colours_is_brought_to_srgb(tmp_path: Path) -> None:
    """Skin stored for Adobe RGB looks pale where its profile is ignored."""
    to_wide = ImageCms.profileToProfile(
        picture(), ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(adobe_rgb()))
    )
    assert to_wide is not None and not near(np.asarray(to_wide)[48, 32], SKIN, 10)
    to_wide.save(tmp_path / "a.jpg", quality=98, subsampling=0, icc_profile=adobe_rgb())
    seen = read_image(tmp_path / "a.jpg")
    assert near(seen[48, 32], SKIN) and near(seen[48, 100], WALL), seen[48, 32]


def test_srgb_no_profile_and_a_damaged_one_leave_the_values_alone(tmp_path: Path) -> None:
    values = np.asarray(picture())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number, profile in enumerate((None, srgb, b"nonsense" * 40)):
        picture().save(tmp_path / f"{number}.png", icc_profile=profile)
        np.testing.assert_array_equal(read_image(tmp_path / f"{number}.png"), values)


def test_transparency_stays_white_beside_a_profile(tmp_path: Path) -> None:
    see_through = picture()
    see_through.putalpha(Image.fromarray(np.tile(np.where(np.arange(128) < 64, 255, 0).astype(np.uint8), (96, 1))))
    see_through.save(tmp_path / "a.png", icc_profile=adobe_rgb())
    seen = read_image(tmp_path / "a.png")
    assert near(seen[48, 100], (255, 255, 255), 0) and not near(seen[48, 32], SKIN, 3)


def animated(path: Path, milliseconds: int = 80) -> Path:
    frames = [Image.fromarray(np.full((40, 60, 3), 20 * number, np.uint8)) for number in range(10)]
    options = {"lossless": True} if path.suffix == ".webp" else {"quality": 95} if path.suffix == ".avif" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, **options)
    return path


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "avif"])
def test_an_animation_is_a_clip(tmp_path: Path, ending: str) -> None:
    path = animated(tmp_path / f"a.{ending}")
    assert not is_image(path)
    info = probe_video(path)
    assert (info.width, info.height, info.fps, info.has_audio) == (60, 40, 12.5, False)
    assert info.duration == pytest.approx(0.8, abs=0.01)
    greys = [int(frame.picture.mean()) for frame in read_frames(path, info.fps, 0, 10)]
    assert np.abs(np.array(greys) - 20 * np.arange(10)).max() <= 6
    later = [int(frame.picture.mean()) for frame in read_frames(path, info.fps, 5, 2)]
    assert np.abs(np.array(later) - [100, 120]).max() <= 6


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tiff"])
def test_one_picture_in_a_format_of_many_is_a_picture(tmp_path: Path, ending: str) -> None:
    picture().save(tmp_path / f"a.{ending}")
    assert is_image(tmp_path / f"a.{ending}")


def test_pages_and_depths_make_no_clip(tmp_path: Path) -> None:
    """A TIFF of two pages, and a phone's JPEG that keeps a second picture behind the first (MPO)."""
    picture().save(tmp_path / "a.tiff", save_all=True, append_images=[picture()])
    picture().save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[picture()])
    for name in ("a.tiff", "a.jpg"):
        assert is_image(tmp_path / name) and read_image(tmp_path / name).shape == (96, 128, 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 and so on", "is a PDF document"),
        (b"<svg xmlns='x'></svg>", "is an SVG drawing"),
        (b"\xff\x0a" + bytes(100), "is a JPEG XL picture, which is not read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "damaged"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=words) as caught:
        read_image(path)
    assert "picture" in caught.value.hint and "WAV" not in caught.value.hint
    with pytest.raises(MediaError) as caught:
        probe_video(path)
    assert "MP4" in caught.value.hint and "WAV" not in caught.value.hint


def test_greys_in_shares_of_white_are_not_black(tmp_path: Path) -> None:
    """Scientific TIFF files keep 0 to 1 in floating point."""
    Image.fromarray(np.full((8, 8), 0.5, np.float32)).save(tmp_path / "a.tif")
    assert set(read_image(tmp_path / "a.tif").ravel()) == {127}
