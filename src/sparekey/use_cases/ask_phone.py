"""Ask the owner's enrolled phones (mission.md, F6).

A name that nobody has takes the same road: the same row is written, and no phone hears of it. The limit is told only to those who have
shown something or come from a known device; to all others a question beyond it looks like any other and reaches no phone.
"""

from math import ceil

from sparekey.domain.accounts import AccountId
from sparekey.domain.audit import Event
from sparekey.domain.devices import device_name
from sparekey.domain.errors import TooManyTries
from sparekey.domain.factors import FactorKind
from sparekey.domain.prompts import HOUR, NUMBER_DIGITS, PROMPT_LASTS, State, hold_until
from sparekey.domain.values import replace
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prompt_shown import prompt_shown
from sparekey.use_cases.prove import must_be_asked
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, is_by_name, situation_of, standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt


async def ask_phone(services: Services, client: Client, flow_id: str) -> Standing:
    """A new question with a new number; one that the flow asked before is void.

    Raises ``WrongStep``, ``FlowOver``, and ``TooManyTries`` beyond the limit; then a question that is open stays as it is.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.PHONE_APPROVAL)
        now, subject = services.clock.now(), AccountId(at.flow.subject)
        device = await find_device(tx, client, at.account.account_id)
        lane = device.device_id if device else ""
        made = await tx.prompts.of_account(subject, now - HOUR)
        held = hold_until(((p.created_at, p.state) for p in made if p.lane == lane), now)
        if held is not None and (device is not None or at.flow.proofs or not is_by_name(at.flow)):
            raise TooManyTries(ceil((held - now).total_seconds()), "prompts_used_up")
        prompt = Prompt(
            prompt_id=services.chance.new_id(now),
            account_id=subject,
            flow_id=flow_id,
            action=at.flow.action,
            number=services.chance.digits(NUMBER_DIGITS),
            device=device_name(client.user_agent),
            place=services.places.place_of(client.network),
            created_at=now,
            expires_at=now + PROMPT_LASTS,
            # A flow that somebody disowned asks nobody any more, and does not show it.
            state=State.HELD if held is not None or at.flow.void else State.ASKED,
            lane=lane,
        )
        await tx.prompts.add(prompt)
        flow = replace(at.flow, prompt_id=prompt.prompt_id)
        await tx.flows.save(flow)
        await record(tx, services, at.lock, Event.PROMPT_SENT, at.account, client, flow_id=flow_id, state=prompt.state)
        situation = await situation_of(tx, services, client, at.account, flow)
    return replace(standing(services, flow, situation), prompt=prompt_shown(prompt, now))
