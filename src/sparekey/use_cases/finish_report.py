"""Say which factor was stolen: the last step of a report that began with a name (mission.md, F9)."""

from sparekey.domain.actions import Action
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.flow import check_open
from sparekey.domain.flow.state import State
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import permitted
from sparekey.use_cases.carry_out.factors import report_stolen
from sparekey.use_cases.enrol import finished
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.wanted_factor import check_factor


async def finish_report(services: Services, client: Client, flow_id: str, factor_id: str) -> Standing:
    """The factor stops at once. Raises ``InvalidInput`` for one that the account has not, ``WrongStep``, ``FlowOver``."""
    seen = await read_flow(services, client, flow_id)
    check_open(seen, services.clock.now())
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if at.flow.action != Action.REPORT_STOLEN or at.flow.state is not State.ALLOWED:
            raise WrongStep("nothing is being reported")
        flow = replace(at.flow, wants=replace(at.flow.wants, factor_id=factor_id))
        check_factor(at.account, flow.action, flow.wants)
        return await finished(await report_stolen(await permitted(tx, services, client, at.lock, flow, at.account)))
