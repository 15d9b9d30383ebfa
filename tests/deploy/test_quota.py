"""What AWS allows an account, against the template and what the stack reserves of Lambda's quota."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend

from infra.deploy import CannotDeploy, checks
from infra.deploy.account import Account
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring
from infra.local.settings import ACCOUNT_CONCURRENCY, read_settings
from infra.template import TEMPLATE, load_template
from tests.deploy.cloud import QUOTA, a_package, client, running


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        yield account


@dataclass(frozen=True)
class Case:
    """An account's quota and what of it is free; what each of the functions shall reserve, and reserves."""

    every: int
    free: int
    wanted: int
    before: int = 0

    def check(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(QUOTA, "ConcurrentExecutions", self.every)
        monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", self.free)
        before = {"ReservedConcurrency": str(self.before)} if self.before else {}
        checks.check_concurrency(account, {"ReservedConcurrency": str(self.wanted)}, before)


@pytest.mark.parametrize(
    "case",
    [
        Case(1000, 1000, 20),
        Case(140, 140, 20),
        # A new account, of which nothing is reserved.
        Case(10, 10, 0),
        # What the stack has already isn't asked for again.
        Case(140, 100, 20, 20),
        Case(140, 100, 10, 20),
    ],
)
def test_what_leaves_enough_to_others_passes(account: Account, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    case.check(account, monkeypatch)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (Case(10, 10, 20), "ReservedConcurrency=20 would reserve 40 more .* 10 are free, and 10 must stay so"),
        (Case(10, 10, 1), "would reserve 2 more"),
        (Case(139, 139, 20), "139 are free, and 100 must stay so"),
        (Case(140, 100, 21, 20), "would reserve 2 more"),
    ],
)
def test_what_lambda_would_refuse_is_refused_in_words(
    account: Account, monkeypatch: pytest.MonkeyPatch, case: Case, sentence: str
) -> None:
    with pytest.raises(CannotDeploy, match=sentence):
        case.check(account, monkeypatch)


def test_what_polls_reserve_is_counted_where_anything_is_reserved(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUOTA, "ConcurrentExecutions", 240)
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", 239)
    wanted = {"ReservedConcurrency": "20", "PollConcurrency": "100"}
    with pytest.raises(CannotDeploy, match="would reserve 140 more"):
        checks.check_concurrency(account, wanted, {})
    checks.check_concurrency(account, wanted, {"ReservedConcurrency": "20", "PollConcurrency": "99"})
    checks.check_concurrency(account, wanted | {"ReservedConcurrency": "0"}, {})


@pytest.mark.parametrize(
    ("case", "share"),
    [
        (Case(10, 10, 0), 3),
        (Case(100, 100, 0), 33),
        (Case(1000, 1000, 20), 286),
        # What the stack has reserved isn't free any more, and what it gives back is.
        (Case(1000, 860, 20, 20), 286),
        (Case(1000, 860, 0, 20), 333),
        (Case(1, 1, 0), 1),
        (Case(20_000, 20_000, 20, 20), 1_000),
    ],
)
def test_a_third_of_what_is_left_may_be_held_by_calls_that_wait(
    account: Account, monkeypatch: pytest.MonkeyPatch, case: Case, share: int
) -> None:
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", case.free)
    now, then = ({"ReservedConcurrency": str(one), "PollConcurrency": "100"} for one in (case.wanted, case.before))
    assert checks.free_for_waits(account, now, then) == share


