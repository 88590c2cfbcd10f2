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
}
"""What each kind of message was about."""
