"""Read-only search of model folders on this machine, with checks for complete files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.comfyui.client.inventory import ModelFile

MODEL_ENDINGS = frozenset({".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".onnx", ".pkl"})
MOST_FILES = 200_000
"""A root with more files than this is no folder of models; the rest of it is not looked at."""
LEGACY_FOLDERS = {"unet": "diffusion_models", "clip": "text_encoders"}
"""Folders under their older names; the server lists both under the newer one."""
LARGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class DiskFile(ModelFile):
    """A model file on this machine."""

    path: Path = Path()

    @property
    def whole_bytes(self) -> int | None:
        """Size of the file by its own header in bytes; None if its format has none.

        A .safetensors file begins with the length of its header, which tells where each tensor ends
        (https://github.com/huggingface/safetensors). A file that is too short for its header counts as one byte too short.
        """
        if self.path.suffix.lower() not in (".safetensors", ".sft") or not self.size_bytes:
            return None
        try:
            with self.path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                if not 2 <= length <= LARGEST_HEADER or length + 8 > self.size_bytes:
                    return self.size_bytes + 1
                header = json.loads(file.read(length))
            ends = [int(part["data_offsets"][1]) for name, part in header.items() if name != "__metadata__"]
        except OSError:
            return None
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return self.size_bytes + 1
        return 8 + length + max(ends, default=0)

    @property
    def whole(self) -> bool:
        """Whether it is not empty, and has everything that its header declares."""
        wanted = self.whole_bytes
        return bool(self.size_bytes) and (wanted is None or (self.size_bytes or 0) >= wanted)


def parse_roots(text: str | Iterable[str | Path]) -> tuple[Path, ...]:
    """Folders from a setting: separated by commas, semicolons or line breaks, or given as a list; empty ones and doubles go."""
    parts = re.split(r"[,;\n]", text) if isinstance(text, str) else [str(part) for part in text]
    folders = (Path(part.strip().strip("\"'")).expanduser() for part in parts if part.strip().strip("\"'"))
    return tuple(dict.fromkeys(folders))


def scan_roots(roots: Iterable[Path]) -> dict[str, list[DiskFile]]:
    """Model files under each root by the name of its first folder, links followed once; a root that cannot be read is empty."""
    found: dict[str, list[DiskFile]] = {}
    left = MOST_FILES
    for root in roots:
        seen: set[str] = set()
        for place, folders, names in os.walk(root, followlinks=True):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            parts = Path(place).relative_to(root).parts
            for name in names if parts else ():
                left -= 1
                if left < 0:
                    return found
                path = Path(place, name)
                if path.suffix.lower() in MODEL_ENDINGS:
                    file = DiskFile("/".join((*parts[1:], name)), _size(path), str(root), path)
                    found.setdefault(LEGACY_FOLDERS.get(parts[0], parts[0]), []).append(file)
    return found


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
