"""The key ring: the secrets that make a stolen database worthless. They live in a file or in the environment, never in the database.

One secret of 256 bits for each generation of keys; each use derives its own key from it. The first of the ring is the current one,
the others still open and match what was stored under them.
"""

import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import structlog

from sparekey.domain.errors import BadSettings
from sparekey.settings import Storage

SECRET_BYTES = 32
LOOK_EVERY = 1.0
"""Seconds between two looks at the file's time: after a rotation every process uses the new key within this."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)  # and no Struct, which would show all fields
class Key:
    """``id`` stands beside all that was sealed, hashed or peppered under this key. Random, so that two rings never share one."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$")]
    secret: Annotated[bytes, msgspec.Meta(min_length=SECRET_BYTES, max_length=SECRET_BYTES)] = field(repr=False)
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]

    def derive(self, use: bytes, purpose: str = "") -> bytes:
        """32 bytes for one use (at most 16 bytes) and purpose, by keyed, personalised BLAKE2b (RFC 7693, section 2.5)."""
        return hashlib.blake2b(purpose.encode(), key=self.secret, person=use, digest_size=32).digest()


class KeyRing:
    """The keys of one process. With a path, the file is read anew when it has changed, so a rotation needs no restart."""

    def __init__(self, keys: tuple[Key, ...], path: Path | None = None, look_every: float = LOOK_EVERY) -> None:
        self._keys = keys
        self._path = path
        self._look_every = look_every
        # Empty, so that the first look reads once more: the file may have changed since these keys were read from it.
        self._seen: tuple[int, ...] = ()
        self._look_at = time.monotonic() + look_every

    def current(self) -> Key:
        return self.all()[0]

    def all(self) -> tuple[Key, ...]:
        """Every key still kept, the current one first."""
        if self._path and time.monotonic() >= self._look_at:
            self._look()
        return self._keys

    def find(self, key_id: str) -> Key | None:
        """The key of an id. One that is not known may have come by a rotation a moment ago: the file is looked at at once."""
        key = self._by_id(key_id)
        if key is None and self._path:
            self._look()
            key = self._by_id(key_id)
        return key

    def _by_id(self, key_id: str) -> Key | None:
        return next((key for key in self._keys if key.id == key_id), None)

    def _look(self) -> None:
        assert self._path
        self._look_at = time.monotonic() + self._look_every
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = read_keys_file(self._path)
        except BadSettings as e:
            # A running server keeps the keys that it has: going down for a file spoilt under it would help nobody.
            log.error("keys_not_read_anew", detail=str(e))  # noqa: TRY400 - a traceback may show locals, and these are keys


def keys_path(storage: Storage) -> Path:
    return Path(storage.keys_file) if storage.keys_file else Path(storage.data) / "keys.json"


def open_key_ring(storage: Storage, now: datetime, *, may_create: bool) -> KeyRing:
    """The ring that the settings name. ``may_create``: make the file when there is none; false once a database exists, because
    new keys would not open what is in it.

    Raises ``BadSettings`` with one line for the operator.
    """
    if storage.keys:
        return KeyRing(_decode(storage.keys.encode(), "SPAREKEY_KEYS"))
    path = keys_path(storage)
    if may_create and not path.exists():
        create_keys_file(path, now)
    return KeyRing(read_keys_file(path), path)


def read_keys_file(path: Path) -> tuple[Key, ...]:
    """Raises ``BadSettings`` when the file is missing, unreadable, open to others, or not a ring."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise BadSettings(f"the keys in {path} are open to others (mode {mode:03o}): chmod 600 {path}")
            text = file.read()
    except FileNotFoundError:
        raise BadSettings(f"no keys at {path}: bring them back from your backup; without them the database cannot be read") from None
    except OSError as e:
        raise BadSettings(f"the keys in {path} cannot be read: {e.strerror}") from None
    return _decode(text, str(path))


def create_keys_file(path: Path, now: datetime) -> None:
    """Makes a ring of one new key, readable by its owner alone. When another process is quicker, its file stands."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _write_draft(path, (_new_key(now),))
        try:
            # A link, not a rename: it fails when the name is taken, and the name never shows a half-written file.
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            draft.unlink()
        _sync_folder(path.parent)
    except OSError as e:
        raise BadSettings(f"the keys cannot be made at {path}: {e.strerror}") from None


def until_all_have_looked() -> None:
    time.sleep(2 * LOOK_EVERY)


def rotate_keys_file(path: Path, now: datetime, pause: Callable[[], None] = until_all_have_looked) -> Key:
    """Puts a new key before those in the file and answers it.

    In two steps with a pause between: first every process that runs learns the key, then it becomes the current one. Else a process
    that has not looked yet would not find what another one stored under the new key.

    Raises ``BadSettings`` when the file cannot be read or written; then it is as before.
    """
    try:
        with _only_one(path):
            keys = read_keys_file(path)
            key = _new_key(now)
            _write_draft(path, (*keys, key)).replace(path)
            pause()
            _write_draft(path, (key, *keys)).replace(path)
            _sync_folder(path.parent)
    except OSError as e:
        raise BadSettings(f"the keys in {path} cannot be changed: {e.strerror}") from None
    return key


def _new_key(now: datetime) -> Key:
    return Key(secrets.token_hex(4), secrets.token_bytes(SECRET_BYTES), now)


def _decode(text: bytes, source: str) -> tuple[Key, ...]:
    try:
        keys = msgspec.json.decode(text, type=tuple[Key, ...])
    except msgspec.DecodeError as e:
        raise BadSettings(f"the keys in {source} are not usable: {e}") from None
    if not keys:
        raise BadSettings(f"the keys in {source} are not usable: the list is empty")
    if len({key.id for key in keys}) < len(keys):
        raise BadSettings(f"the keys in {source} are not usable: an id is there twice")
    return keys


def _write_draft(path: Path, keys: tuple[Key, ...]) -> Path:
    """A finished file beside ``path``, on disk, mode 0600 (mkstemp opens it with O_EXCL), still under another name."""
    handle, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two rotations at once would each drop the other's key, and with it all that was sealed meanwhile."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        now = path.stat()
    except OSError:
        return ()
    return (now.st_mtime_ns, now.st_ino, now.st_size)
