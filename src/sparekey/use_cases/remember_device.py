"""Skip the second factor on a device for 30 days (mission.md, I6).

What remembers is a random cookie of the browser, never an IP address; what it is worth is said by the policy: from an unknown device it
is one thing with the password, so a copied cookie opens nothing elsewhere.
"""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Started
from sparekey.domain.flow.flow import step
from sparekey.domain.flow.permit import permit_of
from sparekey.domain.flow.state import State
from sparekey.domain.policy.model import Situation
from sparekey.domain.proofs import Proof
from sparekey.domain.remembered import remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change
from sparekey.use_cases.carry_out.devices import remember_device
from sparekey.use_cases.known_device import tokens_in
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened
from sparekey.use_cases.start_flow import new_flow
from sparekey.use_cases.tokens import token_hash


async def remembered_proof(tx: Transaction, services: Services, client: Client, account: Account) -> Proof | None:
    """The proof that this browser is remembered for the account; ``None`` when it is not, or no longer."""
    now = services.clock.now()
    living = {f.factor_id: f for f in remembered(account, now)}
    for token in tokens_in(client.remembered_token):
        found = await tx.factors.find(token_hash(token))
        if found is not None and found[0] == account.account_id and found[1] in living:
            factor = living[found[1]]
            return Proof(FactorKind.REMEMBERED_DEVICE, factor.factor_id, factor.thing, now)
    return None


async def remember_if_wished(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, opened: Opened, account: Account, *, known_device: bool
) -> Opened:
    """The opened session, with the token of a remembered device where the person ticked the box and the policy allows it."""
    if not client.remember:
        return opened
    situation = Situation(
        account=account,
        proofs=(),
        now=services.clock.now(),
        signed_in=True,
        session_proofs=opened.session.proofs,
        known_device=known_device,
    )
    begun = new_flow(services, client, Action.REMEMBER_DEVICE, account.account_id, account.account_id)
    flow = step(begun, Started(), policy=services.policy, situation=situation)
    if flow.state is not State.ALLOWED:
        return opened
    permit = permit_of(flow, services.clock.now())
    token = await remember_device(Change(tx, services, client, lock, permit, flow, account), opened.session.device_id)
    return replace(opened, remembered_token=token)
