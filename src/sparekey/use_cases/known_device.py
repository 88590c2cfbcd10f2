"""Find the known device behind a request. One browser may be known to a few accounts: each has a token of its own in the cookie."""

from sparekey.domain.accounts import AccountId
from sparekey.domain.sessions import KnownDevice
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client
from sparekey.use_cases.tokens import token_hash

MOST = 4
"""So many accounts of one browser are kept; a family, not a shop."""

SEPARATOR = "~"


async def find_device(tx: Transaction, client: Client, account_id: AccountId) -> KnownDevice | None:
    for token in filter(None, client.device_token.split(SEPARATOR)[:MOST]):
        found = await tx.devices.find(token_hash(token), account_id)
        if found is not None:
            return found
    return None


def with_device(present: str, new: str) -> str:
    """The cookie's text with one more token; the oldest gives way."""
    return SEPARATOR.join([new, *(t for t in present.split(SEPARATOR) if t)][:MOST])
