"""Linking with a passkey: WhatsApp's demand, and its answers to the device that meets it."""

import json
import secrets
import time
from typing import Final

from chalicelib.wire.node import SERVER, Node
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.connection import ConnectionEnded
from infra.whatsapp_server.errors import NoAnswer, PhoneError
from infra.whatsapp_server.faults import PlannedPasskey
from infra.whatsapp_server.linking import admit
from infra.whatsapp_server.network import Network, Waiting
from infra.whatsapp_server.passkeys import Ceremony, Passkey, Refused, Step

_OPTIONS: Final = "passkey_request_options"


async def demand(
    network: Network, waiting: Waiting, account: Account, plan: PlannedPasskey, *, secret: bytes | None
) -> None:
    """Ask a device for a passkey, as WhatsApp does of a share of the accounts since 2026; NoAnswer if it is gone.

    An account that has none makes one: WhatsApp leaves its owner no other way. `secret` is the scanned QR code's.
    """
    if account.passkey is None:
        account.passkey = Passkey.generate()
        network.store.changed()
        await network.store.flush()
    known = secret if plan.proof else None
    ceremony = Ceremony(account.passkey, known, time.monotonic())
    waiting.ceremony, waiting.account = ceremony, account
    network.ceremonies[account.number] = ceremony
    children = (Node(_OPTIONS, {}, json.dumps(ceremony.options).encode()),) if plan.options else None
    try:
        await _notify(waiting, "passkey_prologue_request", children)
    except ConnectionEnded as error:
        raise NoAnswer("The device went away.") from error


async def options(_network: Network, waiting: Waiting, query: Node) -> None:
    """The request options, for a device that got none with the demand."""
    text = json.dumps(_ceremony(waiting).options).encode()
    await waiting.connection.reply(query, Node(_OPTIONS, {}, text))


async def reference(network: Network, waiting: Waiting, query: Node) -> None:
    """A reference, under which phone and device make their key."""
    issued = network.references.issue()
    _ceremony(waiting).references.add(issued)
    await waiting.connection.reply(query, Node("ref", {}, issued.encode()))


async def prologue(_network: Network, waiting: Waiting, query: Node) -> None:
    """The assertion and the device's part; the phone answers."""
    ceremony, given = _ceremony(waiting), query.get("passkey_prologue")
    proof = given.find("pairing_handoff_proof")
    answer = ceremony.take_prologue(
        given.get("credential_id").data,
        given.get("webauthn_assertion").data,
        given.get("prologue_payload").data,
        proof.data if proof else None,
        now=time.monotonic(),
    )
    await waiting.connection.reply(query)
    await _notify(waiting, "crsc_continuation", (Node("primary_ephemeral_identity", {}, answer),))


async def nonce(_network: Network, waiting: Waiting, query: Node) -> None:
    """The device's nonce: from now on the phone shows the code, if it needs one."""
    _ceremony(waiting).take_nonce(query.get("companion_nonce").data)
    await waiting.connection.reply(query)


async def request(network: Network, waiting: Waiting, query: Node) -> None:
    """The device's keys: it is linked with them, which takes an answer of its own."""
    ceremony, account = _ceremony(waiting), waiting.account
    secret = ceremony.take_request(
        query.get("encrypted_pairing_request").data,
        noise_key=waiting.noise_key,
        identity=waiting.registration.identity,
    )
    await waiting.connection.reply(query)
    if account:
        network.spawn(_link(network, waiting, account, secret))


async def _link(network: Network, waiting: Waiting, account: Account, secret: bytes) -> None:
    ceremony = _ceremony(waiting)
    try:
        await admit(network, waiting, account, secret)
    except PhoneError as error:
        ceremony.fail(str(error))
    else:
        ceremony.step = Step.LINKED


def _ceremony(waiting: Waiting) -> Ceremony:
    if waiting.ceremony is None:
        raise Refused("nobody asked for a passkey", 404, "item-not-found")
    return waiting.ceremony


async def _notify(waiting: Waiting, kind: str, children: tuple[Node, ...] | None) -> None:
    about = {"type": kind, "id": secrets.token_hex(8), "t": now_s()}
    await waiting.connection.send(Node("notification", {"from": SERVER, **about}, children))
