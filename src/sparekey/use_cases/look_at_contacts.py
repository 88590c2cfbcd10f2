"""One look at a list of recovery contacts that waits to take effect (mission.md, R7).

Its wait is over when the owner was told for as long as the policy says. Then it still waits for enough friends to accept, and while the
account is frozen, disputed or just recovered. The former list holds until then.
"""

from sparekey.domain.accounts import Account, is_settled
from sparekey.domain.audit import Event
from sparekey.domain.flow.events import TimePassed
from sparekey.domain.flow.flow import Flow
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.decide import withheld
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.carry_out.contacts import circle_of, tell_contacts_changing
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_of_wait import waiting_of, who_asked


async def look_at_contacts(tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account) -> Flow:
    """The flow after a look, with its clock already read. The caller saves it."""
    now, waiting = services.clock.now(), waiting_of(flow)
    heard_by = {a.address_id for a in account.addresses if is_settled(a, account.contested_at, now)}
    for address_id, at in await tx.outbox.accepted_of_flow(flow.flow_id, MessageKind.CONTACTS_CHANGING):
        if address_id in heard_by and at <= now:
            waiting = waiting.accepted(at)
    flow = replace(flow, waiting=waiting)
    situation = Situation(account, flow.proofs, now)
    if waiting.is_over:
        circle = await circle_of(tx, flow, account)
        if not circle.is_ready or withheld(rules_of(services.policy, flow.action), situation) is not None:
            return flow
        return (await advance(tx, services, client, lock, flow, TimePassed(), situation)).flow
    if waiting.is_notice_due(now):
        await tell_contacts_changing(tx, services, flow, account, await who_asked(tx, services, flow, account))
        await record(tx, services, lock, Event.WAIT_NOTICED, account, client, flow_id=flow.flow_id)
        return replace(flow, waiting=waiting.noticed(now))
    return flow
