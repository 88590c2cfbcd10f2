"""The shop reports what somebody did there: an order, a payment, a payout. The owner sees it beside what changed (mission.md, H3)."""

from datetime import UTC

from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.retention import ACTIVITY_KEPT
from sparekey.domain.shop import CLOCKS_DIFFER, Activity
from sparekey.domain.values import replace
from sparekey.use_cases.read_restrictions import account_for_shop
from sparekey.use_cases.services import Services


async def report_activity(services: Services, activity: Activity) -> bool:
    """Keep one report; its time may be in any zone. Answers whether it is new; the same one once more changes nothing.

    Raises ``BadRequest("account_unknown")``, and ``InvalidInput``, also for a reference that stands for something else already.
    """
    now = services.clock.now()
    problems = [
        FieldProblem(name, "text_unusable")
        for name in ("reference", "title", "network", "user_agent")
        if not getattr(activity, name).isprintable()
    ]
    if bool(activity.amount) != bool(activity.currency):
        problems.append(FieldProblem("currency" if activity.amount else "amount", "amount_and_currency"))
    if activity.at > now + CLOCKS_DIFFER:
        problems.append(FieldProblem("at", "in_the_future"))
    elif activity.at < now - ACTIVITY_KEPT:
        problems.append(FieldProblem("at", "too_long_ago"))
    if problems:
        raise InvalidInput(*problems)
    # As every store can keep it.
    at = activity.at.astimezone(UTC)
    activity = replace(activity, at=at.replace(microsecond=at.microsecond // 1000 * 1000))
    async with services.store.transaction() as tx:
        await account_for_shop(tx, activity.account_id)
        if await tx.shop_activities.add(activity):
            return True
        if await tx.shop_activities.get(activity.account_id, activity.reference) != activity:
            raise InvalidInput(FieldProblem("reference", "reference_taken"))
    return False
