"""How messages go out, and what comes back of them: providers of mail and texts, and their stand-ins of development."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.values import Struct


class Refused(Exception):
    """The provider says no for good (the address does not exist). Another provider may still take it."""


class NoSuchRecipient(Refused):
    """The provider says that there is no such mailbox, or no such number."""


class TryLater(Exception):
    """The provider is down, slow or busy."""


class Delivery(Protocol):
    """One way out for one channel. ``send`` answers the provider's receipt, or raises ``Refused`` or ``TryLater``. ``reply_to``: where an
    answer to a mail goes, where not to its sender."""

    name: str

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str: ...


class SmsReceipt(Struct, frozen=True):
    """What a provider reports of a text afterwards. ``receipt``: as ``Delivery.send`` answered it. ``state``: under_way, delivered, failed.
    ``reason``: gone, switched_off, blocked, no_texts, filtered, or empty. ``to``: the number, where it is told, or empty.
    """

    receipt: str
    state: str
    reason: str
    to: str


class SmsReceipts(Protocol):
    def read(self, headers: Mapping[str, str], body: bytes) -> SmsReceipt:
        """``headers``: names in lower case. Raises ``ValueError`` for what is not the provider's, or is too old."""


class DevLetter(Protocol):
    """A message in the mailbox or phone of development, as its reader sees it. Texts have neither subject nor HTML."""

    @property
    def name(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class DevMail(DevLetter, Protocol):
    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...


class DevMailbox(Protocol):
    def list(self) -> Sequence[DevMail]: ...

    def read(self, name: str) -> DevMail | None: ...

    def clear(self) -> int: ...


class DevPhone(Protocol):
    def list(self) -> Sequence[DevLetter]: ...

    def clear(self) -> int: ...
