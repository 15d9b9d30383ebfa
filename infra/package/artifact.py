"""The template as others wrap it: plain CloudFormation of a version, told by parameters where the functions' code lies.

``python -m infra.package.artifact`` prints its parameters as docs/template.md has them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib import __version__
from infra.deploy.packaging import PackagedStack
from infra.package.building import Package
from infra.template import TEMPLATE, load_template

CODE: Final[dict[str, dict[str, Any]]] = {
    "CodeBucket": {
        "Type": "String",
        "AllowedPattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "ConstraintDescription": "the name of a bucket",
        "Description": "The bucket with the functions' code, in the stack's region",
    },
    "CodeKey": {"Type": "String", "MinLength": 1, "Description": "The code's key in that bucket"},
}
"""Parameters that this template has beside those of the hand-written one."""
# Nowhere: both are replaced, and the translation looks at neither.
_BUCKET: Final = "code-bucket"
_REGION: Final = "us-east-1"


def wrapped(packaged: PackagedStack, stage: str) -> dict[str, Any]:
    """Return the template of a stage: no transform, and the same for every account and region; raises CannotDeploy."""
    template = packaged.translated(_BUCKET, _REGION)
    parameters = {**CODE, "CodeKey": {**CODE["CodeKey"], "Default": packaged.key}}
    about = {"Version": __version__, "Stage": stage, "Code": packaged.key}
    placed = _placed(template, packaged.key)
    placed["Parameters"] = {**placed["Parameters"], **parameters}
    return {**placed, "Metadata": {**placed.get("Metadata", {}), "Switchboard": about}}


def _placed(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return [_placed(one, key) for one in value]
    if not isinstance(value, dict):
        return value
    if value == {"S3Bucket": _BUCKET, "S3Key": key}:
        return {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
    return {name: _placed(one, key) for name, one in value.items()}


def write(package: Package, stage: str) -> Path:
    """Write the template beside the package, its version in its name; return where. Raises CannotDeploy."""
    path = package.folder / f"switchboard-{__version__}-{stage}.template.json"
    template = wrapped(PackagedStack(package.archive, package.document(), package.page), stage)
    path.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n")
    return path


def parameter_table(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the parameters in Markdown: name, type, default, what is allowed, and what it is for."""
    rows = [["Parameter", "Type", "Default", "Allowed", "Meaning"], ["---"] * 5]
    for name, one in parameters.items():
        default = "required" if "Default" not in one else f"`{one['Default']}`" if one["Default"] != "" else "none"
        rows.append([f"`{name}`", one["Type"], default, _allowed(one), one["Description"]])
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def _allowed(one: Mapping[str, Any]) -> str:
    if "AllowedValues" in one:
        return ", ".join(f"`{value}`" for value in one["AllowedValues"])
    if "MinValue" in one:
        return f"{one['MinValue']} to {one['MaxValue']}"
    return str(one.get("ConstraintDescription") or (f"`{one['AllowedPattern']}`" if "AllowedPattern" in one else "any"))


def main() -> None:
    """Print the table."""
    parameters = {**load_template(TEMPLATE).document["Parameters"], **CODE}
    sys.stdout.write(parameter_table(parameters) + "\n")


if __name__ == "__main__":
    main()
