"""The help centre through JSON, for the site's own apps."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.errors import BadRequest
from sparekey.messages import catalogue
from sparekey.web.api.body import json_answer
from sparekey.web.help.articles import Article, articles
from sparekey.web.help.search import search


class ArticleNamed(msgspec.Struct, frozen=True):
    """``about``: its first paragraph."""

    slug: str
    title: str
    about: str


class HelpAnswer(msgspec.Struct, frozen=True):
    """``articles``: those that answer the question ``q``, the best first; all of them where none was asked."""

    language: str
    articles: list[ArticleNamed]


class ArticleAnswer(msgspec.Struct, frozen=True):
    """``text``: plain, a paragraph a line. ``html``: made of our own files; it links to pages of this site alone."""

    language: str
    slug: str
    title: str
    text: str
    html: str


async def look_up(request: Request) -> Response:
    """``q``: the question. ``language``: one of ours; else what ``Accept-Language`` says."""
    language, asked = _language(request), request.query_params.get("q", "").strip()
    found = search(language, asked) if asked else list(articles(language).values())
    return json_answer(HelpAnswer(language, [_named(a) for a in found]))


async def article(request: Request) -> Response:
    language = _language(request)
    found = articles(language).get(request.path_params["slug"])
    if found is None:
        raise BadRequest("not_found")
    return json_answer(ArticleAnswer(language, found.slug, found.title, found.text, found.html))


def _language(request: Request) -> str:
    return catalogue.choose(request.headers.get("accept-language", ""), request.query_params.get("language", ""))


def _named(found: Article) -> ArticleNamed:
    return ArticleNamed(found.slug, found.title, found.about)
