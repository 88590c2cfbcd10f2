"""A provider refused a message for good, at once or in a receipt: what follows (mission.md, S6, R14).

The address is marked where it is gone. A code by text that somebody waits for is mailed instead, once, to the mailbox that could have been
chosen anyway. A stranger before his first proof sees nothing of either.
"""

from sparekey.domain.accounts import NOBODY_ID, AddressKind
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.flow import Flow, judge
from sparekey.domain.flow.state import State
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Ask
from sparekey.domain.values import replace
from sparekey.use_cases.ask_by_message import own_address, send_to
from sparekey.use_cases.reachable import NOBODY_ASKED, bounced
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.services import Services
from sparekey.use_cases.standing import is_by_name

WITH_CODE = frozenset({MessageKind.RECOVERY_CODE, MessageKind.SIGN_IN_CODE, MessageKind.PROOF_CODE})


async def message_refused(services: Services, message: Message, gone: bool) -> None:
    """``message``: as it was claimed, or found by its receipt. ``gone``: there is no such mailbox or number."""
    if message.void:
        return
    if message.channel is AddressKind.PHONE and message.to:
        services.operators.note(message.to, arrived=False, now=services.clock.now())
    if gone and message.address_id:
        await bounced(services, message)
    if message.channel is AddressKind.PHONE and message.kind in WITH_CODE and message.flow_id:
        await _mail_instead(services, message)


async def _mail_instead(services: Services, message: Message) -> None:
    now = services.clock.now()
    async with services.store.transaction() as tx:
        seen = await tx.flows.get(message.flow_id)
        if seen is None or seen.account_id == NOBODY_ID:
            return
        lock = await tx.audit.lock(chain_of(seen.subject, now))
        flow = await tx.flows.get_for_step(seen.flow_id)
        if flow is None or not flow.is_open(now) or not _waits_for(flow, message.message_id):
            return
        account = await tx.accounts.get(flow.account_id)
        verdict = judge(flow, services.policy, Situation(account=account, proofs=flow.proofs, now=now))
        if not isinstance(verdict, Ask) or FactorKind.EMAIL not in verdict.choices:
            return
        recipient = own_address(services, flow, account, FactorKind.EMAIL)
        shown = {p.thing for p in flow.proofs}
        if recipient.void or recipient.kind is MessageKind.RECOVERY_UNSETTLED or Thing(ThingKind.MAILBOX, recipient.key) in shown:
            return
        mailed = await send_to(tx, services, NOBODY_ASKED, flow, account, recipient)
        *before, newest = mailed.asked
        # Neither how long the flow lasts nor when it may be asked again changes: both can be seen before the first proof.
        await tx.flows.save(replace(mailed, asked=(*before, replace(newest, by_itself=True)), expires_at=flow.expires_at))
        await record(
            tx, services, lock, Event.CODE_SENT, account, NOBODY_ASKED, flow_id=flow.flow_id, challenge=FactorKind.EMAIL, instead="sms"
        )


def _waits_for(flow: Flow, message_id: str) -> bool:
    """Whether somebody who typed a name still waits for this very text, and no mail was sent beside it."""
    if flow.void or not is_by_name(flow) or flow.state not in {State.ASKING, State.WAITING}:
        return False
    return any(a.message_id == message_id for a in flow.asked) and all(a.kind is FactorKind.SMS for a in flow.asked)
