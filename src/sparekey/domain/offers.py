"""When owners are asked to look after what gets them back in: a second factor is offered after a sign-in, kindly, and not again soon
(mission.md, F8); what there is, is to be looked through now and then (F11)."""

from datetime import datetime, timedelta

from sparekey.domain.accounts import Account, has_second_factor

FIRST_AFTER = timedelta(days=7)
"""Who has just come wants to do what they came for."""

AGAIN_AFTER = timedelta(days=90)

REMIND_EVERY = timedelta(days=365)
"""Of second factors and of recovery contacts, before a phone, a number or a friend is gone (mission.md, F11 and R7)."""


def is_offer_due(account: Account, now: datetime) -> bool:
    if has_second_factor(account) or now - account.created_at < FIRST_AFTER:
        return False
    return account.second_offered_at is None or now - account.second_offered_at >= AGAIN_AFTER
