"""The kinds of factor, and as what thing each is held.

A *factor* is what the owner enrolled; a *thing held* is what a thief would have to get. Two factors on one thing are one
thing: a code by e-mail and a Google sign-in may be the same mailbox.
"""

from datetime import datetime
from enum import StrEnum, unique

from sparekey.domain.values import Struct


@unique
class ThingKind(StrEnum):
    """What a thief would have to get."""

    MEMORY = "memory"  # what the owner knows: password, PIN
    MAILBOX = "mailbox"
    NUMBER = "number"  # a telephone number, hence whoever controls its SIM
    DEVICE = "device"  # a phone or computer with an app or a stored key
    KEY = "key"  # a security key or passkey
    UNLOCK = "unlock"  # the PIN or finger without which one passkey does not answer
    BROWSER = "browser"  # a remembered device's cookie: an infostealer takes it together with the password
    PAPER = "paper"  # printed codes
    SOCIAL = "social"  # an account at another provider
    PEOPLE = "people"  # recovery contacts
    AGENTS = "agents"  # two agents of support


@unique
class FactorKind(StrEnum):
    """Everything by which a person may prove something. The words used in the policy files."""

    PASSWORD = "password"
    EMAIL = "email"  # a code or link sent to a mailbox
    SMS = "sms"  # a code sent to a number
    TOTP = "totp"
    PASSKEY = "passkey"  # WebAuthn with user verification: two things at once, the key and its PIN or finger
    SECURITY_KEY = "security_key"  # WebAuthn without user verification
    PHONE_APPROVAL = "phone_approval"
    BACKUP_CODE = "backup_code"
    SOCIAL = "social"
    REMEMBERED_DEVICE = "remembered_device"
    CONTACTS = "contacts"
    SECRET_QUESTION = "secret_question"
    PAYMENT_PIN = "payment_pin"
    SUPPORT_APPROVAL = "support_approval"


THING_OF: dict[FactorKind, ThingKind] = {
    FactorKind.PASSWORD: ThingKind.MEMORY,
    FactorKind.EMAIL: ThingKind.MAILBOX,
    FactorKind.SMS: ThingKind.NUMBER,
    FactorKind.TOTP: ThingKind.DEVICE,
    FactorKind.PASSKEY: ThingKind.KEY,
    FactorKind.SECURITY_KEY: ThingKind.KEY,
    FactorKind.PHONE_APPROVAL: ThingKind.DEVICE,
    FactorKind.BACKUP_CODE: ThingKind.PAPER,
    FactorKind.SOCIAL: ThingKind.SOCIAL,
    FactorKind.REMEMBERED_DEVICE: ThingKind.BROWSER,
    FactorKind.CONTACTS: ThingKind.PEOPLE,
    FactorKind.SECRET_QUESTION: ThingKind.MEMORY,
    FactorKind.PAYMENT_PIN: ThingKind.MEMORY,
    FactorKind.SUPPORT_APPROVAL: ThingKind.AGENTS,
}

PHISHING_RESISTANT = frozenset({FactorKind.PASSKEY, FactorKind.SECURITY_KEY})
"""Bound to the name of the site (NIST SP 800-63B-4, 3.2.5): typed codes never count."""

SECOND_FACTORS = frozenset(
    {
        FactorKind.SMS,
        FactorKind.TOTP,
        FactorKind.PASSKEY,
        FactorKind.SECURITY_KEY,
        FactorKind.PHONE_APPROVAL,
    }
)
"""Enrolling one of these switches two-factor sign-in on. E-mail is added by the owner's choice (``Factor.second``)."""


class Thing(Struct, frozen=True):
    """One thing held: its kind, and which one. ``Thing(MAILBOX, "3f…")`` and ``Thing(MAILBOX, "9c…")`` are two."""

    kind: ThingKind
    name: str


def things_behind(kind: FactorKind, thing: Thing) -> tuple[Thing, ...]:
    """All that a thief must get to answer: a passkey with user verification is two things, the key and what unlocks it."""
    return (thing, Thing(ThingKind.UNLOCK, thing.name)) if kind is FactorKind.PASSKEY else (thing,)


class Factor(Struct, frozen=True):
    """What the owner enrolled.

    ``factor_id``: unique on the account. ``thing``: what a thief would have to get. ``added_at``: UTC. ``second``: the
    owner chose it as a second factor for signing in. ``stolen``: reported stolen, hence never settled and good for nothing.
    """

    factor_id: str
    kind: FactorKind
    thing: Thing
    added_at: datetime
    second: bool = False
    stolen: bool = False
    with_account: bool = False
    """It came with the account at sign-up, so there was no owner before it who could object."""
    label: str = ""
    """What the owner calls it."""
    until: datetime | None = None
    """From when (UTC) it proves nothing any more; ``None`` for what does not lapse. For remembered devices (mission.md, I6)."""
