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
    FACTOR_ADDED = "account.factor.added"
    FACTOR_REMOVED = "account.factor.removed"
    FACTOR_STOLEN = "account.factor.reported_stolen"
    FACTOR_RENAMED = "account.factor.renamed"
    BACKUP_CODES_MADE = "account.backup_codes.made"
    BACKUP_CODE_USED = "account.backup_code.used"
    PREFERENCE_CHANGED = "account.factor.preferred"
    REMINDED = "account.reminder.sent"
    SECOND_OFFER_REFUSED = "account.second_factor.offer_refused"
    SOCIAL_LINKED = "account.social.linked"
    SOCIAL_UNLINKED = "account.social.unlinked"
    DEVICE_REMEMBERED = "account.device.remembered"
    DEVICE_FORGOTTEN = "account.device.forgotten"
    SECOND_FACTOR_REQUIRED = "account.second_factor.required"  # by the site, of this account
    SECOND_FACTOR_NOT_REQUIRED = "account.second_factor.not_required"
    SIGN_IN_APPROVED = "account.sign_in.approved"
    NUMBER_MOVED = "account.number.moved"
    ADDRESS_BOUNCED = "account.address.bounced"
    PROMPT_SENT = "flow.prompt.sent"
    PROMPT_REFUSED = "flow.prompt.refused"
    DISOWNED = "flow.code.disowned"
    WAIT_BEGUN = "account.recovery.wait_begun"
    WAIT_NOTICED = "account.recovery.noticed"
    WAIT_OVER = "account.recovery.wait_over"
    RECOVERY_CANCELLED = "account.recovery.cancelled"
    RECOVERY_OBJECTED = "account.recovery.objected"
    DISPUTED = "account.state.disputed"
    DISPUTE_JOINED = "account.dispute.joined"  # another recovery waits, or whoever objects has shown more
    DISPUTE_TIED = "account.dispute.tied"
    DISPUTE_OVER = "account.dispute.over"
    FROZEN = "account.state.frozen"
    THAWED = "account.state.thawed"
    BLOCKED = "account.state.blocked"  # by the site
    UNBLOCKED = "account.state.unblocked"
    CASE_BEGUN = "case.contact.asked"
    CASE_OPENED = "case.state.opened"
    CASE_STATED = "case.person.stated"
    CASE_ANSWERED = "case.person.answered"
    CASE_MOVED = "case.person.moved"  # its mailed link took it to another browser
    CASE_DECIDED = "case.state.decided"
    CASE_APPROVED = "case.state.approved"
    CASE_REFUSED = "case.state.refused"
    CASE_CLOSED = "case.state.closed"
    CLOSING_BEGUN = "account.closing.begun"
    CLOSING_STOPPED = "account.closing.stopped"
    CLOSED_FOR_GOOD = "account.closing.done"
    DATA_DOWNLOADED = "account.data.downloaded"
    QUARANTINED = "account.state.quarantined"
    QUARANTINE_ENDED = "account.state.quarantine_ended"
    WARNED = "account.warning.sent"
    ORDERS_DISOWNED = "account.orders.disowned"
    CONFIRMATION_ASKED = "account.confirmation.asked"  # by the shop
    CONFIRMATION_GIVEN = "account.confirmation.given"
    CONFIRMATION_REFUSED = "account.confirmation.refused"
    CONFIRMATION_USED = "account.confirmation.used"  # by the shop
    CHANGES_UNDONE = "account.changes.undone"
    CONTACTS_CHANGE_BEGUN = "account.contacts.change_begun"
    CONTACTS_CHANGE_STOPPED = "account.contacts.change_stopped"
    CONTACTS_CHANGED = "account.contacts.changed"
    CONTACT_ACCEPTED = "account.contact.accepted"
    CONTACT_DECLINED = "account.contact.declined"
    CONTACTS_ASKED = "flow.contacts.asked"
    CONTACT_ANSWERED = "flow.contact.answered"
    CONTACT_WRONG = "flow.contact.wrong"
    CONTACT_REFUSED = "flow.contact.refused"
    SECRET_ANSWER_CHANGED = "account.secret_answer.changed"
    AGENT_PLACED = "account.agent.placed"
    AGENT_REMOVED = "account.agent.removed"
    SHIFT_BEGUN = "account.agent.shift_begun"
    CASE_LOOKED_AT = "case.agent.looked"
    CASE_ASKED = "case.agent.asked"
    CASE_VOTED = "case.agent.voted"


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
        Event.FACTOR_ADDED,
        Event.FACTOR_REMOVED,
        Event.FACTOR_STOLEN,
        Event.BACKUP_CODES_MADE,
        Event.BACKUP_CODE_USED,
        Event.SOCIAL_LINKED,
        Event.SOCIAL_UNLINKED,
        Event.DEVICE_REMEMBERED,
        Event.DEVICE_FORGOTTEN,
        Event.SECOND_FACTOR_REQUIRED,
        Event.SECOND_FACTOR_NOT_REQUIRED,
        Event.SIGN_IN_APPROVED,
        Event.NUMBER_MOVED,
        Event.ADDRESS_BOUNCED,
        Event.PROMPT_REFUSED,
        Event.DISOWNED,
        Event.WAIT_BEGUN,
        Event.WAIT_OVER,
        Event.RECOVERY_CANCELLED,
        Event.RECOVERY_OBJECTED,
        Event.DISPUTED,
        Event.DISPUTE_TIED,
        Event.DISPUTE_OVER,
        Event.FROZEN,
        Event.THAWED,
        Event.BLOCKED,
        Event.UNBLOCKED,
        Event.CASE_APPROVED,
        Event.CLOSING_BEGUN,
        Event.CLOSING_STOPPED,
        Event.DATA_DOWNLOADED,
        Event.QUARANTINED,
        Event.QUARANTINE_ENDED,
        Event.ORDERS_DISOWNED,
        Event.CONFIRMATION_ASKED,
        Event.CONFIRMATION_GIVEN,
        Event.CONFIRMATION_REFUSED,
        Event.CONFIRMATION_USED,
        Event.CHANGES_UNDONE,
        Event.CONTACTS_CHANGE_BEGUN,
        Event.CONTACTS_CHANGE_STOPPED,
        Event.CONTACTS_CHANGED,
        Event.CONTACT_ACCEPTED,
        Event.CONTACT_DECLINED,
        Event.CONTACTS_ASKED,
        Event.CONTACT_ANSWERED,
        Event.CONTACT_WRONG,
        Event.CONTACT_REFUSED,
        Event.SECRET_ANSWER_CHANGED,
        Event.AGENT_PLACED,
        Event.AGENT_REMOVED,
    }
)
"""What the owner sees. The rest is the machinery of one flow."""
