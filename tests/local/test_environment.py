import os
from concurrent.futures import ThreadPoolExecutor

import boto3

from infra.local.environment import become_lambda, for_workers
from infra.local.settings import read_settings
from infra.local.state import LocalState

LOOPBACK = {"HTTPS_PROXY": "http://127.0.0.1:1", "PYTHONPATH": "/loop"}


def test_functions_see_the_templates_variables_and_nothing_of_the_developers_account(aws, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    os.environ["ALLOWED_ORIGINS"] = "null"
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"):
        os.environ[name] = "mine"
    become_lambda(aws, read_settings({}), "http://127.0.0.1:1/api", "proof")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"} & set(os.environ)
    assert os.environ["AWS_ENDPOINT_URL"] == aws.url
    assert os.environ["TABLE_NAME"] == aws.variables["TABLE_NAME"]
    assert os.environ["WS_ENDPOINT"] == "http://127.0.0.1:1/api"
    assert os.environ["EDGE_SECRET"] == '{"current": "proof"}'
    assert (os.environ["STAGE"], os.environ["ALLOW_ANONYMOUS"]) == ("local", "1")
    assert os.environ["ALLOWED_ORIGINS"] == "null,http://localhost:*,http://127.0.0.1:*"


def test_workers_are_led_to_the_loopback(aws, tmp_path):
    found = for_workers(aws, read_settings({}), LocalState(tmp_path), LOOPBACK)
    assert found["HTTPS_PROXY"] == LOOPBACK["HTTPS_PROXY"]
    assert found["DEVICES"] == str(tmp_path / "devices")
    assert found["HEARTBEAT"] == ""
    assert found["PYTHONPATH"].startswith("/loop:")


def test_with_the_real_network_they_are_not_but_still_end_with_the_stack(aws, tmp_path):
    found = for_workers(aws, read_settings({"NETWORK": "whatsapp"}), LocalState(tmp_path), {})
    assert "HTTPS_PROXY" not in found
    assert "infra/local/startup" in found["PYTHONPATH"]
