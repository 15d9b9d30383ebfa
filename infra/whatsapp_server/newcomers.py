"""Queries of a device that isn't linked yet. One that isn't listed gets an empty result."""

from collections.abc import Awaitable, Callable
from typing import Final

from chalicelib.wire.node import Node
from infra.whatsapp_server import passkey_linking, typed_codes
from infra.whatsapp_server.network import Network, Waiting
from infra.whatsapp_server.passkeys import Refused

Answer = Callable[[Network, Waiting, Node], Awaitable[None]]

ANSWERS: Final[dict[tuple[str, str], Answer]] = {
    ("set", "link_code_companion_reg"): typed_codes.answer,
    ("get", "passkey_request_options"): passkey_linking.options,
    ("get", "ref"): passkey_linking.reference,
    ("set", "passkey_prologue"): passkey_linking.prologue,
    ("set", "companion_nonce"): passkey_linking.nonce,
    ("set", "encrypted_pairing_request"): passkey_linking.request,
}
"""By type and the first child's tag."""


async def answer(network: Network, waiting: Waiting, stanza: Node) -> None:
    """Answer a query; one that can't be read is refused. Nothing else is expected of such a device."""
    kind = stanza.text("type")
    if stanza.tag != "iq" or kind not in ("get", "set"):
        return
    handler = ANSWERS.get((kind, stanza.children[0].tag if stanza.children else ""), _nothing)
    try:
        await handler(network, waiting, stanza)
    except Refused as refused:
        if waiting.ceremony:
            waiting.ceremony.why = str(refused)
        await waiting.connection.refuse(stanza, refused.code, refused.text)
    except ValueError:
        await waiting.connection.refuse(stanza, 400, "bad-request")


async def _nothing(_network: Network, waiting: Waiting, stanza: Node) -> None:
    await waiting.connection.reply(stanza)
