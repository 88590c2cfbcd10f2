"""The help centre. It can be read while the database is down."""

from collections.abc import Awaitable, Callable
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import StoreUnavailable
from sparekey.web.help.articles import TOPICS, articles
from sparekey.web.help.search import LONGEST, search
from sparekey.web.pages.endpoints import Endpoint
from sparekey.web.pages.visit import Visit, visit, visit_without_store

SEE_ALSO: Final = 4


def _page(handler: Callable[[Visit], Awaitable[Response]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            came = await visit(request)
        except StoreUnavailable:
            came = visit_without_store(request)
        return await handler(came)

    return endpoint


async def _index(visit: Visit) -> Response:
    asked, language = visit.request.query_params.get("q", "")[:LONGEST].strip(), visit.client.language
    found = search(language, asked) if asked else []
    every = articles(language)
    topics = [(visit.words.gettext(title), [every[slug] for slug in slugs]) for title, slugs in TOPICS]
    return visit.show("help.html", asked=asked, found=found, topics=topics)


async def _article(visit: Visit) -> Response:
    slug, every = visit.request.path_params["slug"], articles(visit.client.language)
    if slug not in every:
        return visit.show("help_none.html", status=404)
    article = every[slug]
    beside = next(slugs for _, slugs in TOPICS if slug in slugs)
    more = [every[other] for other in beside if other != slug][:SEE_ALSO]
    # Rendered from our own files, with no HTML let through (web/help/articles.py).
    return visit.show("help_article.html", article=article, body=Markup(article.html), more=more)  # noqa: S704


ROUTES = [
    Route("/help", _page(_index), methods=["GET"]),
    Route("/help/{slug}", _page(_article), methods=["GET"]),
]
