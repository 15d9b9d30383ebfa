from chalicelib.adapters.credentials import HmacHashes, SigningKeys

KEYS = SigningKeys("k2", {"k1": "the old signing key, long enough", "k2": "the new signing key, long enough"})
HASHES = HmacHashes(lambda: KEYS)


def test_a_seal_is_its_key_s_its_purpose_s_and_its_text_s_own():
    made = {HASHES.digest(key, purpose, text) for key in KEYS.keys for purpose in ("a", "b") for text in (b"x", b"y")}
    assert len(made) == 8
    assert {len(digest or b"") for digest in made} == {32}
    assert HASHES.digest("k1", "a", b"x") == HASHES.digest("k1", "a", b"x")


def test_a_key_that_is_gone_seals_nothing():
    assert HASHES.digest("k0", "a", b"x") is None
    assert HASHES.digest(HASHES.current(), "a", b"x")
