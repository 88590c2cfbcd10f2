"""Whether the process lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sparekey.web.guard import door_of


async def live(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 when the database answers, else 503."""
    if await door_of(request).services.store.is_ready():
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "unavailable"}, 503, headers={"retry-after": "5"})
