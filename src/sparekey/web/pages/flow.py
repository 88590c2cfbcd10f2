"""The one page of any flow, and what can be done on it."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sparekey.challenges import backup_code
from sparekey.challenges.webauthn import Registration
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, FlowOver, InvalidInput, StaleFlow, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.state import State
from sparekey.domain.values import replace
from sparekey.use_cases.end_flow import leave_flow, nothing_more
from sparekey.use_cases.enrol_key import enrol_key
from sparekey.use_cases.enrol_totp import enrol_totp
from sparekey.use_cases.finish_flow import finish_sign_up, finish_with_password
from sparekey.use_cases.finish_report import finish_report
from sparekey.use_cases.keep_backup_codes import keep_backup_codes
from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.standing import Standing
from sparekey.web.pages.endpoints import action, page, wrong
from sparekey.web.pages.flow_step import SHOWN_BY_THE_FLOW, do_step, flow_id_of, show_again
from sparekey.web.pages.flow_view import flow_page, go_on, over_page
from sparekey.web.pages.forms import Form, key_answer
from sparekey.web.pages.kinds import row_of
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

LOST: Final = "lost_"
"""Before the id of a factor, in the name of its box."""


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


NOTICES: Final[Mapping[str, str]] = {
    "provider_silent": N_("The other site does not answer at the moment. Nothing was changed. Try again in a minute, or take another way."),
    "provider_refused": N_("The other site did not confirm that it is you. Nothing was changed. Try again, or take another way."),
    "provider_stopped": N_("You stopped at the other site. Nothing was changed. Go there again, or take another way."),
    "social_not_yours": N_("The account that you came back with is not linked to this one. Take the one that you linked, or another way."),
    "again": N_("Show here what you have shown in the other browser. Then your recovery goes on here, and no waiting time begins anew."),
}
"""What went wrong on the way to another site and back; and what to do after a mail was opened in another browser."""


async def _show(visit: Visit) -> Response:
    try:
        standing = await show_flow(visit.services, visit.client, flow_id_of(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    form = FormView(notice=_notice(visit))
    return flow_page(visit, standing, way=visit.request.query_params.get("way", ""), form=form)


async def _back(visit: Visit) -> Response:
    """Whoever loads the address of a form again, or comes by the back button, is led to the page."""
    return visit.go(f"/flow/{flow_id_of(visit)}")


async def _answer(visit: Visit, form: Form) -> Response:
    row = row_of(form["kind"] or FactorKind.EMAIL)
    if row is None or row.judge is None:
        return visit.go(f"/flow/{flow_id_of(visit)}")
    if not form["answer"]:
        return await show_again(visit, form, wrong(visit, form, "answer", row.missing), 422)
    judge = row.judge
    return await do_step(visit, form, lambda: judge(visit.services, visit.client, flow_id_of(visit), form))


async def _new_totp(visit: Visit, form: Form) -> Response:
    if not form["answer"]:
        return await show_again(visit, form, wrong(visit, form, "answer", "totp_missing"), 422)
    return await do_step(visit, form, lambda: enrol_totp(visit.services, visit.client, flow_id_of(visit), form["answer"]))


async def _keep_codes(visit: Visit, form: Form) -> Response:
    if not form["answer"]:
        return await show_again(visit, form, wrong(visit, form, "answer", "backup_code_missing"), 422)
    return await do_step(visit, form, lambda: keep_backup_codes(visit.services, visit.client, flow_id_of(visit), form["answer"]))


async def _codes_file(visit: Visit) -> Response:
    """The backup codes that are being shown, as a file to keep."""
    standing = await show_flow(visit.services, visit.client, flow_id_of(visit))
    if not standing.new_codes:
        return visit.go(f"/flow/{flow_id_of(visit)}")
    _ = visit.words.gettext
    head = _("Backup codes for %(site)s") % {"site": visit.services.site.name}
    lines = [f"{number:>2}  {backup_code.printed(code)}" for number, code in enumerate(standing.new_codes, 1)]
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="backup-codes.txt"'}
    return PlainTextResponse(
        "\r\n".join([head, "", *lines, "", _("Each works once. Keep them where no thief looks."), ""]), headers=headers
    )


async def _stolen(visit: Visit, form: Form) -> Response:
    return await do_step(visit, form, lambda: finish_report(visit.services, visit.client, flow_id_of(visit), form["factor"]))


async def _new_key(visit: Visit, form: Form) -> Response:
    return await do_step(visit, form, lambda: enrol_key(visit.services, visit.client, flow_id_of(visit), key_answer(form, Registration)))


async def _send(visit: Visit, form: Form) -> Response:
    row = row_of(form["kind"])
    if row is None or row.ask is None:
        return visit.go(f"/flow/{flow_id_of(visit)}")
    ask, kind = row.ask, FactorKind(form["kind"])
    return await do_step(visit, form, lambda: ask(visit.services, visit.client, flow_id_of(visit), kind), kind)


async def _nothing_more(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the shape of an action
    """Before the first proof the answer is only said, not stored, so it is shown at once and not after a redirect."""
    try:
        standing = await nothing_more(visit.services, visit.client, flow_id_of(visit))
        return go_on(visit, standing) if standing.flow.proofs or standing.flow.state is State.DONE else flow_page(visit, standing)
    except FlowOver as e:
        return visit.go(f"/flow/{flow_id_of(visit)}") if e.reason in SHOWN_BY_THE_FLOW else over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        return visit.go(f"/flow/{flow_id_of(visit)}")


async def _leave(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the shape of an action
    try:
        left = await leave_flow(visit.services, visit.client, flow_id_of(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    # What a shop asked is not answered yet: it can still be refused.
    return visit.go(f"/confirm/{left.wants.confirmation_id}" if left.wants.confirmation_id else "/")


async def _finish(visit: Visit, form: Form) -> Response:
    """The new password, typed twice; or, for a sign-up whose link was opened elsewhere, its password or a new one with a name."""
    password = form["password"]
    if not password:
        return await show_again(visit, form, wrong(visit, form, "password", "password_missing"), 422)
    if "password_again" in form.fields and form["password_again"] != password:
        return await show_again(visit, form, wrong(visit, form, "password_again", "passwords_differ"), 422)

    async def step() -> Standing:
        standing = await show_flow(visit.services, visit.client, flow_id_of(visit))
        if standing.flow.action != Action.SIGN_UP:
            lost = [name.removeprefix(LOST) for name in form.fields if name.startswith(LOST)]
            return await _with_new_password(visit, password, lost)
        if "name" in form.fields and not form["name"].strip():
            raise InvalidInput(FieldProblem("name", "name_missing"))
        return await finish_sign_up(visit.services, visit.client, flow_id_of(visit), password=password, name=form["name"])

    return await do_step(visit, form, step)


async def _with_new_password(visit: Visit, password: str, lost: Sequence[str]) -> Standing:
    """Raises what ``finish_with_password`` does; what is wrong is said of the field as this page calls it."""
    try:
        return await finish_with_password(visit.services, visit.client, flow_id_of(visit), password, lost)
    except InvalidInput as e:
        raise InvalidInput(*(replace(p, field="password") for p in e.problems)) from e


def _notice(visit: Visit) -> str:
    _ = visit.words.gettext
    asked = visit.request.query_params
    if asked.get("held"):
        return _("Several messages went to this address in a short time, so no new one was sent. Those sent before are still good.")
    if asked.get("why", "") in NOTICES:
        return _(NOTICES[asked["why"]])
    if asked.get("why") == "short":
        return _(
            "Your password was right, but this site asks for a longer one by now, because it may be all that protects your account. "
            "Choose a new one, then sign in with it."
        )
    if asked.get("why") == "breached":
        return _(
            "Your password was right, but it is known from a data theft at some other site, and thieves try such ones first. "
            "Choose a new one, then sign in with it."
        )
    return ""


ROUTES = [
    Route("/flow/{flow_id}", page(_show), methods=["GET"]),
    Route("/flow/{flow_id}/codes.txt", page(_codes_file), methods=["GET"]),
    Route("/flow/{flow_id}/{step}", page(_back), methods=["GET"]),
    Route("/flow/{flow_id}/answer", action(_answer, "answer"), methods=["POST"]),
    Route("/flow/{flow_id}/new-totp", action(_new_totp, "answer"), methods=["POST"]),
    Route("/flow/{flow_id}/keep-codes", action(_keep_codes, "answer"), methods=["POST"]),
    Route("/flow/{flow_id}/stolen", action(_stolen, "factor"), methods=["POST"]),
    Route("/flow/{flow_id}/new-key", action(_new_key, "answer"), methods=["POST"]),
    Route("/flow/{flow_id}/send", action(_send, "kind"), methods=["POST"]),
    Route("/flow/{flow_id}/nothing-more", action(_nothing_more), methods=["POST"]),
    Route("/flow/{flow_id}/finish", action(_finish, "password"), methods=["POST"]),
    Route("/flow/{flow_id}/leave", action(_leave), methods=["POST"]),
]
