"""One run of ``chalice package`` on a clean copy of what goes into the functions, and nothing else."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra import REPOSITORY, page
from infra.edge import function_code
from infra.template import TEMPLATE, load_yaml

SOURCES: Final = ("app.py", "requirements.txt", ".chalice/config.json")
# Workers have an image of their own, which nothing in the functions imports from; WhatsApp's bytes are theirs too.
LEFT_OUT: Final = ("__pycache__", "wire", "worker")


class CannotPackage(RuntimeError):
    """Packaging isn't possible; the text is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was made: the functions' ``archive``, the SAM ``template`` that refers to it, and the page's files."""

    folder: Path

    @property
    def archive(self) -> Path:
        """The zip of all functions."""
        return self.folder / "deployment.zip"

    @property
    def template(self) -> Path:
        """The merged template, still with its SAM transform; the archive is ``./deployment.zip`` there."""
        return self.folder / "sam.json"

    @property
    def page(self) -> Path:
        """The folder in which the files for the page's bucket lie at their keys, which begin with ``page/``."""
        return self.folder.parent

    def document(self) -> dict[str, Any]:
        """Return the template."""
        return dict(json.loads(self.template.read_text()))


def stages() -> list[str]:
    """Return the stages that .chalice/config.json knows."""
    return list(json.loads((REPOSITORY / ".chalice" / "config.json").read_text())["stages"])


def build(stage: str, out: Path, *, python: Path, environment: Mapping[str, str] = os.environ) -> Package:
    """Package ``stage`` into the folder ``out`` (made anew); ``python``, with Chalice beside it, is the runtime's."""
    if stage not in stages():
        raise CannotPackage(f"There is no stage {stage}: .chalice/config.json has {' and '.join(stages())}.")
    out = out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    sources = out / "sources"
    _copy_sources(sources)
    # Where no edge leads to the bucket, the function gives it.
    shutil.copy(page.rapidoc(), sources / "chalicelib" / "page" / "reference")
    merged = out / "resources.json"
    merged.write_text(merge_template(TEMPLATE.read_text()))
    # Chalice wants a region, though nothing in its output depends on it.
    given = {"AWS_DEFAULT_REGION": "us-east-1", **environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command: list[str | Path] = [python.with_name("chalice"), "package", "--stage", stage, "--template-format", "json"]
    command += ["--merge-template", merged, out / "package"]
    done = subprocess.run(command, cwd=sources, env=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotPackage(f"chalice package failed:\n{done.stdout}{done.stderr}".rstrip())
    package = Package(out / "package")
    precompile(package.archive, python)
    page.write(package.page)
    return package


def _copy_sources(folder: Path) -> None:
    for source in SOURCES:
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / source, target)
    shutil.copytree(REPOSITORY / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns(*LEFT_OUT))


EDGE_CODE: Final = "{{infra.edge}}"
"""Where the template wants the edge function's code."""


def merge_template(text: str) -> str:
    """Return the template's JSON. Chalice writes YAML back with anchors, which CloudFormation refuses; not so JSON."""
    return json.dumps(_filled(load_yaml(text)), indent=1)


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return function_code() if value == EDGE_CODE else value


UNREAD: Final = r"/phonenumbers/(geodata|carrierdata|tzdata)/"
"""Modules of places and carriers, which nothing here imports."""
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same sources make the same package."""


def precompile(archive: Path, python: Path) -> None:
    """Add to the zip what ``python``, whose version is the runtime's, makes of its modules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(archive) as package:
            package.extractall(folder)
        # Looked up by content, never by the time of a file, which unpacking loses.
        quietly = ["-q", "-x", UNREAD, "--invalidation-mode", "unchecked-hash"]
        # Where the sources lie while they are compiled is nobody's business: tracebacks name them as Lambda does.
        placed = ["-s", str(folder), "-p", "/var/task"]
        subprocess.run([python, "-m", "compileall", *quietly, *placed, str(folder)], check=True, capture_output=True)
        _pack(folder, archive)


def _pack(folder: Path, archive: Path) -> None:
    with ZipFile(archive, "w", ZIP_DEFLATED) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = ZipInfo(str(path.relative_to(folder)), LONG_AGO)
                entry.compress_type = ZIP_DEFLATED
                entry.external_attr = 0o755 << 16
                package.writestr(entry, path.read_bytes())
