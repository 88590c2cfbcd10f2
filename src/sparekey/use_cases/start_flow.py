"""What all flows begin with: a stored flow with an id, an expiry and a version, bound to the browser or program that began it."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import DEFENDS
from sparekey.domain.errors import TooManyTries
from sparekey.domain.flow.flow import FLOW_LASTS, Flow
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import VOLUME_LIMITS
from sparekey.domain.sessions import Session
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tokens import token_hash


def new_flow(
    services: Services,
    client: Client,
    action: str,
    account_id: AccountId,
    subject: str,
    *,
    typed: str = "",
    typed_key: str = "",
    wants: Wants | None = None,
    void: bool = False,
) -> Flow:
    now = services.clock.now()
    return Flow(
        flow_id=services.chance.new_id(now),
        action=action,
        account_id=account_id,
        subject=subject,
        holder=token_hash(client.holder),
        state=State.ASKING,
        version=1,
        created_at=now,
        expires_at=now + FLOW_LASTS,
        language=client.language,
        typed=typed,
        typed_key=typed_key,
        wants=wants or Wants(),
        void=void,
    )


async def check_volume(services: Services, limit: str, client: Client) -> None:
    """Raises ``TooManyTries`` when this network asked too often; the same for every name."""
    await check_limit(services, limit, neighbourhood(client.network))


async def check_limit(services: Services, limit: str, of: str) -> None:
    """Once more. Raises ``TooManyTries``, with the reason of the limit."""
    if wait := await services.limits.hit(limit, of):
        raise TooManyTries(wait, VOLUME_LIMITS[limit].reason)


async def check_volume_of_session(services: Services, client: Client, session: Session, action: str) -> None:
    """One more action is begun in a session. Raises ``TooManyTries`` when its account or this network has begun too many; what defends
    the account is counted by session."""
    if action in DEFENDS:
        await check_limit(services, "guarded.account", session.session_id)
    else:
        await check_volume(services, "guarded.network", client)
        await check_limit(services, "guarded.account", session.account_id)


async def check_sends(services: Services, account_id: AccountId, number: int = 1) -> None:
    """So many messages are to go to people who have not asked for them. Raises ``TooManyTries`` when the account has sent too many."""
    for _ in range(number):
        await check_limit(services, "send.account", account_id)


async def check_user_names(services: Services, client: Client, account_id: AccountId) -> None:
    """A new user name is asked for. Raises ``TooManyTries`` when this account or network has asked for too many, taken or free."""
    for limit, of in (("user_name.network", neighbourhood(client.network)), ("user_name.account", account_id)):
        await check_limit(services, limit, of)


@lru_cache(maxsize=1024)
def neighbourhood(network: str) -> str:
    """What is counted as one network: an IPv4 address, or the 64 bits of an IPv6 one that a single subscriber is given (RFC 6177)."""
    try:
        address = ip_address(network)
    except ValueError:
        return network
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else network
