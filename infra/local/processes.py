"""What Linux tells of a process: its children, its open files, the time that it took of a processor."""

import os
from pathlib import Path


def children(parent: int, command: bytes) -> list[int]:
    """Return the process ids of the children whose command line holds ``command``."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            mine = int(_fields(status)[1]) == parent and command in (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mine:
            found.append(int(status.parent.name))
    return found


def open_files(process: int) -> list[str]:
    """Return the names of the files that a process has open; none if it is gone."""
    names = []
    try:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                names.append(str(descriptor.readlink()))
            except FileNotFoundError:
                continue
    except (FileNotFoundError, ProcessLookupError):
        return []
    return names


def processor_ms(process: int) -> float:
    """Return the milliseconds that a process has taken of a processor, in user and system mode."""
    fields = _fields(Path(f"/proc/{process}/stat"))
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _fields(status: Path) -> list[str]:
    """Return what follows the command's name, which may hold anything."""
    return status.read_text().rpartition(")")[2].split()
