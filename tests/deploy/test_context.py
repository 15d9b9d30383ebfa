"""What goes into the worker's image, and what its tag is made of."""

import shutil
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.deploy import image
from infra.deploy.context import IGNORED, RECIPE, BuildContext


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with what the image is made of, and what lies around it."""
    for directory in ("chalicelib", RECIPE.parent):
        shutil.copytree(REPOSITORY / directory, tmp_path / directory, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "app.py").write_text("# the functions\n")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("chalicelib/worker/host.py", True),
        ("chalicelib/domain/session.py", True),
        ("infra/worker/requirements.txt", True),
        ("chalicelib/api/bare/routes.py", False),
        ("chalicelib/page/index.html", False),
        ("chalicelib/triggers.py", False),
        ("chalicelib/worker/__pycache__/run.cpython-313.pyc", False),
        ("app.py", False),
        (".local/secrets.json", False),
        ("tests/makers.py", False),
    ],
)
def test_only_what_the_worker_runs_goes_in(path: str, kept: bool) -> None:
    assert BuildContext().holds(path) is kept


@pytest.mark.parametrize(
    "path",
    [
        "chalicelib/api/router.py",
        "chalicelib/api/native/sessions.py",
        "chalicelib/triggers.py",
        "app.py",
        "infra/worker/Dockerfile.dockerignore",
    ],
)
def test_a_comment_in_what_stays_outside_keeps_the_tag(root: Path, path: str) -> None:
    before = BuildContext(root).digest()
    assert before == BuildContext().digest()
    comment(root / path)
    assert BuildContext(root).digest() == before


@pytest.mark.parametrize(
    "path",
    [
        "chalicelib/worker/host.py",
        "chalicelib/domain/session.py",
        "infra/worker/requirements.txt",
        "infra/worker/Dockerfile",
    ],
)
def test_a_comment_in_what_goes_in_or_in_the_recipe_changes_the_tag(root: Path, path: str) -> None:
    before = BuildContext(root).digest()
    comment(root / path)
    assert BuildContext(root).digest() != before


def test_a_file_that_moves_or_comes_changes_the_tag(root: Path) -> None:
    digests = {BuildContext(root).digest()}
    (root / "chalicelib/worker/log.py").rename(root / "chalicelib/worker/logs.py")
    digests.add(BuildContext(root).digest())
    (root / "chalicelib/worker/one_more").write_text("")
    digests.add(BuildContext(root).digest())
    assert len(digests) == 3


def test_what_python_leaves_behind_keeps_the_tag(root: Path) -> None:
    before = BuildContext(root).digest()
    (root / "chalicelib/worker/__pycache__").mkdir()
    (root / "chalicelib/worker/__pycache__/host.cpython-313.pyc").write_bytes(b"compiled")
    assert BuildContext(root).digest() == before


def test_the_tag_is_the_context_s() -> None:
    assert image.tag() == BuildContext().digest()[:16]


@pytest.mark.parametrize(
    ("rules", "path", "kept"),
    [
        ("*\n!code\ncode/*.md", "code/a.md", False),
        ("*\n!code\ncode/*.md", "code/below/a.md", True),
        ("*\n!code\ncode/**/*.md", "code/below/a.md", False),
        ("*\n!code\ncode/**/*.md", "code/a.md", False),
        ("*\n!code\n**/old", "code/below/old/a.py", False),
        ("*\n!code\n**/old", "code/older/a.py", True),
        ("*\n!code\ncode/old\n!code/old/kept", "code/old/kept", True),
        ("*\n!code\ncode/a?.py", "code/ab.py", False),
        ("*\n# all of it\n\n!code/", "code/a.py", True),
        ("*\n!code", "decode/a.py", False),
    ],
)
def test_the_last_line_that_fits_decides(tmp_path: Path, rules: str, path: str, kept: bool) -> None:
    assert ignoring(tmp_path, rules).holds(path) is kept


@pytest.mark.parametrize("rules", ["", "chalicelib/api", "!chalicelib", "*\n!chalice*"])
def test_an_ignore_file_that_does_not_name_what_comes_in_is_refused(tmp_path: Path, rules: str) -> None:
    with pytest.raises(ValueError, match="must leave everything out"):
        ignoring(tmp_path, rules)


def ignoring(root: Path, rules: str) -> BuildContext:
    (root / IGNORED.parent).mkdir(parents=True)
    (root / IGNORED).write_text(rules)
    return BuildContext(root)


def comment(file: Path) -> None:
    file.write_text(file.read_text() + "# a comment\n")
