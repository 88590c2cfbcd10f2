"""The door through which a provider of texts reports what became of them. Only what it has signed is read."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.errors import BadRequest
from sparekey.use_cases.take_receipt import take_receipt
from sparekey.web.guard import LARGEST_BODY, door_of

PATH: Final = "/receipts/sms"


async def take(request: Request) -> Response:
    """204, or a refusal: 403 unsigned, 404 of no message of ours, 409 again or too late."""
    door = door_of(request)
    if door.receipts is None:
        raise BadRequest("not_found")
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise BadRequest("too_large")
    try:
        said = door.receipts.read(request.headers, body)
    except ValueError:
        raise BadRequest("receipt_not_genuine") from None
    await take_receipt(door.services, said)
    return Response(status_code=204)
