from infra.costs.__main__ import main
from infra.costs.bill import quotas
from infra.costs.scale import addresses, demands, quota_table, recovery, recovery_table

NOT_A_DEMAND = {"launch_burst", "run_task_rate"}
"""Of launches, the rate is what counts."""


def test_every_demand_has_a_quota_and_every_quota_a_demand():
    assert set(demands(10)) | NOT_A_DEMAND == set(quotas().by_name)


def test_leases_alone_take_a_write_in_ten_seconds_each():
    assert demands(10_000)["table_writes"] > 1000


def test_a_hundred_start_at_once_and_then_twenty_a_second():
    assert recovery(100).told == recovery(1).told
    assert recovery(2100).told - recovery(100).told == 100


def test_the_sweep_alone_takes_longer_than_being_told():
    for count in (1, 100, 10_000, 100_000):
        assert recovery(count).swept > recovery(count).told


def test_the_template_s_subnets_have_room_for_ten_thousand_workers_and_not_for_a_hundred_thousand():
    assert 10_001 < addresses() < 100_001


def test_what_is_over_its_quota_is_bold():
    lines = [line for line in quota_table([1, 1_000]).splitlines() if "vCPUs" in line]
    assert "| 6 | under 1 | **250** |" in lines[0]


def test_the_command_prints_both_tables(capsys):
    main(["--scale", "--sessions", "10,20"])
    printed = capsys.readouterr().out
    assert quota_table([10, 20]) in printed
    assert recovery_table([10, 20]) in printed
