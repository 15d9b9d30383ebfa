"""Planned failures serve once each."""

from infra.whatsapp_server.faults import Faults, PlannedFailure, PlannedPasskey


def test_a_failure_planned_for_a_number_spares_the_others() -> None:
    faults = Faults()
    planned = PlannedFailure(402, "1", ban=999)
    faults.failures.append(planned)
    assert [faults.take_failure(number) for number in ("2", "1", "1")] == [None, planned, None]


def test_a_failure_planned_for_anybody_meets_the_first() -> None:
    faults = Faults()
    first, second = PlannedFailure(503), PlannedFailure(401)
    faults.failures.extend([first, second])
    assert [faults.take_failure("1"), faults.take_failure("2"), faults.take_failure("3")] == [first, second, None]


def test_passkeys_are_demanded_as_often_as_planned_and_of_whom() -> None:
    faults = Faults()
    for_one, for_any = PlannedPasskey("628", options=False), PlannedPasskey(proof=False)
    faults.passkeys.extend([for_one, for_any])
    assert [faults.take_passkey(number) for number in ("629", "629", "628", "628")] == [for_any, None, for_one, None]


def test_a_planned_refusal_of_a_message_serves_once_and_only_its_number() -> None:
    faults = Faults()
    faults.refusals.append(PlannedFailure(463, "628"))
    assert [faults.take_refusal(number) for number in ("629", "628", "628")] == [None, 463, None]


def test_each_spoiling_serves_once() -> None:
    faults = Faults(spoilt=2)
    assert [faults.take_spoiling() for _ in range(3)] == [True, True, False]


def test_an_older_client_is_outdated() -> None:
    faults = Faults(least_version=(2, 3000, 7))
    assert faults.outdated((2, 3000, 6)) == PlannedFailure(405)
    assert faults.outdated((2, 3000, 7)) is None
    assert Faults().outdated((0, 0, 0)) is None


def test_a_refusal_of_a_registration_and_a_wish_for_a_new_code_serve_once() -> None:
    faults = Faults(refreshes=1)
    faults.registration_failures.append(PlannedFailure(403))
    assert [faults.take_registration_failure(), faults.take_registration_failure()] == [PlannedFailure(403), None]
    assert [faults.take_refresh(), faults.take_refresh()] == [True, False]
