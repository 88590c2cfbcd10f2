"""A bug on purpose, so that the test is known to see it."""

from collections.abc import Collection

from sparekey.domain.accounts import Account
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases import finish_flow as true_finish
from sparekey.use_cases.carry_out import change as changes
from sparekey.use_cases.carry_out import password as passwords
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.web.api import flows as api_flows

LOST_NOTICE = "lost_notice"


def plant_lost_notice() -> None:
    """A bug on purpose: the notices of a new password are written after it, in a transaction of their own."""
    true, later = true_finish.finish_with_password, list[tuple[changes.Change, MessageKind]]()

    async def tell_all(change: changes.Change, account: Account, kind: MessageKind, **params: str) -> None:
        later.append((replace(change, account=account), kind))

    async def finish_with_password(
        services: Services, client: Client, flow_id: str, new_password: str, lost: Collection[str] = ()
    ) -> Standing:
        standing = await true(services, client, flow_id, new_password, lost)
        now = services.clock.now()
        async with services.store.transaction() as tx:
            for change, kind in later:
                params = {**where(services, client), "at": now.isoformat()}
                await tell(tx, services, change.account, change.account.addresses, kind, params, now)
        return standing

    passwords.tell_all = tell_all  # type: ignore[attr-defined]
    api_flows.finish_with_password = finish_with_password  # type: ignore[attr-defined]
