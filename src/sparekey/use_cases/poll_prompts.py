"""What an enrolled phone is asked at this moment. A question: nothing changes but that the phone's word is spent."""

from collections.abc import Sequence

from sparekey.domain.prompts import PROMPT_LASTS, State
from sparekey.domain.values import Struct
from sparekey.use_cases.phone_word import Challenge, hear_poll, new_challenge
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt


class Polled(Struct, frozen=True):
    """``prompts``: the newest first. ``email``: of the account, so that one who has two knows which. ``challenge``: for the next word."""

    email: str
    prompts: Sequence[Prompt]
    challenge: Challenge


async def poll_prompts(services: Services, client: Client, signed: str) -> Polled:
    """Raises ``NotProven`` for a phone that is not, or no longer, enrolled, and for what was said before; ``TooManyTries``."""
    await check_volume(services, "approvals.network", client)
    async with services.store.transaction() as tx:
        account = (await hear_poll(tx, services, signed)).account
        made = await tx.prompts.of_account(account.account_id, services.clock.now() - PROMPT_LASTS)
        asked = [p for p in made if await is_asked(tx, services, p)]
    return Polled(account.main_email.value if account.main_email else account.name, asked, new_challenge(services))


async def is_asked(tx: Transaction, services: Services, prompt: Prompt) -> bool:
    """Whether a question still waits for its answer, and is the one that its flow shows."""
    now = services.clock.now()
    if prompt.state is not State.ASKED or now >= prompt.expires_at:
        return False
    flow = await tx.flows.get(prompt.flow_id)
    return flow is not None and flow.is_open(now) and flow.prompt_id == prompt.prompt_id and not flow.void
