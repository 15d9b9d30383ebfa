"""A stage into the account, from checks to addresses. Every step can be repeated: a second one changes little."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from infra.deploy import (
    CannotDeploy,
    administrator,
    adoption,
    artifacts,
    checks,
    given_image,
    image,
    publishing,
    verification,
)
from infra.deploy import account as accounts
from infra.deploy.account import Account
from infra.deploy.choices import OURS, Choices, check_image, check_parameters
from infra.deploy.destruction import clear
from infra.deploy.packaging import PackagedStack, package
from infra.deploy.rollback import check_alarms, triggers
from infra.deploy.stack import DeployedStack, Say, StackChange, StackState
from infra.deploy.tags import said_of_mailboxes, tagged
from infra.edge import secret as edge_secret
from infra.smoke import NotWorking
from infra.smoke.target import deployed
from infra.smoke.walk import USUAL_LIMITS, TimeLimits, walk
from infra.template import TEMPLATE, load_template

PAGE_BUCKET: Final = "PageBucketName"
"""The stack's output that names the bucket of the page's files."""
PROOF: Final = "EdgeSecretName"
"""The stack's output that names the secret that CloudFront proves itself with."""
DRY_REGION: Final = "us-east-1"
"""Stands for the region where none is chosen and nothing is created."""


def deploy(choices: Choices, say: Say) -> None:
    """Deploy a stage, or change it to what the working tree has; raises CannotDeploy."""
    # What the person typed comes first: a slip is told in a second.
    if choices.region is not None:
        accounts.check_region(choices.region)
    template = load_template(TEMPLATE).document
    check_parameters(template, choices.parameters, region=choices.region or DRY_REGION)
    if choices.image is not None:
        check_image(template, choices.image)
    if choices.dry:
        rehearse(package(choices.stage), choices, say)
        return
    account = _checked(choices)
    say(f"Deploying {choices.stack} to account {account.number} in {account.region}.")
    bring(account, package(choices.stage), choices, say)
    if choices.smoke:
        prove(account, choices, say)


def finish(choices: Choices, say: Say) -> None:
    """Do what no template can for a stack that something else made of the packaged template; raises CannotDeploy."""
    account = accounts.log_in(choices.region)
    complete(account, package(choices.stage), choices, say)


def complete(account: Account, packaged: PackagedStack, choices: Choices, say: Say) -> None:
    """Do what no template can for a stack that stands; raises CannotDeploy."""
    keys = accounts.signing_keys_of(account, choices.keys_from) if choices.keys_from else None
    stack = DeployedStack(account, choices.stack, say)
    state = stack.free()
    if state is None or state.stillborn:
        raise CannotDeploy(f"There is no stack {choices.stack} that is up in account {account.number}.")
    _finish(account, choices.stack, stack, packaged, say, tags=state.tags, keys=keys)


def prove(account: Account, choices: Choices, say: Say, limits: TimeLimits = USUAL_LIMITS) -> None:
    """Try what was deployed: a stack that CloudFormation calls complete may not work. Raises CannotDeploy."""
    try:
        walk(deployed(account, choices.stack), say, limits)
    except NotWorking as failure:
        left = getattr(failure, "__notes__", [])
        again = f"Once that is mended, try it again: make smoke STAGE={choices.stage}"
        raise CannotDeploy(
            "\n".join(["The stack stands, but it doesn't work.", str(failure), *left, again])
        ) from failure


