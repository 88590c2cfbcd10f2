"""The help centre (C1): every language has every article, they are found in the words of worried people, and lead to no other site."""

import re
from pathlib import Path

import pytest
from starlette.routing import Match

from sparekey.messages import catalogue
from sparekey.web.help import articles as module
from sparekey.web.help.articles import FOLDER, SLUGS, articles, read
from sparekey.web.help.markdown import is_of_this_site
from sparekey.web.help.search import LONGEST, search
from sparekey.web.routes import routes

pytestmark = pytest.mark.row("C1", "N8")

ROOT = Path(__file__).parent.parent.parent / "src" / "sparekey"

LANGUAGES = tuple(catalogue.NATIVE_NAMES)

EVERY = [(language, slug) for language in LANGUAGES for slug in SLUGS]

PROMISED = (
    *("forgot-password", "no-code", "lost-phone", "new-phone", "backup-codes", "passkeys", "security-key", "hacked", "undo-changes"),
    *("frozen", "waiting-recovery", "stop-a-recovery", "dispute", "after-recovery", "recovery-contacts", "support-case"),
    *("what-we-never-ask", "blocked", "close-account", "download-data", "qr-sign-in", "remembered-devices", "social-accounts"),
    *("changed-number", "old-address", "secret-question", "second-factor-required", "fake-messages"),
)


def test_each_problem_has_its_article_in_every_language_and_no_file_is_left_over() -> None:
    assert set(SLUGS) == set(PROMISED)
    assert len(SLUGS) == len(set(SLUGS))
    for language in LANGUAGES:
        assert {file.stem for file in (FOLDER / language).glob("*.md")} == set(SLUGS)
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir() and folder.name != "__pycache__"} == set(LANGUAGES)


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_an_article_says_what_to_do_and_how_long_it_takes(language: str, slug: str) -> None:
    article = articles(language)[slug]
    assert article.html.count("<h2>") >= 2
    assert re.search(r"<ol>|<ul>", article.html)
    assert len(article.title) <= 60
    # Short: a letter of about so many words. Chinese has two characters for a word.
    assert len(article.text) <= (900 if language == "zh" else 2200)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_is_written_in_its_own_language(language: str) -> None:
    letters = {"ru": r"[а-яё]", "zh": r"[\u4e00-\u9fff]", "en": r"[a-z]"}[language]
    for article in articles(language).values():
        assert len(re.findall(letters, article.text, re.IGNORECASE)) > len(article.text) * (0.6 if language != "zh" else 0.5), article.slug


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_no_mark_is_left_over_and_no_html_came_through(language: str, slug: str) -> None:
    article = articles(language)[slug]
    assert not re.search(r"\*\*|\]\(|^#|^- |<", article.text, re.MULTILINE), article.text
    assert set(re.findall(r"<(\w+)", article.html)) <= {"p", "h2", "ol", "ul", "li", "a", "strong"}


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_links_lead_to_pages_that_there_are(language: str, slug: str) -> None:
    file = (FOLDER / language / f"{slug}.md").read_text()
    wanted = re.findall(r"\]\(([^)]*)\)", file)
    assert wanted
    assert wanted == re.findall(r'href="([^"]*)"', articles(language)[slug].html), "none was refused"
    for link in wanted:
        if link.startswith("/help/") and link != "/help/case":
            assert link.removeprefix("/help/") in SLUGS, link
        assert is_page(link), link


