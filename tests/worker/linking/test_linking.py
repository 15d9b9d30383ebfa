"""Linkings by code and by picture, told by bytes alone."""

import hmac
from typing import Any

import pytest

from chalicelib.wire.curve25519 import KeyPair, sign
from chalicelib.wire.node import SERVER, Jid, Node
from chalicelib.wire.proto.handshake_pb2 import (
    HOSTED,
    ADVDeviceIdentity,
    ADVSignedDeviceIdentity,
    ADVSignedDeviceIdentityHMAC,
)
from chalicelib.worker.linking.linking import (
    CodeEnd,
    CodeShown,
    Ended,
    Linked,
    PairingCodeEnded,
    PairingCodeShown,
    Vouched,
)
from chalicelib.worker.linking.states import LinkingState, Why
from infra.whatsapp_server.linking import device_agreed
from tests.worker.linking.peer import JID, KEYS, LID, NUMBER, PHONE, REFERENCES, Peer, TypingPhone, scanning, shown


def codes(peer: Peer) -> list[CodeShown]:
    return [event for event in peer.heard if isinstance(event, CodeShown)]


def secret_of(peer: Peer) -> bytes:
    return shown(codes(peer)[-1].text)[3]


def test_a_device_that_is_registered_shows_its_first_code_for_a_minute() -> None:
    peer = scanning()
    (code,) = codes(peer)
    reference, noise, identity, _, kind = shown(code.text)
    assert (reference, noise, identity, kind) == (REFERENCES[0], KEYS.noise.public, KEYS.identity.public, "6")
    assert code.text.startswith("https://wa.me/settings/linked_devices#")
    assert (code.seconds, peer.protocol.state) == (60, LinkingState.SCANNING)
    assert secret_of(peer).hex() not in repr(peer.heard)


def test_codes_rotate_until_there_are_none() -> None:
    peer = scanning()
    peer.wait(159.9)
    assert [shown(code.text)[0] for code in codes(peer)] == list(REFERENCES)
    assert [code.seconds for code in codes(peer)] == [60, 20, 20, 20, 20, 20]
    peer.wait(0.1)
    assert peer.heard[-1] == Ended(Why.CODES_RAN_OUT)
    assert peer.protocol.wake_at is None


def test_a_list_that_isn_t_full_is_shown_quicker_and_a_further_list_takes_its_place() -> None:
    peer = Peer()
    peer.connect()
    peer.offer("a", "b")
    peer.wait(10)
    peer.offer("c")
    assert [(shown(code.text)[0], code.seconds) for code in codes(peer)] == [("a", 20), ("c", 20)]
    peer.wait(20)
    assert peer.heard[-1] == Ended(Why.CODES_RAN_OUT)


def test_the_device_pings_while_it_waits() -> None:
    peer = scanning()
    peer.now += 30
    peer.protocol.tick(peer.now)
    assert [node.text("xmlns") for node in peer.sent()] == ["w:p"]


def test_a_server_that_answers_no_ping_is_gone() -> None:
    peer = scanning()
    while (wake_at := peer.protocol.wake_at) is not None:
        peer.protocol.tick(wake_at)
    assert peer.protocol.events()[-1] == Ended(Why.SILENT)


def test_a_phone_that_vouches_links_the_device_once_it_is_stored() -> None:
    peer = scanning()
    name = peer.vouch(secret_of(peer))
    vouched = peer.heard[-1]
    assert isinstance(vouched, Vouched)
    device = vouched.device
    assert (device.jid, device.lid, device.platform, device.business_name) == (JID, LID, "android", "Kopi")
    assert (device.account_key, device.secret) == (PHONE.public, secret_of(peer))
    assert peer.sent() == [], "nothing is agreed before the device is stored"
    peer.protocol.stored(peer.now)
    answer, session = peer.sent()
    assert (answer.text("id"), answer.text("type")) == (name, "result")
    agreed = answer.get("pair-device-sign", "device-identity")
    assert agreed.text("key-index") == "7"
    assert device_agreed(agreed.data, device.details, phone=PHONE.public, companion=KEYS.identity.public)
    assert session.get("unified_session").text("id").isdecimal()
    peer.tell(Node("stream:error", {"code": "515"}))
    assert peer.heard[-1:] == [Linked(device)]
    assert peer.protocol.wake_at is None


