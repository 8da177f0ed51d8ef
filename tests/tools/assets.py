"""`python -m tests.tools.assets`: write assets/SHA256SUMS anew, by which the doctor knows a damaged or missing file."""

from __future__ import annotations

import hashlib
import subprocess
import sys

from tests.repository.sources import ROOT

SUMS = ROOT / "assets" / "SHA256SUMS"


def sums() -> str:
    """One line for every file of assets/ that git knows, as sha256sum writes them."""
    listed = subprocess.run(["git", "ls-files", "-z", "assets"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = sorted(name.removeprefix("assets/") for name in listed.split("\0") if name and name != "assets/SHA256SUMS")
    lines = (f"{hashlib.sha256((ROOT / 'assets' / name).read_bytes()).hexdigest()}  {name}" for name in names)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    SUMS.write_text(sums(), "utf-8")
    sys.stdout.write(f"{SUMS.read_text('utf-8').count(chr(10))} files\n")
