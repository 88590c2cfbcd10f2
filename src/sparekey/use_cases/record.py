"""Write one event to the audit chain of its subject.

Each link is a keyed hash over the link before it and the event, under keys kept outside the database: who can write the
database can neither change, insert nor remove an event unseen. That the end of a chain was cut is seen against the seals
(``worker/seal.py``). Personal fields are sealed under a key of the account, so that closing it makes them unreadable while the
chain still holds.
"""

from datetime import datetime

import msgspec

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.limits import day_of
from sparekey.domain.shop import TOLD, TOLD_OF
from sparekey.domain.values import replace
from sparekey.use_cases.ports import AuditRow, SubjectLock, Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_shop import tell_shop

CHAIN = "audit.chain"
SUBJECT = "audit.subject"

CHAINS_A_DAY = 16
"""For all names that nobody has. Few, so that they are soon begun; some, so that strangers seldom wait for each other."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def subject_of(services: Services, account: Account, key: str) -> str:
    """What counters and the chain go by: the account, or a keyed hash of a name that nobody has."""
    unknown = subject_of_name(services, key)
    return account.account_id if account.exists else unknown


def subject_of_name(services: Services, key: str) -> str:
    """What a name as such is counted by, whoever has it."""
    return f"x{services.sealer.keyed_hash(key.encode(), SUBJECT).hex()[:31]}"


def subject_of_sign_up(services: Services, key: str) -> str:
    """What sign-ups with one address are counted by, however they began: one counter of guesses, and one limit on mails."""
    return f"s{services.sealer.keyed_hash(key.encode(), SUBJECT).hex()[:31]}"


def chain_of(subject: str, now: datetime) -> str:
    """The chain that a subject's events go to: its own; of names that nobody has, one of a few of that day.

    With a chain for each such name its first event would begin a chain, where that of an account only adds to one. That takes a
    little longer, and a clock told unknown names by it (``bench/timing.py`` on SQLite: AUC 0.53; with shared chains 0.50).
    """
    if not subject.startswith("x"):
        return subject
    return f"x{day_of(now)}.{int(subject[1:3], 16) % CHAINS_A_DAY:02}"


async def record(
    tx: Transaction,
    services: Services,
    lock: SubjectLock,
    name: Event,
    account: Account,
    client: Client,
    *,
    flow_id: str = "",
    subject: str = "",
    **detail: str,
) -> SubjectLock:
    """Append one event and answer the new head, to be used for the next. ``detail``: stable names and numbers, nothing personal.
    ``subject``: whose event it is; kept where the chain does not say it.
    """
    if subject and subject != lock.chain:
        detail["subject"] = subject
    personal = {"network": client.network, "user_agent": client.user_agent}
    row = AuditRow(
        chain=lock.chain,
        seq=lock.seq + 1,
        at=services.clock.now(),
        name=name.value,
        flow_id=flow_id,
        detail=_encode(detail),
        personal=services.sealer.seal(_encode(personal), personal_purpose(account)),
        mac=b"",
    )
    row = replace(row, mac=services.sealer.keyed_hash(link_text(lock.mac, row), CHAIN))
    await tx.audit.append(row)
    if name in TOLD:
        await tell_shop(tx, services, TOLD[name], account.account_id, row.at, {k: v for k, v in detail.items() if k in TOLD_OF})
    return SubjectLock(chain=row.chain, seq=row.seq, mac=row.mac)


def personal_purpose(account: Account) -> str:
    return f"audit.personal.{account.shred_key}"


def link_text(before: bytes, row: AuditRow) -> bytes:
    """The bytes that one link's keyed hash is taken over. Their form is for ever: a change needs a new purpose name."""
    at = int(row.at.timestamp() * 1000 + 0.5)
    return _encode([before.hex(), row.chain, row.seq, at, row.name, row.flow_id, row.detail.hex(), row.personal.hex()])