def test_a_connection_that_closes_after_the_device_agreed_is_as_good_as_the_restart() -> None:
    peer = scanning()
    peer.vouch(secret_of(peer))
    peer.protocol.stored(peer.now)
    peer.protocol.end(Why.CLOSED)
    assert isinstance(peer.protocol.events()[-1], Linked)


def test_a_restart_that_never_comes_is_not_waited_for() -> None:
    peer = scanning()
    peer.vouch(secret_of(peer))
    peer.protocol.stored(peer.now)
    peer.wait(10)
    assert isinstance(peer.heard[-1], Linked)


def test_a_device_that_can_t_be_stored_refuses() -> None:
    peer = scanning()
    peer.vouch(secret_of(peer))
    peer.protocol.not_stored()
    (refusal,) = peer.sent()
    assert refusal.get("error").text("code") == "500"
    assert peer.protocol.events()[-1] == Ended(Why.NOT_STORED)


def hosted(secret: bytes, *, prefix: bytes = b"\x06\x05") -> bytes:
    """What the host of a business account vouches with."""
    facts = ADVDeviceIdentity(rawID=1, timestamp=1, keyIndex=7, accountType=HOSTED, deviceType=HOSTED)
    details = facts.SerializeToString()
    signature = sign(PHONE.private, b"\x06\x05" + details + KEYS.identity.public)
    signed = ADVSignedDeviceIdentity(
        details=details, accountSignatureKey=PHONE.public, accountSignature=signature
    ).SerializeToString()
    seal = hmac.digest(secret, prefix + signed, "sha256")
    return ADVSignedDeviceIdentityHMAC(details=signed, HMAC=seal, accountType=HOSTED).SerializeToString()


def test_a_business_that_is_hosted_seals_and_signs_with_a_prefix_of_its_own() -> None:
    peer = scanning()
    peer.vouch(secret_of(peer), container=hosted(secret_of(peer)))
    assert isinstance(peer.heard[-1], Vouched)


def test_a_hosted_container_that_is_sealed_as_others_are_is_refused() -> None:
    peer = scanning()
    peer.vouch(secret_of(peer), container=hosted(secret_of(peer), prefix=b""))
    assert peer.heard[-1] == Ended(Why.BAD_VOUCHER, "hmac-mismatch")


@pytest.mark.parametrize(
    ("how", "why", "code"),
    [
        ("secret", "hmac-mismatch", "401"),
        ("identity", "signature-mismatch", "401"),
        ("container", "internal-error", "500"),
        ("jid", "internal-error", "500"),
    ],
)
def test_a_voucher_that_isn_t_good_is_refused(how: str, why: str, code: str) -> None:
    peer = scanning()
    secret = secret_of(peer)
    bad: dict[str, dict[str, Any]] = {
        "secret": {"secret": bytes(32)},
        "identity": {"identity": KeyPair.generate().public},
        "container": {"container": b"\xff\xff"},
        "jid": {"jid": Jid("ana", "s.whatsapp.net", 1)},
    }
    peer.vouch(**({"secret": secret} | bad[how]))
    assert peer.heard[-1] == Ended(Why.BAD_VOUCHER, why)
    (refusal,) = peer.sent()
    assert (refusal.text("type"), refusal.get("error").text("code")) == ("error", code)


@pytest.mark.parametrize(
    ("stanza", "why", "detail"),
    [
        (Node("failure", {"reason": "405"}), Why.OUTDATED, "405"),
        (Node("failure", {"reason": "503"}), Why.REFUSED, "503"),
        (Node("failure", {"reason": "<secret>"}), Why.REFUSED, ""),
        (Node("stream:error", {"code": "515"}), Why.CLOSED, "515"),
        (Node("stream:error", {}, (Node("conflict"),)), Why.CLOSED, ""),
        (Node("ib", {"from": SERVER}, (Node("downgrade_webclient"),)), Why.NO_MULTI_DEVICE, ""),
    ],
)
def test_what_whatsapp_ends_it_with_is_told_by_name(stanza: Node, why: Why, detail: str) -> None:
    peer = scanning()
    peer.tell(stanza)
    assert peer.heard[-1] == Ended(why, detail)


