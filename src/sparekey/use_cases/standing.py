"""Where a flow stands, as the doors show it. The page and the JSON answer are made of the same value."""

from dataclasses import dataclass
from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow, judge
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESEND_AFTER
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Ask, Verdict
from sparekey.domain.sessions import Session
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services

CHALLENGES = frozenset({FactorKind.EMAIL, FactorKind.PASSWORD})
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
        known_device=device is not None,
        breached_password=flow.breached if flow else False,
        nothing_more=flow.nothing_more if flow else False,
    )


def choices_of(flow: Flow, verdict: Verdict | None) -> tuple[FactorKind, ...]:
    """The kinds of proof that may be tried now, best first. One who is signed in proves the password; whoever forgot it recovers."""
    if not isinstance(verdict, Ask):
        return ()
    return tuple(k for k in verdict.choices if k in CHALLENGES and (is_by_name(flow) or k is not FactorKind.EMAIL))


def is_by_name(flow: Flow) -> bool:
    """Whether the flow began with a typed name, not in a session."""
    return flow.action in {Action.SIGN_UP, Action.SIGN_IN, Action.RECOVER}


def standing(services: Services, flow: Flow, situation: Situation, *, held: bool = False, opened: Opened | None = None) -> Standing:
    """Ask the policy what may be done next."""
    verdict = judge(flow, services.policy, situation) if flow.state in {State.ASKING, State.WAITING} else None
    sent = [a.asked_at for a in flow.asked]
    return Standing(
        flow=flow,
        verdict=verdict,
        choices=choices_of(flow, verdict),
        sent=bool(sent),
        resend_at=max(sent) + RESEND_AFTER if sent else None,
        held=held,
        opened=opened,
    )
