"""A session with one device: its present state, and former ones that late messages may still need."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from infra.local.whatsapp.keys import KeyPair
from infra.local.whatsapp.signal import agreement, ratchet
from infra.local.whatsapp.signal.bundle import Bundle
from infra.local.whatsapp.signal.chain import ratcheted
from infra.local.whatsapp.signal.failures import Repeated, SignalFailure, Undecryptable
from infra.local.whatsapp.signal.messages import OfferingMessage, SealedMessage
from infra.local.whatsapp.signal.state import Offer, Receiving, Sending, State

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
            offer=Offer(bundle.prekey.id if bundle.prekey else None, bundle.signed.id),
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
                # That it is a repetition is the better news than that other states don't fit.
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
