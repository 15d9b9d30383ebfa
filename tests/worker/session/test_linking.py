"""What the owner of a session does while it is linked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.passkey import BadAssertion, Wrong
from chalicelib.domain.questions import Question, State, Subject
from chalicelib.domain.session import PasskeyStep, Reason, Status
from chalicelib.worker.log import Log
from chalicelib.worker.session.linking import OwnersLinking
from chalicelib.worker.whatsapp import client as c
from tests.makers import a_code
from tests.worker.harness import ScriptedClient, WorkerHarness
from tests.worker.outside import now


@dataclass
class Acts:
    """OwnersActs of a linking that takes everything, or raises."""

    done: list[Any] = field(default_factory=list)
    raises: Exception | None = None

    def show_pairing_code(self, phone: str) -> None:
        self._do(phone)

    def give_assertion(self, assertion: Mapping[str, Any]) -> None:
        self._do(dict(assertion))

    def confirm(self, *, same: bool) -> None:
        self._do(same)

    def _do(self, what: Any) -> None:
        if self.raises:
            raise self.raises
        self.done.append(what)


@dataclass
class Case:
    """A session that shows a code, and the questions about its linking."""

    harness: WorkerHarness
    linking: OwnersLinking
    client: ScriptedClient
    acts: Acts

    def ask(self, subject: Subject, *, place: int = 0, **about: Any) -> Callable[[], Question]:
        uid = self.harness.session.uid
        question = Question(uid, f"Q{place}", subject, now(), place=place, **about)
        assert self.harness.outside.questions.put(question, now=now())
        self.linking.look()
        return lambda: self.harness.outside.questions.get(question) or question


@pytest.fixture
def case(tmp_path: Path) -> Case:
    harness = WorkerHarness(tmp_path)
    harness.happen(e.QRShown(a_code(expires_at=now() + 20_000)))
    reporter, _ = harness.reporter()
    client, acts = ScriptedClient(harness.events, ()), Acts()
    client.linking = acts
    answering = harness.outside.services.answering
    return Case(harness, OwnersLinking(client, reporter, answering, harness.events, Log()), client, acts)


def test_a_code_that_is_asked_for_is_answered_when_whatsapp_takes_it(case: Case) -> None:
    asked = case.ask(Subject.PAIRING_CODE, number="6281")
    assert (asked().state, case.acts.done) == (State.TAKEN, ["6281"])
    case.linking.told(c.PairingCodeEvent("6281", "ABCD-EFGH", 180))
    shown = case.harness.now.pairing_code
    assert shown is not None
    assert (shown.code, asked().pairing_code) == ("ABCD-EFGH", shown)
    case.linking.told(c.PairingCodeEndedEvent("expired"))
    assert (case.harness.now.pairing_code, case.harness.now.status) == (None, Status.SCAN_QR)


@pytest.mark.parametrize(("why", "refusal"), [("refused", "phone_refused"), ("throttled", "throttled")])
def test_a_code_that_whatsapp_refuses_is_refused_by_name_and_the_one_before_it_is_dead(
    case: Case, why: str, refusal: str
) -> None:
    case.linking.told(c.PairingCodeEvent("6281", "ABCD-EFGH", 180))
    asked = case.ask(Subject.PAIRING_CODE, number="6281")
    case.linking.told(c.PairingCodeEndedEvent(why))
    assert (asked().refusal, case.harness.now.pairing_code) == (refusal, None)


def test_of_two_who_ask_for_a_code_at_once_the_first_gets_it_and_it_is_the_one_that_stands(case: Case) -> None:
    first, second = (case.ask(Subject.PAIRING_CODE, place=place, number="6281") for place in (0, 1))
    assert (second().refusal, case.acts.done) == ("out_of_turn", ["6281"])
    case.linking.told(c.PairingCodeEvent("6281", "ABCD-EFGH", 180))
    assert first().pairing_code == case.harness.now.pairing_code
    third = case.ask(Subject.PAIRING_CODE, place=2, number="6281")
    assert (third().state, len(case.acts.done)) == (State.TAKEN, 2)


def test_a_linking_that_ends_leaves_nobody_waiting(case: Case) -> None:
    asked = case.ask(Subject.PAIRING_CODE, number="6281")
    case.linking.over()
    assert asked().refusal == "over"


def test_a_passkey_goes_from_the_demand_to_the_comparison(case: Case) -> None:
    def step() -> tuple[PasskeyStep, str, str | None]:
        passkey = case.harness.now.passkey
        assert passkey is not None
        return passkey.step, passkey.options, passkey.code

    case.linking.demanded('{"challenge":"AAAA"}', 600)
    assert (case.harness.now.status, case.harness.now.live) == (Status.PASSKEY_REQUIRED, True)
    assert step() == (PasskeyStep.SIGN, '{"challenge":"AAAA"}', None)
    signed = case.ask(Subject.ASSERTION, assertion='{"id":"mine"}')
    assert (signed().state, signed().assertion, case.acts.done) == (State.ANSWERED, None, [{"id": "mine"}])
    assert step() == (PasskeyStep.PHONE, "", None)
    case.linking.told(c.PasskeyCodeEvent("ABCD-EFGH", 180))
    assert step() == (PasskeyStep.CONFIRM, "", "ABCD-EFGH")
    same = case.ask(Subject.CONFIRMATION, place=1, same=True)
    assert (same().state, case.acts.done[-1]) == (State.ANSWERED, True)
    assert step() == (PasskeyStep.PHONE, "", None)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [(BadAssertion(Wrong.CHALLENGE), "wrong_challenge"), (c.NotNow(), "out_of_turn")],
)
def test_what_the_linking_refuses_is_refused_by_name(case: Case, error: Exception, refusal: str) -> None:
    case.linking.demanded('{"challenge":"AAAA"}', 600)
    case.acts.raises = error
    refused = case.ask(Subject.ASSERTION, assertion="{}")
    assert (refused().refusal, refused().assertion) == (refusal, None)
    assert case.harness.now.passkey is not None
    assert case.harness.now.passkey.step is PasskeyStep.SIGN


def test_where_the_library_links_nothing_of_it_can_be_done(case: Case) -> None:
    case.client.linking = None
    assert case.ask(Subject.PAIRING_CODE, number="6281")().refusal == "unsupported"


def test_a_demand_that_the_client_can_t_answer_ends_the_worker(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.play(c.QREvent("code"), c.PasskeyRequestEvent())
    assert (harness.now.status, harness.now.reason) == (Status.PASSKEY_REQUIRED, Reason.PASSKEY_UNSUPPORTED)
    assert harness.now.answered


@pytest.mark.parametrize(
    ("why", "status"),
    [
        ("passkey_expired", Status.STOPPED),
        ("passkey_declined", Status.STOPPED),
        ("passkey_refused", Status.FAILED),
    ],
)
def test_nothing_that_came_of_a_passkey_says_why(tmp_path: Path, why: str, status: Status) -> None:
    harness = WorkerHarness(tmp_path)
    harness.play(c.QREvent("code"), c.PasskeyRequestEvent('{"challenge":"AAAA"}', 600), c.PasskeyEndedEvent(why))
    assert (harness.now.status, harness.now.reason, harness.now.passkey) == (status, why, None)
