"""Whom a message goes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from chalicelib.domain.jid import Identity
from chalicelib.domain.questions import Contact
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.session.recipients import Recipient, Recipients
from chalicelib.worker.whatsapp.errors import NoConnection, RecipientNotOnWhatsApp, WhatsAppRefused
from tests.fakes.identities import MemoryIdentities
from tests.makers import a_message
from tests.worker.harness import ScriptedClient, WorkerHarness
from tests.worker.outside import now

pytestmark = pytest.mark.subprocess

WRITTEN, KNOWN = "525574949947", "5215574949947"
WRITTEN_JID, KNOWN_JID = f"{WRITTEN}@s.whatsapp.net", f"{KNOWN}@s.whatsapp.net"
LID = "200000000000002"


@pytest.fixture
def harness(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path, linked=True)


@pytest.fixture
def client(harness: WorkerHarness) -> ScriptedClient:
    there = Contact(exists=True, jid=KNOWN_JID, lid=f"{LID}@lid")
    return ScriptedClient(harness.events, (), ask=lambda _: there)


@pytest.fixture
def people(harness: WorkerHarness) -> Recipients:
    return Recipients(harness.session.uid, harness.outside.identities, Log())


def test_whatsapp_is_asked_once_which_form_of_a_number_exists(people: Recipients, client: ScriptedClient) -> None:
    first, again = people.of(client, WRITTEN_JID), people.of(client, WRITTEN_JID)
    assert first == Recipient(KNOWN_JID, Identity(KNOWN, LID))
    assert again.jid == KNOWN_JID
    assert client.calls == [f"contact {WRITTEN}"]


def test_another_process_remembers_it(harness: WorkerHarness, people: Recipients, client: ScriptedClient) -> None:
    people.of(client, WRITTEN_JID)
    other = Recipients(harness.session.uid, harness.outside.identities, Log())
    client.calls.clear()
    assert other.of(client, WRITTEN_JID).jid == KNOWN_JID
    assert client.calls == []


def test_a_number_without_forms_is_taken_at_its_word(people: Recipients, client: ScriptedClient) -> None:
    assert people.of(client, "628777000001@s.whatsapp.net").jid == "628777000001@s.whatsapp.net"
    assert client.calls == []


def test_a_person_who_is_in_the_client_s_store_isn_t_asked_for(people: Recipients, client: ScriptedClient) -> None:
    client.lids = {KNOWN: LID}
    assert people.of(client, WRITTEN_JID) == Recipient(KNOWN_JID, Identity(KNOWN, LID))
    assert client.calls == []


def test_a_lid_is_written_to_as_such_in_the_chat_of_its_number(people: Recipients, client: ScriptedClient) -> None:
    client.lids = {"628777000001": LID}
    recipient = people.of(client, f"{LID}@lid")
    message = recipient.addressed(a_message(chat=f"{LID}@lid", to=f"{LID}@lid"))
    assert recipient.jid == f"{LID}@lid"
    assert (message.chat, message.chat_lid) == ("628777000001@s.whatsapp.net", f"{LID}@lid")
    assert message.to == f"{LID}@lid", "as the caller meant it"


def test_a_lid_whose_number_nobody_knows_is_its_own_chat(people: Recipients, client: ScriptedClient) -> None:
    message = people.of(client, f"{LID}@lid").addressed(a_message(chat=f"{LID}@lid"))
    assert (message.chat, message.chat_lid) == (f"{LID}@lid", f"{LID}@lid")


def test_a_first_message_brings_the_lid(harness: WorkerHarness, people: Recipients, client: ScriptedClient) -> None:
    before = people.of(client, "628777000001@s.whatsapp.net")
    client.lids = {"628777000001": LID}
    after = people.reached(client, before)
    assert after.addressed(a_message()).chat_lid == f"{LID}@lid"
    assert (harness.session.uid, f"{LID}@lid") in harness.outside.people.rows


def test_a_number_that_exists_in_no_form_is_nobody_s_and_is_asked_for_again(
    people: Recipients, client: ScriptedClient
) -> None:
    client.ask = lambda _: Contact(exists=False)
    for _ in range(2):
        with pytest.raises(RecipientNotOnWhatsApp):
            people.of(client, WRITTEN_JID)
    assert len(client.calls) == 2


def test_who_is_gone_is_asked_for_again(people: Recipients, client: ScriptedClient) -> None:
    people.of(client, WRITTEN_JID)
    people.forget(WRITTEN_JID)
    people.of(client, WRITTEN_JID)
    assert len(client.calls) == 2


def fails(error: Exception) -> Contact:
    raise error


def test_without_a_connection_the_message_waits(people: Recipients, client: ScriptedClient) -> None:
    client.ask = lambda _: fails(NoConnection())
    with pytest.raises(NoConnection):
        people.of(client, WRITTEN_JID)


@pytest.mark.parametrize("error", [WhatsAppRefused("WhatsApp refused to answer."), ValueError("?")])
def test_if_whatsapp_won_t_say_the_number_goes_as_it_was_written(
    people: Recipients, client: ScriptedClient, error: Exception
) -> None:
    client.ask = lambda _: fails(error)
    assert people.of(client, WRITTEN_JID).jid == WRITTEN_JID


class Away(MemoryIdentities):
    """A table that doesn't answer."""

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        raise Unavailable

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        raise Unavailable

    def forget(self, uid: str, jid: str) -> None:
        raise Unavailable


def test_what_can_t_be_remembered_now_keeps_no_message_back(client: ScriptedClient) -> None:
    people = Recipients("uid", Identities(Away(), now), Log())
    assert people.of(client, WRITTEN_JID).jid == KNOWN_JID
    assert people.of(client, f"{LID}@lid").jid == f"{LID}@lid"
    people.forget(WRITTEN_JID)
