"""The console of agents through JSON (mission.md, C5 and C6). Who is no agent finds nothing here."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.domain.actions import Action
from sparekey.domain.agents import Choice
from sparekey.domain.cases import CaseMessage
from sparekey.domain.flow.wants import Wants
from sparekey.domain.values import replace
from sparekey.use_cases.agent_looks import CaseSeen, agent_hears, agent_looks
from sparekey.use_cases.agent_queue import agent_queue
from sparekey.use_cases.agent_says import agent_says
from sparekey.use_cases.agent_votes import agent_votes
from sparekey.use_cases.place_agent import agents_seen, place_agent
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, flow_answer
from sparekey.web.guard import bearer, door_of


class WaitingAnswer(msgspec.Struct, frozen=True):
    """A case in the queue. ``waits``: whole seconds since it was opened. ``state``: ``open``, or ``asked`` while the person acts next.
    ``answered``: the newest word is the person's. ``voted``: you have voted. ``votes``: how many votes there are."""

    number: str
    kind: str
    state: str
    language: str
    opened_at: datetime
    waits: int
    answered: bool
    voted: bool
    votes: int


class QueueAnswer(msgspec.Struct, frozen=True):
    """The oldest first."""

    cases: list[WaitingAnswer]


class StatementAnswer(msgspec.Struct, frozen=True):
    """What the person said about one thing, and how it compares with what the account knows: ``match``, ``near``, ``none``, ``unsaid`` or
    ``unknown``. ``weight``: what it adds. The fact itself is told to nobody."""

    about: str
    said: str
    match: str
    weight: int


class ShownAnswer(msgspec.Struct, frozen=True):
    """What was shown before the case, by kind. ``settled``: it had been on the account for long enough to count."""

    kind: str
    settled: bool


class SaidAnswer(msgspec.Struct, frozen=True):
    """One message. ``author``: ``person`` or ``agent``. ``text``: plain; never to be shown as markup."""

    seq: int
    at: datetime
    author: str
    text: str


class CaseLookedAt(msgspec.Struct, frozen=True):
    """``typed``: the account as the person named it. ``contact``: masked. ``account``: what is true of the account: ``frozen``,
    ``disputed``, ``blocked``, ``contested``, ``closing``. ``advice``: ``approve``, ``refuse`` or ``ask``; then ``ask_about`` says what.
    ``cannot_approve``, ``cannot_refuse``: why your vote would not be taken."""

    number: str
    kind: str
    state: str
    language: str
    opened_at: datetime
    waits: int
    typed: str
    contact: str
    statements: list[StatementAnswer]
    shown: list[ShownAnswer]
    account: list[str]
    advice: str
    ask_about: str
    cannot_approve: list[str]
    cannot_refuse: list[str]
    votes: int
    my_vote: str
    messages: list[SaidAnswer]


class SayInCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Own words, or the name of a question that is sent in the person's language, or both."""

    text: Annotated[str, Meta(max_length=20_000)] = ""
    template: Annotated[str, Meta(max_length=40)] = ""


class VoteOnCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reason``: the name of a reason, for agents and the audit log."""

    choice: Choice
    reason: Annotated[str, Meta(max_length=40)]


class VotedAnswer(msgspec.Struct, frozen=True):
    """``decided``: this vote decided the case; the person hears of it at a fixed hour."""

    decided: bool


class AgentAnswer(msgspec.Struct, frozen=True):
    """``placed_by``: the agent who gave the role; empty for whoever runs the server. ``hand``: agents of one hand count once."""

    account_id: str
    name: str
    since: datetime
    counts_from: datetime
    counts: bool
    placed_by: str
    hand: str


class AgentsAnswer(msgspec.Struct, frozen=True):
    agents: list[AgentAnswer]


class PlaceAgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``identifier``: an address or user name of the account. It needs a security key or passkey."""

    identifier: Annotated[str, Meta(max_length=LONGEST_IDENTIFIER)]


async def begin_shift(request: Request) -> Response:
    """A flow that asks for your key. Once it is done the console is open to this session for twelve hours."""
    await bearer(request)
    services = door_of(request).services
    token = services.chance.token()
    client = replace(await client_of(request), holder=token)
    return json_answer(flow_answer(await start_guarded(services, client, Action.WORK_ON_CASES, Wants()), flow_token=token), 201)


async def queue(request: Request) -> Response:
    await bearer(request)
    found = await agent_queue(door_of(request).services, await client_of(request))
    return json_answer(
        QueueAnswer(
            [
                WaitingAnswer(
                    c.number, c.kind, c.state, c.language, c.opened_at, int(c.waits.total_seconds()), c.answered, c.voted, c.votes
                )
                for c in found
            ]
        )
    )


async def look(request: Request) -> Response:
    """Every look is written down."""
    await bearer(request)
    return json_answer(_looked_at(await agent_looks(door_of(request).services, await client_of(request), _number(request))))


async def say(request: Request) -> Response:
    await bearer(request)
    body = await read_json(request, SayInCase)
    services, client = door_of(request).services, await client_of(request)
    return json_answer(_said(await agent_says(services, client, _number(request), text=body.text, template=body.template)), 201)


class HeardAnswer(msgspec.Struct, frozen=True):
    messages: list[SaidAnswer]


async def hear(request: Request) -> Response:
    """What was said after the message ``after``."""
    await bearer(request)
    after = request.query_params.get("after", "0")
    since = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0
    heard = await agent_hears(door_of(request).services, await client_of(request), _number(request), since)
    return json_answer(HeardAnswer([_said(m) for m in heard]))


async def vote(request: Request) -> Response:
    await bearer(request)
    body = await read_json(request, VoteOnCase)
    voted = await agent_votes(door_of(request).services, await client_of(request), _number(request), body.choice, body.reason)
    return json_answer(VotedAnswer(voted.decided))


async def agents(request: Request) -> Response:
    await bearer(request)
    found = await agents_seen(door_of(request).services, await client_of(request))
    return json_answer(
        AgentsAnswer([AgentAnswer(a.account_id, a.name, a.since, a.counts_from, a.counts, a.placed_by, a.hand) for a in found])
    )


async def place(request: Request) -> Response:
    await bearer(request)
    body = await read_json(request, PlaceAgent)
    await place_agent(door_of(request).services, await client_of(request), body.identifier)
    return Response(status_code=204)


def _number(request: Request) -> str:
    number: str = request.path_params["number"]
    return number


def _said(message: CaseMessage) -> SaidAnswer:
    return SaidAnswer(message.seq, message.at, message.author.value, message.text)


def _looked_at(seen: CaseSeen) -> CaseLookedAt:
    return CaseLookedAt(
        number=seen.number,
        kind=seen.kind,
        state=seen.state,
        language=seen.language,
        opened_at=seen.opened_at,
        waits=int(seen.waits.total_seconds()),
        typed=seen.typed,
        contact=seen.contact,
        statements=[StatementAnswer(s.about, s.said, s.match, s.weight) for s in seen.statements],
        shown=[ShownAnswer(s.kind, s.settled) for s in seen.shown],
        account=list(seen.account),
        advice=seen.advice.step.value,
        ask_about=seen.advice.about,
        cannot_approve=[b.value for b in seen.bars[Choice.APPROVE]],
        cannot_refuse=[b.value for b in seen.bars[Choice.REFUSE]],
        votes=seen.votes,
        my_vote=seen.mine,
        messages=[_said(m) for m in seen.messages],
    )
