"""The page for what went wrong. It says what it is and how to go on; what was typed is kept, secrets aside (mission.md, I10)."""

import gettext
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sparekey.messages.reasons import sentence
from sparekey.web.errors import Shown
from sparekey.web.pages.forms import SECRETS, Form
from sparekey.web.pages.views import KeptField
from sparekey.web.pages.visit import Visit, visit_without_store


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


LABELS: Final[Mapping[str, str]] = {
    "name": N_("Your name"),
    "email": N_("E-mail"),
    "identifier": N_("E-mail, phone or user name"),
    "phone": N_("Phone number"),
    "user_name": N_("User name"),
    "password": N_("Password"),
    "password_again": N_("The same once more"),
    "current_password": N_("Current password"),
    "new_password": N_("New password"),
    "new_password_again": N_("The same once more"),
    "answer": N_("Code or password"),
}
"""The fields that people type into, as they are called on their pages. All others are kept unseen."""

KEEPS: Final = frozenset({"cookies_refused", "busy", "store_unavailable", "not_signed_in"})
"""Only where the form is surely ours: what another site sent must not lie ready under our button. The same holds for all that was done
too often."""

TOO_OFTEN: Final = 429


def show_problem(visit: Visit, shown: Shown, form: Form | None = None) -> Response:
    """The page for one error, with the status of the one table of errors."""
    too_often = shown.status == TOO_OFTEN
    keep = form if form is not None and (too_often or shown.reason in KEEPS) else Form({})
    return visit.show(
        "problem.html",
        status=shown.status,
        retry_after=shown.retry_after,
        reason=shown.reason,
        too_often=sentence(visit.words, shown.reason, (("seconds", str(shown.retry_after)),)) if too_often else "",
        wait=wait_words(visit.words, shown.retry_after) if shown.retry_after else "",
        kept_action=visit.request.url.path if keep.fields else "",
        kept=[KeptField(n, visit.words.gettext(LABELS[n]) if n in LABELS else "", v) for n, v in keep.kept.items()],
        kept_secrets=[KeptField(n, visit.words.gettext(LABELS[n]), "") for n in keep.fields if n in SECRETS and n in LABELS],
    )


def plain_problem_page(request: Request, shown: Shown) -> Response:
    """The same where no handler was reached: unknown address, wrong method, our own fault. The database is not asked."""
    return show_problem(visit_without_store(request), shown)


def wait_words(words: gettext.NullTranslations, seconds: int) -> str:
    """When another try may succeed, in the unit that people would use; rounded up, so that it is never too early."""
    if seconds < 100:
        return words.ngettext("Try again in %(num)s second.", "Try again in %(num)s seconds.", seconds) % {"num": seconds}
    minutes = -(-seconds // 60)
    if minutes < 100:
        return words.ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes) % {"num": minutes}
    hours = -(-minutes // 60)
    return words.ngettext("Try again in %(num)s hour.", "Try again in %(num)s hours.", hours) % {"num": hours}
