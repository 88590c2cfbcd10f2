"""An agent opens a case: what was said and shown in it, how that compares with what the account knows, and what to do next.

Every look is written down before anything is shown (mission.md, C6). Nothing here is a secret, an address of the account, or a way to
change one: of the account an agent learns how statements compare, and in what state it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from sparekey.domain.accounts import Account
from sparekey.domain.agents import LOOK_LASTS, Bar, Choice
from sparekey.domain.audit import Event
from sparekey.domain.case_advice import Advice, advise
from sparekey.domain.cases import WITH_AGENTS, Case, CaseMessage, plain_number
from sparekey.domain.errors import BadRequest
from sparekey.domain.masks import masked
from sparekey.domain.policy.conditions import see
from sparekey.domain.policy.model import Situation
from sparekey.domain.statements import About, Judged, Match, Said
from sparekey.domain.values import Struct
from sparekey.use_cases.at_work import AtWork, at_work
from sparekey.use_cases.judge_statements import judge_statements
from sparekey.use_cases.load_case import LoadedCase, load_case_for_time
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.vote_bars import vote_bars

INVOLVED = frozenset({Bar.OWN_CASE, Bar.COLLIDES})
"""Who is a party to the case is not shown how its statements compare: that would be the way to find out the facts."""


class Shown(Struct, frozen=True):
    """What was shown before the case. ``settled``: it had been on the account for long enough to count."""

    kind: str
    settled: bool


class Statement(Struct, frozen=True):
    """``said``: as it was typed; the answer to a secret question is not kept. ``match``: how it compares with what the account knows."""

    about: str
    said: str
    match: str
    weight: int


class CaseSeen(Struct, frozen=True):
    """A case as an agent sees it. ``typed``: the account as the person named it. ``contact``: masked. ``account``: names of what is true of
    it: frozen, disputed, blocked, contested, closing. ``bars``: why this agent cannot approve, refuse. ``votes``: how many there are, never
    which. ``mine``: the own vote, or empty.
    """

    number: str
    kind: str
    state: str
    language: str
    opened_at: datetime
    waits: timedelta
    typed: str
    contact: str
    statements: Sequence[Statement]
    shown: Sequence[Shown]
    account: Sequence[str]
    advice: Advice
    bars: dict[Choice, Sequence[Bar]]
    votes: int
    mine: str
    messages: Sequence[CaseMessage]
    can_write: bool


async def agent_looks(services: Services, client: Client, number: str) -> CaseSeen:
    """Raises ``BadRequest("not_found")`` for a case that is not there, and what ``at_work`` raises."""
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
        loaded = await load_for_agent(tx, services, number)
        await _written_down(tx, services, client, at, loaded)
        return await _seen(tx, services, client, at, loaded)


async def agent_hears(services: Services, client: Client, number: str, after: int) -> Sequence[CaseMessage]:
    """What was said after one message, for a page that is open already; without a look within the hour, this is one. Raises what
    ``agent_looks`` raises."""
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
        case = await tx.cases.by_number(plain_number(number))
        if case is None:
            raise BadRequest("not_found")
        if not await _has_looked(tx, at, case, services.clock.now()):
            await _written_down(tx, services, client, at, await load_for_agent(tx, services, number))
        return await tx.cases.messages(case.case_id, after)


async def _written_down(tx: Transaction, services: Services, client: Client, at: AtWork, loaded: LoadedCase) -> None:
    case, agent = loaded.case, at.agent.account_id
    await record(
        tx, services, loaded.lock, Event.CASE_LOOKED_AT, loaded.account, client, flow_id=case.case_id, subject=case.subject, agent=agent
    )


async def _has_looked(tx: Transaction, at: AtWork, case: Case, now: datetime) -> bool:
    rows = await tx.audit.of_flow(chain_of(case.subject, now), case.case_id)
    looks = (r for r in rows if r.name == Event.CASE_LOOKED_AT and now - r.at < LOOK_LASTS)
    return any(msgspec.json.decode(r.detail, type=dict[str, str]).get("agent") == at.agent.account_id for r in looks)


async def load_for_agent(tx: Transaction, services: Services, number: str) -> LoadedCase:
    """The case, locked. Raises ``BadRequest("not_found")``."""
    seen = await tx.cases.by_number(plain_number(number))
    if seen is None:
        raise BadRequest("not_found")
    return await load_case_for_time(tx, services, seen)


async def _seen(tx: Transaction, services: Services, client: Client, at: AtWork, loaded: LoadedCase) -> CaseSeen:
    case, account = loaded.case, loaded.account
    bars = {choice: await vote_bars(tx, client, at, loaded, choice) for choice in Choice}
    judged = await judge_statements(tx, services, case)
    if not INVOLVED.isdisjoint(bars[Choice.REFUSE]):
        judged = [Judged(j.about, Match.UNKNOWN, 0) for j in judged]
    votes = await tx.votes.of_case(case.case_id)
    shown = _shown(services, case, account, loaded.now)
    return CaseSeen(
        number=case.number,
        kind=case.kind.value,
        state=case.state.value,
        language=case.language,
        opened_at=case.opened_at,
        waits=loaded.now - case.opened_at,
        typed=case.typed,
        contact=masked(case.contact),
        statements=[Statement(j.about.value, _typed(case.said, j.about), j.match.value, j.weight) for j in judged],
        shown=shown,
        account=_of_account(account),
        advice=advise(judged, sum(s.settled for s in shown)),
        bars=bars,
        votes=len(votes),
        mine=next((v.choice.value for v in votes if v.agent_id == at.agent.account_id), ""),
        messages=await tx.cases.messages(case.case_id),
        can_write=case.state in WITH_AGENTS,
    )


def _shown(services: Services, case: Case, account: Account, now: datetime) -> Sequence[Shown]:
    seen = see(services.policy, Situation(account, case.proofs, now))
    return [Shown(p.kind.value, p.thing in seen.settled) for p in case.proofs]


def _typed(said: Said, about: About) -> str:
    match about:
        case About.SIGN_UP:
            return said.sign_up
        case About.ADDRESS:
            return said.address
        case About.DEVICE:
            return said.device
        case About.PLACE:
            return said.place
        case About.ORDER:
            return said.order
        case About.SECRET:
            return ""


def _of_account(account: Account) -> Sequence[str]:
    is_so = {
        "frozen": account.frozen_at,
        "disputed": account.disputed_at,
        "blocked": account.blocked_at,
        "contested": account.contested_at,
        "closing": account.closing_at,
    }
    return [name for name, since in is_so.items() if since is not None]
