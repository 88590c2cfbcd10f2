"""Approve the sign-in of a computer by its QR code, on the phone's side (mission.md, I4). The phone is signed in and proves itself anew."""

import hmac
from datetime import datetime

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, NotSignedIn
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import judge, step
from sparekey.domain.flow.permit import permit_of
from sparekey.domain.flow.wants import Wants
from sparekey.domain.policy.verdict import Deny
from sparekey.domain.prompts import QR_LASTS, State
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prompt_shown import prompt_shown, without_number
from sparekey.use_cases.qr_sign_in import find_qr, must_be_offered
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.stores_of_prompts import Prompt


class QrSeen(Struct, frozen=True):
    """The computer that shows the code. ``device`` and ``place``: in words, or empty. ``until``: UTC."""

    device: str
    place: str
    until: datetime


async def look_at_qr(services: Services, client: Client, token: str) -> QrSeen:
    """Changes nothing. Raises ``NotSignedIn``, and ``FlowOver("qr_over")`` for a code that is spent, too old, or was never ours."""
    prompt = await _asked(services, client, token)
    return QrSeen(prompt.device, prompt.place, prompt.expires_at)


async def start_approval(services: Services, client: Client, token: str) -> Standing:
    """Begin the guarded action: a proof as strong as a sign-in comes first, then the number. Raises what ``look_at_qr`` does."""
    prompt = await _asked(services, client, token)
    return await start_guarded(services, client, Action.APPROVE_SIGN_IN, Wants(flow_id=prompt.prompt_id))


async def approve_sign_in(services: Services, client: Client, flow_id: str, number: str) -> Standing:
    """The number that the computer shows was typed. A wrong one ends the code and this flow.

    Raises ``FlowOver`` ("wrong_number", "qr_over", "frozen" …), ``WrongStep``, ``NotSignedIn``, ``TooManyTries``.
    """
    must_be_offered(services)
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        session, now = client.session, services.clock.now()
        if session is None or session.account_id != at.account.account_id:
            raise NotSignedIn
        permit_of(at.flow, now).must_be_for(Action.APPROVE_SIGN_IN)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        verdict = judge(at.flow, services.policy, situation)
        if isinstance(verdict, Deny):
            raise FlowOver(verdict.reason)
        prompt = await tx.prompts.get_for_step(at.flow.wants.flow_id)
        if prompt is None or prompt.state is not State.ASKED or now >= prompt.expires_at:
            raise FlowOver("qr_over")
        right = hmac.compare_digest(typed_number(number).encode(), prompt.number.encode())
        if right:
            # What the phone has shown goes along; whether it counts on the computer is decided there.
            flow = replace(at.flow, proofs=(*at.flow.proofs, *(p for p in session.proofs if p not in at.flow.proofs)))
            prompt = replace(prompt, state=State.APPROVED, account_id=at.account.account_id, flow_id=flow_id, expires_at=now + QR_LASTS)
            await record(tx, services, at.lock, Event.SIGN_IN_APPROVED, at.account, client, flow_id=flow_id, route=flow.route)
        else:
            flow = step(at.flow, Ended("wrong_number"), policy=services.policy, situation=situation)
            await give_back_code(tx, at.flow)
            prompt = replace(prompt, state=State.WRONG)
            await record(tx, services, at.lock, Event.WRONG, at.account, client, flow_id=flow_id, challenge="number")
        await tx.prompts.save(prompt)
        await tx.flows.save(flow)
    # Raised only now, so that the code stays spent.
    if not right:
        raise FlowOver("wrong_number")
    return replace(standing(services, flow, situation), approves=without_number(prompt_shown(prompt, now)))


def typed_number(text: str) -> str:
    """A number as it was typed: spaces do not matter, nor does the alphabet of the keyboard's digits."""
    return "".join(str(int(c)) for c in text if c.isdecimal())


async def _asked(services: Services, client: Client, token: str) -> Prompt:
    must_be_offered(services)
    if client.session is None:
        raise NotSignedIn
    async with services.store.transaction() as tx:
        found = await find_qr(tx, services, token)
    if found is None or found.state is not State.ASKED or services.clock.now() >= found.expires_at:
        raise FlowOver("qr_over")
    return found
