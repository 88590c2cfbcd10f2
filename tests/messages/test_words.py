"""The words of every mail and text."""

import gettext
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from typing_extensions import override

from sparekey.domain.accounts import AddressKind
from sparekey.domain.messages import MessageKind
from sparekey.messages import catalogue
from sparekey.messages.params import BY_TEXT, PARAMS, check
from sparekey.messages.render import TEMPLATES, Rendered, grouped, render
from tests.messages.samples import TOKEN, VALUES, message

SITE, BASE = "Sparekey", "https://id.example.com"
WITH_SECRET = [kind for kind in MessageKind if {"link", "minutes"} <= PARAMS[kind]]
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


class Page(HTMLParser):
    """What a reader of the HTML sees, and every address it would load or open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.loads: list[str] = []
        self._hidden = False
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in {"style", "title"}
        self.addresses += [v or "" for n, v in attrs if n == "href"]
        self.loads += [
            f"{tag} {n}={v}" for n, v in attrs if n in {"src", "background", "srcset"} or tag in {"script", "link", "img", "form"}
        ]

    @override
    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    @override
    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def words(kind: MessageKind, **params: str) -> Rendered:
    return render(message(kind, params=params), SITE, BASE)


def sentences() -> set[str | tuple[str, ...]]:
    return {
        found[2]
        for found in extract_from_dir(str(TEMPLATES), method_map=[("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")])
    }


@pytest.fixture(scope="session")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled catalogues of our own, in which every sentence is marked as translated: «…»."""
    folder = tmp_path_factory.mktemp("locale")
    for language in catalogue.LANGUAGES:
        book = Catalog(locale=language)
        for sentence in sentences():
            if isinstance(sentence, tuple):
                book.add(sentence, tuple(f"«{sentence[-1]}»" for _ in range(book.num_plurals)))
            else:
                book.add(sentence, f"«{sentence}»")
        path = folder / language / "LC_MESSAGES" / "sparekey.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, book)
    return folder


@pytest.mark.parametrize("language", [*catalogue.LANGUAGES, "xx"])
@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.row("R14")
def test_every_kind_is_said_in_every_language_with_and_without_catalogues(kind: MessageKind, language: str, translated: Path) -> None:
    for locale in (catalogue.LOCALE, translated, translated / "nothing here"):
        said = render(message(kind, language=language), SITE, BASE, locale)
        assert said.subject
        assert "\n" not in said.subject
        assert "{{" not in said.text + said.html
        assert "%(" not in said.subject + said.text + said.html
        assert BASE in said.text
        for line in said.text.splitlines():  # both parts say the same
            assert re.sub(r"\s+", "", line).replace("--", "") in re.sub(r"\s+", "", Page(said.html).text)


@pytest.mark.parametrize("kind", MessageKind)
def test_no_sentence_escapes_translation(kind: MessageKind, translated: Path) -> None:
    said = render(message(kind, language="ru"), SITE, BASE, translated)
    marked = re.compile(r"«[^«»]*»")
    once = said.text
    while marked.search(once):
        once = marked.sub(" ", once)
    left = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"https?://\S+", " ", once)))
    assert left <= {"Sparekey", "example", "com", "Firefox", "Linux", "Riga", "Latvia"}


@pytest.mark.parametrize("kind", MessageKind)
def test_the_html_loads_nothing_and_links_only_to_the_site(kind: MessageKind) -> None:
    page = Page(words(kind).html)
    assert page.loads == []
    assert all(address.startswith(BASE + "/") for address in page.addresses)
    assert "@import" not in words(kind).html
    assert "url(" not in words(kind).html


@pytest.mark.parametrize("kind", WITH_SECRET)
@pytest.mark.row("R1", "R14", "P1")
def test_what_carries_a_secret_says_who_asked_when_it_ends_and_what_never_to_do(kind: MessageKind) -> None:
    said = words(kind)
    for part in (said.text, Page(said.html).text):
        assert f"{BASE}/l/{TOKEN}" in part
        assert "We cannot tell" in part
        assert "If it was not you" in part
        assert "We never ask for a code or a password by phone" in part
        assert "15 minutes" in part
        assert ("493 027" in part) == ("code" in PARAMS[kind])
    assert "493" not in said.subject  # subjects stand in logs of mail servers and on locked screens


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.row("D7")
def test_a_mail_holds_only_its_own_code(kind: MessageKind) -> None:
    mine, foreign = words(kind), words(kind, **({"code": "881166"} if "code" in PARAMS[kind] else {}))
    assert mine == words(kind)
    for said, own, other in ((mine, "493027", "881166"), (foreign, "881166", "493027")):
        everything = re.sub(r"[\s ]", "", said.subject + said.text + said.html)
        assert other not in everything
        assert (own in everything) == ("code" in PARAMS[kind])


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.row("D7")
def test_a_message_is_told_what_it_needs_and_no_more(kind: MessageKind) -> None:
    good = message(kind)
    check(kind, good.params)
    secret = "canary-5up3r"
    with pytest.raises(ValueError, match="password") as refused:
        render(message(kind, params={"password": secret}), SITE, BASE)
    assert secret not in str(refused.value)
    for name in PARAMS[kind]:
        fewer = {n: v for n, v in good.params.items() if n != name}
        with pytest.raises(ValueError, match=name):
            check(kind, fewer)


