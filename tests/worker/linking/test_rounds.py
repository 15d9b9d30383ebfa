"""One scan round."""

from chalicelib.worker.linking.rounds import Round

NOW = 1_000_000


def test_codes_are_counted_from_one() -> None:
    scan = Round()
    assert [scan.show("code", NOW).attempt for _ in range(3)] == [1, 2, 3]


def test_a_client_that_dies_before_its_code_expires_did_not_run_out() -> None:
    scan = Round()
    scan.show("code", NOW)
    assert not scan.ran_out(NOW + 58_000)
    assert scan.ran_out(NOW + 60_000)


def test_a_client_that_never_showed_a_code_did_not_run_out_of_them() -> None:
    assert not Round().ran_out(NOW)


def test_what_the_client_says_itself_counts() -> None:
    scan = Round()
    scan.show("code", NOW)
    scan.over = True
    assert scan.ran_out(NOW + 20_000)
