"""What the audit log and the outbox know, in words for the owner (I9)."""

from collections.abc import Mapping
from typing import Final

from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


EVENTS: Final[Mapping[Event, str]] = {
    Event.CREATED: N_("The account was made"),
    Event.SIGNED_IN: N_("Signed in"),
    Event.SIGN_IN_FAILED: N_("Somebody tried to sign in with a wrong password"),
    Event.SIGN_IN_CLOSED: N_("After many wrong passwords, unknown devices could not sign in with the password until the next day"),
    Event.SIGNED_OUT: N_("A device was signed out"),
    Event.SESSIONS_ENDED: N_("All other devices were signed out"),
    Event.RECOVERY_STARTED: N_("Somebody asked to get back in with “Forgot password”"),
    Event.RECOVERED: N_("A new password was chosen with “Forgot password”"),
    Event.PASSWORD_CHANGED: N_("The password was changed"),
    Event.ADDRESS_ADDED: N_("An e-mail address was added"),
    Event.ADDRESS_REMOVED: N_("An e-mail address was removed"),
    Event.MAIN_ADDRESS_CHANGED: N_("Another e-mail address became the main one"),
    Event.DETAILS_CHANGED: N_("Name, user name or language was changed"),
    Event.FACTOR_ADDED: N_("A way to verify was added"),
    Event.FACTOR_REMOVED: N_("A way to verify was removed"),
    Event.FACTOR_STOLEN: N_("A way to verify was reported stolen"),
    Event.BACKUP_CODES_MADE: N_("New backup codes were made"),
    Event.BACKUP_CODE_USED: N_("A backup code was used"),
    Event.SOCIAL_LINKED: N_("An account elsewhere was linked"),
    Event.SOCIAL_UNLINKED: N_("A linked account elsewhere was removed"),
    Event.DEVICE_REMEMBERED: N_("A device was remembered for 30 days"),
    Event.DEVICE_FORGOTTEN: N_("A device is no longer remembered"),
    Event.SECOND_FACTOR_REQUIRED: N_("The site began to ask for a second step at your sign-ins"),
    Event.SECOND_FACTOR_NOT_REQUIRED: N_("The site no longer asks for a second step at your sign-ins"),
    Event.SIGN_IN_APPROVED: N_("The sign-in of another device was approved with a QR code"),
    Event.NUMBER_MOVED: N_("A number left the account, because someone else has it now"),
    Event.ADDRESS_BOUNCED: N_("Messages to an address or number no longer arrive"),
    Event.PROMPT_REFUSED: N_("A question on the enrolled phone was answered with “This is not me”"),
    Event.DISOWNED: N_("Somebody said that they had not asked for a code"),
    Event.WAIT_BEGUN: N_("A recovery began to wait"),
    Event.WAIT_OVER: N_("The wait of a recovery was over"),
    Event.RECOVERY_CANCELLED: N_("A recovery was stopped"),
    Event.RECOVERY_OBJECTED: N_("Somebody objected to a recovery"),
    Event.FROZEN: N_("The account was frozen"),
    Event.THAWED: N_("The account was opened again"),
    Event.AGENT_PLACED: N_("The account may work on support cases"),
    Event.AGENT_REMOVED: N_("The account no longer works on support cases"),
}
"""One sentence for each of ``domain.audit.FOR_OWNER``."""

MESSAGES: Final[Mapping[MessageKind, str]] = {
    MessageKind.SIGN_UP_CODE: N_("Code to confirm your address"),
    MessageKind.RECOVERY_CODE: N_("Code to get back in"),
    MessageKind.SIGN_IN_LINK: N_("Link to sign in"),
    MessageKind.ADDRESS_CODE: N_("Code to confirm a new address"),
    MessageKind.SIGN_UP_TAKEN: N_("Somebody tried to sign up with your address"),
    MessageKind.RECOVERY_UNSETTLED: N_("This address is too new to get back in with"),
    MessageKind.ADDRESS_TAKEN: N_("Somebody tried to add your address to another account"),
    MessageKind.WELCOME: N_("Welcome"),
    MessageKind.PASSWORD_CHANGED: N_("The password was changed"),
    MessageKind.PASSWORD_RECOVERED: N_("A new password was chosen with “Forgot password”"),
    MessageKind.ADDRESS_ADDED: N_("An e-mail address was added"),
    MessageKind.ADDRESS_REMOVED: N_("An e-mail address was removed"),
    MessageKind.ADDRESS_LEFT: N_("Your address was removed from an account"),
    MessageKind.MAIN_ADDRESS_CHANGED: N_("Another e-mail address became the main one"),
    MessageKind.DETAILS_CHANGED: N_("Name, user name or language was changed"),
    MessageKind.NEW_DEVICE: N_("Sign-in on a new device"),
    MessageKind.SESSIONS_ENDED: N_("All other devices were signed out"),
    MessageKind.SIGN_IN_CODE: N_("Code to sign in"),
    MessageKind.PROOF_CODE: N_("Code to show that it is you"),
    MessageKind.PHONE_CODE: N_("Code to confirm a new number"),
    MessageKind.NUMBER_LEAVING: N_("Somebody has shown a number of yours as theirs"),
    MessageKind.FACTOR_ADDED: N_("A way to verify was added"),
    MessageKind.FACTOR_REMOVED: N_("A way to verify was removed"),
    MessageKind.FACTOR_STOLEN: N_("A way to verify was reported stolen"),
    MessageKind.BACKUP_CODES_MADE: N_("New backup codes were made"),
    MessageKind.BACKUP_CODE_USED: N_("A backup code was used"),
    MessageKind.SOCIAL_LINKED: N_("An account elsewhere was linked"),
    MessageKind.SOCIAL_UNLINKED: N_("A linked account elsewhere was removed"),
    MessageKind.NUMBER_MOVED: N_("A number left the account, because someone else has it now"),
    MessageKind.RECOVERY_WAITING: N_("Somebody is getting back in after a wait"),
    MessageKind.RECOVERY_STATUS: N_("Where your recovery stands"),
    MessageKind.RECOVERY_READY: N_("Your account can be opened now"),
    MessageKind.RECOVERY_CANCELLED: N_("A recovery was stopped"),
    MessageKind.RECOVERY_OBJECTED: N_("Somebody objected to a recovery"),
    MessageKind.ACCOUNT_FROZEN: N_("The account was frozen"),
    MessageKind.ACCOUNT_THAWED: N_("The account was opened again"),
    MessageKind.AGENT_PLACED: N_("Somebody works on support cases from now on"),
    MessageKind.SECURITY_REMINDER: N_("Yearly reminder to look through your account"),
    MessageKind.BACKUP_CODES_LOW: N_("Only a few backup codes are left"),
}
"""What each kind of message was about."""