def test_the_local_stack_has_places_as_in_a_usual_account(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = load_template(TEMPLATE).document["Parameters"]
    parameters = {name: str(declared[name]["Default"]) for name in ("ReservedConcurrency", "PollConcurrency")}
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", ACCOUNT_CONCURRENCY)
    found = checks.free_for_waits(account, parameters, {})
    assert read_settings({}).parameters["WaitingShare"] == str(found)


@pytest.mark.parametrize(
    ("concurrency", "reserves", "places"), [(10, "0", "3"), (239, "0", "79"), (240, "20", "33"), (1000, "20", "286")]
)
def test_the_local_stack_has_what_a_deployment_into_such_an_account_would(
    account: Account, monkeypatch: pytest.MonkeyPatch, concurrency: int, reserves: str, places: str
) -> None:
    told = read_settings({"LAMBDA_CONCURRENCY": str(concurrency)}).parameters
    assert (told["ReservedConcurrency"], told["WaitingShare"]) == (reserves, places)
    monkeypatch.setitem(QUOTA, "ConcurrentExecutions", concurrency)
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", concurrency)
    checks.check_concurrency(account, told, {})
    assert checks.free_for_waits(account, told, {}) == int(places)


@pytest.mark.parametrize(("chosen", "told"), [("0", "WaitingShare"), ("7", "WaitingCalls")])
def test_who_chooses_a_number_of_waits_has_that_one(chosen: str, told: str) -> None:
    decided = load_template(TEMPLATE).decided({"WaitingCalls": chosen})
    assert decided.variables["WAITING_CALLS"] == {"Ref": told}


@pytest.mark.parametrize(("reserved", "apart"), [("20", "1"), ("0", "0")])
def test_polls_share_the_places_where_nothing_is_reserved_for_them(reserved: str, apart: str) -> None:
    decided = load_template(TEMPLATE).decided({"ReservedConcurrency": reserved})
    assert decided.variables["POLLS_APART"] == apart


def an_api(paths: int, kind: str = "AWS::Serverless::Api", under: str = "DefinitionBody") -> dict[str, Any]:
    """An API with so many resources, and the root."""
    methods: dict[str, Any] = {f"/{number}": {"get": {}} for number in range(paths)}
    return {"Type": kind, "Properties": {under: {"paths": methods}, "StageName": "api"}}


def quoted(monkeypatch: pytest.MonkeyPatch, value: float | None, code: str = "apigateway L-01C8A9E0") -> None:
    """Have Service Quotas answer with the value of one quota, or refuse."""

    def answer(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
        if value is None or f"{service_code} {quota_code}" != code:
            raise NoSuchResource
        return {"QuotaCode": quota_code, "Value": value}

    monkeypatch.setattr(ServiceQuotasBackend, "get_service_quota", answer)


def test_each_part_of_a_path_is_a_resource_once() -> None:
    asked = ("/", "/api/sessions", "/api/sessions/{id}", "/api/sessions/{id}/qr", "/health")
    paths: dict[str, Any] = {path: {} for path in asked}
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": {"paths": paths}}}
    assert checks.api_resources({"Resources": {"Api": api}}) == 6
    assert checks.api_resources({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}) == 0


def test_an_api_with_too_many_resources_is_refused_in_a_sentence() -> None:
    checks.check_template({"Resources": {"Api": an_api(299)}})
    checks.check_template({"Resources": {"Api": an_api(400)}}, 401)
    with pytest.raises(CannotDeploy, match="The API has 301 resources, and API Gateway allows 300 in this account"):
        checks.check_template({"Resources": {"Api": an_api(300)}})
    with pytest.raises(CannotDeploy, match="The API has 301 resources"):
        checks.check_template({"Resources": {"Api": an_api(300, "AWS::ApiGateway::RestApi", "Body")}})


def test_a_template_that_cloudformation_doesn_t_take_is_refused_in_a_sentence() -> None:
    with pytest.raises(CannotDeploy, match=r"The template has 1,000,0\d\d bytes, and CloudFormation takes 1,000,000"):
        checks.check_template({"Resources": {}, "Description": "é" * 166_663})
    checks.check_template({"Resources": {}, "Description": "é" * 166_650})


def test_the_account_s_own_quota_holds(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    quoted(monkeypatch, 500.0)
    assert checks.allowed_resources(account) == 500
    quoted(monkeypatch, None)
    assert checks.allowed_resources(account) == 300


def test_an_api_that_is_too_large_is_refused_before_anything_is_made(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def there() -> list[Any]:
        # A process's tests share an account.
        return [
            client(account, "s3").list_buckets()["Buckets"],
            client(account, "ecr").describe_repositories()["repositories"],
            client(account, "cloudformation").list_stacks()["StackSummaries"],
        ]

    quoted(monkeypatch, 20.0)
    packaged, before = a_package(tmp_path, Api=an_api(20)), there()
    with pytest.raises(CannotDeploy, match="The API has 21 resources, and API Gateway allows 20"):
        bring(account, packaged, Choices("dev", {}), print)
    assert there() == before


ON_DEMAND, SPOT = "fargate L-3032A538", "fargate L-36FBB829"


@pytest.mark.parametrize(
    ("quota", "chosen", "sentence"),
    [
        (
            (6.0, ON_DEMAND),
            {},
            "Fargate's quota of 6 vCPUs has room for 23 sessions beside 1 standby worker. For more: ",
        ),
        ((0.5, ON_DEMAND), {}, "Fargate's quota of 0.5 vCPUs has room for 1 session beside 1 standby worker. "),
        ((4000.0, ON_DEMAND), {"StandbyMin": "0"}, "has room for 16,000 sessions beside 0 standby workers. "),
        ((10.0, SPOT), {"WorkerCapacity": "FARGATE_SPOT"}, "room for 39 sessions beside 1 standby worker. For more: "),
        ((10.0, SPOT), {}, "AWS doesn't tell how many vCPUs tasks may have in this account; a session takes 0.25. "),
        (
            (None, ON_DEMAND),
            {},
            "AWS doesn't tell how many vCPUs tasks may have in this account; a session takes 0.25. ",
        ),
    ],
)
def test_the_sessions_that_fargate_has_room_for_are_said(
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    quota: tuple[float | None, str],
    chosen: dict[str, str],
    sentence: str,
) -> None:
    quoted(monkeypatch, *quota)
    said = checks.check_vcpus(account, {"StandbyMin": "1", "WorkerCapacity": "FARGATE"} | chosen)
    assert sentence in said
    where = "Spot" if "WorkerCapacity" in chosen else "On-Demand"
    assert said.endswith(f"Service Quotas, AWS Fargate, Fargate {where} vCPU resource count.")


def test_an_account_that_has_room_for_no_session_is_refused_before_anything_is_made(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    quoted(monkeypatch, 0.25, ON_DEMAND)
    with pytest.raises(
        CannotDeploy, match=r"quota of 0.25 vCPUs .* no session beside 1 standby worker. Add PARAMETERS="
    ):
        bring(account, a_package(tmp_path), Choices("dev", {}), print)


def test_a_worker_s_task_has_the_vcpus_that_are_reckoned_with() -> None:
    task = load_template(TEMPLATE).of_type("AWS::ECS::TaskDefinition")["WorkerTask"]
    assert int(task["Cpu"]) / 1024 == checks.TASK
