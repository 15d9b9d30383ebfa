"""Key bundles: taken from a linked device's stock, and as stanzas."""

from chalicelib.wire.curve25519 import KEY_TYPE
from chalicelib.wire.node import Jid, Node
from infra.whatsapp_server.accounts import Device, PreKey
from infra.whatsapp_server.signal.agreement import Bundle, PublicKey

_ID_SIZE = 3


def take(device: Device) -> Bundle:
    """A bundle from what the device left; its one-time key is gone then."""
    signed = device.signed_prekey
    prekey = _public(device.prekeys.pop(0)) if device.prekeys else None
    return Bundle(device.identity, _public(signed), signed.signature, prekey)


def written(jid: Jid, registration: bytes, bundle: Bundle) -> Node:
    """The answer to who asked for the bundle of `jid`."""
    return Node("user", {"jid": jid}, (Node("registration", {}, registration), *parts(bundle)))


def parts(bundle: Bundle) -> tuple[Node, ...]:
    """A bundle's nodes."""
    nodes = (
        Node("type", {}, KEY_TYPE),
        Node("identity", {}, bundle.identity),
        Node("skey", {}, (*_key(bundle.signed), Node("signature", {}, bundle.signature))),
    )
    return (*nodes, Node("key", {}, _key(bundle.prekey))) if bundle.prekey else nodes


def read(keys: Node) -> Bundle:
    """The bundle that `parts` wrote; MissingPart if it is none."""
    signed, prekey = keys.get("skey"), keys.find("key")
    return Bundle(
        keys.get("identity").data,
        _read_key(signed),
        signed.get("signature").data,
        _read_key(prekey) if prekey else None,
    )


def _public(key: PreKey) -> PublicKey:
    return PublicKey(int.from_bytes(key.id, "big"), key.value)


def _key(key: PublicKey) -> tuple[Node, ...]:
    return Node("id", {}, key.id.to_bytes(_ID_SIZE, "big")), Node("value", {}, key.value)


def _read_key(node: Node) -> PublicKey:
    return PublicKey(int.from_bytes(node.get("id").data, "big"), node.get("value").data)
