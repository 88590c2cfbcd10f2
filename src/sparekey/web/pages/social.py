"""Accounts elsewhere: signing in with one, coming back from its provider, and the page of those that are linked.

A button is a form of ours, and its answer a page that leads on by itself: a form may not be redirected to another site (the content
security policy), and a provider sends people through addresses of which we know nothing.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.challenges.social import flow_of
from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, FlowOver, InvalidInput, NotProven, ProviderFailed, StaleFlow, TooManyTries, WrongStep
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.answer_social import answer_social, forget_visit
from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.ports_of_social import SocialAnswer
from sparekey.use_cases.read_social import read_social
from sparekey.use_cases.social_sign_up import give_details
from sparekey.use_cases.social_visit import Away, provider_named
from sparekey.use_cases.standing import Standing, is_nameless
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.start_social import ask_social, start_social
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong_input
from sparekey.web.pages.flow_view import flow_page, go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit, local_path

LONGEST_ANSWER: Final = 2000
"""Characters of each value that a provider sends along; Google's codes have about a hundred."""

PAGE: Final = "/account/security/social"

# ---------------------------------------------------------------- away and back


async def _go(visit: Visit, form: Form) -> Response:
    """From the page to sign in or sign up."""
    provider = _provider(visit)
    try:
        away = await start_social(visit.services, visit.client, provider, back=local_path(form["next"]) if form["next"] else "")
    except ProviderFailed as e:
        return _failed(visit, provider, e.reason)
    return _away(visit, away, provider)


async def _go_for_flow(visit: Visit, form: Form) -> Response:
    """On behalf of a flow: another way to verify, or an account to be linked."""
    provider, flow_id = form["provider"], visit.request.path_params["flow_id"]
    try:
        return _away(visit, await ask_social(visit.services, visit.client, flow_id, provider), provider)
    except ProviderFailed as e:
        return visit.go(f"/flow/{flow_id}?why={e.reason}")
    except FlowOver as e:
        return over_page(visit, e.reason)
    except (InvalidInput, WrongStep, StaleFlow):
        return visit.go(f"/flow/{flow_id}")


def _away(visit: Visit, away: Away, provider: str) -> Response:
    title = provider_named(visit.services, provider).title
    return visit.show("away.html", url=away.authorization_url, provider=title)


async def _back(visit: Visit) -> Response:
    """The address that is registered at a provider. It changes nothing without the browser that went, and works once."""
    asked = visit.request.query_params
    provider = _provider(visit)
    answer = SocialAnswer(*(asked.get(name, "")[:LONGEST_ANSWER] for name in ("code", "state", "iss", "device_id")))
    flow_id = flow_of(answer.state)
    try:
        if not answer.code:
            return _stopped(visit, await forget_visit(visit.services, visit.client, flow_id, provider, answer.state), provider)
        returned = await answer_social(visit.services, visit.client, flow_id, provider, answer)
    except ProviderFailed as e:
        return await _failed_in_flow(visit, flow_id, provider, e.reason)
    except NotProven:
        return visit.go(f"/flow/{flow_id}?why=social_not_yours")
    except FlowOver as e:
        return over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        # Loaded again, or the back button: where the flow stands now is the answer.
        return visit.go(f"/flow/{flow_id}")
    return go_on(visit, returned.standing, next_page=local_path(returned.back) if returned.back else "")


def _stopped(visit: Visit, standing: Standing, provider: str) -> Response:
    if is_nameless(standing.flow):
        return _failed(visit, provider, "provider_stopped", status=200)
    return visit.go(f"/flow/{standing.flow.flow_id}?why=provider_stopped")


async def _failed_in_flow(visit: Visit, flow_id: str, provider: str, reason: str) -> Response:
    standing = await show_flow(visit.services, visit.client, flow_id)
    return _failed(visit, provider, reason) if is_nameless(standing.flow) else visit.go(f"/flow/{flow_id}?why={reason}")


