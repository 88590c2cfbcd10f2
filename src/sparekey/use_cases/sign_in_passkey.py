"""Sign in with a passkey and nothing else: it says whose it is (I2).

The challenge stands on a page that anybody may load, so nothing is stored for it: it carries its time and our keyed hash, and is
marked as spent with the answer.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sparekey.challenges import webauthn
from sparekey.challenges.webauthn import Assertion, Options, Wrong
from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import NotProven
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import FLOW_LASTS
from sparekey.domain.flow.state import State
from sparekey.domain.proofs import Proof
from sparekey.use_cases.advance import advance
from sparekey.use_cases.key_ceremony import find_key, judge_key
from sparekey.use_cases.record import chain_of, record, subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow

PURPOSE: Final = "key.challenge"


def passkey_options(services: Services, holder: str) -> Options:
    """What to ask the browser for. ``holder``: the secret of the browser that the challenge is for; empty for a program."""
    challenge = f"{int(services.clock.now().timestamp() * 1000)}.{services.chance.token()}"
    mac = services.sealer.keyed_hash(_text(challenge, holder), PURPOSE)
    return webauthn.ask(services.relying_party, challenge=f"{challenge}.{mac.hex()}".encode(), known=(), verified=True)


async def sign_in_passkey(services: Services, client: Client, answer: Assertion, holder: str) -> Standing:
    """The opened session, or the flow that asks for more. ``holder``: as given to ``passkey_options``.

    Raises ``NotProven`` (one answer for everything that is wrong) and ``TooManyTries``.
    """
    await check_volume(services, "sign_in.network", client)
    now = services.clock.now()
    challenge, until = _ours(answer.challenge, holder, lambda text: services.sealer.keyed_hashes(text, PURPOSE))
    async with services.store.transaction() as tx:
        found = await find_key(tx, services, answer.credential_id)
        account_id = AccountId(found[0]) if found else NOBODY_ID
        subject = account_id if found else subject_of_name(services, f"key:{answer.id}")
        lock = await tx.audit.lock(chain_of(subject, now))
        account = await tx.accounts.get(account_id)
        outcome: Proof | Wrong
        if now >= until or not await tx.spent.spend(hashlib.sha256(challenge).digest(), until):
            outcome = Wrong("another_challenge")
        else:
            outcome = await judge_key(tx, services, account, answer, kind=FactorKind.PASSKEY, challenge=challenge)
        match outcome:
            case Proof():
                flow = new_flow(services, client, Action.SIGN_IN, account.account_id, subject)
                situation = await situation_of(tx, services, client, account, flow)
                moved = await advance(tx, services, client, lock, flow, Proven(outcome), situation)
                if moved.flow.state is not State.DONE:
                    await tx.flows.add(moved.flow)
                return standing(services, moved.flow, moved.situation, opened=moved.opened)
            case Wrong(reason):
                await record(tx, services, lock, Event.SIGN_IN_FAILED, account, client, subject=subject, why=reason)
    raise NotProven


def _ours(challenge: bytes, holder: str, hashes: Callable[[bytes], tuple[bytes, ...]]) -> tuple[bytes, datetime]:
    """The challenge, and until when (UTC) it is good: long ago when it is not ours."""
    text, _, mac = challenge.decode("ascii", "replace").rpartition(".")
    if not any(hmac.compare_digest(h.hex().encode(), mac.encode()) for h in hashes(_text(text, holder))):
        return challenge, datetime.fromtimestamp(0, UTC)
    return challenge, datetime.fromtimestamp(int(text.partition(".")[0]) / 1000, UTC) + FLOW_LASTS


def _text(challenge: str, holder: str) -> bytes:
    return f"{challenge}:{holder}".encode()