@pytest.mark.parametrize("child", ["companion_reg_refresh", "pair-device-rotate-qr"])
def test_a_refresh_shows_the_same_reference_with_another_secret_for_the_time_it_has_left(child: str) -> None:
    peer = scanning()
    old = secret_of(peer)
    peer.wait(15)
    peer.notify("companion_reg_refresh", Node(child))
    first, second = codes(peer)
    assert shown(first.text)[0] == shown(second.text)[0]
    assert (second.refreshed, second.seconds, secret_of(peer) != old) == (True, 45, True)
    (ack,) = [node for node in peer.sent() if node.tag == "ack"]
    assert (ack.text("class"), ack.text("id"), ack.text("type")) == ("notification", "n1", "companion_reg_refresh")
    peer.vouch(secret_of(peer))
    assert isinstance(peer.heard[-1], Vouched)


def test_what_a_refresh_retired_seals_nothing_any_more() -> None:
    peer = scanning()
    old = secret_of(peer)
    peer.notify("companion_reg_refresh", Node("companion_reg_refresh"))
    peer.vouch(old)
    assert peer.heard[-1] == Ended(Why.BAD_VOUCHER, "hmac-mismatch")


def test_a_notification_of_any_other_kind_is_acknowledged_and_nothing_else() -> None:
    peer = scanning()
    before = len(peer.heard)
    peer.notify("weather", Node("rain"))
    assert [node.tag for node in peer.sent()] == ["ack"]
    assert (len(peer.heard), peer.protocol.state) == (before, LinkingState.SCANNING)


# Pairing codes.

REFERENCE = b"2@code"


def with_code(peer: Peer) -> tuple[Node, str]:
    """Ask for a pairing code; what the device sent, and the code."""
    peer.protocol.show_pairing_code(NUMBER, peer.now)
    (request,) = peer.sent()
    hello = request.get("link_code_companion_reg")
    taken = Node("link_code_companion_reg", {}, (Node("link_code_pairing_ref", {}, REFERENCE),))
    peer.answer(request, taken)
    told = peer.heard[-1]
    assert isinstance(told, PairingCodeShown)
    return hello, told.code


def typed(peer: Peer, code: str, reference: bytes = REFERENCE) -> TypingPhone:
    phone = TypingPhone(code)
    peer.notify("link_code_companion_reg", phone.hello(reference))
    return phone


def test_a_pairing_code_that_is_typed_links_the_device() -> None:
    peer = scanning()
    hello, code = with_code(peer)
    assert (hello.jid("jid"), hello.text("stage")) == (Jid(NUMBER, "s.whatsapp.net"), "companion_hello")
    assert hello.get("companion_platform_display").data == b"Safari (Mac OS)"
    assert hello.get("companion_platform_id").data == b"6"
    assert hello.get("link_code_pairing_nonce").data == b"\0"
    phone = typed(peer, code)
    request = next(node for node in peer.sent() if node.tag == "iq")
    finish = request.get("link_code_companion_reg")
    assert finish.get("companion_identity_public").data == KEYS.identity.public
    assert peer.protocol.state is LinkingState.FINISHING
    peer.answer(request)
    peer.vouch(phone.secret(hello, finish))
    assert isinstance(peer.heard[-1], Vouched)
    assert code not in repr(peer.heard)
    assert NUMBER not in repr([event for event in peer.heard if not isinstance(event, Vouched)])


def test_the_picture_goes_on_beside_a_pairing_code() -> None:
    peer = scanning()
    with_code(peer)
    peer.vouch(secret_of(peer))
    assert isinstance(peer.heard[-1], Vouched)


