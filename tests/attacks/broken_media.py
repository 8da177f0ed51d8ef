"""Makes broken media out of whole ones, and reads them in every way in which the studio reads what is uploaded.

`python -m tests.attacks.broken_media FOLDER FIRST LAST` reads a part of them and prints a line of JSON for each: a crash or
a hang of a decoder ends this process and no test.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from media.audio.audio import Audio
from media.audio.decode import decode_audio, probe
from media.audio.encode import write_audio
from media.audio.inspection import inspect
from media.errors import GreenroomError
from media.messages import catalogue
from media.video.images import is_image, read_image
from media.video.read import probe_video, read_frames
from studio.settings import VoiceSettings
from studio.voices.archive import unpack
from studio.voices.clip_checks import measure_clip
from tests.media.samples import encode_video
from tests.repository.sources import ROOT

COUNT = 500
SOUNDS = ("wav", "mp3", "m4a", "opus", "flac")
PICTURES = ("png", "jpg", "webp")
VIDEOS = ("mp4", "webm")


def whole_media(folder: Path) -> list[Path]:
    """One good file of each kind."""
    speech = decode_audio(ROOT / "assets" / "voices" / "LJ001-0001.wav")
    sound = Audio(speech.samples[: int(speech.rate * 3.2)], speech.rate)
    made = []
    for kind in SOUNDS:
        made.append(folder / f"whole.{kind}")
        write_audio(made[-1], sound, kind)
    noise = np.random.default_rng(5).integers(0, 255, (64, 96, 3), np.uint8)
    for kind in PICTURES:
        made.append(folder / f"whole.{kind}")
        Image.fromarray(noise).save(made[-1])
    for kind, codec, sound_codec in (("mp4", "libx264", "aac"), ("webm", "libvpx", "libopus")):
        made.append(folder / f"whole.{kind}")
        encode_video(made[-1], kind, codec, sound_codec, Audio(np.zeros((48_000, 1), np.float32), 48_000))
    return made


def break_them(folder: Path) -> list[Path]:
    """COUNT broken files in `folder`, the same in every run: cut off, bits turned, heads exchanged, holes, wrong endings."""
    chance = random.Random(7)
    seeds = {path: path.read_bytes() for path in whole_media(folder)}
    broken = []
    for number in range(COUNT):
        path = list(seeds)[number % len(seeds)]
        ways = (_cut_off, _turn_bits, _other_head, _hole, _nonsense_head, _twice)
        how: Callable[[bytes, bytes, random.Random], bytes] = ways[number // len(seeds) % len(ways)]
        other = chance.choice([one for one in seeds if one != path])
        ending = chance.choice([one.suffix for one in seeds]) if number % 4 == 3 else path.suffix
        broken.append(folder / f"{number:03}-{path.suffix[1:]}-{how.__name__[1:]}{ending}")
        broken[-1].write_bytes(how(seeds[path], seeds[other], chance))
    for path in seeds:
        path.unlink()
    return broken


def _cut_off(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    return whole[: chance.choice([0, 1, 4, 12, 44, 100, chance.randrange(len(whole)), chance.randrange(len(whole))])]


def _turn_bits(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    changed = bytearray(whole)
    for _ in range(chance.choice([1, 3, 20, 200])):
        changed[chance.randrange(chance.choice([64, len(changed)]))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _other_head(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    length = chance.choice([4, 12, 32, 128])
    return other[:length] + whole[length:]


def _hole(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(whole)), chance.choice([16, 256, len(whole) // 3])
    return whole[:at] + bytes([chance.choice([0, 255])]) * length + whole[at + length :]


def _nonsense_head(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """Sizes, rates and counts that cannot be: the largest numbers in the place of four bytes of the head."""
    at = chance.randrange(4, 60)
    return whole[:at] + b"\xff\xff\xff\x7f" + whole[at + 4 :]


def _twice(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    return whole[: chance.randrange(len(whole))] + other + whole[chance.randrange(len(whole)) :]


def readings() -> dict[str, Callable[[Path], Any]]:
    """Every way in which an uploaded file is first read, by the upload that leads there."""
    return {
        "save_voice": _as_voice,
        "transcribe": _as_sound,
        "face": _as_face,
        "image_to_video": read_image,
        "driving_video": _as_video,
        "import_voice": _as_package,
    }


def _as_voice(path: Path) -> None:
    measure_clip(path, VoiceSettings(), None)


def _as_sound(path: Path) -> None:
    info, audio = probe(path), decode_audio(path)
    assert info.rate > 0 and audio.rate > 0 and audio.frames > 0 and np.isfinite(inspect(audio).duration)


def _as_face(path: Path) -> None:
    picture = read_image(path) if is_image(path) else next(read_frames(path)).picture
    assert picture.ndim == 3 and picture.shape[2] == 3


def _as_video(path: Path) -> None:
    info = probe_video(path)
    assert info.width > 0 and info.fps > 0
    assert sum(1 for _ in zip(read_frames(path, info.fps), range(300), strict=False)) > 0


def _as_package(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        unpack(path, Path(folder) / "master.wav")


def read_part(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """What came of each file in each way: "right", or the written reason; anything else is the name of the exception."""
    for path in paths:
        found: dict[str, Any] = {"file": path.name, "seconds": 0.0}
        for name, read in readings().items():
            begin = time.perf_counter()
            try:
                read(path)
                found[name] = "right"
            except GreenroomError as error:
                found[name] = f"reason: {error}" if catalogue.entry(error.code, "en") else f"no code: {error}"
            except BaseException as error:
                found[name] = f"{type(error).__name__}: {error}"
            found["seconds"] = max(found["seconds"], time.perf_counter() - begin)
        yield found


if __name__ == "__main__":
    listed = sorted(Path(sys.argv[1]).iterdir())[int(sys.argv[2]) : int(sys.argv[3])]
    for line in read_part(listed):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
