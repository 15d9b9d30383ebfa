"""A QR code as picture, drawn from its modules: SVG for pages, half blocks for terminals; and its PNG as bytes.

A matrix is what ``QRCode.matrix`` holds: a row a line, ``1`` for a dark module, no quiet zone.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

QUIET: Final = 4
"""Light modules around a code, as ISO/IEC 18004 asks for."""

_HALVES: Final = {("0", "0"): "█", ("0", "1"): "▀", ("1", "0"): "▄", ("1", "1"): " "}


def png(data_uri: str) -> bytes:
    """Return the bytes of a PNG that is given as a base64 data URI."""
    return base64.b64decode(data_uri.partition(",")[2])


def svg(matrix: str, *, module: int = 8) -> str:
    """Return the code as an SVG document; ``module`` is the width of a module in pixels, until it is scaled."""
    rows = _quiet(matrix)
    size = len(rows)
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for y, row in enumerate(rows) for x, width in _runs(row))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size * module}" height="{size * module}" '
        f'viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def ascii_art(matrix: str) -> str:
    """Return the code in half blocks, two rows of modules a line.

    Light modules are drawn and dark ones left empty: on a dark terminal the code is dark on light.
    """
    rows = _quiet(matrix)
    if len(rows) % 2:
        rows.append("1" * len(rows[0]))  # half a line of nothing: not drawn, so as good as no row
    lines = ("".join(_HALVES[pair] for pair in zip(*rows[y : y + 2], strict=True)) for y in range(0, len(rows), 2))
    return "\n".join(lines) + "\n"


def _quiet(matrix: str) -> list[str]:
    rows = matrix.split()
    blank = ["0" * (len(rows[0]) + 2 * QUIET)] * QUIET
    sides = "0" * QUIET
    return [*blank, *(f"{sides}{row}{sides}" for row in rows), *blank]


def _runs(row: str) -> Iterator[tuple[int, int]]:
    """Yield where each run of dark modules begins, and how many they are."""
    for run in re.finditer("1+", row):
        yield run.start(), run.end() - run.start()
