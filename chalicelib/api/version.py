"""Which version of this API is served."""

from typing import Final

VERSION: Final = "1.0.0"
