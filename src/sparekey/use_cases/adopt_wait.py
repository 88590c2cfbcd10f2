"""Bring a recovery that waits to another browser: there the person shows again all that was shown in it (mission.md, R10).

The wait goes on as it stands. Otherwise whoever reads the mailbox, and has nothing else, could take what the owner has waited for
(docs/decisions/0009-links-outlive-their-flow.md).
"""

from collections.abc import Iterable

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended, Proven
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.state import State
from sparekey.domain.policy.conditions import things_of
from sparekey.domain.policy.model import Situation
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import CHALLENGES
from sparekey.use_cases.tokens import token_hash

SHOWN_AGAIN = CHALLENGES - {FactorKind.BACKUP_CODE, FactorKind.REMEMBERED_DEVICE}
"""A backup code is reserved for the recovery that it was shown in, and a remembered device is one browser."""


def can_be_shown_again(recovery: Flow) -> bool:
    """Whether all that was shown in a recovery could be shown in another browser, too."""
    return all(p.kind in SHOWN_AGAIN for p in recovery.proofs if not p.enrolling)


def is_covered(recovery: Flow, proofs: Iterable[Proof], account: Account) -> bool:
    """Whether these proofs show all that was shown in the recovery. A password that was replaced since leads to no other browser."""
    stands = all(p.kind is not FactorKind.PASSWORD or p.at >= account.password_set_at for p in recovery.proofs)
    shown = things_of(p for p in recovery.proofs if not p.enrolling)
    return stands and can_be_shown_again(recovery) and bool(shown) and shown <= things_of(p for p in proofs if not p.enrolling)


async def bring(tx: Transaction, client: Client, recovery: Flow) -> Flow:
    """The recovery, in this browser from now on; what was half done in the other one is void."""
    brought = replace(recovery, holder=token_hash(client.holder), moved=True, ceremony=None, handshake=None, prompt_id="")
    await tx.flows.save(brought)
    return brought


async def adopt_wait(tx: Transaction, services: Services, client: Client, flow: Flow, proven: Proven, situation: Situation) -> Flow | None:
    """The flow, ended by the recovery that it has brought here (``next_flow``); ``None`` where it goes on by itself. The caller has
    locked the subject, and saves the flow.

    It goes on by itself where it was not begun for a recovery that waits, where that is over, where too little is shown yet, and where
    what is shown opens the account without any wait.
    """
    if flow.action != Action.RECOVER or not flow.wants.flow_id:
        return None
    if step(flow, proven, policy=services.policy, situation=situation).state is State.ALLOWED:
        return None
    recovery = await tx.flows.get_for_step(flow.wants.flow_id)
    if recovery is None or not is_waiting_recovery(recovery, flow.account_id) or not recovery.is_open(services.clock.now()):
        return None
    flow = replace(flow, proofs=(*flow.proofs, proven.proof))
    if not is_covered(recovery, flow.proofs, situation.account):
        return None
    await bring(tx, client, recovery)
    await give_back_code(tx, flow)
    return replace(step(flow, Ended("replaced"), policy=services.policy, situation=situation), next_flow=recovery.flow_id)
