"""Sessions in their records."""

from infra.whatsapp_server.signal.session import from_record, to_record
from tests.whatsapp_server.signal.parties import Party


def test_a_session_comes_back_from_its_record_and_goes_on() -> None:
    ana, bo = Party(), Party()
    ana.begin(bo)
    late = ana.say(b"late")
    bo.hear(ana.say(b"one"))
    for party in (ana, bo):
        again = from_record(to_record(party.session))
        assert again == party.session
        party.session = again
    ana.hear(bo.say(b"two"))
    bo.begin(ana, prekey=None)
    ana.hear(bo.say(b"three"))
    ana.session, bo.session = from_record(to_record(ana.session)), from_record(to_record(bo.session))
    assert bo.hear(late) == b"late"
    assert bo.hear(ana.say(b"four")) == b"four"
