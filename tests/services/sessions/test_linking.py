"""Pairing codes and passkeys, as their owner asks for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import errors as e
from chalicelib.domain.questions import Question, Subject
from chalicelib.domain.session import PasskeyDemand, PasskeyStep, Session, ShownPairingCode, Status
from infra.whatsapp_server.passkeys import Passkey, request_options
from tests.composition import Rig
from tests.makers import NOW, a_code, a_running_session

OPTIONS = '{"challenge":"AAAA","rpId":"whatsapp.com","userVerification":"required"}'
SHOWING = a_running_session(status=Status.SCAN_QR, phone="6281234567890", qr=a_code(expires_at=NOW + 60_000))
DEMANDED = a_running_session(status=Status.PASSKEY_REQUIRED, passkey=PasskeyDemand(OPTIONS, NOW + 600_000))
COMPARING = replace(DEMANDED, passkey=PasskeyDemand("", NOW + 180_000, PasskeyStep.CONFIRM, "ABCD-EFGH"))
CODE = ShownPairingCode("ABCD-EFGH", "6281234567890", NOW + 180_000)


class Harness:
    """Who asks, and a worker that does ``work`` with each question while somebody waits."""

    def __init__(self, session: Session, work: Callable[[Any, Question], object] | None = None) -> None:
        self.rig = Rig()
        self.rig.stores.sessions.rows[session.uid] = session
        self.asked: list[Question] = []
        answering = self.rig.answering

        def look() -> None:
            for question in answering.owed(session.uid, epoch=1, linking=True):
                taken = answering.take(question, epoch=1)
                if taken and work:
                    self.asked.append(taken)
                    work(answering, taken)

        self.rig.while_waiting = look
        self.linking = self.rig.linking

    def code(self, number: str | None = None, country: str | None = None) -> ShownPairingCode:
        return self.linking.pairing_code("default", "ana", number, country=country)[1]


@pytest.mark.parametrize(
    ("number", "country"),
    [(None, None), ("+62 812-3456-7890", None), ("081234567890", None), ("0812-3456-7890", "ID")],
)
def test_a_code_is_for_the_number_however_it_is_written(number: str | None, country: str | None):
    harness = Harness(SHOWING, lambda answering, question: answering.answer(question, CODE))
    assert harness.code(number, country) == CODE
    (asked,) = harness.asked
    assert (asked.subject, asked.number) == (Subject.PAIRING_CODE, "6281234567890")
    assert harness.rig.stores.questions.rows == {}, "codes and questions don't stay"


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        ("phone_refused", e.PhoneRefused),
        ("throttled", e.PairingCodeThrottled),
        ("out_of_turn", e.PairingUnderWay),
        ("over", e.AnswerNotReady),
        ("unsupported", e.NotPossible),
        ("a later version's", e.AnswerNotReady),
    ],
)
def test_a_worker_s_refusal_is_an_error_by_name(refusal: str, kind: type[e.GatewayError]):
    with pytest.raises(kind):
        Harness(SHOWING, lambda answering, question: answering.turn_down(question, refusal)).code()


@pytest.mark.parametrize(
    ("session", "number", "kind"),
    [
        (replace(SHOWING, status=Status.CONNECTED), None, e.AlreadyConnected),
        (replace(SHOWING, enabled=False), None, e.SessionDisabled),
        (DEMANDED, "6281234567890", e.PasskeyRequired),
        (replace(SHOWING, phone=None), None, e.InvalidField),
        (SHOWING, "words", e.InvalidField),
        (replace(SHOWING, require_phone_match=True), "628999", e.PhoneMismatch),
        (a_running_session(status=Status.STARTING), "6281234567890", e.QRNotReady),
    ],
)
def test_nobody_is_asked_for_a_code_that_can_t_be(session: Session, number: str | None, kind: type[e.GatewayError]):
    harness = Harness(session, lambda answering, question: answering.answer(question, CODE))
    with pytest.raises(kind):
        harness.code(number)
    assert harness.asked == []


def test_a_country_that_is_none_is_refused():
    with pytest.raises(e.InvalidField, match="country"):
        Harness(SHOWING).code("0812", "XX")


def signed(**changed: Any) -> dict[str, Any]:
    options = {**request_options(), "challenge": "AAAA"}
    return Passkey.generate().sign(options, **changed)


def test_an_assertion_is_given_to_the_worker_and_no_more_of_it_than_whatsapp_takes():
    harness = Harness(DEMANDED, lambda answering, question: answering.answer(question, None))
    assert harness.linking.give_assertion("default", "ana", signed()).id == "ana"
    (asked,) = harness.asked
    assert asked.subject is Subject.ASSERTION
    assert asked.assertion is not None
    assert "clientExtensionResults" not in asked.assertion
    assert "clientDataJSON" not in repr(asked)
    assert harness.rig.stores.questions.rows == {}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, e.AssertionMalformed),
        (signed(origin="https://web.whatsapp.com.example"), e.WrongOrigin),
        (signed(verified=False), e.UserNotVerified),
        (Passkey.generate().sign(request_options()), e.WrongChallenge),
        (Passkey.generate().sign({"challenge": "AAAA", "rpId": "example.com"}), e.WrongRelyingParty),
    ],
)
def test_an_assertion_for_something_else_never_leaves(given: dict[str, Any], kind: type[e.GatewayError]):
    harness = Harness(DEMANDED, lambda answering, question: answering.answer(question, None))
    with pytest.raises(kind):
        harness.linking.give_assertion("default", "ana", given)
    assert harness.asked == []


def test_the_worker_s_own_check_has_the_last_word():
    harness = Harness(DEMANDED, lambda answering, question: answering.turn_down(question, "wrong_challenge"))
    with pytest.raises(e.WrongChallenge):
        harness.linking.give_assertion("default", "ana", signed())


@pytest.mark.parametrize(
    "session", [SHOWING, COMPARING, replace(DEMANDED, passkey=None), replace(DEMANDED, passkey=PasskeyDemand("", NOW))]
)
def test_an_assertion_that_nobody_waits_for_is_refused(session: Session):
    with pytest.raises(e.PasskeyNotAsked):
        Harness(session).linking.give_assertion("default", "ana", signed())


def test_the_codes_are_compared():
    harness = Harness(COMPARING, lambda answering, question: answering.answer(question, None))
    assert harness.linking.confirmation("default", "ana")[2] == "ABCD-EFGH"
    harness.linking.confirm("default", "ana", same=False)
    assert [(asked.subject, asked.same) for asked in harness.asked] == [(Subject.CONFIRMATION, False)]


@pytest.mark.parametrize("session", [SHOWING, DEMANDED])
def test_a_comparison_that_was_never_asked_for_is_refused(session: Session):
    harness = Harness(session)
    with pytest.raises(e.ConfirmationNotAsked):
        harness.linking.confirmation("default", "ana")
    with pytest.raises(e.ConfirmationNotAsked):
        harness.linking.confirm("default", "ana", same=True)
