"""Recovery contacts: the owner's list, the page of a friend behind a mailed link, and the secret question where the site has one."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.contacts import MOST, AskKind
from sparekey.domain.errors import BadRequest, FlowOver, InvalidInput, NotProven, TooManyTries, WrongStep
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import FRIEND_PAGE_LASTS
from sparekey.domain.secret_question import Question
from sparekey.use_cases.change_contacts import change_contacts, invite_again, stop_change
from sparekey.use_cases.contact_link import answer_invitation, answer_phrase, look_at_contact_link, refuse_phrase
from sparekey.use_cases.read_contacts import read_contacts
from sparekey.use_cases.secret_answer import read_secret_question, set_secret_answer
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit

CONTACTS: Final = "/account/security/contacts"
QUESTION: Final = "/account/security/secret-question"
SECTION: Final = "/account/security"

LINK: Final = SecretLink("friend", "/friend", lasts=FRIEND_PAGE_LASTS)

DONE: Final = frozenset({"contacts_wait", "contacts_changed", "contacts_stopped", "contacts_invited", "secret_answer"})
"""What may just have been done; the sentences are in ``account_base.html``."""

FRIENDS: Final = range(1, MOST + 1)


# ---------------------------------------------------------------- the owner's list


async def _list(visit: Visit) -> Response:
    return await _list_page(visit, FormView())


async def _list_page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    found = await read_contacts(visit.services, visit.member().session)
    return visit.show(
        "account_contacts.html", status=status, retry_after=retry_after, section=SECTION, done=_done(visit), found=found, form=form
    )


async def _edit(visit: Visit) -> Response:
    found = await read_contacts(visit.services, visit.member().session)
    values = {"needed": "2"}
    if found.holds is not None:
        values["needed"] = str(found.holds.needed)
        for number, contact in enumerate(found.holds.contacts, 1):
            values |= {f"name_{number}": contact.friend.name, f"email_{number}": contact.friend.email}
    return visit.show("account_contacts_edit.html", section=SECTION, done="", form=FormView(values))


async def _change(visit: Visit, form: Form) -> Response:
    visit.member()
    rows = [(form[f"name_{n}"], form[f"email_{n}"]) for n in FRIENDS]
    named = [(name, email) for name, email in rows if name.strip() or email.strip()]
    # Rows left empty go to the end, so that what is wrong stands beside the friend that it is about.
    kept = {k: v for n, (name, email) in enumerate(named, 1) for k, v in ((f"name_{n}", name), (f"email_{n}", email))}
    kept["needed"] = form["needed"]
    needed = int(form["needed"]) if form["needed"].isascii() and form["needed"].isdecimal() and len(form["needed"]) < 3 else 0
    try:
        if not named:
            named = [("", "")]  # none at all is asked for by a button of its own
        meant = form["all_needed"] == "yes"
        return go_on(visit, await change_contacts(visit.services, visit.client, named, needed, all_needed_is_meant=meant))
    except InvalidInput as e:
        said = wrong_input(visit, form, e)
        problems = tuple(Problem("friend_1" if p.field == "friends" else p.field, p.message) for p in said.problems)
        return visit.show("account_contacts_edit.html", status=422, section=SECTION, done="", form=FormView(kept, problems))


async def _none(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        return go_on(visit, await change_contacts(visit.services, visit.client, (), 0))
    except InvalidInput as e:
        return await _list_page(visit, _about_all(visit, form, e), 422)


async def _stop(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        await stop_change(visit.services, visit.client)
    except WrongStep:
        return visit.go(CONTACTS)
    return visit.go(f"{CONTACTS}?done=contacts_stopped")


async def _invite(visit: Visit, form: Form) -> Response:
    try:
        await invite_again(visit.services, visit.client, visit.request.path_params["contact_id"])
    except WrongStep:
        return visit.go(CONTACTS)
    except TooManyTries as e:
        return await _list_page(visit, held_back(visit, form, e), 429, e.retry_after)
    return visit.go(f"{CONTACTS}?done=contacts_invited")


async def _report(visit: Visit, form: Form) -> Response:
    found = await read_contacts(visit.services, visit.member().session)
    try:
        wants = Wants(factor_id=found.factor_id)
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.REPORT_STOLEN, wants))
    except InvalidInput as e:
        return await _list_page(visit, _about_all(visit, form, e), 422)


def _about_all(visit: Visit, form: Form, error: InvalidInput) -> FormView:
    """On a page without fields, what is wrong is about the whole."""
    return FormView(problems=tuple(Problem("", p.message) for p in wrong_input(visit, form, error).problems))


# ---------------------------------------------------------------- the friend's page


async def _look(visit: Visit) -> Response:
    return await _friend_page(visit, FormView())


async def _friend_page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    try:
        seen = await look_at_contact_link(visit.services, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("friend_over.html", status=shown(e).status)
    return visit.show("friend.html", status=status, retry_after=retry_after, seen=seen, form=form)


async def _say(visit: Visit, form: Form) -> Response:
    accept = form["say"] == "yes"
    return await _answer(visit, form, AskKind.INVITATION, "yes" if accept else "no")


async def _phrase(visit: Visit, form: Form) -> Response:
    return await _answer(visit, form, AskKind.PHRASE, "typed")


async def _refuse(visit: Visit, form: Form) -> Response:
    return await _answer(visit, form, AskKind.PHRASE, "refused")


async def _answer(visit: Visit, form: Form, kind: AskKind, said: str) -> Response:
    services, client, token = visit.services, visit.client, LINK.secret(visit)
    try:
        if kind is AskKind.INVITATION:
            await answer_invitation(services, client, token, accept=said == "yes")
        elif said == "typed":
            await answer_phrase(services, client, token, form["phrase"])
        else:
            await refuse_phrase(services, client, token)
    except FlowOver as e:
        return visit.show("friend_over.html", status=shown(e).status)
    except InvalidInput as e:
        return await _friend_page(visit, wrong_input(visit, form, e), 422)
    except NotProven:
        _ = visit.words.gettext
        wrong = _("These are not the words. Let your friend say them once more, slowly. After a few wrong tries the link is dead.")
        return await _friend_page(visit, FormView(problems=(Problem("phrase", wrong),)), 422)
    except TooManyTries as e:
        return await _friend_page(visit, held_back(visit, form, e), 429, e.retry_after)
    response = visit.show("friend_done.html", done=said)
    if said != "yes":
        LINK.forget(visit, response)
    return response


# ---------------------------------------------------------------- the secret question


async def _question(visit: Visit) -> Response:
    found = await read_secret_question(visit.services, visit.member().session)
    return await _question_page(visit, FormView({"question": found.question} if found else {}))


async def _question_page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    session = visit.member().session
    if not visit.services.site.secret_question:
        raise BadRequest("not_found")
    found = await read_secret_question(visit.services, session)
    questions = tuple(q.value for q in Question)
    return visit.show(
        "account_secret_question.html",
        status=status,
        retry_after=retry_after,
        section=SECTION,
        done=_done(visit),
        found=found,
        questions=questions,
        form=form,
    )


async def _set_answer(visit: Visit, form: Form) -> Response:
    visit.member()
    if not visit.services.site.secret_question:
        raise BadRequest("not_found")
    try:
        return go_on(visit, await set_secret_answer(visit.services, visit.client, form["question"] or "none", form["secret_answer"]))
    except InvalidInput as e:
        return await _question_page(visit, wrong_input(visit, form, e), 422)
    except TooManyTries as e:
        return await _question_page(visit, held_back(visit, form, e), 429, e.retry_after)


async def _remove_answer(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    return go_on(visit, await set_secret_answer(visit.services, visit.client, "", ""))


def _done(visit: Visit) -> str:
    done = visit.request.query_params.get("done", "")
    return done if done in DONE else ""


ROUTES = [
    Route(CONTACTS, page(_list), methods=["GET"]),
    Route(f"{CONTACTS}/edit", page(_edit), methods=["GET"]),
    Route(f"{CONTACTS}/edit", action(_change, "needed", "name_1", "email_1"), methods=["POST"]),
    Route(f"{CONTACTS}/none", action(_none), methods=["POST"]),
    Route(f"{CONTACTS}/stop", action(_stop), methods=["POST"]),
    Route(f"{CONTACTS}/report", action(_report), methods=["POST"]),
    Route(CONTACTS + "/{contact_id}/invite", action(_invite), methods=["POST"]),
    Route("/f/{token}", page(LINK.take), methods=["GET"]),
    Route("/friend", page(_look), methods=["GET"]),
    Route("/friend/invitation", action(_say, "say"), methods=["POST"]),
    Route("/friend/phrase", action(_phrase, "phrase"), methods=["POST"]),
    Route("/friend/refuse", action(_refuse), methods=["POST"]),
    Route(QUESTION, page(_question), methods=["GET"]),
    Route(QUESTION, action(_set_answer, "question", "secret_answer"), methods=["POST"]),
    Route(f"{QUESTION}/remove", action(_remove_answer), methods=["POST"]),
]