@pytest.mark.row("S3", "I8")
def test_an_address_that_is_leaving_learns_neither_device_nor_place_nor_address() -> None:
    assert PARAMS[MessageKind.ADDRESS_LEFT] == {"at", "disown"}
    for word in ("device", "place", "address"):
        with pytest.raises(ValueError, match=word):
            words(MessageKind.ADDRESS_LEFT, **{word: VALUES[word]})
    said = words(MessageKind.ADDRESS_LEFT)
    assert "22 November 2026, 08:15 UTC" in said.text
    assert f"{BASE}/d/" in said.text


@pytest.mark.parametrize("kind", [MessageKind.SIGN_UP_CODE, MessageKind.ADDRESS_CODE, MessageKind.ADDRESS_TAKEN, MessageKind.SIGN_UP_TAKEN])
def test_an_address_that_nobody_has_proven_learns_nothing_about_who_typed_it(kind: MessageKind) -> None:
    assert not PARAMS[kind] & {"device", "place", "name", "address"}


CHANGES = [kind for kind in MessageKind if {"at", "device", "disown"} <= PARAMS[kind] and kind is not MessageKind.RECOVERY_WAITING]


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.row("I8", "H1")
def test_a_notice_says_what_when_where_and_what_to_do(kind: MessageKind) -> None:
    for part in (words(kind).text, Page(words(kind).html).text):
        for said in (
            "22 November 2026, 08:15 UTC",
            "Firefox · Linux",
            "Riga, Latvia",
            f"{BASE}/d/{VALUES['disown']}",
            "If it was not you",
        ):
            assert said in part
    unknown = words(kind, device="", place="").text
    assert "unknown device" in unknown
    assert "place unknown" in unknown


NASTY: Mapping[str, str] = {
    "html": "<script>alert(1)</script><b>x",
    "attribute": '"><a href="javascript:alert(1)">',
    "template": "{{ 7*7 }}{% raw %}",
    "format": "%(site)s %s %d",
    "line ends": "Anna\r\nBcc: thief@evil.example\r\n\r\nbody\u2028\u2029\x85x",
    "control": "An\x00na\x1b[31m\x07\x7f",
    "right to left": "Anna\u202egpj.exe\u2066\u2069\u200f\u061c",
    "invisible": "A\u200bn\ufeffn\u00ada\u2060",
    "our own marks": "\ue000code\ue001 \ue000link\ue001",
    "long": "A" * 5000,
    "lone surrogate": "A\ud800",
}


@pytest.mark.parametrize("trick", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("param", ["device", "place", "name", "address"])
@pytest.mark.row("R14")
def test_tricks_in_a_name_change_nothing_around_it(param: str, trick: str) -> None:
    kind = MessageKind.WELCOME if param == "name" else MessageKind.ADDRESS_ADDED
    usual, said = words(kind), words(kind, **{param: trick})
    assert len(said.text) < len(usual.text) + 100
    assert len(said.text.splitlines()) == len(usual.text.splitlines())
    assert [re.sub(r"\s", "", a) for a in Page(said.html).addresses] == Page(usual.html).addresses
    assert "<script" not in said.html
    assert "<b>" not in said.html
    assert "49" not in said.text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u061c\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", said.text)
    (said.subject + said.text + said.html).encode()


@pytest.mark.parametrize("link", ["Visit https://evil.example", "www.evil.example", "evil.example/win", "evil。com", "me@evil.example"])
def test_a_name_that_would_become_a_link_is_left_out(link: str) -> None:
    for part in (words(MessageKind.WELCOME, name=link).text, words(MessageKind.NEW_DEVICE, device=link, place=link).text):
        assert "evil" not in part
    for name in ("Dr. Anna O'Neil", "Anna-Мария 安娜", "J.R.R. Tolkien", "محمد علی"):
        assert name in words(MessageKind.WELCOME, name=name).text


def test_the_name_of_the_site_cannot_break_a_subject() -> None:
    said = render(message(MessageKind.WELCOME), "Shop\r\nBcc: x@evil.example", BASE)
    assert "\n" not in said.subject
    assert "\r" not in said.subject


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("code", ""),
        ("code", "12 34"),
        ("code", "１２３４５６"),
        ("code", "1" * 65),
        ("link", ""),
        ("link", "short"),
        ("link", "../../evil" + "x" * 20),
        ("link", "x" * 20 + "?to=//evil.example"),
        ("minutes", ""),
        ("minutes", "0"),
        ("minutes", "-5"),
        ("minutes", "١٥"),
        ("minutes", "99999999"),
        ("at", "yesterday"),
        ("at", "2026-11-22T09:15:00"),
        ("what", ""),
        ("what", "name,password"),
    ],
)
def test_an_unusable_param_is_refused_and_never_repeated(param: str, value: str) -> None:
    kind = next(kind for kind in MessageKind if param in PARAMS[kind])
    with pytest.raises(ValueError, match=param) as refused:
        words(kind, **{param: value})
    assert len(value) < 4 or value not in str(refused.value)


