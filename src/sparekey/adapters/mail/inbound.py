"""A mail that came to us: who sent it, to whom, and what a person wrote in it. The standard library reads it (RFC 5322, MIME).

Everything in it is a stranger's word. Nothing of it is run, opened or shown as markup; files are not looked at.
"""

import re
import unicodedata
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

from sparekey.domain.values import Struct

LARGEST: Final = 1024 * 1024
"""Bytes. A mail with pictures may be larger; its text is not."""

_ANSWERED: Final = re.compile(r"^.{0,200}(?:wrote|writes|schrieb|писал|пишет|写道)\s?.{0,40}[:：]\s*$")
_BEFORE_QUOTE: Final = re.compile(r"^(?:-{2,}.{0,60}-{2,}|_{8,}|-- ?|(?:From|Von|От|发件人)\s?[:：].{0,200})$")


class Inbound(Struct, frozen=True):
    """``sender``: the plain address of who says that they sent it. ``recipients``: all that it names. ``text``: what was written, without
    what it answers. ``automatic``: a machine wrote it (a holiday notice, a bounce), so nothing may answer it (RFC 3834)."""

    sender: str
    recipients: tuple[str, ...]
    text: str
    automatic: bool


def read_mail(raw: bytes) -> Inbound:
    """Raises ``ValueError`` for what is no mail that can be read."""
    if len(raw) > LARGEST:
        raise ValueError("too large")
    try:
        message = message_from_bytes(raw, policy=default)
        senders = _addresses(message, ("From",))
        recipients = _addresses(message, ("Delivered-To", "X-Original-To", "To", "Cc"))
        text = _text(message)
    except Exception as e:  # noqa: BLE001 - the parser raises whatever a broken header makes it trip over
        raise ValueError(f"not readable: {type(e).__name__}") from None
    return Inbound(senders[0] if len(senders) == 1 else "", recipients, without_quote(text), automatic=_is_automatic(message))


def without_quote(text: str) -> str:
    """What was written above the mail that it answers."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith(">") or _BEFORE_QUOTE.match(line) or (_ANSWERED.match(line) and lines):
            break
        lines.append(line.rstrip())
    return _plain("\n".join(lines))


def _plain(text: str) -> str:
    """Without what cannot be seen or turns the direction of words: nobody can be told to type it anew in a mail."""
    kept = (c for c in text if c in "\n\t\u200c\u200d" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return re.sub(r"\n{3,}", "\n\n", unicodedata.normalize("NFC", "".join(kept))).strip()


def _addresses(message: EmailMessage, headers: tuple[str, ...]) -> tuple[str, ...]:
    """As the newer parser of the library reads them: the older one takes a part of a name for an address (CVE-2023-27043)."""
    found: list[str] = []
    for value in (v for name in headers for v in message.get_all(name, [])):
        if isinstance(value, AddressHeader):
            found += [address.addr_spec for address in value.addresses]
        else:
            found.append(str(value).strip())
    return tuple(dict.fromkeys(address for address in found if "@" in address))


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    said = str(part.get_content())
    return _of_html(said) if part.get_content_subtype() == "html" else said


def _is_automatic(message: EmailMessage) -> bool:
    said = str(message.get("Auto-Submitted", "no")).lower().split(";")[0].strip()
    bulk = str(message.get("Precedence", "")).lower() in {"bulk", "junk", "list", "auto_reply"}
    return said != "no" or bulk or "X-Autoreply" in message or "X-Autorespond" in message or message.get("Return-Path") == "<>"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script", "head", "blockquote"}:
            self._unseen += 1
        if tag in {"br", "p", "div", "li", "tr"}:
            self.words.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "head", "blockquote"}:
            self._unseen = max(0, self._unseen - 1)

    @override
    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)


def _of_html(text: str) -> str:
    """The words of a mail that has no plain part; a quote in it is left out."""
    reader = _Words()
    reader.feed(text)
    return "".join(reader.words)
