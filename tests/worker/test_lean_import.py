"""The imports of libraries: what comes with them, and what doesn't. A new version of one is looked at here."""

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.worker.lean_import import UNUSED, StandIn

IMPORT = """
import json, sys
started = []
CHILDREN = {"os.exec", "os.fork", "os.posix_spawn", "os.system", "subprocess.Popen"}
sys.addaudithook(lambda event, arguments: started.append(repr(arguments)) if event in CHILDREN else None)
from chalicelib.worker.linking.client import ImportedLibrary
library = ImportedLibrary()
import concurrent.futures.process, chalicelib.worker.whatsapp.answers, chalicelib.worker.whatsapp.incoming
import chalicelib.worker.whatsapp.notices, google.protobuf.message
before = set(sys.modules)
library.tables()
import neonize
print(json.dumps({"modules": sorted(set(sys.modules) - before), "started": started, "version": neonize.__version__}))
"""


def imported(code: str = IMPORT) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=100)
    return dict(json.loads(done.stdout))


@pytest.mark.subprocess
def test_the_library_brings_protobuf_and_no_other_package() -> None:
    brought = {name.partition(".")[0] for name in imported()["modules"]} - sys.stdlib_module_names
    # Its protobuf modules import each other by names of their own, as wa….
    assert {name for name in brought if not name.startswith("wa")} <= {"chalicelib", "google", "neonize"}


@pytest.mark.subprocess
def test_a_worker_without_the_client_library_loads_no_package_for_pictures() -> None:
    code = (
        "import json, sys\n"
        "from chalicelib.worker import lean_import; lean_import.install()\n"
        "import chalicelib.worker.process\n"
        "from chalicelib.worker.session.drawing import modules_of, picture; picture(modules_of('code'))\n"
        "print(json.dumps({'modules': sorted(sys.modules)}))"
    )
    loaded = {name.partition(".")[0] for name in imported(code)["modules"]}
    assert "qrcode" in loaded
    assert not loaded & {"PIL", "neonize"}


@pytest.mark.subprocess
def test_what_moves_large_files_is_loaded_with_the_first_client_of_s3_and_works() -> None:
    code = (
        "import json, sys\n"
        "from chalicelib.worker import lean_import; lean_import.install()\n"
        "from chalicelib.adapters import clients\n"
        "import boto3; boto3.setup_default_session(\n"
        "    aws_access_key_id='key', aws_secret_access_key='secret', region_name='eu-west-1')\n"
        "clients.sqs(); before = sorted(sys.modules)\n"
        "import s3transfer.manager\n"
        "from boto3.s3.transfer import create_transfer_manager, TransferConfig\n"
        "manager = create_transfer_manager(clients.s3(), TransferConfig())\n"
        "assert isinstance(manager, s3transfer.manager.TransferManager); manager.shutdown()\n"
        "print(json.dumps({'modules': before}))"
    )
    assert "s3transfer" not in imported(code)["modules"]


@pytest.mark.subprocess
def test_no_process_is_started_to_import_it() -> None:
    assert imported()["started"] == []


@pytest.mark.subprocess
def test_whoever_imports_a_package_for_which_there_is_a_stand_in_gets_the_package() -> None:
    code = IMPORT + "import requests, PIL.Image; assert PIL.Image.new('L', (1, 1)).size == (1, 1)"
    assert "requests" not in imported(code)["modules"]


@pytest.mark.subprocess
def test_the_library_s_own_tools_work_all_the_same() -> None:
    code = IMPORT + (
        "import contextlib, io, tempfile\n"
        "from neonize.utils.calc import auto_sticker\n"
        "from neonize.utils.thumbnail import save_file_to_temp_directory\n"
        "from PIL import Image\n"
        "picture = tempfile.TemporaryFile(); Image.new('RGB', (8, 4)).save(picture, 'PNG')\n"
        "assert auto_sticker(picture).size == (512, 512)\n"
    )
    imported(code)


def test_the_stand_ins_are_for_all_that_the_client_library_imports_from_elsewhere() -> None:
    assert set(packages("neonize")) - sys.stdlib_module_names - {"google", "neonize"} == UNUSED["neonize"]


def test_the_stand_in_in_qrcode_is_for_what_it_imports() -> None:
    assert UNUSED["qrcode"] <= set(packages("qrcode"))


def packages(library: str) -> Iterator[str]:
    """The names of what a library's modules import unconditionally."""
    spec = importlib.util.find_spec(library)
    assert spec
    assert spec.origin
    for file in Path(spec.origin).parent.rglob("*.py"):
        if "proto" not in file.parts:
            for node in ast.parse(file.read_text()).body:
                match node:
                    case ast.Import(names=names):
                        yield from (one.name.partition(".")[0] for one in names)
                    case ast.ImportFrom(module=str(module), level=0):
                        yield module.partition(".")[0]


def test_a_call_on_a_stand_in_is_a_call_on_the_package() -> None:
    assert StandIn("email").utils.parseaddr("Ana <ana@example.com>") == ("Ana", "ana@example.com")
    assert StandIn("json").dumps([1]) == "[1]"


def test_a_stand_in_may_be_part_of_an_annotation() -> None:
    stand_in = StandIn("PIL").Image
    assert str | int | stand_in is stand_in
    assert stand_in | None is stand_in
