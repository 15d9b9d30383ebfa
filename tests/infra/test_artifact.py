"""The template that others wrap, as `make package` writes it."""

import json

import pytest

from chalicelib import __version__
from infra.deploy.packaging import PackagedStack
from infra.package import artifact
from infra.template import TEMPLATE, load_template
from tests.docs.tables import DOCS

pytestmark = pytest.mark.subprocess


@pytest.fixture(scope="module")
def path(package):
    return artifact.write(package, "dev")


def test_it_is_plain_cloudformation_that_says_its_version(package, path):
    template = json.loads(path.read_text())
    assert path.name == f"switchboard-{__version__}-dev.template.json"
    assert "Transform" not in template
    assert not [one["Type"] for one in template["Resources"].values() if one["Type"].startswith("AWS::Serverless")]
    key = PackagedStack(package.archive, package.document(), package.page).key
    assert template["Metadata"]["Switchboard"] == {"Version": __version__, "Stage": "dev", "Code": key}
    assert template["Parameters"]["CodeKey"]["Default"] == key


def test_every_function_takes_its_code_from_where_the_parameters_say(path):
    resources = json.loads(path.read_text())["Resources"].values()
    code = [one["Properties"]["Code"] for one in resources if one["Type"] == "AWS::Lambda::Function"]
    assert len(code) == 12
    assert {json.dumps(one) for one in code} == {
        json.dumps({"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}})
    }


def test_it_has_the_hand_written_parameters_and_those_of_the_code(path):
    declared = load_template(TEMPLATE).document["Parameters"]
    assert set(json.loads(path.read_text())["Parameters"]) == set(declared) | set(artifact.CODE)


def test_the_document_has_every_parameter_as_it_is_declared():
    parameters = {**load_template(TEMPLATE).document["Parameters"], **artifact.CODE}
    assert artifact.parameter_table(parameters) in (DOCS / "template.md").read_text()
