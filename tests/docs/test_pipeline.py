"""The pipeline that docs/ci offers to be copied, held against the Makefile, the command's variables and the policy."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from infra import REPOSITORY
from infra.deploy.choices import read_choices
from tests.docs.tables import DOCS

pytestmark = pytest.mark.subprocess

CI = DOCS / "ci"
# YAML 1.1 takes the word on for true.
WORKFLOW = yaml.safe_load((CI / "github-actions.yml").read_text().replace("\non:", "\n'on':", 1))
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def commands(job):
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_it_checks_rehearses_deploys_and_ends_with_the_smoke_test():
    assert JOBS["deploy"]["needs"] == "check"
    assert commands("check") == ["make check", "make quick"]
    assert commands("deploy") == ["make deploy DRY_RUN=1", "make deploy", "make smoke"]


def test_github_takes_it():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, CI / "github-actions.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_github_wouldn_t_take_is_found(tmp_path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((CI / "github-actions.yml").read_text().replace("timeout-minutes: 90", "timeout: 90"))
    assert subprocess.run([*command, wrong], capture_output=True, check=False).returncode == 1


def test_what_one_step_s_expression_names_is_there():
    text = (CI / "github-actions.yml").read_text()
    readme = (CI / "README.md").read_text()
    assert set(re.findall(r"vars\.(\w+)", text)) == {
        name
        for row in re.findall(r"^\| (`[A-Z_`, ]+`) \|", readme, flags=re.MULTILINE)
        for name in re.findall(r"[A-Z_]+", row)
    }
    inputs = WORKFLOW["on"]["workflow_dispatch"]["inputs"]
    assert set(re.findall(r"inputs\.(\w+)", text)) == set(inputs)


def test_every_target_is_one():
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
    assert {command.split()[1] for job in JOBS for command in commands(job)} <= targets


def test_the_image_is_built_where_it_runs():
    assert JOBS["deploy"]["runs-on"].endswith("-arm")


def test_it_holds_no_key_and_no_right_that_it_doesn_t_need():
    assert WORKFLOW["permissions"] == {}
    assert JOBS["check"]["permissions"] == {"contents": "read"}
    assert JOBS["deploy"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in (CI / "github-actions.yml").read_text()


def test_every_action_is_of_a_version():
    assert [
        step["uses"] for step in STEPS if "uses" in step and not re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"])
    ] == []


def test_what_the_command_is_told_is_what_it_reads():
    told = JOBS["deploy"]["env"]
    role = "arn:aws:iam::123456789012:role/switchboard-stack"
    values = {"STAGE": "dev", "AWS_REGION": "eu-west-1", "STACK_ROLE": role, "ALARM_EMAIL": "ops@example.com"}
    values |= {"PARAMETERS": "StandbyMin=2", "SMOKE": told["SMOKE"]}
    assert set(told) == set(values)
    choices = read_choices(values)
    assert (choices.stage, choices.region, choices.role, choices.smoke) == ("dev", "eu-west-1", role, False)
    assert choices.parameters == {"AlarmEmail": "ops@example.com", "StandbyMin": "2"}
    # A variable that nobody has set is empty.
    assert read_choices(dict.fromkeys(values, "") | {"STAGE": "dev"}).role is None


def test_one_repository_and_stage_alone_may_take_the_role():
    (statement,) = json.loads((CI / "trust-policy.json").read_text())["Statement"]
    (asked,) = statement["Condition"].values()
    assert asked["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert asked["token.actions.githubusercontent.com:sub"] == "repo:OWNER/REPOSITORY:environment:prod"
    assert JOBS["deploy"]["environment"]


def test_the_shell_in_its_readme_is_shell():
    blocks = re.findall(r"```bash\n(.*?)```", (CI / "README.md").read_text(), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_its_links_lead_somewhere():
    names = re.findall(r"\]\(([^)#]+)\)", (CI / "README.md").read_text())
    assert names
    assert [name for name in names if not (CI / name).exists()] == []
