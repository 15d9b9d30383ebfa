"""The enveloped API's answers about people and groups."""

from chalicelib.dialects.enveloped.messages import checked, groups
from chalicelib.domain.questions import Contact, Group, GroupList


def test_a_number_is_answered_as_it_was_written_in_the_envelope_and_beside_it() -> None:
    answer = checked("+62 811", Contact(exists=True, jid="62811@s.whatsapp.net"))
    told = {"exists": True, "number": "+62 811", "jid": "62811@s.whatsapp.net"}
    assert answer == {"success": True, "data": told, **told}


def test_a_number_that_nobody_has_has_no_jid() -> None:
    answer = checked("62811", Contact(exists=False))
    assert (answer["exists"], "jid" in answer, "jid" in answer["data"]) == (False, False, False)


def test_what_whatsapp_does_not_tell_of_a_group_is_null() -> None:
    answer = groups(GroupList((Group("1@g.us", "Kopi"),)))
    assert answer["data"] == [{"jid": "1@g.us", "name": "Kopi", "topic": None, "owner": None, "created": None}]
    assert answer["complete"] is True


def test_groups_that_are_missing_are_said_to_be() -> None:
    assert groups(GroupList((), complete=False))["complete"] is False
