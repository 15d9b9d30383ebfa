from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.package.__main__ import target
from infra.package.checks import faults

pytestmark = pytest.mark.subprocess


def wheel(*tags: str) -> str:
    return "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n" + "".join(f"Tag: {tag}\n" for tag in tags)


def found(tmp_path: Path, files: dict[str, str], runtime: str = "python3.12", architecture: str = "arm64") -> list[str]:
    archive = tmp_path / "functions.zip"
    with ZipFile(archive, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return list(faults(archive, runtime=runtime, architecture=architecture))


def test_the_package_is_as_it_should_be(package):
    runtime, architecture = target(package.document())
    assert list(faults(package.archive, runtime=runtime, architecture=architecture)) == []
    assert architecture == "arm64"


def test_it_holds_the_functions_code_its_bytecode_and_nothing_of_the_worker_s(package):
    with ZipFile(package.archive) as archive:
        names = set(archive.namelist())
    assert {"app.py", "chalicelib/bootstrap/parts.py", "chalice/app.py", "msgspec/__init__.py"} <= names
    assert any(name.startswith("chalicelib/bootstrap/__pycache__/parts.") for name in names)
    assert not [
        name
        for name in names
        if name.startswith(("chalicelib/wire", "chalicelib/worker", "infra", "tests", "neonize", "PIL"))
    ]


def test_it_takes_little_of_what_lambda_lets_it(package):
    assert package.archive.stat().st_size < 12_000_000


@pytest.mark.parametrize(
    "name",
    [
        "infra/local/aws.py",
        "tests/makers.py",
        "neonize/__init__.py",
        "chalicelib/wire/codec.py",
        "chalicelib/worker/host.py",
    ],
)
def test_what_belongs_elsewhere_is_refused(tmp_path, name):
    assert len(found(tmp_path, {"app.py": "", name: ""})) == 1


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("cp312-cp312-manylinux2014_aarch64", True),
        ("cp312-cp312-manylinux_2_28_aarch64", True),
        ("cp312-cp312-manylinux_2_39_aarch64", False),
        ("cp312-cp312-manylinux_2_28_x86_64", False),
        ("cp312-cp312-linux_aarch64", False),
        ("cp312-cp312-linux_x86_64", False),
    ],
)
def test_a_wheel_must_run_where_the_functions_do(tmp_path, tag, fits):
    faulty = found(tmp_path, {"pillow-13.0.0.dist-info/WHEEL": wheel(tag)})
    assert faulty == ([] if fits else ["pillow-13.0.0 isn't built for python3.12 on arm64."])


def test_the_older_runtime_has_the_older_c_library(tmp_path):
    files = {"pillow-13.0.0.dist-info/WHEEL": wheel("cp311-cp311-manylinux_2_27_aarch64")}
    assert len(found(tmp_path, files, runtime="python3.11")) == 1
    assert found(tmp_path, files, runtime="python3.12") == []


def test_one_fitting_tag_is_enough(tmp_path):
    tags = wheel("cp312-cp312-manylinux_2_39_aarch64", "cp312-cp312-manylinux_2_17_aarch64")
    assert found(tmp_path, {"x-1.dist-info/WHEEL": tags}) == []
