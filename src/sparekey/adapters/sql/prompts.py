"""Questions to enrolled phones."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Statement, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.use_cases.stores_of_prompts import Prompt

_ADD = Statement(
    """insert into prompt (prompt_id, account_id, created_at, expires_at, state, data)
    values (:prompt_id, :account_id, :created_at, :expires_at, :state, :data)"""
)
_GET = Statement("select data from prompt where prompt_id = :prompt_id")
_GET_FOR_STEP = Statement("select data from prompt where prompt_id = :prompt_id /*lock*/")
_SAVE = Statement("update prompt set state = :state, data = :data where prompt_id = :prompt_id")
_OF_ACCOUNT = Statement("select data from prompt where account_id = :account_id and created_at > :since order by created_at desc")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Prompt).decode


class SqlPrompts:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def add(self, prompt: Prompt) -> None:
        await self._c.run(
            _ADD,
            prompt_id=prompt.prompt_id,
            account_id=prompt.account_id,
            created_at=to_ms(prompt.created_at),
            expires_at=to_ms(prompt.expires_at),
            state=prompt.state.value,
            data=_encode(prompt),
        )

    async def get(self, prompt_id: str) -> Prompt | None:
        r = await self._c.one(_GET, prompt_id=prompt_id)
        return None if r is None else _decode(r[0])

    async def get_for_step(self, prompt_id: str) -> Prompt | None:
        r = await self._c.one(_GET_FOR_STEP, prompt_id=prompt_id)
        return None if r is None else _decode(r[0])

    async def save(self, prompt: Prompt) -> None:
        await self._c.run(_SAVE, prompt_id=prompt.prompt_id, state=prompt.state.value, data=_encode(prompt))

    async def of_account(self, account_id: AccountId, since: datetime) -> Sequence[Prompt]:
        return [_decode(r[0]) for r in await self._c.all(_OF_ACCOUNT, account_id=account_id, since=to_ms(since))]
