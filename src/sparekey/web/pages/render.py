"""From a template and its values to HTML, in the language of the reader. No requests and no decisions here."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import jinja2

from sparekey.messages import catalogue
from sparekey.web.help.articles import articles
from sparekey.web.pages.views import Frame, LanguageChoice

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent.parent / "static"

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})


def languages() -> tuple[LanguageChoice, ...]:
    return tuple(LanguageChoice(code, name) for code, name in catalogue.NATIVE_NAMES.items())


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, as HTML writes it."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def html(template: str, frame: Frame, values: Mapping[str, object]) -> str:
    """One page. Raises ``jinja2.UndefinedError`` when the template asks for a value that is not given."""
    return _environment(frame.language).get_template(template).render({**values, "frame": frame})


@lru_cache(maxsize=32)
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12] if (STATIC / name).is_file() else ""
    return f"/static/{name}?v={digest}"


@lru_cache(maxsize=32)
def _environment(language: str) -> jinja2.Environment:
    words = catalogue.translator(language)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]

    def plain_time(at: datetime) -> str:
        return catalogue.plain_time(at, words)

    def help_title(slug: str) -> str:
        return articles(language)[slug].title

    environment.globals["asset"] = asset
    environment.globals["plain_time"] = plain_time
    environment.globals["help_title"] = help_title
    return environment
