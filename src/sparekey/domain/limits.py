"""Limits as data: how many guesses, how many wrong codes, how much volume.

Guess counters are in the database and cannot be reset by a stranger; volume limits may be lost at a restart.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sparekey.domain.factors import FactorKind
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct

GUESSES_A_DAY = 10
"""Wrong answers for one factor of one account from unknown devices (TarGuess: 100 guesses find > 73 % with a sister password)."""

GUESSES_IN_A_ROW = 100
"""NIST SP 800-63B-4, 3.2.2. Then the lane stays closed until the factor is replaced or proven in another lane."""

CODE_DIGITS = 6
"""Of a code that people type in (NIST SP 800-63B-4, 3.1.3.2: at least six)."""

WRONG_CODES = 5
"""A six-digit code dies after so many wrong answers."""

CODES_SIDE_BY_SIDE = 3
"""So many codes of one flow are good at once: a late mail still works; using one kills all."""

RESEND_AFTER = timedelta(seconds=60)

CODE_LASTS = timedelta(minutes=10)
"""A code as a factor (NIST SP 800-63B-4, 3.1.3.2; ASVS 5.0, 6.5.5)."""

RECOVERY_CODE_LASTS = timedelta(minutes=15)
"""An e-mailed recovery code (NIST allows 24 h, 4.2.1.2; OWASP asks for less)."""

LINK_LASTS = timedelta(minutes=30)
"""A mailed link carries 256 random bits and is spent on the confirming POST. So long its page may lie open, too."""

FRIEND_PAGE_LASTS = timedelta(hours=12)
"""The page behind a friend's link may lie open for longer: the call may come in the evening."""

DISPUTE_PAGE_LASTS = timedelta(hours=24)
"""And that of a side in a dispute: a code for one more thing may have to be looked for."""

RESERVED = timedelta(days=30)
"""A former address is kept for its former owner so long (mission.md, S6)."""

NUMBER_MOVES_AFTER = timedelta(days=7)
"""A number that somebody else has shown to be theirs leaves the account that had it so much later (mission.md, S6)."""

HUMAN_CHECK_LASTS = timedelta(minutes=10)
"""So long what shows that a person is there can be spent: a form is filled in meanwhile."""

HUMAN_CHECK_WAITS = timedelta(seconds=60)
"""What a browser without scripts waits instead of solving something (mission.md, S5)."""

WRONG_BEFORE_HUMAN_CHECK = GUESSES_A_DAY // 2
"""Wrong passwords for one name in a day, from devices that we do not know, before a person must be there (mission.md, S5): half of
what is let through at all."""

NOTICE_LINK_LASTS = timedelta(days=30)
"""The link "this wasn't me" (mission.md, H1); it carries 256 random bits."""

CODE_LANE = FactorKind.EMAIL
"""Wrong codes are counted together, by whatever channel they came."""


PREFIX_LENGTH = 7
"""Characters of a number in E.164: the plus, the country and the first digits of operator or area, hence up to a million numbers."""


def prefix_of(number: str) -> str:
    """What numbers of one operator or area share. ``number``: in E.164."""
    return number[:PREFIX_LENGTH]


def day_of(now: datetime) -> int:
    """Days since 1970-01-01, UTC: the day that guesses are counted in."""
    return int(now.timestamp()) // 86400


def seconds_to_next_day(now: datetime) -> int:
    tomorrow = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return int((tomorrow - now).total_seconds()) + 1


def lane(kind: FactorKind, device_id: str, own: str) -> str:
    """Which counter an answer goes to (mission.md, D2).

    ``device_id``: of a known device, or empty. ``own``: what sets a flow that has proven another thing apart from strangers, or empty.
    Each of those has its own counter, so that a stranger's guesses never close it; all unknown devices share one.
    """
    device = f"{kind.value}/device/{device_id}" if device_id else ""
    if own:
        return f"{device or kind.value}/flow/{own}"
    return device or f"{kind.value}/unknown"


