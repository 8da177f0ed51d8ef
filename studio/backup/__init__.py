"""Backup and restore of the data folder in one file: voices, projects, jobs, outputs, conversations, settings."""

from studio.backup.contents import LEFT_OUT
from studio.backup.manifest import BackupManifest, read_manifest
from studio.backup.restore import Restored, restore_backup
from studio.backup.write import WrittenBackup, default_path, write_backup

__all__ = [
    "LEFT_OUT", "BackupManifest", "Restored", "WrittenBackup", "default_path", "read_manifest", "restore_backup", "write_backup",
]  # fmt: skip
