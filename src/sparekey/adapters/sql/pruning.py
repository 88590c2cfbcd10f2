"""Removing what was kept long enough, a few rows at a time, so that nobody waits long. What is locked is left for the next time.

How long is long enough stands in ``domain.retention``.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sparekey.adapters.sql.connection import Connection, Statement, to_ms
from sparekey.domain import retention
from sparekey.domain.limits import day_of

_FLOWS = Statement(
    "delete from flow where flow_id in (select flow_id from flow where expires_at < :before order by expires_at limit :most /*skip*/)"
)
_SESSIONS = Statement(
    """delete from session where token_hash in (
        select token_hash from session where expires_at < :before order by expires_at limit :most /*skip*/)"""
)
_DEVICES = Statement(
    "delete from device where device_id in (select device_id from device where seen_at < :before order by seen_at limit :most /*skip*/)"
)
_ADDRESSES = Statement(
    """delete from address where address_id in (
        select address_id from address where removed_at is not null and removed_at < :before order by removed_at limit :most /*skip*/)"""
)
_MESSAGES = Statement(
    """delete from outbox where message_id in (
        select message_id from outbox where state in ('delivered', 'void', 'expired') and next_at < :before limit :most /*skip*/)"""
)
_FACTORS = Statement(
    """delete from factor where factor_id in (
        select factor_id from factor where removed_at is not null and removed_at < :before order by removed_at limit :most /*skip*/)"""
)
_CASE_MESSAGES = Statement(
    """delete from case_message where case_id in (
        select case_id from support_case where closed_at is not null and closed_at < :before order by closed_at limit :most)"""
)
_CASE_VOTES = Statement(
    """delete from case_vote where case_id in (
        select case_id from support_case where closed_at is not null and closed_at < :before order by closed_at limit :most)"""
)
_CASES = Statement(
    """delete from support_case where case_id in (
        select case_id from support_case where closed_at is not null and closed_at < :before order by closed_at limit :most /*skip*/)"""
)
_PROMPTS = Statement(
    """delete from prompt where prompt_id in (
        select prompt_id from prompt where expires_at < :before order by expires_at limit :most /*skip*/)"""
)
_CHANGES = Statement(
    "delete from change where change_id in (select change_id from change where at < :before order by at limit :most /*skip*/)"
)
_CONTACT_ASKS = Statement(
    """delete from contact_ask where token_hash in (
        select token_hash from contact_ask where expires_at < :before order by expires_at limit :most /*skip*/)"""
)
# A list that a factor names, or may name again when its removal is undone, stays.
_GONE_CIRCLES = """select circle_id from contact_circle c where made_at < :before
    and not exists (select 1 from factor f where f.factor_id = c.circle_id) order by made_at, circle_id limit :most"""
_CONTACTS = Statement(f"delete from contact where circle_id in ({_GONE_CIRCLES})")
_CIRCLES = Statement(f"delete from contact_circle where circle_id in ({_GONE_CIRCLES})")
_NOTICE_LINKS = Statement(
    """delete from notice_link where token_hash in (
        select token_hash from notice_link where expires_at < :before order by expires_at limit :most /*skip*/)"""
)
_SPENT = Statement(
    "delete from spent where mark in (select mark from spent where expires_at < :before order by expires_at limit :most /*skip*/)"
)
_DISPUTES = Statement(
    """delete from dispute where dispute_id in (
        select dispute_id from dispute where ended_at < :before order by ended_at limit :most /*skip*/)"""
)
_ACTIVITIES = Statement(
    """delete from shop_activity where (account_id, reference) in (
        select account_id, reference from shop_activity where at < :before order by at limit :most /*skip*/)"""
)
_CONFIRMATIONS = Statement(
    """delete from confirmation where confirmation_id in (
        select confirmation_id from confirmation where asked_at < :before order by asked_at limit :most /*skip*/)"""
)
_SHOP_EVENTS = Statement(
    """delete from shop_event where event_id in (
        select event_id from shop_event where state = 'delivered' and next_at < :before order by next_at limit :most /*skip*/)"""
)
_COUNTERS = Statement(
    """delete from guess where (subject, lane) in (
        select subject, lane from guess where day < :today and (
            in_a_row = 0
            or (subject >= 's' and day < :unknown)
            or (lane not like '%/unknown' and day < :dead)
        ) limit :most /*skip*/)"""
)

# A sign-in that was cut off between its two transactions leaves a head without events.
_EMPTY = Statement(
    """delete from audit_head where chain in (
        select chain from audit_head where chain >= 's' and begun_at is null and seq = 0 limit :most /*skip*/)"""
)
_OLD_CHAINS = Statement(
    """select chain from audit_head h where chain >= 's' and begun_at < :before
    and (select e.at from audit_event e where e.chain = h.chain and e.seq = h.seq) < :before order by begun_at limit :most /*skip*/"""
)
# Those of a set that is about to go.
_BACKUP_CODES = Statement(
    """delete from backup_code where factor_id in (
        select factor_id from factor where removed_at is not null and removed_at < :before order by removed_at limit :most)"""
)
_EVENTS = Statement("delete from audit_event where chain = :chain")
_HEAD = Statement("delete from audit_head where chain = :chain")


def prunings(now: datetime) -> Iterator[tuple[str, Statement, dict[str, object]]]:
    """A table, the statement that removes from it, and the statement's moments."""
    for table, statement, kept in (
        ("flow", _FLOWS, retention.FLOW_KEPT),
        ("session", _SESSIONS, timedelta(0)),
        ("device", _DEVICES, retention.DEVICE_KEPT),
        ("address", _ADDRESSES, retention.ADDRESS_KEPT),
        ("outbox", _MESSAGES, retention.MESSAGE_KEPT),
        ("backup_code", _BACKUP_CODES, retention.FACTOR_KEPT),
        ("factor", _FACTORS, retention.FACTOR_KEPT),
        ("case_message", _CASE_MESSAGES, retention.CASE_KEPT),
        ("case_vote", _CASE_VOTES, retention.CASE_KEPT),
        ("support_case", _CASES, retention.CASE_KEPT),
        ("prompt", _PROMPTS, retention.PROMPT_KEPT),
        ("notice_link", _NOTICE_LINKS, timedelta(0)),
        ("change", _CHANGES, retention.CHANGE_KEPT),
        ("spent", _SPENT, timedelta(0)),
        ("contact_ask", _CONTACT_ASKS, retention.CONTACT_ASK_KEPT),
        ("contact", _CONTACTS, retention.CIRCLE_KEPT),
        ("contact_circle", _CIRCLES, retention.CIRCLE_KEPT),
        ("shop_activity", _ACTIVITIES, retention.ACTIVITY_KEPT),
        ("confirmation", _CONFIRMATIONS, retention.CONFIRMATION_KEPT),
        ("shop_event", _SHOP_EVENTS, retention.SHOP_EVENT_KEPT),
        ("dispute", _DISPUTES, retention.DISPUTE_KEPT),
    ):
        yield table, statement, {"before": to_ms(now - kept)}
    unknown, dead = day_of(now - retention.COUNTER_KEPT), day_of(now - retention.LANE_KEPT)
    yield "guess", _COUNTERS, {"today": day_of(now), "unknown": unknown, "dead": dead}


async def prune_unknown_chains(connection: Connection, now: datetime, most: int) -> int:
    """Whole chains of names that nobody has, a day after their seals stopped to count; how many there were."""
    before = to_ms(now - retention.UNKNOWN_CHAIN_KEPT - timedelta(days=1))
    empty = await connection.run(_EMPTY, most=most)
    chains = [row[0] for row in await connection.all(_OLD_CHAINS, before=before, most=most)]
    for chain in chains:
        await connection.run(_EVENTS, chain=chain)
        await connection.run(_HEAD, chain=chain)
    return empty + len(chains)
