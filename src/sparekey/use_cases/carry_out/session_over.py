"""End sessions, and with each what it had begun and only one who is signed in may do. Nothing else ends a session."""

from collections.abc import Callable
from typing import Final

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, only_signed_in, step
from sparekey.domain.flow.state import State
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services

SIGNED_OUT: Final = "signed_out"
"""Why a flow ended with its session."""


async def leave_session(tx: Transaction, services: Services, account: Account, session_id: str) -> bool:
    """End a session for whoever is in it. What waits goes on: nobody needs to come back for that. Answers whether there was one.

    The caller has locked the account.
    """
    if not await tx.sessions.end(account.account_id, session_id):
        return False
    await _end_flows(tx, services, account, lambda f: f.session_id == session_id and f.state is not State.WAITING)
    return True


async def end_session(tx: Transaction, services: Services, account: Account, session_id: str, *, but_flow: str = "") -> bool:
    """End a session from elsewhere. What waits ends too, unless the account was told of it and can stop it.

    ``but_flow``: the flow that ends it. Answers whether there was one. The caller has locked the account.
    """
    if not await tx.sessions.end(account.account_id, session_id):
        return False
    await _end_flows(tx, services, account, lambda f: f.session_id == session_id and _is_untold(f), but_flow)
    return True


async def end_all_sessions(tx: Transaction, services: Services, account: Account, *, but: str = "", but_flow: str = "") -> None:
    """The same for all sessions of the account but one."""
    await tx.sessions.end_all(account.account_id, except_session=but)
    await _end_flows(tx, services, account, lambda f: f.session_id not in {"", but} and _is_untold(f), but_flow)


def _is_untold(flow: Flow) -> bool:
    """Of a number that is claimed only the one who has it hears, until it moves (mission.md, S6)."""
    return flow.state is not State.WAITING or flow.action == Action.ADD_ADDRESS


async def _end_flows(tx: Transaction, services: Services, account: Account, ends: Callable[[Flow], bool], but_flow: str = "") -> None:
    now = services.clock.now()
    for flow in await tx.flows.open_of_account(account.account_id, but_flow, now):
        if ends(flow) and only_signed_in(flow, services.policy):
            situation = Situation(account=account, proofs=flow.proofs, now=now)
            await tx.flows.save(step(flow, Ended(SIGNED_OUT), policy=services.policy, situation=situation))
            await give_back_code(tx, flow)
