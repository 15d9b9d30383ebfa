"""Reads a QR code from a picture, as a phone's camera does."""

from pathlib import Path

import zxingcpp
from PIL import Image, UnidentifiedImageError


class NothingToSee(Exception):
    """There is no picture, or no QR code in it; the sentence says which."""


def read_code(picture: Path) -> str:
    """The text of the QR code in a picture."""
    try:
        with Image.open(picture) as image:
            found = zxingcpp.read_barcodes(
                image.convert("L"), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
            )
    except FileNotFoundError:
        raise NothingToSee(f"There is no file {picture}.") from None
    except (UnidentifiedImageError, OSError) as error:
        raise NothingToSee(f"{picture} is not a picture that can be read.") from error
    if not found:
        raise NothingToSee(f"There is no QR code in {picture}.")
    return str(found[0].text)
