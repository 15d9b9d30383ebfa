"""The phones' keys for groups."""

import pytest

from chalicelib.wire.node import Jid
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.message_pb2 import Message
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.groups.state import Group, Groups
from infra.whatsapp_server.phones.sender_keys import SenderKeys
from infra.whatsapp_server.signal.messages import Undecryptable
from infra.whatsapp_server.storage import Database


class World:
    def __init__(self, database: Database) -> None:
        accounts = Accounts()
        self.bo, self.cleo, self.dee = (accounts.opened(number, None, 7) for number in ("628111", "628222", "628333"))
        self.keys = SenderKeys(database)
        self.group = Groups(database, accounts).make(self.bo, "Kopi", [self.cleo, self.dee])

    def write(self, text: bytes, *readers: Account) -> bytes:
        """Have Bo write to these; each that lacks the key gets it."""
        addresses = [reader.lid_jid for reader in readers]
        self.keys.fit(self.bo, self.group.jid, addresses)
        for reader in readers:
            if not self.keys.given(self.bo, self.group.jid, reader.lid_jid):
                self.keys.accept(reader, self.group.jid, self.bo.lid_jid, self.give(reader.lid_jid))
        return self.keys.seal(self.bo, self.group.jid, text).data

    def give(self, reader: Jid) -> bytes:
        return self.keys.give(self.bo, self.group.jid, reader)

    def read(self, reader: Account, sealed: bytes) -> bytes:
        return self.keys.open(reader, self.group.jid, self.bo.lid_jid, sealed)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_who_was_given_the_key_reads_and_is_given_it_once(world: World) -> None:
    for text in (b"one", b"two"):
        sealed = world.write(text, world.cleo, world.dee)
        assert [world.read(one, sealed) for one in (world.cleo, world.dee)] == [text] * 2
        assert world.keys.given(world.bo, world.group.jid, world.cleo.lid_jid)


def test_who_comes_later_reads_from_then_on_by_the_same_key(world: World) -> None:
    first = world.write(b"one", world.cleo)
    with pytest.raises(Undecryptable):
        world.read(world.dee, first)
    second = world.write(b"two", world.cleo, world.dee)
    assert world.read(world.dee, second) == world.read(world.cleo, second) == b"two"


def test_after_somebody_left_the_others_get_a_new_key_that_the_leaver_lacks(world: World) -> None:
    world.write(b"one", world.cleo, world.dee)
    sealed = world.write(b"two", world.cleo)
    assert world.read(world.cleo, sealed) == b"two"
    with pytest.raises(Undecryptable, match="isn't known"):
        world.read(world.dee, sealed)


def test_a_key_is_for_its_group_and_from_its_sender(world: World) -> None:
    sealed = world.write(b"one", world.cleo)
    other = Group("1203", "Teh", 0, "628111", world.group.members, 0, "628111")
    with pytest.raises(Undecryptable):
        world.keys.open(world.cleo, other.jid, world.bo.lid_jid, sealed)
    with pytest.raises(Undecryptable):
        world.keys.open(world.cleo, world.group.jid, world.bo.lid_jid.on(1), sealed)
    world.keys.accept(world.cleo, other.jid, world.bo.lid_jid, world.give(world.cleo.lid_jid))
    with pytest.raises(Undecryptable):
        world.keys.open(world.cleo, other.jid, world.bo.lid_jid, world.write(b"two", world.cleo))


def test_what_gives_the_key_names_the_group(world: World) -> None:
    given = parse(Message, world.give(world.cleo.lid_jid)).senderKeyDistributionMessage
    assert given.groupID == str(world.group.jid)
