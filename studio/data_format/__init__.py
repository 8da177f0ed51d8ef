"""The formats of what the data folder holds: which it has, which this version reads, and the way from one to the next."""

from studio.data_format.kinds import KINDS, DataKind
from studio.data_format.stamp import FORMAT_FILE, DataFormats, bring_forward, read_formats, refuse_newer

__all__ = ["FORMAT_FILE", "KINDS", "DataFormats", "DataKind", "bring_forward", "read_formats", "refuse_newer"]
