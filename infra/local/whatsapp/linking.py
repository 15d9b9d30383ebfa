"""Linking a device by QR: offering codes to a client, and a phone's scan of one."""

import secrets
import time

from infra.local.whatsapp import adv, device_lists
from infra.local.whatsapp.accounts import Account, Device
from infra.local.whatsapp.clock import now_ms, now_s
from infra.local.whatsapp.connection import ConnectionEnded
from infra.local.whatsapp.errors import ExpiredCode, ForeignCode, NoAnswer, PasskeyRequired, RefusedByDevice
from infra.local.whatsapp.jid import SERVER
from infra.local.whatsapp.keys import KEY_SIZE
from infra.local.whatsapp.linking_code import LinkingCode
from infra.local.whatsapp.network import Network, Waiting
from infra.local.whatsapp.node import Node
from infra.local.whatsapp.protobuf import MalformedMessage

_PASSKEY_OPTIONS = b'{"publicKey":{"challenge":"bG9vcGJhY2s","rpId":"whatsapp.com","userVerification":"required"}}'


async def offer_codes(network: Network, waiting: Waiting) -> None:
    """Give a client a list of references to show."""
    references = [network.references.issue() for _ in range(network.knobs.references)]
    waiting.offer.add(references, time.monotonic())
    refs = tuple(Node("ref", {}, reference.encode()) for reference in references)
    await waiting.connection.tell(Node("pair-device", {}, refs), xmlns="md")


async def scan(
    network: Network, code: LinkingCode, number: str, *, name: str | None = None, wrong_hmac: bool = False
) -> tuple[Account, Device]:
    """A phone scans a code: resolves once the device has agreed and is linked; else one of the PhoneErrors."""
    waiting = _waiting(network, code)
    waiting.offer.used.add(code.reference)
    if network.knobs.take_passkey():
        await ask_for_passkey(waiting)
        raise PasskeyRequired("WhatsApp asks for a passkey before this device is linked.")
    account = network.opened(number, name)
    device = Device(
        number=account.next_device(),
        noise_key=waiting.noise_key,
        identity=waiting.registration.identity,
        registration=waiting.registration.registration,
        signed_prekey=waiting.registration.signed_prekey,
        platform=waiting.registration.platform,
        linked_at=now_ms(),
    )
    await _agree(waiting, account, device, secrets.token_bytes(KEY_SIZE) if wrong_hmac else code.secret)
    device_lists.announce(network.accounts, network.post, account)
    account.devices[device.number] = device
    network.store.changed()
    await network.store.flush()  # the device keeps its keys from now on; so must the server, even if it is killed
    network.spawn(_restart(waiting))
    return account, device


async def ask_for_passkey(waiting: Waiting) -> None:
    """Demand a passkey of a client, as WhatsApp does of a share of the accounts since 2026."""
    options = Node("passkey_request_options", {}, _PASSKEY_OPTIONS)
    kind = {"type": "passkey_prologue_request", "id": secrets.token_hex(8), "t": now_s()}
    await waiting.connection.send(Node("notification", {"from": SERVER, **kind}, (options,)))


def _waiting(network: Network, code: LinkingCode) -> Waiting:
    now = time.monotonic()
    for waiting in network.waiting:
        if waiting.offer.current(now) == code.reference:
            if (waiting.noise_key, waiting.registration.identity) != (code.noise_key, code.identity):
                raise ForeignCode("That code's keys are not those of the device that waits under it.")
            return waiting
    if network.references.issued(code.reference):
        raise ExpiredCode("That code has expired: a newer one is on show, or it has been used.")
    raise ForeignCode("That is a linking code, but not one of this WhatsApp.")


async def _agree(waiting: Waiting, account: Account, device: Device, secret: bytes) -> None:
    """Vouch for the device and have it sign in turn."""
    phone, companion = account.identity, device.identity
    vouching = adv.vouch(
        phone, companion, secret, raw_id=account.raw_id, device=device.number, now_s=device.linked_at // 1000
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
    if not _signed(answer, vouching, phone=phone.public, companion=companion):
        raise RefusedByDevice("The device's own signature is wrong.")


def _signed(answer: Node, vouching: adv.Vouching, *, phone: bytes, companion: bytes) -> bool:
    try:
        identity = answer.get("pair-device-sign", "device-identity").data
        return adv.device_agreed(identity, vouching.details, phone=phone, companion=companion)
    except (ValueError, MalformedMessage):
        return False


async def _restart(waiting: Waiting) -> None:
    """Have the client come back with its new login."""
    try:
        await waiting.connection.send(Node("stream:error", {"code": "515"}))
    except ConnectionEnded:
        return
    await waiting.connection.close_later()
