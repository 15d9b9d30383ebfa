import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from chalicelib import page
from chalicelib.domain.edge import CATCH_ALL
from chalicelib.page import reference
from infra.deploy import checks, publishing
from infra.deploy.packaging import located, translated
from infra.package.building import EDGE_CODE, CannotPackage, build, merge_template, precompile, stages
from infra.package.pythons import packager
from infra.page import served

pytestmark = pytest.mark.subprocess


def paths_of(package):
    return package.document()["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]


def test_what_no_route_takes_is_the_function_s_to_refuse(package):
    paths, refused = paths_of(package), "x-amazon-apigateway-any-method"
    assert {path for path, methods in paths.items() if refused in methods} == {CATCH_ALL, "/"}
    # As Chalice has its own routes call the function.
    expected = paths["/health"]["get"]["x-amazon-apigateway-integration"]
    for path in (CATCH_ALL, "/"):
        assert paths[path][refused]["x-amazon-apigateway-integration"] == expected


def test_every_get_has_a_head_in_the_api(package):
    paths = paths_of(package)
    assert len(paths) > 50
    assert not [path for path, methods in paths.items() if "get" in methods and "head" not in methods]


def test_the_api_has_no_more_resources_than_aws_allows(package):
    assert 70 < checks.api_resources(package.document()) < checks.RESOURCES


def test_the_template_is_not_larger_than_aws_allows(package):
    """It is uploaded: with a call itself come 51,200 bytes, which its API's definition alone has."""
    template = translated(located(package.document(), f"s3://{'b' * 63}/{'0' * 32}.zip"), "ap-southeast-1")
    assert 51_200 < len(checks.written(template).encode()) < checks.TEMPLATE_BYTES * 0.8
    checks.check_template(template)


def test_the_page_s_files_lie_at_their_keys_and_the_functions_have_them_too(package):
    assert publishing.files(package.page) == set(served())
    for key, file in served().items():
        assert (package.page / key).read_bytes() == file.content
    with ZipFile(package.archive) as archive:
        names = archive.namelist()
    assert {"chalicelib/page/index.html", f"chalicelib/page/reference/{reference.SCRIPT}"} <= set(names)
    assert {f"chalicelib/page/{name}" for name in page.files()} <= set(names)


def test_an_unknown_stage_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(CannotPackage, match="There is no stage moon"):
        build("moon", tmp_path / "out", python=Path(sys.executable))
    assert not (tmp_path / "out").exists()


def test_the_stages_are_those_of_the_configuration():
    assert stages() == ["dev", "prod"]


def test_generated_code_is_put_where_the_template_wants_it():
    merged = json.loads(merge_template(f'Resources: {{F: {{Code: "{EDGE_CODE}", Name: !Ref Table}}}}'))
    assert merged["Resources"]["F"]["Code"].startswith("import cf from")
    assert merged["Resources"]["F"]["Name"] == {"Ref": "Table"}


def test_the_functions_are_told_of_their_stage_and_their_stack(package):
    document = package.document()
    api = document["Resources"]["APIHandler"]["Properties"]
    assert api["Environment"]["Variables"] == {"STAGE": "dev"}
    table = document["Globals"]["Function"]["Environment"]["Variables"]["TABLE_NAME"]
    assert table == {"Fn::If": ["MakesTable", {"Ref": "Table"}, {"Ref": "AdoptedTable"}]}
    assert api["Role"] == {"Fn::GetAtt": ["ApiRole", "Arn"]}


def test_bytecode_is_found_without_the_source_s_time(tmp_path):
    archive = tmp_path / "functions.zip"
    with ZipFile(archive, "w") as package:
        package.writestr("greeting.py", "WORD = 'hello'\n")
    precompile(archive, Path(sys.executable))
    with ZipFile(archive) as package:
        package.extractall(tmp_path / "out")
        names = set(package.namelist())
    assert "greeting.py" in names
    assert len(names) == 2
    said = subprocess.run(
        [sys.executable, "-v", "-c", "import greeting; print(greeting.WORD)"],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "hello\n"
    assert "matches" in next(line for line in said.stderr.splitlines() if "greeting" in line and "pyc" in line)


def test_the_same_sources_make_the_same_package(tmp_path):
    made = []
    for name in ("one.zip", "other.zip"):
        with ZipFile(tmp_path / name, "w") as package:
            package.writestr("greeting.py", "WORD = 'hello'\n")
        precompile(tmp_path / name, Path(sys.executable))
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_a_python_that_only_complains_is_passed_over(tmp_path, monkeypatch):
    for name in ("python3.12", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = Path(sys.executable) if sys.version_info >= (3, 12) else None
    assert packager({}) == expected
    assert packager({"PACKAGE_PYTHON": str(tmp_path / "nowhere")}) == expected
