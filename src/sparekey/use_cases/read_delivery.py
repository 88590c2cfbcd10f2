"""What became of the newest message of a flow: told after a first proof, on a known device, and to who is signed in (mission.md, R14).

To everybody else nothing is told that does not hold for every name.
"""

from sparekey.domain.flow.flow import Flow
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.standing import Delivery

STATES = {"ready": "queued", "delivered": "accepted", "dead": "refused", "expired": "refused"}
"""From the outbox's words. A message to nobody has no state to tell."""


async def read_delivery(tx: Transaction, flow: Flow, situation: Situation) -> Delivery | None:
    may_know = situation.known_device or situation.signed_in or any(not p.enrolling for p in flow.proofs)
    newest = next((a for a in reversed(flow.asked) if not a.by_itself and a.message_id), None)
    if newest is None or not may_know:
        return None
    found = await tx.outbox.delivery_of(newest.message_id)
    if found is None or found.state not in STATES:
        return None
    state = {"delivered": "arrived", "failed": "refused"}.get(found.receipt_state, STATES[found.state])
    instead = any(a.by_itself for a in flow.asked)
    return Delivery(newest.kind, state, found.receipt_at or found.delivered_at, found.receipt_reason, instead)