def bring(account: Account, packaged: PackagedStack, choices: Choices, say: Say) -> None:
    """Bring what was packaged into the account; raises CannotDeploy."""
    template = packaged.translated(artifacts.bucket_name(account, choices.stack), account.region)
    checks.check_template(template, checks.allowed_resources(account))
    stack = DeployedStack(account, choices.stack, say)
    check_alarms(template, choices.rollback)
    before = _before(account, stack, choices.stack, say)
    parameters = _parameters(packaged.template, choices, before, account.region)
    parameters |= adoption.check(account, choices.stage, parameters, before)
    keys = accounts.signing_keys_of(account, choices.keys_from) if choices.keys_from else None
    checks.check_concurrency(account, parameters, before.parameters if before else {})
    parameters["WaitingShare"] = str(checks.free_for_waits(account, parameters, before.parameters if before else {}))
    say(f"{parameters['WaitingShare']} calls may wait at a time, unless WaitingCalls says otherwise.")
    say(checks.check_vcpus(account, parameters))
    checks.check_key(account, parameters, before.parameters if before else None)
    checks.check_network(account, parameters)
    checks.check_domain(account, parameters)
    at_the_edge = parameters.get("Edge") == "cloudfront"
    if at_the_edge and not (before and before.outputs.get("DistributionId")):
        verification.check_verified(account)
    if accounts.ensure_linked_role(account):
        say("Made the role by which ECS works in this account.")
    tags = tagged(choices.tags, before.tags if before else {})
    parameters["MailboxTags"] = said_of_mailboxes(tags)
    parameters |= _image(account, choices, tags, say)
    proof = before.outputs.get(PROOF) if before else None
    parameters["EdgeSecretVersion"] = edge_secret.version(account, proof) if proof else ""
    url = _upload(account, choices.stack, tags, packaged)
    bucket = before.outputs.get(PAGE_BUCKET) if before else None
    if bucket:
        # The functions that come now refer to them.
        publishing.publish(account, bucket, packaged.page)
    alarms = _alarms(account, stack, choices, say) if before else []
    if not stack.change(StackChange(url, parameters, tags, alarms, choices.rollback.minutes, choices.role), before):
        say("Nothing has changed.")
    if at_the_edge:
        verification.forget_attempt(account)
    _protect(stack, choices, before)
    _finish(account, choices.stack, stack, packaged, say, tags=tags, keys=keys)


def _alarms(account: Account, stack: DeployedStack, choices: Choices, say: Say) -> list[str]:
    """Return the ARNs of the alarms that take a change back, of a stack that stands; raises CannotDeploy."""
    alarms, ringing = triggers(account, stack.resources(), choices.rollback)
    if ringing:
        say(f"These alarms ring already, so they don't take the change back: {', '.join(ringing)}.")
    return alarms


def _protect(stack: DeployedStack, choices: Choices, before: StackState | None) -> None:
    if choices.protect is not None and choices.protect != (before is not None and before.protected):
        stack.protect(on=choices.protect)


def _before(account: Account, stack: DeployedStack, name: str, say: Say) -> StackState | None:
    """Return how the stack stands, one that was never up out of the way; raises CannotDeploy."""
    before = stack.free()
    if before is None or not before.stillborn:
        return before
    say(f"Removing the stack {name}, which was never up ({before.status}) ...")
    clear(account, stack, name, say)
    return None


def rehearse(packaged: PackagedStack, choices: Choices, say: Say) -> None:
    """Do all that needs no account: translate, lint; then say what would be done. Raises CannotDeploy."""
    region = choices.region or DRY_REGION
    template = packaged.translated(artifacts.named(choices.stack, "0" * 12, region), region)
    check_parameters(template, choices.parameters, region=region)
    checks.check_template(template)
    check_alarms(template, choices.rollback)
    _lint(template, region)
    bucket = artifacts.named(choices.stack, "ACCOUNT", region)
    say(f"The template is sound: {len(template['Resources'])} resources. In an account this would")
    if choices.image is None:
        say(f"  build infra/worker/Dockerfile for {image.PLATFORM} and push it as {_planned(choices)}:{image.tag()}")
        wrong = image.docker_complaint()
        if wrong:
            say(f"    (not yet: {wrong})")
    say(f"  upload {packaged.archive.name} and the template to the bucket {bucket}")
    if choices.parameters.get("Edge", "cloudfront") == "cloudfront":
        say("  see whether CloudFront takes a distribution of the account, by one switched off, if it has none")
    say(f"  create the role {accounts.ECS_ROLE}, unless the account has it")
    say(f"  create or change the stack {choices.stack} in {region}, with {_told(choices.parameters)}")
    say(f"  put the {len(publishing.files(packaged.page))} files of the page into their bucket")
    say("  put keys that sign logins into its secret, unless it has some")
    say(
        f"  create the user {administrator.USER}, its password in the secret {administrator.secret_name(choices.stack)}"
    )
    if choices.smoke:
        say("  try what stands then: make smoke")
    say("Nothing was created.")


def _checked(choices: Choices) -> Account:
    if choices.image is None:
        wrong = image.docker_complaint()
        if wrong:
            raise CannotDeploy(wrong)
    return accounts.log_in(choices.region)


