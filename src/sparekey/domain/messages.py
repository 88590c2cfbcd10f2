"""What we say to people by mail and text: the kinds of message, as values. The words are in ``sparekey.messages``."""

from datetime import datetime, timedelta
from enum import StrEnum, unique

from sparekey.domain.accounts import AccountId, AddressKind
from sparekey.domain.values import Struct, field

RECEIPT_TAKEN_FOR = timedelta(days=4)
"""Providers try to deliver a text for some hours, at most for three days; what is reported later helps nobody."""


@unique
class MessageKind(StrEnum):
    """One folder each in ``sparekey/messages``. Names are for ever: they stand in the outbox and in people's histories."""

    # With a code or link of one flow.
    SIGN_UP_CODE = "sign_up_code"
    RECOVERY_CODE = "recovery_code"
    SIGN_IN_LINK = "sign_in_link"
    ADDRESS_CODE = "address_code"
    SIGN_IN_CODE = "sign_in_code"  # to sign in without a password
    PROOF_CODE = "proof_code"  # a code as a factor: at sign-in, before a change
    PHONE_CODE = "phone_code"  # to a number that is being added
    # Instead of a code, where a code would be wrong.
    SIGN_UP_TAKEN = "sign_up_taken"  # someone signed up with an address that has an account
    RECOVERY_UNSETTLED = "recovery_unsettled"  # the address is too young to open the account
    ADDRESS_TAKEN = "address_taken"  # someone wants to add an address that another account has
    NUMBER_LEAVING = "number_leaving"  # someone else has shown a number of this account; it moves after a week
    # Notices: something changed.
    WELCOME = "welcome"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RECOVERED = "password_recovered"
    ADDRESS_ADDED = "address_added"
    ADDRESS_REMOVED = "address_removed"
    ADDRESS_LEFT = "address_left"  # to the address that is leaving: that something changed, no more
    MAIN_ADDRESS_CHANGED = "main_address_changed"
    DETAILS_CHANGED = "details_changed"
    NEW_DEVICE = "new_device"
    NEW_PLACE = "new_place"  # a device that the owner uses, in surroundings that it was never in
    SIGNED_IN_AFTER_FAILURES = "signed_in_after_failures"
    HALF_SIGNED_IN = "half_signed_in"  # the right password, and then no second factor
    MANY_FAILURES = "many_failures"  # nobody got in
    SESSIONS_ENDED = "sessions_ended"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_STOLEN = "factor_stolen"
    BACKUP_CODES_MADE = "backup_codes_made"
    BACKUP_CODE_USED = "backup_code_used"
    SOCIAL_LINKED = "social_linked"
    SOCIAL_UNLINKED = "social_unlinked"
    NUMBER_MOVED = "number_moved"
    RECOVERY_WAITING = "recovery_waiting"  # at the start of a wait, daily, and before its end
    RECOVERY_STATUS = "recovery_status"  # to the address that was shown: where the recovery stands
    RECOVERY_READY = "recovery_ready"
    RECOVERY_CANCELLED = "recovery_cancelled"
    RECOVERY_OBJECTED = "recovery_objected"
    ACCOUNT_DISPUTED = "account_disputed"  # at the start of a dispute, daily, and before it is weighed
    DISPUTE_OVER = "dispute_over"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_THAWED = "account_thawed"
    ACCOUNT_CLOSING = "account_closing"  # at the start, weekly, and before the end
    ACCOUNT_KEPT = "account_kept"  # the closing was stopped
    ACCOUNT_CLOSED = "account_closed"  # for good; the last message of all
    DATA_DOWNLOADED = "data_downloaded"
    CHANGES_UNDONE = "changes_undone"
    AGENT_PLACED = "agent_placed"  # to every agent of support: there is a new one
    # To the contact mailbox of a support case.
    CASE_CODE = "case_code"
    CASE_OPENED = "case_opened"
    CASE_MESSAGE = "case_message"  # an agent wrote
    CASE_APPROVED = "case_approved"
    CASE_UNBLOCKED = "case_unblocked"  # an appeal had success
    CASE_REFUSED = "case_refused"
    CASE_READY = "case_ready"  # the wait is over
    CASE_CLOSED = "case_closed"
    CONTACTS_CHANGING = "contacts_changing"  # a new list of friends waits, told when it begins and daily
    CONTACTS_CHANGED = "contacts_changed"
    CONTACT_LEFT = "contact_left"  # a friend does not want to be one, or no longer
    CONTACT_REFUSED = "contact_refused"  # a friend was asked, and the owner had told no phrase
    SECRET_ANSWER_CHANGED = "secret_answer_changed"
    # To friends.
    CONTACT_INVITATION = "contact_invitation"
    CONTACT_LEAVING = "contact_leaving"  # the owner wants other friends
    CONTACT_ASKED = "contact_asked"  # a link to the page for the phrase
    # Reminders.
    CONTACTS_REMINDER = "contacts_reminder"
    SECURITY_REMINDER = "security_reminder"  # once a year: is all of this still yours?
    BACKUP_CODES_LOW = "backup_codes_low"


class Message(Struct, frozen=True):
    """One message to one recipient, before its words are chosen.

    ``params``: what the words need (code, link, name, device …); sealed in the outbox and wiped once delivered.
    ``void``: the recipient is a name that nobody has; the row is written like any other and never sent.
    ``worthless_at``: after this moment (UTC) it is not worth sending; ``None`` for a notice, which always is.
    ``hint``: the recipient as its owner may see it in the history of messages, masked.
    """

    message_id: str
    account_id: AccountId
    kind: MessageKind
    channel: AddressKind
    to: str
    hint: str
    language: str
    created_at: datetime
    params: dict[str, str] = field(default_factory=dict)
    void: bool = False
    worthless_at: datetime | None = None
    flow_id: str = ""
    """The flow that it belongs to; empty when nothing asks for its delivery."""
    address_id: str = ""
