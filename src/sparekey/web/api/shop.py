"""The shop's own door: what is withheld on an account, and what somebody did at the shop. And the same restrictions for the owner."""

import hmac
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.accounts import AccountId
from sparekey.domain.errors import BadRequest
from sparekey.domain.quarantine import Restriction
from sparekey.domain.shop import Activity, ActivityKind
from sparekey.use_cases.read_restrictions import read_for_shop, read_restrictions
from sparekey.use_cases.report_activity import report_activity
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.guard import bearer, door_of

Capability = Annotated[str, Meta(max_length=40)]
"""A name in ``capabilities.toml``; a site may have others than ours."""


class RestrictionAnswer(msgspec.Struct, frozen=True):
    """``why``: ``frozen``, ``disputed`` or ``quarantined``. ``until``: when it is over by itself; ``null`` where somebody must act
    first."""

    capability: Capability
    why: str
    until: datetime | None


class RestrictionsAnswer(msgspec.Struct, frozen=True):
    """What is withheld on the own account. ``recovered_at`` and ``quarantined_until``: ``null`` without a quarantine. ``can_end_it``:
    signing in with a settled second factor from before the recovery ends it."""

    restrictions: list[RestrictionAnswer]
    recovered_at: datetime | None
    quarantined_until: datetime | None
    can_end_it: bool


class ShopRestrictions(msgspec.Struct, frozen=True):
    """What the shop withholds. ``states``: any of ``frozen``, ``disputed``, ``quarantined``, ``blocked``, ``closing``, ``closed``."""

    account_id: str
    states: list[str]
    restrictions: list[RestrictionAnswer]
    quarantined_until: datetime | None


class ReportActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody did at the shop. ``reference``: the shop's name for it, one of a kind on the account; the same report may
    come again. ``title``: in words for the owner. ``amount`` and ``currency`` (ISO 4217): both or neither. ``network`` (an IP address)
    and ``user_agent``: from where, shown to the owner as device and place."""

    account_id: Annotated[str, Meta(max_length=64)]
    reference: Annotated[str, Meta(min_length=1, max_length=100)]
    kind: Literal["order", "payment", "payout", "payout_target"]
    at: Annotated[datetime, Meta(tz=True)]
    title: Annotated[str, Meta(max_length=200)] = ""
    amount: Annotated[str, Meta(pattern=r"^(-?[0-9]{1,15}(\.[0-9]{1,4})?)?\Z")] = ""
    currency: Annotated[str, Meta(pattern=r"^([A-Z]{3})?\Z")] = ""
    network: Annotated[str, Meta(max_length=45)] = ""
    user_agent: Annotated[str, Meta(max_length=300)] = ""


class ActivityReported(msgspec.Struct, frozen=True):
    """``new``: it was not reported before."""

    new: bool


async def own_restrictions(request: Request) -> Response:
    found = await read_restrictions(door_of(request).services, (await bearer(request)).session)
    listed = [_answer(r) for r in found.restrictions]
    return json_answer(RestrictionsAnswer(listed, found.recovered_at, found.until, found.can_end_it))


async def restrictions(request: Request) -> Response:
    must_be_shop(request)
    found = await read_for_shop(door_of(request).services, request.path_params["account_id"])
    listed = [_answer(r) for r in found.restrictions]
    return json_answer(ShopRestrictions(found.account_id, list(found.states), listed, found.until))


async def activity(request: Request) -> Response:
    must_be_shop(request)
    body = await read_json(request, ReportActivity)
    new = await report_activity(
        door_of(request).services,
        Activity(
            account_id=AccountId(body.account_id),
            reference=body.reference,
            kind=ActivityKind(body.kind),
            at=body.at,
            title=body.title,
            amount=body.amount,
            currency=body.currency,
            network=body.network,
            user_agent=body.user_agent,
        ),
    )
    return json_answer(ActivityReported(new))


def must_be_shop(request: Request) -> None:
    """Raises ``BadRequest("not_the_shop")``, also where no shop is set up."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    secret = door_of(request).services.shop.secret
    same = hmac.compare_digest(shown.encode(), secret.encode())
    if not secret or scheme.lower() != "bearer" or not same:
        raise BadRequest("not_the_shop")


def _answer(found: Restriction) -> RestrictionAnswer:
    return RestrictionAnswer(found.capability, found.why, found.until)
