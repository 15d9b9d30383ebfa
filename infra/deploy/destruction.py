"""A stage out of the account again: everything but what the template keeps, which is told with the way to remove it."""

import time
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deploy import CannotDeploy, administrator, artifacts, image, publishing
from infra.deploy import account as accounts
from infra.deploy.account import Account, explained, refused
from infra.deploy.choices import Choices
from infra.deploy.stack import DeployedStack, Say

STOPPED_WITHIN: Final = 180.0
"""Seconds that workers may take to end; each has 30 to close its connection."""
PAUSE: Final = 2.0
PAGE: Final = 1000
"""Queues that SQS lists at once, at the most."""
Resource = tuple[str, str, str]
"""Logical id, type, and physical id."""
TABLE: Final = "AWS::DynamoDB::Table"
BUCKET: Final = "AWS::S3::Bucket"
KEPT: Final = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})
REMOVAL: Final = {
    TABLE: (
        "aws dynamodb update-table --table-name {0} --no-deletion-protection-enabled"
        " && aws dynamodb delete-table --table-name {0}"
    ),
    "AWS::EFS::FileSystem": "aws efs delete-file-system --file-system-id {0}",
    "AWS::IAM::Role": "aws iam delete-role --role-name {0}   (its policies first)",
    "AWS::KMS::Key": "aws kms schedule-key-deletion --key-id {0}   (what it encrypted can't be read any more)",
    "AWS::Logs::LogGroup": "aws logs delete-log-group --log-group-name {0}",
    BUCKET: "aws s3 rb --force s3://{0}   (older versions of its objects first, if it keeps any)",
    "AWS::SecretsManager::Secret": "aws secretsmanager delete-secret --secret-id {0}",
}


def destroy(choices: Choices, say: Say) -> None:
    """Remove a stage; raises CannotDeploy."""
    if choices.confirmed != choices.stage:
        raise CannotDeploy(f"This ends every session of the stage. To go on, add CONFIRM={choices.stage}.")
    account = accounts.log_in(choices.region)
    stack = DeployedStack(account, choices.stack, say)
    state = stack.state()
    if state is not None and state.protected:
        how = "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name"
        raise CannotDeploy(f"The stack {choices.stack} is protected from deletion. To lift that: {how} {choices.stack}")
    if state is None:
        say(f"There is no stack {choices.stack} in account {account.number}, region {account.region}.")
    else:
        _remove_stack(account, stack, choices.stack, say)
        for what, name in (("table", "AdoptedTable"), ("file system", "AdoptedFiles")):
            if state.parameters.get(name):
                say(f"The {what} {state.parameters[name]} was adopted, and is left as it is.")
    for removed, what in (
        (image.remove(account, choices.stack), "The worker's images are gone."),
        (artifacts.remove(account, choices.stack), "The bucket of the code is gone."),
        (administrator.remove(account, choices.stack), "The first administrator's password is gone."),
    ):
        if removed:
            say(what)


def _remove_stack(account: Account, stack: DeployedStack, name: str, say: Say) -> None:
    resources = stack.resources()
    kept = _kept(stack.template(), resources)
    say("Stopping the functions and the workers ...")
    queues = _quiet(account, resources, name)
    _empty_buckets(account, resources, kept)
    say(f"Deleting the stack {name}; CloudFront takes some minutes ...")
    stack.delete()
    say(f"The stack {name} is gone{f', and {queues} mailboxes of workers' if queues else ''}.")
    _tell(kept, say)


def clear(account: Account, stack: DeployedStack, name: str, say: Say) -> None:
    """Remove a stack that was never up, and what protects a table in it from being taken back; raises CannotDeploy."""
    resources = stack.resources()
    # A stack that nothing was ever begun for has no template to ask for.
    kept = _kept(stack.template(), resources) if resources else []
    _quiet(account, resources, name)
    _empty_buckets(account, resources, kept)
    _remove_tables(account, resources)
    stack.delete()
    _tell([one for one in kept if one[1] != TABLE], say)


def _quiet(account: Account, resources: list[Resource], name: str) -> int:
    """Stop the functions, then the workers; return how many mailboxes they had."""
    _still(account, resources)
    return _end_workers(account, resources, f"{name}-worker-")


def _empty_buckets(account: Account, resources: list[Resource], kept: list[Resource]) -> None:
    """Empty the buckets that go with the stack: S3 deletes none that holds anything."""
    for one in resources:
        if one[1] == BUCKET and one not in kept:
            publishing.empty(account, one[2])


def _remove_tables(account: Account, resources: list[Resource]) -> None:
    rows = account.session.client("dynamodb")
    with explained("remove the table of a stack that was never up"):
        for table in (physical for _, kind, physical in resources if kind == TABLE):
            try:
                rows.update_table(TableName=table, DeletionProtectionEnabled=False)
                rows.delete_table(TableName=table)
            except ClientError as error:
                if not refused(error, "ResourceNotFoundException"):
                    raise


def _tell(kept: list[Resource], say: Say) -> None:
    if kept:
        say(
            "This was kept, since it holds what can't be made again. A new stack can go on with the table and the files"
        )
        say("(make adopt). To remove it:")
    for _, kind, physical in kept:
        say(f"  {REMOVAL.get(kind, f'{kind} {{0}}').format(physical)}")


def _kept(template: Any, resources: list[Resource]) -> list[Resource]:
    declared = template["Resources"]
    return [one for one in resources if declared.get(one[0], {}).get("DeletionPolicy") in KEPT]


def _still(account: Account, resources: list[Resource]) -> None:
    """Keep the functions from being called: the reconciler would start anew what is stopped now."""
    functions = account.session.client("lambda")
    with explained("stop the functions"):
        for _, kind, physical in resources:
            if kind == "AWS::Lambda::Function":
                functions.put_function_concurrency(FunctionName=physical, ReservedConcurrentExecutions=0)


def _end_workers(account: Account, resources: list[Resource], prefix: str) -> int:
    """Stop every task, since a cluster with tasks can't be deleted, and remove the mailboxes; return how many."""
    ecs, sqs = account.session.client("ecs"), account.session.client("sqs")
    with explained("stop the workers"):
        for _, kind, cluster in resources:
            if kind == "AWS::ECS::Cluster":
                _stop_tasks(ecs, cluster)
    # Without a size SQS ends after the first thousand.
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": PAGE})
    with explained("remove the workers' mailboxes"):
        urls = [url for page in pages for url in page.get("QueueUrls", [])]
        for url in urls:
            sqs.delete_queue(QueueUrl=url)
    return len(urls)


def _stop_tasks(ecs: Any, cluster: str) -> None:
    pages = ecs.get_paginator("list_tasks")
    running = [arn for page in pages.paginate(cluster=cluster) for arn in page["taskArns"]]
    for arn in running:
        ecs.stop_task(cluster=cluster, task=arn, reason="The stage is being removed")
    give_up_at = time.monotonic() + STOPPED_WITHIN
    while any(page["taskArns"] for page in pages.paginate(cluster=cluster, desiredStatus="RUNNING")):
        if time.monotonic() > give_up_at:
            raise CannotDeploy("The workers don't end. Try again in a minute.")
        time.sleep(PAUSE)
