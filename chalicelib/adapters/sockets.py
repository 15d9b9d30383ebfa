"""API Gateway's ``@connections``."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.adapters.clients import refused, translated
from chalicelib.services.ports import Gone

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient


class ApiGatewaySockets(Struct, frozen=True):
    """The Sockets port."""

    client: "ApiGatewayManagementApiClient"

    def post(self, watcher: str, text: str) -> None:
        """Call PostToConnection; 410 is Gone."""
        try:
            with translated():
                self.client.post_to_connection(ConnectionId=watcher, Data=text.encode())
        except Exception as error:
            if _gone(error.__cause__):
                raise Gone(watcher) from error
            raise

    def close(self, watcher: str) -> None:
        """Call DeleteConnection; 410 is what was wanted."""
        try:
            with translated():
                self.client.delete_connection(ConnectionId=watcher)
        except Exception as error:
            if not _gone(error.__cause__):
                raise


def _gone(cause: BaseException | None) -> bool:
    return isinstance(cause, ClientError) and refused(cause, "GoneException", "410")