def shown_before(proofs: Iterable[Proof]) -> str:
    """What was proven in a flow before, as the lane for guesses at something else: the same for every flow that has proven the same.
    Whoever holds the mailbox begins flows without end, and with a lane for each of them would guess as often as mails go out. And who
    can show one thing more is not closed out by who cannot. Empty where nothing was proven."""
    return "+".join(sorted({p.factor_id for p in proofs if not p.enrolling}))


def lanes_of(kind: FactorKind) -> str:
    """The prefix of all lanes of one factor."""
    return f"{kind.value}/"


def is_closed(today: int, in_a_row: int) -> bool:
    """Whether a lane takes no further answer. The numbers include the answer being given."""
    return today > GUESSES_A_DAY or in_a_row > GUESSES_IN_A_ROW


class VolumeLimit(Struct, frozen=True):
    """At most ``most`` in a moving ``window``. ``reason``: what is said beyond that."""

    name: str
    most: int
    window: timedelta
    reason: str = "too_many_tries"

    @property
    def seconds(self) -> int:
        """Of the window: after so many there is room again, however it was used up."""
        return int(self.window.total_seconds())


_BEGUN = "too_much_begun"
_MESSAGES = "too_many_messages"

VOLUME_LIMITS: dict[str, VolumeLimit] = {
    limit.name: limit
    for limit in (
        VolumeLimit("sign_up.network", 30, timedelta(hours=1), _BEGUN),
        VolumeLimit("sign_in.network", 300, timedelta(minutes=10)),
        VolumeLimit("recover.network", 60, timedelta(minutes=10), _BEGUN),
        VolumeLimit("answer.network", 300, timedelta(minutes=10)),
        # Enrolled phones and waiting screens ask every few seconds, a family's from one address.
        VolumeLimit("approvals.network", 3000, timedelta(minutes=10)),
        VolumeLimit("check_password.network", 600, timedelta(minutes=10)),
        # What is begun in a session. What an owner stops a thief with (``actions.DEFENDS``) is counted by session alone, so that nobody
        # inside, and nobody in the same network, can use it up for him.
        VolumeLimit("guarded.network", 300, timedelta(minutes=10), _BEGUN),
        VolumeLimit("guarded.account", 60, timedelta(hours=1), _BEGUN),
        # New user names that are asked for: the answer says whether somebody has that name.
        VolumeLimit("user_name.account", 20, timedelta(days=1), "user_names_used_up"),
        VolumeLimit("user_name.network", 60, timedelta(hours=1), "user_names_used_up"),
        # To one recipient: one mail in five minutes always goes, and five more an hour (mission.md, D1).
        VolumeLimit("mail.always", 1, timedelta(minutes=5)),
        VolumeLimit("mail.recipient", 5, timedelta(hours=1)),
        # Texts cost money, and some operators pay whoever makes others send them ("pumping"): per name as typed, network and site,
        # whether anything is sent or not; per number and per prefix what is really sent.
        VolumeLimit("sms.recipient", 5, timedelta(hours=1)),
        VolumeLimit("sms.network", 20, timedelta(hours=1)),
        VolumeLimit("sms.site", 1000, timedelta(hours=1)),
        VolumeLimit("sms.number", 10, timedelta(days=1)),
        VolumeLimit("sms.prefix", 60, timedelta(hours=1)),
        VolumeLimit("send.network", 120, timedelta(minutes=10), _MESSAGES),
        # To mailboxes and phones that are not the account's: those that it adds, and friends whom it invites.
        VolumeLimit("send.account", 20, timedelta(hours=1), _MESSAGES),
        # Friends are asked three times a day for one name, from one network; nobody's mailbox hears of it more often than ten times.
        VolumeLimit("contacts.asked", 3, timedelta(days=1), _MESSAGES),
        VolumeLimit("contacts.friend", 10, timedelta(days=1)),
        # People read each case; of one name a few from one network are enough.
        VolumeLimit("case.network", 20, timedelta(hours=1), _BEGUN),
        VolumeLimit("case.name", 5, timedelta(days=1), "cases_used_up"),
        VolumeLimit("case.message", 30, timedelta(hours=1), _MESSAGES),
    )
}
