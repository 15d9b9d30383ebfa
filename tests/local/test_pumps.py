import pytest

from infra.local.pumps import Pumps, UnknownFunction


def test_a_function_that_the_app_lacks_is_named(aws):
    with pytest.raises(UnknownFunction, match=r"ControlMapping .* wants the function Control"):
        Pumps(aws, [], {}, print)
