"""docs/settings.md against the code: each setting that is read is there, and no other."""

import ast
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from chalicelib.config import Settings, settings
from chalicelib.domain.lease import Order
from chalicelib.worker.handover import Handover, to_environment
from infra.deploy.choices import ALIASES
from infra.template import TEMPLATE, load_template
from tests.deploy.dockerfile import environment as image_environment
from tests.deploy.dockerfile import stages
from tests.docs.tables import names, rows, section

ROOT = Path(__file__).parent.parent.parent
GIVEN = {"AWS_REGION", "AWS_DEFAULT_REGION"}
"""Lambda and Fargate set them themselves."""


def read_by(module: str, *calls: str) -> set[str]:
    """Return the names that a module reads: strings that it gets from a mapping of the environment."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        asked = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            asked = (node.func.value, node.args[0])
        elif isinstance(node, ast.Subscript):
            asked = (node.value, node.slice)
        if asked and isinstance(asked[0], ast.Name) and asked[0].id in calls and isinstance(asked[1], ast.Constant):
            found.add(str(asked[1].value))
    return found


def test_functions_and_workers_read_what_the_table_says():
    assert set(names(section("settings.md", "## Functions and workers"))) == read_by("chalicelib/config.py", "env")


def test_an_order_is_what_the_table_says():
    order = Order("worker", "mailbox", "tenant", "session", "uid", 1)
    others: dict[str, Any] = {one.name: 1 for one in fields(Handover)[1:]}
    told = to_environment(Handover(order, **others))
    assert set(names(section("settings.md", "## A worker's order"))) == set(told) - set(os.environ)


def test_what_the_client_library_reads_is_what_the_template_and_the_image_set_beside_the_settings():
    (container,) = load_template(TEMPLATE).resources["WorkerTask"]["Properties"]["ContainerDefinitions"]
    known = set(names(section("settings.md", "## The client library")))
    assert known == {one["Name"] for one in container["Environment"]} - read_by("chalicelib/config.py", "env") - GIVEN
    assert known <= set(image_environment(stages()[-1]))


def test_the_local_stack_reads_what_the_table_says():
    asked = read_by("infra/local/settings.py", "environment")
    assert set(names(section("settings.md", "## The local stack"))) == asked


def test_a_deployment_reads_what_the_table_says():
    asked = read_by("infra/deploy/choices.py", "environment") | set(ALIASES)
    assert set(names(section("settings.md", "## A deployment"))) == asked - {"AWS_DEFAULT_REGION"}


def test_each_setting_is_read_once():
    known = names(section("settings.md", "## Functions and workers"))
    assert len(known) == len(set(known)) == len(fields(Settings))


def test_what_the_template_sets_is_said_to_be_set_by_it():
    template = load_template(TEMPLATE)
    (container,) = template.resources["WorkerTask"]["Properties"]["ContainerDefinitions"]
    by_template = set(template.variables) | {one["Name"] for one in container["Environment"]}
    said = {
        row[0].strip("`") for row in rows(section("settings.md", "## Functions and workers")) if "template" in row[3]
    }
    assert said == by_template - GIVEN - set(names(section("settings.md", "## The client library")))


@pytest.mark.parametrize(
    "name", ["SEND_BURST", "SEND_PER_MINUTE", "ASK_BURST", "STANDBY_MIN", "STANDBY_MAX", "UPGRADES_PER_MINUTE"]
)
def test_a_default_is_the_code_s(name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    (row,) = [row for row in rows(section("settings.md", "## Functions and workers")) if row[0] == f"`{name}`"]
    assert row[2] == f"`{getattr(settings(), name.lower())}`"
    settings.cache_clear()


def test_the_comment_beside_each_setting_names_its_variable():
    source = (ROOT / "chalicelib/config.py").read_text()
    beside = set(re.findall(r"^    [a-z_]+: [^#]*# ([A-Z_]+)", source, flags=re.MULTILINE))
    assert beside == read_by("chalicelib/config.py", "env")
