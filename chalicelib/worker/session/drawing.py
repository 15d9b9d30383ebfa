"""Codes as pictures, drawn by hand: a library for pictures would be 4 MB of each worker for one in black and white."""

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

BOX: Final = 6
"""Pixels of a module's side."""
QUIET: Final = 4
"""Modules of light around a code."""


def modules_of(text: str) -> list[list[bool]]:
    """Return the modules of ``text`` as a QR code, row by row, True for dark, without a quiet zone.

    Error correction L and a fixed mask: the library would try all eight masks, which costs ten times the time for a
    code that scans the same.
    """
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_L, mask_pattern=0, border=0)
    code.add_data(text)
    code.make()
    return [[bool(module) for module in row] for row in code.get_matrix()]


def picture(modules: Sequence[Sequence[bool]]) -> str:
    """Return a PNG of the modules, with a quiet zone, as a data URI: about 400 pixels a side and 1.2 KB."""
    light = [False] * QUIET
    beside = [[*light, *row, *light] for row in modules]
    nothing = [[False] * len(beside[0])] * QUIET
    rows = b"".join(_row(row) * BOX for row in (*nothing, *beside, *nothing))
    side = (len(modules) + 2 * QUIET) * BOX
    # One bit of grey a pixel, 1 for white: https://www.w3.org/TR/png-3/#11IHDR.
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def _row(modules: Iterable[bool]) -> bytes:
    """Return a row of pixels, behind the byte that says that they stand as they are."""
    bits = "".join("01"[not dark] * BOX for dark in modules)
    size = -(-len(bits) // 8)
    return b"\0" + int(bits.ljust(size * 8, "0"), 2).to_bytes(size)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
