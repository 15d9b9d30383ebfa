from datetime import date

import pytest

from chalicelib.dialects.shared import LARGEST_PUSH
from infra.costs.__main__ import main
from infra.costs.bill import SPOT, UNVERIFIED, bill_table, by_service, price_table, prices
from infra.costs.network import PRICES
from infra.costs.usage import METERED_KB, Assumed, month


def test_everything_used_has_a_price_and_every_price_is_used():
    assert set(month(10)) | {SPOT} | set(PRICES) == set(prices().by_name)


def test_a_price_says_where_and_when_it_was_found_or_that_it_was_not():
    date.fromisoformat(prices().checked)
    for price in prices().by_name.values():
        assert (price.source is None) == (price.as_of is None)
    assert UNVERIFIED in price_table()


def test_a_task_costs_what_its_share_of_processor_and_memory_and_its_address_cost():
    one, two = by_service(1), by_service(2)
    assert two["Fargate"] - one["Fargate"] == pytest.approx(730 * (0.25 * 0.03238 + 0.5 * 0.00356))
    assert two["Public IPv4"] - one["Public IPv4"] == pytest.approx(3.65)


def test_a_lease_is_renewed_every_ten_seconds_and_that_is_paid_for():
    idle = Assumed(
        messages_in=0, messages_out=0, files_in=0, files_out=0, reconnects=0, calls=0, waits=0, watched_hours=0
    )
    # Six renewals a minute, and the place in the due index out and in.
    assert month(2, idle)["dynamodb_write"] - month(1, idle)["dynamodb_write"] == 730 * 60 * 8


def test_a_session_more_never_costs_less():
    bills = [sum(by_service(count).values()) for count in (1, 2, 10, 100, 1000)]
    assert bills == sorted(bills)


def test_more_use_costs_more():
    quiet, busy = Assumed(messages_in=1, messages_out=1), Assumed(messages_in=1000, messages_out=1000)
    for service in ("DynamoDB", "Lambda", "SQS", "EFS"):
        assert by_service(100, quiet)[service] < by_service(100, busy)[service]


def test_the_table_has_a_row_a_service_and_a_column_a_count():
    lines = bill_table([1, 100]).splitlines()
    assert lines[0] == "| US dollars a month | 1 session | 100 sessions |"
    assert len(lines) == 2 + sum(cost > 0 for cost in by_service(1).values()) + 4


def test_the_command_prints_the_table(capsys):
    main(["--sessions", "1,5"])
    assert capsys.readouterr().out == bill_table([1, 5]) + "\n"


def test_the_command_prints_prices_and_what_is_assumed(capsys):
    main(["--prices"])
    printed = capsys.readouterr().out
    assert price_table() in printed
    assert "`messages_in`" in printed


def test_a_call_that_waits_takes_a_place_and_gives_it_back():
    none, some = Assumed(waits=0), Assumed(waits=10)
    writes, reads = (month(1, some)[what] - month(1, none)[what] for what in ("dynamodb_write", "dynamodb_read"))
    assert writes == pytest.approx(10 * 2 * 730 / 24)
    assert reads == pytest.approx(10 * 6 * 730 / 24)


@pytest.mark.parametrize(("kb", "times"), [(2, 1), (32, 1), (33, 2), (100, 4)])
def test_a_websocket_s_message_is_counted_by_32_kb(kb, times):
    assert month(1, Assumed(push_kb=kb))["websocket_message"] == times * month(1, Assumed())["websocket_message"]


def test_what_the_gateway_tells_watchers_is_counted_once():
    assert LARGEST_PUSH <= METERED_KB * 1024


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_the_command_refuses_counts_that_are_none(count, capsys):
    with pytest.raises(SystemExit):
        main([f"--sessions={count}"])
    assert "--sessions" in capsys.readouterr().err


def test_files_are_paid_for_as_long_as_they_are_kept_and_on_their_way():
    none, some = Assumed(files_in=0, files_out=0), Assumed(files_in=100, files_out=100, file_kb=1_000)
    assert by_service(10, none)["S3"] == 0
    assert month(10, some)["s3_gb"] == pytest.approx(10 * 7 * 200 / 1_000)
    for service in ("DynamoDB", "CloudFront", "Traffic to WhatsApp"):
        assert by_service(10, none)[service] < by_service(10, some)[service]
