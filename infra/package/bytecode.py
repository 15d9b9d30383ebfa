"""Bytecode in the package: Lambda's disk is read-only, so without it each cold start compiles every module anew."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

UNREAD: Final = r"/phonenumbers/(geodata|carrierdata|tzdata)/"
"""Modules of places and carriers, which nothing here imports."""
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same sources make the same package."""


def precompile(archive: Path, python: Path) -> None:
    """Add to the zip what ``python``, whose version is the runtime's, makes of its modules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(archive) as package:
            package.extractall(folder)
        # Looked up by content, never by the time of a file, which unpacking loses.
        quietly = ["-q", "-x", UNREAD, "--invalidation-mode", "unchecked-hash"]
        # Where the sources lie while they are compiled is nobody's business: tracebacks name them as Lambda does.
        placed = ["-s", str(folder), "-p", "/var/task"]
        subprocess.run([python, "-m", "compileall", *quietly, *placed, str(folder)], check=True, capture_output=True)
        _pack(folder, archive)


def _pack(folder: Path, archive: Path) -> None:
    with ZipFile(archive, "w", ZIP_DEFLATED) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = ZipInfo(str(path.relative_to(folder)), LONG_AGO)
                entry.compress_type = ZIP_DEFLATED
                entry.external_attr = 0o755 << 16
                package.writestr(entry, path.read_bytes())
