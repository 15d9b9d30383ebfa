import socket

import pytest

from infra.local import doctor

pytestmark = pytest.mark.subprocess


def test_this_machine_is_well():
    assert doctor.complaint(0) is None


def test_an_old_python_is_told_how_to_choose_another():
    assert "make run PYTHON=python3.11" in (doctor.old_python((3, 10)) or "")


def test_a_strange_platform_is_named():
    assert "Windows" in (doctor.strange_platform("Windows", "AMD64") or "")
    assert doctor.strange_platform("Darwin", "arm64") is None


def test_missing_packages_are_named():
    sentence = doctor.missing_modules(["json", "no_such_package"]) or ""
    assert "no_such_package" in sentence
    assert "json" not in sentence
    assert "make run" in sentence


def test_a_missing_libmagic_comes_with_its_command():
    sentence = doctor.no_libmagic(["/no/such/libmagic.so"], lambda _: None) or ""
    assert "install" in sentence


def test_a_port_in_use_comes_with_the_next_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = doctor.port_in_use(port) or ""
    assert f"Port {port} is in use" in sentence
    assert "make run PORT=" in sentence
