from chalicelib.adapters.credentials import KeyedSeals, SigningKeys

KEYS = SigningKeys("k2", {"k1": "the old signing key, long enough", "k2": "the new signing key, long enough"})
SEALS = KeyedSeals(lambda: KEYS)


def test_a_seal_is_its_key_s_its_purpose_s_and_its_text_s_own():
    made = {SEALS.seal(key, purpose, text) for key in KEYS.keys for purpose in ("a", "b") for text in (b"x", b"y")}
    assert len(made) == 8
    assert {len(seal or b"") for seal in made} == {32}
    assert SEALS.seal("k1", "a", b"x") == SEALS.seal("k1", "a", b"x")


def test_a_key_that_is_gone_seals_nothing():
    assert SEALS.seal("k0", "a", b"x") is None
    assert SEALS.seal(SEALS.current(), "a", b"x")
