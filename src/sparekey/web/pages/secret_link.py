"""A link with a secret in it, from a mail or a QR code. Opening it changes nothing, for mail scanners open links too; a button acts.

The secret leaves the address at once: it moves into a cookie, so that it stands in no history, log or Referer.
"""

from datetime import timedelta

from starlette.responses import Response

from sparekey.domain.limits import LINK_LASTS
from sparekey.domain.values import Struct
from sparekey.web.pages.visit import Visit


class SecretLink(Struct, frozen=True):
    """``cookie``: where the secret goes. ``path``: of the page that it leads to. ``lasts``: how long that page may lie open before its
    button; links that live longer can be opened again."""

    cookie: str
    path: str
    lasts: timedelta = LINK_LASTS

    async def take(self, visit: Visit) -> Response:
        """The link was opened."""
        response = visit.go(self.path)
        self.keep(visit, response, visit.request.path_params["token"])
        return response

    def keep(self, visit: Visit, response: Response, secret: str) -> None:
        """What cannot be one of our secrets comes into no cookie."""
        fine = secret.isascii() and all(c.isalnum() or c in "-_" for c in secret)
        visit.door.cookies.set(response, self.cookie, secret if fine else "", lasts=self.lasts)

    def secret(self, visit: Visit) -> str:
        """Empty where there is none."""
        return visit.door.cookies.read(visit.request, self.cookie)

    def forget(self, visit: Visit, response: Response) -> None:
        visit.door.cookies.clear(response, self.cookie)
