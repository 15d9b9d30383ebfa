from chalicelib.worker.liveness.restarts import CALM, Restarts


def test_the_first_restart_needs_no_wait_and_neither_does_one_after_a_calm_time():
    first = Restarts().one_more(1_000)
    assert first == Restarts(0, 1_000)
    assert first.one_more(1_000 + CALM).count == 0


def test_restarts_soon_after_each_other_add_up():
    restarts = Restarts()
    for number in range(4):
        restarts = restarts.one_more(number * (CALM - 1))
        assert restarts.count == number
