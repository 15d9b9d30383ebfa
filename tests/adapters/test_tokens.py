"""Signed tokens, and keys that are changed while they are in use."""

import json
import time
from typing import Any

import boto3
import jwt
import pytest

from chalicelib.adapters.credentials import ALGORITHM, AUDIENCE, ISSUER, LIFETIME, JwtTokens, SecretKeys, SigningKeys
from chalicelib.domain.access import Role, User
from chalicelib.domain.errors import Unauthenticated

OLD, NEW = "the old key, of thirty-two bytes or more", "the new key, of thirty-two bytes or more"
ANA = User("ana", "acme", Role.MEMBER, "hash", 0, token_generation=7)


def now() -> int:
    return int(time.time() * 1000)


def tokens(current: str, **keys: str) -> JwtTokens:
    return JwtTokens(lambda: SigningKeys(current, keys))


def test_a_token_says_whose_it_is_and_until_when() -> None:
    at = now()
    token, expires_at = tokens("k1", k1=OLD).issue(ANA, now=at)
    claims = tokens("k1", k1=OLD).read(token)
    assert (claims.name, claims.tenant, claims.generation, claims.expires_at) == ("ana", "acme", 7, expires_at)
    assert expires_at == (at // 1000 + LIFETIME) * 1000
    told = jwt.decode(token, OLD, algorithms=[ALGORITHM], audience=AUDIENCE)
    assert (told["iss"], told["aud"], told["role"]) == (ISSUER, AUDIENCE, "member")
    assert jwt.get_unverified_header(token)["kid"] == "k1"


def test_a_key_is_changed_with_overlap() -> None:
    before, _ = tokens("k1", k1=OLD).issue(ANA, now=now())
    both = tokens("k2", k1=OLD, k2=NEW)
    after, _ = both.issue(ANA, now=now())
    assert jwt.get_unverified_header(after)["kid"] == "k2"
    assert [both.read(token).name for token in (before, after)] == [ANA.name, ANA.name]
    late = tokens("k2", k2=NEW)
    assert late.read(after)
    with pytest.raises(Unauthenticated):
        late.read(before)


def test_each_token_has_an_id_of_its_own() -> None:
    signed = [tokens("k1", k1=OLD).issue(ANA, now=now())[0] for _ in range(2)]
    assert len({tokens("k1", k1=OLD).read(token).id for token in signed}) == 2


def test_a_token_without_an_id_goes_by_when_it_was_given() -> None:
    claims = jwt.decode(tokens("k1", k1=OLD).issue(ANA, now=now())[0], options={"verify_signature": False})
    given = [claims["iat"], claims["iat"], claims["iat"] - 1]
    ids = []
    for iat in given:
        said = {name: value for name, value in claims.items() if name != "jti"} | {"iat": iat}
        ids.append(tokens("k1", k1=OLD).read(jwt.encode(said, OLD, "HS256", headers={"kid": "k1"})).id)
    assert ids[0] == ids[1] != ids[2]


def test_a_key_s_name_on_another_key_s_signature_is_refused() -> None:
    token, _ = tokens("k2", k2=OLD).issue(ANA, now=now())
    with pytest.raises(Unauthenticated):
        tokens("k1", k1=OLD, k2=NEW).read(token)


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "iat", "exp", "gen", "tenant"])
def test_a_token_without_one_of_its_claims_is_refused(missing: str) -> None:
    token, _ = tokens("k1", k1=OLD).issue(ANA, now=now())
    claims = jwt.decode(token, OLD, algorithms=[ALGORITHM], audience=AUDIENCE)
    del claims[missing]
    with pytest.raises(Unauthenticated):
        tokens("k1", k1=OLD).read(jwt.encode(claims, OLD, algorithm=ALGORITHM, headers={"kid": "k1"}))


def test_an_expired_token_is_told_so() -> None:
    token, _ = tokens("k1", k1=OLD).issue(ANA, now=now() - LIFETIME * 1000 - 1000)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens("k1", k1=OLD).read(token)


def test_a_token_of_a_function_whose_clock_is_ahead_is_good() -> None:
    token, _ = tokens("k1", k1=OLD).issue(ANA, now=now() + 2_000)
    assert tokens("k1", k1=OLD).read(token).name == "ana"


def test_the_secret_is_read_once_and_again_after_a_while(aws: None) -> None:
    client = boto3.client("secretsmanager")

    def told(current: str, **keys: str) -> str:
        value: dict[str, Any] = {"current": current, "keys": {kid: {"secret": key} for kid, key in keys.items()}}
        return json.dumps(value)

    client.create_secret(Name="keys", SecretString=told("k1", k1=OLD))
    patient, impatient = SecretKeys(client, "keys"), SecretKeys(client, "keys", seconds=-1)
    assert patient() == impatient() == SigningKeys("k1", {"k1": OLD})
    client.put_secret_value(SecretId="keys", SecretString=told("k2", k1=OLD, k2=NEW))
    assert patient() == SigningKeys("k1", {"k1": OLD})
    assert impatient() == SigningKeys("k2", {"k1": OLD, "k2": NEW})
