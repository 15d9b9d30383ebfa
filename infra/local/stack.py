"""The local stack from first to last: everything started in order, served until told to stop, ended in reverse."""

import asyncio
import os
import secrets
import socket
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from aiohttp import web

from chalicelib.bootstrap import first_administrator
from infra.local.aws import ACCOUNT, LocalAws
from infra.local.bucket import Bucket, Signer, edge_headers
from infra.local.calls import CallRecorder, queue_names
from infra.local.connections import connections_app
from infra.local.console import Console, greeting, line
from infra.local.ecs import TaskRecord
from infra.local.environment import USER, become_lambda, for_workers, keep_signing_keys, password
from infra.local.faults import TableOutage, control_app
from infra.local.front import PHONES, front_app, loopback_socket, serve
from infra.local.functions import (
    REST_NAME,
    Concurrency,
    functions_of,
    load_app,
    reserved_concurrency,
    socket_functions_of,
)
from infra.local.iam.permissions import Authorizer, Permissions, enforce_roles
from infra.local.latencies import CallLatencies, Latencies, read_latencies
from infra.local.moto.objects import KeptObjects
from infra.local.own_addresses import OwnAddresses, bucket_app, rest_app, sockets_app
from infra.local.page import Credentials, PageSite
from infra.local.persistence import KeptQueues, Rows
from infra.local.pumps import PLACE, Pumps, event
from infra.local.rest import RestApi, integrations
from infra.local.settings import LocalSettings, Network
from infra.local.shard import LocalShard, Record
from infra.local.sockets import STAGE, SocketApi, Watchers
from infra.local.state import LocalState
from infra.local.tasks import Surroundings, TaskRunner
from infra.template import TEMPLATE, load_template
from infra.whatsapp_server import WhatsApp

GOODBYE_S: Final = 10.0
TENANT: Final = "default"
STACK_FILE: Final = "stack.json"
"""What the smoke test and other commands need of a running stack; its owner's alone, as the state is."""
PERMISSIONS_FILE: Final = "permissions.json"
"""What each function and the workers may do, what they did in the last run, and what was refused to them."""


