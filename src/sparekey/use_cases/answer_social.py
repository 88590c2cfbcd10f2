"""The browser comes back from another provider: find out who was there, once, and go on with the flow.

The visit is spent in a transaction of its own, before the provider is asked: of many answers at once one is exchanged, and a code is
never sent twice. What the provider says then proves the account that *issuer and subject* are linked to. An address never does: it is good
for a new account, and only where the provider vouches for it (mission.md, I5).
"""

from sparekey.challenges import social
from sparekey.domain.accounts import NOBODY_ID, Account, nobody
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, NotProven, ProviderFailed, WrongStep
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, check_open, step
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESERVED
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import permitted
from sparekey.use_cases.carry_out.social import link_social
from sparekey.use_cases.load_flow import Loaded, load_for_step, read_flow
from sparekey.use_cases.ports_of_delivery import Refused, TryLater
from sparekey.use_cases.ports_of_social import SocialAnswer, SocialIdentity, SocialProvider
from sparekey.use_cases.prove import prove, was_wrong
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.social_identity import find_linked, keep_identity, new_link, vouched_address
from sparekey.use_cases.social_visit import provider_named, take_back
from sparekey.use_cases.standing import Standing, is_nameless, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow
from sparekey.use_cases.stores_of_factors import FactorTaken
from sparekey.use_cases.tokens import is_same


class Returned(Struct, frozen=True):
    """Where the flow stands. ``back``: the page to which the person wanted to go before."""

    standing: Standing
    back: str


async def answer_social(services: Services, client: Client, flow_id: str, provider_name: str, answer: SocialAnswer) -> Returned:
    """Judge what a provider sent the browser back with.

    Raises ``FlowOver("unknown")`` in another browser than the one that went, ``WrongStep`` when no such visit is under way (the answer
    was used before, is too late, or is of another provider), ``ProviderFailed``, ``NotProven`` for an account elsewhere that is not
    linked to this one.
    """
    provider = provider_named(services, provider_name)
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        flow, asked = take_back(services, provider, at.flow, answer.state)
        await tx.flows.save(flow)
    try:
        identity = await provider.identify(answer, nonce=asked.nonce, code_verifier=asked.code_verifier, redirect_uri=asked.redirect_uri)
    except TryLater as e:
        raise ProviderFailed("provider_silent") from e
    except Refused as e:
        await _was_refused(services, client, seen)
        raise ProviderFailed("provider_refused") from e
    if is_nameless(seen):
        found = await _enter(services, client, seen, provider, identity)
    elif seen.action == Action.LINK_SOCIAL and seen.state is State.ALLOWED:
        found = await _link(services, client, seen, provider, identity)
    else:
        found = await _prove(services, client, seen, identity)
    return Returned(found, asked.back)


async def forget_visit(services: Services, client: Client, flow_id: str, provider_name: str, state: str) -> Standing:
    """The person stopped at the provider: the visit is over, and nothing else happened. Raises ``FlowOver``, ``WrongStep``."""
    provider = provider_named(services, provider_name)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        flow, _ = take_back(services, provider, at.flow, state)
        await tx.flows.save(flow)
        return standing(services, flow, await situation_of(tx, services, client, at.account, flow))


async def _was_refused(services: Services, client: Client, seen: Flow) -> None:
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await was_wrong(tx, services, client, at, FactorKind.SOCIAL)


# ---------------------------------------------------------------- a flow that knows its account


async def _prove(services: Services, client: Client, seen: Flow, identity: SocialIdentity) -> Standing:
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        found = await find_linked(tx, services, identity)
        factor = _factor(at.account, found[1]) if found is not None and found[0] == at.account.account_id else None
        if factor is not None and not at.flow.void:
            await tx.factors.used(at.account.account_id, factor.factor_id, services.clock.now())
            return await prove(tx, services, client, at, social.proof(factor, services.clock.now()))
        await was_wrong(tx, services, client, at, FactorKind.SOCIAL)
    raise NotProven


