"""Open the session of a computer that a phone approved (mission.md, I4)."""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.permit import Permit
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.carry_out.closing import kept_by_sign_in
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.open_session import new_session
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened


async def open_approved_session(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, permit: Permit, flow: Flow, account: Account, *, known: bool
) -> Opened:
    """A session of the computer's own. ``flow``: the phone's, with what was proven there. ``known``: the computer is a known device.

    Only a known device gets the phone's proofs. On any other the session has none, so every guarded action asks for a fresh proof
    there; nor is the computer known from now on, for nothing was typed at it. Whoever was tricked into approving a stranger's screen has
    given away no more than that (docs/qr-sign-in.md).
    """
    permit.must_be_for(Action.APPROVE_SIGN_IN)
    account, lock = await kept_by_sign_in(tx, services, client, lock, account, flow)
    now = services.clock.now()
    device = await find_device(tx, client, account.account_id)
    if known and device is not None:
        await tx.devices.seen(device.device_id, now, device.networks)
    else:
        await tell(
            tx, services, account, account.addresses, MessageKind.NEW_DEVICE, {**where(services, client), "at": now.isoformat()}, now
        )
    session, token = await new_session(tx, services, client, account, device.device_id if device else "", flow.proofs if known else ())
    await record(tx, services, lock, Event.SIGNED_IN, account, client, flow_id=flow.flow_id, route=permit.route)
    return Opened(session=session, token=token, device_token="")
