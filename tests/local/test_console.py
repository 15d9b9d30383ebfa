import json

from infra.local.console import Console, greeting, line
from infra.local.settings import read_settings
from infra.local.shard import Record

SECRET = "https://wa.me/settings/linked_devices#2@secret"


def a_record(sk="SESSION", **image):
    return Record(1, 1_700_000_000_000, ("S#u", sk), None, json.dumps({"dynamodb": {"NewImage": image}}))


def test_a_change_of_a_session_is_a_line():
    event = {"M": {"type": {"S": "session.qr"}}}
    text = (
        line(a_record(id={"S": "62812"}, status={"S": "STOPPED"}, reason={"S": "qr_timeout"}, last_event=event)) or ""
    )
    assert text.split()[1:] == ["62812", "STOPPED", "(qr_timeout)", "session.qr"]


def test_a_line_never_shows_a_code():
    text = line(
        a_record(
            id={"S": "62812"},
            status={"S": "SCAN_QR"},
            qr={"M": {"code": {"S": SECRET}}},
            last_event={"M": {"data": {"S": SECRET}}},
        )
    )
    assert text
    assert SECRET not in text


def test_other_items_have_no_line():
    assert line(a_record("LEASE")) is None


def test_a_session_that_is_gone_says_so():
    record = Record(1, 0, ("S#u", "SESSION"), None, json.dumps({"dynamodb": {"OldImage": {"id": {"S": "a"}}}}))
    assert (line(record) or "").split()[1:] == ["a", "gone"]


def test_the_greeting_has_the_address_the_credentials_and_the_way_out():
    text = greeting(read_settings({"PORT": "8081"}), "admin", "admin123")
    assert "http://localhost:8081" in text
    assert "admin / admin123" in text
    assert "http://localhost:8081 in a browser, with a virtual phone" in text
    assert "curl" in text
    assert "infra.local.phone scan" in text
    assert "Ctrl-C" in text


def test_with_the_real_network_nobody_is_sent_to_a_virtual_phone():
    text = greeting(read_settings({"NETWORK": "whatsapp"}), "admin", "x")
    assert "infra.local.phone" not in text
    assert "virtual phone" not in text
    assert "in a browser\n" in text


def test_what_is_said_is_printed(capfd):
    console = Console()
    console.say("hello")
    console.close()
    assert capfd.readouterr().out == "hello\n"
