"""The adapters against moto in this process, with the table that the template describes."""

import os
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws

from chalicelib.adapters.dynamodb.keys import KEYS
from chalicelib.adapters.dynamodb.table import Table
from infra.local.moto.dynamodb import repair_dynamodb
from infra.template import load_template

REGION = "eu-west-1"
ELSEWHERE = (
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "DeletionProtectionEnabled",
    "SSESpecification",  # moto would make an RSA key for each table
)
"""What the template says of the table and no test here is about."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    repair_dynamodb()
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Iterator[Table]:
    properties = dict(load_template(Path("infra/template.yaml")).resources["Table"]["Properties"])
    for elsewhere in ELSEWHERE:
        properties.pop(elsewhere, None)
    properties["StreamSpecification"] |= {"StreamEnabled": True}
    client = boto3.client("dynamodb")
    client.create_table(TableName="switchboard", **properties)
    yield Table(client, "switchboard")
    written = client.scan(
        TableName="switchboard", ProjectionExpression="pk, sk, #ttl", ExpressionAttributeNames={"#ttl": "ttl"}
    )
    for item in written["Items"]:
        assert_listed(item["pk"]["S"], item["sk"]["S"], goes="ttl" in item)


def assert_listed(pk: str, sk: str, *, goes: bool) -> None:
    """Hold an item that a test left in the table against the list of the table's keys."""
    fits = [one for one in KEYS if _fits(one.pk, pk) and _fits(one.sk, sk)]
    assert fits, (pk, sk)
    assert any(one.ttl is not None if goes else one.ttl is None or "none" in one.ttl for one in fits), (pk, sk, goes)


def _fits(pattern: str, key: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", ".*", re.escape(pattern)), key, re.DOTALL) is not None


USES = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Callable[[str], ssl.SSLContext]]:
    """A certificate authority's file, and servers' contexts with its certificates for a name.

    Python 3.13 trusts no certificate without the extensions that RFC 5280 asks for.
    """
    folder = tmp_path_factory.mktemp("tls")
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())

    def certificate(name: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        uses = dict.fromkeys(USES, False) | {"key_cert_sign": ca, "crl_sign": ca, "digital_signature": not ca}
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority.example")]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.KeyUsage(**uses), critical=True)
            .sign(key, hashes.SHA256())
        )

    root = folder / "root.pem"
    root.write_bytes(
        certificate("authority.example", key.public_key(), ca=True).public_bytes(serialization.Encoding.PEM)
    )

    def serving(name: str) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        pem = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate(name, own.public_key(), ca=False).public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem")
        return context

    return root, serving
