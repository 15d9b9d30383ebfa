"""Examples of the company API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.company import requests
from chalicelib.api.description.samples import CODE, MESSAGE, NOW, SCANNING, SESSION
from chalicelib.dialects.company import shapes as company
from chalicelib.domain.messages import Attempt, Report

ANSWERS: Final[Mapping[Any, Any]] = {
    company.CompanyStatusAnswer: company.status(SCANNING, NOW),
    company.CompanyCodeAnswer: company.code(SCANNING, CODE),
    company.CompanyTestAnswer: company.tested(SESSION),
    company.CompanySentAnswer: company.sent(MESSAGE),
    company.CompanyBulkAnswer: company.bulk(Report((Attempt("+628987654321", MESSAGE),))),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    requests.CompanyMessage(to="+628987654321", message="Your order is on its way."),
    requests.CompanyBulk(recipients=["+628987654321", "+491701234567"], message="We open at nine."),
)
