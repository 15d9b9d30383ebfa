"""Linkings that WhatsApp demands a passkey for."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.passkey import BadAssertion, Challenge, check
from chalicelib.wire.node import Node
from chalicelib.worker.linking.linking import CodeShown, Ended, PasskeyCodeShown, PasskeyDemanded, Vouched
from chalicelib.worker.linking.states import LinkingState, OutOfTurn, Why
from tests.worker.linking.peer import (
    KEYS,
    OPTIONS,
    Peer,
    SigningPhone,
    assertion,
    b64,
    options_node,
    proof,
    scanning,
    shown,
)


def demanded(peer: Peer, *, options: Mapping[str, Any] = OPTIONS) -> bytes:
    """Demand a passkey; the secret of the code that was on show."""
    secret = next(shown(event.text)[3] for event in reversed(peer.heard) if isinstance(event, CodeShown))
    peer.notify("passkey_prologue_request", options_node(options))
    peer.sent()
    return secret


def prologue(peer: Peer, **changed: Any) -> Node:
    """Give the assertion; the request that holds the prologue."""
    peer.protocol.give_assertion(assertion(**changed), peer.now)
    (asks,) = peer.sent()
    assert asks.find("ref")
    peer.answer(asks, Node("ref", {}, b"2@ref"))
    (sent,) = peer.sent()
    assert sent.find("passkey_prologue")
    return sent


def introduced(peer: Peer, phone: SigningPhone, sent: Node) -> str:
    """Have the phone answer the prologue; the code that it shows."""
    peer.answer(sent)
    peer.notify("crsc_continuation", phone.met(sent.get("passkey_prologue")))
    nonce = next(node for node in peer.sent() if node.tag == "iq")
    code = phone.code(nonce.get("companion_nonce").data)
    peer.answer(nonce)
    return code


def request(peer: Peer, phone: SigningPhone) -> bytes:
    """The secret under which the phone is to vouch, which only it can read."""
    (sent,) = peer.sent()
    asked = phone.opened(sent.get("encrypted_pairing_request"))
    assert (asked.companionPublicKey, asked.companionIdentityKey) == (KEYS.noise.public, KEYS.identity.public)
    peer.answer(sent)
    return asked.advSecret


def test_a_signature_in_time_proves_that_the_phone_saw_the_code_and_links_without_another_one() -> None:
    peer = scanning()
    old = demanded(peer)
    (event,) = [one for one in peer.heard if isinstance(one, PasskeyDemanded)]
    assert (event.challenge.options, event.seconds) == (OPTIONS, 600)
    phone, sent = SigningPhone(), prologue(peer)
    body = sent.get("passkey_prologue")
    assert body.get("credential_id").data == b"credential"
    assert body.get("pairing_handoff_proof").data == proof(old, body)
    introduced(peer, phone, sent)
    secret = request(peer, phone)
    assert secret != old
    assert peer.protocol.state is LinkingState.PASSKEY_FINISHING
    peer.vouch(secret)
    assert isinstance(peer.heard[-1], Vouched)


def test_a_signature_that_comes_late_needs_the_same_code_on_both_sides() -> None:
    peer = scanning()
    demanded(peer)
    peer.wait(301)
    phone, sent = SigningPhone(), prologue(peer)
    assert sent.find("passkey_prologue", "pairing_handoff_proof") is None
    code = introduced(peer, phone, sent)
    assert peer.heard[-1] == PasskeyCodeShown(code, 180)
    assert code not in repr(peer.heard)
    peer.protocol.confirm(peer.now, same=True)
    peer.vouch(request(peer, phone))
    assert isinstance(peer.heard[-1], Vouched)


def test_a_typed_code_whose_exchange_whatsapp_left_out_proves_nothing() -> None:
    peer = scanning()
    peer.protocol.show_pairing_code("628", peer.now)
    (asks,) = peer.sent()
    ref = Node("link_code_pairing_ref", {}, b"ref")
    peer.answer(asks, Node("link_code_companion_reg", {}, (ref,)))
    peer.notify("link_code_companion_reg", Node("link_code_companion_reg", {"stage": "primary_hello"}, (ref,)))
    demanded(peer)
    phone, sent = SigningPhone(), prologue(peer)
    assert sent.find("passkey_prologue", "pairing_handoff_proof") is None
    assert introduced(peer, phone, sent)
    assert isinstance(peer.heard[-1], PasskeyCodeShown)


def test_another_code_on_the_phone_ends_it() -> None:
    peer = scanning()
    demanded(peer)
    peer.wait(301)
    introduced(peer, SigningPhone(), prologue(peer))
    peer.protocol.confirm(peer.now, same=False)
    assert peer.protocol.events()[-1] == Ended(Why.PASSKEY_DECLINED)


def test_options_that_are_missing_are_asked_for() -> None:
    peer = scanning()
    peer.notify("passkey_prologue_request")
    assert peer.protocol.state is LinkingState.PASSKEY_ASKING
    asks = next(node for node in peer.sent() if node.tag == "iq")
    assert asks.find("passkey_request_options")
    peer.answer(asks, options_node())
    assert isinstance(peer.heard[-1], PasskeyDemanded)


def test_no_code_is_shown_any_more_and_ten_minutes_are_all_the_time_there_is() -> None:
    peer = scanning()
    demanded(peer)
    peer.wait(599)
    assert (len(peer.heard), peer.protocol.state) == (2, LinkingState.PASSKEY_REQUIRED)
    peer.wait(1)
    assert peer.heard[-1] == Ended(Why.PASSKEY_EXPIRED)


def test_a_deadline_of_whatsapp_s_own_is_kept() -> None:
    peer = scanning()
    demanded(peer, options={**OPTIONS, "timeout": 30_000})
    peer.wait(30)
    assert peer.heard[-1] == Ended(Why.PASSKEY_EXPIRED)


def test_a_code_that_was_on_show_before_seals_nothing_any_more() -> None:
    peer = scanning()
    peer.vouch(demanded(peer))
    assert peer.heard[-1] == Ended(Why.BAD_VOUCHER, "hmac-mismatch")


@pytest.mark.parametrize("step", ["ref", "passkey_prologue", "companion_nonce", "encrypted_pairing_request"])
def test_a_step_that_whatsapp_refuses_ends_it_with_its_code(step: str) -> None:
    peer = scanning()
    demanded(peer)
    peer.protocol.give_assertion(assertion(), peer.now)
    phone = SigningPhone()
    for _ in range(4):
        (sent,) = [node for node in peer.sent() if node.tag == "iq"]
        if sent.find(step):
            peer.refuse(sent, 403)
            break
        peer.answer(sent, *([Node("ref", {}, b"2@ref")] if sent.find("ref") else []))
        if body := sent.find("passkey_prologue"):
            peer.notify("crsc_continuation", phone.met(body))
    assert peer.heard[-1] == Ended(Why.PASSKEY_REFUSED, "403")


def test_a_phone_that_goes_silent_is_waited_for_two_minutes() -> None:
    peer = scanning()
    demanded(peer)
    peer.answer(prologue(peer))
    peer.wait(120)
    assert peer.heard[-1] == Ended(Why.SILENT)


def test_what_the_owner_does_out_of_turn_is_refused() -> None:
    peer = scanning()
    with pytest.raises(OutOfTurn):
        peer.protocol.give_assertion(assertion(), peer.now)
    with pytest.raises(OutOfTurn):
        peer.protocol.confirm(peer.now, same=True)
    demanded(peer)
    with pytest.raises(OutOfTurn):
        peer.protocol.show_pairing_code("628", peer.now)
    prologue(peer)
    with pytest.raises(OutOfTurn):
        peer.protocol.give_assertion(assertion(), peer.now)


BAD: dict[str, dict[str, Any]] = {
    "wrong_challenge": {"challenge": b"an older one"},
    "wrong_origin": {"origin": "https://example.com"},
    "wrong_relying_party": {"rp": "example.com"},
    "user_not_verified": {"flags": 0x01},
    "user_not_present": {"flags": 0x04},
    "wrong_type": {"type": "webauthn.create"},
}


@pytest.mark.parametrize("code", BAD)
def test_an_assertion_that_is_none_for_this_challenge_is_refused_by_name_and_nothing_changes(code: str) -> None:
    peer = scanning()
    demanded(peer)
    with pytest.raises(BadAssertion) as refused:
        peer.protocol.give_assertion(assertion(**BAD[code]), peer.now)
    assert refused.value.code == code
    assert (peer.sent(), peer.protocol.state) == ([], LinkingState.PASSKEY_REQUIRED)
    prologue(peer)


@pytest.mark.parametrize(
    "origin",
    [
        "http://web.whatsapp.com",
        "https://www.whatsapp.com",
        "https://web.whatsapp.com.example.com",
        "https://web.whatsapp.com:8443",
        "https://xn--web-whatsapp-com.example",
        "",
    ],
)
def test_an_origin_that_looks_like_whatsapp_s_is_refused(origin: str) -> None:
    with pytest.raises(BadAssertion, match="wrong_origin"):
        check(Challenge(OPTIONS), assertion(origin=origin))


def test_a_page_within_another_one_is_refused() -> None:
    with pytest.raises(BadAssertion, match="wrong_origin"):
        check(Challenge(OPTIONS), assertion(cross_origin=True))


def test_a_passkey_that_isn_t_among_those_asked_for_is_refused() -> None:
    options = {**OPTIONS, "allowCredentials": [{"id": b64(b"mine"), "type": "public-key"}]}
    with pytest.raises(BadAssertion, match="unknown_credential"):
        check(Challenge(options), assertion())
    assert check(Challenge(options), assertion(credential=b"mine")).credential == b"mine"


def test_an_assertion_of_two_names_is_none() -> None:
    with pytest.raises(BadAssertion, match="malformed_assertion"):
        check(Challenge(OPTIONS), {**assertion(), "id": b64(b"another")})


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", [None, 7, "", "not base64!", "AA", "A" * 20_000])
def test_an_assertion_with_a_part_that_is_none_is_refused(part: str, value: object) -> None:
    given = assertion()
    given["response"][part] = value
    if (part, value) == ("signature", "AA"):
        check(Challenge(OPTIONS), given)  # only WhatsApp knows the key
    else:
        with pytest.raises(BadAssertion, match="malformed_assertion"):
            check(Challenge(OPTIONS), given)


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "signature", "x"]), inner, max_size=4
        ),
        max_leaves=8,
    )
)  # fmt: skip
def test_whatever_is_given_for_an_assertion_is_refused_as_one(given_: object) -> None:
    with pytest.raises(BadAssertion):
        check(Challenge(OPTIONS), given_ if isinstance(given_, dict) else {"response": given_, "type": "public-key"})


@pytest.mark.parametrize("options", [b"", b"[]", b"{}", b'{"challenge": 7}', b'{"challenge": ""}', b"\xff"])
def test_options_without_a_challenge_move_nothing(options: bytes) -> None:
    peer = scanning()
    peer.notify("passkey_prologue_request", Node("passkey_request_options", {}, options))
    assert peer.protocol.state is LinkingState.SCANNING
