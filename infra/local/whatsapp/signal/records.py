"""Sessions as JSON records, and back."""

import json
from base64 import b64decode, b64encode
from typing import Any

from infra.local.whatsapp.keys import KeyPair
from infra.local.whatsapp.signal.chain import Chain
from infra.local.whatsapp.signal.session import Session
from infra.local.whatsapp.signal.state import Offer, Receiving, Sending, State


def written(session: Session) -> str:
    """What is stored of a session."""
    return json.dumps([_state_record(state) for state in session.states], separators=(",", ":"))


def read(text: str) -> Session:
    """The session of a record that `written` made."""
    return Session(tuple(_state(record) for record in json.loads(text)))


def _state_record(state: State) -> dict[str, Any]:
    return {
        "ours": _text(state.ours),
        "theirs": _text(state.theirs),
        "base": _text(state.base),
        "root": _text(state.root),
        "sending": [_text(state.sending.key.private), *_chain_record(state.sending.chain)],
        "receiving": [
            [_text(one.key), *_chain_record(one.chain), [[place, _text(seed)] for place, seed in one.skipped]]
            for one in state.receiving
        ],
        "previous": state.previous,
        "offer": [state.offer.prekey, state.offer.signed_prekey] if state.offer else None,
    }


def _state(record: dict[str, Any]) -> State:
    private, *chain = record["sending"]
    return State(
        ours=b64decode(record["ours"]),
        theirs=b64decode(record["theirs"]),
        base=b64decode(record["base"]),
        root=b64decode(record["root"]),
        sending=Sending(KeyPair.from_private(b64decode(private)), _chain(*chain)),
        receiving=tuple(
            Receiving(b64decode(key), _chain(seed, index), tuple((place, b64decode(one)) for place, one in skipped))
            for key, seed, index, skipped in record["receiving"]
        ),
        previous=record["previous"],
        offer=Offer(*record["offer"]) if record["offer"] else None,
    )


def _chain_record(chain: Chain) -> list[Any]:
    return [_text(chain.key), chain.index]


def _chain(key: str, index: int) -> Chain:
    return Chain(b64decode(key), index)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
