"""D7: what is sealed opens only unaltered, for its purpose, under a key of the ring."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt

from sparekey.adapters.crypto.keys import Key, KeyRing, create_keys_file, read_keys_file, rotate_keys_file
from sparekey.adapters.crypto.sealer import RingSealer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OLD, NEW = Key("0000000a", b"o" * 32, NOW), Key("0000000b", b"n" * 32, NOW)
SEALER = RingSealer(KeyRing((OLD,)))
ROTATED = RingSealer(KeyRing((NEW, OLD)))


@pytest.mark.row("D7")
@given(st.binary(max_size=300), st.text(max_size=20).filter(lambda s: s.isprintable()))
def test_what_is_sealed_opens_again(text: bytes, purpose: str) -> None:
    sealed = SEALER.seal(text, purpose)
    assert SEALER.open(sealed, purpose) == text
    assert len(text) < 8 or text not in sealed
    assert SEALER.seal(text, purpose) != sealed, "a new nonce each time"


@pytest.mark.row("D7")
@given(st.binary(min_size=1, max_size=60), st.data())
def test_one_altered_bit_anywhere_is_refused(text: bytes, data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal(text, "outbox"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match=r"altered|not in the ring|not a sealed text"):
        SEALER.open(bytes(sealed), "outbox")


@pytest.mark.row("D7")
@given(st.binary(max_size=80))
def test_garbage_and_cut_texts_are_refused(garbage: bytes) -> None:
    for text in (garbage, SEALER.seal(b"text", "outbox")[: len(garbage) % 48]):
        with pytest.raises(ValueError, match=r"altered|not in the ring|not a sealed text"):
            SEALER.open(text, "outbox")


def refuses_another_purpose(seal: Callable[[bytes, str], bytes], open_: Callable[[bytes, str], bytes]) -> bool:
    try:
        open_(seal(b"text", "outbox"), "personal")
    except (ValueError, RuntimeError):
        return True
    return False


@pytest.mark.row("D7")
def test_a_wrong_purpose_is_refused() -> None:
    assert refuses_another_purpose(SEALER.seal, SEALER.open)


@pytest.mark.row("D7")
def test_planted_a_sealer_that_forgets_the_purpose_is_caught() -> None:
    def seal(text: bytes, _: str) -> bytes:
        return crypto_aead_xchacha20poly1305_ietf_encrypt(text, None, bytes(24), bytes(32))

    def open_(sealed: bytes, _: str) -> bytes:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, None, bytes(24), bytes(32))

    assert not refuses_another_purpose(seal, open_)


@pytest.mark.row("D7")
def test_a_ring_without_the_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="not in the ring: 0000000a"):
        RingSealer(KeyRing((NEW,))).open(SEALER.seal(b"text", "outbox"), "outbox")
    same_id = Key(OLD.id, b"x" * 32, NOW)
    with pytest.raises(ValueError, match="altered"):
        RingSealer(KeyRing((same_id,))).open(SEALER.seal(b"text", "outbox"), "outbox")


@pytest.mark.row("O7")
def test_after_a_rotation_the_old_opens_and_the_new_seals() -> None:
    assert ROTATED.open(SEALER.seal(b"text", "outbox"), "outbox") == b"text"
    assert ROTATED.seal(b"text", "outbox")[1:5].hex() == NEW.id


@pytest.mark.row("O7")
def test_two_servers_on_one_file_read_each_other_through_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    create_keys_file(path, NOW)
    quick, slow = (RingSealer(KeyRing(read_keys_file(path), path, look_every=wait)) for wait in (0, 3600))
    rotate_keys_file(path, NOW, lambda: None)
    sealed, hashed = quick.seal(b"text", "outbox"), quick.keyed_hash(b"code", "flow")
    assert slow.keyed_hash(b"code", "flow") != hashed
    assert slow.open(sealed, "outbox") == b"text", "the unknown id makes it look at the file at once"
    assert slow.keyed_hash(b"code", "flow") == hashed
    assert quick.open(slow.seal(b"back", "outbox"), "outbox") == b"back"


@pytest.mark.row("O7")
def test_a_keyed_hash_of_before_is_still_found() -> None:
    before = SEALER.keyed_hash(b"code", "flow")
    assert ROTATED.keyed_hash(b"code", "flow") != before
    assert ROTATED.keyed_hashes(b"code", "flow") == (ROTATED.keyed_hash(b"code", "flow"), before)


@pytest.mark.row("D7")
def test_keyed_hashes_differ_by_text_purpose_and_key() -> None:
    hashes = [s.keyed_hash(text, purpose) for s in (SEALER, ROTATED) for text in (b"a", b"b") for purpose in ("x", "y")]
    assert len(set(hashes)) == 8
    assert {len(h) for h in hashes} == {32}
