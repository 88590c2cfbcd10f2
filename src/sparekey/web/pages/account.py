"""The pages of the own account. Everything that changes it goes through a flow, which asks for a fresh proof where it needs one."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import Busy, InvalidInput, NotProven, TooManyTries
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.messages.reasons import sentence
from sparekey.use_cases.answer_password import answer_password
from sparekey.use_cases.finish_flow import finish_with_password
from sparekey.use_cases.read_account import AddressSeen, Details, read_activity, read_details, read_messages, read_remembered, read_sessions
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.api.flows import details_wanted
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong, wrong_input
from sparekey.web.pages.flow_view import flow_page, go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.history_words import EVENTS, MESSAGES
from sparekey.web.pages.problems import wait_words
from sparekey.web.pages.views import AccountView, EventView, FormView, MessageView, Problem
from sparekey.web.pages.visit import Visit

DONE: Final = frozenset({"saved", "password", "ended", "forgotten", "kept"})
"""What may just have been done; the sentences are in ``account_base.html``."""


async def _overview(visit: Visit) -> Response:
    return await _about(visit, "account_home.html", "/account")


async def _security(visit: Visit) -> Response:
    return await _about(visit, "account_security.html", "/account/security")


async def _about(visit: Visit, template: str, section: str) -> Response:
    session = visit.member().session
    found = await read_details(visit.services, session)
    emails = _emails(found)
    account = AccountView(
        name=found.name,
        main_email=next((a.value for a in emails if a.main), ""),
        password_set_at=found.password_set_at,
        devices=len(await read_sessions(visit.services, session)),
        advice="second_email" if len(emails) == 1 else "",
    )
    return visit.show(template, section=section, done=_done(visit), account=account)


# ---------------------------------------------------------------- details


async def _details(visit: Visit) -> Response:
    found = await read_details(visit.services, visit.member().session)
    form = FormView({"name": found.name, "user_name": found.user_name, "language": found.language})
    return await _details_page(visit, form)


async def _save_details(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        wants = details_wanted(visit.services, form["name"], form["language"], form["user_name"])
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.CHANGE_DETAILS, wants))
    except InvalidInput as e:
        return await _details_page(visit, wrong_input(visit, form, e), 422)
    except TooManyTries as e:
        if e.reason != "user_names_used_up":
            raise
        said = f"{sentence(visit.words, e.reason)} {wait_words(visit.words, e.retry_after)}"
        return await _details_page(visit, FormView(form.kept, (Problem("user_name", said),)), 429, e.retry_after)


async def _details_page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    emails = _emails(await read_details(visit.services, visit.member().session))
    return visit.show(
        "account_details.html",
        status=status,
        retry_after=retry_after,
        section="/account/details",
        done=_done(visit),
        addresses=emails,
        form=form,
    )


def _emails(found: Details) -> list[AddressSeen]:
    return [a for a in found.addresses if a.kind == "email"]


# ---------------------------------------------------------------- password


async def _password(visit: Visit) -> Response:
    if (await read_details(visit.services, visit.member().session)).password_set_at is None:
        return visit.show("account_first_password.html", section="/account/security", done="")
    return _password_page(visit, FormView())


async def _change_password(visit: Visit, form: Form) -> Response:
    """One form for the whole flow: the current password proves, the new one finishes."""
    visit.member()
    services, client, new = visit.services, visit.client, form["new_password"]
    if not form["current_password"]:
        return _password_page(visit, wrong(visit, form, "current_password", "password_missing"), 422)
    if not new:
        return _password_page(visit, wrong(visit, form, "new_password", "password_missing"), 422)
    if new != form["new_password_again"]:
        return _password_page(visit, wrong(visit, form, "new_password_again", "passwords_differ"), 422)
    standing = await start_guarded(services, client, Action.CHANGE_PASSWORD, Wants())
    try:
        if standing.flow.state is State.ASKING:
            standing = await answer_password(services, client, standing.flow.flow_id, form["current_password"])
        if standing.flow.state is not State.ALLOWED:
            return go_on(visit, standing)
        return go_on(visit, await finish_with_password(services, client, standing.flow.flow_id, new))
    except NotProven:
        _ = visit.words.gettext
        said = _("This is not your current password. Is Caps Lock on, or another keyboard layout?")
        return _password_page(visit, FormView(problems=(Problem("current_password", said),)), 422)
    except InvalidInput as e:
        # The current password was right: it need not be typed again.
        said_of = tuple(Problem("password", p.message) for p in wrong_input(visit, form, e).problems)
        return flow_page(visit, standing, form=FormView(problems=said_of), status=422)
    except (TooManyTries, Busy) as e:
        return _password_page(visit, held_back(visit, form, e), shown(e).status, e.retry_after)


def _password_page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    return visit.show(
        "account_password.html",
        status=status,
        retry_after=retry_after,
        section="/account/security",
        done="",
        form=form,
        username=visit.member().email,
    )


# ---------------------------------------------------------------- devices, activity, messages


async def _devices(visit: Visit) -> Response:
    session = visit.member().session
    devices, kept = await read_sessions(visit.services, session), await read_remembered(visit.services, session)
    return visit.show("account_devices.html", section="/account/devices", done=_done(visit), devices=devices, remembered=kept)


async def _end_one(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    wants = Wants(session_id=visit.request.path_params["session_id"])
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.END_SESSIONS, wants))


async def _forget(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    wants = Wants(factor_id=visit.request.path_params["factor_id"])
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.END_SESSIONS, wants))


async def _end_others(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.END_SESSIONS, Wants()))


async def _activity(visit: Visit) -> Response:
    found = await read_activity(visit.services, visit.member().session)
    events = [
        EventView(visit.words.gettext(EVENTS[Event(e.name)]), ", ".join(part for part in (e.device, e.place) if part), e.at) for e in found
    ]
    return visit.show("account_activity.html", section="/account/activity", done="", events=events)


async def _messages(visit: Visit) -> Response:
    found = await read_messages(visit.services, visit.member().session)
    sent = [MessageView(visit.words.gettext(MESSAGES[m.kind]), m.hint, m.state, m.created_at) for m in found]
    return visit.show("account_messages.html", section="/account/messages", done="", messages=sent)


def _done(visit: Visit) -> str:
    done = visit.request.query_params.get("done", "")
    return done if done in DONE else ""


ROUTES = [
    Route("/account", page(_overview), methods=["GET"]),
    Route("/account/details", page(_details), methods=["GET"]),
    Route("/account/details", action(_save_details, "name", "language"), methods=["POST"]),
    Route("/account/security", page(_security), methods=["GET"]),
    Route("/account/security/password", page(_password), methods=["GET"]),
    Route(
        "/account/security/password", action(_change_password, "current_password", "new_password", "new_password_again"), methods=["POST"]
    ),
    Route("/account/devices", page(_devices), methods=["GET"]),
    Route("/account/devices/{session_id}/end", action(_end_one), methods=["POST"]),
    Route("/account/devices/remembered/{factor_id}/forget", action(_forget), methods=["POST"]),
    Route("/account/devices/end-others", action(_end_others), methods=["POST"]),
    Route("/account/activity", page(_activity), methods=["GET"]),
    Route("/account/messages", page(_messages), methods=["GET"]),
]
