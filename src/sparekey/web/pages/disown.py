"""The page behind "this wasn't me". Opening it changes nothing, for mail scanners open links too; its one button acts.

The secret leaves the address at once: it moves into a cookie, so that it stands in no history, log or Referer.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver
from sparekey.use_cases.disown import disown, look_at_notice
from sparekey.web.errors import shown
from sparekey.web.pages import dispute
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.history_words import EVENTS, MESSAGES
from sparekey.web.pages.link import is_token
from sparekey.web.pages.views import ToldView
from sparekey.web.pages.visit import Visit
from sparekey.web.pages.visit import visit as arrive

COOKIE: Final = "disown"

KEPT: Final = 30 * 60
"""Seconds that a page may lie open before its button; the mailed link works for longer, and can be opened again."""


async def _take(visit: Visit) -> Response:
    token: str = visit.request.path_params["token"]
    response = visit.go("/disown")
    visit.door.cookies.set(response, COOKIE, token if is_token(token) else "", lasts=KEPT)
    return response


async def _look(visit: Visit) -> Response:
    try:
        seen = await look_at_notice(visit.services, _token(visit))
    except FlowOver as e:
        return visit.show("disown_over.html", status=shown(e).status)
    say = visit.words.gettext
    return visit.show(
        "disown.html",
        told=say(MESSAGES[seen.kind]),
        at=seen.at,
        does=seen.does.value,
        undoes=[ToldView(say(EVENTS[t.kind]), t.at) for t in seen.undoes],
        only=[ToldView(say(EVENTS[t.kind]), t.at) for t in seen.only],
        password=seen.password,
        closing=seen.closing,
    )


async def _press(visit: Visit, form: Form) -> Response:
    try:
        lock, only = form["lock"] == "yes", form["only"] == "yes"
        done = await disown(visit.services, visit.client, _token(visit), lock_account=lock, only=only)
    except FlowOver as e:
        return visit.show("disown_over.html", status=shown(e).status)
    # The session of this browser may be among those that just ended: the page must not greet a member.
    kinds = [visit.words.gettext(EVENTS[kind]) for kind in done.undone.kinds]
    response = (await arrive(visit.request)).show("disown_done.html", done=done, kinds=kinds)
    if done.disputed:
        visit.door.cookies.set(response, dispute.COOKIE, _token(visit), lasts=dispute.KEPT)
    if not done.can_lock:
        visit.door.cookies.clear(response, COOKIE)
    return response


def _token(visit: Visit) -> str:
    return visit.door.cookies.read(visit.request, COOKIE)


ROUTES = [
    Route("/d/{token}", page(_take), methods=["GET"]),
    Route("/disown", page(_look), methods=["GET"]),
    Route("/disown", action(_press), methods=["POST"]),
]
