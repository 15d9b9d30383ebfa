"""What the owner does while a session is linked, beside showing its QR code: pairing code and passkey.

The linking lives in the session's worker, on a connection to WhatsApp that nobody else has. So each act is a question
to that worker, by the way that all questions go; what follows of it is written on the session, as events.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from chalicelib.domain import errors as e
from chalicelib.domain import phone
from chalicelib.domain.passkey import BadAssertion, Challenge, NoChallenge, Wrong, check
from chalicelib.domain.questions import LinkingRefusal, Question, Subject
from chalicelib.domain.session import PasskeyDemand, PasskeyStep, Session, ShownPairingCode
from chalicelib.services.messages.questions import Questions
from chalicelib.services.ports import Clock
from chalicelib.services.sessions.moves import must_be_enabled, why_no_code
from chalicelib.services.sessions.sessions import Sessions

STARTING_TAKES: Final = 14.0
"""Seconds that a pairing code waits for the linking to begin: with those for WhatsApp's answer it stays below 29."""
THROTTLED_FOR: Final = 60
"""Seconds after which it is worth asking for a pairing code again. WhatsApp doesn't say."""
_WRONG: Final[dict[str, tuple[type[e.AssertionRefused], str]]] = {
    Wrong.MALFORMED: (e.AssertionMalformed, "It is no assertion, as a browser writes one as JSON."),
    Wrong.TYPE: (e.WrongAssertionType, "It wasn't made to sign in with a passkey."),
    Wrong.CHALLENGE: (e.WrongChallenge, "It signs another challenge than the one that WhatsApp waits for."),
    Wrong.ORIGIN: (e.WrongOrigin, "It wasn't made on https://web.whatsapp.com."),
    Wrong.RELYING_PARTY: (e.WrongRelyingParty, "It was made with the passkey of another site."),
    Wrong.NOT_PRESENT: (e.UserNotPresent, "Nobody was there when it was made."),
    Wrong.NOT_VERIFIED: (e.UserNotVerified, "Who made it wasn't verified by a finger, a face or a PIN."),
    Wrong.CREDENTIAL: (e.UnknownCredential, "It was made with a passkey that WhatsApp doesn't ask for."),
}


class SessionLinking(Struct, frozen=True):
    """The owner's side of a linking. All of it raises SessionNotFound, and what ``Questions.ask`` raises."""

    sessions: Sessions
    questions: Questions
    clock: Clock

    def pairing_code(
        self, tenant: str, session_id: str, number: str | None, *, country: str | None
    ) -> tuple[Session, ShownPairingCode]:
        """Return a new code for a phone ``number`` (None: the session's own), as people write it; any before is dead.

        Raises InvalidField, PhoneMismatch, what ``Sessions.code`` raises where no code can come, PairingUnderWay,
        PhoneRefused, PairingCodeThrottled and NotPossible.
        """
        digits = self._number(self.sessions.get(tenant, session_id), number, country)
        session = self.sessions.await_code(tenant, session_id, wait=STARTING_TAKES)
        must_be_enabled(session)
        if why := why_no_code(session):
            raise why
        if session.code_at(self.clock()) is None and session.pairing_code_at(self.clock()) is None:
            raise e.QRNotReady("The linking hasn't begun yet. Ask again.", retry_after=2, session=session)
        answer = self.questions.ask(session, Subject.PAIRING_CODE, number=digits)
        if answer.pairing_code:
            return session, answer.pairing_code
        raise _refused(answer, session)

    def give_assertion(self, tenant: str, session_id: str, assertion: Mapping[str, Any]) -> Session:
        """Give WhatsApp the signed challenge; return the session as it stands then.

        Raises PasskeyNotAsked, a kind of AssertionRefused, and NotPossible.
        """
        session = self.sessions.get(tenant, session_id)
        demand = session.passkey_at(self.clock())
        if demand is None or demand.step is not PasskeyStep.SIGN:
            raise _not_asked(session)
        try:
            checked = check(Challenge.parse(demand.options), assertion)
        except BadAssertion as bad:
            raise _wrong(bad.code) from bad
        except NoChallenge as error:
            raise _not_asked(session) from error
        answer = self.questions.ask(session, Subject.ASSERTION, assertion=checked.sent.decode())
        if answer.refusal:
            raise _refused(answer, session)
        return self.sessions.get(tenant, session_id)

    def confirmation(self, tenant: str, session_id: str) -> tuple[Session, PasskeyDemand, str]:
        """Return the code to compare with the phone's, and what it belongs to; raises ConfirmationNotAsked."""
        session = self.sessions.get(tenant, session_id)
        demand = session.passkey_at(self.clock())
        if demand is None or demand.step is not PasskeyStep.CONFIRM or not demand.code:
            raise _no_code(session)
        return session, demand, demand.code

    def confirm(self, tenant: str, session_id: str, *, same: bool) -> Session:
        """Say whether the phone shows the same code; if not, the linking ends. Raises ConfirmationNotAsked."""
        session, _, _ = self.confirmation(tenant, session_id)
        answer = self.questions.ask(session, Subject.CONFIRMATION, same=same)
        if answer.refusal == LinkingRefusal.OUT_OF_TURN:
            raise _no_code(session)
        if answer.refusal:
            raise _refused(answer, session)
        return self.sessions.get(tenant, session_id)

    @staticmethod
    def _number(session: Session, number: str | None, country: str | None) -> str:
        if number is None:
            if session.phone is None:
                raise e.InvalidField("'phone' is missing: the session wasn't created for a number.", field="phone")
            return session.phone
        digits = phone.dialled(number, country=country, beside=session.phone, field="phone")
        if session.require_phone_match and session.phone and not phone.is_same_number(session.phone, digits):
            raise e.PhoneMismatch(
                "The session takes no account but that of the number that it was created for.",
                field="phone",
                session=session,
            )
        return digits


def _wrong(code: str) -> e.AssertionRefused:
    kind, sentence = _WRONG.get(code, (e.AssertionRefused, "It isn't one that WhatsApp would take."))
    return kind(sentence, field="assertion", hint="Sign the session's options once more.")


def _not_asked(session: Session) -> e.PasskeyNotAsked:
    return e.PasskeyNotAsked("WhatsApp doesn't wait for a passkey of this session.", session=session)


def _no_code(session: Session) -> e.ConfirmationNotAsked:
    return e.ConfirmationNotAsked("There is no code of this session to compare with the phone's.", session=session)


def _refused(question: Question, session: Session) -> e.GatewayError:
    """Return what a worker's refusal is to whoever asked."""
    match question.refusal:
        case LinkingRefusal.PHONE:
            return e.PhoneRefused(
                "WhatsApp makes no pairing code for this number, or has been asked for too many.",
                field="phone",
                hint="See that the number is right, or scan the QR code.",
            )
        case LinkingRefusal.THROTTLED:
            return e.PairingCodeThrottled(
                "WhatsApp has been asked for too many pairing codes.",
                hint="Scan the QR code, or try again later.",
                retry_after=THROTTLED_FOR,
            )
        case LinkingRefusal.OUT_OF_TURN if question.subject is Subject.ASSERTION:
            return _not_asked(session)
        case LinkingRefusal.OUT_OF_TURN:
            return e.PairingUnderWay(
                "A phone is just linking the session, or a code is being asked for.",
                retry_after=10,
                session=session,
            )
        case LinkingRefusal.UNSUPPORTED:
            return e.NotPossible("This session is linked by the client library, which can't do that. Scan the QR code.")
        case str(code) if code in _WRONG:
            return _wrong(code)
        case _:
            return e.AnswerNotReady("The linking ended before there was an answer.", retry_after=5)
