"""The page's words: each is in every catalogue, is used, and asks for the same values in every language."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib import page
from infra.local.page import PHONES

FOLDER = Path(page.__file__).parent
LANGUAGES = dict(
    re.findall(
        r"(\w+): '([^']+)'",
        (FOLDER / "words.js").read_text(encoding="utf-8").partition("LANGUAGES = {")[2].partition("}")[0],
    )
)
SCRIPTS = "\n".join(
    path.read_text(encoding="utf-8") for folder in (FOLDER, PHONES) for path in sorted(folder.glob("*.js"))
)
NAMED = set(re.findall(r"\b(?:t|known)\('([^']+)'", SCRIPTS)) | set(
    re.findall(r"\b\w*[wW]ords?: '([a-z]+\.[^']+)'", SCRIPTS)
)
BEGUN = set(re.findall(r"\b(?:t|known)\(`([^`$]+)\$\{", SCRIPTS))
"""What keys begin with that end with a value: a status, a role."""
FORMS = {"en": {"one", "other"}, "es": {"one", "many", "other"}, "pt": {"one", "many", "other"}, "id": {"other"},
         "ar": {"zero", "one", "two", "few", "many", "other"}, "hi": {"one", "other"}}  # fmt: skip
"""Unicode's plural categories (CLDR)."""


GATEWAY = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py"))
OF_THE_PAGE = {"HTTP", "UNREACHED"}
"""The codes of refusals that aren't the gateway's."""


@cache
def catalogue(language: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"messages.{language}.json").read_text(encoding="utf-8")))


def texts(entry: Any) -> list[str]:
    return list(entry.values()) if isinstance(entry, dict) else [entry]


def values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    there = {path.name.split(".")[1] for path in FOLDER.glob("messages.*.json")}
    assert there == set(LANGUAGES)


def test_every_word_that_the_page_says_is_there() -> None:
    assert NAMED - set(catalogue("en")) == set()
    assert {begun for begun in BEGUN if not any(key.startswith(begun) for key in catalogue("en"))} == set()


def test_every_word_that_is_there_is_said() -> None:
    unsaid = {key for key in catalogue("en") if key not in NAMED and not key.startswith(tuple(BEGUN))}
    assert unsaid == set()


def test_each_refusal_that_there_are_words_for_can_come() -> None:
    worded = {key.split(".")[1] for key in catalogue("en") if key.startswith("error.")}
    told = set(re.findall(r'"(\w+)"', GATEWAY))
    assert {code for code in worded - OF_THE_PAGE if not {code, code.lower()} & told} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_sorted_and_nothing_is_empty(language: str) -> None:
    assert list(catalogue(language)) == sorted(catalogue(language))
    assert [key for key, entry in catalogue(language).items() if not all(text.strip() for text in texts(entry))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    assert set(catalogue(language)) == set(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_asks_for_the_same_values(language: str) -> None:
    def wanted(entry: Any) -> set[str]:
        return set().union(*map(values, texts(entry))) - {"count"}

    differ = {key for key, entry in catalogue("en").items() if wanted(entry) != wanted(catalogue(language)[key])}
    assert differ == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_has_the_forms_of_its_language(language: str) -> None:
    counted = {key: entry for key, entry in catalogue(language).items() if isinstance(entry, dict)}
    assert {key for key, entry in counted.items() if set(entry) != FORMS[language]} == set()
    assert {key for key in catalogue("en") if isinstance(catalogue("en")[key], dict)} == set(counted)
