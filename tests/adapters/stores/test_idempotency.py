"""Idempotency-Keys, in the table and in memory."""

from chalicelib.services.ports.messages import Claim
from tests.makers import NOW


def test_a_key_stands_for_its_first_request_for_a_day(stores):
    def claim(key: str, fingerprint: str, result: str, *, tenant: str = "default", now: int = NOW) -> tuple[str, str]:
        stands = stores.keys.claim(tenant, key, fingerprint=fingerprint, result=result, now=now)
        assert not stands.made
        return stands.fingerprint, stands.result

    assert claim("k", "f", "M1") == ("f", "M1")
    assert claim("k", "f", "M2") == ("f", "M1")
    assert claim("k", "g", "M3", now=NOW + 86_400_000) == ("f", "M1")
    assert claim("K", "g", "M4") == ("g", "M4")
    assert claim("k", "g", "M5", tenant="other") == ("g", "M5")
    assert claim("k", "g", "M6", now=NOW + 86_401_000) == ("g", "M6")


def test_a_key_says_when_it_was_first_used_and_whether_its_result_is_made(stores):
    def claim(now: int = NOW) -> Claim:
        stands: Claim = stores.keys.claim("default", "k", fingerprint="f", result=f"R{now}", now=now)
        return stands

    assert claim() == claim(NOW + 5) == Claim("f", f"R{NOW}", NOW)
    stores.keys.finish("default", "k", result="another")
    stores.keys.finish("default", "unknown", result=f"R{NOW}")
    assert not claim().made
    stores.keys.finish("default", "k", result=f"R{NOW}")
    assert claim(NOW + 5) == Claim("f", f"R{NOW}", NOW, made=True)
    assert not claim(NOW + 86_401_000).made