def _parameters(
    template: Mapping[str, Any], choices: Choices, before: StackState | None, region: str
) -> dict[str, str]:
    """Return all of the template's parameters but the image's: what was chosen now, else before, else its default.

    Raises CannotDeploy where they don't fit together.
    """
    declared = template.get("Parameters", {})
    chosen = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
    chosen |= {name: value for name, value in before.parameters.items() if name in declared} if before else {}
    chosen |= choices.parameters
    chosen = {name: value for name, value in chosen.items() if name not in OURS}
    check_parameters(template, chosen, region=region)
    return chosen


def _image(account: Account, choices: Choices, tags: Mapping[str, str], say: Say) -> dict[str, str]:
    """Return the parameters that name the image, which is there then; raises CannotDeploy."""
    if choices.image is None:
        return {"WorkerImage": image.put(account, choices.stack, tags, say), "ImageRepository": ""}
    given_image.check_there(account, choices.image, say)
    return {"WorkerImage": choices.image, "ImageRepository": given_image.repository_of(choices.image)}


def _upload(account: Account, name: str, tags: Mapping[str, str], packaged: PackagedStack) -> str:
    """Upload archive and template; return the template's address."""
    bucket = artifacts.ensure(account, name, tags)
    artifacts.upload(account, bucket, packaged.archive, packaged.key)
    with _written(packaged.translated(bucket, account.region)) as path:
        key = artifacts.upload(account, bucket, path)
    suffix = "amazonaws.com.cn" if account.region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{account.region}.{suffix}/{key}"


def _finish(
    account: Account,
    name: str,
    stack: DeployedStack,
    packaged: PackagedStack,
    say: Say,
    *,
    tags: Mapping[str, str],
    keys: str | None,
) -> None:
    """Do what a template can't: the page's files, secrets that nobody sees; then tell where everything is."""
    state = stack.state()
    if state is None:
        raise CannotDeploy(f"The stack {name} is gone.")
    publishing.publish(account, state.outputs[PAGE_BUCKET], packaged.page)
    publishing.tidy(account, state.outputs[PAGE_BUCKET], packaged.page)
    if accounts.ensure_signing_keys(account, state.outputs["SigningKeysSecret"], keys):
        say("Took over the keys that sign logins." if keys else "Made the keys that sign logins.")
    created = administrator.ensure(account, name, state.outputs, tags)
    where = f"aws secretsmanager get-secret-value --secret-id {administrator.secret_name(name)}"
    say(f"The first administrator is {administrator.USER}{', created now' if created else ''}; the password:")
    say(f"  {where} --region {account.region} --query SecretString --output text")
    for output in ("Address", "SocketsAddress", "DashboardAddress"):
        if output in state.outputs:
            say(f"{output.replace('Address', ' address').strip().capitalize()}: {state.outputs[output]}")
    if state.parameters.get("DomainName") and not state.parameters.get("HostedZoneId"):
        targets = (
            ("DomainName", "DistributionAddress"),
            ("DomainName", "RestDomainTarget"),
            ("SocketDomainName", "SocketDomainTarget"),
        )
        for parameter, output in targets:
            if output in state.outputs:
                say(f"Enter in your DNS: {state.parameters[parameter]} CNAME {state.outputs[output]}")


def _lint(template: Mapping[str, Any], region: str) -> None:
    command = shutil.which("cfn-lint", path=str(Path(sys.executable).parent)) or shutil.which("cfn-lint")
    if command is None:
        raise CannotDeploy("cfn-lint isn't installed. Run: rm .venv/dev && make deploy DRY_RUN=1")
    with _written(template) as path:
        options = ["--regions", region, "--non-zero-exit-code", "error", "--template", str(path)]
        done = subprocess.run([command, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotDeploy(f"The template has faults:\n{(done.stdout + done.stderr).strip()}")


@contextmanager
def _written(template: Mapping[str, Any]) -> Iterator[Path]:
    """Write the template into a file for a while; equal templates give equal files."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.json"
        path.write_text(checks.written(template))
        yield path


def _planned(choices: Choices) -> str:
    return image.repository_name(choices.stack)


def _told(parameters: Mapping[str, str]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in parameters.items())
    return given or "the template's own parameters"
