import pytest

from infra.costs.__main__ import main
from infra.costs.network import address, break_even, network_table, standing, through
from infra.costs.usage import Assumed
from tests.docs.tables import section


def test_two_gateways_their_addresses_and_four_endpoints_in_two_zones_are_paid_for():
    assert standing() == pytest.approx(730 * (2 * 0.045 + 2 * 0.005 + 4 * 2 * 0.01))


def test_both_cost_the_same_with_about_36_workers():
    workers = break_even()
    assert 35 < workers < 37
    assert workers * address() == pytest.approx(standing() + workers * through())


def test_more_traffic_needs_more_workers_to_pay_for_the_gateways():
    assert break_even(Assumed(traffic_mb=10_000)) > break_even()


def test_the_document_has_the_table_and_the_number(capsys):
    said = section("deploy.md", "### Public addresses or NAT gateways")
    assert network_table() in said
    assert f"{break_even():.0f} workers" in said.replace("\n", " ")
    main(["--network"])
    assert network_table() in capsys.readouterr().out
