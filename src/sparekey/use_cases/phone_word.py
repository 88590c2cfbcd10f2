"""Hear what an enrolled phone says: whose phone it is, whether its key signed it, and whether it was said for the first time.

A challenge of ours is in each word: a moment, chance, and a keyed hash over both, so that none is kept until it is used. Used, it is
marked as spent: what was heard once is not heard again. The phone's own clock does not matter.
"""

import hashlib
import hmac
from datetime import UTC, datetime

from sparekey.challenges import approval
from sparekey.challenges.approval import Approve, Poll, Refuse, Wrong
from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.errors import NotProven
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.prompts import CHALLENGE_LASTS
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.services import Services

FIND = "factor.phone"
_CHALLENGE = "phone.challenge"


class Challenge(Struct, frozen=True):
    """``until``: UTC."""

    text: str
    until: datetime


class Phone(Struct, frozen=True):
    """An enrolled phone, and the account that it is enrolled on."""

    account: Account
    factor: Factor


def new_challenge(services: Services) -> Challenge:
    now = services.clock.now()
    text = f"{int(now.timestamp() * 1000)}.{services.chance.token()}"
    return Challenge(f"{text}.{services.sealer.keyed_hash(text.encode(), _CHALLENGE).hex()}", now + CHALLENGE_LASTS)


async def hear_poll(tx: Transaction, services: Services, signed: str) -> Phone:
    """A phone asks what it is asked. Raises ``NotProven``."""
    phone, said = await _verified(tx, services, signed, *await _found(tx, services, signed))
    if not isinstance(said, Poll):
        raise NotProven
    return phone


async def hear_answer(tx: Transaction, services: Services, signed: str) -> tuple[Phone, SubjectLock, Approve | Refuse]:
    """A phone answers; its account is locked until the transaction ends. Raises ``NotProven``."""
    account_id, factor_id = await _found(tx, services, signed)
    lock = await tx.audit.lock(account_id)
    phone, said = await _verified(tx, services, signed, account_id, factor_id)
    if not isinstance(said, Approve | Refuse):
        raise NotProven
    return phone, lock, said


async def _found(tx: Transaction, services: Services, signed: str) -> tuple[AccountId, str]:
    """Whose phone it claims to be: account and factor id."""
    kid = approval.signer_of(signed)
    for key in services.sealer.keyed_hashes(kid.encode(), FIND):
        found = await tx.factors.find(key)
        if found is not None:
            return found
    raise NotProven


async def _verified(tx: Transaction, services: Services, signed: str, account_id: AccountId, factor_id: str) -> tuple[Phone, approval.Said]:
    """One refusal for all: removed, reported stolen, another's signature, an old challenge, said before."""
    account = await tx.accounts.get(account_id)
    factor = next((f for f in account.enrolled if f.factor_id == factor_id and f.kind is FactorKind.PHONE_APPROVAL), None)
    kept = await tx.factors.secret_of(account_id, factor_id)
    if factor is None or factor.stolen or kept is None:
        raise NotProven
    said = approval.check(signed, kept.secret)
    if isinstance(said, Wrong) or not await _spend(tx, services, said.challenge):
        raise NotProven
    return Phone(account, factor), said


async def _spend(tx: Transaction, services: Services, challenge: str) -> bool:
    text, _, mac = challenge.rpartition(".")
    hashes = services.sealer.keyed_hashes(text.encode(), _CHALLENGE)
    if not mac.isascii() or not any(hmac.compare_digest(h.hex(), mac) for h in hashes):
        return False
    until = datetime.fromtimestamp(int(text.partition(".")[0]) / 1000, UTC) + CHALLENGE_LASTS
    return services.clock.now() < until and await tx.spent.spend(hashlib.sha256(challenge.encode()).digest(), until)
