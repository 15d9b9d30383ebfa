"""Media encrypted and opened in pieces, against the whole thing at once and against the format's own words."""

import hashlib
import hmac
import tracemalloc
from collections.abc import Iterable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.media import (
    IMAGE,
    KINDS,
    VIDEO,
    AlteredMedia,
    MediaDecryption,
    MediaEncryption,
    encrypted_size,
    upload_token,
)

KEY = bytes(range(32))
keys = st.binary(min_size=32, max_size=32)
kinds = st.sampled_from(sorted(KINDS))
pieces = st.lists(st.binary(max_size=70), max_size=8)


def encrypted(media_key: bytes, kind: str, parts: Iterable[bytes]) -> tuple[bytes, MediaEncryption]:
    encryption = MediaEncryption(media_key, kind)
    return b"".join([*map(encryption.update, parts), encryption.finish()]), encryption


def opened(decryption: MediaDecryption, parts: Iterable[bytes]) -> bytes:
    return b"".join([*map(decryption.update, parts), decryption.finish()])


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    parts = []
    for size in sizes:
        parts.append(data[:size])
        data = data[size:]
    return [*parts, data]


def as_described(media_key: bytes, name: bytes, content: bytes) -> bytes:
    """The same in one go, from the format's description."""
    grown = HKDF(hashes.SHA256(), 112, None, name).derive(media_key)
    iv, aes, mac = grown[:16], grown[16:48], grown[48:80]
    padding = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(aes), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(content + bytes([padding]) * padding) + encryptor.finalize()
    return ciphertext + hmac.digest(mac, iv + ciphertext, "sha256")[:10]


@given(keys, kinds, pieces)
def test_what_is_encrypted_in_pieces_is_the_file_encrypted_as_the_format_says(
    media_key: bytes, kind: str, parts: list[bytes]
) -> None:
    content = b"".join(parts)
    data, encryption = encrypted(media_key, kind, parts)
    assert data == as_described(media_key, KINDS[kind], content)
    assert len(data) == encrypted_size(len(content))
    assert (encryption.size, encryption.file_sha256) == (len(content), hashlib.sha256(content).digest())
    assert encryption.enc_sha256 == hashlib.sha256(data).digest()


@given(keys, kinds, st.binary(max_size=200), st.lists(st.integers(0, 60), max_size=6))
def test_it_opens_again_in_whatever_pieces_it_comes(
    media_key: bytes, kind: str, content: bytes, sizes: list[int]
) -> None:
    data, encryption = encrypted(media_key, kind, [content])
    decryption = MediaDecryption(media_key, kind, enc_sha256=encryption.enc_sha256, file_sha256=encryption.file_sha256)
    assert opened(decryption, cut(data, sizes)) == content
    assert (decryption.size, decryption.file_sha256) == (len(content), encryption.file_sha256)


@given(st.binary(max_size=100), st.data())
def test_one_changed_bit_is_noticed_by_the_mac_alone(content: bytes, draw: st.DataObject) -> None:
    data = bytearray(encrypted(KEY, IMAGE, [content])[0])
    bit = draw.draw(st.integers(0, len(data) * 8 - 1))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(AlteredMedia):
        opened(MediaDecryption(KEY, IMAGE), [bytes(data)])


@given(st.binary(max_size=100), st.data())
def test_a_file_cut_short_is_noticed(content: bytes, draw: st.DataObject) -> None:
    data, _ = encrypted(KEY, IMAGE, [content])
    with pytest.raises(AlteredMedia):
        opened(MediaDecryption(KEY, IMAGE), [data[: draw.draw(st.integers(0, len(data) - 1))]])


def test_a_file_of_another_key_or_kind_is_noticed() -> None:
    data, _ = encrypted(KEY, IMAGE, [b"a picture"])
    for media_key, kind in ((bytes(32), IMAGE), (KEY, VIDEO)):
        with pytest.raises(AlteredMedia, match="MAC"):
            opened(MediaDecryption(media_key, kind), [data])


def test_a_whole_file_that_isnt_the_one_referred_to_is_noticed() -> None:
    """Whoever knows the key can make another file under it; the hashes say which one was meant."""
    data, other = encrypted(KEY, IMAGE, [b"one"]), encrypted(KEY, IMAGE, [b"another"])[1]
    with pytest.raises(AlteredMedia, match="encrypted file has another hash"):
        opened(MediaDecryption(KEY, IMAGE, enc_sha256=other.enc_sha256), [data[0]])
    with pytest.raises(AlteredMedia, match="the file has another hash"):
        opened(MediaDecryption(KEY, IMAGE, file_sha256=other.file_sha256), [data[0]])


@pytest.mark.parametrize("last", [bytes(16), b"\x11" * 16, b"x" * 15])
def test_a_padding_that_its_sender_made_wrong_is_noticed(last: bytes) -> None:
    grown = HKDF(hashes.SHA256(), 112, None, KINDS[IMAGE]).derive(KEY)
    encryptor = Cipher(algorithms.AES(grown[16:48]), modes.CBC(grown[:16])).encryptor()
    ciphertext = encryptor.update(bytes(16) + last)
    if len(last) % 16:
        ciphertext += last
    data = ciphertext + hmac.digest(grown[48:80], grown[:16] + ciphertext, "sha256")[:10]
    with pytest.raises(AlteredMedia, match="padding"):
        opened(MediaDecryption(KEY, IMAGE), [data])


def test_a_key_of_another_length_and_an_unknown_kind_are_refused() -> None:
    for media_key, kind in ((b"short", IMAGE), (KEY, "sticker")):
        with pytest.raises(ValueError, match=r"media key has 32|no kind of media"):
            MediaEncryption(media_key, kind)


def test_a_token_can_stand_in_an_address() -> None:
    assert upload_token(b"\xfb\xff" * 16) == "-__7__v_-__7__v_-__7__v_-__7__v_-__7__v_-_8="


def test_the_memory_needed_doesnt_grow_with_the_file() -> None:
    piece = bytes(1 << 18)
    encryption, decryption = MediaEncryption(KEY, VIDEO), MediaDecryption(KEY, VIDEO)
    tracemalloc.start()
    try:
        for _ in range(64):  # 16 MB
            decryption.update(encryption.update(piece))
        decryption.update(encryption.finish())
        decryption.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decryption.size == 64 * len(piece)
    assert peak < 10 * len(piece)