def test_a_code_is_grouped_for_reading() -> None:
    assert grouped("493027") == "493 027"
    assert grouped("K7QM2XWPD9RTB4VN") == "K7QM 2XWP D9RT B4VN"
    assert "K7QM 2XWP D9RT B4VN" in words(MessageKind.RECOVERY_CODE, code="K7QM2XWPD9RTB4VN").html


@pytest.mark.parametrize("kind", sorted(BY_TEXT))
@pytest.mark.row("R2", "R14")
def test_a_text_fits_one_part_where_names_are_ordinary_and_two_where_they_are_long(kind: MessageKind) -> None:
    text = message(kind, channel=AddressKind.PHONE)
    assert len(render(text, "Shop", "https://shop.example").text) <= 160
    long_address = {"address": f"a•••@{'very-long.' * 20}example"} if "address" in PARAMS[kind] else {}
    text = message(kind, channel=AddressKind.PHONE, params=long_address)
    longest = render(text, "A very long shop name indeed, Ltd", "https://login.accounts.example.com:8443")
    assert longest.subject == longest.html == ""
    assert len(longest.text) <= 2 * 153
    assert set(longest.text.replace("…", "")) <= GSM


@pytest.mark.parametrize("kind", sorted(kind for kind in BY_TEXT if "code" in PARAMS[kind]))
@pytest.mark.row("R2", "F10")
def test_a_text_with_a_code_ends_with_it_bound_to_the_site_and_has_no_link_that_lets_anybody_in(kind: MessageKind) -> None:
    text = render(message(kind, channel=AddressKind.PHONE), SITE, "https://shop.example").text
    assert text.splitlines()[-1] == "@shop.example #493027"
    assert "https://shop.example/d/" in text
    assert "/l/" not in text


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind not in BY_TEXT])
def test_what_is_no_code_does_not_go_to_a_phone(kind: MessageKind) -> None:
    with pytest.raises(ValueError, match="phone"):
        render(message(kind, channel=AddressKind.PHONE), SITE, BASE)
    assert not (TEMPLATES / kind.value / "sms.txt").exists()


def test_each_kind_has_its_folder_and_no_folder_is_left_over() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()} - {"shared", "locale", "__pycache__"}
    assert folders == {kind.value for kind in MessageKind} == {kind.value for kind in PARAMS}
    for kind in MessageKind:
        files = {path.name for path in (TEMPLATES / kind.value).iterdir()}
        assert files == {"subject.txt", "text.txt", "html.html"} | ({"sms.txt"} if kind in BY_TEXT else set())


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("", "", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "", "ru"),
        ("de-DE,de;q=0.9,zh-Hans-CN;q=0.5,en;q=0.4", "", "zh"),
        ("en;q=0.2, ru ; q=0.7", "", "ru"),
        ("ru;q=0,en;q=0.1", "", "en"),
        ("ru", "zh", "zh"),
        ("ru", "tlh", "ru"),
        ("de,fr,*;q=0.5", "", "en"),
        ("ru;q=nan,zh;q=inf,en;q=-1", "", "en"),
        ("ru;q=;;;,\x00\x00,=,;q=1,zh;q=0.1", "", "zh"),
        ("x," * 100_000 + "ru", "", "en"),
    ],
)
def test_the_language_is_the_one_chosen_before_else_the_one_the_browser_prefers(header: str, cookie: str, language: str) -> None:
    assert catalogue.choose(header, cookie) == language


def test_a_translator_without_catalogue_says_the_source_sentence(tmp_path: Path) -> None:
    assert isinstance(catalogue.translator("ru", tmp_path), gettext.NullTranslations)
    assert catalogue.translator("../../etc", tmp_path).gettext("Hello,") == "Hello,"
    assert list(catalogue.NATIVE_NAMES) == list(catalogue.LANGUAGES) == ["en", "ru", "zh"]
