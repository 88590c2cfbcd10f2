"""The sensitive actions: everything that the policy guards.

An action is a name. The standard ones are listed here and each has one file in ``policy/standard``; a site may add own
actions (``link_card``) by putting a file of that name into its policy folder.
"""

from enum import StrEnum, unique
from typing import NewType

ActionName = NewType("ActionName", str)
"""Lower-case words joined by underscores; at most 40 characters."""


@unique
class Action(StrEnum):
    """The standard actions of the mission."""

    # In and out.
    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    RECOVER = "recover"
    APPROVE_SIGN_IN = "approve_sign_in"
    # Password and details.
    CHANGE_PASSWORD = "change_password"
    CHANGE_DETAILS = "change_details"
    # Addresses.
    ADD_ADDRESS = "add_address"
    REMOVE_ADDRESS = "remove_address"
    SET_MAIN_ADDRESS = "set_main_address"
    # Factors.
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    REPORT_STOLEN = "report_stolen"
    RENEW_BACKUP_CODES = "renew_backup_codes"
    REMEMBER_DEVICE = "remember_device"
    LINK_SOCIAL = "link_social"
    UNLINK_SOCIAL = "unlink_social"
    CHANGE_CONTACTS = "change_contacts"
    SET_SECRET_ANSWER = "set_secret_answer"
    # Sessions.
    END_SESSIONS = "end_sessions"
    # A robbed account.
    FREEZE = "freeze"
    THAW = "thaw"
    UNDO = "undo"
    OBJECT = "object"
    CANCEL_RECOVERY = "cancel_recovery"
    BIND_AFTER_CASE = "bind_after_case"
    # Support.
    WORK_ON_CASES = "work_on_cases"
    # The end.
    CLOSE_ACCOUNT = "close_account"
    STOP_CLOSING = "stop_closing"
    DOWNLOAD_DATA = "download_data"
    # Payments.
    CONFIRM_PAYMENT = "confirm_payment"
    SET_PAYMENT_PIN = "set_payment_pin"
    CHANGE_PAYMENT_PIN = "change_payment_pin"
    RECOVER_PAYMENT_PIN = "recover_payment_pin"


def is_own(action: str) -> bool:
    """Whether it is an action of the site's own: what it is good for is decided there (``domain/confirmations.py``)."""
    return action not in tuple(Action)


DEFENDS = frozenset(
    {
        Action.CHANGE_PASSWORD,
        Action.END_SESSIONS,
        Action.REMOVE_ADDRESS,
        Action.REMOVE_FACTOR,
        Action.REPORT_STOLEN,
        Action.UNLINK_SOCIAL,
        Action.UNDO,
        Action.OBJECT,
        Action.CANCEL_RECOVERY,
        Action.STOP_CLOSING,
    }
)
"""With these an owner stops somebody who is in the account as well, so no limit on them is shared (D2)."""

RECOVERIES = frozenset({Action.RECOVER, Action.BIND_AFTER_CASE})
"""They end with a new password, and may wait."""
