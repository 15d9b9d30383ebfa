"""Generates `tokens.json` from the installed client library: `python -m infra.whatsapp_server.tokens_from_client`.

WhatsApp's binary stanzas abbreviate frequent words by dictionary (version 3). The client library carries the
dictionaries as arrays of Go string headers (8-byte pointer, 8-byte length), so the installed library is the source.
"""

import argparse
import ctypes
import importlib.util
import json
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib.wire.codec import TABLES

VERSION = 3
SINGLE_TOKENS = 236
DOUBLE_DICTIONARIES = 4
DOUBLE_TOKENS = 256
LONGEST_TOKEN = 255
_HEADER = struct.Struct("<QQ")


class TablesNotFound(Exception):
    """The library doesn't hold the dictionaries in the known shape."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A mapped, readable part of the library: its address and the bytes there."""

    start: int
    data: bytes

    def holds(self, address: int, length: int) -> bool:
        """Whether all of `length` bytes from `address` lie in this segment."""
        return self.start <= address and address + length <= self.start + len(self.data)


def library() -> Path:
    """Where the installed client's shared library is, found without importing (and so starting) the client."""
    spec = importlib.util.find_spec("neonize")
    if spec is None or spec.origin is None:
        raise TablesNotFound("neonize is not installed")
    return next(Path(spec.origin).parent.glob("neonize-*.so"))


def segments(path: Path) -> tuple[Segment, ...]:
    """Load the library into this process and copy its readable mappings: pointers are only right after loading."""
    ctypes.CDLL(str(path))
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if line.endswith(path.name) and line.split()[1].startswith("r"):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            found.append(Segment(start, ctypes.string_at(start, end - start)))
    return tuple(found)


def _addresses(parts: tuple[Segment, ...], needle: bytes) -> Iterator[int]:
    for part in parts:
        at = part.data.find(needle)
        while at >= 0:
            yield part.start + at
            at = part.data.find(needle, at + 1)


def _read(parts: tuple[Segment, ...], address: int, length: int) -> bytes | None:
    for part in parts:
        if part.holds(address, length):
            return part.data[address - part.start : address - part.start + length]
    return None


def _strings(parts: tuple[Segment, ...], start: int, count: int) -> list[str] | None:
    """Read `count` string headers; None as soon as one of them can't be a token."""
    headers = _read(parts, start, count * _HEADER.size)
    if headers is None:
        return None
    words: list[str] = []
    for pointer, length in _HEADER.iter_unpack(headers):
        word = b"" if length == 0 else _read(parts, pointer, length) if length <= LONGEST_TOKEN else None
        if word is None or not word.isascii():
            return None
        words.append(word.decode("ascii"))
    return words


def table(parts: tuple[Segment, ...], *, word: str, index: int, count: int) -> list[str]:
    """Find the one array of `count` strings that has `word` at `index`."""
    found = {
        tuple(words)
        for text in _addresses(parts, word.encode())
        for header in _addresses(parts, _HEADER.pack(text, len(word)))
        if (words := _strings(parts, header - index * _HEADER.size, count)) is not None
    }
    if len(found) != 1:
        raise TablesNotFound(f"{len(found)} tables of {count} tokens hold {word!r}, not one")
    return list(found.pop())


def tables(path: Path) -> dict[str, object]:
    """Both dictionaries as they go into the data file."""
    parts = segments(path)
    single = table(parts, word="xmlstreamstart", index=1, count=SINGLE_TOKENS)
    double = table(parts, word="read-self", index=0, count=DOUBLE_DICTIONARIES * DOUBLE_TOKENS)
    dictionaries = [double[at : at + DOUBLE_TOKENS] for at in range(0, len(double), DOUBLE_TOKENS)]
    return {"version": VERSION, "single": single, "double": dictionaries}


def rendered(content: dict[str, object]) -> str:
    """The data file's exact text, so that a comparison is a comparison of bytes."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def main() -> int:
    """Write the data file, or with `--check` only say whether it is current."""
    parser = argparse.ArgumentParser(description="Generate the token tables from the installed client library.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    text = rendered(tables(library()))
    if parser.parse_args().check:
        current = TABLES.is_file() and TABLES.read_text(encoding="utf-8") == text
        print("The token tables are current." if current else "The token tables differ from the library's.")
        return 0 if current else 1
    TABLES.write_text(text, encoding="utf-8")
    print(f"Wrote {TABLES.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
