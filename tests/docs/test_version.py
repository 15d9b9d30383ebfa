"""One version, from one place."""

import re
import tomllib
from pathlib import Path

from app import ROUTERS
from chalicelib import __version__
from chalicelib.api.description import samples
from chalicelib.api.description.document import document
from chalicelib.dialects.bare.sessions import BareStatusJson

REPOSITORY = Path(__file__).parents[2]


def test_the_api_says_the_version() -> None:
    assert document(ROUTERS)["info"]["version"] == __version__
    assert samples.answer(BareStatusJson)["api"]["version"] == __version__


def test_the_project_has_no_other() -> None:
    told = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert "version" not in told["project"]
    assert "version" in told["project"]["dynamic"]
    assert told["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "chalicelib.__version__"}


def test_the_changelog_names_none_that_is_later_and_this_one_once_it_is_out() -> None:
    headings = re.findall(r"^## (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    newest = headings[0].split()[0].strip(",")
    assert newest in {"Unreleased", __version__}
    later = [one for one in headings if re.match(r"\d", one) and _parts(one.split()[0]) > _parts(__version__)]
    assert not later


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.strip(",").split("."))