def is_page(path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    return any(route.matches(scope)[0] is Match.FULL for route in routes(development=False))


def test_a_dead_link_would_be_found() -> None:
    assert is_page("/forgot")
    assert not is_page("/forgotten")


def test_each_language_leads_to_the_same_places() -> None:
    for slug in SLUGS:
        places = {tuple(sorted(re.findall(r'href="([^"]*)"', articles(language)[slug].html))) for language in LANGUAGES}
        assert len(places) == 1, slug


# ---------------------------------------------------------------- what is let through


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "text <img src=x onerror=alert(1)> text",
        '<a href="https://evil.example">x</a>',
        "[x](https://evil.example)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "![x](/picture.png)",
        "<https://evil.example>",
        "https://evil.example",
        "[x]: https://evil.example\n\n[x]",
        "&lt;script&gt;",
    ],
)
def test_no_html_no_picture_and_no_link_out_of_the_site_comes_through(body: str) -> None:
    html = read("x", f"title: x\nwords: x\n---\n{body}\n").html
    assert set(re.findall(r"<(\w+)", html)) <= {"p", "a"}, html
    assert all(re.match(r"/(?![/\\])", link) for link in re.findall(r'href="([^"]*)"', html)), html


def test_a_link_of_this_site_comes_through() -> None:
    assert '<a href="/forgot">x</a>' in read("x", "title: x\nwords: x\n---\n[x](/forgot)\n").html
    assert is_of_this_site("/help/hacked")
    assert not is_of_this_site("help/hacked")


@pytest.mark.parametrize(
    "file", ["", "title: x\n---\ntext\n", "title: x\nwords: y\n", "title: x\nwords: y\n---\n", "words: x\nother: y\n---\nz\n"]
)
def test_a_file_without_its_head_is_refused(file: str) -> None:
    with pytest.raises(ValueError, match="begins with title"):
        read("x", file)


# ---------------------------------------------------------------- links from the pages


def linked() -> set[str]:
    """The slugs that templates name."""
    files = [f for f in (ROOT / "web" / "pages" / "templates").glob("*.html") if f.name not in {"help.html", "help_article.html"}]
    texts = [f.read_text() for f in files]
    calls = [call for t in texts for call in re.findall(r"parts\.help\(([^)]*)\)", t)]
    return {s for call in calls for s in re.findall(r"\"([\w-]+)\"", call)} | {
        s for t in texts for s in re.findall(r"/help/([a-z][\w-]+)", t)
    } - {"case"}


def test_every_linked_article_exists() -> None:
    assert linked() - set(SLUGS) == set()


def test_every_article_is_linked_from_where_its_problem_occurs() -> None:
    assert set(SLUGS) - linked() == set()


# ---------------------------------------------------------------- search

