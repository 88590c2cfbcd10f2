"""The page behind "this wasn't me". Opening it changes nothing; its one button acts."""

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
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import ToldView
from sparekey.web.pages.visit import Visit
from sparekey.web.pages.visit import visit as arrive

LINK: Final = SecretLink("disown", "/disown")


async def _look(visit: Visit) -> Response:
    try:
        seen = await look_at_notice(visit.services, LINK.secret(visit))
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
        done = await disown(visit.services, visit.client, LINK.secret(visit), lock_account=lock, only=only)
    except FlowOver as e:
        return visit.show("disown_over.html", status=shown(e).status)
    # The session of this browser may be among those that just ended: the page must not greet a member.
    kinds = [visit.words.gettext(EVENTS[kind]) for kind in done.undone.kinds]
    response = (await arrive(visit.request)).show("disown_done.html", done=done, kinds=kinds)
    if done.disputed:
        dispute.LINK.keep(visit, response, LINK.secret(visit))
    if not done.can_lock:
        LINK.forget(visit, response)
    return response


ROUTES = [
    Route("/d/{token}", page(LINK.take), methods=["GET"]),
    Route("/disown", page(_look), methods=["GET"]),
    Route("/disown", action(_press), methods=["POST"]),
]
