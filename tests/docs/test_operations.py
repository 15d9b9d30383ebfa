"""What the documents for operators say, held against the template, the scripts and the commands they name."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from infra.costs.bill import bill_table
from infra.costs.options import option_table
from infra.costs.scale import concurrency_table, quota_table, recovery_table
from infra.deploy.choices import OURS
from infra.template import TEMPLATE, load_template
from tests.docs.tables import DOCS, names, rows, section

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parent.parent.parent
OURS_TO_HOLD = ("deploy.md", "operations.md", "security.md", "scale.md", "settings.md")
TEXTS = {name: (DOCS / name).read_text() for name in OURS_TO_HOLD}


def of_type(kind: str) -> set[str]:
    resources = load_template(TEMPLATE).resources
    return {name for name, one in resources.items() if one["Type"] == kind}


def test_the_cost_is_what_the_script_prints():
    assert bill_table([1, 100, 10_000]) in TEXTS["deploy.md"]
    assert option_table([1, 100, 10_000]) in TEXTS["deploy.md"]


def test_the_quotas_and_the_recovery_are_what_the_script_prints():
    counts = [1_000, 10_000, 100_000]
    assert quota_table(counts) in TEXTS["scale.md"]
    assert recovery_table(counts) in TEXTS["scale.md"]
    assert concurrency_table() in TEXTS["scale.md"]


def test_every_alarm_has_a_row_that_says_what_to_do_and_no_other():
    assert sorted(names(section("operations.md", "## Alarms"))) == sorted(of_type("AWS::CloudWatch::Alarm"))


def test_every_parameter_that_can_be_chosen_has_its_default_in_the_table():
    declared = load_template(TEMPLATE).document["Parameters"]
    said = {row[0].strip("`"): row[1].strip("`") for row in rows(section("deploy.md", "## Parameters"))}
    assert said == {name: str(one["Default"]) or "none" for name, one in declared.items() if name not in OURS}


def test_every_output_that_is_asked_for_is_one():
    outputs = set(load_template(TEMPLATE).document["Outputs"])
    asked = {
        name
        for text in TEXTS.values()
        for name in re.findall(r"outputs ([A-Z]\w+)|OutputKey=='([A-Z]\w+)'", text)
        for name in name
        if name
    }
    assert asked <= outputs
    assert set(re.findall(r"output `(\w+)`", TEXTS["operations.md"])) <= outputs


def test_every_resource_that_is_asked_for_is_one():
    resources = load_template(TEMPLATE).resources
    asked = set(re.findall(r"physical ([A-Z]\w+)", TEXTS["operations.md"])) | {
        "WakeDeadLetterQueue",
        "DeliveryDeadLetterQueue",
    }
    assert asked <= set(resources)


@pytest.mark.parametrize(
    "module", sorted({one for text in TEXTS.values() for one in re.findall(r"python -m ([a-z_.]+)", text)})
)
def test_every_module_that_is_run_can_be_run(module):
    assert find_spec(module) is not None
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_make_target_is_one():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {one for text in TEXTS.values() for one in re.findall(r"\bmake ([a-z]+)\b(?= STAGE|`| \()", text)} <= targets


@pytest.mark.parametrize("name", OURS_TO_HOLD)
def test_every_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", TEXTS[name]):
        page, _, anchor = target.partition("#")
        text = (DOCS / page).read_text() if page else TEXTS[name]
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize("name", OURS_TO_HOLD)
def test_the_shell_in_it_is_shell(name):
    for block in re.findall(r"```bash\n(.*?)```", TEXTS[name], flags=re.DOTALL):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