ASKED = {
    "en": {
        "I forgot my password": "forgot-password",
        "pasword": "forgot-password",
        "code does not arrive": "no-code",
        "no sms": "no-code",
        "lost my phone": "lost-phone",
        "phone was stolen": "lost-phone",
        "phone stolne": "lost-phone",
        "new phone": "new-phone",
        "move authenticator": "new-phone",
        "no backup codes left": "backup-codes",
        "fingerprint login": "passkeys",
        "yubikey": "security-key",
        "i was hacked": "hacked",
        "somebody else is in my account": "hacked",
        "bring back my email": "undo-changes",
        "undo": "undo-changes",
        "account locked": "frozen",
        "unfreeze": "frozen",
        "why do i have to wait": "waiting-recovery",
        "how long does it take waiting": "waiting-recovery",
        "somebody is getting back into my account": "stop-a-recovery",
        "dispute": "dispute",
        "cannot pay out after recovery": "after-recovery",
        "trusted friends": "recovery-contacts",
        "talk to a human": "support-case",
        "lost everything": "support-case",
        "they asked for my code on the phone scam": "what-we-never-ask",
        "banned": "blocked",
        "delete my account": "close-account",
        "gdpr export": "download-data",
        "scan qr code": "qr-sign-in",
        "asked every time": "remembered-devices",
        "login with google": "social-accounts",
        "changed my number": "changed-number",
        "old email": "old-address",
        "mother maiden name": "secret-question",
        "why must i add 2fa": "second-factor-required",
        "is this mail phishing": "fake-messages",
    },
    "ru": {
        "забыла пароль": "forgot-password",
        "пороль не подходит": "forgot-password",
        "не приходит код": "no-code",
        "нет смс": "no-code",
        "украли телефон": "lost-phone",
        "потеряла телефон": "lost-phone",
        "купил новый телефон": "new-phone",
        "закончились резервные коды": "backup-codes",
        "вход по отпечатку": "passkeys",
        "юбикей": "security-key",
        "меня взломали": "hacked",
        "угнали акаунт": "hacked",
        "вернуть старую почту изменили": "undo-changes",
        "аккаунт заморожен": "frozen",
        "сколько ждать": "waiting-recovery",
        "почему так долго": "waiting-recovery",
        "кто-то восстанавливает доступ": "stop-a-recovery",
        "спор": "dispute",
        "не могу вывести деньги": "after-recovery",
        "помочь другу": "recovery-contacts",
        "служба поддержки": "support-case",
        "звонят и просят код": "what-we-never-ask",
        "за что забанили": "blocked",
        "удалить аккаунт": "close-account",
        "скачать мои данные": "download-data",
        "куар код": "qr-sign-in",
        "каждый раз спрашивает": "remembered-devices",
        "войти через вконтакте": "social-accounts",
        "сменил номер": "changed-number",
        "нет доступа к почте": "old-address",
        "девичья фамилия": "secret-question",
        "заставляют добавить второй шаг": "second-factor-required",
        "подозрительное письмо": "fake-messages",
    },
    "zh": {
        "忘记密码": "forgot-password",
        "密码不对": "forgot-password",
        "收不到验证码": "no-code",
        "没有短信": "no-code",
        "手机丢了": "lost-phone",
        "手机被偷": "lost-phone",
        "换手机": "new-phone",
        "备用码用完了": "backup-codes",
        "指纹登录": "passkeys",
        "硬件密钥": "security-key",
        "账号被盗": "hacked",
        "撤销更改": "undo-changes",
        "账号被锁": "frozen",
        "要等多久": "waiting-recovery",
        "有人找回我的账号": "stop-a-recovery",
        "争议": "dispute",
        "不能提现": "after-recovery",
        "帮助朋友": "recovery-contacts",
        "人工客服": "support-case",
        "电话要验证码": "what-we-never-ask",
        "封号": "blocked",
        "注销账号": "close-account",
        "导出数据": "download-data",
        "扫码登录": "qr-sign-in",
        "每次都要验证": "remembered-devices",
        "绑定谷歌": "social-accounts",
        "换手机号": "changed-number",
        "邮箱登不上": "old-address",
        "密保": "secret-question",
        "强制两步验证": "second-factor-required",
        "钓鱼邮件": "fake-messages",
    },
}
"""What a worried person types, and what must be among the first three."""


@pytest.mark.parametrize(("language", "asked", "slug"), [(lang, a, s) for lang, table in ASKED.items() for a, s in table.items()])
def test_an_article_is_found_in_the_words_of_a_worried_person(language: str, asked: str, slug: str) -> None:
    assert slug in [article.slug for article in search(language, asked)[:3]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_is_looked_for_in_the_table(language: str) -> None:
    assert set(ASKED[language].values()) == set(SLUGS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "asked", ["", "   ", "the of and", "xyzzyplugh", "!!!", "\x00", "🙈", "a" * 5000, "\ud800", "<script>", "' or 1=1 --"]
)
def test_what_says_nothing_finds_nothing_and_breaks_nothing(language: str, asked: str) -> None:
    assert len(search(language, asked)) <= len(SLUGS)
    if not re.search(r"script|or", asked):
        assert search(language, asked) == []
    assert LONGEST <= 100


def test_titles_are_found_by_themselves() -> None:
    for language in LANGUAGES:
        for slug, article in articles(language).items():
            assert slug in [found.slug for found in search(language, article.title)[:2]], (language, article.title)


def test_an_unknown_language_reads_the_source() -> None:
    assert module.articles("xx")["hacked"] == articles("en")["hacked"]
