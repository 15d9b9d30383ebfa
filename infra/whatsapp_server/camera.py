"""A phone's camera: it reads the QR code in a picture."""

from pathlib import Path
from typing import BinaryIO

import zxingcpp
from PIL import Image, UnidentifiedImageError

from infra.whatsapp_server.errors import NothingToSee


def read_code(picture: Path | BinaryIO) -> str:
    """Return the text of the QR code in a picture; NothingToSee if there is none."""
    try:
        with Image.open(picture) as image:
            found = zxingcpp.read_barcodes(
                image.convert("L"), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
            )
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise NothingToSee("That is not a picture that can be read.") from error
    if not found:
        raise NothingToSee("There is no QR code in the picture.")
    return str(found[0].text)