def test_another_code_typed_on_the_phone_shows_the_picture_again_with_what_the_exchange_left() -> None:
    peer = scanning()
    with_code(peer)
    old = secret_of(peer)
    typed(peer, "AAAA-AAAA")
    peer.wait(60)
    assert peer.heard[-1] == PairingCodeEnded(CodeEnd.UNANSWERED)
    assert peer.protocol.state is LinkingState.SCANNING
    assert secret_of(peer) != old
    peer.vouch(secret_of(peer))
    assert isinstance(peer.heard[-1], Vouched)


def test_a_pairing_code_may_be_typed_again_after_a_wrong_one_three_times_in_all() -> None:
    peer = scanning()
    hello, code = with_code(peer)
    for wrong in ("AAAA-AAAA", "BBBB-BBBB"):
        typed(peer, wrong)
    peer.sent()
    phone = typed(peer, code)
    request = next(node for node in peer.sent() if node.tag == "iq")
    typed(peer, "CCCC-CCCC")
    assert [node.tag for node in peer.sent()] == ["ack"]
    peer.vouch(phone.secret(hello, request.get("link_code_companion_reg")))
    assert isinstance(peer.heard[-1], Vouched)


def test_a_new_pairing_code_takes_the_old_one_s_place() -> None:
    peer = scanning()
    _, old = with_code(peer)
    peer.protocol.show_pairing_code(NUMBER, peer.now)
    typed(peer, old)
    assert peer.protocol.state is LinkingState.SCANNING


@pytest.mark.parametrize(("code", "why"), [(400, CodeEnd.REFUSED), (429, CodeEnd.THROTTLED)])
def test_a_pairing_code_that_whatsapp_refuses_leaves_the_picture(code: int, why: CodeEnd) -> None:
    peer = scanning()
    peer.protocol.show_pairing_code(NUMBER, peer.now)
    (request,) = peer.sent()
    peer.refuse(request, code)
    assert peer.heard[-1] == PairingCodeEnded(why)
    assert peer.protocol.state is LinkingState.SCANNING


def test_an_answer_without_a_reference_refuses_the_pairing_code() -> None:
    peer = scanning()
    peer.protocol.show_pairing_code(NUMBER, peer.now)
    (request,) = peer.sent()
    peer.answer(request)
    assert peer.heard[-1] == PairingCodeEnded(CodeEnd.REFUSED)


def test_codes_that_run_out_wait_for_the_pairing_code_which_expires() -> None:
    peer = scanning()
    peer.wait(100)
    with_code(peer)
    peer.wait(179)
    assert peer.protocol.state is LinkingState.SCANNING
    peer.wait(1)
    assert peer.heard[-2:] == [PairingCodeEnded(CodeEnd.EXPIRED), Ended(Why.CODES_RAN_OUT)]


def test_whatsapp_may_want_a_new_pairing_code() -> None:
    peer = scanning()
    with_code(peer)
    child = Node("link_code_pairing_ref", {}, REFERENCE)
    peer.notify("link_code_companion_reg", Node("link_code_companion_reg", {"stage": "refresh_code"}, (child,)))
    assert peer.heard[-1] == PairingCodeEnded(CodeEnd.WITHDRAWN)


@pytest.mark.parametrize("bad", ["reference", "size", "key"])
def test_what_a_phone_sends_that_is_no_answer_to_the_pairing_code_moves_nothing(bad: str) -> None:
    peer = scanning()
    _, code = with_code(peer)
    hello = TypingPhone(code).hello(b"2@other" if bad == "reference" else REFERENCE)
    parts = {node.tag: node.content for node in hello.children}
    parts |= {"size": {"primary_identity_pub": b"short"}, "key": {"primary_identity_pub": bytes(32)}}.get(bad, {})
    children = tuple(Node(tag, {}, content) for tag, content in parts.items())
    peer.notify("link_code_companion_reg", Node("link_code_companion_reg", {"stage": "primary_hello"}, children))
    assert [node.tag for node in peer.sent()] == ["ack"]
    assert peer.protocol.state is LinkingState.SCANNING
