"""One run of ``chalice package`` on a clean copy of what goes into the functions, and nothing else."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra import REPOSITORY
from infra.package.bytecode import precompile
from infra.package.merging import merge_template
from infra.template import TEMPLATE

SOURCES: Final = ("app.py", "requirements.txt", ".chalice/config.json")
# Workers have an image of their own, which nothing in the functions imports from; WhatsApp's bytes are theirs too.
LEFT_OUT: Final = ("__pycache__", "wire", "worker")


class CannotPackage(RuntimeError):
    """Packaging isn't possible; the text is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was made: the functions' ``archive``, and the SAM ``template`` that refers to it as ./deployment.zip."""

    folder: Path

    @property
    def archive(self) -> Path:
        """The zip of all functions."""
        return self.folder / "deployment.zip"

    @property
    def template(self) -> Path:
        """The merged template, still with its SAM transform."""
        return self.folder / "sam.json"

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
    return package


def _copy_sources(folder: Path) -> None:
    for source in SOURCES:
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / source, target)
    shutil.copytree(REPOSITORY / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns(*LEFT_OUT))
