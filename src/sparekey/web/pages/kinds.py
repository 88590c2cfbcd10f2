"""How each kind of proof is asked for: one row a kind. The page of a flow, its forms and the list of other ways look into this table."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sparekey.challenges.webauthn import Assertion
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.values import Struct
from sparekey.use_cases.answer_approval import answer_approval
from sparekey.use_cases.answer_backup_code import answer_backup_code
from sparekey.use_cases.answer_code import answer_code
from sparekey.use_cases.answer_contacts import answer_contacts
from sparekey.use_cases.answer_key import answer_key
from sparekey.use_cases.answer_password import answer_password
from sparekey.use_cases.answer_remembered import answer_remembered
from sparekey.use_cases.answer_totp import answer_totp
from sparekey.use_cases.ask_contacts import ask_contacts
from sparekey.use_cases.ask_for_key import ask_for_key
from sparekey.use_cases.ask_phone import ask_phone
from sparekey.use_cases.send_code import send_code
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.web.pages.forms import Form, key_answer

Judge = Callable[[Services, Client, str, Form], Awaitable[Standing]]
"""Judges what was given for a flow (its id), as it arrived in the form."""

Asker = Callable[[Services, Client, str, FactorKind], Awaitable[Standing]]
"""Sends or makes what must be there before an answer can be given."""


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


def _typed(judge: Callable[[Services, Client, str, str], Awaitable[Standing]]) -> Judge:
    return lambda services, client, flow_id, form: judge(services, client, flow_id, form["answer"])


def _key(services: Services, client: Client, flow_id: str, form: Form) -> Awaitable[Standing]:
    return answer_key(services, client, flow_id, key_answer(form, Assertion))


def _was_sent(kind: FactorKind) -> Callable[[Standing], bool]:
    return lambda standing: kind in standing.sent_by


def _key_asked(kind: FactorKind) -> Callable[[Standing], bool]:
    return lambda standing: standing.flow.ceremony is not None and standing.flow.ceremony.kind is kind


class Row(Struct, frozen=True):
    """``template``: the page that asks. ``judge``: what its form is given to; ``None`` where the answer comes another way.

    ``wrong``: the sentence for an answer that is not right. ``missing``: the reason for an empty one.
    ``ask``: what must be done before the page can be shown, by a button; ``None`` where nothing must. ``asked``: whether it was.
    ``again``: it must be done anew each time that the way is chosen.
    ``enrols``: the page that adds a factor of this kind, once that is allowed.
    """

    template: str
    judge: Judge | None = None
    wrong: str = ""
    missing: str = "code_missing"
    ask: Asker | None = None
    asked: Callable[[Standing], bool] = lambda _: True
    again: bool = False
    enrols: str = ""


_WRONG_MESSAGE: Final = N_("This code is not right, or it is too old. Look for the newest message, or ask for a new code.")
_WRONG_KEY: Final = N_("This key was not accepted here. Is it the one that you added to this account? Try again, or go another way.")

KINDS: Final[Mapping[FactorKind, Row]] = {
    FactorKind.PASSWORD: Row(
        "flow_password.html",
        _typed(answer_password),
        N_("This password is not right. Is Caps Lock on, or another keyboard layout?"),
        missing="password_missing",
    ),
    FactorKind.EMAIL: Row("flow_code.html", _typed(answer_code), _WRONG_MESSAGE, ask=send_code, asked=_was_sent(FactorKind.EMAIL)),
    FactorKind.SMS: Row("flow_code.html", _typed(answer_code), _WRONG_MESSAGE, ask=send_code, asked=_was_sent(FactorKind.SMS)),
    FactorKind.SOCIAL: Row("flow_social.html"),
    FactorKind.REMEMBERED_DEVICE: Row(
        "flow_remembered.html",
        lambda services, client, flow_id, _: answer_remembered(services, client, flow_id),
        N_("This browser is not remembered for this account, or no longer. Please go another way."),
    ),
    FactorKind.TOTP: Row(
        "flow_totp.html",
        _typed(answer_totp),
        N_(
            "This code is not right. Each code works once, for 30 seconds: wait for the next one, and type it while it is shown. "
            "Is the clock of your phone right?"
        ),
        missing="totp_missing",
        enrols="flow_new_totp.html",
    ),
    FactorKind.BACKUP_CODE: Row(
        "flow_backup_code.html",
        _typed(answer_backup_code),
        N_("This code is not right, or it was used before. Each code works once: try another one from your list."),
        missing="backup_code_missing",
    ),
    FactorKind.CONTACTS: Row(
        "flow_friends.html",
        lambda services, client, flow_id, _: answer_contacts(services, client, flow_id),
        N_("Not enough of your friends have typed the words so far. Call them, and try again when they have."),
        ask=lambda services, client, flow_id, _: ask_contacts(services, client, flow_id),
        asked=lambda standing: standing.friends is not None,
    ),
    FactorKind.PHONE_APPROVAL: Row(
        "flow_phone.html",
        lambda services, client, flow_id, _: answer_approval(services, client, flow_id),
        N_("Your phone has not said yes so far. Type the number there, then press the button here."),
        ask=lambda services, client, flow_id, _: ask_phone(services, client, flow_id),
        asked=lambda standing: standing.prompt is not None,
        enrols="flow_new_phone.html",
    ),
    FactorKind.PASSKEY: Row(
        "flow_key.html",
        _key,
        _WRONG_KEY,
        ask=ask_for_key,
        asked=_key_asked(FactorKind.PASSKEY),
        again=True,
        enrols="flow_new_key.html",
    ),
    FactorKind.SECURITY_KEY: Row(
        "flow_key.html",
        _key,
        _WRONG_KEY,
        ask=ask_for_key,
        asked=_key_asked(FactorKind.SECURITY_KEY),
        again=True,
        enrols="flow_new_key.html",
    ),
}


def row_of(kind: str) -> Row | None:
    """The row of a kind that came in a form or an address; ``None`` for what is no kind that can be asked for."""
    return next((row for known, row in KINDS.items() if known == kind), None)


def template_of(kind: FactorKind, standing: Standing) -> str:
    """The page that asks for a kind. A mail that begins a sign-in has a page of its own: it holds a link, too."""
    begins = standing.flow.action == Action.SIGN_IN and not any(not p.enrolling for p in standing.flow.proofs)
    return "flow_mailed.html" if kind is FactorKind.EMAIL and begins else KINDS[kind].template
