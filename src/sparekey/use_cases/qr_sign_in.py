"""Sign in by QR code, on the computer's side (mission.md, I4): show a code and a number, and go on when a phone has approved.

The code tells a phone which screen it stands in front of; whoever photographs it cannot collect the session, for that takes the secret
of the browser that began. How the phone approves stands in ``approve_sign_in.py``.
"""

from datetime import datetime

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import Action
from sparekey.domain.devices import device_name
from sparekey.domain.errors import FlowOver, NotProven
from sparekey.domain.flow.flow import judge
from sparekey.domain.policy.verdict import Deny
from sparekey.domain.prompts import NUMBER_DIGITS, QR_LASTS, State
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import permitted
from sparekey.use_cases.open_approved_session import open_approved_session
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened, situation_of
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt
from sparekey.use_cases.tokens import ids_found_by, is_same, short_token, token_hash

FOUND_BY = "qr.sign_in"


class QrShown(Struct, frozen=True):
    """What the computer shows. ``state``: asked, approved, or over. ``email``: of the account that approved it. ``until``: UTC."""

    token: str
    number: str
    state: str
    until: datetime
    email: str = ""


async def start_qr(services: Services, client: Client) -> QrShown:
    """A new code and number. Raises ``TooManyTries``, and ``FlowOver("not_offered")`` where the policy has no such sign-in."""
    must_be_offered(services)
    await check_volume(services, "sign_in.network", client)
    now, token = services.clock.now(), short_token(services.chance)
    prompt = Prompt(
        prompt_id=ids_of(services, token)[0],
        account_id=AccountId(""),
        flow_id="",
        action=Action.SIGN_IN,
        number=services.chance.digits(NUMBER_DIGITS),
        device=device_name(client.user_agent),
        place=services.places.place_of(client.network),
        created_at=now,
        expires_at=now + QR_LASTS,
        holder=token_hash(client.holder),
    )
    async with services.store.transaction() as tx:
        await tx.prompts.add(prompt)
    return QrShown(token, prompt.number, "asked", prompt.expires_at)


async def read_qr(services: Services, client: Client, token: str) -> QrShown:
    """Where it stands; changes nothing. Raises ``FlowOver("qr_over")`` for one that is not this browser's."""
    must_be_offered(services)
    async with services.store.transaction() as tx:
        prompt = await _own(tx, services, client, token)
        email = ""
        if prompt.state is State.APPROVED:
            account = await tx.accounts.get(prompt.account_id)
            email = account.main_email.value if account.main_email else account.name
    good = prompt.state in {State.ASKED, State.APPROVED} and services.clock.now() < prompt.expires_at
    return QrShown(token, prompt.number, prompt.state.value if good else "over", prompt.expires_at, email if good else "")


async def collect_qr(services: Services, client: Client, token: str) -> Opened:
    """Open the session that a phone approved, once. The approval is judged anew: the account may have been frozen meanwhile.

    Raises ``NotProven`` while nobody has approved, and ``FlowOver`` when it cannot be any more.
    """
    must_be_offered(services)
    await check_volume(services, "approvals.network", client)
    async with services.store.transaction() as tx:
        seen = await _own(tx, services, client, token)
        now = services.clock.now()
        if seen.state is State.ASKED and now < seen.expires_at:
            raise NotProven
        if seen.state is not State.APPROVED or now >= seen.expires_at:
            raise FlowOver("qr_over")
        lock = await tx.audit.lock(seen.account_id)
        prompt = await tx.prompts.get_for_step(seen.prompt_id)
        flow = await tx.flows.get_for_step(seen.flow_id)
        if prompt is None or prompt.state is not State.APPROVED or flow is None:
            raise FlowOver("qr_over")
        account = await tx.accounts.get(flow.account_id)
        change = await permitted(tx, services, client, lock, flow, account)
        situation = await situation_of(tx, services, client, account, flow)
        verdict = judge(flow, services.policy, replace(situation, signed_in=True))
        if isinstance(verdict, Deny):
            raise FlowOver(verdict.reason)
        await tx.prompts.save(replace(prompt, state=State.SPENT))
        await tx.flows.save(over(services, flow, account))
        return await open_approved_session(tx, services, client, change.lock, change.permit, flow, account, known=situation.known_device)


def must_be_offered(services: Services) -> None:
    if not services.policy.actions[Action.APPROVE_SIGN_IN].offered:
        raise FlowOver("not_offered")


def ids_of(services: Services, token: str) -> tuple[str, ...]:
    """By which the question of a code may be found."""
    return ids_found_by(services.sealer, token, FOUND_BY)


async def find_qr(tx: Transaction, services: Services, token: str) -> Prompt | None:
    for prompt_id in ids_of(services, token):
        if found := await tx.prompts.get(prompt_id):
            return found
    return None


async def _own(tx: Transaction, services: Services, client: Client, token: str) -> Prompt:
    found = await find_qr(tx, services, token)
    if found is None or not is_same(client.holder, found.holder):
        raise FlowOver("qr_over")
    return found
