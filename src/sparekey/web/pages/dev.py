"""The mailbox and the phone of development mode, to be looked at. In production these routes do not exist."""

import re
from typing import Final

from markupsafe import Markup, escape
from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import BadRequest
from sparekey.web.pages.endpoints import page
from sparekey.web.pages.visit import Visit

LINK: Final = re.compile(r"https?://[^\s<>\"]+")


async def _mail(visit: Visit) -> Response:
    if visit.door.mailbox is None:
        raise BadRequest("not_found")
    return visit.show("dev_mail.html", letters=visit.door.mailbox.list())


async def _letter(visit: Visit) -> Response:
    letter = visit.door.mailbox.read(visit.request.path_params["name"]) if visit.door.mailbox else None
    if letter is None:
        raise BadRequest("not_found")
    return visit.show("dev_letter.html", letter=letter, text=with_links(letter.text))


async def _phone(visit: Visit) -> Response:
    if visit.door.phone is None:
        raise BadRequest("not_found")
    return visit.show("dev_phone.html", texts=visit.door.phone.list())


def with_links(text: str) -> Markup:
    """A plain text as HTML, its web addresses as links."""
    parts = LINK.split(text)
    links = [Markup('<a href="{0}">{0}</a>').format(found) for found in LINK.findall(text)]
    return Markup("").join(Markup("{}{}").format(escape(part), link) for part, link in zip(parts, [*links, ""], strict=True))


ROUTES = [
    Route("/dev/mail", page(_mail), methods=["GET"]),
    Route("/dev/mail/{name}", page(_letter), methods=["GET"]),
    Route("/dev/phone", page(_phone), methods=["GET"]),
]
