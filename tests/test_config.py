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


def test_the_local_stack_may_open_both(monkeypatch):
    here = read(monkeypatch, STAGE="local", ALLOW_ANONYMOUS="1", WEBHOOK_ALLOW_LOCAL="1")
    assert here.allow_anonymous
    assert here.webhooks_local
