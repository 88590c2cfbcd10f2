"""Counters of wrong answers. In the attempt's transaction, so that no restart, process or flow resets them."""

from sparekey.adapters.sql.connection import Connection, Statement
from sparekey.domain.accounts import AccountId
from sparekey.use_cases.ports import Guesses

_COUNT = Statement(
    """insert into guess (subject, lane, day, today, in_a_row) values (:subject, :lane, :day, 1, 1)
    on conflict (subject, lane) do update set
        today = case when guess.day = excluded.day then guess.today + 1 else 1 end,
        day = excluded.day,
        in_a_row = guess.in_a_row + 1
    returning today, in_a_row"""
)
_COUNT_WITHIN = Statement(
    """insert into guess (subject, lane, day, today, in_a_row) values (:subject, :lane, :day, 1, 1)
    on conflict (subject, lane) do update set
        today = case when guess.day = excluded.day then guess.today + 1 else 1 end,
        day = excluded.day,
        in_a_row = guess.in_a_row + 1
    where (guess.day <> excluded.day or guess.today < :most_today) and guess.in_a_row < :most_in_a_row"""
)
_NOT_LOOKED_AT = Statement(
    """update guess set today = case when day = :day and today > 0 then today - 1 else today end,
        in_a_row = case when in_a_row > 0 then in_a_row - 1 else 0 end
    where subject = :subject and lane = :lane"""
)
_READ = Statement("select day, today, in_a_row from guess where subject = :subject and lane = :lane")
_TAKE_BACK = Statement(
    """update guess set today = case when day = :day and today > 0 then today - 1 else today end, in_a_row = 0
    where subject = :subject and lane = :lane"""
)
# Names that nobody has are counted under subjects that begin with an x (use_cases/record.py).
_MANY = Statement(
    """select subject from guess where day = :day and lane = :lane and today >= :least and subject > :after and subject < 'x'
    order by subject limit :most"""
)
_CLEAR = Statement("delete from guess where subject = :subject and lane >= :first and lane < :last and lane <> :but")
_END_ROW = Statement("update guess set in_a_row = 0 where subject = :subject and lane = :but")


class SqlGuessCounters:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def count_one(self, subject: str, lane: str, day: int) -> Guesses:
        row = await self._c.one(_COUNT, subject=subject, lane=lane, day=day)
        if row is None:
            raise LookupError(subject)
        return Guesses(today=row[0], in_a_row=row[1])

    async def count_within(self, subject: str, lane: str, day: int, most_today: int, most_in_a_row: int) -> bool:
        counted = await self._c.run(_COUNT_WITHIN, subject=subject, lane=lane, day=day, most_today=most_today, most_in_a_row=most_in_a_row)
        return counted == 1

    async def not_looked_at(self, subject: str, lane: str, day: int) -> None:
        await self._c.run(_NOT_LOOKED_AT, subject=subject, lane=lane, day=day)

    async def read(self, subject: str, lane: str, day: int) -> Guesses:
        row = await self._c.one(_READ, subject=subject, lane=lane)
        if row is None:
            return Guesses(today=0, in_a_row=0)
        return Guesses(today=row[1] if row[0] == day else 0, in_a_row=row[2])

    async def take_back(self, subject: str, lane: str, day: int) -> None:
        await self._c.later(_TAKE_BACK, subject=subject, lane=lane, day=day)

    async def many_today(self, lane: str, day: int, least: int, after: str, most: int) -> list[AccountId]:
        return [AccountId(row[0]) for row in await self._c.all(_MANY, lane=lane, day=day, least=least, after=after, most=most)]

    async def clear(self, subject: str, lane_prefix: str, *, but_the_day_in: str = "") -> None:
        await self._c.run(_CLEAR, subject=subject, first=lane_prefix, last=lane_prefix + "\U0010ffff", but=but_the_day_in)
        await self._c.run(_END_ROW, subject=subject, but=but_the_day_in)
