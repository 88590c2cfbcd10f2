"""Every audit event, one name in three parts. Names are for ever: retired ones stay here as comments.

The owner reads the same events as "recent activity" (the sentences are in ``messages``); ``FOR_OWNER`` says which.
"""

from enum import StrEnum, unique


@unique
class Event(StrEnum):
    SIGN_UP_STARTED = "account.sign_up.started"
    CREATED = "account.sign_up.done"
    SIGNED_IN = "account.sign_in.done"
    SIGN_IN_FAILED = "account.sign_in.failed"
    SIGN_IN_CLOSED = "account.sign_in.closed"  # a lane of guesses reached its limit
    SIGN_IN_STARTED = "account.sign_in.started"
    SIGNED_OUT = "account.session.ended"
    SESSIONS_ENDED = "account.session.all_ended"
    RECOVERY_STARTED = "account.recovery.started"
    RECOVERED = "account.recovery.done"
    PASSWORD_CHANGED = "account.password.changed"
    PASSWORD_REHASHED = "account.password.rehashed"
    CODE_SENT = "flow.code.sent"
    CODE_HELD = "flow.code.held"  # a limit on sending was reached
    PROVEN = "flow.proof.given"
    WRONG = "flow.proof.wrong"
    CLOSED = "flow.proof.closed"
    STARTED = "flow.action.started"
    LEFT = "flow.action.left"
    NOTHING_MORE = "flow.action.nothing_more"
    JUDGED = "flow.action.judged"
    ADDRESS_ADDED = "account.address.added"
    ADDRESS_REMOVED = "account.address.removed"
    MAIN_ADDRESS_CHANGED = "account.address.main_changed"
    DETAILS_CHANGED = "account.details.changed"


FOR_OWNER = frozenset(
    {
        Event.CREATED,
        Event.SIGNED_IN,
        Event.SIGN_IN_FAILED,
        Event.SIGN_IN_CLOSED,
        Event.SIGNED_OUT,
        Event.SESSIONS_ENDED,
        Event.RECOVERY_STARTED,
        Event.RECOVERED,
        Event.PASSWORD_CHANGED,
        Event.ADDRESS_ADDED,
        Event.ADDRESS_REMOVED,
        Event.MAIN_ADDRESS_CHANGED,
        Event.DETAILS_CHANGED,
    }
)
"""What the owner sees. The rest is the machinery of one flow."""
