"""What is tested: a gateway's address, who logs in there, and the AWS that it stands on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3

from infra.deploy import administrator
from infra.deploy.account import Account, explained
from infra.deploy.stack import DeployedStack, StackState
from infra.smoke import NotWorking
from infra.template import TEMPLATE, load_template

STANDBYS: Final = "StandbyMin"
HERE: Final = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class SmokeTarget:
    """``address`` has no slash at its end; ``client`` makes boto3's client of a service that is named.

    ``resources`` are physical ids by logical ones, ``Table``, ``Cluster`` and ``WorkerTask`` among them. ``standbys``
    is how many workers the pool holds at the least. ``sockets`` is where WebSockets are opened, without a query; empty
    where that is where the gateway says.
    """

    address: str
    username: str
    password: str = field(repr=False)
    client: Callable[[str], Any] = field(repr=False)
    resources: Mapping[str, str] = field(repr=False)
    standbys: int
    sockets: str = ""


def deployed(account: Account, stack: str) -> SmokeTarget:
    """Return the stack in the account, with its first administrator; raises CannotDeploy and NotWorking."""
    found = DeployedStack(account, stack, lambda _: None)
    state = found.state()
    if state is None or "Address" not in state.outputs:
        raise NotWorking(f"There is no stack {stack} that is up in account {account.number}, region {account.region}.")
    name = administrator.secret_name(stack)
    with explained(f"give the first administrator's password ({name})"):
        text = account.session.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    known = json.loads(text)
    resources = {logical: physical for logical, _, physical in found.resources()}
    address, sockets = addresses(state, resources, account.region)
    return SmokeTarget(
        address=address,
        username=known["username"],
        password=known["password"],
        client=account.session.client,  # type: ignore[arg-type]
        resources=resources,
        standbys=int(state.parameters.get(STANDBYS, "0")),
        sockets=sockets,
    )


def addresses(state: StackState, resources: Mapping[str, str], region: str) -> tuple[str, str]:
    """Return a stack's address and where its WebSockets are opened, as in SmokeTarget.

    Where only the domain's owner could have entered the names, which the deployment tells at its end, these are
    CloudFront's own, or without an edge those of the two APIs.
    """
    if not state.parameters.get("DomainName") or state.parameters.get("HostedZoneId"):
        return state.outputs["Address"].rstrip("/"), ""
    distribution = state.outputs.get("DistributionAddress")
    if distribution:
        return f"https://{distribution}", ""
    suffix = f"execute-api.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}/api"
    return f"https://{resources['RestAPI']}.{suffix}", f"wss://{resources['WebsocketAPI']}.{suffix}"


def local(url: str, directory: Path) -> SmokeTarget:
    """Return the local stack that answers at ``url`` and keeps its state in ``directory``; raises NotWorking."""
    # Only here: it brings in all of the local stack.
    from infra.local.environment import USER, password  # noqa: PLC0415
    from infra.local.settings import Network  # noqa: PLC0415
    from infra.local.stack import STACK_FILE  # noqa: PLC0415
    from infra.local.state import NETWORK_FILE, LocalState  # noqa: PLC0415

    state = LocalState(directory)
    running, asked = state.read(STACK_FILE, {}), urlsplit(url)
    if asked.hostname not in HERE or running.get("port") != asked.port:
        raise NotWorking(
            f"No local stack that keeps its state in {directory} answers at {url}. Start one (make run), "
            "name its state (LOCAL_STATE=), or test a deployment (make smoke STAGE=dev)."
        )
    real = state.read(NETWORK_FILE, Network.LOOPBACK) == Network.WHATSAPP
    return SmokeTarget(
        address=url.rstrip("/"),
        username=USER,
        password=password(state, real=real).text,
        client=partial(boto3.client, **running["aws"]),
        resources=running["resources"],
        standbys=int(load_template(TEMPLATE).document["Parameters"][STANDBYS]["Default"]),
    )
