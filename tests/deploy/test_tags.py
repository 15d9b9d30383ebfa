"""Tags as they are chosen, and as they stay."""

import re

import pytest

from chalicelib.config import settings
from infra.deploy import CannotDeploy
from infra.deploy.choices import read_choices
from infra.deploy.tags import OWN, read_tags, said_of_mailboxes, tagged
from infra.template import TEMPLATE, load_template


def test_any_number_of_tags_is_read():
    assert read_tags("team=messaging, cost-centre=42,note=a b") == {
        "team": "messaging",
        "cost-centre": "42",
        "note": "a b",
    }
    assert read_tags("empty=") == {"empty": ""}


def test_tags_that_aren_t_named_stay_and_those_that_are_replace_all():
    before = {**OWN, "team": "messaging"}
    assert tagged(None, before) == before
    assert tagged({"owner": "ana"}, before) == {**OWN, "owner": "ana"}
    assert tagged({}, before) == OWN


def test_none_named_is_another_thing_than_none_wanted():
    assert read_choices({"STAGE": "dev"}).tags is None
    assert read_choices({"STAGE": "dev", "TAGS": ""}).tags == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("team", "isn't understood"),
        ("=x", "isn't understood"),
        ("aws:x=1", "AWS's own"),
        ("AWS:x=1", "AWS's own"),
        ("a=<b>", "a sign that AWS doesn't take"),
        ("a=1,a=2", "has a twice"),
        (f"{'k' * 129}=v", "is too long"),
        (f"k={'v' * 257}", "is too long"),
        (",".join(f"k{number}=v" for number in range(50)), "too many tags"),
    ],
)
def test_what_aws_would_refuse_is_refused_in_words(text, sentence):
    with pytest.raises(CannotDeploy, match=sentence):
        read_tags(text)


def test_what_the_deployment_says_of_mailboxes_is_what_the_functions_read(monkeypatch):
    tags = {**OWN, "team": "messaging", "note": "a=b c", "none": ""}
    monkeypatch.setenv("MAILBOX_TAGS", said_of_mailboxes(tags))
    assert settings.__wrapped__().mailbox_tags == tags


def test_tags_without_room_in_the_functions_environment_are_left_out():
    tags = {f"k{number}": "v" * 250 for number in range(10)}
    said = said_of_mailboxes({**OWN, "with,comma": "x", "list": "a,b", **tags})
    assert len(said) <= load_template(TEMPLATE).document["Parameters"]["MailboxTags"]["MaxLength"]
    assert said.startswith("application=switchboard,k0=")
    assert re.fullmatch(load_template(TEMPLATE).document["Parameters"]["MailboxTags"]["AllowedPattern"], said)


@pytest.mark.parametrize(("given", "protects"), [("yes", True), ("no", False), ("", None)])
def test_protection_is_chosen_or_left_as_it_is(given, protects):
    assert read_choices({"STAGE": "dev", "TERMINATION_PROTECTION": given}).protect is protects


def test_a_protection_of_another_kind_is_refused():
    with pytest.raises(CannotDeploy, match="must be yes or no"):
        read_choices({"STAGE": "dev", "TERMINATION_PROTECTION": "true"})
