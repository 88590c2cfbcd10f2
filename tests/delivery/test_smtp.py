"""Mail against real servers: up, slow, refusing, busy, down, and not as safe as they should be."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sparekey.adapters.mail.letter import Letterhead, mailable
from sparekey.adapters.mail.mailbox import DevMailbox
from sparekey.adapters.mail.smtp import SmtpDelivery, parse_smtp
from sparekey.domain.errors import BadSettings
from sparekey.domain.messages import MessageKind
from sparekey.messages.render import render
from sparekey.use_cases.ports_of_delivery import Refused, TryLater
from tests.delivery.conftest import Authority, MailServer
from tests.delivery.memory import TurnedClock
from tests.messages.samples import message

pytestmark = [pytest.mark.row("R14")]

ID = "0199f0c0ffee" + "0" * 20
USER = "site:pass%3Aword%2F%C3%A4@"
Start = Callable[[str], MailServer]


def delivery(
    port: int, authority: Authority, *, user: str = USER, scheme: str = "smtp", ca: bool = True, plain: bool = False, seconds: float = 5
) -> SmtpDelivery:
    return SmtpDelivery(
        f"{scheme}://{user}127.0.0.1:{port}",
        mail_from="accounts@shop.example",
        sender_name="Лавка, Shop",
        host="id.shop.example",
        clock=TurnedClock(),
        ca_file=authority.ca_file if ca else "",
        insecure_plain=plain,
        seconds_per_step=seconds,
    )


async def send(
    way: SmtpDelivery | DevMailbox, to: str = "anna@mail.example", subject: str = "Hello", text: str = "text\n", html: str = "<p>html</p>\n"
) -> str:
    return await way.send(to, subject, text, html, ID)


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "starttls"), ("smtps", "implicit")])
async def test_a_letter_arrives_encrypted_and_whole(scheme: str, tls: str, mail_server: Start, authority: Authority) -> None:
    server = mail_server(tls)
    said = render(message(MessageKind.RECOVERY_CODE), "Sparekey", "https://id.shop.example")
    answer = await send(delivery(server.port, authority, scheme=scheme), "anna@mail.example", said.subject, said.text, said.html)
    assert answer.startswith("2.0.0 OK queued as")
    (got,) = server.letters()
    assert server.envelopes() == [["accounts@shop.example", "anna@mail.example", "1"]]
    assert got["Subject"] == said.subject
    assert got["To"] == "anna@mail.example"
    assert got["From"].addresses[0].display_name == "Лавка, Shop"
    assert got["Message-ID"] == f"<{ID}@id.shop.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime == TurnedClock().now()
    assert got.get_content_type() == "multipart/alternative"
    parts = list(got.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in parts] == [said.text.rstrip("\n"), said.html.rstrip("\n")]


@pytest.mark.parametrize("subject", ["Ваш код для входа в лавку, длинная строка " * 3, "您的验证码 — 请勿告诉任何人 " * 5, "café ✓ 👩🏽‍🚀"])
async def test_cyrillic_and_chinese_arrive_as_written(subject: str, mail_server: Start, authority: Authority) -> None:
    server = mail_server("starttls")
    await send(delivery(server.port, authority), subject=subject.strip(), text=f"{subject}\n" * 50, html=f"<p>{subject}</p>\n" * 50)
    (got,) = server.letters()
    assert got["Subject"] == subject.strip()
    assert all(subject in part.get_content() for part in got.iter_parts())
    raw = next(server.folder.glob("*.eml")).read_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998  # RFC 5322, 2.1.1


async def test_addresses_beyond_ascii_go_by_smtputf8_where_the_server_can(mail_server: Start, authority: Authority) -> None:
    server, simple = mail_server("starttls"), mail_server("none")
    await send(delivery(server.port, authority), "анна@почта.example")
    await send(delivery(server.port, authority), "anna@почта.example")
    assert [line[1] for line in server.envelopes()] == ["анна@xn--80a1acny.example", "anna@xn--80a1acny.example"]
    with pytest.raises(Refused, match="SMTPUTF8"):
        await send(delivery(simple.port, authority, user="", plain=True), "анна@почта.example")


@pytest.mark.parametrize(
    ("to", "error", "says"),
    [
        ("gone@mail.example", Refused, "550"),
        ("spam@mail.example", Refused, "554"),
        ("full@mail.example", TryLater, "452"),
        ("grey@mail.example", TryLater, "451"),
    ],
)
async def test_a_no_for_good_is_told_from_a_no_for_now(
    to: str, error: type[Exception], says: str, mail_server: Start, authority: Authority
) -> None:
    server = mail_server("starttls")
    with pytest.raises(error, match=says):
        await send(delivery(server.port, authority), to)
    assert server.letters() == []


async def test_a_server_that_stalls_is_left_in_time(mail_server: Start, authority: Authority, stalled_port: int) -> None:
    server = mail_server("starttls")
    with pytest.raises(TryLater, match=r"imeout|imed out"):
        await send(delivery(server.port, authority, seconds=0.5), "slow@mail.example")
    for scheme in ("smtp", "smtps"):
        with pytest.raises(TryLater):
            await send(delivery(stalled_port, authority, scheme=scheme, seconds=0.3))


async def test_a_server_that_is_down_is_tried_later(dead_port: int, authority: Authority) -> None:
    with pytest.raises(TryLater):
        await send(delivery(dead_port, authority))


async def test_a_password_of_ours_that_is_wrong_is_no_refusal_of_the_reader(mail_server: Start, authority: Authority) -> None:
    server = mail_server("starttls")
    with pytest.raises(TryLater, match="535") as refused:
        await send(delivery(server.port, authority, user="site:wrong-canary@"))
    assert "wrong-canary" not in str(refused.value)


async def test_nothing_is_said_to_a_server_without_tls_or_with_a_foreign_certificate(mail_server: Start, authority: Authority) -> None:
    """The attack: whoever sits between strips STARTTLS, or shows another certificate, to read codes."""
    stripped, foreign = mail_server("none"), mail_server("starttls")
    with pytest.raises(TryLater, match="STARTTLS"):
        await send(delivery(stripped.port, authority, user=""))
    with pytest.raises(TryLater, match=r"(?i)cert"):
        await send(delivery(foreign.port, authority, ca=False))
    assert stripped.letters() == foreign.letters() == []
    await send(delivery(stripped.port, authority, user="", plain=True))  # what the check would let through if it were off
    assert len(stripped.letters()) == 1


INJECTIONS = [
    "anna@mail.example\r\nBcc: thief@evil.example",
    "anna@mail.example\nRCPT TO:<thief@evil.example>",
    "anna@mail.example, thief@evil.example",
    "anna@mail.example> RCPT TO:<thief@evil.example",
    "<anna@mail.example>",
    "Anna <thief@evil.example>",
    "anna@mail.example\x00",
    '"a\r\nb"@mail.example',
    "@evil.example:anna@mail.example",
    "anna",
    "",
    "a" * 300 + "@mail.example",
]


@pytest.mark.parametrize("to", INJECTIONS)
async def test_an_address_cannot_bring_headers_or_readers(to: str, mail_server: Start, authority: Authority, tmp_path: Path) -> None:
    server = mail_server("starttls")
    for way in (delivery(server.port, authority), DevMailbox(tmp_path, mail_from="", sender_name="x", host="h", clock=TurnedClock())):
        with pytest.raises(Refused):
            await send(way, to)
    assert server.letters() == []


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: thief@evil.example", "Hi\n\nbody", "Hi\rX: y"])
async def test_a_subject_cannot_bring_headers(subject: str, mail_server: Start, authority: Authority) -> None:
    server = mail_server("starttls")
    with pytest.raises(Refused):
        await send(delivery(server.port, authority), subject=subject)
    assert server.letters() == []


async def test_a_line_with_a_dot_ends_no_letter(mail_server: Start, authority: Authority) -> None:
    server = mail_server("starttls")
    await send(delivery(server.port, authority), text="before\n.\nMAIL FROM:<thief@evil.example>\n..after\n")
    (got,) = server.letters()
    assert next(got.iter_parts()).get_content().replace("\r\n", "\n") == "before\n.\nMAIL FROM:<thief@evil.example>\n..after\n"


async def test_many_letters_at_once_each_reach_their_own_reader(mail_server: Start, authority: Authority) -> None:
    server = mail_server("starttls")
    way = delivery(server.port, authority)
    await asyncio.gather(*(way.send(f"reader{n}@mail.example", "s", f"code {n:06}\n", "<p></p>\n", f"{n:032}") for n in range(20)))
    for got in server.letters():
        n = int(got["To"].removeprefix("reader").partition("@")[0])
        assert next(got.iter_parts()).get_content().strip() == f"code {n:06}"
    assert len(server.letters()) == 20


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://h:99999", "smtp://h/path", "smtp://u:canary@h?x=1", "smtp://[::1"]
)
def test_an_unusable_server_address_is_one_clear_line_without_the_password(url: str) -> None:
    with pytest.raises(BadSettings, match="SPAREKEY_SMTP") as refused:
        parse_smtp(url)
    assert "canary" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_server_addresses_are_read() -> None:
    server = parse_smtp("smtp://site%40shop:pass%3Aword@mail.example")
    assert (server.host, server.port, server.user, server.password, server.tls_from_start) == (
        "mail.example",
        587,
        "site@shop",
        "pass:word",
        False,
    )
    assert parse_smtp("smtps://mail.example").port == 465


def test_an_address_is_one_address() -> None:
    assert mailable("Anna.B+shop@Mail.Example") == "Anna.B+shop@mail.example"
    with pytest.raises(ValueError, match="not an e-mail address"):
        mailable("a b@mail.example")


# ---------------------------------------------------------------- the mailbox of development


@pytest.mark.row("O1")
async def test_the_mailbox_of_development_keeps_real_letters_and_shows_the_newest_first(tmp_path: Path) -> None:
    clock = TurnedClock()
    box = DevMailbox(tmp_path, mail_from="", sender_name="Sparekey", host="localhost", clock=clock)
    assert box.list() == []
    first = render(message(MessageKind.RECOVERY_CODE, language="ru"), "Лавка", "http://localhost:8400")
    await box.send("anna@mail.example", first.subject, first.text, first.html, "1" * 32)
    await box.send("анна@почта.example", "Second 您好", "text ё\n", "<p>ё</p>\n", "2" * 32)
    await box.send("анна@почта.example", "Second 您好", "text ё\n", "<p>ё</p>\n", "2" * 32)  # at least once: still one letter
    newest, oldest = box.list()
    assert (newest.subject, newest.text, newest.html, newest.at) == ("Second 您好", "text ё\n", "<p>ё</p>\n", clock.now())
    assert newest.to == "анна@xn--80a1acny.example"
    assert (oldest.subject, oldest.to, oldest.text, oldest.html.rstrip()) == (
        first.subject,
        "anna@mail.example",
        first.text,
        first.html.rstrip(),
    )
    assert box.read("1" * 32) == oldest
    for name in ("", "../" + "1" * 32, "1" * 31 + "*", "\x00"):
        assert box.read(name) is None
    assert (tmp_path / "dev" / "mail" / ("1" * 32 + ".eml")).read_bytes().startswith(b"From: ")
    assert box.clear() == 2
    assert box.list() == []


def test_a_letter_without_html_tricks_is_the_same_bytes_each_time() -> None:
    head = Letterhead("s@b.example", "S", "h", TurnedClock())
    made = [head.letter("a@b.example", "x", "t", "h", ID) for _ in range(2)]
    assert [m["Message-ID"] for m in made] == [f"<{ID}@h>"] * 2
