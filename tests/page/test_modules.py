"""The page's files as they are written: how much they weigh, what they may not do, and that they find each other."""

import re
from pathlib import Path

import pytest

from chalicelib import page
from infra.local.page import PHONES

FOLDER = Path(page.__file__).parent
LIMIT = 200_000
"""Bytes of all that a view needs, but its catalogue. Views come when they are gone to; the linking dialog comes at once."""
PATHS = {path.name: path for folder in (FOLDER, PHONES) for path in sorted(folder.glob("*.js"))}
"""The page's modules, and those of the virtual phone that the local stack has beside it."""
MODULES = sorted(PATHS)
VIEWS = sorted(set(re.findall(r"import\('\./([^']+)'\)", (FOLDER / "main.js").read_text(encoding="utf-8"))))
NEVER = {
    "markup from texts": r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment)\b",
    "texts as code": r"\b(eval|Function)\(|new Function|javascript:",
    "style attributes, which the policy forbids": r"setAttribute\(\s*['\"]style",
    "another host": r"['\"`](https?:)?//(?!www\.w3\.org/2000/svg'|web\.whatsapp\.com)",
    "what only a secure context has": r"crypto\.(randomUUID|subtle)",
}
RUNNING = r"\b(setTimeout|setInterval|requestAnimationFrame)\(|\.addEventListener\("
"""What must be ended, and so begins in a scope; elements' own listeners end with them."""
WHERE_IT_RUNS = {"scope.js", "dom.js", "dialog.js", "form.js"}


def source(name: str) -> str:
    text = PATHS[name].read_text(encoding="utf-8")
    return re.sub(r"^\s*(//|/\*\*|\*).*$", "", text, flags=re.MULTILINE)


def imported(name: str) -> set[str]:
    """The module, and all that it can't do without."""
    found, new = set[str](), {name}
    while new:
        found |= new
        new = {one for module in new for one in re.findall(r"from '\./([^']+)'", source(module))} - found
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_light(view: str) -> None:
    style = {name for name in page.files() if not name.endswith((".js", ".json"))}
    at_once = imported("main.js") | imported("linking.js")
    weights = {name: len(page.files()[name].content) for name in style | at_once | imported(view)}
    assert sum(weights.values()) + len(page.index()) < LIMIT, weights


@pytest.mark.parametrize("what", NEVER)
@pytest.mark.parametrize("name", MODULES)
def test_a_module_never_uses(name: str, what: str) -> None:
    assert [found[0] for found in re.finditer(NEVER[what], source(name))] == []


@pytest.mark.parametrize("name", [one for one in MODULES if one not in WHERE_IT_RUNS])
def test_nothing_runs_outside_a_scope(name: str) -> None:
    assert [found[0] for found in re.finditer(RUNNING, source(name))] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_finds_what_it_imports(name: str) -> None:
    for names, module in re.findall(r"import\s+(?:\{([^}]*)\}\s+from\s+)?'([^']+)'", source(name)):
        assert module.startswith("./")
        exported = set(
            re.findall(r"^export (?:const|class|function|async function) (\w+)", source(module[2:]), re.MULTILINE)
        )
        wanted = {one.strip().split(" as ")[0] for one in names.split(",") if one.strip()}
        assert wanted - exported == set()
    for module in re.findall(r"import\('([^']+)'\)", source(name)):
        assert (FOLDER / module).is_file()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_nothing_in_vain(name: str) -> None:
    text = source(name)
    body = re.sub(r"import\s+\{[^}]*\}\s+from\s+'[^']+';", "", text)
    names = [
        one.strip().split(" as ")[-1] for group in re.findall(r"import\s+\{([^}]*)\}", text) for one in group.split(",")
    ]
    assert [one for one in names if one and not re.search(rf"\b{one}\b", body)] == []


def test_the_first_document_has_nothing_inline() -> None:
    text = page.index()
    assert "style=" not in text
    assert re.findall(r"\bon\w+=", text) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag] == []
    assert re.findall(r'(?:src|href)="(?:/|https?:)', text) == []
