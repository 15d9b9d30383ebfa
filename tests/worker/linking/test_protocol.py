"""Servers that aren't WhatsApp, or send what they shouldn't: a linking ends with a reason, or goes on; it never hangs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.frames import framed
from chalicelib.wire.node import SERVER, Jid, Node
from chalicelib.worker.linking.linking import CodeShown, Ended, Vouched
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.states import FINAL, LinkingState, OutOfTurn, Why
from infra.whatsapp_server.certificates import YEAR_S, chain
from tests.worker.linking.peer import NOW, ROOT, STATIC, UNIX_S, Peer, scanning, shown


def test_a_foreign_root_is_not_whatsapp() -> None:
    peer = Peer(root=KeyPair.generate().public)
    peer.connect()
    assert peer.heard == [Ended(Why.NOT_WHATSAPP, "UntrustedServer")]
    assert peer.payload == b"", "nothing is said to whom can't prove itself"


def test_an_expired_certificate_is_not_whatsapp() -> None:
    peer = Peer(certificates=chain(ROOT, STATIC.public, UNIX_S - 2 * YEAR_S))
    peer.connect()
    assert peer.heard == [Ended(Why.NOT_WHATSAPP, "UntrustedServer")]


def test_a_certificate_of_another_key_is_not_whatsapp() -> None:
    peer = Peer(certificates=chain(ROOT, KeyPair.generate().public, UNIX_S))
    peer.connect()
    assert peer.heard == [Ended(Why.NOT_WHATSAPP, "UntrustedServer")]


def test_a_server_that_never_says_hello_is_waited_for_twenty_seconds() -> None:
    peer = Peer()
    peer.wait(19.9)
    assert peer.heard == []
    peer.wait(0.1)
    assert peer.heard == [Ended(Why.SILENT)]


def test_a_server_that_never_gives_references_is_waited_for_half_a_minute() -> None:
    peer = Peer()
    peer.connect()
    peer.wait(30)
    assert peer.heard == [Ended(Why.SILENT)]


def test_nothing_can_be_asked_of_a_linking_that_isn_t_connected() -> None:
    protocol = LinkingProtocol(now=NOW, unix_s=UNIX_S)
    for ask in (
        lambda: protocol.show_pairing_code("628", NOW),
        lambda: protocol.give_assertion({}, NOW),
        lambda: protocol.confirm(NOW, same=True),
        lambda: protocol.stored(NOW),
        protocol.not_stored,
    ):
        with pytest.raises(OutOfTurn):
            ask()


HELLO = Node("iq", {"from": SERVER, "type": "set", "id": "1"}, (Node("pair-device", {}, (Node("ref", {}, b"r"),)),))
PING = Node("iq", {"from": SERVER, "type": "get", "id": "2", "xmlns": "urn:xmpp:ping"})


def test_messages_may_be_cut_anywhere_and_joined() -> None:
    peer = Peer()
    peer.connect()
    message = peer.sealed(HELLO, PING)
    for at in range(len(message)):
        peer.give(message[at : at + 1])
    assert peer.protocol.state is LinkingState.SCANNING
    assert [node.text("id") for node in peer.sent()] == ["1", "2"]


def test_stanzas_out_of_order_are_not_whatsapp_s() -> None:
    peer = scanning()
    first, second = peer.sealed(HELLO), peer.sealed(PING)
    peer.give(second)
    peer.give(first)
    assert peer.heard[-1] == Ended(Why.NOT_WHATSAPP, "NoiseFailure")


def test_a_repeated_stanza_is_not_whatsapp_s() -> None:
    peer = scanning()
    message = peer.sealed(PING)
    peer.give(message + message)
    assert peer.heard[-1] == Ended(Why.NOT_WHATSAPP, "NoiseFailure")


def test_a_frame_that_is_too_large_isn_t_waited_for() -> None:
    peer = scanning()
    peer.give(b"\xff\xff\xff")
    assert peer.heard[-1] == Ended(Why.NOT_WHATSAPP, "MalformedStream")


def test_after_the_end_nothing_is_read() -> None:
    peer = scanning()
    peer.give(b"\xff\xff\xff")
    peer.give(peer.sealed(HELLO))
    assert len([event for event in peer.heard if isinstance(event, Ended)]) == 1


@settings(max_examples=40)
@given(st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_handshake_end_it_or_are_waited_for(data: bytes) -> None:
    peer = Peer()
    peer.protocol.messages_to_send()
    peer.give(framed(data))
    assert peer.heard[-1].why is Why.NOT_WHATSAPP  # type: ignore[union-attr]


@settings(max_examples=40)
@given(st.data())
def test_a_handshake_that_was_cut_short_is_not_whatsapp_s(data: st.DataObject) -> None:
    peer = Peer()
    (hello,) = peer.frames()
    answer = peer._handshake.answer(hello)
    peer.give(framed(answer[: data.draw(st.integers(0, len(answer) - 1))]))
    (ended,) = peer.heard
    assert isinstance(ended, Ended)
    assert ended.why is Why.NOT_WHATSAPP
    assert not peer.frames(), "nothing is said to whom can't prove itself"


class Held(Peer):
    """A server whose messages are held back once ``held`` is a list."""

    held: list[bytes] | None = None

    def give(self, message: bytes) -> None:
        if self.held is None:
            super().give(message)
        else:
            self.held.append(message)


def about_to_link() -> tuple[Held, list[bytes]]:
    """A linking that shows a code, and what an honest server says next; the last of it is the phone's voucher."""
    peer = Held()
    peer.connect()
    peer.offer()
    peer.sent()
    (code,) = (event for event in peer.heard if isinstance(event, CodeShown))
    frames: list[bytes] = []
    peer.held = frames
    peer.tell(PING)
    peer.notify("account_sync")
    peer.tell(HELLO)
    peer.vouch(shown(code.text)[3])
    peer.held = None
    return peer, frames


