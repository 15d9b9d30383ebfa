"""The company API (``/whatsapp/companies``): a company is a tenant, and has one session."""

from typing import Final

from chalicelib.dialects.company.shapes import error
from chalicelib.dialects.dialect import Dialect, Tag

DIALECT: Final = Dialect(
    name="company",
    prefixes=("/whatsapp",),
    tag=Tag("Companies", "Routes under `/whatsapp/companies`: a company is a tenant, and has one session."),
    error=error,
)
