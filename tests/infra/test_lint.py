"""The template as others judge it: CloudFormation's linter, and checkov on what would be created."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra import REPOSITORY
from infra.deploy.packaging import located, translated
from infra.template import decided
from tests.infra.cloud import PARAMETERS
from tests.infra.parameter_sets import ADOPTED, EVERYTHING, NO_EDGE, SETS

pytestmark = pytest.mark.subprocess

LEFT_SO = yaml.safe_load((REPOSITORY / "infra" / "checkov.yaml").read_text())
CHECKOV = REPOSITORY / ".venv" / "checkov" / "bin" / "checkov"


@pytest.fixture(scope="module")
def plain(package):
    return translated(located(package.document(), "s3://artifacts/functions.zip"), "us-east-1")


@pytest.mark.timeout(300)
def test_cloudformation_s_linter_finds_nothing_in_the_merged_and_in_the_translated_template(package, plain, tmp_path):
    whole = tmp_path / "translated.json"
    whole.write_text(json.dumps(plain))
    linter = Path(sys.executable).with_name("cfn-lint")
    # It takes each parameter for its default, also where a rule keeps that from being asked for. The test of the sets
    # of parameters looks at what each comes to.
    options = ["--regions", "us-east-1", "--ignore-checks", "W1030", "W1035", "--template"]
    done = subprocess.run(
        [linter, *options, package.template, whole],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.timeout(300)
def test_it_finds_nothing_in_what_each_set_of_parameters_makes_of_it(plain, tmp_path):
    for name, parameters in SETS.items():
        document = decided(plain, parameters)
        for parameter, value in parameters.items():
            # What the linter takes an expression's value for.
            declared = document["Parameters"][parameter]
            declared["Default"] = int(value) if declared["Type"] == "Number" else value
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    # A parameter that conditions alone ask for is asked for by nothing once they are decided.
    options = ["--regions", "us-east-1", "--ignore-checks", "W2001", "--template"]
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *options, *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.timeout(300)
def test_what_checkov_finds_is_what_is_left_so_with_a_reason(plain, tmp_path):
    """Of the stack as it is by default, and as it is by the choices that leave most out or take most in."""
    assert CHECKOV.exists(), "Run: make .venv/checkov/installed"
    alarmed = PARAMETERS | {"AlarmEmail": "ops@example.com"}
    chosen = {"usual": alarmed, "everything": EVERYTHING, "no edge": alarmed | NO_EDGE, "adopted": alarmed | ADOPTED}
    for name, parameters in chosen.items():
        document = decided(plain, parameters)
        # A thousand lines about routes, which checkov has no word for.
        document["Resources"]["RestAPI"]["Properties"].pop("Body")
        (tmp_path / f"{name}.json").write_text(json.dumps(document, indent=1))
    asked = ["--directory", tmp_path, "--framework", "cloudformation", "--skip-download", "--output", "json"]
    done = subprocess.run([CHECKOV, *asked], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["summary"]["parsing_errors"] == 0
    assert told["summary"]["resource_count"] > 200
    found = {one["check_id"]: one["check_name"] for one in told["results"]["failed_checks"]}
    assert {name: said for name, said in found.items() if name not in LEFT_SO} == {}
    assert set(LEFT_SO) - set(found) == set()


def test_every_reason_is_a_sentence():
    assert [
        name for name, reason in LEFT_SO.items() if len(reason.split()) < 8 or not reason.strip().endswith(".")
    ] == []
