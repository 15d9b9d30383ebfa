from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.bench import LATENCIES
from infra.local.settings import BadSetting, Network, read_settings


def test_without_a_word_it_is_the_loopback_on_8080_and_open_to_the_seeds_callers():
    settings = read_settings({})
    assert (settings.port, settings.network, settings.anonymous) == (8080, Network.LOOPBACK, True)
    assert settings.state == REPOSITORY / ".local"


def test_empty_variables_are_no_choice():
    assert read_settings({"PORT": "", "LOCAL_STATE": "", "NETWORK": "", "ALLOW_ANONYMOUS": ""}) == read_settings({})


def test_what_is_chosen_counts(tmp_path):
    settings = read_settings({"PORT": "0", "LOCAL_STATE": str(tmp_path), "ALLOW_ANONYMOUS": "0"})
    assert (settings.port, settings.state, settings.anonymous) == (0, Path(tmp_path), False)


def test_the_real_network_has_a_state_of_its_own_and_lets_nobody_in_without_a_credential():
    settings = read_settings({"NETWORK": "whatsapp"})
    assert not settings.anonymous
    assert settings.state != read_settings({}).state


def test_messages_carry_the_ai_label_only_where_somebody_wants_it():
    assert [read_settings(given).parameters["AiLabel"] for given in ({}, {"AI_LABEL": "on"})] == ["off", "on"]


def test_who_links_and_as_which_version_are_the_template_s_parameters():
    given = {"LINKER": "library", "WHATSAPP_VERSION": "2.3000.7"}
    told = [read_settings(one).parameters for one in ({}, given)]
    assert [(one["Linker"], one["WhatsAppVersion"]) for one in told] == [("own", ""), ("library", "2.3000.7")]


def test_the_pool_of_workers_grows_only_where_somebody_wants_it():
    assert [read_settings(given).parameters["StandbyMax"] for given in ({}, {"STANDBY_MAX": "3"})] == ["1", "3"]


def test_latencies_are_played_only_where_somebody_names_a_table():
    given = {"LATENCIES": str(LATENCIES), "LATENCIES_SEED": "7"}
    told = [read_settings(one) for one in ({}, given)]
    assert [(one.latencies, one.latencies_seed) for one in told] == [(None, 0), (LATENCIES, 7)]


@pytest.mark.parametrize(("given", "edge", "origin"), [({}, "cloudfront", ""), ({"EDGE": "none"}, "none", "/api")])
def test_without_an_edge_the_gateway_is_at_the_rest_api_s_stage(given, edge, origin):
    settings = read_settings(given)
    assert settings.parameters["Edge"] == edge
    assert settings.origin == f"http://localhost:8080{origin}"


@pytest.mark.parametrize(
    "given",
    [
        {"LAMBDA_CONCURRENCY": "9"},
        {"LAMBDA_CONCURRENCY": "many"},
        {"EDGE": "fastly"},
        {"PORT": "x"},
        {"PORT": "65536"},
        {"PORT": "-1"},
        {"NETWORK": "telegram"},
        {"NETWORK": "whatsapp", "ALLOW_ANONYMOUS": "1"},
        {"AI_LABEL": "yes"},
        {"LINKER": "nobody"},
        {"WHATSAPP_VERSION": "newest"},
        {"STANDBY_MAX": "many"},
        {"LATENCIES": "nowhere.toml"},
        {"LATENCIES_SEED": "-1"},
    ],
)
def test_a_bad_choice_is_one_sentence(given):
    with pytest.raises(BadSetting) as refused:
        read_settings(given)
    assert next(iter(given.values())) in str(refused.value)
    assert "\n" not in str(refused.value)
