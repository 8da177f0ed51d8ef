"""Versions of the data folder's file formats, and migrations between them."""

from studio.data_format.kinds import KINDS, DataKind
from studio.data_format.stamp import FORMAT_FILE, DataFormats, bring_forward, read_formats, refuse_newer

__all__ = ["FORMAT_FILE", "KINDS", "DataFormats", "DataKind", "bring_forward", "read_formats", "refuse_newer"]
