"""A permit: leave for one action on one account. Only an allowed flow gives it; whatever changes an account takes one."""

from datetime import datetime

from sparekey.domain.accounts import AccountId
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.flow import Flow, check_open
from sparekey.domain.flow.state import State
from sparekey.domain.values import Struct

_FROM_HERE = object()


class Permit(Struct, frozen=True):
    """Made by ``permit_of`` alone; a permit made by hand raises ``TypeError``."""

    action: str
    account_id: AccountId
    flow_id: str
    route: str
    _made_by: object

    def __post_init__(self) -> None:
        if self._made_by is not _FROM_HERE:
            raise TypeError("a permit comes from an allowed flow")

    def must_be_for(self, action: str) -> None:
        """Raises ``WrongStep`` when the permit is for another action."""
        if self.action != action:
            raise WrongStep(f"a permit for {self.action} does not allow {action}")


def permit_of(flow: Flow, now: datetime) -> Permit:
    """The permit of an allowed flow. Raises ``FlowOver`` or ``WrongStep`` otherwise."""
    check_open(flow, now)
    if flow.state is not State.ALLOWED or flow.void:
        raise WrongStep(f"a flow that is {flow.state} permits nothing")
    return Permit(flow.action, flow.account_id, flow.flow_id, flow.route, _FROM_HERE)
