"""Accounts and proofs for the tests, out of a few words: ``account("totp young-sms")``, ``show(someone, "password totp")``.

Words for an account: any kind of factor; ``second_email``; ``phone`` (a number as an address, confirmed lately); ``stale_phone`` (the same,
not confirmed for a year); ``gone_email`` (a second mailbox that mail is refused from); ``email_as_second`` (the main
mailbox chosen as second factor); ``same_mailbox`` (a linked account elsewhere that is the main mailbox); ``agent`` (of support); each
with ``young-`` or ``stolen-`` before it. Everybody has a main mailbox, and without the word ``no_password`` a password.
"""

from datetime import UTC, datetime, timedelta

from sparekey.domain.accounts import Account, AccountId, Address, AddressKind, nobody
from sparekey.domain.agents import ROLE
from sparekey.domain.factors import THING_OF, Factor, FactorKind, Thing, ThingKind
from sparekey.domain.policy.openings import AGENTS
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
LONG_AGO, LAST_WEEK = NOW - timedelta(days=400), NOW - timedelta(days=7)

MAILBOX = Thing(ThingKind.MAILBOX, "mailbox")
NUMBER = Thing(ThingKind.NUMBER, "number")


def account(words: str = "", contested_at: datetime | None = None) -> Account:
    young_mailbox = "young-mailbox" in words.split()
    addresses = [Address("mailbox", AddressKind.EMAIL, "mailbox", "mailbox", LAST_WEEK if young_mailbox else LONG_AGO, main=True)]
    enrolled = []
    for word in words.split():
        state, _, name = word.rpartition("-")
        since, stolen = (LAST_WEEK if state == "young" else LONG_AGO), state == "stolen"
        match name:
            case "no_password" | "agent":
                pass
            case "mailbox":
                addresses[0] = replace(addresses[0], stolen=stolen)
            case "second_email" | "phone":
                how, value = (AddressKind.EMAIL, name) if name == "second_email" else (AddressKind.PHONE, NUMBER.name)
                addresses.append(Address(name, how, value, value, since, main=how is AddressKind.PHONE, stolen=stolen, confirmed_at=NOW))
            case "stale_phone":
                addresses.append(Address(name, AddressKind.PHONE, "old number", "old number", since, main=False, stolen=stolen))
            case "gone_email":
                addresses.append(Address(name, AddressKind.EMAIL, name, name, since, main=False, stolen=stolen, bounced_at=LAST_WEEK))
            case "email_as_second":
                enrolled.append(Factor(name, FactorKind.EMAIL, MAILBOX, since, second=True, stolen=stolen))
            case "same_mailbox":
                enrolled.append(Factor(name, FactorKind.SOCIAL, MAILBOX, since, stolen=stolen))
            case "sms":
                enrolled.append(Factor(name, FactorKind.SMS, NUMBER, since, second=True, stolen=stolen))
            case _:
                kind = FactorKind(name)
                enrolled.append(Factor(name, kind, Thing(THING_OF[kind], name), since, stolen=stolen))
    return replace(
        nobody(),
        account_id=AccountId("a" * 32),
        created_at=LONG_AGO,
        password_hash="" if "no_password" in words.split() else "set",
        password_set_at=LONG_AGO,
        addresses=tuple(addresses),
        enrolled=tuple(enrolled),
        contested_at=contested_at,
        role=ROLE if "agent" in words.split() else "",
    )


def show(someone: Account, words: str, at: datetime = NOW) -> tuple[Proof, ...]:
    """Proofs by the factors of an account: by kind, or by the name of the factor; ``enrolling-email`` for one not yet on it."""
    return tuple(_proof(someone, word, at) for word in words.split())


def _proof(someone: Account, word: str, at: datetime) -> Proof:
    state, _, name = word.rpartition("-")
    if name == "support_approval":
        return Proof(FactorKind.SUPPORT_APPROVAL, "case", AGENTS, at)
    if state == "enrolling":
        kind = FactorKind(name)
        return Proof(kind, "new", Thing(THING_OF[kind], "new"), at, enrolling=True)
    factors = someone.factors()
    factor = next((f for f in factors if f.factor_id == name), None) or next(f for f in factors if f.kind == name)
    return Proof(factor.kind, factor.factor_id, factor.thing, at)
