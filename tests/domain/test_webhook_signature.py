import hmac
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.webhook import (
    ID_HEADER,
    SECRET_SIZE,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WHSEC_PREFIX,
    secret_of,
    signature_headers,
)
from tests.makers import NOW, SECRET
from tests.signatures import TOLERANCE, WebhookVerificationError, verify

BODY = b'{"type":"message.received"}'


def test_the_specification_s_own_example_is_signed_as_printed():
    body = b'{"test": 2432232314}'
    signed = signature_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", body, now=1_614_265_330_000)
    assert signed[TIMESTAMP_HEADER] == "1614265330"
    assert signed[SIGNATURE_HEADER] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_is_the_plain_hmac_that_anybody_can_make():
    signed = signature_headers(SECRET, "01E", BODY, now=NOW)
    content = f"{signed[ID_HEADER]}.{signed[TIMESTAMP_HEADER]}.".encode() + BODY
    expected = hmac.digest(b64decode(SECRET.removeprefix("whsec_")), content, "sha256")
    assert signed[SIGNATURE_HEADER] == f"v1,{b64encode(expected).decode()}"


@given(
    st.binary(min_size=SECRET_SIZE, max_size=SECRET_SIZE),
    st.text(st.characters(exclude_categories=["Cs"])).map(str.encode),
    st.integers(0, 4 * 10**12),
)
def test_what_is_signed_verifies_with_the_same_secret_and_no_other(entropy, body, now):
    secret, other = secret_of(entropy), secret_of(bytes(SECRET_SIZE - 1) + b"\1")
    signed = signature_headers(secret, "01E", body, now=now)
    verify(secret, signed, body, now=now)
    with pytest.raises(WebhookVerificationError):
        verify(secret, signed, body + b" ", now=now)
    if secret != other:
        with pytest.raises(WebhookVerificationError):
            verify(other, signed, body, now=now)


def test_a_secret_is_the_base64_of_its_bytes_behind_a_prefix():
    assert secret_of(b"\0" * SECRET_SIZE) == WHSEC_PREFIX + b64encode(b"\0" * SECRET_SIZE).decode()


@pytest.mark.parametrize("late", [TOLERANCE + 1_000, -TOLERANCE - 1_000])
def test_the_time_that_is_signed_is_the_attempt_s_own(late):
    signed = signature_headers(SECRET, "01E", BODY, now=NOW)
    with pytest.raises(WebhookVerificationError, match=r"too (old|new)"):
        verify(SECRET, signed, BODY, now=NOW + late)


def test_another_attempt_s_id_or_time_doesn_t_go_with_the_signature():
    signed = signature_headers(SECRET, "01E", BODY, now=NOW)
    for change in ({ID_HEADER: "01F"}, {TIMESTAMP_HEADER: str(NOW // 1000 + 1)}):
        with pytest.raises(WebhookVerificationError):
            verify(SECRET, signed | change, BODY, now=NOW)