def _failed(visit: Visit, provider: str, reason: str, status: int = 0) -> Response:
    """It did not work, nothing was changed, and there are other ways."""
    title = provider_named(visit.services, provider).title
    code = status or shown(ProviderFailed(reason)).status
    return visit.show("provider_failed.html", status=code, reason=reason, provider=title, name=provider)


def _provider(visit: Visit) -> str:
    """The one that the address names. Raises ``BadRequest`` for an address that is not there."""
    name: str = visit.request.path_params["provider"]
    if all(p.name != name for p in visit.providers()):
        raise BadRequest("not_found")
    return name


# ---------------------------------------------------------------- a new account


async def _details(visit: Visit, form: Form) -> Response:
    flow_id = visit.request.path_params["flow_id"]
    try:
        return go_on(visit, await give_details(visit.services, visit.client, flow_id, name=form["name"], email=form["email"]))
    except InvalidInput as e:
        return await _details_again(visit, flow_id, wrong_input(visit, form, e), 422)
    except TooManyTries as e:
        return await _details_again(visit, flow_id, held_back(visit, form, e), 429, e.retry_after)
    except FlowOver as e:
        return over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        return visit.go(f"/flow/{flow_id}")


async def _details_again(visit: Visit, flow_id: str, form: FormView, status: int, retry_after: int = 0) -> Response:
    standing = await show_flow(visit.services, visit.client, flow_id)
    return flow_page(visit, standing, form=form, status=status, retry_after=retry_after)


# ---------------------------------------------------------------- those that are linked


async def _linked(visit: Visit) -> Response:
    return await _linked_page(visit, FormView())


async def _linked_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    found = await read_social(visit.services, visit.member().session)
    done = visit.request.query_params.get("done", "")
    done = done if done in {"social_linked", "social_unlinked"} else ""
    return visit.show("account_social.html", status=status, section="/account/security", done=done, social=found, form=form)


async def _link(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        provider = provider_named(visit.services, form["provider"])
        standing = await start_guarded(visit.services, visit.client, Action.LINK_SOCIAL, Wants(label=provider.name))
    except InvalidInput as e:
        return await _linked_again(visit, form, e)
    if standing.flow.state is not State.ALLOWED:
        return go_on(visit, standing)
    try:
        return _away(visit, await ask_social(visit.services, visit.client, standing.flow.flow_id, provider.name), provider.name)
    except ProviderFailed as e:
        return visit.go(f"/flow/{standing.flow.flow_id}?why={e.reason}")


async def _ask_to_unlink(visit: Visit) -> Response:
    found = await read_social(visit.services, visit.member().session)
    link = next((one for one in found.linked if one.factor_id == visit.request.path_params["factor_id"]), None)
    if link is None:
        raise BadRequest("not_found")
    return visit.show("account_unlink.html", section="/account/security", done="", link=link, has_password=found.has_password)


async def _unlink(visit: Visit, form: Form) -> Response:
    visit.member()
    wants = Wants(factor_id=visit.request.path_params["factor_id"])
    try:
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.UNLINK_SOCIAL, wants))
    except InvalidInput as e:
        return await _linked_again(visit, form, e)


async def _linked_again(visit: Visit, form: Form, error: InvalidInput) -> Response:
    said = wrong_input(visit, form, error)
    return await _linked_page(visit, FormView(problems=tuple(Problem("", p.message) for p in said.problems)), 422)


ROUTES = [
    Route("/social/{provider}", action(_go), methods=["POST"]),
    Route("/social/{provider}/callback", page(_back), methods=["GET"]),
    Route("/flow/{flow_id}/social", action(_go_for_flow, "provider"), methods=["POST"]),
    Route("/flow/{flow_id}/details", action(_details, "name", "email"), methods=["POST"]),
    Route(PAGE, page(_linked), methods=["GET"]),
    Route(f"{PAGE}/link", action(_link, "provider"), methods=["POST"]),
    Route(f"{PAGE}/{{factor_id}}/unlink", page(_ask_to_unlink), methods=["GET"]),
    Route(f"{PAGE}/{{factor_id}}/unlink", action(_unlink), methods=["POST"]),
]
