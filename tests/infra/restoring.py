"""``python -m tests.infra.restoring before|after``: what happens on a stage before its stack is deleted, and after it stands anew.

Goes through the functions' handlers, with the environment that the stack gives them, and through a worker's services.
Standard input has JSON: ``password`` is the first administrator's, ``stream`` the ARN of the table's, ``patterns`` those
of the reconciler's mapping, ``token`` is a login of before. The answers go to standard output.

Before: a session is created and connected, a worker links and connects it, a message is accepted for it. After: what
stands is asked for, and the sweep runs.
"""

import json
import sys
from typing import Any

from chalice.local import LambdaContext

from chalicelib.domain.lease import Lease, SessionClaim
from infra.local.mappings import matches
from tests.infra.driving import called, records

ID = "5511999990001"
AGO = 600_000
"""Milliseconds for which the worker hasn't renewed its lease when the copy is used."""


def logged_in(root: Any, password: str) -> str:
    login = called(root.app, "POST", "/api/auth/login", {"username": "admin", "password": password})
    return str(login["body"]["data"]["token"])


def before(root: Any, told: dict[str, Any]) -> dict[str, Any]:
    from chalicelib.bootstrap import parts, worker
    from chalicelib.domain import events as e
    from tests.makers import DEVICE, a_code

    token = logged_in(root, told["password"])
    called(root.app, "POST", "/api/sessions", {"phone": ID, "name": "Shop"}, token)
    called(root.app, "POST", "/api/sessions/{id}/connect", None, token, id=ID)
    wanted = [one for one in records(told["stream"]) if any(matches(pattern, one) for pattern in told["patterns"])]
    root.app.handler_map["control"]({"Records": wanted}, LambdaContext("control", 512, 29_000))
    session = parts.session_store().find("default", ID)
    assert session is not None
    claim = SessionClaim(session.uid, session.worker or "", session.epoch)
    long_ago = parts.clock() - AGO
    worker().leases.acquire(Lease.of(claim, holder=1, now=long_ago), now=long_ago)
    for event in (e.QRShown(a_code()), e.PairSuccess(DEVICE), e.Connected(DEVICE)):
        worker().reports.report(event, uid=claim.uid, worker=claim.worker, epoch=claim.epoch)
    body = {"type": "text", "to": {"phone": "+628987654321"}, "text": {"body": "Hello"}}
    sent = called(root.app, "POST", "/v1/sessions/{id}/messages", body, token, id=ID)
    return {"uid": claim.uid, "epoch": claim.epoch, "sent": sent, "token": token}


def after(root: Any, told: dict[str, Any]) -> dict[str, Any]:
    from chalicelib.bootstrap import parts

    # The password is good, and so is a login of before.
    assert logged_in(root, told["password"])
    token = told["token"]
    listed = called(root.app, "GET", "/v1/sessions", None, token)
    messages = called(root.app, "GET", "/v1/sessions/{id}/messages", None, token, id=ID)
    event = {
        "id": "1",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "time": "",
        "region": "",
    }
    event |= {"account": "", "resources": [], "version": "0"}
    root.app.handler_map["sweep"](event, LambdaContext("sweep", 512, 29_000))
    session = parts.session_store().find("default", ID)
    assert session is not None
    claimed = {"epoch": session.epoch, "worker": session.worker, "status": str(session.status)}
    return {"sessions": listed["body"]["data"], "messages": messages["body"]["data"], "claimed": claimed}


def main() -> None:
    import app as root

    act = {"before": before, "after": after}[sys.argv[1]]
    json.dump(act(root, json.loads(sys.stdin.read())), sys.stdout)


if __name__ == "__main__":
    main()
