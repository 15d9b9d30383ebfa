"""Password hashing by argon2."""

from argon2 import PasswordHasher

from chalicelib.adapters.credentials import ArgonPasswords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_a_hash_matches_its_password_alone_and_is_another_one_each_time() -> None:
    passwords = ArgonPasswords()
    kept = passwords.hash("admin123")
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "admin123")
    assert not passwords.matches(kept, "admin124")
    assert kept != passwords.hash("admin123")
    assert not passwords.outdated(kept)


def test_nobody_s_hash_matches_nothing() -> None:
    passwords = ArgonPasswords()
    for kept in ("", "nonsense"):
        assert not passwords.matches(kept, "nobody")


def test_a_hash_of_former_parameters_matches_and_is_outdated() -> None:
    kept = CHEAP.hash("admin123")
    assert ArgonPasswords().matches(kept, "admin123")
    assert ArgonPasswords().outdated(kept)
