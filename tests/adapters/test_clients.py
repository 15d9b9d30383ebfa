"""What becomes of AWS's refusals."""

import traceback

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

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
