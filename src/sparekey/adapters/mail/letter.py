"""One letter in the form that mail servers read (RFC 5322, MIME), for SMTP and for the development mailbox alike."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email

from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_delivery import Refused

_POLICY = SMTP.clone(cte_type="7bit")  # bodies pass servers without 8BITMIME (RFC 6152) unchanged


def mailable(address: str) -> str:
    """An address as the envelope takes it: the domain in ASCII (RFC 5891), the local part as it is.

    Raises ``ValueError`` for everything that is not one plain address: line ends, comments, quotes, two addresses.
    """
    try:
        # test_environment admits the reserved name .test, and no other; whether a domain exists is for the server to say.
        valid = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as e:
        raise ValueError("not an e-mail address") from e
    return f"{valid.local_part}@{valid.ascii_domain}"


class Letterhead(Struct, frozen=True):
    """What all letters of a site share. ``host``: the right half of each Message-ID."""

    sender: str
    sender_name: str
    host: str
    clock: Clock

    def letter(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> EmailMessage:
        """A letter to one reader, as text and as HTML that say the same.

        The Message-ID is made of ``message_id`` alone, so that a letter sent twice is one letter to programs that look.
        Raises ``Refused`` when ``to`` is no address or a header holds a line end.
        """
        message = EmailMessage(policy=_POLICY)
        try:
            message["From"] = _named(self.sender_name, self.sender)
            message["To"] = mailable(to)
            message["Subject"] = subject
            if reply_to:
                message["Reply-To"] = _named(self.sender_name, reply_to)
            message["Date"] = format_datetime(self.clock.now())
            message["Message-ID"] = f"<{message_id}@{self.host}>"
            message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
            message.set_content(text)
            message.add_alternative(html, subtype="html")
        except ValueError as e:
            raise Refused("the letter cannot be written") from e
        return message


def _named(name: str, address: str) -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)
