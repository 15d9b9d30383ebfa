"""Linking by a code that a device shows and a person types on the phone: the server's part, and the phone's.

The code never leaves the two. Each side sends the other a key that it has wrapped under the code, so a wrong code shows
only when the device's bundle of keys doesn't open on the phone.
"""

import asyncio
import re
import secrets
import time
from contextlib import suppress
from typing import Final

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.node import PHONES, SERVER, Node
from chalicelib.wire.pairing import (
    KeyBundle,
    PairingFailure,
    code_typed,
    secret_of_code,
    unwrap_key,
    wrap_key,
)
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.codes import PairingCode
from infra.whatsapp_server.connection import ANSWER_S, ConnectionEnded
from infra.whatsapp_server.errors import ExpiredCode, ForeignCode, NoAnswer, NothingWaits, PasskeyRequired, WrongCode
from infra.whatsapp_server.linking import admit
from infra.whatsapp_server.network import Network, Waiting
from infra.whatsapp_server.passkey_linking import demand

_WRAPPED_COMPANION: Final = "link_code_pairing_wrapped_companion_ephemeral_pub"
_WRAPPED_PHONE: Final = "link_code_pairing_wrapped_primary_ephemeral_pub"
_REFERENCE: Final = "link_code_pairing_ref"
_REFERENCE_SIZE: Final = 32
_WRAPPED_SIZE: Final = 80
_NUMBER: Final = re.compile("[1-9][0-9]{4,14}")
_DISPLAY: Final = re.compile(r"[^()]+ \((Windows|Mac OS|Linux|Android|iOS|Ubuntu|Fedora)\)")
"""WhatsApp refuses a client that names another system."""
_REASONS: Final = {429: "rate-overlimit", 404: "item-not-found", 403: "forbidden", 401: "not-authorized"}


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"refused with {code}")
        self.code = code


async def answer(network: Network, waiting: Waiting, query: Node) -> None:
    """A device asks for a pairing by code, or sends its part of one."""
    try:
        children = _answered(network, waiting, query.get("link_code_companion_reg"))
    except _Refused as refused:
        await waiting.connection.refuse(query, refused.code, _REASONS.get(refused.code, "bad-request"))
        return
    await waiting.connection.reply(query, *children)


def _answered(network: Network, waiting: Waiting, stage: Node) -> tuple[Node, ...]:
    match stage.text("stage"):
        case "companion_hello":
            return (_hello(network, waiting, stage),)
        case "companion_finish":
            _finish(waiting, stage)
            return ()
        case _:
            raise _Refused(400)


def _hello(network: Network, waiting: Waiting, stage: Node) -> Node:
    """Note the new code in the place of a former one; its reference."""
    phone, now = stage.jid("jid"), time.monotonic()
    wrapped = stage.get(_WRAPPED_COMPANION).data
    display = stage.get("companion_platform_display").data.decode()
    known = stage.get("companion_server_auth_key_pub").data == waiting.noise_key
    numbered = phone.server == PHONES and _NUMBER.fullmatch(phone.user)
    if not (known and numbered and _DISPLAY.fullmatch(display) and len(wrapped) == _WRAPPED_SIZE):
        raise _Refused(400)
    planned = network.faults.take_code_refusal(phone.user)
    if planned:
        raise _Refused(planned)
    if not network.code_throttle.allows(phone.user, now):
        raise _Refused(429)
    waiting.code = PairingCode(phone.user, secrets.token_bytes(_REFERENCE_SIZE), wrapped, now)
    reference = Node(_REFERENCE, {}, waiting.code.reference)
    return Node("link_code_companion_reg", {"stage": "companion_hello"}, (reference,))


def _finish(waiting: Waiting, stage: Node) -> None:
    """Hand the device's bundle to the phone that waits for it."""
    code, awaited = waiting.code, waiting.finish
    if code is None or awaited is None or awaited.done() or stage.get(_REFERENCE).data != code.reference:
        raise _Refused(404)
    if stage.get("companion_identity_public").data != waiting.registration.identity:
        raise _Refused(400)
    awaited.set_result(stage.get("link_code_pairing_wrapped_key_bundle").data)


