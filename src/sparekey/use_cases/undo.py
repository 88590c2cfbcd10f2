"""Undo what was changed in the last 30 days: by a typed name, or from a session (mission.md, H2 and R13).

A settled address is shown; then whoever has it sees what was changed, and says from where on it was not theirs. All of that is undone as
one, the account is frozen, and nobody is given a session. The link in a notice does the same without a flow (``disown.py``).
"""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain import changes as log
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import OPENED, UNDO_FOR, PastChange
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.flow.events import Started
from sparekey.domain.flow.flow import Flow, check_open, step
from sparekey.domain.flow.state import State
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import allowed
from sparekey.use_cases.carry_out.disputes import at_account, object_with
from sparekey.use_cases.carry_out.freeze import freeze
from sparekey.use_cases.carry_out.undo import Undone, undo
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_by_name import start_by_name
from sparekey.use_cases.start_flow import check_volume, new_flow

EVERYTHING = "everything"
"""In place of the id of a change: all that can be undone."""


class ChangeSeen(Struct, frozen=True):
    """One change, in no detail that is personal. ``kind``: what was done. ``at``: UTC. ``undone``: it was undone since. ``undoable``: it
    can be, with all that came after it."""

    change_id: str
    kind: Event
    at: datetime
    undone: bool
    undoable: bool


async def read_changes(services: Services, session: Session) -> Sequence[ChangeSeen]:
    """What was changed on the own account in the last 30 days, the newest first."""
    async with services.store.transaction() as tx:
        found = await tx.changes.of_account(session.account_id, services.clock.now() - UNDO_FOR)
    return _seen(found)


async def start_undo(services: Services, client: Client, typed: str) -> Standing:
    """Begin by a name, an address that left among them. Raises ``InvalidInput`` for an empty name and ``TooManyTries``; says nothing of
    whether the name is somebody's. (In a session: ``start_guarded``.)"""
    return await start_by_name(services, client, Action.UNDO, typed, Event.STARTED, "recover.network")


async def what_can_be_undone(services: Services, client: Client, flow_id: str) -> Sequence[ChangeSeen]:
    """What an allowed flow may undo, the newest first. Raises ``FlowOver``, and ``WrongStep`` before it is allowed."""
    flow = await read_flow(services, client, flow_id)
    _must_be_allowed(services, flow)
    async with services.store.transaction() as tx:
        found = await tx.changes.of_account(flow.account_id, services.clock.now() - UNDO_FOR)
    return [c for c in _seen(found) if c.undoable]


async def finish_undo(services: Services, client: Client, flow_id: str, since: str, *, password: bool = False) -> Undone:
    """Undo a change and everything after it, end all sessions, and freeze the account; no session is given.

    ``since``: the id of the first change that was not the owner's, ``EVERYTHING``, or empty to undo nothing and only freeze.
    ``password``: somebody knows it, so it becomes void whether it was changed or not. Raises ``InvalidInput``, ``WrongStep``, ``FlowOver``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    _must_be_allowed(services, seen)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        now = services.clock.now()
        change = allowed(tx, services, client, at.lock, at.flow, at.account)
        found = await tx.changes.of_account(at.account.account_id, now - UNDO_FOR)
        going = _from(found, since)
        began = going[0].at if going else now
        change, undone = await undo(change, going, password=password)
        former = await former_of(tx, at.account, Action.FREEZE, now)
        lock = new_flow(services, client, Action.FREEZE, at.flow.account_id, at.flow.subject)
        situation = Situation(change.account, at.flow.proofs, now, former=former)
        lock = step(replace(lock, proofs=at.flow.proofs), Started(), policy=services.policy, situation=situation)
        await tx.flows.save(over(services, at.flow, change.account))
        freezing = allowed(tx, services, client, change.lock, lock, change.account)
        await tx.flows.add(over(services, lock, change.account))
        head = await freeze(freezing, MessageKind.CHANGES_UNDONE, began)
        locked = await at_account(tx, services, client, head, at.account.account_id)
        await object_with(locked, at.flow.proofs, but=lock.flow_id)
    return undone


def _from(found: Sequence[PastChange], since: str) -> tuple[PastChange, ...]:
    """The change and all after it that can be undone. Raises ``InvalidInput`` for one that cannot."""
    if not since:
        return ()
    possible = log.possible(found)
    if since == EVERYTHING:
        return possible
    first = next((c for c in possible if c.change_id == since), None)
    if first is None:
        raise InvalidInput(FieldProblem("since", "change_unknown"))
    return tuple(c for c in possible if (c.at, c.change_id) >= (first.at, first.change_id))


def _seen(found: Sequence[PastChange]) -> list[ChangeSeen]:
    possible = {c.change_id for c in log.possible(found)}
    every = (c for c in reversed(found) if c.kind is not OPENED)
    return [ChangeSeen(c.change_id, c.kind, c.at, c.undone_at is not None, c.change_id in possible) for c in every]


def _must_be_allowed(services: Services, flow: Flow) -> None:
    check_open(flow, services.clock.now())
    if flow.state is not State.ALLOWED or flow.action != Action.UNDO:
        raise WrongStep(f"a flow to {flow.action} that is {flow.state} undoes nothing")
