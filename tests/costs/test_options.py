import pytest

from infra.costs.__main__ import main
from infra.costs.bill import bill_table, by_service
from infra.costs.options import OPTIONS, file_backups, option_table, own_key, private_workers
from infra.costs.usage import Assumed
from infra.template import TEMPLATE, load_template


def test_copies_are_paid_for_as_long_as_they_are_kept():
    # Three MB of each session, each of 35 days.
    assert file_backups(1_000) == pytest.approx(1_000 * 3 * 35 / 1_000 * 0.05)


def test_nobody_pays_for_copies_who_did_not_choose_them():
    assert by_service(1_000)["AWS Backup"] == 0
    assert "AWS Backup" not in bill_table([1, 1_000])
    assert "| AWS Backup |" in bill_table([1, 1_000], Assumed(file_backups=True))


def test_a_key_costs_what_it_costs_whatever_uses_it():
    assert own_key(1) == own_key(10_000) == 1


def test_gateways_cost_less_than_addresses_from_some_number_of_workers_on():
    assert private_workers(1) > 100
    assert private_workers(100) < 0


def test_each_option_is_a_parameter_of_the_template_that_is_off_by_default():
    parameters = load_template(TEMPLATE).document["Parameters"]
    for option in OPTIONS:
        name, _, value = option.partition("=")
        assert value in parameters[name]["AllowedValues"]
        assert parameters[name]["Default"] != value


def test_the_command_prints_the_table(capsys):
    main(["--options", "--sessions", "1,5"])
    assert capsys.readouterr().out == option_table([1, 5]) + "\n"
