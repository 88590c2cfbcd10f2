"""Mail over SMTP (RFC 5321): encrypted, signed in, and never waiting for long."""

import contextlib
import re
import ssl
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from sparekey.adapters.mail.letter import Letterhead, mailable
from sparekey.domain.errors import BadSettings
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_delivery import NoSuchRecipient, Refused, TryLater

SECONDS_PER_STEP: Final = 10.0
"""For a connection or one answer of the server. A person waits for this mail, and there may be a second server."""

_PORTS: Final = {"smtp": 587, "smtps": 465}  # RFC 6409, RFC 8314


class SmtpServer(Struct, frozen=True):
    host: str
    port: int
    user: str
    password: str
    tls_from_start: bool


def parse_smtp(url: str) -> SmtpServer:
    """``smtp://user:password@host:587`` (STARTTLS) or ``smtps://…:465``. Raises ``BadSettings`` without the password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as e:
        raise BadSettings("SPAREKEY_SMTP is not a readable address") from e
    if parts.scheme not in _PORTS or not host or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadSettings("SPAREKEY_SMTP must look like smtp://user:password@host:587 or smtps://user:password@host:465")
    return SmtpServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls_from_start=parts.scheme == "smtps",
    )


class SmtpDelivery:
    """One server. ``mail_from``: the sender's address; ``host``: the right half of each Message-ID.

    ``insecure_plain`` lets ``smtp://`` go without TLS, for a test server on the same machine.
    """

    def __init__(
        self,
        url: str,
        *,
        mail_from: str,
        sender_name: str,
        host: str,
        clock: Clock,
        ca_file: str = "",
        insecure_plain: bool = False,
        seconds_per_step: float = SECONDS_PER_STEP,
    ) -> None:
        self._server = parse_smtp(url)
        self.name = f"{self._server.host}:{self._server.port}"
        try:
            self._head = Letterhead(mailable(mail_from), sender_name, host, clock)
        except ValueError as e:
            raise BadSettings("SPAREKEY_MAIL_FROM must be one plain address") from e
        self._seconds = seconds_per_step
        self._plain = insecure_plain and not self._server.tls_from_start
        try:
            self._tls = ssl.create_default_context(cafile=ca_file or None)
        except OSError as e:
            raise BadSettings(f"SPAREKEY_SMTP_CA_FILE cannot be read: {ca_file}") from e

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        """Answers the server's last line. Raises ``Refused`` when the server says no to this reader or letter for good,
        ``TryLater`` for everything that time or the operator can mend (a wrong password of ours is not the reader's).
        """
        message = self._head.letter(to, subject, text, html, message_id, reply_to)
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user or None,
            password=self._server.password or None,
            use_tls=self._server.tls_from_start,
            start_tls=not self._server.tls_from_start and not self._plain,
            tls_context=self._tls,
            timeout=self._seconds,
        )
        try:
            await client.connect()
            _, answer = await client.send_message(message, sender=self._head.sender, recipients=[mailable(to)])
            with contextlib.suppress(aiosmtplib.SMTPException):
                await client.quit()  # the server has taken the letter: how it says goodbye changes nothing
        except aiosmtplib.SMTPRecipientsRefused as e:
            refusal = e.recipients[0]
            raise _no_recipient(refusal.code, refusal.message) from e
        except aiosmtplib.SMTPDataError as e:
            raise _no(e.code, e.message) from e
        except aiosmtplib.SMTPNotSupported as e:
            raise Refused(e.message) from e  # an address beyond ASCII, and a server without SMTPUTF8 (RFC 6531)
        except aiosmtplib.SMTPResponseException as e:
            raise TryLater(f"{e.code} {e.message}") from e
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as e:
            raise TryLater(f"{type(e).__name__}: {e}") from e
        finally:
            client.close()
        return answer


_SAYS_WHY = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")
"""An enhanced status code (RFC 3463)."""

_GONE: Final = frozenset({("1", "1"), ("1", "2"), ("1", "3"), ("1", "6"), ("1", "10"), ("2", "1")})
"""No such mailbox, no such domain, moved away, null MX, disabled (RFC 3463, 3.2 and 3.3; RFC 7505). All else, such as a full mailbox
or a sender that is not liked, says nothing of whose mailbox it is."""


def _no_recipient(code: int, message: str) -> Refused | TryLater:
    """A server that gives no enhanced code says with 550, 551 and 553 that there is no such mailbox (RFC 5321, 4.2.2)."""
    why = _SAYS_WHY.search(message)
    gone = why.groups() in _GONE if why else code in {550, 551, 553}
    return NoSuchRecipient(f"{code} {message}") if gone and 500 <= code < 600 else _no(code, message)


def _no(code: int, message: str) -> Refused | TryLater:
    """RFC 5321, 4.2.1: 5yz is a no for good, 4yz a no for now."""
    return Refused(f"{code} {message}") if 500 <= code < 600 else TryLater(f"{code} {message}")
