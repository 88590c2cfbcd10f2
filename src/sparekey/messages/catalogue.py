"""The words in every language: which languages there are, which one a person gets, and where the translations are.

The English sentence is the key (gettext). Catalogues are compiled by Babel, a tool of development only; at run time the
standard library reads them. Without a compiled catalogue everything is said in English.
"""

import gettext
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

NATIVE_NAMES: Final[Mapping[str, str]] = {"en": "English", "ru": "Русский", "zh": "中文"}
"""Every language, by its code, with the name that its speakers give it."""

LANGUAGES: Final = tuple(NATIVE_NAMES)

SOURCE_LANGUAGE: Final = "en"

LOCALE: Final = Path(__file__).parent / "locale"
"""``<language>/LC_MESSAGES/sparekey.mo`` lie in it."""

MOST_LANGUAGES_READ: Final = 20
"""So many entries of an Accept-Language header are looked at; browsers send fewer than ten."""


@lru_cache(maxsize=32)
def translator(language: str, locale: Path = LOCALE) -> gettext.NullTranslations:
    """The translations of a language; those of English, or of a language that is not ours, answer the source sentence."""
    if language not in LANGUAGES or language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation("sparekey", localedir=locale, languages=[language], fallback=True)


def choose(accept_language: str, cookie: str = "") -> str:
    """The language for a person: the one chosen before (``cookie``), else the first of ours that the browser prefers.

    ``accept_language``: the header's text, as it came (RFC 9110, 12.5.4); what cannot be read in it is passed over.
    """
    if cookie in LANGUAGES:
        return cookie
    wishes = []
    for order, part in enumerate(accept_language.split(",")[:MOST_LANGUAGES_READ]):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES and (quality := _quality(weight)) > 0:
            wishes.append((-quality, order, language))
    return min(wishes)[2] if wishes else SOURCE_LANGUAGE


def _quality(weight: str) -> float:
    if not weight.strip():
        return 1.0
    name, _, value = weight.partition("=")
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip().lower() == "q" and 0 <= quality <= 1 else 0.0


def plain_time(at: datetime, words: gettext.NullTranslations) -> str:
    """A moment as people write it, always in UTC: "5 March 2026, 08:05 UTC"."""
    _ = words.gettext
    months = (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )
    at = at.astimezone(UTC)
    # Translators: a date; in languages with cases the months stand in the form that follows a day ("5 марта").
    return _("%(day)d %(month)s %(year)d, %(time)s UTC") % {
        "day": at.day,
        "month": months[at.month - 1],
        "year": at.year,
        "time": f"{at:%H:%M}",
    }


def time_left(left: timedelta, words: gettext.NullTranslations) -> str:
    """A countdown in the units that people would use, rounded up: "2 days and 4 hours"."""
    if left > timedelta(days=1):
        days, hours = divmod(-(-left // timedelta(hours=1)), 24)
        said = words.ngettext("%(num)s day", "%(num)s days", days) % {"num": days}
        more = words.ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours} if hours else ""
    else:
        hours, minutes = divmod(max(1, -(-left // timedelta(minutes=1))), 60)
        said = words.ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours} if hours else ""
        more = words.ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes} if minutes else ""
    if said and more:
        # Translators: a length of time, such as "2 days and 4 hours".
        return words.gettext("%(long)s and %(short)s") % {"long": said, "short": more}
    return said or more
