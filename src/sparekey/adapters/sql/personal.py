"""All that is personal of an account: to be listed for its owner, and destroyed when the account is closed for good."""

from collections.abc import Sequence
from typing import Final

from sparekey.adapters.sql.connection import Connection, Statement, from_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.messages import MessageKind
from sparekey.domain.sessions import KnownDevice
from sparekey.use_cases.ports import Sealer

RESERVED: Final = "address.closed"
"""The purpose of the hash that is kept of an address."""

CLEARED: Final = frozenset(
    {
        *("former_password", "session", "device", "factor", "backup_code", "prompt", "change", "dispute", "contact", "contact_circle"),
        *("case_message", "case_vote", "support_case", "agent", "shop_activity", "confirmation", "secret_answer", "flow"),
        *("outbox", "guess"),
    }
)
"""Tables whose rows of the account are removed."""

KEPT: Final = {
    "account": "the bare row, so that its audit chain is expected; what was personal in it is emptied before",
    "address": "reserved for a while, as a hash",
    "audit_event": "personal fields are sealed under the key that is destroyed with the account",
    "audit_head": "numbers and hashes",
    "notice_link": "hashes and times, and pruned",
    "contact_ask": "hashes and times, and pruned",
    "shop_event": "what the shop is told names the account by its id alone",
    "spent": "hashes that are nobody's",
}
"""Tables whose rows stay, and why."""

_CLEAR = tuple(
    Statement(f"delete from {table} where account_id = :account_id")
    for table in (
        *("former_password", "session", "device", "factor", "backup_code", "prompt", "change", "dispute", "contact", "contact_circle"),
        *("agent", "shop_activity", "confirmation", "secret_answer"),
    )
)
_CLEAR_CASES = tuple(
    Statement(f"delete from {table} where case_id in (select case_id from support_case where account_id = :account_id)")
    for table in ("case_message", "case_vote", "support_case")
)
_CLEAR_CONTACTS = (
    Statement("delete from contact where circle_id in (select circle_id from contact_circle where account_id = :account_id)"),
    Statement("delete from contact_circle where account_id = :account_id"),
)
_CLEAR_FLOWS = Statement("delete from flow where account_id = :account_id and flow_id <> :but_flow")
_CLEAR_MESSAGES = Statement(f"delete from outbox where account_id = :account_id and kind <> '{MessageKind.ACCOUNT_CLOSED}'")
_UNNAME_MESSAGES = Statement("update outbox set hint = '' where account_id = :account_id")
_CLEAR_GUESSES = Statement("delete from guess where subject = :account_id")
_ADDRESSES = Statement("select address_id, key from address where account_id = :account_id")
_RESERVE = Statement("update address set value = '', key = :key, given_up = 1 where address_id = :address_id and account_id = :account_id")
_DEVICES = Statement(
    """select device_id, account_id, created_at, seen_at, user_agent, networks from device where account_id = :account_id
    order by created_at, device_id"""
)


class SqlPersonal:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def devices(self, account_id: AccountId) -> Sequence[KnownDevice]:
        return [
            KnownDevice(row[0], AccountId(row[1]), from_ms(row[2]), from_ms(row[3]), row[4], tuple(row[5].split()))
            for row in await self._c.all(_DEVICES, account_id=account_id)
        ]

    async def destroy(self, account_id: AccountId, but_flow: str) -> None:
        for statement in (*_CLEAR, *_CLEAR_CASES, *_CLEAR_CONTACTS, _CLEAR_MESSAGES, _UNNAME_MESSAGES, _CLEAR_GUESSES):
            await self._c.run(statement, account_id=account_id)
        await self._c.run(_CLEAR_FLOWS, account_id=account_id, but_flow=but_flow)
        for address_id, key in await self._c.all(_ADDRESSES, account_id=account_id):
            await self._c.run(_RESERVE, account_id=account_id, address_id=address_id, key=reserved_keys(self._sealer, key)[0])


def reserved_keys(sealer: Sealer, key: str) -> tuple[str, ...]:
    """What is kept of the key of an address whose account is closed: one for each key of ours, the present one first."""
    return tuple(f"closed:{digest.hex()}" for digest in sealer.keyed_hashes(key.encode(), RESERVED))
