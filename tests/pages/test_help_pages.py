"""The help centre as a person without script walks it, and as a program reads it (C1)."""

import re

import pytest

from sparekey.domain.errors import StoreUnavailable
from sparekey.messages import catalogue
from sparekey.web.help.articles import SLUGS, articles
from sparekey.web.pages import help_centre
from tests.doors.api import Api
from tests.pages.browser import Browser

pytestmark = pytest.mark.row("C1")


async def test_search_read_and_go_where_it_leads(browser: Browser) -> None:
    await browser.open("/sign-in")
    await browser.follow("Help")
    assert browser.page.heading == "What has happened?"
    await browser.open("/help?q=my+phone+was+stolen")
    titles = [article.title for article in articles("en").values()]
    hits = {title: words for title in titles for words in browser.page.links if words.startswith(title)}
    assert 0 < len(hits) < len(titles), "what was found, and not everything there is once more"
    await browser.follow("All articles")
    assert set(titles) <= set(browser.page.links)
    await browser.open("/help?q=my+phone+was+stolen")
    await browser.follow(hits[articles("en")["lost-phone"].title])
    assert (browser.page.path, browser.page.heading) == ("/help/lost-phone", "I lost my phone, or it was stolen")
    assert "We never ask for a password" in browser.page.text
    await browser.follow("Phone or key lost or stolen")
    assert browser.page.path == "/lost"


@pytest.mark.parametrize("language", list(catalogue.NATIVE_NAMES))
async def test_every_article_in_every_language(api: Api, language: str) -> None:
    for slug in ("", *SLUGS):
        answer = await api.http.get(f"/help/{slug}".rstrip("/"), headers={"accept-language": language})
        assert answer.status_code == 200, slug
        assert f'<html lang="{language}"' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r'href="(?!/|#)', answer.text), slug
        if slug:
            assert f"<h1>{articles(language)[slug].title}</h1>" in answer.text.replace("&#39;", "'")


async def test_what_was_typed_is_shown_as_text_and_nothing_else(browser: Browser) -> None:
    await browser.open("/help?q=%3Cscript%3Ealert(1)%3C/script%3Exyzzy")
    assert "Nothing found" in browser.page.text
    assert "<script>alert" not in browser.seen[-1][1]
    await browser.open("/help/no-such-article")
    assert (browser.page.status, browser.page.heading) == (404, "There is no such article")
    for odd in ("/help?q=", "/help?q=%ff%fe", "/help?q=%00", f"/help?q={'a' * 3000}", "/help?q=a&q=b"):
        await browser.open(odd)
        assert browser.page.status == 200, odd


async def test_it_can_be_read_while_the_database_is_down(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(help_centre, "visit", down)
    await browser.open("/help/hacked")
    assert (browser.page.status, browser.page.heading) == (200, "Somebody was in my account")


@pytest.mark.parametrize("language", list(catalogue.NATIVE_NAMES))
async def test_through_json(api: Api, language: str) -> None:
    program = api.program()
    every = await program.read(f"help?language={language}")
    assert (every["language"], [a["slug"] for a in every["articles"]]) == (language, list(SLUGS))
    found = await program.read(f"help?language={language}&q={articles(language)['passkeys'].title}")
    assert found["articles"][0]["slug"] == "passkeys"
    one = await program.read(f"help/hacked?language={language}")
    assert one["title"] == articles(language)["hacked"].title
    assert one["html"].startswith("<p>")
    assert (await program.call("GET", "/api/v1/help/no-such-article")).problem == "not_found"
