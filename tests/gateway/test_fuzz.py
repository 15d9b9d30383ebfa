"""What schemathesis makes of the description, good data and bad, sent to every operation by all kinds of callers.

``FUZZ`` in the environment says how many cases an operation gets of each kind, and ``FUZZ_SEED`` which; ``make soak``
sends the same few each time, ``make fuzz`` many others.
"""

import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection

from app import ROUTERS
from chalicelib import page
from chalicelib.api.description import samples
from chalicelib.api.description.document import document
from chalicelib.api.native.examples import FILE, INVITATION
from chalicelib.page import reference
from tests.api.described import conforms
from tests.gateway.rig import (
    CALLED,
    HELD,
    OPENED,
    RECEIVED,
    SCANNING,
    STOPPED,
    STORED,
    MeteredGateway,
    as_wsgi,
)

pytestmark = pytest.mark.soak
CASES = int(os.environ.get("FUZZ", "3"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
DOCUMENT = json.loads(json.dumps(document(ROUTERS)))
GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
OPERATIONS = [
    pytest.param(method.upper(), path, mode, id=f"{method.upper()} {path} {mode.value}")
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
    for mode in (GOOD, BAD)
    if mode is GOOD or told.get("parameters") or told.get("requestBody")
]
THERE: dict[str, list[str]] = {
    "id": [samples.SESSION.id, SCANNING, STOPPED],
    "message_id": [samples.MESSAGE.id, RECEIVED.id, samples.MESSAGE.whatsapp_id or "", CALLED.id],
    "chat_id": [samples.MESSAGE.chat],
    "media_id": [FILE.id, STORED.id],
    "file": [f"{samples.SESSION.id}_{STORED.id}.pdf"],
    "build": [page.build(), reference.build()],
    "asset": [page.PLACE, "main.js", "reference.js"],
    "name": [samples.USER.name, "rita"],
    "key_id": [samples.KEY.id],
    "invitation_id": [INVITATION.id, OPENED.id],
    "tenant": ["acme", "default"],
    "company": ["default", "acme"],
}
"""What stands in a path so that something is there."""
CALLERS = ("admin", "admin", "admin", "rita", "key", "holder", "nobody", "forged")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.update(base_url="http://localhost")
# Who calls is our choice: a made-up credential would keep most cases out.
SCHEMA.config.generation.with_security_parameters = False
load_all_checks()


def credential(gateway: MeteredGateway, caller: str) -> dict[str, str]:
    match caller:
        case "nobody":
            return {}
        case "forged":
            return {"Authorization": f"Bearer {gateway.token()[:-4]}AAAA"}
        case "key":
            return {"X-API-Key": gateway.key}
        case "holder":
            return {"Authorization": f"Bearer {HELD}"}
        case _:
            return {"Authorization": f"Bearer {gateway.token(caller)}"}


@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_every_answer_is_one_that_is_described(
    gateway: MeteredGateway, method: str, path: str, mode: GenerationMode
) -> None:
    SCHEMA.app = as_wsgi(gateway)
    cases = SCHEMA[path][method].as_strategy(generation_mode=mode)

    @seed(SEED)
    @settings(
        max_examples=CASES,
        derandomize=SEED == 0,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, caller=st.sampled_from(CALLERS), there=st.integers(0, 8))
    def fuzz(case: Case, caller: str, there: int) -> None:
        gateway.begin_again()
        place(case, there)
        answer = case.call(headers=credential(gateway, caller))
        described(case, answer, caller)

    fuzz()


def place(case: Case, there: int) -> None:
    """Put names of what is there into the path, in two of three cases."""
    for name in case.path_parameters or {}:
        if there % 3 and case.meta and case.meta.generation.mode is GOOD:
            case.path_parameters[name] = THERE[name][there % len(THERE[name])]


def described(case: Case, answer: Any, caller: str) -> None:
    kind = answer.headers.get("content-type", [""])[0]
    said = f"{case.as_curl_command()}\nas {caller}: {answer.content[:500]!r}"
    try:
        conforms(case.method, case.formatted_path, answer.status_code, kind, lambda: json.loads(answer.content))
    except AssertionError as error:
        raise AssertionError(f"{error}\n{said}") from None
    assert answer.status_code != 500, said
    assert answer.status_code != 503 or "retry-after" in answer.headers, said
    checks_itself = case.path.startswith(("/api/auth/", "/socket.io"))
    assert caller != "admin" or answer.status_code != 401 or checks_itself, said
    # That a body is too large is said before what is wrong with it.
    if caller == "admin" and answer.status_code != 413:
        case.validate_response(answer, checks=[negative_data_rejection])
