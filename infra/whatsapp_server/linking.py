"""A device's link: made with the signatures of phone and device (ADV), and ended from either side."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.wire.curve25519 import KeyPair, sign, verified
from chalicelib.wire.node import Node
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    E2EE,
    HOSTED,
    ADVDeviceIdentity,
    ADVSignedDeviceIdentity,
    ADVSignedDeviceIdentityHMAC,
)
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.addressing import announce
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.errors import (
    NoAnswer,
    NotOnline,
    RefusedByDevice,
    UnknownPhone,
)
from infra.whatsapp_server.network import Client, Network, Waiting

_PHONE_SIGNS = b"\x06\x00"
_DEVICE_SIGNS = b"\x06\x01"
_HOSTED_PHONE_SIGNS = b"\x06\x05"
_HOSTED_DEVICE_SIGNS = b"\x06\x06"


@dataclass(frozen=True, slots=True)
class Vouching:
    """What a phone states about a new device: the encoded details, and the whole as it is sent."""

    details: bytes
    container: bytes


def vouch(
    phone: KeyPair, companion: bytes, secret: bytes, *, raw_id: int, device: int, now_s: int, hosted: bool = False
) -> Vouching:
    """Sign a companion's identity key into the account, sealed with the secret that linking agreed on."""
    kind, prefix = (HOSTED, _HOSTED_PHONE_SIGNS) if hosted else (E2EE, _PHONE_SIGNS)
    facts = ADVDeviceIdentity(rawID=raw_id, timestamp=now_s, keyIndex=device, accountType=kind, deviceType=kind)
    details = facts.SerializeToString()
    signature = sign(phone.private, prefix + details + companion)
    identity = ADVSignedDeviceIdentity(details=details, accountSignatureKey=phone.public, accountSignature=signature)
    signed = identity.SerializeToString()
    seal = hmac.digest(secret, prefix + signed if hosted else signed, hashlib.sha256)
    container = ADVSignedDeviceIdentityHMAC(details=signed, HMAC=seal)
    if hosted:
        container.accountType = HOSTED
    return Vouching(details, container.SerializeToString())


def device_agreed(answer: bytes, details: bytes, *, phone: bytes, companion: bytes, hosted: bool = False) -> bool:
    """Whether a device's answer holds the same details, signed with the identity key that the phone vouched for.

    With a hosted account clients sign as with any other, or by a prefix of its own.
    """
    signed = parse(ADVSignedDeviceIdentity, answer)
    prefixes = (_DEVICE_SIGNS, _HOSTED_DEVICE_SIGNS) if hosted else (_DEVICE_SIGNS,)
    agreed = details + companion + phone
    return signed.details == details and any(
        verified(companion, prefix + agreed, signed.deviceSignature) for prefix in prefixes
    )


async def admit(network: Network, waiting: Waiting, account: Account, secret: bytes) -> Device:
    """Take a device into an account: resolves once it has agreed and is linked; else one of the PhoneErrors."""
    device = Device(
        number=account.next_device(),
        noise_key=waiting.noise_key,
        identity=waiting.registration.identity,
        registration=waiting.registration.registration,
        signed_prekey=waiting.registration.signed_prekey,
        platform=waiting.registration.platform,
        linked_at=now_ms(),
    )
    await _agree(waiting, account, device, secret)
    account.devices[device.number] = device
    announce(network.accounts, network.post, account, new=device.number)
    network.store.changed()
    await network.store.flush()  # the device keeps its keys from now on; so must the server, even if it is killed
    network.spawn(_restart(waiting))
    return device


async def _agree(waiting: Waiting, account: Account, device: Device, secret: bytes) -> None:
    """Vouch for the device and have it sign in turn."""
    phone, companion = account.identity, device.identity
    linked_s, hosted = device.linked_at // 1000, account.hosted
    vouching = vouch(
        phone, companion, secret, raw_id=account.raw_id, device=device.number, now_s=linked_s, hosted=hosted
    )
    success = Node("pair-success", {}, (
        Node("device-identity", {}, vouching.container),
        Node("biz", {"name": account.name}),
        Node("device", {"jid": account.jid.on(device.number), "lid": account.lid_jid.on(device.number)}),
        Node("platform", {"name": "android"}),
    ))  # fmt: skip
    try:
        answer = await waiting.connection.ask(success, t=now_s())
    except ConnectionEnded as error:
        raise NoAnswer("The device went away before it answered.") from error
    if answer.text("type") == "error":
        refusal = answer.find("error")
        reason = refusal.text("text") if refusal else "no reason given"
        raise RefusedByDevice(f"The device refused the phone's signature: {reason}.")
    if not _signed(answer, vouching, account, companion):
        raise RefusedByDevice("The device's own signature is wrong.")


def _signed(answer: Node, vouching: Vouching, account: Account, companion: bytes) -> bool:
    phone, hosted = account.identity.public, account.hosted
    try:
        identity = answer.get("pair-device-sign", "device-identity").data
        return device_agreed(identity, vouching.details, phone=phone, companion=companion, hosted=hosted)
    except ValueError:
        return False


async def _restart(waiting: Waiting) -> None:
    """Have the client come back with its new login."""
    try:
        await waiting.connection.send(Node("stream:error", {"code": "515"}))
    except ConnectionEnded:
        return
    await waiting.connection.close_later()


def unlink(network: Network, account: Account, device: int | None) -> list[int]:
    """A phone removes a device, or all of them; their numbers. One that is offline learns of it at its next login."""
    gone = [number for number in account.devices if device in (None, number)]
    if not gone:
        which = "linked device" if device is None else f"linked device {device}"
        raise UnknownPhone(f"{account.number} has no {which}.")
    _end(network, account, gone)
    return gone


def drop(network: Network, account: Account) -> int:
    """Cut the TCP connections of an account's devices; how many there were."""
    found = [one for number in account.devices if (one := network.online(account, number))]
    if not found:
        raise NotOnline(f"No device of {account.number} is connected.")
    for connection in found:
        connection.abort()
    return len(found)


async def log_out(client: Client, query: Node) -> None:
    """A device removes itself; none may remove another."""
    jid = query.get("remove-companion-device").jid("jid")
    if client.network.accounts.of(jid) is not client.account or jid.device != client.device.number:
        await client.connection.refuse(query, 403, "forbidden")
        return
    client.network.remove(client.account, [jid.device])
    await client.connection.reply(query)


def _end(network: Network, account: Account, devices: Iterable[int]) -> None:
    connections = [one for number in devices if (one := network.online(account, number))]
    network.remove(account, devices)
    for connection in connections:
        network.spawn(_removed(connection))


async def _removed(connection: Connection) -> None:
    try:
        conflict = Node("conflict", {"type": "device_removed"})
        await connection.send(Node("stream:error", {"code": "401"}, (conflict,)))
    except ConnectionEnded:
        return
    await connection.close_later()
