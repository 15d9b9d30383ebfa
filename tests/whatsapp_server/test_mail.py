"""Stanzas that wait for devices."""

import pytest

from chalicelib.wire.node import Attribute, Jid, Node
from infra.whatsapp_server.post import Mail
from infra.whatsapp_server.storage import Database

HERE, THERE = ("628", 1), ("628", 2)
ANA, BO = Jid("21", "lid", 1), Jid("22", "lid", 1)


@pytest.fixture
def mail(database: Database) -> Mail:
    return Mail(database)


def message(name: str) -> Node:
    return Node("message", {"id": name, "type": "text", "from": ANA}, (Node("enc", {}, b"\1"),))


def receipt(name: str, kind: str = "", sender: Jid = ANA, participant: Jid | None = None) -> Node:
    attributes: dict[str, Attribute] = {"id": name, "from": sender}
    if participant:
        attributes["participant"] = participant
    return Node("receipt", {**attributes, "type": kind} if kind else attributes)


def acknowledgement(of: Node) -> Node:
    echoed = {name: of.attributes[name] for name in ("type", "participant") if name in of.attributes}
    return Node("ack", {"class": of.tag, "id": of.text("id"), "to": of.jid("from"), **echoed})


def names(mail: Mail, place: tuple[str, int] = HERE, after: int = 0) -> list[str]:
    return [item.stanza.text("id") for item in mail.after(place, after)]


def test_stanzas_wait_in_order_each_for_its_device(mail: Mail) -> None:
    for name in ("a", "b", "c"):
        mail.put(HERE, message(name))
    mail.put(THERE, message("d"))
    assert names(mail) == ["a", "b", "c"]
    assert names(mail, THERE) == ["d"]
    assert names(mail, after=mail.after(HERE, 0)[0].seq) == ["b", "c"]
    assert mail.waiting() == {HERE: 3, THERE: 1}
    assert mail.after(HERE, 0)[0].stanza == message("a")


def test_a_message_waits_until_its_device_has_acknowledged_it(mail: Mail) -> None:
    for place in (HERE, THERE):
        mail.put(place, message("a"))
    mail.settle_message(HERE, "a")
    assert (names(mail), names(mail, THERE)) == ([], ["a"])


def test_receipts_of_one_message_are_settled_one_by_one(mail: Mail) -> None:
    found = [receipt("a"), receipt("a", "read"), receipt("a", sender=BO)]
    for one in found:
        mail.put(HERE, one)
    mail.settle(HERE, acknowledgement(found[0]))
    assert [item.stanza for item in mail.after(HERE, 0)] == found[1:]
    mail.settle(HERE, acknowledgement(found[1]))
    assert [item.stanza for item in mail.after(HERE, 0)] == found[2:]


def test_a_message_sent_again_replaces_the_first_and_comes_last(mail: Mail) -> None:
    for name in ("a", "b", "a"):
        mail.put(HERE, message(name))
    assert names(mail) == ["b", "a"]


def test_of_two_notifications_the_later_waits(mail: Mail) -> None:
    first, later = (Node("notification", {"id": name, "from": ANA, "type": "devices"}) for name in ("a", "b"))
    for one in (first, later):
        mail.put(HERE, one)
    mail.settle(HERE, acknowledgement(first))
    assert names(mail) == ["b"]


def test_receipts_of_several_members_of_a_group_wait_side_by_side_and_are_settled_one_by_one(mail: Mail) -> None:
    group = Jid("120363000000000001", "g.us")
    found = [receipt("a", "read", group, member) for member in (ANA, BO)]
    for one in found:
        mail.put(HERE, one)
    mail.settle(HERE, acknowledgement(found[0]))
    assert [item.stanza for item in mail.after(HERE, 0)] == found[1:]


def test_two_changes_of_a_group_both_wait(mail: Mail) -> None:
    group = Jid("120363000000000001", "g.us")
    for name in ("a", "b"):
        mail.put(HERE, Node("notification", {"id": name, "from": group, "type": "w:gp2", "participant": ANA}))
    assert names(mail) == ["a", "b"]


def test_what_waits_for_a_device_that_is_gone_is_forgotten(mail: Mail) -> None:
    for place in (HERE, THERE):
        mail.put(place, message("a"))
    mail.abandon(HERE)
    mail.finish(mail.after(THERE, 0)[0])
    assert mail.waiting() == {}


def test_a_repeated_message_is_noticed_for_each_sender(mail: Mail) -> None:
    assert [mail.first_time(place, "a") for place in (HERE, HERE, THERE)] == [True, False, True]
