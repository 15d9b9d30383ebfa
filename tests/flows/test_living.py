"""A linked session's life: disconnect, unlink, logout, delete, and the deaths of its workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from infra.local.client import ROOT, eventually, next_frame, open_files


def test_a_phone_that_unlinks_the_device_brings_a_fresh_code_by_itself(stack, number):
    stack.link(number)
    with stack.watch(number) as socket:
        next_frame(socket, "connected")
        assert stack.network(f"phones/{number}/unlink", {}).status_code == 200
        assert next_frame(socket, "logged_out")["reason"] == "unlinked_from_phone"
        assert next_frame(socket, "qr")
    assert stack.session(number)["logged_in"] is False
    stack.scan(stack.code(number), number)
    stack.until(number, "CONNECTED")


def test_a_dropped_connection_comes_back_by_itself(stack, number):
    stack.link(number)
    with stack.watch(number) as socket:
        next_frame(socket, "connected")
        assert stack.network(f"phones/{number}/drop", {}).status_code == 200
        next_frame(socket, "disconnected")
        next_frame(socket, "connected")


def test_a_disconnected_session_keeps_its_device_and_connects_without_a_scan(stack, number):
    stack.link(number)
    assert stack.post(f"/api/sessions/{number}/disconnect").status_code == 200
    session = stack.session(number)
    assert (session["status"], session["connected"], session["logged_in"]) == ("STOPPED", False, True)
    assert stack.get(f"/api/sessions/{number}/qr").json()["code"] == "SESSION_STOPPED"
    stack.post(f"/api/sessions/{number}/connect")
    stack.until(number, "CONNECTED")


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


def test_a_killed_worker_is_replaced_without_a_scan_within_ten_seconds(own_stack, number):
    stack = own_stack()
    stack.start()
    stack.link(number)
    (worker,) = stack.serving()
    began = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: stack.serving() not in ([], [worker]), within=10)
    stack.until(number, "CONNECTED", within=10)
    assert time.monotonic() - began < 10


def test_a_stack_that_was_stopped_or_killed_connects_again_without_a_scan(own_stack, number):
    stack = own_stack()
    stack.start()
    stack.link(number)
    time.sleep(1.5)  # the local stand-ins may lose their last second
    stack.stop()
    stack.start()
    stack.until(number, "CONNECTED")
    workers = stack.workers()
    stack.kill()
    eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), within=10)
    stack.start()
    stack.until(number, "CONNECTED")


@pytest.mark.parametrize("claim", ["the same", "an older"])
def test_a_second_worker_for_the_same_session_never_connects_beside_the_first(own_stack, number, claim):
    """Whatever started it: RunTask twice, or a claim that is over."""
    stack = own_stack()
    stack.start()
    stack.link(number)
    (first,) = stack.serving()
    environment = dict(
        line.split("=", 1) for line in Path(f"/proc/{first}/environ").read_text().split("\0") if "=" in line
    )
    (database,) = {Path(name) for name in open_files(first) if name.endswith(".db")}
    epoch = int(database.stem.rpartition("-")[2]) + {"the same": 0, "an older": -1}[claim]
    order = {"SWITCHBOARD_UID": database.parent.name, "SWITCHBOARD_EPOCH": str(epoch)}
    environment.pop("SWITCHBOARD_PARENT_PIPE")
    before = stack.network("hosts").json()["asked"]
    second = subprocess.Popen([sys.executable, "-m", "chalicelib.worker"], cwd=ROOT, env=environment | order)
    try:
        ended = second.wait(90)
    finally:
        second.kill()
    assert ended == 75, "there is nothing for it to do"
    assert stack.network("hosts").json()["asked"] == before, "it never as much as asked for WhatsApp"
    assert stack.serving() == [first]
    assert stack.session(number)["status"] == "CONNECTED"


@pytest.mark.timeout(300)
def test_a_frozen_worker_is_replaced_and_harms_nothing_when_it_thaws(own_stack, number):
    stack = own_stack()
    stack.start()
    stack.link(number)
    (frozen,) = stack.serving()
    os.kill(frozen, signal.SIGSTOP)
    # The lease runs out, the sweep finds it within a minute, another worker takes over.
    (successor,) = eventually(lambda: [w for w in stack.serving() if w != frozen], within=150, every=0.5)
    stack.until(number, "CONNECTED")
    os.kill(frozen, signal.SIGCONT)
    eventually(lambda: not Path(f"/proc/{frozen}").exists(), within=60)
    session = stack.until(number, "CONNECTED", within=60)
    assert session["logged_in"] is True
    assert stack.serving() == [successor] or len(stack.serving()) == 1
    assert stack.get("/api/sessions").json()["data"]["sessions"][0]["status"] == "CONNECTED"


@pytest.mark.timeout(240)
def test_codes_that_nobody_scans_rotate_and_in_the_end_the_session_stops_until_asked_again(own_stack, number):
    stack = own_stack()
    stack.start()
    # Fewer codes a round than WhatsApp's six: each is shown for twenty seconds.
    stack.network("knobs/refs", {"count": 1})
    stack.begin(number)
    with stack.watch(number) as socket:
        codes = [next_frame(socket, "qr", within=40)["qr"] for _ in range(3)]
        assert len(set(codes)) == 3
        next_frame(socket, "qr_timeout", within=40)
    session = stack.until(number, "STOPPED")
    assert session["reason"] == "qr_timeout"
    assert stack.get(f"/api/sessions/{number}/qr").json()["code"] == "SESSION_STOPPED"
    stack.post(f"/api/sessions/{number}/connect")
    assert stack.scan(stack.code(number), number).status_code == 200
    stack.until(number, "CONNECTED")


def test_a_session_s_secrets_are_in_no_log(own_stack, number):
    stack = own_stack()
    stack.start()
    stack.begin(number)
    code = stack.code(number)
    stack.scan(code, number)
    stack.until(number, "CONNECTED")
    log = stack.log()
    assert number in log, "it is the right log"
    for secret in (code, *code.split(",")[1:4], stack.token, "admin1234"):
        assert secret not in log
