"""The first page."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.web.pages.endpoints import page
from sparekey.web.pages.visit import Visit


async def _home(visit: Visit) -> Response:
    return visit.go("/account") if visit.who else visit.show("home.html")


ROUTES = [Route("/", page(_home), methods=["GET"])]
