"""Linking by a QR code: the codes that a device is given to show, and a phone's scan of one."""

import secrets
import time
from contextlib import suppress

from chalicelib.wire.curve25519 import KEY_SIZE
from chalicelib.wire.node import SERVER, Node
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.codes import LinkingCode
from infra.whatsapp_server.connection import ConnectionEnded
from infra.whatsapp_server.errors import ExpiredCode, ForeignCode, PasskeyRequired
from infra.whatsapp_server.linking import admit
from infra.whatsapp_server.network import Network, Waiting
from infra.whatsapp_server.passkey_linking import demand


async def offer_codes(network: Network, waiting: Waiting) -> None:
    """Give a client a list of references to show."""
    references = [network.references.issue() for _ in range(network.faults.references)]
    waiting.offer.add(references, time.monotonic())
    refs = tuple(Node("ref", {}, reference.encode()) for reference in references)
    await waiting.connection.tell(Node("pair-device", {}, refs), xmlns="md")


async def scan(
    network: Network, code: LinkingCode, number: str, *, name: str | None = None, wrong_hmac: bool = False
) -> tuple[Account, Device]:
    """A phone scans a code: resolves once the device has agreed and is linked; else one of the PhoneErrors.

    PasskeyRequired if the device must give one first: then the linking goes on, and the account's ceremony says how far
    it has come.
    """
    waiting = _shown_on(network, code)
    if network.faults.take_refresh():
        with suppress(ConnectionEnded):
            await ask_for_refresh(waiting)
        raise ExpiredCode("WhatsApp has the device show a new code: scan that.")
    waiting.offer.used.add(code.reference)
    account = network.opened(number, name)
    plan = network.faults.take_passkey(number)
    if plan:
        await demand(network, waiting, account, plan, secret=code.secret)
        raise PasskeyRequired("Continue on your other device: WhatsApp asks for a passkey before it is linked.")
    device = await admit(network, waiting, account, secrets.token_bytes(KEY_SIZE) if wrong_hmac else code.secret)
    return account, device


async def ask_for_refresh(waiting: Waiting, child: str = "companion_reg_refresh") -> None:
    """Have a client replace its secret: it shows the same reference in a new code for the time that is left."""
    kind = {"type": "companion_reg_refresh", "id": secrets.token_hex(8), "t": now_s()}
    await waiting.connection.send(Node("notification", {"from": SERVER, **kind}, (Node(child),)))


def _shown_on(network: Network, code: LinkingCode) -> Waiting:
    now = time.monotonic()
    for waiting in network.waiting:
        if waiting.offer.current(now) == code.reference:
            if (waiting.noise_key, waiting.registration.identity) != (code.noise_key, code.identity):
                raise ForeignCode("That code's keys are not those of the device that waits under it.")
            return waiting
    if network.references.issued(code.reference):
        raise ExpiredCode("That code has expired: a newer one is on show, or it has been used.")
    raise ForeignCode("That is a linking code, but not one of this WhatsApp.")