async def ask_for_new_code(waiting: Waiting, *, force: bool) -> bool:
    """Withdraw the code that a device shows and have it ask for another; false if it shows none.

    `force` is whether its user must ask for that; else the device may by itself.
    """
    shown = waiting.code
    if shown is None or not shown.awaited(time.monotonic()):
        return False
    shown.used = True
    attributes = {"stage": "refresh_code", "force_manual_refresh": str(force).lower()}
    await _notify(waiting, Node("link_code_companion_reg", attributes, (Node(_REFERENCE, {}, shown.reference),)))
    return True


async def type_code(network: Network, text: str, number: str, *, name: str | None = None) -> tuple[Account, Device]:
    """A person types a code on a phone: resolves once the device is linked; else one of the PhoneErrors."""
    try:
        code = code_typed(text)
    except PairingFailure as error:
        raise ForeignCode(f"That is not a pairing code: {error}.") from error
    waiting = _shown_for(network, number)
    async with waiting.typing:
        shown = waiting.code
        if shown is None or not shown.awaited(time.monotonic()):
            raise ExpiredCode("That code has expired: it is too old, was used, or was typed wrongly three times.")
        account = network.opened(number, name)
        plan = network.faults.take_passkey(number)
        if plan:
            shown.used = True
            with suppress(ConnectionEnded):  # who is gone is noticed by the demand
                await _greet(waiting, shown, account, wrapped=None)
            await demand(network, waiting, account, plan, secret=None)
            raise PasskeyRequired("Continue on your other device: WhatsApp asks for a passkey before it is linked.")
        shown.tries += 1
        secret = await _met(waiting, shown, account, code)
        shown.used = True
        return account, await admit(network, waiting, account, secret)


def _shown_for(network: Network, number: str) -> Waiting:
    """The device that showed the latest code for a number: the phone is told of no other."""
    found = [(one.code.start, one) for one in network.waiting if one.code and one.code.number == number]
    if not found:
        raise NothingWaits(f"No device waits for {number} with a pairing code.")
    return max(found, key=lambda pair: pair[0])[1]


async def _met(waiting: Waiting, shown: PairingCode, account: Account, code: str) -> bytes:
    """Exchange keys under the code; the secret that comes of it."""
    ephemeral = KeyPair.generate()
    theirs = await asyncio.to_thread(unwrap_key, code, shown.wrapped_key)
    wrapped = await asyncio.to_thread(wrap_key, code, ephemeral.public)
    sealed = await _asked(waiting, shown, account, wrapped)
    try:
        shared = ephemeral.shared(theirs)
        bundle = KeyBundle.opened(shared, sealed)
    except ValueError as error:
        raise WrongCode("The device shows another code.") from error
    if (bundle.companion, bundle.phone) != (waiting.registration.identity, account.identity.public):
        raise WrongCode("The device's bundle holds other keys than its own and the phone's.")
    return secret_of_code(shared, account.identity.shared(bundle.companion), bundle.random)


async def _asked(waiting: Waiting, shown: PairingCode, account: Account, wrapped: bytes) -> bytes:
    """Greet the device; the sealed bundle that it answers with."""
    waiting.finish = asyncio.get_running_loop().create_future()
    try:
        await _greet(waiting, shown, account, wrapped)
        async with asyncio.timeout(ANSWER_S):
            return await waiting.finish
    except (ConnectionEnded, TimeoutError) as error:
        raise NoAnswer("The device didn't answer the phone.") from error
    finally:
        waiting.finish = None


async def _greet(waiting: Waiting, shown: PairingCode, account: Account, wrapped: bytes | None) -> None:
    """Tell the device of the phone; without a key of the phone's if a passkey will be asked for."""
    parts = (
        *([Node(_WRAPPED_PHONE, {}, wrapped)] if wrapped else []),
        Node("primary_identity_pub", {}, account.identity.public),
        Node(_REFERENCE, {}, shown.reference),
    )
    await _notify(waiting, Node("link_code_companion_reg", {"stage": "primary_hello"}, parts))


async def _notify(waiting: Waiting, stage: Node) -> None:
    kind = {"type": "link_code_companion_reg", "id": secrets.token_hex(8), "t": now_s()}
    await waiting.connection.send(Node("notification", {"from": SERVER, **kind}, (stage,)))
