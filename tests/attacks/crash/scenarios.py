"""All scenarios, by the names under which a job asks for one."""

from tests.attacks.crash import account, alarms, operation, recovery, signing_in, signing_up
from tests.attacks.crash.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    **signing_up.SCENARIOS,
    **signing_in.SCENARIOS,
    **recovery.SCENARIOS,
    **account.SCENARIOS,
    **alarms.SCENARIOS,
    **operation.SCENARIOS,
}
