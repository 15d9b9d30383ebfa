"""The house's own rules, held against the code."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra import diagrams

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path.relative_to(ROOT)
    for folder in ("chalicelib", "infra")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "__init__.py"
)


def test_the_state_diagram_is_the_transition_table_s():
    assert diagrams.PAGE.read_text() == diagrams.page()


@pytest.mark.subprocess
def test_the_lambda_functions_load_nothing_of_the_worker_s():
    loaded = subprocess.run(
        [sys.executable, "-c", "import app, sys; print('\\n'.join(sys.modules))"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    heavy = {"neonize", "qrcode", "PIL", "phonenumbers", "chalicelib.worker", "moto", "infra"}
    assert heavy.isdisjoint(loaded)


@pytest.mark.subprocess
def test_a_cold_start_defines_few_dataclasses():
    """One costs a function's start as much as forty Structs do; at c96a353 there were 140, and no content but text."""
    counted = """
import dataclasses
made, define = [], dataclasses._process_class
dataclasses._process_class = lambda *given: made.append(given) or define(*given)
import app
print(len(made))
"""
    defined = subprocess.run(
        [sys.executable, "-c", counted], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert 0 < int(defined) <= 110


@pytest.mark.subprocess
def test_the_worker_starts_with_what_its_image_has():
    """infra/worker/requirements.txt is all that the image installs."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import chalicelib.bootstrap, chalicelib.worker.process, sys; print(*sys.modules)"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert {"jwt", "argon2", "chalice", "moto", "infra", "aiohttp"}.isdisjoint(loaded)


def test_only_config_and_the_worker_s_hand_over_read_the_environment():
    readers = {
        str(module)
        for module in MODULES
        if module.parts[0] == "chalicelib" and "os.environ" in (ROOT / module).read_text()
    }
    assert readers <= {"chalicelib/config.py", "chalicelib/worker/handover.py"}


def test_statuses_are_assigned_in_one_place():
    """Nobody but the table makes a session with a status, or a copy with another one."""

    def assigns(module: Path) -> bool:
        calls = [node for node in ast.walk(ast.parse((ROOT / module).read_text())) if isinstance(node, ast.Call)]
        makers = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in {"replace", "Session"}]
        return any(keyword.arg == "status" for call in makers for keyword in call.keywords)

    tables = {"chalicelib/domain/transitions.py", "chalicelib/domain/messages.py"}
    assert {str(m) for m in MODULES if m.parts[0] == "chalicelib" and assigns(m)} <= tables


@pytest.mark.parametrize(
    ("folders", "but"), [(("chalicelib", "infra"), "infra/whatsapp_server/"), (("infra/whatsapp_server",), "nothing")]
)
def test_no_class_name_is_defined_twice(folders: tuple[str, ...], but: str) -> None:
    """One name, one thing: who reads a name needn't ask which one is meant.

    The loopback WhatsApp, which knows nothing of this project, has names of its own.
    """
    places: dict[str, list[str]] = {}
    for module in (module for folder in folders for module in (ROOT / folder).rglob("*.py")):
        file = module.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ClassDef) and not file.startswith(but):
                places.setdefault(node.name, []).append(file)
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_dialects_have_names_and_no_numbers():
    files = [file for folder in ("chalicelib", "docs", "infra", "tests") for file in (ROOT / folder).rglob("*.*")]
    written = {".html", ".js", ".md", ".py", ".sh", ".toml", ".yaml"}
    texts = {file: file.read_text() for file in (*files, *ROOT.glob("*.*")) if file.suffix in written}
    assert len(texts) > 300
    assert [file for file, text in texts.items() if re.search(r"\bseeds?(?:'s)? 00\d", text, re.IGNORECASE)] == []


def test_every_error_is_drawn_in_the_tree():
    module = ast.parse((ROOT / "chalicelib/domain/errors.py").read_text())
    drawn = ast.get_docstring(module) or ""
    missing = [node.name for node in module.body if isinstance(node, ast.ClassDef) and node.name not in drawn.split()]
    assert missing == []
