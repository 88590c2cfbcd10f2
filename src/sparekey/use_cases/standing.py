"""Where a flow stands, as the doors show it. The page and the JSON answer are made of the same value."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from sparekey.domain.accounts import NOBODY_ID, SETTLED_AFTER, Account, address_thing, has_second_factor, is_settled, second_factors
from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.disputes import weight
from sparekey.domain.factors import PHISHING_RESISTANT, Factor, FactorKind, Thing, things_behind
from sparekey.domain.flow.flow import Flow, judge
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESEND_AFTER
from sparekey.domain.masks import masked
from sparekey.domain.policy.conditions import things_of
from sparekey.domain.policy.model import RunningRecovery, Situation
from sparekey.domain.policy.verdict import Ask, Verdict
from sparekey.domain.quarantine import is_younger
from sparekey.domain.sessions import KnownDevice, Session
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.enrolling import NewAuthenticator, authenticator_shown, codes_shown
from sparekey.use_cases.friends_asked import FriendsAsked
from sparekey.use_cases.known_device import find_device, in_usual_surroundings
from sparekey.use_cases.leads_back import Left, former_of
from sparekey.use_cases.other_ways import NotNow, not_now
from sparekey.use_cases.pairing import Pairing
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.prompt_shown import PromptShown
from sparekey.use_cases.read_dispute import DisputeSeen
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.social_identity import Suggested, suggested

CHALLENGES = frozenset(
    {
        FactorKind.BACKUP_CODE,
        FactorKind.CONTACTS,
        FactorKind.EMAIL,
        FactorKind.PASSKEY,
        FactorKind.PASSWORD,
        FactorKind.PHONE_APPROVAL,
        FactorKind.REMEMBERED_DEVICE,
        FactorKind.SECURITY_KEY,
        FactorKind.SMS,
        FactorKind.SOCIAL,
        FactorKind.TOTP,
    }
)
"""The kinds for which there is a challenge. The policy names more than can be asked today; only these are offered."""


class Opened(Struct, frozen=True):
    """A session that was just opened. ``device_token``: of the device that is known from now on, or empty if it was before."""

    session: Session
    token: str
    device_token: str
    remembered_token: str = ""
    """Of the device that is remembered from now on; empty when none is."""
    offer_second: bool = False
    """The account has no second factor, and it is time to offer one kindly (mission.md, F8)."""


class Delivery(Struct, frozen=True):
    """How far a message came. ``state``: queued, accepted (by the mailbox's server or the operator), arrived, refused. ``at``: since when
    (UTC), ``None`` for queued. ``reason``: why it was refused, a stable name, or empty. ``mailed_instead``: a code went by e-mail then.
    """

    kind: FactorKind
    state: str
    at: datetime | None
    reason: str
    mailed_instead: bool


class Standing(Struct, frozen=True):
    """A flow and what may be done next.

    ``choices``: the kinds of proof that may be tried now, best first. ``sent``: a code was sent (or would have been, for a
    name that nobody has). ``resend_at``: from when (UTC) another may be asked for. ``held``: a limit on messages to this
    recipient held the last one back; those sent before are still good. ``prompt``: the question to the owner's phone. ``approves``: that of
    the computer that is approved, without its number, which this side must type. ``pairing``: the code with which a phone is enrolled.
    """

    flow: Flow
    verdict: Verdict | None
    choices: tuple[FactorKind, ...]
    sent: bool
    resend_at: datetime | None
    held: bool = False
    opened: Opened | None = None
    sent_by: tuple[FactorKind, ...] = ()
    """The kinds of message that were asked for, the newest first."""
    delivery: Delivery | None = None
    """What became of the newest message, for who may know it (mission.md, R14)."""
    prompt: PromptShown | None = None
    friends: FriendsAsked | None = None
    """Where it stands with the friends that were asked."""
    approves: PromptShown | None = None
    pairing: Pairing | None = None
    can_remember: bool = False
    """The next proof may be the second factor of a sign-in, and the site remembers devices (mission.md, I6)."""
    operator_refuses: bool = False
    """The operator of the number that was typed refuses many texts today, from everybody."""
    authenticator: NewAuthenticator | None = None
    """What the app that is being added must be told."""
    new_codes: tuple[str, ...] = ()
    """Backup codes that wait for one of them to be typed in, the first with number 1."""
    methods: tuple[Factor, ...] = ()
    """The person says of these which was stolen, or which are lost."""
    not_now: tuple[NotNow, ...] = ()
    """What cannot be tried now, and why; nothing before the first proof."""
    dispute: DisputeSeen | None = None
    """How the dispute stands that a recovery is in."""
    suggested: Suggested | None = None
    """For a sign-up that began at another provider and still lacks name and address."""

    def sent_to(self, kind: FactorKind | None = None) -> str:
        """Where the newest message (of one kind) went, masked: as it was typed, before anything is proven; empty where none did."""
        newest = next((a for a in reversed(self.flow.asked) if not a.by_itself and kind in {None, a.kind}), None)
        if newest is None:
            return ""
        if is_by_name(self.flow) and not any(not p.enrolling for p in self.flow.proofs):
            return masked(self.flow.typed)
        return masked(newest.thing.name.partition(":")[2])

    @property
    def needs_password(self) -> bool:
        """Whether the person gives the new password next."""
        return self.flow.state is State.ALLOWED and self.flow.action in {"recover", "bind_after_case", "change_password"}


async def situation_of(
    tx: Transaction, services: Services, client: Client, account: Account, flow: Flow | None, *, left: Left | None = None
) -> Situation:
    """The account and the circumstances of this attempt, for the policy to judge. ``left``: what left the account, where it was read."""
    device = await find_device(tx, client, account.account_id)
    session = client.session
    mine = session is not None and session.account_id == account.account_id and may_begin(session, flow.action if flow else "")
    given_up = _given_up(account, flow) if flow else None
    return Situation(
        account=account,
        proofs=flow.proofs if flow else (),
        now=services.clock.now(),
        signed_in=mine,
        session_proofs=session.proofs if session is not None and mine else (),
        known_device=device is not None and in_usual_surroundings(services, client, device) and _is_old_enough(services, device, given_up),
        breached_password=flow.breached if flow else False,
        nothing_more=flow.nothing_more if flow else False,
        target=_target(account, flow) if flow else None,
        given_up=given_up,
        former=await former_of(tx, account, flow.action, services.clock.now(), left) if flow else (),
        removes_younger=flow is not None and is_younger(account, _added_at(account, flow)),
        recovery=await _cancelled(tx, services, account, flow) if flow is not None and flow.action == Action.CANCEL_RECOVERY else None,
        weighed=await _weighed(tx, account) if flow is not None and flow.action == Action.OBJECT else frozenset(),
    )


async def _cancelled(tx: Transaction, services: Services, account: Account, flow: Flow) -> RunningRecovery | None:
    """What a cancel is weighed against: how many settled things were shown, as a dispute weighs them."""
    recovery, now = await tx.flows.get(flow.wants.flow_id), services.clock.now()
    if recovery is None:
        return None
    former = await former_of(tx, account, recovery.action, now)
    return RunningRecovery(recovery.created_at, weight(services.policy, account, recovery.proofs, now, former))


async def _weighed(tx: Transaction, account: Account) -> frozenset[Thing]:
    """What whoever objects has shown already."""
    dispute = await tx.disputes.open_of(account.account_id)
    return frozenset() if dispute is None else things_of(dispute.shown)


def _target(account: Account, flow: Flow) -> Factor | None:
    """The factor that the action removes; where it removes all second factors, the one that takes most to remove."""
    if flow.action != Action.REMOVE_FACTOR:
        return None
    going = [f for f in second_factors(account) if flow.wants.factor_id in {"", f.factor_id}]
    return max(going, key=lambda f: (f.kind in PHISHING_RESISTANT, len(things_behind(f.kind, f.thing))), default=None)


def _is_old_enough(services: Services, device: KnownDevice, given_up: Thing | None) -> bool:
    """A thief's browser is known from his first sign-in on. To leave an address for good, only a settled one counts."""
    return given_up is None or services.clock.now() - device.created_at >= SETTLED_AFTER


def _given_up(account: Account, flow: Flow) -> Thing | None:
    if flow.action != Action.REMOVE_ADDRESS or not flow.wants.given_up:
        return None
    return next((address_thing(a) for a in account.addresses if a.address_id == flow.wants.address), None)


def _added_at(account: Account, flow: Flow) -> Iterator[datetime]:
    """When each thing was added that the action removes."""
    wanted = flow.wants
    match flow.action:
        case Action.REMOVE_ADDRESS:
            yield from (a.added_at for a in account.addresses if a.address_id == wanted.address)
        case Action.REMOVE_FACTOR:
            yield from (f.added_at for f in second_factors(account) if wanted.factor_id in {"", f.factor_id})
        case Action.UNLINK_SOCIAL:
            yield from (f.added_at for f in account.enrolled if f.factor_id == wanted.factor_id)
        case _:
            pass


def choices_of(services: Services, flow: Flow, verdict: Verdict | None) -> tuple[FactorKind, ...]:
    """The kinds of proof that may be tried now, best first. One who is signed in proves the password; whoever forgot it recovers."""
    if not isinstance(verdict, Ask):
        return ()
    if is_nameless(flow):
        return (FactorKind.SOCIAL,)
    if flow.action == Action.SIGN_UP and not flow.wants.address_key:
        return ()  # name and address come first
    there = asked_here(services)
    return tuple(k for k in verdict.choices if k in there and _can_be_asked(flow, k))


def asked_here(services: Services) -> frozenset[FactorKind]:
    """The kinds that this site can ask for."""
    return _asked(social=bool(services.social.providers), texts=services.site.texts)


@cache
def _asked(*, social: bool, texts: bool) -> frozenset[FactorKind]:
    return CHALLENGES - {k for k, there in ((FactorKind.SOCIAL, social), (FactorKind.SMS, texts)) if not there}


def _preferred_first(situation: Situation, choices: tuple[FactorKind, ...]) -> tuple[FactorKind, ...]:
    """What the owner prefers comes first, for the one who has shown something (mission.md, F7)."""
    if not situation.in_session and not situation.proofs:
        return choices
    return tuple(sorted(choices, key=lambda k: k != situation.account.preferred))


def can_be_sent(services: Services, kind: FactorKind) -> bool:
    """Whether the site has a way out for this kind of message."""
    return kind is not FactorKind.SMS or services.site.texts


def _can_be_asked(flow: Flow, kind: FactorKind) -> bool:
    if kind is FactorKind.REMEMBERED_DEVICE:
        return flow.action == Action.RECOVER  # at sign-in it proves itself
    if not is_by_name(flow):
        return True
    # A security key answers to its own id only, and ids are told to nobody who has shown nothing (D3).
    return kind is not FactorKind.SECURITY_KEY or any(not p.enrolling for p in flow.proofs)


def may_begin(session: Session, action: str) -> bool:
    """Whether a session is good for an action: one that lacks its second factor is good for adding that, and nothing else (F8)."""
    return not session.limited or action == Action.ADD_FACTOR


def is_by_name(flow: Flow) -> bool:
    """Whether the flow began with a typed name, not in a session."""
    by_name = {Action.SIGN_UP, Action.SIGN_IN, Action.RECOVER, Action.THAW}
    return flow.action in by_name or (flow.action in {Action.REPORT_STOLEN, Action.STOP_CLOSING, Action.UNDO} and bool(flow.typed_key))


def is_nameless(flow: Flow) -> bool:
    """Whether the flow began at another provider, and nobody knows yet whose it is."""
    return flow.action == Action.SIGN_IN and flow.account_id == NOBODY_ID and not flow.typed_key


def standing(
    services: Services,
    flow: Flow,
    situation: Situation,
    *,
    held: bool = False,
    opened: Opened | None = None,
    delivery: Delivery | None = None,
) -> Standing:
    """Ask the policy what may be done next."""
    verdict = judge(flow, services.policy, situation) if flow.state in {State.ASKING, State.WAITING} else None
    sent = [a for a in flow.asked if not a.by_itself]
    return Standing(
        flow=flow,
        verdict=verdict,
        choices=(choices := _preferred_first(situation, choices_of(services, flow, verdict))),
        not_now=not_now(services.policy, flow, situation, asked_here(services), choices) if isinstance(verdict, Ask) else (),
        sent=bool(sent),
        sent_by=tuple(dict.fromkeys(a.kind for a in reversed(sent))),
        resend_at=max(a.asked_at for a in sent) + RESEND_AFTER if sent else None,
        held=held,
        opened=opened,
        can_remember=_can_remember(services, flow, situation),
        suggested=suggested(services, flow),
        authenticator=authenticator_shown(services, flow, situation.account),
        new_codes=codes_shown(services, flow),
        methods=_methods(flow, situation),
        delivery=delivery,
        operator_refuses=bool(sent) and sent[-1].kind is FactorKind.SMS and _operator_refuses(services, flow),
    )


def _can_remember(services: Services, flow: Flow, situation: Situation) -> bool:
    if flow.action != Action.SIGN_IN or flow.state is not State.ASKING or all(p.enrolling for p in flow.proofs):
        return False
    return services.policy.actions[Action.REMEMBER_DEVICE].offered and has_second_factor(situation.account)


def _methods(flow: Flow, situation: Situation) -> tuple[Factor, ...]:
    """What an allowed report is about, or what an allowed recovery may leave behind: not what was just shown, and nothing young (that
    goes by itself)."""
    account, shown = situation.account, {p.thing for p in flow.proofs}
    if flow.state is not State.ALLOWED:
        return ()
    if flow.action == Action.REPORT_STOLEN:
        return tuple(f for f in account.enrolled if not f.stolen)
    if flow.action not in RECOVERIES:
        return ()
    old = (f for f in second_factors(account) if is_settled(replace(f, stolen=False), account.contested_at, situation.now))
    return tuple(f for f in old if f.thing not in shown)


def _operator_refuses(services: Services, flow: Flow) -> bool:
    """Of the number as it was typed, whoever has it; after a first proof, of the number that the text went to."""
    key = flow.asked[-1].thing.name if any(not p.enrolling for p in flow.proofs) else flow.typed_key
    channel, _, number = key.partition(":")
    return channel == "phone" and services.operators.refuses_many(number, services.clock.now())
