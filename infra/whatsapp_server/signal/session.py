"""A session with one device, its present state and former ones, and the JSON record that keeps it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.wire.curve25519 import KeyPair
from infra.whatsapp_server.signal import agreement, ratchet
from infra.whatsapp_server.signal.agreement import Bundle
from infra.whatsapp_server.signal.messages import OfferingMessage, Repeated, SealedMessage, SignalFailure, Undecryptable
from infra.whatsapp_server.signal.ratchet import Chain, PreKeyOffer, Receiving, Sending, State, ratcheted

_MOST_STATES = 40


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds the sessions: identity, registration id, and the private keys behind his bundles, by their numbers.

    `prekey` gives None for a number that was never handed out.
    """

    identity: KeyPair
    registration: int
    signed: Callable[[int], KeyPair | None]
    prekey: Callable[[int], KeyPair | None]


@dataclass(frozen=True, slots=True)
class Session:
    """The state to send with comes first. Both sides may begin at once: then each has both states, and they settle."""

    states: tuple[State, ...] = ()

    def begun(self, owner: Owner, bundle: Bundle) -> "Session":
        """With a fresh state in front, made from the other device's bundle; Undecryptable if that is none."""
        if not bundle.genuine:
            raise Undecryptable("the signed key isn't signed by the identity")
        base, key = KeyPair.generate(), KeyPair.generate()
        try:
            root, theirs = agreement.offered(owner.identity, base, bundle)
            root, ours = ratcheted(root, key.shared(bundle.signed.value))
        except ValueError as error:
            raise Undecryptable("a key in the bundle is none") from error
        state = State(
            ours=owner.identity.public,
            theirs=bundle.identity,
            base=base.public,
            root=root,
            sending=Sending(key, ours),
            receiving=(Receiving(bundle.signed.value, theirs),),
            offer=PreKeyOffer(bundle.prekey.id if bundle.prekey else None, bundle.signed.id),
        )
        return self._fronted(state)

    def encrypt(self, owner: Owner, plaintext: bytes) -> tuple["Session", SealedMessage | OfferingMessage]:
        """Seal a message; until the other side has answered it carries the offer. There must be a state."""
        state, message = ratchet.encrypt(self.states[0], plaintext)
        session = Session((state, *self.states[1:]))
        if state.offer is None:
            return session, message
        offer = state.offer
        return session, OfferingMessage(
            owner.registration, offer.prekey, offer.signed_prekey, state.base, state.ours, message
        )

    def decrypt(self, message: SealedMessage) -> tuple["Session", bytes]:
        """Open a message with whichever state fits, which then is the one to answer with."""
        failure: SignalFailure = Undecryptable("there is no session")
        for state in self.states:
            try:
                advanced, plaintext = ratchet.decrypt(state, message)
            except SignalFailure as error:
                # That the message is a repetition says more than that other states don't fit.
                failure = failure if isinstance(failure, Repeated) else error
            else:
                others = tuple(one for one in self.states if one is not state)
                return Session((advanced, *others)), plaintext
        raise failure

    def accept(self, owner: Owner, message: OfferingMessage) -> tuple["Session", bytes]:
        """Open a message that carries an offer; the offer counts once, however many messages repeat it."""
        if any(state.base == message.base for state in self.states):
            return self.decrypt(message.inner)
        return self._fronted(_accepted(owner, message)).decrypt(message.inner)

    def _fronted(self, state: State) -> "Session":
        return replace(self, states=(state, *self.states[: _MOST_STATES - 1]))


def _accepted(owner: Owner, message: OfferingMessage) -> State:
    signed = owner.signed(message.signed_prekey)
    prekey = owner.prekey(message.prekey) if message.prekey is not None else None
    if signed is None or (message.prekey is not None and prekey is None):
        raise Undecryptable("the offer names a key that never was ours")
    try:
        root, chain = agreement.accepted(
            owner.identity, signed, prekey, their_identity=message.identity, their_base=message.base
        )
    except ValueError as error:
        raise Undecryptable("a key in the offer is none") from error
    return State(owner.identity.public, message.identity, message.base, root, Sending(signed, chain))


def to_record(session: Session) -> str:
    """What is stored of a session."""
    return json.dumps([_state_record(state) for state in session.states], separators=(",", ":"))


def from_record(text: str) -> Session:
    """The session of a record that `to_record` made."""
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
        offer=PreKeyOffer(*record["offer"]) if record["offer"] else None,
    )


def _chain_record(chain: Chain) -> list[Any]:
    return [_text(chain.key), chain.index]


def _chain(key: str, index: int) -> Chain:
    return Chain(b64decode(key), index)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
