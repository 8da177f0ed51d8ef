"""The list of voices: the folders on disk at this moment, and the samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from media.messages.message import Message
from studio.files import remove_staging_files, slug
from studio.voices.model import Voice
from studio.voices.names import LONGEST_NAME, valid_name, visible
from studio.voices.store import MASTER, MASTER_NAME, RECORD, read_voice

_Stamp = tuple[tuple[int, int], ...]


class VoiceIndex:
    """Reads the folders of `root`, and again only those in which a file was replaced, written or removed.

    Not thread-safe: its owner must lock.
    """

    def __init__(self, root: Path, samples: tuple[Voice, ...]) -> None:
        self._root = root
        self._samples = samples
        self._read: dict[str, tuple[_Stamp, Voice]] = {}

    def voices(self) -> list[Voice]:
        """Return all voices: saved ones by name, then the samples."""
        return sorted(
            [*self._saved(), *self._samples], key=lambda voice: (voice.built_in, voice.name.casefold(), voice.name, voice.id)
        )

    def free_name(self, name: str) -> str:
        """Return `name`, or “NAME (2)” and so on if it is taken."""
        taken = {voice.name for voice in self.voices()}
        candidate, number = name, 2
        while candidate in taken:
            suffix = f" ({number})"
            candidate, number = valid_name(name[: LONGEST_NAME - len(suffix)] + suffix), number + 1
        return candidate

    def free_folder(self, name: str) -> Path:
        """Return a folder that does not exist yet, named after a voice."""
        base = slug(name, "voice")
        taken = {voice.id for voice in self._samples} | {entry.name for entry in self._root.iterdir()}
        number = 1
        while (identity := base if number == 1 else f"{base}-{number}") in taken:
            number += 1
        return self._root / identity

    def tidy(self, older_than: float) -> None:
        """Remove what crashes left behind, and masters that were replaced. Called when the studio opens."""
        remove_staging_files(self._root, older_than)
        for folder in self._folders():
            remove_staging_files(folder, older_than)
            voice = self._cached(folder)
            if not voice.damage:
                for other in folder.glob("master*.wav"):
                    if other.name != voice.master.name and MASTER_NAME.fullmatch(other.name):
                        other.unlink(missing_ok=True)

    def _folders(self) -> list[Path]:
        return [folder for folder in sorted(self._root.iterdir()) if _is_voice_folder(folder)]

    def _saved(self) -> list[Voice]:
        voices: list[Voice] = []
        taken = {voice.name for voice in self._samples}
        present = self._folders()
        for folder in present:
            voice = self._cached(folder)
            if voice.name in taken:
                voice = _second_of_its_name(voice)
            taken.add(voice.name)
            voices.append(voice)
        self._read = {folder.name: self._read[folder.name] for folder in present}
        return voices

    def _cached(self, folder: Path) -> Voice:
        stamp = (_stamp(folder), _stamp(folder / RECORD), _stamp(folder / MASTER))
        known = self._read.get(folder.name)
        if known is None or known[0] != stamp:
            known = stamp, read_voice(folder)
            self._read[folder.name] = known
        return known[1]


def _second_of_its_name(voice: Voice) -> Voice:
    """A folder that was copied in by hand: listed under a name of its own so that it can be deleted."""
    damage = Message.of("voice.name-twice", voice=visible(voice.name), folder=voice.id).reason()
    return replace(voice, name=f"{voice.name} [{voice.id}]", damage=voice.damage or damage)


def _is_voice_folder(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not folder.name.startswith(".")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
