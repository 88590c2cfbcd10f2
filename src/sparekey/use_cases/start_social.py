"""Go to another provider: to sign in (or up) from nothing, or to prove something in a flow that is under way."""

from sparekey.domain.accounts import NOBODY_ID, nobody
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import BadRequest, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.state import State
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.values import replace
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked
from sparekey.use_cases.record import chain_of, record, subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.social_visit import Away, leave_for, provider_named
from sparekey.use_cases.standing import situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow


async def start_social(services: Services, client: Client, provider_name: str, *, redirect_uri: str = "", back: str = "") -> Away:
    """Begin to sign in with an account elsewhere. Whose flow it is turns out when the browser comes back.

    Raises ``BadRequest`` where the site or its policy has no such way, ``ProviderFailed``, ``TooManyTries``, ``InvalidInput``.
    """
    provider = provider_named(services, provider_name)
    if FactorKind.SOCIAL not in rules_of(services.policy, Action.SIGN_IN).ask:
        raise BadRequest("not_offered")
    await check_volume(services, "sign_in.network", client)
    flow = new_flow(services, client, Action.SIGN_IN, NOBODY_ID, "")
    flow = replace(flow, subject=subject_of_name(services, flow.flow_id))
    flow, url = await leave_for(services, provider, flow, redirect_uri, back)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(chain_of(flow.subject, services.clock.now()))
        stand_in = nobody()
        await record(tx, services, lock, Event.SIGN_IN_STARTED, stand_in, client, flow_id=flow.flow_id, challenge=FactorKind.SOCIAL)
        await tx.flows.add(flow)
        situation = await situation_of(tx, services, client, stand_in, flow)
    return Away(standing(services, flow, situation), url)


async def ask_social(services: Services, client: Client, flow_id: str, provider_name: str, *, redirect_uri: str = "") -> Away:
    """Go to a provider on behalf of a flow that asks for it, or that may link an account there.

    Raises ``WrongStep``, ``FlowOver``, ``BadRequest``, ``ProviderFailed``, ``TooManyTries``, ``InvalidInput``.
    """
    provider = provider_named(services, provider_name)
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    visiting, url = await leave_for(services, provider, seen, redirect_uri, "")
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if at.flow.action != Action.LINK_SOCIAL or at.flow.state is not State.ALLOWED:
            await must_be_asked(tx, services, client, at, FactorKind.SOCIAL)
        elif at.flow.wants.label != provider.name:
            raise WrongStep("another provider is being linked")
        flow = replace(at.flow, handshake=visiting.handshake)
        await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, at.account, flow)
    return Away(standing(services, flow, situation), url)
