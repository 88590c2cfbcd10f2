"""Signing in, by password, passkey or message, and out."""

import json
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.challenges.webauthn import Assertion
from sparekey.domain.actions import Action
from sparekey.domain.errors import Busy, HumanNeeded, InvalidInput, NotProven, TooManyTries
from sparekey.domain.factors import FactorKind
from sparekey.domain.values import replace
from sparekey.use_cases.sign_in import sign_in
from sparekey.use_cases.sign_in_passkey import passkey_options, sign_in_passkey
from sparekey.use_cases.sign_out import sign_out
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_sign_in import signs_in_by, start_sign_in
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, person_first, with_check, wrong, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form, key_answer
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit, local_path

MANY: Final = 3
"""After so many failures the page leads to recovery and to a mailed link (I1). The browser counts them itself: it is a help, no defence."""

LEFT_BEHIND: Final = '"cache"'
"""What the browser drops at signing out (Clear-Site-Data; ASVS 14.3.1), pages behind the back button among it. Not the cookies, which say
that the device is known, and not the storage: a phone that approves keeps its key there."""


async def _form(visit: Visit) -> Response:
    values = {"next": local_path(visit.request.query_params.get("next", "/account")), "failures": "0"}
    if not visit.came.ended:
        return await _page(visit, FormView(values), many_failures=False)
    _ = visit.words.gettext
    said = _(
        "You were signed out. That happens after a long time without use, when this device is signed out from another one, when the "
        "password is changed, or to protect your account. Sign in again to go on."
    )
    response = await _page(visit, FormView(values, notice=said), many_failures=False)
    visit.door.cookies.clear(response, "session")  # said once, and to nobody without it
    return response


async def _sign_in(visit: Visit, form: Form) -> Response:
    if not form["password"]:
        return await _again(visit, form, wrong(visit, form, "password", "password_missing"), 422)
    try:
        standing = await sign_in(visit.services, visit.client, form["identifier"], form["password"])
    except InvalidInput as e:
        return await _again(visit, form, wrong_input(visit, form, e), 422)
    except NotProven:
        _ = visit.words.gettext
        said = _("This name and password do not go together. Check both, Caps Lock, and the keyboard layout.")
        return await _again(visit, form, FormView(form.kept, (Problem("", said),)), 422, failed=True)
    except HumanNeeded:
        return await _again(visit, form, person_first(visit, form, Action.SIGN_IN), 428)
    except (TooManyTries, Busy) as e:
        again = held_back(visit, form, e)
        return await _again(visit, form, again, shown(e).status, failed=isinstance(e, TooManyTries), retry_after=e.retry_after)
    return _on(visit, form, standing)


async def _passkey(visit: Visit, form: Form) -> Response:
    try:
        return _on(visit, form, await sign_in_passkey(visit.services, visit.client, key_answer(form, Assertion), visit.client.holder))
    except (InvalidInput, NotProven):
        return await _again(visit, form, wrong(visit, form, "", "passkey_refused"), 422)
    except TooManyTries as e:
        return await _again(visit, form, held_back(visit, form, e), 429, retry_after=e.retry_after)


async def _mail_link(visit: Visit, form: Form) -> Response:
    return await _by_message(visit, form, FactorKind.EMAIL)


async def _text_code(visit: Visit, form: Form) -> Response:
    return await _by_message(visit, form, FactorKind.SMS)


async def _by_message(visit: Visit, form: Form, kind: FactorKind) -> Response:
    try:
        return _on(visit, form, await start_sign_in(visit.services, visit.client, form["identifier"], kind))
    except InvalidInput as e:
        return await _again(visit, form, wrong_input(visit, form, e), 422)
    except HumanNeeded:
        return await _again(visit, form, person_first(visit, form, Action.SIGN_IN), 428)
    except TooManyTries as e:
        return await _again(visit, form, held_back(visit, form, e), 429, retry_after=e.retry_after)


async def _sign_out(visit: Visit, form: Form) -> Response:
    if visit.who is not None:
        await sign_out(visit.services, visit.client, visit.who.session)
    response = visit.go(local_path(form["back"]) if form["back"] else "/signed-out")
    visit.door.cookies.clear(response, "session")
    response.headers["clear-site-data"] = LEFT_BEHIND
    return response


async def _signed_out(visit: Visit) -> Response:
    return visit.show("signed_out.html")


def _on(visit: Visit, form: Form, standing: Standing) -> Response:
    return go_on(visit, standing, next_page=local_path(form["next"]) if form["next"] else "")


async def _again(visit: Visit, form: Form, again: FormView, status: int, *, failed: bool = False, retry_after: int = 0) -> Response:
    before = int(form["failures"]) if form["failures"] in {"1", "2", "3"} else 0
    failures = min(before + failed, MANY)
    again = replace(again, values={**again.values, "failures": str(failures)})
    many = failures >= MANY or retry_after > 0
    return await _page(visit, again, many_failures=many, status=status, retry_after=retry_after)


async def _page(visit: Visit, form: FormView, *, many_failures: bool, status: int = 200, retry_after: int = 0) -> Response:
    form = await with_check(visit, form, Action.SIGN_IN, "sign_in.network")
    options = json.dumps(passkey_options(visit.services, visit.client.holder))
    return visit.show(
        "sign_in.html",
        status=status,
        retry_after=retry_after,
        form=form,
        many_failures=many_failures,
        passkey_options=options,
        by_mail=signs_in_by(visit.services, FactorKind.EMAIL),
        by_text=signs_in_by(visit.services, FactorKind.SMS),
        qr_offered=visit.services.policy.actions[Action.APPROVE_SIGN_IN].offered,
    )


ROUTES = [
    Route("/sign-in", page(_form), methods=["GET"]),
    Route("/sign-in", action(_sign_in, "identifier", "password"), methods=["POST"]),
    Route("/sign-in/passkey", action(_passkey, "answer"), methods=["POST"]),
    Route("/sign-in/link", action(_mail_link, "identifier"), methods=["POST"]),
    Route("/sign-in/text", action(_text_code, "identifier"), methods=["POST"]),
    Route("/sign-out", action(_sign_out), methods=["POST"]),
    Route("/signed-out", page(_signed_out), methods=["GET"]),
]