def damaged(frames: list[bytes], data: st.DataObject) -> bytes:
    """What a server makes of the frames that can't leave the last one as it was, in its place."""
    whole, last = b"".join(frames), len(frames) - 1
    one, other = data.draw(st.lists(st.integers(0, last), min_size=2, max_size=2, unique=True))
    match data.draw(st.sampled_from(("cut", "swapped", "dropped", "repeated", "changed", "enlarged"))):
        case "cut":
            return whole[: data.draw(st.integers(0, len(whole) - 1))]
        case "swapped":
            frames[one], frames[other] = frames[other], frames[one]
        case "dropped":
            del frames[one]
        case "repeated":
            frames.insert(min(one, other), frames[min(one, other)])
        case "changed":
            at = data.draw(st.integers(0, len(whole) - 1))
            return whole[:at] + bytes((whole[at] ^ data.draw(st.integers(1, 255)),)) + whole[at + 1 :]
        case _:
            frames[one] = framed(frames[one][3:] + data.draw(st.binary(min_size=1, max_size=20)))
    return b"".join(frames)


def test_what_an_honest_server_says_links() -> None:
    peer, frames = about_to_link()
    peer.give(b"".join(frames))
    assert isinstance(peer.heard[-1], Vouched)


@settings(max_examples=80)
@given(st.data())
def test_whatever_is_done_to_a_server_s_bytes_ends_a_linking_and_links_nothing(data: st.DataObject) -> None:
    peer, frames = about_to_link()
    peer.give(damaged(frames, data))
    # Nothing more comes, no answer to a ping either.
    for _ in range(100):
        if (wake_at := peer.protocol.wake_at) is None:
            break
        peer.protocol.tick(wake_at)
        peer.heard += peer.protocol.events()
    ended = peer.heard[-1]
    assert isinstance(ended, Ended)
    assert ended.why in {Why.NOT_WHATSAPP, Why.SILENT, Why.CODES_RAN_OUT}
    assert not any(isinstance(event, Vouched) for event in peer.heard)


@settings(max_examples=40)
@given(st.data())
def test_a_handshake_that_was_changed_ends_it(data: st.DataObject) -> None:
    peer = Peer()
    (hello,) = peer.frames()
    answer = bytearray(peer._handshake.answer(hello))
    answer[data.draw(st.integers(0, len(answer) - 1))] ^= data.draw(st.integers(1, 255))
    peer.give(framed(bytes(answer)))
    # Some bytes aren't part of what is proved: unknown fields' numbers.
    assert peer.protocol.state in {LinkingState.ENDED, LinkingState.REGISTERING}


attributes = st.dictionaries(
    st.sampled_from(["id", "type", "from", "xmlns", "code", "reason", "class", "stage", "jid"]),
    st.sampled_from(["", "1", "result", "error", "set", "get", "515", "companion_reg_refresh", "crsc_continuation"])
    | st.sampled_from([SERVER, Jid("628", "s.whatsapp.net")])
    | st.sampled_from(["link_code_companion_reg", "passkey_prologue_request", "refresh_code"]),
    max_size=5,
)
TAGS = [
    "iq", "notification", "pair-device", "pair-success", "ref", "stream:error", "failure", "ib", "device-identity", "device",
    "error", "link_code_companion_reg", "link_code_pairing_ref", "passkey_request_options", "primary_ephemeral_identity",
]  # fmt: skip
stanzas = st.recursive(
    st.builds(Node, st.sampled_from(TAGS), attributes, st.none() | st.binary(max_size=8) | st.just(b"\x08\x01")),
    lambda inner: st.builds(
        Node, st.sampled_from(TAGS), attributes, st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.lists(stanzas, max_size=12))
def test_whatever_stanzas_come_a_linking_waits_for_something_or_has_ended(told: list[Node]) -> None:
    peer = scanning()
    for node in told:
        peer.tell(node)
    assert (peer.protocol.wake_at is None) == (peer.protocol.state in FINAL)
    if peer.protocol.state in FINAL:
        assert isinstance(peer.heard[-1], Ended)
    assert peer.protocol.state is not LinkingState.STORING
