"""The mailbox of development: each letter is a real ``.eml`` file, and the pages under ``/dev/mail`` read them.

Nothing leaves the machine. Absent in production.
"""

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from sparekey.adapters.mail.letter import Letterhead
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Clock


class DevMail(Struct, frozen=True):
    """A letter as its reader sees it. ``name`` finds it again."""

    name: str
    subject: str
    to: str
    text: str
    html: str
    at: datetime


class DevMailbox:
    """Letters in ``<data>/dev/mail``. A delivery like any other; the same message sent twice is one file."""

    name = "mailbox"

    def __init__(self, data: Path, *, mail_from: str, sender_name: str, host: str, clock: Clock) -> None:
        self._folder = data / "dev" / "mail"
        self._head = Letterhead(mail_from or "sparekey@localhost.invalid", sender_name, host, clock)

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        message = self._head.letter(to, subject, text, html, message_id, reply_to)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._folder / f"{message_id}.part"
        unfinished.write_bytes(message.as_bytes())
        unfinished.replace(self._folder / f"{message_id}.eml")
        return message_id

    def list(self) -> Sequence[DevMail]:
        """Every letter, the newest first (message ids begin with the time)."""
        return [_read(path) for path in sorted(self._folder.glob("*.eml"), reverse=True)]

    def read(self, name: str) -> DevMail | None:
        """One letter by its name; ``None`` when there is none, whatever the name looks like."""
        path = next((p for p in self._folder.glob("*.eml") if p.stem == name), None)
        return None if path is None else _read(path)

    def clear(self) -> int:
        """Throws all letters away and answers how many there were."""
        paths = list(self._folder.glob("*.eml"))
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)


def _read(path: Path) -> DevMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    return DevMail(
        name=path.stem,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        at=parsedate_to_datetime(str(message["Date"])),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
