"""Small files of every format that the studio signs, and those of strangers."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
from c2pa import Builder, C2paSignerInfo, Context, Signer
from PIL import Image

from media.audio.audio import Audio
from media.audio.encode import write_audio
from studio.provenance.certificate import SigningIdentity
from tests.media.samples import encode_video

EMBEDDED = ("wav", "mp3", "m4a", "m4b", "flac", "mp4", "png", "jpg", "webp", "zip")
SIDECARS = ("ogg", "opus", "mkv", "srt", "vtt")
RECIPE = {
    "kind": "voiceover", "engine": "kokoro", "engine_version": "2", "seed": 7, "studio_version": "1", "voice": "Grandmother Anna",
    "title": "To my dear son", "inputs": [
        {"role": "script", "name": "To my dear son", "sha256": "c" * 64},
        {"role": "voice", "name": "Grandmother Anna", "version": "b1"},
        {"role": "portrait", "name": "anna at the sea.png", "sha256": "d" * 64},
    ],
    "licences": [{"name": "kokoro", "licence": "Apache-2.0", "commercial_use": True},
                 {"name": "Grandmother Anna", "licence": "only for the family", "commercial_use": False}],
    "commercial_use": False, "options": {"style": "tired"}, "spec": {"script": "The money is under the stone."},
    "consents": {"Grandmother Anna": "only for the family"},
}  # fmt: skip
PRIVATE = ("Anna", "Grandmother", "dear son", "stone", "family", "sea.png", "tired")
"""Words of the recipe that must not be in a signed file."""


def write_sample(folder: Path, kind: str) -> Path:
    """A whole file of this kind, with noise rather than silence so that a changed byte is a change."""
    path = folder / f"sample.{kind}"
    random = np.random.default_rng(3)
    if kind in ("png", "jpg", "webp"):
        Image.fromarray(random.integers(0, 255, (48, 64, 3), np.uint8)).save(path)
    elif kind in ("srt", "vtt"):
        head = "WEBVTT\n\n" if kind == "vtt" else "1\n"
        path.write_text(f"{head}00:00:00,000 --> 00:00:01,000\nGood morning.\n", "utf-8")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("one.txt", "Good morning. " * 50)
    elif kind in ("mp4", "mkv"):
        sound = Audio(0.1 * random.standard_normal((24_000, 1)).astype(np.float32), 48_000)
        encode_video(path, "matroska" if kind == "mkv" else "mp4", "libx264", "aac", sound)
    else:
        sound = Audio(0.1 * random.standard_normal(24_000).astype(np.float32), 24_000)
        writable = path.with_name("book.m4a") if kind == "m4b" else path
        write_audio(writable, sound, writable.suffix[1:])
        writable.replace(path)
    return path


def sign_elsewhere(identity: SigningIdentity, source: Path, target: Path, kind: str, *, address: str = "") -> Path:
    """Sign as a stranger's program would: with c2pa itself. With an `address` the statement lies there, not in the file."""
    manifest = {
        "claim_generator_info": [{"name": "Stranger", "version": "3"}], "title": "A file",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType":
            "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}]}}],
    }  # fmt: skip
    info = C2paSignerInfo(identity.algorithm.encode(), identity.certificates.encode(), identity.key.encode(), None)
    settings = {"version": 1, "builder": {"thumbnail": {"enabled": False}}}
    with Context.from_dict(settings) as context, Builder(json.dumps(manifest), context=context) as builder:
        if address:
            builder.set_no_embed()
            builder.set_remote_url(address)
        with source.open("rb") as given, target.open("w+b") as signed:
            builder.sign(Signer.from_info(info), kind, given, signed)
            os.fsync(signed.fileno())
    return target
