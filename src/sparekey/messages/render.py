"""From a message to the words that are sent. No I/O but reading the templates once; the same input gives the same words.

Everything that people or thieves can choose (names, devices) is cleaned here: control characters, line ends and the
characters that turn the direction of text cannot pass, a thing that looks like a link is left out, and HTML is escaped.
Links are made of the site's own address alone.
"""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from datetime import datetime
from enum import Enum, auto
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from sparekey.domain.accounts import AddressKind
from sparekey.domain.changes import Group
from sparekey.domain.disputes import TIED, Outcome
from sparekey.domain.factors import FactorKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import Struct
from sparekey.messages import catalogue, params

TEMPLATES: Final = Path(__file__).parent

LONGEST_PARAM: Final = 80
"""Of what others can choose so many characters are shown; more is a letter of theirs, not a name."""

SMS_NAME: Final = 30
"""So much of the site's name stands in a text, so that the whole stays within 160 characters (GSM 03.38, one part)."""

SMS_ADDRESS: Final = 30
"""And so much of an address, in characters of GSM 03.38 alone: any other would leave room for 70."""

_MARK = re.compile("\ue000(\\w+)\ue001")
"""Private-use characters, which ``_shown`` lets no value have."""

UNDER: Final = {
    MessageKind.RECOVERY_STATUS: "w",
    MessageKind.RECOVERY_READY: "w",
    MessageKind.ACCOUNT_CLOSING: "k",
    MessageKind.CONTACT_INVITATION: "f",
    MessageKind.CONTACT_ASKED: "f",
    MessageKind.CASE_OPENED: "c",
    MessageKind.CASE_MESSAGE: "c",
    MessageKind.CASE_APPROVED: "c",
    MessageKind.CASE_UNBLOCKED: "c",
    MessageKind.CASE_REFUSED: "c",
    MessageKind.CASE_READY: "c",
    MessageKind.CASE_CLOSED: "c",
}
"""Where links lead that work as often as one likes, as long as something waits; every other works once."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_AS_IT_IS: Final = {
    "code": re.compile(r"[0-9A-Za-z]{4,64}"),
    "number": re.compile(r"[A-Z]\d-\d{4}-[A-Z]{2}"),
    "reply": re.compile(r"(?:[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,253})?"),
}
"""What is shown as it comes, once it has this form."""

_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "factor": frozenset(FactorKind),
    "outcome": frozenset({*Outcome, TIED}),
    "what": frozenset({"name", "language", "user_name"}),
    "undone": frozenset(Group),
}
"""Stable names, one or (of what can be several at once) joined by commas; the words for them are in the templates."""

_LIKE_A_LINK = re.compile(r"://|www\.|@|[^\W_]{2,}[.。．][^\W\d_]{2,}", re.IGNORECASE)
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"  # the joiners: Persian and Indian names, and emoji, need them


class Length(Enum):
    """Of a code: one of more than 8 characters is printed smaller."""

    SHORT = auto()
    LONG = auto()


class Rendered(Struct, frozen=True):
    """One message in words. A text to a phone has neither subject nor HTML."""

    subject: str
    text: str
    html: str
    reply_to: str = ""
    """Where an answer by mail goes; empty where nobody would read it."""


def render(message: Message, site_name: str, base_url: str, locale: Path = catalogue.LOCALE) -> Rendered:
    """The words of a message, in its language. ``base_url``: scheme and host, the only source of links.

    Raises ``ValueError`` for missing, unknown or unusable params, and for a kind that cannot go to a phone; its text
    names the param, never its value.
    """
    params.check(message.kind, message.params)
    if message.channel is AddressKind.PHONE and message.kind not in params.BY_TEXT:
        raise ValueError(f"{message.kind}: cannot go to a phone")
    base_url = base_url.rstrip("/")
    values = {name: _param(message, name, value, base_url, locale) for name, value in message.params.items()}
    shown = {name: value for name, value in values.items() if isinstance(value, str)}
    shape = tuple(sorted((name, _branch(name, value)) for name, value in values.items()))
    blank = _blank(message.kind, message.channel, message.language, locale, site_name, base_url, shape)
    if "code" in shown:
        shown["grouped_code"] = grouped(shown["code"])
    return Rendered(
        subject=blank.subject,
        text=_MARK.sub(lambda mark: shown[mark[1]], blank.text),
        html=_MARK.sub(lambda mark: escape(shown[mark[1]]), blank.html),
        reply_to=shown.get("reply", ""),
    )


@lru_cache(maxsize=2048)
def _blank(
    kind: MessageKind,
    channel: AddressKind,
    language: str,
    locale: Path,
    site_name: str,
    base_url: str,
    shape: tuple[tuple[str, Hashable], ...],
) -> Rendered:
    """A message with a mark where each value of one recipient goes: running the templates takes ten times as long as filling
    in marks, and thousands of messages are written beside the requests of people. So a blank holds nothing of anybody.

    Templates see marks: they may ask whether a value is there, and put it anywhere, but not look into it. A subject sees no
    value at all: it stands in the logs of mail servers and on locked screens.
    """
    site = {
        "language": language if language in catalogue.LANGUAGES else catalogue.SOURCE_LANGUAGE,
        "site": _shown(site_name, most=LONGEST_PARAM if channel is AddressKind.EMAIL else SMS_NAME),
        "host": urlsplit(base_url).hostname or "",
        "base_url": base_url,
        "sign_in": f"{base_url}/sign-in",
        "forgot": f"{base_url}/forgot",
        "addresses": f"{base_url}/account/addresses",
        "devices": f"{base_url}/account/devices",
        "methods": f"{base_url}/account/security/methods",
        "contacts": f"{base_url}/account/security/contacts",
    }
    words: dict[str, object] = {"code": "", "link": "", **site, **{name: _seen(name, what) for name, what in shape}}
    words["grouped_code"] = _marked("grouped_code")
    words["long_code"] = ("code", Length.LONG) in shape
    folder = kind.value
    plain = _environment(language, locale, escapes=False)
    match channel:
        case AddressKind.EMAIL:
            subject = _shown(plain.get_template(f"{folder}/subject.txt").render(site), most=200)
            words["subject"] = subject
            text = plain.get_template(f"{folder}/text.txt").render(words)
            html = _environment(language, locale, escapes=True).get_template(f"{folder}/html.html").render(words)
            return Rendered(subject=subject, text=_tidy(text), html=html)
        case AddressKind.PHONE:
            return Rendered(subject="", text=plain.get_template(f"{folder}/sms.txt").render(words).strip(), html="")


def _branch(name: str, value: str | int | frozenset[str]) -> Hashable:
    """What a template may know of a value before it is filled in."""
    match value:
        case str() if name == "code":
            return Length.LONG if len(value) > 8 else Length.SHORT
        case str():
            return bool(value)
        case _:
            return value


def _seen(name: str, branch: Hashable) -> object:
    """What a template sees in place of a value: its mark, nothing, or the number or set itself."""
    match branch:
        case True | Length.SHORT | Length.LONG:
            return _marked(name)
        case False:
            return ""
        case _:
            return branch


def _marked(name: str) -> str:
    return f"\ue000{name}\ue001"


def grouped(code: str) -> str:
    """A code as it is easy to read: six digits as "123 456", longer ones in groups of four."""
    size = 3 if len(code) <= 6 else 4
    return " ".join(code[i : i + size] for i in range(0, len(code), size))


@lru_cache(maxsize=64)
def _environment(language: str, locale: Path, escapes: bool) -> jinja2.Environment:
    """The templates of one language, for HTML (``escapes``) or for plain text.

    The functions that say a sentence are our own: Jinja's i18n extension does the same in twice the time, which counts when
    thousands of messages are written beside the requests of people.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=escapes,  # noqa: S701 - plain text is not escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = catalogue.translator(language, locale)
    text = Markup if escapes else str  # a sentence may be trusted, what is filled into it is escaped

    @cache
    def sentence(english: str) -> str:
        return text(words.gettext(english))

    def say(english: str, **filled_in: object) -> str:
        return sentence(english) % filled_in if filled_in else sentence(english)

    def say_number(one: str, many: str, num: int) -> str:
        return text(words.ngettext(one, many, num)) % {"num": num}

    environment.globals.update(_=say, ngettext=say_number)
    return environment


def _param(message: Message, name: str, value: str, base_url: str, locale: Path) -> str | int | frozenset[str]:
    """One param as the templates see it. Raises ``ValueError`` when it cannot be what its name says."""
    match name:
        case "code" | "number" | "reply" if _AS_IT_IS[name].fullmatch(value):
            return value
        case "link" if _TOKEN.fullmatch(value):
            return f"{base_url}/{UNDER.get(message.kind, 'l')}/{value}"
        case "disown" if _TOKEN.fullmatch(value):
            return f"{base_url}/d/{value}"
        case "minutes" if value.isascii() and value.isdecimal() and 1 <= int(value) <= 1440:
            return int(value)
        case "left" if value.isascii() and value.isdecimal():
            return int(value)
        case "factor" | "outcome" | "what" | "undone" if value and set(value.split(",")) <= _NAMES[name]:
            return frozenset(value.split(","))
        case "at" | "until":
            return catalogue.plain_time(_moment(message.kind, value), catalogue.translator(message.language, locale))
        case "address" if message.channel is AddressKind.PHONE:
            return _shown(value, most=SMS_ADDRESS).replace("•", "*").replace("…", ".")
        case "address":
            return _shown(value)
        case "device" | "place" | "name" | "provider":
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
