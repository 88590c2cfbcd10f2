"""D7, O7: the key ring, kept outside the database, turned while servers run."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

from sparekey.adapters.crypto import keys
from sparekey.adapters.crypto.keys import Key, KeyRing, create_keys_file, open_key_ring, read_keys_file, rotate_keys_file
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.cli.keys import app
from sparekey.domain.errors import BadSettings
from sparekey.settings import Storage, read_settings

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "made" / "keys.json"
    create_keys_file(path, NOW)
    return path


def no_pause() -> None:
    """No other process to wait for."""


def ring_of(path: Path) -> KeyRing:
    return KeyRing(read_keys_file(path), path, look_every=0)


@pytest.mark.row("D7")
def test_the_first_start_makes_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    storage = Storage(data=str(tmp_path / "var"))
    old = os.umask(0)
    try:
        ring = open_key_ring(storage, NOW, may_create=True)
    finally:
        os.umask(old)
    path = tmp_path / "var" / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(ring.current().secret) == 32
    assert open_key_ring(storage, NOW, may_create=True).current() == ring.current(), "the second start reads it"
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.row("D7")
def test_eight_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    storage, barrier = Storage(data=str(tmp_path)), Barrier(8)

    def start(_: int) -> Key:
        barrier.wait()
        return open_key_ring(storage, NOW, may_create=True).current()

    with ThreadPoolExecutor(8) as pool:
        assert len({key.secret for key in pool.map(start, range(8))}) == 1


@pytest.mark.row("D7")
def test_lost_keys_are_not_replaced_under_a_database(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"no keys at .*bring them back"):
        open_key_ring(Storage(data=str(tmp_path)), NOW, may_create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D7")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(BadSettings, match=f"open to others \\(mode {mode:03o}\\): chmod 600") as caught:
        read_keys_file(path)
    assert "\n" not in str(caught.value)


@pytest.mark.row("D7")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[1]",
        '[{"id":"0badcafe","secret":"c2hvcnQ=","created_at":"2026-11-22T08:30:00Z"}]',
        '[{"id":"../../etc","secret":"AGLen2io6jicykgU6sNRUvkrTXcfPwhDt4GsarI/Erw=","created_at":"2026-11-22T08:30:00Z"}]',
        '[{"id":"0badcafe","secret":"AGLen2io6jicykgU6sNRUvkrTXcfPwhDt4GsarI/Erw=","created_at":"2026-11-22T08:30:00"}]',
        "["
        + ",".join(['{"id":"0badcafe","secret":"AGLen2io6jicykgU6sNRUvkrTXcfPwhDt4GsarI/Erw=","created_at":"2026-11-22T08:30:00Z"}'] * 2)
        + "]",
    ],
)
def test_a_spoilt_ring_is_one_clear_line_without_a_secret(path: Path, text: str) -> None:
    path.write_text(text)
    for storage, source in ((Storage(keys_file=str(path)), str(path)), (Storage(keys=text or " "), "SPAREKEY_KEYS")):
        with pytest.raises(BadSettings) as caught:
            open_key_ring(storage, NOW, may_create=True)
        assert str(caught.value).startswith(f"the keys in {source} are not usable")
        assert "\n" not in str(caught.value)
        assert "AGLen2" not in str(caught.value)


@pytest.mark.row("D7")
def test_an_unreadable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings, match="cannot be made at"):
        open_key_ring(Storage(keys_file=str(tmp_path / "file" / "keys.json")), NOW, may_create=True)
    with pytest.raises(BadSettings, match="cannot be read"):
        read_keys_file(tmp_path)


@pytest.mark.row("D7")
def test_keys_of_the_environment(path: Path) -> None:
    settings = read_settings({"SPAREKEY_KEYS": path.read_text(), "SPAREKEY_DATA": "/nonexistent"})
    assert open_key_ring(settings.storage, NOW, may_create=False).all() == read_keys_file(path)


@pytest.mark.row("D7")
def test_each_use_and_purpose_has_its_own_key() -> None:
    key = Key("0badcafe", bytes(32), NOW)
    derived = {key.derive(use, purpose) for use in (b"a", b"b") for purpose in ("", "x", "y")} | {key.secret}
    assert len(derived) == 7


@pytest.mark.row("D7")
def test_a_secret_shows_in_no_text_of_a_key(path: Path) -> None:
    key = read_keys_file(path)[0]
    assert "secret" not in repr(key)
    assert repr(key.secret) not in repr(ring_of(path).current())


@pytest.mark.row("O7")
def test_a_running_server_takes_up_a_rotation(path: Path) -> None:
    ring = ring_of(path)
    first = ring.current()
    second = rotate_keys_file(path, NOW, no_pause)
    assert ring.all() == (second, first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"]


def unknown_when_first_used(path: Path, rotate: Callable[[Path, Callable[[], None]], Key]) -> bool:
    """Whether a server may use the new key before another one, which looks once while the command pauses, knows it."""
    slow = KeyRing(read_keys_file(path), path, look_every=3600)
    known: set[str] = set()

    def look() -> None:
        assert ring_of(path).current() == slow.current(), "not yet in use"
        slow.find("00000000")
        known.update(key.id for key in slow.all())

    return rotate(path, look).id not in known


@pytest.mark.row("O7")
def test_every_server_knows_a_key_before_one_uses_it(path: Path) -> None:
    assert not unknown_when_first_used(path, lambda path, pause: rotate_keys_file(path, NOW, pause))


@pytest.mark.row("O7")
def test_planted_a_rotation_in_one_step_is_caught(path: Path) -> None:
    def hasty(path: Path, pause: Callable[[], None]) -> Key:
        pause()
        return rotate_keys_file(path, NOW, no_pause)

    assert unknown_when_first_used(path, hasty)


@pytest.mark.row("O7")
def test_a_rotation_that_is_killed_half_way_leaves_a_good_ring(path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    first = read_keys_file(path)[0]
    with pytest.raises(Killed):
        rotate_keys_file(path, NOW, kill)
    assert ring_of(path).current() == first
    assert rotate_keys_file(path, NOW, no_pause) == ring_of(path).current()


@pytest.mark.row("O7")
def test_a_key_met_before_its_time_is_looked_up_at_once(path: Path) -> None:
    slow = KeyRing(read_keys_file(path), path, look_every=3600)
    second = rotate_keys_file(path, NOW, no_pause)
    assert slow.current() != second
    assert slow.find(second.id) == second
    assert slow.find("00000000") is None


@pytest.mark.row("O7")
@pytest.mark.parametrize("fault", ["gone", "spoilt", "open"])
def test_a_file_spoilt_under_a_running_server_does_not_stop_it(path: Path, fault: str) -> None:
    ring = ring_of(path)
    first, text = ring.current(), path.read_text()
    if fault == "gone":
        path.unlink()
    elif fault == "spoilt":
        path.write_text("[")
    else:
        path.write_text(text)
        path.chmod(0o644)
    assert ring.current() == first
    with pytest.raises(BadSettings):
        rotate_keys_file(path, NOW, no_pause)
    path.write_text(text)
    path.chmod(0o600)
    second = rotate_keys_file(path, NOW, no_pause)
    assert ring.current() == second, "and it recovers by itself"


def keys_after_eight_rotations_at_once(path: Path, rotate: Callable[[Path, datetime], Key]) -> tuple[set[str], set[str]]:
    """Ids that were made, and ids that are in the file afterwards."""
    barrier = Barrier(8)

    def turn(_: int) -> str:
        barrier.wait()
        return rotate(path, NOW).id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(turn, range(8)))
    return made, {key.id for key in read_keys_file(path)}


@pytest.mark.row("O7")
def test_rotations_at_once_never_lose_a_key(path: Path) -> None:
    made, kept = keys_after_eight_rotations_at_once(path, lambda path, now: rotate_keys_file(path, now, no_pause))
    assert len(made) == 8
    assert made < kept


@pytest.mark.row("O7")
def test_planted_a_rotation_without_the_lock_is_caught(path: Path) -> None:
    all_have_read = Barrier(8)

    def careless(path: Path, now: datetime) -> Key:
        ring = read_keys_file(path)
        all_have_read.wait()
        key = keys._new_key(now)
        keys._write_draft(path, (key, *ring)).replace(path)
        return key

    made, kept = keys_after_eight_rotations_at_once(path, careless)
    assert not made < kept


@pytest.mark.row("O7")
def test_the_commands_show_ids_and_days_and_no_secret(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAREKEY_KEYS_FILE", str(path))
    sealed = RingSealer(ring_of(path)).seal(b"text", "outbox")
    app(["rotate"], result_action="return_value")
    app(["list"], result_action="return_value")
    printed = capsys.readouterr().out
    new, old = read_keys_file(path)
    assert f"key {new.id} is now the current one" in printed
    assert all(shown in printed for shown in (new.id, old.id, "2026-11-22 08:30 UTC"))
    text = path.read_text()
    assert not any(part in printed for part in text.split('"') if len(part) == 44)
    assert RingSealer(ring_of(path)).open(sealed, "outbox") == b"text"
    monkeypatch.setenv("SPAREKEY_KEYS", text)
    with pytest.raises(BadSettings, match="keys come from SPAREKEY_KEYS"):
        app(["rotate"], result_action="return_value")
    assert path.read_text() == text
