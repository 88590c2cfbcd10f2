"""Open a session: the end of signing in, and of signing up."""

from datetime import datetime

from sparekey.domain.accounts import Account, lacks_second_factor
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.permit import Permit
from sparekey.domain.limits import day_of, lane
from sparekey.domain.offers import is_offer_due
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import KnownDevice, Session
from sparekey.domain.values import replace
from sparekey.domain.warnings import of_sign_in
from sparekey.use_cases.carry_out.quarantine import end_if_proven
from sparekey.use_cases.carry_out.session_over import leave_session
from sparekey.use_cases.known_device import find_device, in_usual_surroundings, networks_with
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened
from sparekey.use_cases.tokens import token_hash


async def open_session(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, permit: Permit, flow: Flow, account: Account
) -> tuple[Opened, SubjectLock]:
    """A new session with the proofs of the flow. A browser that was not known is known from now on, and the owner is told of it.
    Where a required second factor is missing it opens the way to adding one and nothing else, and its browser is not known yet (F8).

    ``permit`` is for ``sign_in`` or ``sign_up``.
    """
    if permit.action != "sign_up":
        permit.must_be_for("sign_in")
    now = services.clock.now()
    device = await find_device(tx, client, account.account_id)
    device_token = ""
    known = device is not None
    usual = device is not None and in_usual_surroundings(services, client, device)
    networks = networks_with(services, client, account.account_id, device.networks if device else ())
    limited = is_limited(services, account)
    if device is None and not limited:
        device_token = services.chance.token()
        device = KnownDevice(services.chance.new_id(now), account.account_id, now, now, client.user_agent, networks)
        await tx.devices.add(device, token_hash(device_token))
    elif device is not None and not limited:
        await tx.devices.seen(device.device_id, now, networks)
    if permit.action == "sign_in":
        await _warn(tx, services, client, account, known=known, usual=usual, now=now)
    session, token = await new_session(tx, services, client, account, device.device_id if device else "", _proofs(permit, flow, account))
    detail = {"route": permit.route, **({"usual": "yes"} if usual or permit.action == "sign_up" else {})}
    lock = await record(tx, services, lock, Event.SIGNED_IN, account, client, flow_id=flow.flow_id, **detail)
    account, lock = await end_if_proven(tx, services, client, lock, flow, account)
    offer = permit.action == "sign_in" and not limited and is_offer_due(account, now)
    return Opened(session=session, token=token, device_token=device_token, offer_second=offer), lock


def is_limited(services: Services, account: Account) -> bool:
    """Whether its sessions are good for adding a second factor and nothing else (mission.md, F8)."""
    return lacks_second_factor(account, required=services.site.second_factor_required)


async def new_session(
    tx: Transaction, services: Services, client: Client, account: Account, device_id: str, proofs: tuple[Proof, ...]
) -> tuple[Session, str]:
    """A session of the account, and the token that opens it. ``proofs``: what it is worth. The one that the client came with ends:
    nobody has two at a time, and none is left behind where another person signs in (ASVS 7.2.4)."""
    await _end_former(tx, services, client, account)
    now, token = services.clock.now(), services.chance.token()
    session = Session(
        session_id=services.chance.new_id(now),
        account_id=account.account_id,
        device_id=device_id,
        created_at=now,
        seen_at=now,
        expires_at=now + services.policy.sessions.lasts,
        proofs=proofs,
        user_agent=client.user_agent,
        network=client.network,
        limited=is_limited(services, account),
    )
    await tx.sessions.add(session, token_hash(token))
    return session, token


async def _end_former(tx: Transaction, services: Services, client: Client, account: Account) -> None:
    """Of the same account nothing more is recorded than that somebody signed in; its owner has one line for it."""
    former = client.former or client.session
    if former is None:
        return
    if former.account_id == account.account_id:
        await leave_session(tx, services, account, former.session_id)
        return
    lock, other = await tx.audit.lock(former.account_id), await tx.accounts.get(former.account_id)
    if await leave_session(tx, services, other, former.session_id):
        await record(tx, services, lock, Event.SIGNED_OUT, other, client)


async def _warn(tx: Transaction, services: Services, client: Client, account: Account, *, known: bool, usual: bool, now: datetime) -> None:
    """Tell of a sign-in that is not an ordinary one (H4, I8)."""
    if usual:
        return
    failures = await tx.guesses.read(account.account_id, lane(FactorKind.PASSWORD, "", ""), day_of(now))
    kind = of_sign_in(known=known, usual=usual, failures=failures.today)
    if kind is not None:
        params = {**where(services, client), "at": now.isoformat()}
        await tell(tx, services, account, account.addresses, kind, params, now)


def _proofs(permit: Permit, flow: Flow, account: Account) -> tuple[Proof, ...]:
    """What the session is worth. At sign-up the mailbox was shown before it was on the account, so it gets its place there now;
    elsewhere what was won while enrolling, or was used up by a recovery, stays good for nothing."""
    if permit.action != "sign_up":
        return tuple(p for p in flow.proofs if not p.enrolling)
    factor_ids = {(f.kind, f.thing): f.factor_id for f in account.factors()}
    return tuple(replace(p, factor_id=factor_ids[p.kind, p.thing], enrolling=False) for p in flow.proofs)