def _factor(account: Account, factor_id: str) -> Factor | None:
    return next((f for f in account.enrolled if f.factor_id == factor_id and f.kind is FactorKind.SOCIAL and not f.stolen), None)


async def _link(services: Services, client: Client, seen: Flow, provider: SocialProvider, identity: SocialIdentity) -> Standing:
    try:
        async with services.store.transaction() as tx:
            at = await load_for_step(tx, services, client, seen)
            if at.flow.action != Action.LINK_SOCIAL or at.flow.state is not State.ALLOWED:
                raise WrongStep("nothing is being linked")
            taken = await find_linked(tx, services, identity)
            if taken is not None:
                # Whoever comes from there has that account, so he may hear that it is used here.
                reason = "social_is_yours" if taken[0] == at.account.account_id else "social_taken"
                await was_wrong(tx, services, client, at, FactorKind.SOCIAL)
            else:
                reason = ""
                change = await permitted(tx, services, client, at.lock, at.flow, at.account)
                await link_social(change, provider.title, new_link(services, provider.title, identity, with_account=False))
                flow = over(services, at.flow, at.account)
                await tx.flows.save(flow)
                account = await tx.accounts.get(flow.account_id)
                return standing(services, flow, await situation_of(tx, services, client, account, flow))
    except FactorTaken:  # by another, at the same moment
        reason = "social_taken"
    raise FlowOver(reason)


# ---------------------------------------------------------------- a flow that began at the provider


async def _enter(services: Services, client: Client, seen: Flow, provider: SocialProvider, identity: SocialIdentity) -> Standing:
    async with services.store.transaction() as tx:
        found = await find_linked(tx, services, identity)
    if found is None:
        return await _come_new(services, client, seen, provider, identity)
    account_id, factor_id = found
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(account_id)
        flow = await tx.flows.get_for_step(seen.flow_id)
        account = await tx.accounts.get(account_id)
        factor = _factor(account, factor_id)
        if flow is None or not is_same(client.holder, flow.holder):
            raise FlowOver("unknown")
        check_open(flow, services.clock.now())
        if not is_nameless(flow) or factor is None:
            raise NotProven
        await tx.factors.used(account_id, factor_id, services.clock.now())
        own = account.main_email
        flow = replace(flow, account_id=account_id, subject=account_id, typed=own.value if own else "", typed_key=own.key if own else "")
        return await prove(tx, services, client, Loaded(flow, account, lock), social.proof(factor, services.clock.now()))


async def _come_new(services: Services, client: Client, seen: Flow, provider: SocialProvider, identity: SocialIdentity) -> Standing:
    """Nobody here is linked to that account. It becomes a sign-up, unless the provider vouches for an address that is somebody's: then
    that person signs in and links, for an address alone never links anything."""
    address = vouched_address(services, identity)
    now = services.clock.now()
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(chain_of(seen.subject, now))
        flow = await tx.flows.get_for_step(seen.flow_id)
        if flow is None or not is_same(client.holder, flow.holder):
            raise FlowOver("unknown")
        check_open(flow, now)
        holder = await tx.accounts.holder_of(address.key, now - RESERVED) if address else None
        stand_in = nobody()
        situation = await situation_of(tx, services, client, stand_in, flow)
        reason = "replaced" if holder is None else "social_not_linked"
        ended = replace(step(flow, Ended(reason), policy=services.policy, situation=situation), typed=address.value if address else "")
        if holder is not None:
            await tx.flows.save(ended)
            return standing(services, ended, situation)
        begun = new_flow(services, client, Action.SIGN_UP, NOBODY_ID, seen.subject)
        begun = replace(begun, enrolling=keep_identity(services, begun, provider, identity))
        await tx.flows.save(replace(ended, next_flow=begun.flow_id))
        await record(tx, services, lock, Event.SIGN_UP_STARTED, stand_in, client, flow_id=begun.flow_id, provider=provider.name)
        await tx.flows.add(begun)
        return standing(services, begun, await situation_of(tx, services, client, stand_in, begun))
