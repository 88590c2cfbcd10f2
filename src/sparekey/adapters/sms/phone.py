"""The phone of development: each text is a file, and the pages under ``/dev/sms`` read them. Absent in production."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from sparekey.use_cases.ports import Clock


class DevText(msgspec.Struct, frozen=True):
    """A text as its reader sees it. ``name`` finds it again."""

    name: str
    to: str
    text: str
    at: datetime


class DevPhone:
    """Texts in ``<data>/dev/sms``. A delivery like any other; the same message sent twice is one file."""

    name = "phone"

    def __init__(self, data: Path, *, clock: Clock) -> None:
        self._folder = data / "dev" / "sms"
        self._clock = clock

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._folder / f"{message_id}.part"
        unfinished.write_bytes(msgspec.json.encode(DevText(name=message_id, to=to, text=text, at=self._clock.now())))
        unfinished.replace(self._folder / f"{message_id}.json")
        return message_id

    def list(self) -> Sequence[DevText]:
        """Every text, the newest first (message ids begin with the time)."""
        return [_read(path) for path in sorted(self._folder.glob("*.json"), reverse=True)]

    def clear(self) -> int:
        """Throws all texts away and answers how many there were."""
        paths = list(self._folder.glob("*.json"))
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)


def _read(path: Path) -> DevText:
    return msgspec.json.decode(path.read_bytes(), type=DevText)
