"""The console of agents: the queue, one case, and who the agents are (mission.md, C5 and C6). Made for the keyboard: ``static/console.js``.

Who is no agent finds no such page. Nothing here shows or sets a password, or changes an address.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.agents import Choice
from sparekey.domain.errors import BadRequest, InvalidInput, NeedsFreshProof, WrongStep
from sparekey.domain.flow.wants import Wants
from sparekey.messages.case_words import APPROVE, QUESTIONS, REFUSE
from sparekey.messages.reasons import sentence
from sparekey.use_cases.agent_looks import agent_hears, agent_looks
from sparekey.use_cases.agent_queue import agent_queue
from sparekey.use_cases.agent_says import agent_says
from sparekey.use_cases.agent_votes import agent_votes
from sparekey.use_cases.place_agent import agents_seen, place_agent
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.pages.chat import after_of, stream
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

DONE: Final = frozenset({"voted", "decided"})


def _console(handler: Callable[[Visit], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A page of the console. Who must show the key anew is asked for it."""

    async def shown(visit: Visit) -> Response:
        try:
            return await handler(visit)
        except NeedsFreshProof:
            return visit.show("console_key.html", status=403)

    return page(shown)


async def _begin(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.WORK_ON_CASES, Wants()))


async def _queue(visit: Visit) -> Response:
    visit.member()
    cases = await agent_queue(visit.services, visit.client)
    done = visit.request.query_params.get("done", "")
    return visit.show(
        "console_queue.html",
        cases=[(c, span(visit, c.waits)) for c in cases],
        done=done if done in DONE else "",
    )


async def _case(visit: Visit) -> Response:
    return await _case_page(visit, FormView())


async def _case_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    visit.member()
    seen = await agent_looks(visit.services, visit.client, _number(visit))
    return visit.show(
        "console_case.html",
        status=status,
        case=seen,
        waits=span(visit, seen.waits),
        cannot={choice.value: [sentence(visit.words, bar.value) for bar in bars] for choice, bars in seen.bars.items()},
        questions=QUESTIONS,
        reasons={Choice.APPROVE.value: APPROVE, Choice.REFUSE.value: REFUSE},
        form=form,
    )


async def _say(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        await agent_says(visit.services, visit.client, _number(visit), text=form["text"], template=form["template"])
    except InvalidInput as e:
        return await _case_page(visit, wrong_input(visit, form, e), 422)
    except WrongStep:
        return visit.go(f"/console/cases/{_number(visit)}")
    return visit.go(f"/console/cases/{_number(visit)}#chat")


async def _vote(visit: Visit, form: Form) -> Response:
    visit.member()
    if form["choice"] not in set(Choice):
        raise BadRequest("bad_form", "no such choice")
    try:
        voted = await agent_votes(visit.services, visit.client, _number(visit), Choice(form["choice"]), form["reason"])
    except InvalidInput as e:
        return await _case_page(visit, wrong_input(visit, form, e), 422)
    return visit.go(f"/console?done={'decided' if voted.decided else 'voted'}")


async def _stream(visit: Visit) -> Response:
    """What is said in the case, as it is said."""
    visit.member()
    number, services, client = _number(visit), visit.services, visit.client
    await agent_hears(services, client, number, 0)
    return stream(after_of(visit.request), lambda after: agent_hears(services, client, number, after))


async def _agents(visit: Visit) -> Response:
    return await _agents_page(visit, FormView())


async def _agents_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    visit.member()
    agents = await agents_seen(visit.services, visit.client)
    independent = len({a.hand for a in agents if a.counts})
    return visit.show("console_agents.html", status=status, agents=agents, independent=independent, form=form)


async def _place(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        await place_agent(visit.services, visit.client, form["identifier"])
    except InvalidInput as e:
        return await _agents_page(visit, wrong_input(visit, form, e), 422)
    return visit.go("/console/agents")


def span(visit: Visit, waits: timedelta) -> str:
    """How long, in the largest unit that says it: "3 days"."""
    n = visit.words.ngettext
    days, hours, minutes = waits.days, waits.seconds // 3600, waits.seconds // 60
    if days:
        return n("%(num)s day", "%(num)s days", days) % {"num": days}
    if hours:
        return n("%(num)s hour", "%(num)s hours", hours) % {"num": hours}
    if not minutes:
        return visit.words.gettext("less than a minute")
    return n("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}


def _number(visit: Visit) -> str:
    number: str = visit.request.path_params["number"]
    return number


ROUTES = [
    Route("/console", _console(_queue), methods=["GET"]),
    Route("/console/shift", action(_begin), methods=["POST"]),
    Route("/console/agents", _console(_agents), methods=["GET"]),
    Route("/console/agents", action(_place, "identifier"), methods=["POST"]),
    Route("/console/cases/{number}", _console(_case), methods=["GET"]),
    Route("/console/cases/{number}/stream", _console(_stream), methods=["GET"]),
    Route("/console/cases/{number}/say", action(_say, "text"), methods=["POST"]),
    Route("/console/cases/{number}/vote", action(_vote, "choice"), methods=["POST"]),
]
