"""The saved voices of a studio."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from studio.errors import InvalidInput, NotFound
from studio.files import KEPT_SECONDS, empty_trash, set_aside, slug, staging_path, take_back, write_json
from studio.licences import UNKNOWN, LicenceTerms
from studio.settings import VoiceSettings
from studio.voices.archive import EXTENSION, pack, unpack
from studio.voices.builtin import read_samples
from studio.voices.clip_checks import ClipMeasurements, accepted, check_clip, measure_clip
from studio.voices.index import VoiceIndex
from studio.voices.masters import read_master
from studio.voices.model import ClipReport, TranscriptStatus, Voice, Window
from studio.voices.names import composed, did_you_mean, near_matches, saved_voices, valid_name, visible
from studio.voices.store import (
    MASTER,
    RECORD,
    VoiceRecord,
    record_fields,
    record_of,
    sound_fields,
    transcript_fields,
    voice_of,
    with_transcript_finding,
)

_STALE_SECONDS = 3600.0


class Voices:
    """Voices in `root`, one folder each, and the read-only ones in `samples`.

    The files are authoritative: a folder that was copied in is a voice, one that was removed is none, and a damaged one is listed
    with its damage and affects no others.

    Any thread may call any method. One lock guards the names and the moment in which a folder appears, changes or is removed;
    sound is decoded and checked outside of it. Nothing else is locked while it is held.

    Args:
        root: folder of the saved voices; made if it is missing.
        samples: folder with the sample voices.
        settings: the shortest and longest length.
    """

    def __init__(self, root: Path, samples: Path, settings: VoiceSettings) -> None:
        self._root = root
        self._settings = settings
        self._lock = threading.RLock()
        self._deleted: dict[str, str] = {}
        self._former: dict[str, str] = {}
        """Names that voices had since the studio was opened, with their ids."""
        self._exports = root / ".exports"
        shutil.rmtree(self._exports, ignore_errors=True)
        self._exports.mkdir(parents=True)
        self._shelf = VoiceIndex(root, read_samples(samples))
        self._shelf.tidy(time.time() - _STALE_SECONDS)

    # Reading

    def list(self) -> list[Voice]:
        """Return all voices: saved ones by name, then the samples that ship with the studio."""
        with self._lock:
            return self._shelf.voices()

    def get(self, name: str) -> Voice:
        """Return the voice of exactly this name, damaged or not.

        Raises:
            NotFound: with similar names.
        """
        voices = self.list()
        wanted = composed(name)
        for voice in voices:
            if voice.name == wanted:
                return voice
        if now := self.renamed(wanted):
            raise NotFound("voice.renamed", voice=visible(wanted), now=visible(now))
        names = [voice.name for voice in voices]
        suggestion = did_you_mean(near_matches(wanted, names), saved_voices(names))
        raise NotFound("voice.unknown", voice=visible(wanted), suggestion=suggestion)

    def renamed(self, name: str) -> str:
        """Return the present name of the voice that had this name before it was renamed; "" if there is none."""
        identity = self._former.get(composed(name))
        return next((voice.name for voice in self.list() if identity and voice.id == identity), "")

    def resolve(self, name: str) -> Voice:
        """Return the voice of exactly this name, if it can be used.

        Raises:
            NotFound: as `get`.
            InvalidInput: the voice is damaged; the reason says how.
        """
        voice = self.get(name)
        if voice.damage:
            raise InvalidInput("voice.damaged", voice=visible(voice.name), damage=voice.damage)
        return voice

    def judge(self, clip: Path, window: Window | None = None, *, mend: bool = False) -> ClipReport:
        """Check whether `clip`, or its part, can become a voice. Nothing is saved.

        Raises:
            MediaError: the file cannot be decoded: missing, empty, corrupt, without sound.
        """
        return measure_clip(Path(clip), self._settings, window, mend=mend).judgement

    # Saving and changing

    def add(
        self,
        name: str,
        clip: Path,
        transcript: str = "",
        tags: Iterable[str] = (),
        consent: str = "",
        notes: str = "",
        window: Window | None = None,
        language: str = "",
        terms: LicenceTerms = UNKNOWN,
        mend: bool = False,
    ) -> Voice:
        """Save a voice from a clip, or from the part of it between the two times of `window`.

        Args:
            terms: licences of what made the clip, if the studio made it.
            mend: correct an offset, reversed polarity and empty channels first.

        Raises:
            InvalidInput: the name or a text is not valid, or the name is taken already.
            VoiceTooShort, VoiceTooLong (with the best window), VoiceRefused: the clip was checked and refused.
            MediaError: the file cannot be decoded.
        """
        fields = {"name": valid_name(name), "transcript": transcript, "tags": tuple(tags), "consent": consent, "notes": notes}
        record = record_of({**fields, "language": language, "created": time.time(), "licences": terms.parts})
        self._refuse_taken(record.name)
        heard = accepted(measure_clip(Path(clip), self._settings, window, mend=mend))
        status: TranscriptStatus = "given" if record.transcript else "none"
        return self._save(record.model_copy(update={"transcript_status": status}), heard)

    def update(
        self,
        voice: str,
        *,
        name: str | None = None,
        transcript: str | None = None,
        transcript_status: TranscriptStatus | None = None,
        language: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        consent: str | None = None,
        clip: Path | None = None,
        window: Window | None = None,
    ) -> Voice:
        """Change the given fields of the voice of exactly that name; `name` is its new one.

        A changed transcript gets the status "edited" unless `transcript_status` is given ("made" by a transcriber, "failed"). A
        new clip replaces the sound; the old file is kept until the studio opens again, for jobs that still read it.

        Raises:
            NotFound, InvalidInput, VoiceRefused, MediaError: as `get` and `add`.
        """
        heard = None if clip is None else accepted(measure_clip(Path(clip), self._settings, window))
        given = {"language": language, "notes": notes, "consent": consent, "tags": None if tags is None else tuple(tags)}
        with self._lock:
            old = self._changeable(voice)
            fields = record_fields(old) | {key: value for key, value in given.items() if value is not None}
            fields |= {"name": self._new_name(old, name), **transcript_fields(old, transcript, transcript_status)}
            folder = self._root / old.id
            if heard is not None:
                fields |= sound_fields(heard, folder / f"master-{old.version + 1}.wav")
            record = with_transcript_finding(record_of(fields))
            changed = record.sound != old.sound or record.transcript != old.transcript
            record = record.model_copy(update={"version": old.version + changed})
            write_json(folder / RECORD, record.model_dump(mode="json"))
            if record.name != old.name:
                self._former[old.name] = old.id
                self._former.pop(record.name, None)
            return voice_of(folder, record)

    def rename(self, voice: str, name: str) -> Voice:
        """Set the name of a voice; its id, folder and version do not change.

        Raises:
            NotFound, InvalidInput: unknown voice, a name that is not valid, or one that is taken.
        """
        return self.update(voice, name=name)

    def copy(self, name: str, new_name: str) -> Voice:
        """Save a new voice with the sound and texts of another, which may be a sample.

        Raises:
            NotFound, InvalidInput: as `rename`; also if the source is damaged.
        """
        source = self.resolve(name)
        record = record_of(
            record_fields(source) | {"name": valid_name(new_name), "created": time.time(), "version": 1, "master": MASTER}
        )
        self._refuse_taken(record.name)
        audio = read_master(source.master)
        return self._save(record, ClipMeasurements(audio, check_clip(audio, self._settings)))

    def delete(self, name: str) -> Voice:
        """Remove a voice, also a damaged one; return what was removed. `put_back` undoes it for half an hour.

        Raises:
            NotFound: no such voice.
            InvalidInput: it ships with the studio.
        """
        with self._lock:
            voice = self.get(name)
            _refuse_built_in(voice, "deletion")
            self._deleted[voice.name] = set_aside(self._root, self._root / voice.id)
            empty_trash(self._root, time.time() - KEPT_SECONDS)
        return voice

    def put_back(self, name: str) -> Voice:
        """Undo `delete`.

        Raises:
            NotFound: it is no longer kept.
            InvalidInput: another voice has its name now.
        """
        with self._lock:
            self._refuse_taken(name)
            take_back(self._root, self._deleted.get(name, ""))
            del self._deleted[name]
            return self.get(name)

    # One file

    def export(self, name: str, folder: Path | None = None) -> Path:
        """Write a voice as one file and return its path; by default in a folder of the studio.

        Raises:
            NotFound, InvalidInput: as `resolve`.
        """
        voice = self.resolve(name)
        target = (folder or self._exports) / f"{slug(voice.name, voice.id)}{EXTENSION}"
        pack(voice, target)
        return target

    def import_file(self, path: Path) -> Voice:
        """Save the voice in an exported file. If its name is taken it becomes “NAME (2)”.

        Raises:
            InvalidInput, VoiceRefused: it is no exported voice, is damaged, or its sound is not one that `add` would accept.
        """
        staged = staging_path(self._root, ".wav")
        try:
            record = unpack(Path(path), staged)
            audio = read_master(staged)
        finally:
            staged.unlink(missing_ok=True)
        heard = accepted(ClipMeasurements(audio, check_clip(audio, self._settings)))
        with self._lock:
            return self._save(record.model_copy(update={"name": self._shelf.free_name(record.name), "master": MASTER}), heard)

    # Internal

    def _changeable(self, name: str) -> Voice:
        voice = self.resolve(name)
        _refuse_built_in(voice, "change")
        return voice

    def _new_name(self, voice: Voice, name: str | None) -> str:
        new_name = voice.name if name is None else valid_name(name)
        if new_name != voice.name:
            self._refuse_taken(new_name)
        return new_name

    def _refuse_taken(self, name: str) -> None:
        if any(voice.name == name for voice in self.list()):
            raise InvalidInput("voice.name-taken", name=visible(name))

    def _save(self, record: VoiceRecord, heard: ClipMeasurements) -> Voice:
        staged = staging_path(self._root)
        staged.mkdir()
        try:
            record = record_of(record.model_dump() | sound_fields(heard, staged / MASTER))
            record = with_transcript_finding(record)
            write_json(staged / RECORD, record.model_dump(mode="json"))
            with self._lock:
                self._refuse_taken(record.name)
                folder = self._shelf.free_folder(record.name)
                staged.rename(folder)
                return voice_of(folder, record)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _refuse_built_in(voice: Voice, change: str) -> None:
    if voice.built_in:
        raise InvalidInput("voice.sample-stays", voice=visible(voice.name), change=change)
