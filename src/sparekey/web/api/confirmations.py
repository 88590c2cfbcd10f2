"""What a site asks somebody to confirm, through JSON: the shop's half, with its own secret, and the person's."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.confirmations import Confirmation, ConfirmationState
from sparekey.use_cases.ask_confirmation import ask_confirmation, read_confirmation, use_confirmation
from sparekey.use_cases.confirm import ConfirmationSeen, look_at_confirmation, refuse_confirmation
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.api.shop import must_be_shop
from sparekey.web.guard import bearer, door_of


class AskConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``action``: one of the site's own, by the name of its policy file. ``reference``: the site's name for what is to be confirmed, one of
    a kind on the account; the same may be asked again. ``title``: in words for the owner. ``return_to``: an address under
    ``SPAREKEY_SHOP_URL`` to go on at."""

    account_id: Annotated[str, Meta(max_length=64)]
    action: Annotated[str, Meta(max_length=40)]
    reference: Annotated[str, Meta(min_length=1, max_length=100)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    return_to: Annotated[str, Meta(max_length=1000)]


class ShopConfirmation(msgspec.Struct, frozen=True):
    """``url``: where the person is sent. ``state``: ``open``, ``confirmed``, ``refused`` or ``expired``. ``proofs``: the kinds by which it
    was confirmed. ``use_until``: until when it may be used; ``null`` while it is not confirmed. ``used_at``: when it was."""

    confirmation_id: str
    account_id: str
    action: str
    reference: str
    url: str
    state: str
    expires_at: datetime
    confirmed_at: datetime | None
    proofs: list[str]
    use_until: datetime | None
    used_at: datetime | None


class ConfirmationAnswer(msgspec.Struct, frozen=True):
    """What the site asks of one who is signed in. ``about``: what it calls the action. ``state``: ``open``, ``confirmed``, ``refused`` or
    ``expired``."""

    confirmation_id: str
    action: str
    about: str
    title: str
    state: str
    expires_at: datetime
    return_to: str


async def ask(request: Request) -> Response:
    must_be_shop(request)
    body = await read_json(request, AskConfirmation)
    found, is_new = await ask_confirmation(
        door_of(request).services,
        account_id=body.account_id,
        action=body.action,
        reference=body.reference,
        title=body.title,
        return_to=body.return_to,
    )
    return json_answer(_for_shop(request, found), 201 if is_new else 200)


async def look_as_shop(request: Request) -> Response:
    must_be_shop(request)
    return json_answer(_for_shop(request, await read_confirmation(door_of(request).services, request.path_params["confirmation_id"])))


async def use(request: Request) -> Response:
    must_be_shop(request)
    return json_answer(_for_shop(request, await use_confirmation(door_of(request).services, request.path_params["confirmation_id"])))


async def look(request: Request) -> Response:
    session = (await bearer(request)).session
    return json_answer(_answer(await look_at_confirmation(door_of(request).services, session, request.path_params["confirmation_id"])))


async def refuse(request: Request) -> Response:
    await bearer(request)
    client = await client_of(request)
    return json_answer(_answer(await refuse_confirmation(door_of(request).services, client, request.path_params["confirmation_id"])))


def _for_shop(request: Request, found: Confirmation) -> ShopConfirmation:
    door = door_of(request)
    state = found.state_at(door.services.clock.now())
    return ShopConfirmation(
        confirmation_id=found.confirmation_id,
        account_id=found.account_id,
        action=found.action,
        reference=found.reference,
        url=f"{door.origin}/confirm/{found.confirmation_id}",
        state=state.value,
        expires_at=found.expires_at,
        confirmed_at=found.answered_at if state is ConfirmationState.CONFIRMED else None,
        proofs=[kind.value for kind in found.proofs],
        use_until=found.use_until,
        used_at=found.used_at,
    )


def _answer(seen: ConfirmationSeen) -> ConfirmationAnswer:
    found = seen.confirmation
    return ConfirmationAnswer(
        found.confirmation_id, found.action, seen.about, found.title, seen.state.value, found.expires_at, found.return_to
    )
