import base64
import json

from infra.local.environment import LOOPBACK_PASSWORD, keep_signing_keys, password, signing_keys
from infra.local.state import LocalState


def test_signing_keys_are_made_once_and_kept(tmp_path):
    keys = signing_keys(LocalState(tmp_path))
    assert signing_keys(LocalState(tmp_path)) == keys
    secret = keys["keys"][keys["current"]]["secret"]
    assert len(base64.urlsafe_b64decode(secret + "==")) == 32


def test_the_functions_find_them_in_secrets_manager(aws, tmp_path):
    keep_signing_keys(LocalState(tmp_path), aws)
    found = aws.client("secretsmanager").get_secret_value(SecretId=aws.variables["SIGNING_KEYS_SECRET"])
    assert json.loads(found["SecretString"]) == signing_keys(LocalState(tmp_path))


def test_the_well_known_password_opens_the_loopback_only(tmp_path):
    state = LocalState(tmp_path)
    assert password(state, real=False).text == LOOPBACK_PASSWORD
    real = password(state, real=True).text
    assert real != LOOPBACK_PASSWORD
    assert len(real) >= 12


def test_a_real_password_is_shown_once_and_kept(tmp_path):
    first, second = password(LocalState(tmp_path), real=True), password(LocalState(tmp_path), real=True)
    assert first.shown == first.text == second.text
    assert second.text not in second.shown
    assert "secrets.json" in second.shown
