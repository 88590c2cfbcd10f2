"""The password. It is compared by the hasher, outside any transaction; here is what a right one proves."""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.factors import FactorKind
from sparekey.domain.proofs import Proof


def proof(account: Account, now: datetime) -> Proof:
    """The proof that the password of ``account`` was right at ``now``."""
    factor = next(f for f in account.factors() if f.kind is FactorKind.PASSWORD)
    return Proof(FactorKind.PASSWORD, factor.factor_id, factor.thing, now)
