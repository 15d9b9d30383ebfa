"""Linking a device: the codes of a scan round, drawn as pictures.

Error correction L and a fixed mask: the library would try all eight masks, which costs ten times the time for a code
that scans the same. Boxes of 6 pixels and a quiet zone of 4 modules: about 400 pixels a side, 1.2 KB as 1-bit PNG.
"""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from qrcode.constants import ERROR_CORRECT_L
from qrcode.image.pil import PilImage
from qrcode.main import QRCode as Drawing

from chalicelib.domain.session import QRCode

CODES_A_ROUND: Final = 6
FIRST_LASTS: Final = 60_000
"""Milliseconds that the client shows the first of six codes."""
OTHERS_LAST: Final = 20_000
"""Milliseconds that it shows each other one."""


def render(code: str, *, attempt: int, now: int) -> QRCode:
    """Return ``code``, the client's text unchanged, as the ``attempt``-th code of its round, shown from ``now`` on."""
    drawing: Drawing[PilImage] = Drawing(error_correction=ERROR_CORRECT_L, mask_pattern=0, box_size=6, border=4)
    drawing.add_data(code)
    drawing.make()
    picture = BytesIO()
    drawing.make_image(image_factory=PilImage).get_image().convert("1").save(picture, "PNG")
    drawing.border = 0
    rows = ("".join("1" if dark else "0" for dark in row) for row in drawing.get_matrix())
    return QRCode(
        code=code,
        image="data:image/png;base64," + base64.b64encode(picture.getvalue()).decode(),
        matrix="\n".join(rows),
        attempt=attempt,
        expires_at=now + (FIRST_LASTS if attempt == 1 else OTHERS_LAST),
    )


EARLY: Final = 1_000
"""Milliseconds that the client may be ahead of us when it drops the last code."""


@dataclass(slots=True)
class Round:
    """Counts the codes of a round."""

    shown: int = 0
    expires_at: int = 0
    over: bool = False

    def show(self, code: str, now: int) -> QRCode:
        """Return the next code, rendered."""
        self.shown += 1
        qr = render(code, attempt=self.shown, now=now)
        self.expires_at = qr.expires_at
        return qr

    def ran_out(self, now: int) -> bool:
        """Whether a client that is dead at ``now`` ran out of codes; one that died earlier was closed, or refused.

        It says so itself (``over``), though only in its trace; else the last code's time tells.
        """
        return self.over or (self.shown > 0 and now >= self.expires_at - EARLY)
