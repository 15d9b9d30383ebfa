"""What is deployed: the functions' archive, and the template as CloudFormation's own resources.

The SAM transform is done here, by a pinned translator, and not by CloudFormation: what is linted, tested and shown is
what is deployed.
"""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.arn_generator import ArnGenerator
from samtranslator.translator.translator import Translator

from infra import REPOSITORY
from infra.deploy import CannotDeploy
from infra.package.building import Package

OUT: Final = REPOSITORY / "out" / "deploy"
"""Not where ``make package`` writes: that may be run at any time."""
ARCHIVE: Final = "./deployment.zip"
"""How the packaged template refers to the functions' archive."""
SERVERLESS: Final = "AWS::Serverless-2016-10-31"


@dataclass(frozen=True, slots=True)
class PackagedStack:
    """A stage's archive, the template with its SAM transform still to do, and the folder of the page's files."""

    archive: Path
    template: dict[str, Any]
    page: Path

    @property
    def key(self) -> str:
        """The archive's name in a bucket: by what is in it, since a zip's bytes also say when it was made."""
        digest = hashlib.sha256()
        with ZipFile(self.archive) as archive:
            for entry in sorted(archive.infolist(), key=lambda one: one.filename):
                digest.update(f"{entry.filename}\0{entry.CRC:08x}{entry.file_size}\0".encode())
        return f"{digest.hexdigest()[:32]}.zip"

    def translated(self, bucket: str, region: str) -> dict[str, Any]:
        """Return plain CloudFormation, with the archive under its key in ``bucket``; raises CannotDeploy."""
        return translated(located(self.template, f"s3://{bucket}/{self.key}"), region)


def package(stage: str) -> PackagedStack:
    """Package the working tree as ``make package`` does; raises CannotDeploy."""
    folder = OUT / stage
    command = [sys.executable, "-m", "infra.package", stage, str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CannotDeploy(done.stderr.strip() or "The functions could not be packaged.")
    made = Package(folder / "package")
    return PackagedStack(made.archive, made.document(), made.page)


def located(template: Any, address: str) -> Any:
    """Return the template with the functions' code at ``address``, an ``s3://`` URI."""
    if isinstance(template, dict):
        return {name: located(value, address) for name, value in template.items()}
    if isinstance(template, list):
        return [located(value, address) for value in template]
    return address if template == ARCHIVE else template


def translated(template: dict[str, Any], region: str) -> dict[str, Any]:
    """Return the template with its SAM transform done; raises CannotDeploy."""
    if template.get("Transform") != SERVERLESS:
        return template
    # It wants a session for the sake of the region alone; boto3's would want a configuration.
    ArnGenerator.BOTO_SESSION_REGION_NAME = region
    try:
        return dict(Translator({}, Parser(), boto_session=_Region(region)).translate(template, {}))
    except InvalidDocumentException as error:
        raise CannotDeploy(f"The template can't be translated: {error.message}") from error


@dataclass(frozen=True, slots=True)
class _Region:
    region_name: str
