"""``sparekey receive-mail``: the mail server hands over an answer to a support case (docs/agents.md)."""

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from sparekey.adapters.mail.inbound import LARGEST, Inbound, read_mail
from sparekey.bootstrap import open_services
from sparekey.domain.errors import StoreUnavailable
from sparekey.settings import read_settings
from sparekey.use_cases.answer_by_mail import Outcome, answer_by_mail
from sparekey.use_cases.services import Services

# What a mail server understands (sysexits.h).
UNREADABLE, NO_USER, TRY_LATER = 65, 67, 75


async def receive_mail(to: Annotated[str, Parameter(help="The address that it came to; else those in the mail are tried.")] = "") -> None:
    """Take one mail from standard input, an answer to a mail of a support case.

    Ends with 0 when it was kept or is of no use (a holiday notice), 65 when it cannot be read, 67 when no case has the address, and 75
    when it should be tried again later.
    """
    try:
        mail = read_mail(sys.stdin.buffer.read(LARGEST + 1))
    except ValueError as e:
        print(f"sparekey: the mail cannot be read: {e}", file=sys.stderr)
        sys.exit(UNREADABLE)
    try:
        async with open_services(read_settings(os.environ)) as services:
            outcome = await _keep(services, mail, to)
    except StoreUnavailable:
        sys.exit(TRY_LATER)
    if outcome is Outcome.UNKNOWN:
        print("sparekey: there is no such case", file=sys.stderr)
        sys.exit(NO_USER)


async def _keep(services: Services, mail: Inbound, to: str) -> Outcome:
    for address in (to,) if to else mail.recipients:
        outcome = await answer_by_mail(services, address, mail.sender, mail.text, automatic=mail.automatic)
        if outcome is not Outcome.UNKNOWN:
            return outcome
    return Outcome.UNKNOWN
