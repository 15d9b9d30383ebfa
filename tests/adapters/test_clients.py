"""What becomes of AWS's refusals, and what the clients are made from."""

import traceback
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError
from botocore.loaders import JSONFileLoader, Loader

from chalicelib.adapters import clients
from chalicelib.adapters.clients import translated
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.services.ports import Misconfigured, Rejected, Unavailable


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "UpdateItem",
    )


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        refusal("RequestLimitExceeded"),
        refusal("TransactionConflictException"),
        refusal("ExpiredTokenException"),
        refusal("InternalServerError", 500),
        refusal("WhateverItIs", 503),
        refusal("TooManyRequests", 429),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        NoCredentialsError(),
    ],
)
def test_what_passes_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable), translated():
        raise error


@pytest.mark.parametrize("code", ["ValidationException", "ItemCollectionSizeLimitExceededException", "Unheard"])
def test_what_no_retry_can_mend_is_rejected_with_its_code(code: str) -> None:
    with pytest.raises(Rejected) as caught, translated():
        raise refusal(code)
    assert (type(caught.value), caught.value.code) == (Rejected, code)


@pytest.mark.parametrize(
    "error",
    [
        refusal("ResourceNotFoundException"),
        refusal("AccessDeniedException"),
        refusal("UnrecognizedClientException"),
        refusal("AccessDenied", 403),
    ],
)
def test_what_an_operator_can_mend_is_told_apart(error: ClientError) -> None:
    with pytest.raises(Misconfigured), translated():
        raise error


def test_an_item_that_is_too_large_is_rejected_not_unavailable(table: Table) -> None:
    with pytest.raises(Rejected) as caught:
        table.put({"pk": "a", "sk": "b", "text": "x" * 410_000})
    assert caught.value.code == "ValidationException"


def test_a_call_that_the_client_itself_refuses_is_rejected(table: Table) -> None:
    with pytest.raises(Rejected) as caught, translated():
        boto3.client("dynamodb").get_item(TableName="t", Key="a secret")  # type: ignore[arg-type]
    assert "secret" not in "".join(traceback.format_exception(caught.value)).replace('Key="a secret"', "")


def a_session(loader: Loader) -> botocore.session.Session:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    session.register_component("data_loader", loader)
    return session


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_descriptions_without_what_nobody_uses_lead_to_the_same_endpoints(region: str) -> None:
    lean, whole = a_session(Loader(file_loader=clients.LeanDescriptions())), a_session(Loader())
    for service in clients.SERVICES:
        ours, theirs = (one.create_client(service, region_name=region) for one in (lean, whole))
        assert ours.meta.endpoint_url == theirs.meta.endpoint_url
        assert ours.meta.region_name == theirs.meta.region_name
        assert ours.meta.config.signature_version == theirs.meta.config.signature_version  # type: ignore[attr-defined]
        # Read anew: moto adds operations of its own to S3's description, in all of the process.
        version = Loader().determine_latest_version(service, "service-2")
        described = JSONFileLoader().load_file(str(Path(Loader.BUILTIN_DATA_PATH, service, version, "service-2")))
        assert ours.meta.service_model.operation_names == sorted(described["operations"])


def test_what_nobody_uses_of_the_descriptions_is_not_kept() -> None:
    loader = Loader(file_loader=clients.LeanDescriptions())
    assert all(set(one["services"]) <= clients.SERVICES for one in loader.load_data("endpoints")["partitions"])
    assert "documentation" not in loader.load_service_model("sqs", "service-2")["operations"]["SendMessage"]


def test_clients_are_made_from_such_descriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in (("DEFAULT_REGION", "eu-west-1"), ("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(f"AWS_{name}", value)
    clients.sqs.__wrapped__()
    assert boto3.DEFAULT_SESSION
    loader = boto3.DEFAULT_SESSION._session.get_component("data_loader")
    assert isinstance(loader.file_loader, clients.LeanDescriptions)