class StackServices:
    """One run of the stack on a state directory that nobody else uses."""

    def __init__(self, settings: LocalSettings, state: LocalState) -> None:
        self._settings = settings
        self._state = state
        self._console = Console()
        self._rows = Rows(state)
        self._queues = KeptQueues(state)
        self._objects = KeptObjects(state, ACCOUNT)
        self._watchers = Watchers()
        table = read_latencies(settings.latencies) if settings.latencies else {}
        self._latencies = Latencies(table, settings.latencies_seed)
        self._password = password(state, real=settings.network is Network.WHATSAPP)

    async def run(self, listener: socket.socket, told: asyncio.Event) -> None:
        """Serve on ``listener`` until told to stop."""
        async with AsyncExitStack() as ending:
            ending.callback(self._console.close)
            pumping = await self._start(ending, listener)
            waiting = asyncio.create_task(told.wait())
            await asyncio.wait({pumping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if pumping.done():
                await pumping

    async def _start(self, ending: AsyncExitStack, front: socket.socket) -> asyncio.Task[None]:
        aws = ending.enter_context(LocalAws(load_template(TEMPLATE), self._settings.parameters))
        ending.callback(self._rows.close)
        ending.callback(self._queues.close)
        ending.enter_context(self._queues.restored(aws))
        shard = self._open_table(aws)
        self._open_buckets(aws)
        keep_signing_keys(self._state, aws)
        authorizer = enforce_roles(aws)
        outage = TableOutage(aws.callers.caller_of)
        aws.server.unavailable = outage.refuses
        ending.callback(self._note_permissions, authorizer.permissions)
        recorder = aws.server.recorder = CallRecorder(aws.callers.caller_of, queue_names(aws.physical))
        connections = connections_app(self._watchers, authorizer.connections, recorder, self._latencies)
        endpoint = await serve(ending, connections, loopback_socket())
        own = None if self._settings.edge else OwnAddresses()
        proof = secrets.token_urlsafe()
        become_lambda(aws, self._settings, f"{endpoint}/{STAGE}", proof, own)
        app = load_app()
        phones, client = await self._open_whatsapp(ending)
        functions = aws.resolve(aws.template.of_type("AWS::Serverless::Function"))
        concurrency = Concurrency(reserved_concurrency(functions), self._settings.concurrency)
        pumps = Pumps(aws, [shard], functions_of(app, concurrency, self._latencies), self._console.say, self._latencies)
        record = TaskRecord(self._state)
        await self._open_runner(ending, aws, client, pumps, record)
        await asyncio.to_thread(self._make_first_administrator)
        self._background(ending, self._rows.run())
        self._background(ending, self._queues.run())
        pumping = self._background(ending, pumps.run())
        for former in record.former(aws.resolve({"Fn::GetAtt": ["Cluster", "Arn"]})):
            await pumps.bus.put(_task_event(former))
        record.reported()
        apart = integrations(aws.template.of_type("AWS::Serverless::Api")["RestAPI"], functions)
        for one in apart.values():
            ending.callback(one.close)
        rest = RestApi(app, concurrency.of(REST_NAME), apart=apart, latencies=self._latencies)
        sockets = SocketApi(socket_functions_of(app, concurrency, self._latencies), self._watchers)
        if self._latencies.table:
            aws.server.delays = CallLatencies(self._latencies, aws.callers.caller_of)
        bucket = self._bucket(aws, authorizer, own)
        # Only the loopback's password is nobody's secret.
        known = Credentials(USER, self._password.text) if phones else None
        page = PageSite(PHONES if phones else None, _headers(aws, "PageHeaders"), known, above=own is not None)
        control = control_app(outage, recorder, self._latencies)
        if own is None:
            local = front_app(
                rest, sockets, phones, bucket, page, faults=control, proof=proof, latencies=self._latencies
            )
        else:
            local = rest_app(rest, phones, page, faults=control)
            await serve(ending, sockets_app(sockets), own.sockets)
            await serve(ending, bucket_app(bucket), own.bucket)
        await self._open_front(ending, local, front, aws)
        return pumping

    def _open_table(self, aws: LocalAws) -> LocalShard:
        table = aws.table("Table")
        # What is put back is no news.
        table.stream_shard = None
        self._rows.restore(table)
        listeners = (self._rows.follow, self._print)
        shard = LocalShard(ACCOUNT, table, listeners, self._rows.past, self._rows.progressed)
        table.stream_shard = shard
        aws.server.during_write = shard.one_request
        return shard

    def _open_buckets(self, aws: LocalAws) -> None:
        made = aws.template.of_type("AWS::S3::Bucket")
        rules = {name: one.get("LifecycleConfiguration", {}).get("Rules", []) for name, one in made.items()}
        self._objects.restore({name: aws.physical[name] for name in made}, rules)
        aws.server.during_object = self._objects.alone
        aws.server.after_object = self._objects.changed

    def _bucket(self, aws: LocalAws, authorizer: Authorizer, own: OwnAddresses | None) -> Bucket:
        headers = _headers(aws, "MediaHeaders")
        at = own.bucket_url if own else aws.url
        signer = Signer(aws.callers.secret_key, at.removeprefix("http://"))
        return Bucket(aws.physical["MediaBucket"], self._objects, signer, authorizer.service, headers)

    async def _open_whatsapp(self, ending: AsyncExitStack) -> tuple[web.Application | None, dict[str, str]]:
        if self._settings.network is Network.WHATSAPP:
            return None, {}
        whatsapp = WhatsApp(self._state.whatsapp)
        await whatsapp.start()
        ending.push_async_callback(whatsapp.stop)
        return whatsapp.control_app(), whatsapp.client_environment()

    async def _open_runner(
        self, ending: AsyncExitStack, aws: LocalAws, client: dict[str, str], pumps: Pumps, record: TaskRecord
    ) -> None:
        async def report(detail: dict[str, Any]) -> None:
            await pumps.bus.put(_task_event(detail))

        environment = for_workers(aws, self._settings, self._state, client)
        runner = TaskRunner(PLACE, Surroundings(environment, self._state.logs), report, record.running, self._latencies)
        runner.open()
        ending.push_async_callback(runner.close, GOODBYE_S)

    async def _open_front(
        self, ending: AsyncExitStack, front: web.Application, listener: socket.socket, aws: LocalAws
    ) -> None:
        await serve(ending, front, listener)
        ending.push_async_callback(self._watchers.close)
        running = {"port": self._settings.port, "pid": os.getpid(), "aws": aws.arguments, "resources": aws.physical}
        self._state.write(STACK_FILE, running)
        ending.callback(self._state.forget, STACK_FILE)
        self._console.say(greeting(self._settings, USER, self._password.shown))

    def _note_permissions(self, permissions: Permissions) -> None:
        self._state.write(PERMISSIONS_FILE, permissions.noted())

    def _make_first_administrator(self) -> None:
        first_administrator(USER, self._password.text, TENANT)

    def _print(self, records: Sequence[Record]) -> None:
        for record in records:
            text = line(record)
            if text is not None:
                self._console.say(text)

    def _background(self, ending: AsyncExitStack, job: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(job)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        ending.push_async_callback(end)
        return task


def _headers(aws: LocalAws, policy: str) -> dict[str, str]:
    """Return what the edge adds; nothing where there is none."""
    known = aws.template.of_type("AWS::CloudFront::ResponseHeadersPolicy").get(policy)
    return edge_headers(known) if known else {}


def _task_event(detail: dict[str, Any]) -> dict[str, Any]:
    return event("ECS Task State Change", "aws.ecs", detail, [detail["taskArn"]], PLACE)
