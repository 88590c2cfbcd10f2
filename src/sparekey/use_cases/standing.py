"""Where a flow stands, as the doors show it. The page and the JSON answer are made of the same value."""

from dataclasses import dataclass
from datetime import datetime

from sparekey.domain.accounts import NOBODY_ID, Account
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow, judge
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESEND_AFTER
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Ask, Verdict
from sparekey.domain.sessions import Session
from sparekey.use_cases.known_device import find_device, in_usual_surroundings
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services

CHALLENGES = frozenset({FactorKind.EMAIL, FactorKind.PASSKEY, FactorKind.PASSWORD, FactorKind.SECURITY_KEY, FactorKind.SOCIAL})
"""The kinds for which there is a challenge. The policy names more than can be asked today; only these are offered."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened. ``device_token``: of the device that is known from now on, or empty if it was before."""

    session: Session
    token: str
    device_token: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A flow and what may be done next.

    ``choices``: the kinds of proof that may be tried now, best first. ``sent``: a code was sent (or would have been, for a
    name that nobody has). ``resend_at``: from when (UTC) another may be asked for. ``held``: a limit on messages to this
    recipient held the last one back; those sent before are still good.
    """

    flow: Flow
    verdict: Verdict | None
    choices: tuple[FactorKind, ...]
    sent: bool
    resend_at: datetime | None
    held: bool = False
    opened: Opened | None = None

    @property
    def needs_password(self) -> bool:
        """Whether the person gives the new password next."""
        return self.flow.state is State.ALLOWED and self.flow.action in {"recover", "change_password"}


async def situation_of(tx: Transaction, services: Services, client: Client, account: Account, flow: Flow | None) -> Situation:
    """The account and the circumstances of this attempt, for the policy to judge."""
    device = await find_device(tx, client, account.account_id)
    session = client.session
    mine = session is not None and session.account_id == account.account_id
    return Situation(
        account=account,
        proofs=flow.proofs if flow else (),
        now=services.clock.now(),
        signed_in=mine,
        session_proofs=session.proofs if session is not None and mine else (),
        known_device=device is not None and in_usual_surroundings(services, client, device),
        breached_password=flow.breached if flow else False,
        nothing_more=flow.nothing_more if flow else False,
    )


def choices_of(services: Services, flow: Flow, verdict: Verdict | None) -> tuple[FactorKind, ...]:
    """The kinds of proof that may be tried now, best first. One who is signed in proves the password; whoever forgot it recovers."""
    if not isinstance(verdict, Ask):
        return ()
    if is_nameless(flow):
        return (FactorKind.SOCIAL,)
    if flow.action == Action.SIGN_UP and not flow.wants.address_key:
        return ()  # name and address come first
    there = CHALLENGES if services.social.providers else CHALLENGES - {FactorKind.SOCIAL}
    return tuple(k for k in verdict.choices if k in there and _can_be_asked(flow, k))


def _can_be_asked(flow: Flow, kind: FactorKind) -> bool:
    if not is_by_name(flow):
        return kind is not FactorKind.EMAIL
    # A security key answers to its own id only, and ids are told to nobody who has shown nothing (D3).
    return kind is not FactorKind.SECURITY_KEY or any(not p.enrolling for p in flow.proofs)


def is_by_name(flow: Flow) -> bool:
    """Whether the flow began with a typed name, not in a session."""
    return flow.action in {Action.SIGN_UP, Action.SIGN_IN, Action.RECOVER}


def is_nameless(flow: Flow) -> bool:
    """Whether the flow began at another provider, and nobody knows yet whose it is."""
    return flow.action == Action.SIGN_IN and flow.account_id == NOBODY_ID and not flow.typed_key


def standing(services: Services, flow: Flow, situation: Situation, *, held: bool = False, opened: Opened | None = None) -> Standing:
    """Ask the policy what may be done next."""
    verdict = judge(flow, services.policy, situation) if flow.state in {State.ASKING, State.WAITING} else None
    sent = [a.asked_at for a in flow.asked]
    return Standing(
        flow=flow,
        verdict=verdict,
        choices=choices_of(services, flow, verdict),
        sent=bool(sent),
        resend_at=max(sent) + RESEND_AFTER if sent else None,
        held=held,
        opened=opened,
    )
