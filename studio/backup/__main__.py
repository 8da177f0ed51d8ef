"""`./launch.sh backup` and `./launch.sh restore`."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from studio.backup.restore import restore_backup
from studio.backup.write import default_path, write_backup
from studio.errors import GreenroomError
from studio.jobs.database import MIGRATIONS
from studio.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 on success, 2 on failure (with the reason on stderr), 130 if it was stopped; then nothing has changed."""
    given = _parser().parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    try:
        folder = load_settings(**overrides).data_folder
        if given.command == "backup":
            _back_up(folder, given)
        else:
            _restore(folder, given)
    except GreenroomError as error:
        sys.stderr.write(f"Greenroom: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was changed.\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./launch.sh", description="Keep what the studio holds in one file, and bring it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="write voices, projects, jobs, outputs and conversations into one ZIP")
    backup.add_argument("file", nargs="?", type=Path, help="the ZIP to write; backups/ of the data folder when left out")
    backup.add_argument("--without-pieces", action="store_true", help="leave out rendered pieces, which can be made again")
    backup.add_argument("--without-keys", action="store_true", help="leave out the token, the certificate and what was set here")
    restore = commands.add_parser("restore", help="bring a backup back")
    restore.add_argument("file", type=Path, help="the ZIP that a backup has written")
    restore.add_argument("--replace", action="store_true", help="move what is there into a folder of its own first")
    for command in (backup, restore):
        command.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder, when it is not the usual one")
    return parser


def _back_up(folder: Path, given: argparse.Namespace) -> None:
    target = default_path(folder) if given.file is None else given.file.expanduser().absolute()
    written = write_backup(folder, target, _show, pieces=not given.without_pieces, keys=not given.without_keys)
    _clear()
    size = written.path.stat().st_size / 1024**2
    _say(f"{len(written.manifest.files)} files, {size:.1f} MiB, read again and whole: {written.path}")
    if written.missing:
        _say(f"Deleted while this was made, and not in it: {len(written.missing)} files, such as {written.missing[0]}.")
    if not given.without_keys:
        _say("The studio's token is in it: keep it as you keep a key.")
    if folder.resolve() in written.path.resolve().parents:
        _say("It lies on the same disk as the data; copy it to another.")
    _say("Bring it back with ./launch.sh restore FILE.")


def _restore(folder: Path, given: argparse.Namespace) -> None:
    restored = restore_backup(given.file.expanduser().absolute(), folder, len(MIGRATIONS), _show, replace=given.replace)
    _clear()
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(restored.manifest.made))
    _say(f"{len(restored.manifest.files)} files of {made}, Greenroom {restored.manifest.studio}, are in {folder}.")
    if restored.set_aside is not None:
        _say(f"What was there before is kept in {restored.set_aside}; delete it when you no longer need it.")
    _say("Weights and environments are no part of a backup; the System tab fetches what is missing.")


def _show(share: float, name: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K  {100 * share:3.0f} %  {name}"[: shutil.get_terminal_size().columns])
        sys.stdout.flush()


def _clear() -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
