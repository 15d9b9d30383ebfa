import pytest

from chalicelib.config import Settings, settings


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return settings.__wrapped__()


@pytest.mark.parametrize("name", ["ALLOW_ANONYMOUS", "WEBHOOK_ALLOW_LOCAL"])
@pytest.mark.parametrize("stage", ["dev", "prod", ""])
def test_what_opens_the_local_stack_is_refused_everywhere_else(monkeypatch, name, stage):
    with pytest.raises(RuntimeError, match=name):
        read(monkeypatch, STAGE=stage, **{name: "1"})


@pytest.mark.parametrize("value", ["0", ""])
def test_turned_off_it_is_fine(monkeypatch, value):
    here = read(monkeypatch, STAGE="prod", ALLOW_ANONYMOUS=value, WEBHOOK_ALLOW_LOCAL=value)
    assert not here.allow_anonymous
    assert not here.webhooks_local


def test_a_root_key_of_another_whatsapp_is_refused_everywhere_but_locally(monkeypatch):
    with pytest.raises(RuntimeError, match="WHATSAPP_ROOT_KEY"):
        read(monkeypatch, STAGE="prod", WHATSAPP_ROOT_KEY="ab" * 32)
    assert read(monkeypatch, STAGE="local", WHATSAPP_ROOT_KEY="ab" * 32).whatsapp_root == b"\xab" * 32


def test_devices_are_linked_by_our_own_half_as_the_library_s_version_unless_somebody_says_otherwise(monkeypatch):
    assert (read(monkeypatch).own_linker, read(monkeypatch).whatsapp_version) == (True, None)
    told = read(monkeypatch, LINKER="library", WHATSAPP_VERSION="2.3000.1050000000")
    assert (told.own_linker, told.whatsapp_version) == (False, (2, 3000, 1050000000))


@pytest.mark.parametrize(
    ("name", "value"),
    [("LINKER", "nobody"), ("LINKER", "Own"), ("WHATSAPP_VERSION", "2.3000"), ("WHATSAPP_VERSION", "2.3000.x")],
)
def test_a_setting_of_linking_that_is_none_is_refused_by_name(monkeypatch, name, value):
    with pytest.raises(RuntimeError, match=name):
        read(monkeypatch, **{name: value})


def test_the_local_stack_may_open_both(monkeypatch):
    here = read(monkeypatch, STAGE="local", ALLOW_ANONYMOUS="1", WEBHOOK_ALLOW_LOCAL="1")
    assert here.allow_anonymous
    assert here.webhooks_local
