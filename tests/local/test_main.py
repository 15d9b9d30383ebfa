import os

import pytest

from infra.local.__main__ import main


def test_what_is_wrong_is_said_before_anything_starts(monkeypatch, capsys):
    monkeypatch.setattr(os, "environ", {"PORT": "nonsense"})
    assert main() == 1
    assert capsys.readouterr().err == "PORT=nonsense is no port. Try: make run PORT=8081\n"


@pytest.mark.parametrize("network", ["signal", "WhatsApp"])
def test_an_unknown_network_comes_with_the_choices(monkeypatch, capsys, network):
    monkeypatch.setattr(os, "environ", {"NETWORK": network})
    assert main() == 1
    assert "Choose loopback or whatsapp." in capsys.readouterr().err
