from base64 import b64decode

from chalicelib.adapters import names
from chalicelib.domain.access import fingerprint, is_key
from chalicelib.domain.webhook import WHSEC_PREFIX
from tests.makers import NOW


def test_nothing_is_made_twice():
    for make in (names.new_id, names.new_secret, names.new_sid, names.new_api_key):
        assert len({make() for _ in range(100)}) == 100


def test_an_id_sorts_by_its_time_and_is_the_same_for_the_same():
    assert names.named_id(NOW, bytes(10)) == names.named_id(NOW, bytes(10)) < names.named_id(NOW + 1, bytes(10))
    assert names.named_id(NOW, bytes(10)) < names.named_id(NOW, b"\1" * 10)


def test_secrets_are_written_as_their_users_read_them():
    assert len(b64decode(names.new_secret().removeprefix(WHSEC_PREFIX))) == 32
    assert is_key(names.new_api_key())
    assert fingerprint(names.new_api_key())
