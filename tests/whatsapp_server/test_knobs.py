"""Planned failures serve once each."""

from infra.whatsapp_server.faults import Knobs, PlannedFailure


def test_a_failure_planned_for_a_number_spares_the_others() -> None:
    knobs = Knobs()
    planned = PlannedFailure(402, "1", ban=999)
    knobs.failures.append(planned)
    assert [knobs.take_failure(number) for number in ("2", "1", "1")] == [None, planned, None]


def test_a_failure_planned_for_anybody_meets_the_first() -> None:
    knobs = Knobs()
    first, second = PlannedFailure(503), PlannedFailure(401)
    knobs.failures.extend([first, second])
    assert [knobs.take_failure("1"), knobs.take_failure("2"), knobs.take_failure("3")] == [first, second, None]


def test_passkeys_are_demanded_as_often_as_planned() -> None:
    knobs = Knobs(passkeys=1)
    assert [knobs.take_passkey(), knobs.take_passkey()] == [True, False]


def test_a_planned_refusal_of_a_message_serves_once_and_only_its_number() -> None:
    knobs = Knobs()
    knobs.refusals.append(PlannedFailure(463, "628"))
    assert [knobs.take_refusal(number) for number in ("629", "628", "628")] == [None, 463, None]


def test_each_spoiling_serves_once() -> None:
    knobs = Knobs(spoilt=2)
    assert [knobs.take_spoiling() for _ in range(3)] == [True, True, False]
