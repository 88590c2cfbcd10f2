"""From a message to the words that are sent. No I/O but reading the templates once; the same input gives the same words.

Everything that people or thieves can choose (names, devices) is cleaned here: control characters, line ends and the
characters that turn the direction of text cannot pass, a thing that looks like a link is left out, and HTML is escaped.
Links are made of the site's own address alone.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jinja2

from sparekey.domain.accounts import AddressKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.messages import catalogue, params

TEMPLATES: Final = Path(__file__).parent

LONGEST_PARAM: Final = 80
"""Of what others can choose so many characters are shown; more is a letter of theirs, not a name."""

SMS_NAME: Final = 30
"""So much of the site's name stands in a text, so that the whole stays within 160 characters (GSM 03.38, one part)."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_CODE = re.compile(r"[0-9A-Za-z]{4,64}")
_LIKE_A_LINK = re.compile(r"://|www\.|@|[^\W_]{2,}[.。．][^\W\d_]{2,}", re.IGNORECASE)
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"  # the joiners: Persian and Indian names, and emoji, need them


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message in words. A text to a phone has neither subject nor HTML."""

    subject: str
    text: str
    html: str


def render(message: Message, site_name: str, base_url: str, locale: Path = catalogue.LOCALE) -> Rendered:
    """The words of a message, in its language. ``base_url``: scheme and host, the only source of links.

    Raises ``ValueError`` for missing, unknown or unusable params, and for a kind that cannot go to a phone; its text
    names the param, never its value.
    """
    params.check(message.kind, message.params)
    base_url = base_url.rstrip("/")
    environment = _environment(message.language, locale)
    words = {
        "kind": message.kind,
        "language": message.language if message.language in catalogue.LANGUAGES else catalogue.SOURCE_LANGUAGE,
        "site": _shown(site_name),
        "host": urlsplit(base_url).hostname or "",
        "base_url": base_url,
        "sign_in": f"{base_url}/sign-in",
        "forgot": f"{base_url}/forgot",
        "addresses": f"{base_url}/account/addresses",
        "devices": f"{base_url}/account/devices",
        "code": "",
        "link": "",
        **{name: _param(message, name, value, base_url, locale) for name, value in message.params.items()},
    }
    folder = message.kind.value
    match message.channel:
        case AddressKind.EMAIL:
            subject = _shown(environment.get_template(f"{folder}/subject.txt").render(words), most=200)
            words["subject"] = subject
            text = environment.get_template(f"{folder}/text.txt").render(words)
            html = environment.get_template(f"{folder}/html.html").render(words)
            return Rendered(subject=subject, text=_tidy(text), html=html)
        case AddressKind.PHONE:
            if message.kind not in params.BY_TEXT:
                raise ValueError(f"{message.kind}: cannot go to a phone")
            words["site"] = _shown(site_name, most=SMS_NAME)
            return Rendered(subject="", text=environment.get_template(f"{folder}/sms.txt").render(words).strip(), html="")


def grouped(code: str) -> str:
    """A code as it is easy to read: six digits as "123 456", longer ones in groups of four."""
    size = 3 if len(code) <= 6 else 4
    return " ".join(code[i : i + size] for i in range(0, len(code), size))


@lru_cache(maxsize=32)
def _environment(language: str, locale: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_translations(catalogue.translator(language, locale), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["grouped"] = grouped
    return environment


def _param(message: Message, name: str, value: str, base_url: str, locale: Path) -> object:
    """One param as the templates see it. Raises ``ValueError`` when it cannot be what its name says."""
    match name:
        case "code" if _CODE.fullmatch(value):
            return value
        case "link" if _TOKEN.fullmatch(value):
            return f"{base_url}/l/{value}"
        case "minutes" if value.isascii() and value.isdecimal() and 1 <= int(value) <= 1440:
            return int(value)
        case "at":
            return catalogue.plain_time(_moment(message.kind, value), catalogue.translator(message.language, locale))
        case "what" if value and set(value.split(",")) <= {"name", "language", "user_name"}:
            return frozenset(value.split(","))
        case "address":
            return _shown(value)
        case "device" | "place" | "name":
            shown = _shown(value)
            return "" if _LIKE_A_LINK.search(shown) else shown
        case _:
            raise ValueError(f"{message.kind}: unusable {name}")


def _moment(kind: MessageKind, value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{kind}: unusable at") from None
    if at.tzinfo is None:
        raise ValueError(f"{kind}: at without its offset")
    return at


def _shown(value: str, most: int = LONGEST_PARAM) -> str:
    """One line that can be put among other words: nothing invisible that changes how they read."""
    kept = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Zs"} else c
        for c in value
        if c in _KEPT_FORMAT_CHARACTERS or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"}
    )
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _tidy(text: str) -> str:
    """At most one empty line in a row, none at the ends, and a line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"
