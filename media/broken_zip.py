"""What a damaged ZIP raises, for every reader of archives: voices, project bundles, documents and backups."""

import lzma
import struct
import zipfile
import zlib

BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, NotImplementedError,
)  # fmt: skip
"""What `zipfile` raises of a file that is cut off, damaged within a member, locked, packed in another way, or no ZIP."""
