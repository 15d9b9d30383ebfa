"""The list of the table's keys, held against the code. The items that tests write are held against it, too."""

import ast
import re
from pathlib import Path

from chalicelib.adapters.dynamodb.keys import KEYS

FOLDER = Path("chalicelib/adapters/dynamodb")


def _texts(module: Path) -> set[str]:
    """Return the texts in a module's code, of f-strings what stands before the first value; no docstrings."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            found.add(str(node.values[0].value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _constant(pattern: str) -> str:
    return pattern.partition("{")[0]


def test_every_prefix_in_the_code_is_listed_and_each_that_is_listed_is_used() -> None:
    listed = {_constant(part) for one in KEYS for part in (one.pk, one.sk)}
    modules = [module for module in FOLDER.glob("*.py") if module.name != "keys.py"]
    texts = set().union(*map(_texts, modules))
    used = {text for text in texts if re.fullmatch(r"[A-Z]+#", text)}
    assert used == {prefix for prefix in listed if prefix.endswith("#")} - {"PACE#"}
    # That one comes from whoever makes the bucket.
    assert {word for word in listed if word and not word.endswith("#")} <= texts


def test_each_pattern_is_listed_once_and_its_module_has_its_prefix() -> None:
    assert len({(one.pk, one.sk) for one in KEYS}) == len(KEYS)
    for one in KEYS:
        texts = _texts(FOLDER / f"{one.module}.py")
        assert {_constant(one.pk), _constant(one.sk)} - {"", "PACE#"} <= texts, one
