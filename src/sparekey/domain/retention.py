"""How long what is over is kept, before housekeeping removes it. What is not named here is kept."""

from datetime import timedelta
from typing import Final

from sparekey.domain.changes import UNDO_FOR
from sparekey.domain.limits import RESERVED

FLOW_KEPT: Final = timedelta(days=7)
"""After it expired, so that ``sparekey why`` can still tell of it."""

DEVICE_KEPT: Final = timedelta(days=400)
"""Since it was last seen: no browser keeps a cookie longer (RFC 6265bis, 5.5)."""

COUNTER_KEPT: Final = timedelta(days=30)
"""Of a name that nobody has. An account's wrong answers in a row are kept until a right one, or a new factor, ends them."""

LANE_KEPT: Final = timedelta(days=400)
"""A counter of one flow or one known device: both are gone by then, and with them the only way to use it."""

MESSAGE_KEPT: Final = timedelta(days=90)
"""The owner sees what we sent for so long. What was given up (dead) is the operator's to send again, and stays."""

A_LITTLE_MORE: Final = timedelta(days=1)
"""What a rule still needs is kept so much longer: clocks of nodes differ, and nothing may be gone on the last day."""

ADDRESS_KEPT: Final = max(RESERVED, UNDO_FOR) + A_LITTLE_MORE
"""A removed address is reserved (mission.md, S6), and leads back (R13)."""

FORMER_PASSWORDS_KEPT: Final = 10
"""So many are refused as new ones (mission.md, P5); older ones tell a thief of the database something and the owner nothing."""

FACTOR_KEPT: Final = UNDO_FOR + A_LITTLE_MORE
"""A removed factor can be put back (mission.md, H2)."""

CHANGE_KEPT: Final = UNDO_FOR + A_LITTLE_MORE
"""A change can be undone (mission.md, H2)."""

CASE_KEPT: Final = timedelta(days=180)
"""A support case after it was closed, with all that was said in it: long enough for a question afterwards. The audit log stays."""

WARNING_KEPT: Final = timedelta(days=2)
"""The mark that the owner was warned of something today: for the day that it is for, and some time more."""

PROMPT_KEPT: Final = timedelta(days=1)
"""A question to an enrolled phone, after it lapsed: those of the last hour are counted (mission.md, F6)."""

CIRCLE_KEPT: Final = timedelta(days=120)
"""A list of recovery contacts that no factor names any more, or never did, since it was made: by then the change that it was made for
is over, and can be undone no more."""

CONTACT_ASK_KEPT: Final = timedelta(days=7)
"""What a friend was asked, after it expired: its recovery is looked at for as long."""

DISPUTE_KEPT: Final = timedelta(days=90)
"""After it ended, for the operator. The audit log tells of it for longer."""

ACTIVITY_KEPT: Final = timedelta(days=400)
"""What the shop reported: the last order is a statement in a support case, and somebody may buy once a year."""

CONFIRMATION_KEPT: Final = timedelta(days=90)
"""What the shop asked to be confirmed, since it asked: for a question afterwards. Its reference is taken for as long."""

SHOP_EVENT_KEPT: Final = timedelta(days=30)
"""After it was delivered, for the operator. What was given up stays."""

UNKNOWN_CHAIN_KEPT: Final = timedelta(days=90)
"""The audit chain of a name that nobody has, or of a sign-up, since its newest event. Accounts' chains are kept."""
