"""A linked session's life: disconnect, unlink, logout, delete, and the death of its worker."""

import os
import signal
import time

import pytest
import requests

from chalicelib.domain.lease import RENEW_EVERY, TTL
from infra.local.client import eventually, next_frame
from tests.flows.table import Service, TheTable


def test_a_phone_that_unlinks_the_device_brings_a_fresh_code_by_itself(stack, number):
    stack.link(number)
    with stack.watch(number) as socket:
        next_frame(socket, "connected")
        assert stack.network(f"phones/{number}/unlink", {}).status_code == 200
        assert next_frame(socket, "logged_out")["reason"] == "unlinked_from_phone"
        assert next_frame(socket, "qr")
    assert stack.session(number)["logged_in"] is False
    assert stack.session(number)["reason"] == "waiting_for_scan"
    assert stack.session(number)["last_reason"]["reason"] == "unlinked_from_phone", "who polls must be able to see it"
    assert stack.get(f"/sessions/{number}").json()["lastReason"]["reason"] == "unlinked_from_phone"
    stack.scan(stack.code(number), number)
    stack.until(number, "CONNECTED")


def test_a_dropped_connection_comes_back_by_itself(stack, account):
    with stack.watch(account) as socket:
        next_frame(socket, "connected")
        assert stack.network(f"phones/{account}/drop", {}).status_code == 200
        next_frame(socket, "disconnected")
        next_frame(socket, "connected")


def test_a_disconnected_session_keeps_its_device_and_connects_without_a_scan(stack, account):
    assert stack.post(f"/api/sessions/{account}/disconnect").status_code == 200
    session = stack.session(account)
    assert (session["status"], session["connected"], session["logged_in"]) == ("STOPPED", False, True)
    assert stack.get(f"/api/sessions/{account}/qr").json()["code"] == "SESSION_STOPPED"
    stack.post(f"/api/sessions/{account}/connect")
    stack.until(account, "CONNECTED")


@pytest.mark.parametrize("stopped_first", [False, True])
def test_a_logout_unlinks_the_device_and_keeps_the_session(stack, number, stopped_first):
    stack.link(number)
    if stopped_first:
        stack.post(f"/api/sessions/{number}/disconnect")
    assert stack.post(f"/api/sessions/{number}/logout").status_code == 200
    session = stack.until(number, "LOGGED_OUT")
    assert (session["logged_in"], session["reason"]) == (False, "unlinked_by_owner")
    phones = stack.network("phones").json()
    (mine,) = [one for one in phones["phones"] if one["number"] == number]
    assert mine["devices"] == []


def test_a_deleted_session_is_gone_with_everything_of_it(stack, number):
    stack.link(number)
    assert stack.delete(f"/api/sessions/{number}").status_code == 200
    assert stack.get(f"/api/sessions/{number}").status_code == 404
    (mine,) = [one for one in stack.network("phones").json()["phones"] if one["number"] == number]
    assert mine["devices"] == []
    stack.link(number)


def test_seed_002_creates_a_session_with_its_code_and_needs_no_credential_here(stack, number):
    created = requests.post(f"{stack.url}/sessions", headers={"Content-Type": "application/json"}, timeout=40)
    assert created.status_code == 201
    body = created.json()
    assert body["status"] == "pending"
    assert body["qrCode"].startswith("data:image/png;base64,")
    session = f"{stack.url}/sessions/{body['sessionId']}"
    code = requests.get(f"{session}/qr?format=raw", timeout=40).text.strip()
    assert stack.scan(code, number).status_code == 200
    told = eventually(lambda: (s := requests.get(session, timeout=40).json())["status"] == "connected" and s)
    assert told["phoneNumber"] == f"+{number}"
    gone = requests.delete(session, timeout=40)
    assert gone.json() == {"message": "Session deleted successfully", "sessionId": body["sessionId"]}


def test_a_killed_worker_is_replaced_without_a_scan_before_its_lease_runs_out(stack, account):
    service, table = Service(stack, account), TheTable(stack)
    (worker,), claims = service.workers(), table.epoch(account)
    began = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: table.epoch(account) > claims)
    assert time.monotonic() - began < (TTL - RENEW_EVERY) / 1000
    service.successor([worker])
    stack.until(account, "CONNECTED")


def test_a_session_s_secrets_are_in_no_log(stack, number):
    stack.begin(number)
    code = stack.code(number)
    stack.scan(code, number)
    stack.until(number, "CONNECTED")
    log = stack.log()
    assert number in log, "it is the right log"
    for secret in (code, *code.split(",")[1:4], stack.token, "admin1234"):
        assert secret not in log
