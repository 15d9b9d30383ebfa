"""``python -m infra.package [STAGE] [FOLDER]``: package, check, and say what came of it."""

import os
import sys
from pathlib import Path
from typing import Any

from infra import REPOSITORY
from infra.package import artifact
from infra.package.building import CannotPackage, Package, build
from infra.package.checks import faults, import_ms
from infra.package.pythons import packager
from infra.page import ROOT, served


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    stage = arguments[0] if arguments else "dev"
    folder = Path(arguments[1]) if len(arguments) > 1 else REPOSITORY / ".local" / "package" / stage
    try:
        newer = packager(os.environ)
        if newer is None:
            _say("There is no Python 3.12 or newer (PACKAGE_PYTHON= names one), so the functions will run on 3.11.")
        python = newer or Path(sys.executable)
        package = checked(build(stage, folder, python=python))
    except CannotPackage as error:
        sys.stderr.write(f"{error}\n")
        return 1
    runtime, architecture = target(package.document())
    size = package.archive.stat().st_size / 1e6
    _say(f"{package.archive}: {size:.1f} MB for {runtime} on {architecture}")
    _say(f"{package.template}: {len(package.document()['Resources'])} resources")
    _say(f"{artifact.write(package, stage)}: the same as plain CloudFormation, to be wrapped (docs/template.md)")
    folder, size = package.page / ROOT, sum(len(file.content) for file in served().values())
    _say(f"{folder}: {len(served())} files, {size / 1e3:.0f} KB")
    _say(f"import app: {import_ms(python):.0f} ms here")
    return 0


def checked(package: Package) -> Package:
    """Return it if nothing is wrong with it; raises CannotPackage."""
    runtime, architecture = target(package.document())
    found = list(faults(package.archive, runtime=runtime, architecture=architecture))
    if found:
        raise CannotPackage("\n".join(found))
    return package


def target(document: dict[str, Any]) -> tuple[str, str]:
    """Return runtime and architecture of the functions, which are the same for all of them."""
    properties = document["Resources"]["APIHandler"]["Properties"]
    return properties["Runtime"], properties["Architectures"][0]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
