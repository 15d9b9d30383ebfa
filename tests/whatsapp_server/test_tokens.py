"""The token tables and the library they come from."""

import subprocess
import sys

import pytest

from chalicelib.wire.codec import dictionaries
from infra.whatsapp_server.tokens_from_client import library

pytestmark = pytest.mark.subprocess


def test_the_tables_are_those_of_the_installed_client() -> None:
    # In a process of its own: loading the library starts its run time.
    command = [sys.executable, "-m", "infra.whatsapp_server.tokens_from_client", "--check"]
    assert subprocess.run(command, check=False, capture_output=True, timeout=100).returncode == 0


def test_the_tables_have_the_sizes_of_dictionary_version_3() -> None:
    assert len(dictionaries().single) == 236
    assert [len(words) for words in dictionaries().double] == [256] * 4


def test_no_word_has_two_numbers() -> None:
    assert len(dictionaries().single_number) == 235  # number 0 stands for nothing
    assert len(dictionaries().double_number) == 1024
    assert not dictionaries().single_number.keys() & dictionaries().double_number.keys()


def test_the_library_is_found_without_being_started() -> None:
    assert library().is_file()
    assert "neonize" not in sys.modules
