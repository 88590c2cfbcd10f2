"""Keep ten new backup codes, once one of them was typed in: so they were really written down (mission.md, F5).

Only now are they hashed, ten at once in the queue of all hashes, and only now do they work; until then the former ones do.
"""

import asyncio
from hmac import compare_digest

from sparekey.challenges import backup_code
from sparekey.challenges.backup_code import Typed
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.flow.flow import check_open
from sparekey.use_cases.answer_backup_code import read
from sparekey.use_cases.carry_out.backup_codes import keep_codes
from sparekey.use_cases.carry_out.change import permitted
from sparekey.use_cases.enrol import finished, proven_factor, put_on_account
from sparekey.use_cases.enrolling import must_show
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_factors import BackupCode


async def keep_backup_codes(services: Services, client: Client, flow_id: str, text: str) -> Standing:
    """``text``: number and code of any of the ten. Raises ``InvalidInput``, ``WrongStep``, ``FlowOver``, ``TooManyTries``, ``Busy``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    check_open(seen, services.clock.now())
    shown = must_show(services, seen)
    if not _is_one_of(shown, read(text)):
        raise InvalidInput(FieldProblem("answer", "backup_code_not_shown"))
    services.hasher.must_have_room()
    hashes = await asyncio.gather(*(services.hasher.hash(code) for code in shown))
    codes = [BackupCode(number, hashed) for number, hashed in enumerate(hashes, 1)]
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if must_show(services, at.flow) != shown:
            raise InvalidInput(FieldProblem("answer", "backup_code_not_shown"))
        if at.flow.action == Action.ADD_FACTOR:
            return await put_on_account(tx, services, client, at, proven_factor(services, at.flow), codes)
        change = await keep_codes(await permitted(tx, services, client, at.lock, at.flow, at.account), codes)
        return await finished(change)


def _is_one_of(shown: tuple[str, ...], typed: Typed) -> bool:
    return typed.number <= backup_code.CODES and compare_digest(shown[typed.number - 1], typed.code)
