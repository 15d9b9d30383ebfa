"""The client's answers to questions."""

from typing import Any

from chalicelib.domain.questions import Contact, Group
from chalicelib.worker.whatsapp.answers import contact, group
from tests.worker.protos import neonize as wa

BO = wa.JID(User="628111111111", Server="s.whatsapp.net")
LID = wa.JID(User="225715004398466", Server="lid")
MADE_AT = 1_795_237_551


def an_info(**fields: Any) -> Any:
    values: dict[str, Any] = {
        "JID": wa.JID(User="120363020310020819", Server="g.us"),
        "GroupName": wa.GroupName(Name="Kopi", NameSetAt=MADE_AT),
        "GroupTopic": wa.GroupTopic(Topic="Jam 9"),
        "OwnerJID": LID,
        "OwnerPN": BO,
        "GroupCreated": MADE_AT,
    }
    return wa.GroupInfo(**(values | fields))


def test_a_number_is_there_with_its_jid_or_isn_t() -> None:
    there = wa.IsOnWhatsAppResponse(Query="+628111111111", IsIn=True, JID=BO)
    asked = ["628111111111"]
    assert contact([there], asked) == Contact(exists=True, jid="628111111111@s.whatsapp.net")
    assert contact([wa.IsOnWhatsAppResponse(Query="+628111111111", IsIn=False, JID=BO)], asked) == Contact(exists=False)
    assert contact([], asked) == Contact(exists=False)


def test_a_number_that_is_answered_for_by_its_lid_has_both_names() -> None:
    there = wa.IsOnWhatsAppResponse(Query="+628111111111", IsIn=True, JID=LID)
    assert contact([there], ["628111111111"]) == Contact(
        exists=True, jid="628111111111@s.whatsapp.net", lid="225715004398466@lid"
    )


def test_of_two_forms_the_one_that_is_there_counts_and_of_both_the_first_asked_for() -> None:
    def answer(number: str, *, there: bool) -> Any:
        return wa.IsOnWhatsAppResponse(Query=f"+{number}", IsIn=there, JID=wa.JID(User=number, Server="s.whatsapp.net"))

    asked = ["525574949947", "5215574949947"]
    one = contact([answer(asked[0], there=False), answer(asked[1], there=True)], asked)
    assert one.jid == "5215574949947@s.whatsapp.net"
    both = contact([answer(number, there=True) for number in reversed(asked)], asked)
    assert both.jid == "525574949947@s.whatsapp.net"


def test_a_group_is_told_with_its_owner_s_number() -> None:
    assert group(an_info()) == Group(
        "120363020310020819@g.us", "Kopi", "Jam 9", owner="628111111111@s.whatsapp.net", created=MADE_AT
    )


def test_an_owner_whose_number_is_hidden_has_a_lid_and_one_that_isn_t_told_is_none() -> None:
    assert group(an_info(OwnerPN=wa.JID())).owner == "225715004398466@lid"
    assert group(an_info(OwnerPN=wa.JID(), OwnerJID=wa.JID())).owner is None


def test_a_renamed_group_s_age_is_as_good_as_the_library_tells() -> None:
    renamed = group(an_info(GroupName=wa.GroupName(Name="Teh", NameSetAt=MADE_AT + 3_600)))
    assert renamed.created is not None
    assert abs(renamed.created - MADE_AT) <= 64
    assert group(an_info(GroupCreated=0, GroupName=wa.GroupName(Name="Teh", NameSetAt=MADE_AT))).created is None
