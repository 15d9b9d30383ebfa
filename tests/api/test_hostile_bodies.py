"""Bodies of text that no program can work with, in each form that a body may have: refused by name."""

import pytest

from tests.api.conftest import Caller, World

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"


def part(name: bytes, value: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n--b--\r\n' % (name, value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (rb'{"phone":"6281234567890","name":"\ud800"}', "application/json"),
        (b'{"phone":"6281234567890","name":"\xed\xa0\x80"}', "application/json"),
        (b'{"phone":"6281234567890","x":' + b"[" * 60_000 + b"]" * 60_000 + b"}", "application/json"),
        (b'{"phone":' + b"[" * 60_000 + b"]" * 60_000 + b"}", "application/json"),
        (b"\xef\xbb\xbf" + rb'{"phone":"\udfff"}', "application/json"),
        (b"phone=%ED%A0%80", FORM),
        (b"phone=\xed\xa0\x80", FORM),
        (b"phone=%FF", FORM),
        (part(b"phone", b"\xed\xa0\x80"), PARTS),
        (part(b"phone", b"\xff"), PARTS),
        (part(b"\xff", b"6281234567890") + b"\xff", PARTS),
    ],
)
def test_a_body_of_such_text_is_the_caller_s_fault(world: World, ana: Caller, body: bytes, kind: str) -> None:
    answer = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert answer.status == 400, answer.content
    assert not world.stores.sessions.rows


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"username=%FF&password=x", FORM),
        (part(b"username", b"\xff"), PARTS),
        (rb'{"username":"\ud800","password":"x"}', ""),
    ],
)
def test_a_login_with_such_a_name_is_none(nobody: Caller, body: bytes, kind: str) -> None:
    assert nobody("POST", "/api/auth/login", body, Content_Type=kind or "text/plain").status in {400, 401}
