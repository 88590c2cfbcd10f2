"""Give what an allowed flow still needs: the new password, or the password of a sign-up whose link was opened elsewhere."""

from collections.abc import Collection

from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.errors import FlowOver, InvalidInput, NotProven, WrongStep
from sparekey.domain.flow.flow import Flow, check_open, still_stands
from sparekey.domain.flow.state import State
from sparekey.domain.names import check_name
from sparekey.domain.values import replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.account import create_account
from sparekey.use_cases.carry_out.bind_contact import bind_contact
from sparekey.use_cases.carry_out.change import permitted
from sparekey.use_cases.carry_out.factors import take_off_at_recovery
from sparekey.use_cases.carry_out.password import set_password
from sparekey.use_cases.carry_out.undo import bring_back_shown
from sparekey.use_cases.check_password import FORMER_REFUSED, check_password, must_be_good
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.open_session import open_session
from sparekey.use_cases.ports import AddressTaken
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow


async def finish_with_password(services: Services, client: Client, flow_id: str, new_password: str, lost: Collection[str] = ()) -> Standing:
    """Set the new password of an allowed recovery or change (R1, P6). A recovery opens no session: a sign-in flow that has
    already proven the mailbox stands ready (``Flow.next_flow``), so that a stranger's guesses cannot keep the owner out.

    ``lost``: ids of second factors that the person has no longer; a recovery takes them off (R12).
    Raises ``InvalidInput`` with the reasons, ``WrongStep``, ``FlowOver``, ``Busy``.
    """
    await check_volume(services, "answer.network", client)  # a try may cost eleven hashes
    seen = await read_flow(services, client, flow_id)
    _must_be_allowed(seen, services, RECOVERIES | {Action.CHANGE_PASSWORD})
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(seen.account_id)
        former = await tx.accounts.former_passwords(seen.account_id, FORMER_REFUSED - 1)
    await must_be_good(services, new_password, account, (account.password_hash, *former))
    password_hash = await services.hasher.hash(new_password)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if at.account.version != account.version:
            raise WrongStep("the account has changed meanwhile")
        if at.flow.action in RECOVERIES and at.account.disputed_at is not None:
            raise WrongStep("the account is in dispute")
        if at.flow.waiting is not None:
            situation = await situation_of(tx, services, client, at.account, at.flow)
            if not still_stands(at.flow, services.policy, situation):
                raise FlowOver("replaced")  # what it waited with is worth nothing any more
        change = await permitted(tx, services, client, at.lock, at.flow, at.account)
        if at.flow.action == Action.BIND_AFTER_CASE:
            change = await bind_contact(change)
        if at.flow.action in RECOVERIES:
            change = await take_off_at_recovery(change, lost)
        if at.flow.action == Action.RECOVER:
            change = await bring_back_shown(change)
        await set_password(change, password_hash)
        flow = over(services, at.flow, at.account)
        if flow.action in RECOVERIES:
            # These proofs are used up: in the sign-in they count for nothing but a guess counter of its own.
            used = tuple(replace(p, enrolling=True) for p in flow.proofs)
            goes_on = replace(
                new_flow(services, client, Action.SIGN_IN, flow.account_id, flow.subject, typed=flow.typed, typed_key=flow.typed_key),
                proofs=used,
            )
            await tx.flows.add(goes_on)
            flow = replace(flow, next_flow=goes_on.flow_id)
        await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, await tx.accounts.get(flow.account_id), flow)
    return standing(services, flow, situation)


async def finish_sign_up(services: Services, client: Client, flow_id: str, *, password: str, name: str) -> Standing:
    """Finish a sign-up whose link was opened in another browser than the one that began it (S1).

    Without a name, ``password`` is the one chosen at sign-up, and everything set then is kept. With a name, it is a new one, and
    everything set before is wiped: it may have been set by someone else.
    Raises ``NotProven`` for a wrong password, ``InvalidInput``, ``WrongStep``, ``FlowOver``, ``Busy``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    _must_be_allowed(seen, services, {Action.SIGN_UP})
    if name:
        name = check_name(name)
        judged = await check_password(services, password, names=(name,), addresses=(seen.wants.address,))
        if judged.problems:
            raise InvalidInput(*judged.problems)
        password_hash = await services.hasher.hash(password)
    elif await services.hasher.verify(seen.wants.password_hash, password):
        name, password_hash = seen.wants.name, seen.wants.password_hash
    else:
        raise NotProven
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        change = await permitted(tx, services, client, at.lock, at.flow, at.account)
        try:
            account, own = await create_account(change, name, password_hash)
        except AddressTaken:
            raise FlowOver("taken") from None
        opened, _ = await open_session(tx, services, client, own, change.permit, at.flow, account)
        flow = replace(over(services, at.flow, at.account), account_id=account.account_id)
        await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, account, flow)
    return standing(services, flow, situation, opened=opened)


def _must_be_allowed(flow: Flow, services: Services, actions: Collection[Action]) -> None:
    check_open(flow, services.clock.now())
    if flow.state is not State.ALLOWED or flow.action not in actions:
        raise WrongStep(f"a flow to {flow.action} that is {flow.state} takes no password")
